"""Reports of films: members say what is wrong, moderators hide the film, block its member, or dismiss it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from domain.faults import Refused
from domain.job import Job
from domain.moderation import AuditEntry, Report
from domain.people import Person
from service.blocks import Blocks
from service.loops import now_ms
from service.rights import Rights
from storage import audit, jobs, reports
from storage.database import Database

#: Characters of a reason.
REASON_MOST = 500


class TakesAway(Protocol):
    """Who removes a film from Discord."""

    async def take_away(self, job: Job) -> None:
        """Delete every message with the film, now or as soon as that goes, and let the card say so."""
        ...


class Reports:
    """Every method asks anew whether the person may do it."""

    def __init__(
        self,
        db: Database,
        *,
        rights: Rights,
        blocks: Blocks,
        films: TakesAway,
        on_notice: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._rights = rights
        self._blocks = blocks
        self._films = films
        self._on_notice = on_notice
        self._clock = clock

    async def report(self, person: Person, job_id: str, reason: str) -> None:
        """Tell moderators about a film. Once a member a film."""
        reason = reason.strip()
        if not reason or len(reason) > REASON_MOST:
            raise Refused("report_reason", most=REASON_MOST)
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
            if job is None or job.guild_id != person.guild_id or not job.message_id or job.private:
                raise Refused("job_gone")
            if job.hidden or job.deleted_at:
                raise Refused("job_gone")
            added = await reports.add(
                conn,
                guild_id=person.guild_id,
                job_id=job_id,
                reporter_id=person.user_id,
                reason=reason,
                now=self._clock(),
            )
            if added is None:
                raise Refused("reported")
        self._on_notice()

    async def guild_of(self, report_id: int) -> int:
        """The server of a report; 0 when there is none."""
        found = await reports.get(self._db.reader, report_id)
        return found.guild_id if found else 0

    async def check(self, person: Person, report_id: int) -> None:
        """Raise Refused unless this person may settle this report, and nobody has."""
        await self._open(person, report_id)

    async def hide(self, person: Person, report_id: int) -> Report:
        """Take the film away; its record stays."""
        report = await self._open(person, report_id)
        await self._decide(person, report, "hidden", "hide")
        await self._films.take_away(replace(report.job, hidden=True))
        return await self._now(report_id)

    async def block(self, person: Person, report_id: int, *, days: int | None, why: str) -> Report:
        """Block the film's member, who reads `why`; the film stays where it is."""
        report = await self._open(person, report_id)
        await self._blocks.block(person, report.job.author_id, reason=why, days=days)
        await self._decide(person, report, "blocked", "")
        return await self._now(report_id)

    async def dismiss(self, person: Person, report_id: int) -> Report:
        """Nothing is wrong with it."""
        report = await self._open(person, report_id)
        if report.job.author_id == person.user_id and not person.manager:
            raise Refused("own_film")
        await self._decide(person, report, "dismissed", "dismiss")
        return await self._now(report_id)

    async def _open(self, person: Person, report_id: int) -> Report:
        await self._rights.check(person)
        async with self._db.transaction() as conn:
            report = await reports.get(conn, report_id)
        if report is None or report.guild_id != person.guild_id:
            raise Refused("job_gone")
        if report.verdict:
            raise Refused("decided")
        return report

    async def _decide(self, person: Person, report: Report, verdict: str, action: str) -> None:
        now = self._clock()
        async with self._db.transaction() as conn:
            if not await reports.decide(conn, report.job.id, verdict, person.user_id, now):
                raise Refused("decided")
            if verdict == "hidden":
                await jobs.change(conn, report.job.id, hidden=1)
            if action:
                entry = AuditEntry(
                    person.guild_id,
                    person.user_id,
                    action,
                    report.job.author_id,
                    subject=f"job:{report.job.id}",
                    reason=report.reason,
                )
                await audit.write(conn, entry, now)
        self._on_notice()

    async def _now(self, report_id: int) -> Report:
        report = await reports.get(self._db.reader, report_id)
        assert report is not None
        return report
