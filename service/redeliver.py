"""Films that found no place: listed for moderators, and sent on their way again when they say so."""

from __future__ import annotations

from collections.abc import Callable

from domain.faults import Refused
from domain.job import Job
from service import refusals
from storage import jobs, outbox
from storage.database import Database


class Redeliver:
    """Works for one server at a time: a typed id opens nothing elsewhere."""

    def __init__(self, db: Database, *, on_change: Callable[[], None]) -> None:
        self._db = db
        self._on_change = on_change

    async def undelivered(self, guild_id: int) -> list[Job]:
        """A server's films that nobody could be given, newest first."""
        return await outbox.undelivered(self._db.reader, guild_id)

    async def again(self, guild_id: int, job_id: str) -> Job:
        """Try to deliver an undelivered job once more, by a new message. Raises Refused for any other."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
            if job is None or not await outbox.is_undelivered(conn, guild_id, job_id):
                raise Refused("nothing_to_deliver")
            await outbox.reopen(conn, job.id)
            # Whoever asks has mended something: what was refused there before counts no more.
            places = {job.channel_id, job.card_channel_id, job.thread_id, job.card_message_id, job.target_id}
            await refusals.forget(conn, places)
        self._on_change()
        return job
