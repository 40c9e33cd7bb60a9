"""The arithmetic of credits: windows of local time, rules, and how a price is split. Pure, with `now` passed in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

#: Everyone's rule, the server's pot and the operator's ceiling, as subjects of rules.
EVERYONE = "everyone"
POT = "pot"
PERIODS = ("day", "week", "month")


@dataclass(frozen=True)
class Rule:
    """So many credits a period for one subject (everyone, role:ID, member:ID, channel:ID, pot); None is unlimited.

    What else a rule says is None where it says nothing: films in the making at once, models (by key), longest seconds.
    """

    subject: str
    period: str
    credits: int | None
    in_flight: int | None = None
    models: frozenset[str] | None = None
    longest: int | None = None


@dataclass(frozen=True)
class Standing:
    """What the rules let one member do in one place.

    One rule of `giving` with room is enough; every rule of `narrowing` (pot, channels) must have room as well.
    `models` None means all of them, `longest` None any length, `in_flight` None what the operator set.
    """

    giving: tuple[Rule, ...]
    narrowing: tuple[Rule, ...] = ()
    in_flight: int | None = None
    models: frozenset[str] | None = None
    longest: int | None = None


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
class Shortage:
    """The first narrowing rule without room for a price, and what it has left."""

    rule: Rule
    left: int


@dataclass(frozen=True)
class Split:
    """How a price is paid: from the window, and from each grant."""

    window: int
    grants: tuple[tuple[int, int], ...] = ()


def local_date(now: int, zone: tzinfo) -> date:
    """The date in `zone` at `now` (unix ms)."""
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()


@lru_cache(maxsize=4_096)  # a command names the same few of today a dozen times
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


def resolve(
    rules: Iterable[Rule], *, member_id: int, roles: Collection[int], places: Collection[int], default: Rule
) -> Standing:
    """The rules that count for a member with these roles in a place (its channel, parent and category).

    A member's own rules replace everyone's and the roles'. `default` stands in where nobody set a rule for everyone.
    Of what else rules say, the most generous counts among those that give (one that says nothing leaves it to the
    operator), and the strictest among those that narrow.
    """
    known = list(rules)
    own = [rule for rule in known if rule.subject == f"member:{member_id}"]
    mine = {EVERYONE, *(f"role:{role}" for role in roles)}
    giving = own or [rule for rule in known if rule.subject in mine]
    if not own and not any(rule.subject == EVERYONE for rule in giving):
        giving = [default, *giving]
    here = {POT, *(f"channel:{place}" for place in places)}
    narrowing = [rule for rule in known if rule.subject in here]
    stated = [rule.in_flight for rule in giving if rule.in_flight is not None]
    limits = [rule.in_flight for rule in narrowing if rule.in_flight is not None]
    return Standing(
        giving=tuple(giving),
        narrowing=tuple(narrowing),
        in_flight=min([*limits, max(stated)]) if stated else min(limits, default=None),
        models=_models(giving, narrowing),
        longest=_longest(giving, narrowing),
    )


def _models(giving: Sequence[Rule], narrowing: Sequence[Rule]) -> frozenset[str] | None:
    named = [rule.models for rule in giving]
    allowed = None if None in named else frozenset[str]().union(*(models for models in named if models is not None))
    for rule in narrowing:
        if rule.models is not None:
            allowed = rule.models if allowed is None else allowed & rule.models
    return allowed


def _longest(giving: Sequence[Rule], narrowing: Sequence[Rule]) -> int | None:
    stated = [rule.longest for rule in giving if rule.longest is not None]
    most = max(stated) if len(stated) == len(giving) else None
    return min([*([most] if most is not None else []), *(r.longest for r in narrowing if r.longest)], default=None)


def shortage(narrowing: Iterable[tuple[Rule, int]], price: int) -> Shortage | None:
    """The first of (rule, spent in its window) that has no room for `price`; None when all have."""
    for rule, spent in narrowing:
        if rule.credits is not None and spent + price > rule.credits:
            return Shortage(rule, max(0, rule.credits - spent))
    return None


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
