"""What /video offers while a member types: only what the chosen model can do, each with its price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord import app_commands

from domain.model import Mode, Model
from domain.wire import RATIOS
from ui.words import shape, size_name
from ui.words_models import duration_line, size_line, sound_line

Choices = list[app_commands.Choice[Any]]
#: Discord's own limits: choices at once, characters of a name.
_MOST, _NAME = 25, 100
_ATTACHMENT = 11
_SOUNDS = {True: True, "on": True, False: False, "off": False}


@dataclass(frozen=True)
class Chosen:
    """What is filled in so far; what is not, or is not valid yet, has the model's default."""

    mode: Mode
    size: str
    duration: int
    sound: bool

    def price(self, *, size: str | None = None, duration: int | None = None, sound: bool | None = None) -> int | None:
        """Credits with these instead; None where the model does not make it."""
        of_size = self.size if size is None else size
        of_length = self.duration if duration is None else duration
        return self.mode.prices.get((of_size, of_length, self.sound if sound is None else sound))


def typed(data: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """What the `data` of an interaction has filled in, but for what is being typed; and how many pictures it brings."""
    options: Sequence[Mapping[str, Any]] = data.get("options") or []
    said = {str(option.get("name")): option.get("value") for option in options if not option.get("focused")}
    return said, sum(option.get("type") == _ATTACHMENT for option in options)


def chosen(options: Mapping[str, Any], row: Model, *, pictures: int = 0) -> Chosen:
    """What is chosen by the arguments of `domain.request.parse`; the number of pictures decides the mode."""
    mode = row.mode_for(pictures) or row.modes[0]
    size = str(options.get("resolution") or options.get("size") or "").casefold()
    size = size if size in mode.sizes else mode.size
    length = options.get("duration")
    sounds = mode.sounds(size)
    wanted = _SOUNDS.get(options.get("sound"), next(iter(sounds), False))
    return Chosen(mode, size, length if length in mode.durations else mode.duration, wanted and wanted in sounds)


def durations(so_far: Chosen, typed: object) -> Choices:
    wanted = str(typed).strip()
    return _choices(
        (duration_line(seconds, price), seconds)
        for seconds in so_far.mode.durations
        if str(seconds).startswith(wanted) and (price := so_far.price(duration=seconds)) is not None
    )


def sizes(so_far: Chosen, typed: str) -> Choices:
    return _choices(
        (size_line(size, price), size)
        for size in so_far.mode.sizes
        if _begins(typed, size, size_name(size))
        and (price := so_far.price(size=size, sound=so_far.sound and so_far.sound in so_far.mode.sounds(size)))
    )


def shapes(so_far: Chosen, typed: str) -> Choices:
    found = [(_shape(one), one) for one in so_far.mode.orientations]
    return _choices((name, one) for name, one in found if _begins(typed, one, name, RATIOS.get(one, one)))


def _shape(orientation: str) -> str:
    return f"{shape(orientation)} ({RATIOS[orientation]})" if orientation in RATIOS else shape(orientation)


def sounds(so_far: Chosen, typed: str) -> Choices:
    found = [
        (sound_line(sound=sound, price=price), "on" if sound else "off")
        for sound in so_far.mode.sounds(so_far.size)
        if (price := so_far.price(sound=sound)) is not None
    ]
    return _choices((name, value) for name, value in found if _begins(typed, value, name))


def _begins(typed: str, *texts: str) -> bool:
    wanted = typed.casefold().strip()
    return any(text.casefold().startswith(wanted) for text in texts)


def _choices(found: Iterable[tuple[str, str | int]]) -> Choices:
    return [app_commands.Choice(name=name[:_NAME], value=value) for name, value in found][:_MOST]
