"""What was used: credits by day, model and outcome, and by member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo


@dataclass(frozen=True)
class Spent:
    """Credits by outcome: `ready` for films that were made, `given_back` for those that were not, `held` until then.

    `films` counts the films that were made, `asked` the commands.
    """

    ready: int = 0
    given_back: int = 0
    held: int = 0
    films: int = 0
    asked: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.ready + other.ready,
            self.given_back + other.given_back,
            self.held + other.held,
            self.films + other.films,
            self.asked + other.asked,
        )


@dataclass(frozen=True)
class Day:
    """What one model's films cost that were asked for on one day (of the server's zone)."""

    day: date
    model: str
    spent: Spent


@dataclass(frozen=True)
class Spender:
    """What one member used in a range of days."""

    member_id: int
    spent: Spent


@dataclass(frozen=True)
class Cost:
    """What the API said that films of one model cost, beside the credits that were charged for the same films.

    `unit` is the API's own word for what it counts in, "" where it has none.
    """

    model: str
    unit: str
    films: int
    credits: int
    amount: float

    @property
    def more(self) -> float | None:
        """What the API took more (or less, below 0) than was charged; None where it counts in something else."""
        same = self.unit.lower() in ("credit", "credits")
        return round(self.amount - self.credits, 3) if same else None

    @property
    def rate(self) -> float | None:
        """What one credit cost, in the API's unit; None where none was charged."""
        return self.amount / self.credits if self.credits else None


@dataclass(frozen=True)
class Usage:
    """What one member used: today, this week and this month, and by model in a range of days.

    `costs` has those models of the range whose cost the API said.
    """

    periods: Mapping[str, Spent]
    models: Mapping[str, Spent]
    costs: Sequence[Cost] = ()

    @property
    def total(self) -> Spent:
        """Of the range."""
        return sum(self.models.values(), Spent())


def start_of(day: date, zone: tzinfo) -> int:
    """The first moment of a day in a zone, unix ms.

    Where clocks skip midnight the day begins later; a day that a zone skips begins with the next one.
    """
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
