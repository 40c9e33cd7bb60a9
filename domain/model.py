"""A model as members choose it: its modes, what can be asked of each, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from domain.wire import Wire

T = TypeVar("T")

#: Ways to take pictures, in the order in which they are chosen: none; one, that begins the film; two, that begin and
#: end it; several to go by.
MODES = ("text", "first", "ends", "references")
#: Discord's own limit for a text field of a form, so that every prompt can be edited in one.
PROMPT_MAX = 4_000
CHARACTER_UNITS = ("", "position", "seconds")
#: Nothing is said about sound; there always is some; it can be chosen, and unless it is, there is none, or some.
SOUNDS = ("", "always", "off", "on")


@dataclass(frozen=True)
class Mode:
    """One model with so many pictures. Empty tuples are for what cannot be chosen; else the first is the default."""

    #: One of MODES.
    name: str
    images_min: int
    images_max: int
    durations: tuple[int, ...]
    orientations: tuple[str, ...]
    sizes: tuple[str, ...]
    #: One of SOUNDS, and the sizes that can have it.
    sound: str
    sound_sizes: tuple[str, ...]
    #: Characters; 0 where there is no negative prompt.
    negative_max: int
    prompt_max: int
    #: Whether pictures may be sent as `data:` URIs; if not, the API has to reach this bot.
    base64: bool
    #: (size, seconds, with sound) → credits; "" and 0 where there is nothing to choose.
    prices: Mapping[tuple[str, int, bool], int]
    wire: Wire

    @property
    def duration(self) -> int:
        """Seconds, unless something else is asked for; 0 where the model decides."""
        return self.durations[0] if self.durations else 0

    @property
    def size(self) -> str:
        return self.sizes[0] if self.sizes else ""

    @property
    def sound_is_choice(self) -> bool:
        return self.sound in ("off", "on")

    def sounds(self, size: str) -> tuple[bool, ...]:
        """Whether there may be sound with this size, the default first; empty where there is no choice."""
        if not self.sound_is_choice:
            return ()
        if size not in self.sound_sizes and self.sizes:
            return (False,)
        return (False, True) if self.sound == "off" else (True, False)

    def price(self, size: str, duration: int, sound: bool | None = None) -> int:
        """Credits for one film of this size and length; KeyError for what this mode does not make."""
        return self.prices[size, duration, bool(sound)]


@dataclass(frozen=True)
class Model:
    """One entry of the list from which members choose."""

    key: str
    label: str
    about: str
    character: str
    usual_seconds: int
    paused: str
    #: At least one, in the order of MODES.
    modes: tuple[Mode, ...]

    def mode(self, name: str) -> Mode | None:
        """The mode of this name; None when the model has none such."""
        return next((mode for mode in self.modes if mode.name == name), None)

    def mode_for(self, pictures: int) -> Mode | None:
        """The mode that so many pictures ask for; None when the model cannot do anything with them."""
        return next((mode for mode in self.modes if mode.images_min <= pictures <= mode.images_max), None)

    @property
    def wire(self) -> Wire:
        """Of the first mode: all of them have the provider and the way of reading answers in common."""
        return self.modes[0].wire

    @property
    def images_max(self) -> int:
        return max(mode.images_max for mode in self.modes)

    @property
    def durations(self) -> tuple[int, ...]:
        """Of any mode: what is to be had at all, whatever is attached."""
        return _union(mode.durations for mode in self.modes)

    @property
    def orientations(self) -> tuple[str, ...]:
        return _union(mode.orientations for mode in self.modes)

    @property
    def sizes(self) -> tuple[str, ...]:
        return _union(mode.sizes for mode in self.modes)

    @property
    def cheapest(self) -> int:
        """Credits of the least that this model can be asked for."""
        return min(price for mode in self.modes for price in mode.prices.values())

    def cheapest_of(self, duration: int) -> int | None:
        """Credits of the least film of so many seconds; None where it makes none."""
        prices = (mode.prices.items() for mode in self.modes)
        return min((price for some in prices for (_, seconds, _), price in some if seconds == duration), default=None)


#: Says whether a model can be had now.
CanBeHad = Callable[[Model], bool]


def _union(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(value for part in parts for value in part))
