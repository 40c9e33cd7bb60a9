"""The arithmetic of making a film fit: which quality the bytes that are left allow, learnt while they are spent."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

#: H.264 at this constant quality cannot be told from its source by eye; better is waste.
LOSSLESS = 18.0
WORST = 51.0
#: Beyond this quality, fewer pixels look better than worse ones.
UGLY = 31.0
#: Shares of width and height tried, largest first.
SCALES = (1.0, 0.75, 0.625, 0.5, 0.375, 0.25)
#: Bytes fall with the scale to this power: less than with the area, as small pictures hold more detail per pixel.
SHRINKING = 1.6
#: Bytes fall at least by this power of e for each step of CRF.
FLATTEST = -0.02
#: Aimed at while there is more to come; the last chunk may use the rest.
AIM = 0.97


@dataclass(frozen=True)
class Sample:
    """Bytes that one chunk would take at full size, for a few qualities (CRF, rising)."""

    sizes: tuple[tuple[float, float], ...]

    def bytes_at(self, crf: float) -> float:
        """Bytes at `crf`: straight lines between the samples on a logarithmic scale, continued beyond them."""
        (at, first), *others = self.sizes
        height, slope = math.log(first), 0.0
        for number, (following, size) in enumerate(others):
            # Pictures that hardly change gain nothing from a worse quality; a slope of nothing would have no solution.
            slope = min((math.log(size) - height) / (following - at), FLATTEST)
            if crf <= following or number == len(others) - 1:
                break
            height, at = height + slope * (following - at), following
        return math.exp(height + slope * (crf - at))


@dataclass
class Budget:
    """Bytes left for the chunks left; `ratio` is how wrong the samples have been so far (1: right)."""

    samples: list[Sample]
    left: float
    scale: float = 1.0
    _done: int = 0
    _errors: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def choose_scale(self) -> float:
        """Fix the largest scale at which the whole film is not ugly, and return it."""
        for self.scale in SCALES:
            if self.crf() <= UGLY:
                break
        return self.scale

    @property
    def ratio(self) -> float:
        """How many bytes come for each one that was predicted, by the chunks done; the newest count most."""
        weight = sum(w for w, _ in self._errors)
        return math.exp(sum(w * e for w, e in self._errors) / weight) if weight else 1.0

    def predicted(self, crf: float, first: int | None = None) -> float:
        """Bytes that the chunks from number `first` on (those left, if not given) take at `crf`."""
        start = self._done if first is None else first
        total = sum(sample.bytes_at(crf) for sample in self.samples[start:])
        return total * self.ratio * self.scale**SHRINKING

    def crf(self) -> float:
        """The quality for the next chunk: what would spend just what is left if all chunks left had it."""
        goal = self.left * AIM
        low, high = LOSSLESS, WORST
        if self.predicted(low) <= goal:
            return low
        for _ in range(24):
            middle = (low + high) / 2
            low, high = (middle, high) if self.predicted(middle) > goal else (low, middle)
        return round(high, 2)

    @property
    def ceiling(self) -> float:
        """Bytes that the next chunk may take at most, so that the ones after it can still be shown decently."""
        rest = self.predicted(min(self.crf() + 6, WORST), self._done + 1)
        return self.left - rest if rest < self.left * 0.9 else self.left * 0.5

    @property
    def last(self) -> bool:
        return self._done == len(self.samples) - 1

    def spent(self, size: int, crf: float) -> None:
        """Take note of a finished chunk of `size` bytes at `crf`."""
        guess = self.samples[self._done].bytes_at(crf) * self.scale**SHRINKING
        self._errors = [(w * 0.6, e) for w, e in self._errors] + [(1.0, math.log(max(size, 1) / guess))]
        self.left -= size
        self._done += 1
