"""Stopping a film: what waits is cancelled and free; what is being made can only be kept from being posted."""

from __future__ import annotations

from enum import Enum

from domain.faults import Refused
from domain.job import ACTIVE, Effect, Event, Job
from service.results import Results
from storage import jobs, outbox
from storage.database import Database


class Cancelled(Enum):
    #: It was stopped before it was sent; its credits are back.
    DONE = "done"
    #: The API has it: it cannot be stopped any more.
    RUNNING = "running"


class Cancel:
    """Who may press is asked at the press: only the member who asked for the film, in the server where it was asked."""

    def __init__(self, db: Database, *, results: Results) -> None:
        self._db = db
        self._results = results

    async def cancel(self, job_id: str, *, guild_id: int, user_id: int) -> Cancelled:
        """Stop a job. Raises Refused for somebody else's, an unknown or a finished one."""
        job = await self._own(job_id, guild_id, user_id)
        if job.state not in ACTIVE:
            raise Refused("too_late")
        settled = await self._results.settle(job.id, Event.CANCEL)
        return Cancelled.DONE if settled and settled.step.effect is Effect.MOVE else Cancelled.RUNNING

    async def mute(self, job_id: str, *, guild_id: int, user_id: int) -> None:
        """Do not post a film that is being made. Raises Refused, as for a film whose message is on its way already."""
        await self._own(job_id, guild_id, user_id)
        async with self._db.transaction() as conn:
            if not await outbox.hush(conn, job_id):
                raise Refused("posted")

    async def _own(self, job_id: str, guild_id: int, user_id: int) -> Job:
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
        # A private film's card is pressed in a conversation, where there is no server.
        if job is None or (job.guild_id != guild_id and not (job.private and guild_id == 0)):
            raise Refused("job_gone")
        if job.author_id != user_id:
            raise Refused("not_yours")
        return job
