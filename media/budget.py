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
#: Bytes fall with the scale to a power between these: grain falls with the area or more, large shapes hardly do.
SHRINKING = (0.8, 3.0)
#: Bytes fall at least by this power of e for each step of CRF.
FLATTEST = -0.02
#: Aimed at while there is more to come; the last chunk may use the rest.
AIM = 0.97


@dataclass(frozen=True)
class Sample:
    """Bytes that one chunk would take at full size, for a few qualities (CRF, rising).

    `half` is what it would take at half the width and height, at the middle one of these qualities.
    """

    sizes: tuple[tuple[float, float], ...]
    half: float

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

    @property
    def shrinking(self) -> float:
        """What a frame takes at this scale, as a share of what it takes at full size."""
        full = sum(sample.sizes[len(sample.sizes) // 2][1] for sample in self.samples)
        power = math.log2(full / sum(sample.half for sample in self.samples))
        return self.scale ** min(max(power, SHRINKING[0]), SHRINKING[1])

    def predicted(self, crf: float, skip: int = 0) -> float:
        """Bytes that the chunks left, but for the first `skip`, take at `crf`."""
        total = sum(sample.bytes_at(crf) for sample in self.samples[self._done + skip :])
        return total * self.ratio * self.shrinking

    def crf(self, *, next_size: tuple[float, int] | None = None) -> float:
        """The quality for the next chunk: what would spend just what is left if all chunks left had it.

        `next_size` is a quality that this chunk was tried at, and the bytes that it took.
        """
        goal = self.left * AIM
        heavier = 0.0
        if next_size:
            guess = self.samples[self._done].bytes_at(next_size[0]) * self.shrinking
            heavier = next_size[1] / guess - self.ratio

        def cost(crf: float) -> float:
            return self.predicted(crf) + heavier * self.samples[self._done].bytes_at(crf) * self.shrinking

        low, high = LOSSLESS, WORST
        if cost(low) <= goal:
            return low
        for _ in range(24):
            middle = (low + high) / 2
            low, high = (middle, high) if cost(middle) > goal else (low, middle)
        return round(high, 2)

    @property
    def ceiling(self) -> float:
        """Bytes that the next chunk may take at most, so that the ones after it can still be shown decently."""
        rest = self.predicted(min(self.crf() + 4, WORST), skip=1)
        return self.left - rest if rest < self.left * 0.9 else self.left * 0.5

    @property
    def last(self) -> bool:
        return self._done == len(self.samples) - 1

    def spent(self, size: int, crf: float) -> None:
        """Take note of a finished chunk of `size` bytes at `crf`."""
        guess = self.samples[self._done].bytes_at(crf) * self.shrinking
        self._errors = [(w * 0.6, e) for w, e in self._errors] + [(1.0, math.log(max(size, 1) / guess))]
        self.left -= size
        self._done += 1
