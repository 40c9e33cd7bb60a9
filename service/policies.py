"""What the moderators of each server have decided, kept in memory so that a command costs no query to look it up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiosqlite

from domain.policy import Policy
from storage import policies
from storage.database import Database

#: Servers kept in memory; those that were not asked about for longest go first.
_MOST = 2_000


class Policies:
    """Reads a server's policy once, and again after each change.

    One process owns the database, so nobody else writes.
    """

    def __init__(self, db: Database, *, most: int = _MOST) -> None:
        self._db = db
        self._most = most
        self._kept: OrderedDict[int, Policy] = OrderedDict()
        self._changes = 0

    async def of(self, guild_id: int) -> Policy:
        """The policy of a server as it is now."""
        if found := self._kept.get(guild_id):
            self._kept.move_to_end(guild_id)
            return found
        before = self._changes
        policy = await policies.load(self._db.quick_reader, guild_id)
        if before == self._changes:  # else it may have been read just before a change
            self._kept[guild_id] = policy
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return policy

    async def language(self, guild_id: int) -> str:
        """The Discord locale of a server's words for everyone."""
        return (await self.of(guild_id)).server.spoken

    async def hear(self, guild_id: int, locale: str) -> None:
        """Discord says that a server speaks this: kept for what is told there later, when nobody has asked."""
        if locale and locale != (await self.of(guild_id)).server.guild_locale:
            async with self.changing(guild_id) as conn:
                await policies.hear(conn, guild_id, locale)

    @asynccontextmanager
    async def changing(self, guild_id: int) -> AsyncGenerator[aiosqlite.Connection]:
        """A transaction that changes a server's policy: whoever asks after it sees the change."""
        try:
            async with self._db.transaction() as conn:
                yield conn
        finally:
            self._changes += 1
            self._kept.pop(guild_id, None)
