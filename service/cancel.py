"""Stopping a film: what waits is cancelled and free; what is being made can only be kept from being posted."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from domain.faults import Refused
from domain.job import ACTIVE, Effect, Event, Job
from domain.moderation import AuditEntry
from domain.people import Person
from service.loops import now_ms
from service.results import Results
from service.rights import Rights
from storage import audit, jobs, outbox
from storage.database import Database


class Cancelled(Enum):
    #: It was stopped before it was sent; its credits are back.
    DONE = "done"
    #: The API has it: it cannot be stopped any more.
    RUNNING = "running"


class Cancel:
    """Who may press is asked at the press: the member who asked for the film, or a moderator of its server."""

    def __init__(self, db: Database, *, results: Results, rights: Rights, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._results = results
        self._rights = rights
        self._clock = clock

    async def cancel(self, job_id: str, person: Person, *, reason: str = "") -> Cancelled:
        """Stop a job; a moderator may say why. Raises Refused for somebody else's, an unknown or a finished one."""
        job = await self._theirs(job_id, person)
        if job.state not in ACTIVE:
            raise Refused("too_late")
        ended = "cancel" if job.author_id == person.user_id else "stopped"
        settled = await self._results.settle(job.id, Event.CANCEL, reason=ended)
        if not settled or settled.step.effect is not Effect.MOVE:
            return Cancelled.RUNNING
        await self._note("cancel", job, person, reason)
        return Cancelled.DONE

    async def mute(self, job_id: str, person: Person) -> None:
        """Do not post a film that is being made. Raises Refused, as for a film whose message is on its way already."""
        job = await self._theirs(job_id, person)
        async with self._db.transaction() as conn:
            if not await outbox.hush(conn, job_id):
                raise Refused("posted")
        await self._note("mute", job, person)

    async def _theirs(self, job_id: str, person: Person) -> Job:
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
        # A private film's card is pressed in a conversation, where there is no server.
        if job is None or (job.guild_id != person.guild_id and not (job.private and person.guild_id == 0)):
            raise Refused("job_gone")
        if job.author_id != person.user_id and not await self._rights.may_manage(person):
            raise Refused("not_yours")
        return job

    async def _note(self, action: str, job: Job, person: Person, reason: str = "") -> None:
        """A moderator did it, and not the member."""
        if job.author_id == person.user_id:
            return
        now = self._clock()
        entry = AuditEntry(
            job.guild_id,
            person.user_id,
            action,
            job.author_id,
            subject=f"job:{job.id}",
            after={"price": job.price},
            reason=reason,
        )
        async with self._db.transaction() as conn:
            await audit.write(conn, entry, now)
        self._results.changed()
