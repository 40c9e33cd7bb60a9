"""A server's films under way, for its moderators: what waits, what is made, what found no place and is sent again."""

from __future__ import annotations

from collections.abc import Callable

from domain.faults import Refused
from domain.job import Job
from domain.moderation import AuditEntry
from domain.people import Person
from service import refusals
from service.loops import now_ms
from service.rights import Rights
from storage import audit, jobs, outbox, owners
from storage.database import Database


class UnderWay:
    """Works for one server at a time: a typed id opens nothing elsewhere."""

    def __init__(
        self, db: Database, *, rights: Rights, on_change: Callable[[], None], clock: Callable[[], int] = now_ms
    ) -> None:
        self._db = db
        self._rights = rights
        self._on_change = on_change
        self._clock = clock

    async def of(self, person: Person) -> tuple[list[Job], list[Job]]:
        """A server's films that wait or are made, oldest first, and those that nobody could be given, newest first."""
        await self._rights.check(person)
        conn = self._db.reader
        return await owners.active_in(conn, person.guild_id), await outbox.undelivered(conn, person.guild_id)

    async def deliver_again(self, person: Person, job_id: str, *, reason: str = "") -> Job:
        """Try to deliver an undelivered job once more, by a new message. Raises Refused for any other."""
        await self._rights.check(person)
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
            if job is None or not await outbox.is_undelivered(conn, person.guild_id, job_id):
                raise Refused("nothing_to_deliver")
            await outbox.reopen(conn, job.id)
            # Whoever asks has mended something: what was refused there before counts no more.
            places = {job.channel_id, job.card_channel_id, job.thread_id, job.card_message_id, job.target_id}
            await refusals.forget(conn, places)
            subject = f"job:{job.id}"
            entry = AuditEntry(
                person.guild_id, person.user_id, "redeliver", job.author_id, subject=subject, reason=reason
            )
            await audit.write(conn, entry, self._clock())
        self._on_change()
        return job
