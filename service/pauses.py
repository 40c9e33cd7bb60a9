"""Pauses: a server, or everything, takes no new films for a while; what is queued waits, what runs finishes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from domain.faults import Refused
from service.loops import now_ms
from storage import pauses
from storage.database import Database
from storage.pauses import Pause

log = logging.getLogger("clapper.pauses")

#: The `guild_id` of a pause of everything.
EVERYWHERE = 0


class Pauses:
    """The pauses, kept in the database and here, so that a command costs no query to check them."""

    def __init__(
        self,
        db: Database,
        *,
        known: Mapping[int, Pause],
        on_change: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`known` are those from before a restart; `on_change` wakes what may go on."""
        self._db = db
        self._known = dict(known)
        self._on_change = on_change
        self._clock = clock

    def of(self, guild_id: int) -> Pause | None:
        """The pause that a server is under: everybody's before its own. None when it is under none."""
        return self._known.get(EVERYWHERE) or self._known.get(guild_id)

    def check(self, guild_id: int) -> None:
        """Raise Refused, with the words of whoever paused, for a server that takes no new films now."""
        if pause := self.of(guild_id):
            raise Refused("paused", why=pause.words)

    @property
    def everywhere(self) -> bool:
        """True while nothing at all is sent."""
        return EVERYWHERE in self._known

    def servers(self) -> list[int]:
        """The servers under a pause of their own."""
        return [guild_id for guild_id in self._known if guild_id != EVERYWHERE]

    async def pause(self, guild_id: int, words: str, by: int) -> Pause:
        """Pause a server, or everything (0), with words for members; a pause that is there gets the new words."""
        pause = Pause(guild_id, words.strip(), by, self._clock())
        async with self._db.transaction() as conn:
            await pauses.begin(conn, pause)
        self._known[guild_id] = pause
        log.info("paused: %s, by %d", guild_id or "everywhere", by)
        return pause

    async def resume(self, guild_id: int) -> bool:
        """End a server's pause, or that of everything (0); true when there was one."""
        async with self._db.transaction() as conn:
            there = await pauses.end(conn, guild_id)
        self._known.pop(guild_id, None)
        if there:
            log.info("resumed: %s", guild_id or "everywhere")
            self._on_change()
        return there
