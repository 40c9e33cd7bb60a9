"""What a member asked for, checked against the catalogue before anything is charged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.catalogue import Catalogue
from domain.faults import Refused
from domain.model import Mode, Model
from domain.wire import ADAPTIVE, RATIOS

#: Sides of a picture that differ by less than this part are as long as each other.
_ALIKE = 0.1


@dataclass(frozen=True)
class GenerationRequest:
    """One film to be made. `orientation` is None until the first picture has said which it is.

    `duration` is 0, `size` "" and `sound` None where the model leaves no choice; `mode` is one of domain.model.MODES,
    "" in jobs of earlier versions. `character` is what people call its clip, "" for none; the link to it is made when
    the request goes out.
    """

    prompt: str
    model: str
    duration: int
    size: str
    orientation: str | None
    pictures: int = 0
    character_url: str | None = None
    character_start: float | None = None
    character_end: float | None = None
    mode: str = ""
    sound: bool | None = None
    negative: str = ""
    character: str = ""

    @property
    def attached(self) -> bool:
        """Whether there is something to make ready before it can be sent."""
        return bool(self.pictures or self.character)

    def to_json(self) -> str:
        # Not asdict, which copies deeply: every field is a plain value.
        return json.dumps(vars(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> GenerationRequest:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Asked:
    """What a member typed, with whichever model: None is left to the model."""

    prompt: str
    duration: int | None = None
    orientation: str | None = None
    size: str | None = None
    sound: bool | None = None
    negative: str = ""
    pictures: int = 0
    #: Whether pictures can be given as links: only where the API reaches this bot.
    links: bool = True


def parse(
    catalogue: Catalogue,
    *,
    prompt: str,
    model: str | None = None,
    duration: int | None = None,
    orientation: str | None = None,
    size: str | None = None,
    resolution: str | None = None,
    sound: bool | str | None = None,
    negative: str = "",
    pictures: int = 0,
    links: bool = True,
    default: Model | None = None,
    offered: Callable[[], Sequence[Model]] | None = None,
) -> GenerationRequest:
    """Fill in the defaults and check that everything goes together. Raises Refused with the models that would do it.

    `resolution` is another name for `size`. `default` is for who names no model, `offered` gives those that a refusal
    may name: their labels as `others`, their keys as `keys`.
    """
    if size and resolution and size.strip().casefold() != resolution.strip().casefold():
        raise Refused("size_twice")
    asked = Asked(
        prompt=prompt.replace("\r\n", "\n").strip(),
        duration=duration,
        orientation=orientation,
        size=resolution or size,
        sound=sound_of(sound),
        negative=negative.strip(),
        pictures=pictures,
        links=links,
    )
    row = find_model(catalogue, model) if model and model.strip() else default or catalogue.default()
    try:
        if row.paused:
            raise Refused("model_paused", model=row.label, why=row.paused)
        return fit(row, asked)
    except Refused as fault:
        rows = [other for other in catalogue.models if not other.paused] if offered is None else offered()
        others = [other for other in rows if other.key != row.key and fits(other, asked)]
        raise Refused(fault.reason, **fault.values, **named(others)) from None


def sound_of(typed: bool | str | None) -> bool | None:
    """What was meant by "on", "off" or their like; None for nothing. Raises Refused."""
    if not isinstance(typed, str) or not typed.strip():
        return typed if isinstance(typed, bool) else None
    word = typed.strip().casefold()
    if word not in _ON | _OFF:
        raise Refused("sound_unknown", asked=typed)
    return word in _ON


_ON, _OFF = {"on", "yes", "true"}, {"off", "no", "false"}


def named(others: Iterable[Model]) -> dict[str, object]:
    """Models as a refusal or failure carries them: what people read, and what a button needs."""
    rows = list(others)
    return {"others": [row.label for row in rows], "keys": [row.key for row in rows]}


def plainest(model: Model, request: GenerationRequest) -> bool:
    """Whether a request asks for nothing but what its model does by itself (a picture's own shape is no choice)."""
    plain = fit(model, Asked(request.prompt, pictures=model.modes[0].images_min))
    return replace(request, orientation=plain.orientation or None) == plain and (
        plain.orientation in (None, request.orientation)
    )


def options_of(request: GenerationRequest) -> dict[str, Any]:
    """The arguments that make `parse` give this request again; its pictures come beside them."""
    return {
        "prompt": request.prompt,
        "model": request.model,
        "duration": request.duration or None,
        "orientation": request.orientation,
        "size": request.size or None,
        "sound": request.sound,
        "negative": request.negative,
    }


def had_by(row: Model, options: Mapping[str, Any], *, pictures: int = 0) -> dict[str, Any]:
    """The options without those that a form cannot show and this model does not have: its defaults take their place.

    What it has goes by the number of pictures, where it can do anything with so many.
    """
    mode = row.mode_for(pictures)
    modes = [mode] if mode else row.modes
    sizes = {size for one in modes for size in one.sizes}
    has = {
        "size": options.get("size") in sizes,
        "resolution": options.get("resolution") in sizes,
        "sound": any(one.sound_is_choice for one in modes),
        "negative": any(one.negative_max for one in modes),
    }
    return {name: value for name, value in options.items() if has.get(name, True)}


def find_model(catalogue: Catalogue, typed: str | None) -> Model:
    """The row that a member means: its key or label, in any case; the default for nothing. Raises Refused."""
    if not typed or not typed.strip():
        return catalogue.default()
    wanted = typed.strip().casefold()
    for row in catalogue.models:
        if wanted in (row.key.casefold(), row.label.casefold()):
            return row
    raise Refused("model_unknown", asked=typed.strip()[:60], can=[m.label for m in catalogue.models if not m.paused])


def fits(model: Model, asked: Asked) -> bool:
    """Whether the model can do all of it."""
    try:
        fit(model, asked)
    except Refused:
        return False
    return True


def fit(model: Model, asked: Asked) -> GenerationRequest:
    """The request that this model makes of it. Raises Refused for the first thing that it cannot do."""
    if not asked.prompt:
        raise Refused("prompt_empty")
    mode = _mode(model, asked)
    if len(asked.prompt) > mode.prompt_max:
        raise Refused("prompt_long", model=model.label, length=len(asked.prompt), most=mode.prompt_max)
    duration = mode.duration if asked.duration is None else asked.duration
    if asked.duration is not None and duration not in mode.durations:
        raise Refused("duration", model=model.label, asked=duration, can=sorted(mode.durations), mode=mode.name)
    size = _size(model, mode, asked)
    return GenerationRequest(
        prompt=asked.prompt,
        model=model.key,
        duration=duration,
        size=size,
        orientation=_orientation(model, mode, asked),
        pictures=asked.pictures,
        mode=mode.name,
        sound=_sound(model, mode, asked, size),
        negative=_negative(model, mode, asked),
    )


def _mode(model: Model, asked: Asked) -> Mode:
    mode = model.mode_for(asked.pictures)
    if mode is None and not asked.pictures:
        raise Refused("pictures_needed", model=model.label)
    if mode is None and not model.images_max:
        raise Refused("pictures_none_taken", model=model.label, asked=asked.pictures)
    if mode is None:
        raise Refused("pictures_many", model=model.label, asked=asked.pictures, can=model.images_max)
    if asked.pictures and not mode.base64 and not asked.links:
        raise Refused("pictures_unreachable", model=model.label)
    return mode


def _size(model: Model, mode: Mode, asked: Asked) -> str:
    size = asked.size.strip().casefold() if asked.size else ""
    if size and size not in mode.sizes:
        raise Refused("size", model=model.label, asked=asked.size, can=mode.sizes, mode=mode.name)
    if not size and asked.sound and mode.sound_is_choice and mode.size not in mode.sound_sizes:
        return next(iter(mode.sound_sizes), mode.size)  # sound was asked for and a size was not: the first that has it
    return size or mode.size


def _orientation(model: Model, mode: Mode, asked: Asked) -> str | None:
    if asked.orientation:
        wanted = asked.orientation.strip().casefold()
        wanted = next((name for name, ratio in RATIOS.items() if ratio == wanted), wanted)
        if wanted not in mode.orientations:
            raise Refused("orientation", model=model.label, asked=wanted, can=mode.orientations, mode=mode.name)
        return wanted
    if not mode.orientations:
        return None
    if not asked.pictures:
        return mode.orientations[0]
    return ADAPTIVE if ADAPTIVE in mode.orientations else None


def _sound(model: Model, mode: Mode, asked: Asked, size: str) -> bool | None:
    choices = mode.sounds(size)
    if not choices:
        if asked.sound is not None and asked.sound != (mode.sound == "always"):
            raise Refused("sound_always" if mode.sound == "always" else "sound_none", model=model.label)
        return None
    if asked.sound is not None and asked.sound not in choices:
        raise Refused("sound_size", model=model.label, size=size, can=mode.sound_sizes)
    return choices[0] if asked.sound is None else asked.sound


def _negative(model: Model, mode: Mode, asked: Asked) -> str:
    if asked.negative and not mode.negative_max:
        raise Refused("negative_none", model=model.label, mode=mode.name)
    if len(asked.negative) > mode.negative_max:
        raise Refused("negative_long", model=model.label, length=len(asked.negative), most=mode.negative_max)
    return asked.negative


def orientation_of(width: int, height: int, shapes: Sequence[str]) -> str:
    """The shape of a picture of this many pixels, among those that the model has.

    A ratio that the picture has to within 3 % is that shape. Else a picture whose sides differ by less than a tenth
    is square; where the model has no square, the longer side decides, and landscape when there is none.
    """
    for shape in shapes:
        across, _, down = shape.partition(":")
        if down and abs(width * int(down) / (height * int(across)) - 1) < 0.03:
            return shape
    if "square" in shapes and abs(width - height) < _ALIKE * max(width, height):
        return "square"
    wanted = "portrait" if height > width else "landscape"
    return wanted if wanted in shapes else shapes[0]
