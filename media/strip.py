"""One film, or several in a row as one: when each begins, and all frames on one clock; only in a child process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.video.frame import VideoFrame

from .pieces import frames_of
from .reel import moving, open_film, span


@dataclass(frozen=True)
class Part:
    """One film of a strip. Times are seconds."""

    path: Path
    #: When its pictures begin by its own clock, and by the strip's.
    first: Fraction
    start: Fraction
    seconds: Fraction

    @property
    def shift(self) -> Fraction:
        """What its own times are raised by."""
        return self.start - self.first

    @property
    def end(self) -> Fraction:
        return self.start + self.seconds


class Strip:
    """Films in a row. Its clock is the first one's, so that a single film keeps all its times."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.parts: list[Part] = []
        for path in paths:
            with open_film(path) as film:
                first, seconds = span(film, moving(film))
            start = self.parts[-1].end if self.parts else first
            self.parts.append(Part(path, first, start, seconds))
        self.seconds = float(sum(part.seconds for part in self.parts))

    def frames(self) -> Iterator[VideoFrame]:
        """Every frame, upright, with a time after the one before it, in ticks of the first film."""
        base: Fraction | None = None
        last: int | None = None
        for part in self.parts:
            with open_film(part.path) as film:
                for frame in frames_of(film, moving(film)):
                    own = frame.time_base or Fraction(1)
                    base = base or own
                    pts = round(((frame.pts or 0) * own + part.shift) / base)
                    last = pts if last is None else max(pts, last + 1)
                    frame.pts, frame.time_base = last, base
                    yield frame
