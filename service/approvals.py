"""Films that wait for a moderator's yes: answered once, and given back to their members after a day."""

from __future__ import annotations

from collections.abc import Callable

from domain.faults import Refused
from domain.job import Event, JobState
from domain.moderation import Approval, AuditEntry
from domain.people import Person
from service.loops import now_ms
from service.results import Results
from service.rights import Rights
from storage import approvals, audit
from storage.database import Database

#: How long a film waits before its credits go back (ms).
PATIENCE = 24 * 3_600_000


class Approvals:
    """Asks anew at each press whether the person may answer."""

    def __init__(self, db: Database, *, rights: Rights, results: Results, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._rights = rights
        self._results = results
        self._clock = clock

    async def decide(self, person: Person, job_id: str, *, yes: bool) -> Approval:
        """Let a film go on, or give its credits back. Raises Refused when it is decided already."""
        await self._rights.check(person)
        now = self._clock()
        async with self._db.transaction() as conn:
            found = await approvals.get(conn, job_id)
            if found is None or found.job.guild_id != person.guild_id:
                raise Refused("job_gone")
            if found.job.state is not JobState.AWAITING:
                raise Refused("decided")
            if found.job.author_id == person.user_id and not person.manager:
                raise Refused("own_film")
            await approvals.decide(conn, job_id, "approved" if yes else "declined", person.user_id, now)
            entry = AuditEntry(
                person.guild_id,
                person.user_id,
                "approve" if yes else "decline",
                found.job.author_id,
                subject=f"job:{job_id}",
                after={"price": found.job.price},
            )
            await audit.write(conn, entry, now)
            if yes:
                await self._results.within(conn, found.job, Event.APPROVE)
            else:
                await self._results.within(conn, found.job, Event.CANCEL, reason="declined")
            decided = await approvals.get(conn, job_id)
        self._results.changed()
        assert decided is not None
        return decided

    async def guild_of(self, job_id: str) -> int:
        """The server of a job that somebody was asked about; 0 when there is none."""
        found = await approvals.get(self._db.reader, job_id)
        return found.job.guild_id if found else 0

    async def expire(self) -> float | None:
        """Give back what nobody answered for a day; the seconds until more is due."""
        now = self._clock()
        for job_id in await approvals.unanswered(self._db.reader, now - PATIENCE):
            await self._results.settle(job_id, Event.CANCEL, reason="not_approved")
        oldest = await approvals.oldest(self._db.reader)
        return None if oldest is None else max(1.0, (oldest + PATIENCE - now) / 1000)
