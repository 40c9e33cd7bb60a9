"""When a waiting job's turn comes: arithmetic on what is being made, what waits before it, and what fits at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Nobody in a queue is counted beyond so many.
COUNTED_MOST = 300


@dataclass(frozen=True)
class Caps:
    """How many generations may be in the making at once; `total` counts for each of the vendor's services."""

    member: int
    server: int
    total: int


@dataclass(frozen=True)
class Line:
    """One queue that a job stands in: its member's, its server's, or everybody's."""

    #: How many may be in the making at once.
    cap: int
    #: Milliseconds that each of those in the making will probably still take.
    remaining: Sequence[int]
    #: Jobs that wait in front.
    ahead: int

    @property
    def free(self) -> bool:
        """True when there is room for the job and for all that wait in front of it."""
        return self.ahead + len(self.remaining) < self.cap

    def starts_in(self, usual: int) -> int:
        """Milliseconds until the job's turn, when each film takes `usual` of them; 0 when there is room at once."""
        if self.free:
            return 0
        # Those in front that find room now begin now; after that, each film that ends makes room for the next one.
        beginning = max(0, self.cap - len(self.remaining))
        ends = sorted([*self.remaining, *[usual] * beginning])
        rounds, nth = divmod(self.ahead - beginning + max(0, len(self.remaining) - self.cap), len(ends))
        return ends[nth] + rounds * usual


class Standing(StrEnum):
    """What a card says of a job that has not ended. Stored: the words keep their meaning for ever."""

    #: It was begun at once, or will be.
    AT_ONCE = ""
    #: It waits for a moderator's word.
    AWAITS = "awaits"
    #: It waits for its turn.
    WAITS = "waits"
    #: It waits because the video service takes no orders.
    HELD = "held"
    #: The video service has it.
    MADE = "made"


@dataclass(frozen=True)
class Outlook:
    """How a job stands and when to expect its film (unix ms); `ahead` counts those whose turn comes before its own."""

    standing: Standing
    ready_at: int
    ahead: int = 0
    #: When this was so (unix ms).
    seen_at: int = 0

    @property
    def mark(self) -> str:
        """What a card says, in one word to compare by."""
        return f"{self.standing}:{self.ahead}" if self.standing is Standing.WAITS else self.standing.value


def outlook(lines: Sequence[Line], *, ahead: int, usual: int, now: int, not_before: int = 0) -> Outlook:
    """How a queued job stands: its turn comes when all its lines have room, and not before `not_before` (unix ms)."""
    starts_in = max(not_before - now, *(line.starts_in(usual) for line in lines))
    return Outlook(Standing.WAITS if starts_in > 0 else Standing.AT_ONCE, now + max(0, starts_in) + usual, ahead, now)
