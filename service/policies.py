"""What the moderators of each server have decided, kept in memory so that a command costs no query to look it up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

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
        #: What servers speak by Discord's word, where that is not written yet.
        self._heard: OrderedDict[int, str] = OrderedDict()
        self._changes = 0

    async def of(self, guild_id: int) -> Policy:
        """The policy of a server as it is now."""
        if found := self._kept.get(guild_id):
            self._kept.move_to_end(guild_id)
            return found
        before = self._changes
        policy = await policies.load(self._db.quick_reader, guild_id)
        if self._heard.get(guild_id) == policy.server.guild_locale:
            del self._heard[guild_id]
        elif heard := self._heard.get(guild_id):
            policy = replace(policy, server=replace(policy.server, guild_locale=heard))
        if before == self._changes:  # else it may have been read just before a change
            self._kept[guild_id] = policy
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return policy

    async def language(self, guild_id: int) -> str:
        """The Discord locale of a server's words for everyone."""
        return (await self.of(guild_id)).server.spoken

    def hear(self, guild_id: int, locale: str) -> None:
        """Discord says that a server speaks this: it counts at once, for what is told there when nobody has asked.

        It is written with the next thing that is written for the server: no command waits for that.
        """
        known = self._kept.get(guild_id)
        if not locale or (known and known.server.guild_locale == locale):
            return
        self._kept.pop(guild_id, None)
        self._heard[guild_id] = locale
        while len(self._heard) > self._most:
            self._heard.popitem(last=False)

    async def write_heard(self, conn: aiosqlite.Connection, guild_id: int) -> None:
        """Write down what a server speaks, if that is new. Call `wrote` once it is committed."""
        if locale := self._heard.get(guild_id):
            await policies.hear(conn, guild_id, locale)

    def wrote(self, guild_id: int) -> None:
        """What was heard of a server is committed. Until then it is kept: a refusal takes back what stood beside it."""
        self._heard.pop(guild_id, None)

    @asynccontextmanager
    async def changing(self, guild_id: int) -> AsyncGenerator[aiosqlite.Connection]:
        """A transaction that changes a server's policy: whoever asks after it sees the change."""
        try:
            async with self._db.transaction() as conn:
                await self.write_heard(conn, guild_id)
                yield conn
            self.wrote(guild_id)
        finally:
            self._changes += 1
            self._kept.pop(guild_id, None)
