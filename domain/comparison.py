"""A comparison: the same film by several models, as it is planned before anything is charged."""

from __future__ import annotations

from dataclasses import dataclass

from domain.carry import Change
from domain.request import GenerationRequest


@dataclass(frozen=True)
class Entry:
    """One of its films, its price in credits, and what its model has otherwise than was asked for."""

    request: GenerationRequest
    label: str
    price: int
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Comparison:
    """Its films in the order in which their models were named; `left` are the member's credits (None: no limit)."""

    prompt: str
    guild_id: int
    author_id: int
    server_locale: str
    entries: tuple[Entry, ...]
    left: int | None
    renews_at: int

    @property
    def total(self) -> int:
        """Credits of all of it."""
        return sum(entry.price for entry in self.entries)
