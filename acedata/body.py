"""How a request becomes the JSON that a model takes, by its wire alone: no model is named here.

Source: https://platform.acedata.cloud/documents/sora-videos-integration, and the pages of its siblings.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

from domain.request import GenerationRequest
from domain.wire import RATIOS, Part, Wire

_VALUE = "$"


def build_body(
    wire: Wire, request: GenerationRequest, *, images: Sequence[str], callback_url: str | None
) -> dict[str, Any]:
    """The JSON object for POST /{provider}/videos.

    Only fields that the row names are written, and only those that have a value. `images` are links or `data:` URIs.
    Without a `callback_url` the API is told to answer at once (`async`), as it would otherwise hold the line for
    the minutes of the generation.
    """
    values = _values(wire, request, list(images))
    body: dict[str, Any] = copy.deepcopy(dict(wire.fixed))
    body |= {field: values[name] for name, field in wire.fields.items()}
    body |= {field: [item for part in parts for item in _items(part, values)] for field, parts in wire.lists.items()}
    body |= {"callback_url": callback_url} if callback_url else {"async": True}
    # Compared by kind, not by truth: a start of 0.0 is a value, and so is no sound.
    return {field: value for field, value in body.items() if value is not None and value not in ("", [])}


def _values(wire: Wire, request: GenerationRequest, images: list[str]) -> dict[str, Any]:
    """Every value that a row may place (domain.wire.BODY_VALUES); None for what this request has none of."""
    size: str | None = wire.spelled.get(request.size, request.size)
    if wire.pixels:
        # A row with pixels takes nothing else: a word like "large" would be refused, so a pair it lacks is left out.
        pair = wire.pixels.get(f"{request.size} {request.orientation}")
        size = f"{pair[0]}x{pair[1]}" if pair else None
    to_go_by = request.mode == "references"
    shape = request.orientation
    ratio = RATIOS.get(shape, shape) if shape else None
    return {
        "prompt": _prompt(wire, request.prompt, len(images)),
        "duration": request.duration or None,
        "orientation": shape,
        "ratio": wire.spelled.get(ratio, ratio) if ratio else None,
        "size": size,
        "sound": request.sound,
        "negative": request.negative,
        "images": images,
        "first": images[0] if images and not to_go_by else None,
        "last": images[-1] if len(images) > 1 and not to_go_by else None,
        "references": images if to_go_by else [],
        "character": request.character_url,
        "character_start": request.character_start,
        "character_end": request.character_end,
    }


def _prompt(wire: Wire, prompt: str, pictures: int) -> str:
    """The prompt with the name of each picture that it does not mention, where the API wants to see them."""
    names = [wire.cite.replace("{n}", str(n)) for n in range(1, pictures + 1)] if wire.cite else []
    return " ".join([prompt, *(name for name in names if name not in prompt)])


def _items(part: Part, values: dict[str, Any]) -> list[Any]:
    """What one part adds to its list: an item for each value, none where there is none."""
    value = values[part.of]
    each = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [_filled(part.form, one) for one in each if one is not None and one != ""]


def _filled(form: Any, value: Any) -> Any:
    if isinstance(form, dict):
        return {key: _filled(below, value) for key, below in cast("dict[str, Any]", form).items()}
    if isinstance(form, list):
        return [_filled(below, value) for below in cast("list[Any]", form)]
    return value if form == _VALUE else form
