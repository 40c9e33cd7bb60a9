"""What a member asked for, checked against the catalogue before anything is charged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.catalogue import Catalogue, Model
from domain.faults import Refused

#: Discord's own limit for a text field of a form, so that every prompt can be edited in one.
PROMPT_MAX = 4_000


@dataclass(frozen=True)
class GenerationRequest:
    """One film to be made. `orientation` is None until the first picture has said which it is."""

    prompt: str
    model: str
    duration: int
    size: str
    orientation: str | None
    pictures: int = 0
    character_url: str | None = None
    character_start: float | None = None
    character_end: float | None = None

    def to_json(self) -> str:
        # Not asdict, which copies deeply: every field is a plain value.
        return json.dumps(vars(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> GenerationRequest:
        return cls(**json.loads(text))


def parse(
    catalogue: Catalogue,
    *,
    prompt: str,
    model: str | None = None,
    duration: int | None = None,
    orientation: str | None = None,
    size: str | None = None,
    pictures: int = 0,
) -> GenerationRequest:
    """Fill in the defaults and check that everything goes together. Raises Refused with what would."""
    prompt = prompt.replace("\r\n", "\n").strip()
    if not prompt:
        raise Refused("prompt_empty")
    if len(prompt) > PROMPT_MAX:
        raise Refused("prompt_long", length=len(prompt), most=PROMPT_MAX)
    row = find_model(catalogue, model)
    if row.paused:
        raise Refused("model_paused", model=row.label, why=row.paused, others=_others(catalogue, row))
    duration = row.durations[0] if duration is None else duration
    if duration not in row.durations:
        fits = [m.label for m in catalogue.models if duration in m.durations and not m.paused]
        raise Refused("duration", model=row.label, asked=duration, can=row.durations, others=fits)
    size = size or row.sizes[0]
    if size not in row.sizes:
        raise Refused("size", model=row.label, asked=size, can=row.sizes)
    if orientation is not None and orientation not in row.orientations:
        fits = [m.label for m in catalogue.models if orientation in m.orientations and not m.paused]
        raise Refused("orientation", model=row.label, asked=orientation, can=row.orientations, others=fits)
    if pictures and not row.images_max:
        raise Refused("pictures_none_taken", model=row.label)
    if pictures > row.images_max:
        fits = [m.label for m in catalogue.models if pictures <= m.images_max and not m.paused]
        raise Refused("pictures_many", model=row.label, asked=pictures, can=row.images_max, others=fits)
    if orientation is None and not pictures:
        orientation = row.orientations[0]
    return GenerationRequest(prompt, row.key, duration, size, orientation, pictures)


def options_of(request: GenerationRequest) -> dict[str, Any]:
    """The arguments that make `parse` give this request again; its pictures come beside them."""
    return {
        "prompt": request.prompt,
        "model": request.model,
        "duration": request.duration,
        "orientation": request.orientation,
        "size": request.size,
    }


def had_by(row: Model, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options without those that a form cannot show and this model does not have: its defaults take their place."""
    return {name: value for name, value in options.items() if name != "size" or value in row.sizes}


def find_model(catalogue: Catalogue, typed: str | None) -> Model:
    """The row that a member means: its key or label, in any case; the default when nothing was typed."""
    if not typed or not typed.strip():
        return catalogue.default()
    wanted = typed.strip().casefold()
    for row in catalogue.models:
        if wanted in (row.key.casefold(), row.label.casefold()):
            return row
    raise Refused("model_unknown", asked=typed.strip()[:60], can=[m.label for m in catalogue.models if not m.paused])


def orientation_of(width: int, height: int, model_orientations: tuple[str, ...]) -> str:
    """The orientation of a picture of this many pixels, among those that the model has.

    A picture whose sides differ by less than a tenth counts as square; where the model has no square, the longer
    side decides, and landscape when there is none.
    """
    if "square" in model_orientations and abs(width - height) < 0.1 * max(width, height):
        return "square"
    wanted = "portrait" if height > width else "landscape"
    return wanted if wanted in model_orientations else model_orientations[0]


def _others(catalogue: Catalogue, row: Model) -> list[str]:
    return [m.label for m in catalogue.models if m.key != row.key and not m.paused]
