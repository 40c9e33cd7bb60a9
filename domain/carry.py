"""Running a generation on another model: what carries over, what does not, and what it costs there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.faults import Refused
from domain.model import Model
from domain.request import Asked, GenerationRequest, fit, sound_of

#: What may not carry over; `ui.words_models` has words for each.
WHAT = ("duration", "size", "orientation", "sound", "negative", "pictures", "mode", "character")


@dataclass(frozen=True)
class Change:
    """One thing that the other model has otherwise: a name of WHAT, its value before and after."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Carried:
    """A request made for another model. Of the pictures, the first `request.pictures` go along."""

    model: Model
    request: GenerationRequest
    price: int
    changes: tuple[Change, ...] = ()


def carry(
    request: GenerationRequest, target: Model, *, source: Model | None = None, links: bool = True
) -> Carried | None:
    """The request as the target makes it; None where nothing of it is left: no words fit, or pictures are wanted.

    `source` is the model that it was made for, where the catalogue still has it: it knows whether that film had sound.
    `links` says whether pictures can be given as links.
    """
    return _carry(request, target, _asked(request, source, links), source)


def carry_wish(
    options: Mapping[str, Any], target: Model, *, pictures: int, source: Model | None = None, links: bool = True
) -> Carried | None:
    """What somebody wants, before it is a request, as the target makes it; None as for `carry`.

    `options` are the arguments of `domain.request.parse`, each perhaps wrong; what was left to the model is no change.
    """
    try:
        sound = sound_of(options.get("sound"))
    except Refused:
        sound = None
    mode = source.mode_for(pictures) if source else None
    wanted = GenerationRequest(
        prompt=str(options.get("prompt") or "").replace("\r\n", "\n").strip(),
        model=source.key if source else "",
        duration=options.get("duration") or 0,
        size=str(options.get("resolution") or options.get("size") or ""),
        orientation=options.get("orientation") or None,
        pictures=pictures,
        mode=mode.name if mode else "",
        sound=sound,
        negative=str(options.get("negative") or "").strip(),
    )
    found = _carry(wanted, target, _asked(wanted, source, links), source)
    # Silence is a choice where somebody chose it, or a model would have made it.
    silence = source is not None or sound is not None
    said = [one for one in found.changes if one.before or (one.what == "sound" and silence)] if found else []
    return replace(found, changes=tuple(said)) if found else None


def _carry(request: GenerationRequest, target: Model, asked: Asked, source: Model | None) -> Carried | None:
    for _ in WHAT:  # each round gives up one thing at most
        try:
            return _carried(request, target, fit(target, asked), asked, source)
        except Refused as fault:
            given_up = _without(asked, fault, target)
            if given_up is None:
                return None
            asked = given_up
    return None


def _asked(request: GenerationRequest, source: Model | None, links: bool) -> Asked:
    return Asked(
        prompt=request.prompt,
        duration=request.duration or None,
        orientation=request.orientation,
        size=request.size or None,
        sound=True if request.sound is None and _always_sounds(request, source) else request.sound,
        negative=request.negative,
        pictures=request.pictures,
        links=links,
    )


def _always_sounds(request: GenerationRequest, source: Model | None) -> bool:
    mode = source.mode(request.mode) or source.modes[0] if source else None
    return mode is not None and mode.sound == "always"


def _without(asked: Asked, fault: Refused, target: Model) -> Asked | None:
    """The wish without what was refused, or with the nearest to it; None where it is nothing without that."""
    match fault.reason:
        case "pictures_none_taken" | "pictures_unreachable":
            return replace(asked, pictures=0) if target.mode("text") else None
        case "pictures_many":
            return replace(asked, pictures=target.images_max)
        case "duration":
            wanted, can = asked.duration or 0, target.durations
            nearest = min(can, key=lambda seconds: (abs(seconds - wanted), seconds)) if fault.values["can"] else None
            return replace(asked, duration=nearest if nearest != asked.duration else None)
        case "size" | "sound_size":
            return replace(asked, size=None)
        case "orientation":
            return replace(asked, orientation=None)
        case "sound_none" | "sound_always":
            return replace(asked, sound=None)
        case "negative_none" | "negative_long":
            return replace(asked, negative="")
        case _:
            return None


def _carried(
    before: GenerationRequest, target: Model, after: GenerationRequest, asked: Asked, source: Model | None
) -> Carried:
    mode = target.mode(after.mode)
    assert mode is not None
    if before.character and target.character and (source is None or source.character == target.character):
        span = {"character_start": before.character_start, "character_end": before.character_end}
        after = replace(after, character=before.character, **span)
    pairs = {
        "duration": (before.duration, after.duration),
        "size": (before.size, after.size),
        "orientation": (before.orientation, after.orientation if before.orientation else None),
        "sound": (_sounds(before, source), _sounds(after, target)),
        "negative": (before.negative, after.negative),
        "pictures": (before.pictures, after.pictures),
        "mode": (before.mode, after.mode if before.mode and before.pictures == after.pictures else before.mode),
        "character": (before.character, after.character),
    }
    changes = tuple(Change(what, *pair) for what, pair in pairs.items() if pair[0] != pair[1])
    return Carried(target, after, mode.price(after.size, after.duration, after.sound), changes)


def _sounds(request: GenerationRequest, model: Model | None) -> bool:
    """Whether the film has sound, as far as anyone knows."""
    return request.sound if request.sound is not None else _always_sounds(request, model)
