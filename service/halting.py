"""Pausing films by a command: one server by its moderators, everything by the operator in the operator's channel."""

from __future__ import annotations

from collections.abc import Callable

from domain.faults import Refused
from domain.moderation import AuditEntry
from domain.people import Person
from service.loops import now_ms
from service.pauses import EVERYWHERE, Pauses
from service.rights import Rights
from storage import audit
from storage.database import Database


class Halting:
    """Asks anew whether the person may do it."""

    def __init__(
        self,
        db: Database,
        *,
        rights: Rights,
        pauses: Pauses,
        operator_channel_id: int,
        on_notice: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._rights = rights
        self._pauses = pauses
        self._operator_channel_id = operator_channel_id
        self._on_notice = on_notice
        self._clock = clock

    async def pause(self, person: Person, *, words: str, channel_id: int, everywhere: bool) -> None:
        """Take no new films, with words for members; what is queued waits, what runs finishes."""
        guild_id = await self._scope(person, channel_id, everywhere)
        await self._pauses.pause(guild_id, words, person.user_id)
        await self._note(person, "pause", words, everywhere)

    async def resume(self, person: Person, *, words: str, channel_id: int, everywhere: bool) -> None:
        """Let films be made again, with words for the log. Raises Refused when nothing was paused."""
        guild_id = await self._scope(person, channel_id, everywhere)
        if not await self._pauses.resume(guild_id):
            raise Refused("not_paused")
        await self._note(person, "resume", words, everywhere)

    async def _scope(self, person: Person, channel_id: int, everywhere: bool) -> int:
        if not everywhere:
            await self._rights.check(person)
            return person.guild_id
        if not self._operator_channel_id or channel_id != self._operator_channel_id or not person.manager:
            raise Refused("everywhere_only")
        return EVERYWHERE

    async def _note(self, person: Person, action: str, words: str, everywhere: bool) -> None:
        entry = AuditEntry(
            person.guild_id, person.user_id, action, subject="everywhere" if everywhere else "", reason=words
        )
        async with self._db.transaction() as conn:
            await audit.write(conn, entry, self._clock())
        self._on_notice()
