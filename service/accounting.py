"""What moderators may read about usage: sums, charts and tables of their own server, in its own days."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path

from domain.faults import Refused
from domain.people import Person
from domain.usage import Cost, Day, Spender, Usage
from service.exports import Export, Exports
from service.policies import Policies
from service.rights import Rights
from service.usage import DAYS_MOST, UsageBook

#: Bytes of one exported file: what every server takes, with room for the rest of the message.
FILE_MOST = 8_000_000


@dataclass(frozen=True)
class Range:
    """Days of a server's zone; both count."""

    first: date
    last: date


class Accounting:
    """Asks anew for every look whether the person may have it."""

    def __init__(self, book: UsageBook, exports: Exports, *, rights: Rights, policies: Policies, folder: Path) -> None:
        self._book = book
        self._exports = exports
        self._rights = rights
        self._policies = policies
        self._folder = folder

    async def of_member(self, person: Person, member_id: int, days: int) -> tuple[Range, Usage]:
        """What one member used."""
        span, zone = await self._range(person, days)
        return span, await self._book.of_member(person.guild_id, member_id, span.first, span.last, zone)

    async def top(self, person: Person, days: int) -> tuple[Range, Sequence[Spender], Sequence[Cost]]:
        """Those who spent the most, and what the API said that everybody's films cost."""
        span, zone = await self._range(person, days)
        spenders = await self._book.top(person.guild_id, span.first, span.last, zone)
        return span, spenders, await self._book.costs(person.guild_id, span.first, span.last, zone)

    async def days(self, person: Person, days: int) -> tuple[Range, Sequence[Day]]:
        """Credits of each day and model."""
        span, zone = await self._range(person, days)
        return span, await self._book.days(person.guild_id, span.first, span.last, zone)

    @asynccontextmanager
    async def export(self, person: Person, what: str, days: int) -> AsyncGenerator[Export]:
        """The ledger or the films as files, which are there as long as this is open."""
        span, zone = await self._range(person, days)
        write = self._exports.ledger if what == "ledger" else self._exports.jobs
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            yield await write(person.guild_id, span.first, span.last, zone, Path(folder), most=FILE_MOST)

    async def _range(self, person: Person, days: int) -> tuple[Range, tzinfo]:
        await self._rights.check(person)
        if not 1 <= days <= DAYS_MOST:
            raise Refused("range", most=DAYS_MOST)
        zone = (await self._policies.of(person.guild_id)).server.zone
        return Range(*self._book.last_days(days, zone)), zone
