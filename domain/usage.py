"""What was used: credits by day, model and outcome, and by member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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
