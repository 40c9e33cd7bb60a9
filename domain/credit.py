"""The arithmetic of credits: windows of local time, rules, and how a price is split. Pure, with `now` passed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

#: Everyone's rule, the server's pot and the operator's ceiling, as subjects of rules.
EVERYONE = "everyone"
POT = "pot"
PERIODS = ("day", "week", "month")


@dataclass(frozen=True)
class Rule:
    """So many credits a period for one subject (everyone, role:ID, member:ID, channel:ID, pot); None is unlimited."""

    subject: str
    period: str
    credits: int | None


@dataclass(frozen=True)
class Grant:
    """Credits given to one member; `ends_at` is unix ms or None."""

    id: int
    left: int
    ends_at: int | None


@dataclass(frozen=True)
class Room:
    """What is left under the rule that gives the most. `left` is None when nothing limits it."""

    left: int | None
    rule: Rule


@dataclass(frozen=True)
class Split:
    """How a price is paid: from the window, and from each grant."""

    window: int
    grants: tuple[tuple[int, int], ...] = ()


def local_date(now: int, zone: tzinfo) -> date:
    """The date in `zone` at `now` (unix ms)."""
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()


def window(period: str, day: date, epoch: int = 0) -> str:
    """The key of the counter that `day` falls in: d:2026-11-23#0, w:2026-W48#0 (ISO), m:2026-11#0."""
    if period == "day":
        return f"d:{day.isoformat()}#{epoch}"
    if period == "week":
        year, week, _ = day.isocalendar()
        return f"w:{year}-W{week:02}#{epoch}"
    return f"m:{day.year}-{day.month:02}#{epoch}"


def renews_at(period: str, now: int, zone: tzinfo) -> int:
    """When the window of `period` ends, unix ms: the first moment whose local date is in the next one.

    Searched and not computed, because zones skip hours, midnights and whole days.
    """
    key = window(period, local_date(now, zone))
    low, high = now, now + 32 * 86_400_000
    while high - low > 1:
        middle = (low + high) // 2
        if window(period, local_date(middle, zone)) == key:
            low = middle
        else:
            high = middle
    return high


def best_room(rules: Iterable[tuple[Rule, int]]) -> Room | None:
    """The rule with the most room among (rule, spent in its window); None when there is no rule at all."""
    best: Room | None = None
    for rule, spent in rules:
        if rule.credits is None:
            return Room(None, rule)
        left = max(0, rule.credits - spent)
        if best is None or (best.left is not None and left > best.left):
            best = Room(left, rule)
    return best


def split(price: int, room: int | None, grants: Sequence[Grant]) -> Split | None:
    """Pay `price` from the window first, then from grants, the one that ends first first; None when it does not fit."""
    from_window = price if room is None else min(price, max(0, room))
    rest = price - from_window
    parts: list[tuple[int, int]] = []
    for grant in sorted(grants, key=lambda g: (g.ends_at is None, g.ends_at or 0, g.id)):
        if rest <= 0:
            break
        part = min(rest, grant.left)
        if part > 0:
            parts.append((grant.id, part))
            rest -= part
    return Split(from_window, tuple(parts)) if rest <= 0 else None
