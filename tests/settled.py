"""Intake, results and cancel on a real file, with a clock that the test turns, and jobs in every state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.ask import Ask
from domain.catalogue import Catalogue
from domain.job import Event, Film, Job, JobState, Report, Verdict
from domain.pace import Pace
from domain.turns import Caps
from service.availability import Availability
from service.breakers import Breakers
from service.cancel import Cancel
from service.censor import Censor
from service.doorman import Ceiling
from service.intake import Intake
from service.meter import Meter
from service.patterns import WordRules
from service.pauses import Pauses
from service.policies import Policies
from service.results import Results
from service.turns import Turns
from storage import jobs, outbox
from storage.database import Database

CATALOGUE = Catalogue.parse((Path(__file__).parent.parent / "catalogue.toml").read_text("utf-8"))
PACE = Pace()
MINUTE = 60_000

FILMS = (Film("film-1", "https://cdn.example/1.mp4"), Film("film-2", "https://cdn.example/2.mp4"))
DATA = [{"id": film.vendor_id, "video_url": film.url, "state": "succeeded"} for film in FILMS]
SUCCESS: dict[str, Any] = {"success": True, "trace_id": "trace-2", "data": DATA}
FAILURE: dict[str, Any] = {
    "success": False,
    "trace_id": "trace-2",
    "error": {"code": "api_error", "message": "fetch failed"},
}
WHOLE = Report("task-1", Verdict.SUCCEEDED, films=FILMS, trace_id="trace-2")
BROKEN = Report("task-1", Verdict.FAILED, code="api_error", message="fetch failed", trace_id="trace-2")
NO_ID = Report("", Verdict.FAILED, code="bad_request", message="no", trace_id="trace-2")
BEGUN = Report("task-1", Verdict.PENDING, trace_id="trace-2")


TABLES = ("jobs", "films", "pictures", "inputs", "rules", "counters", "epochs", "grants", "ledger", "remembered")
FINAL, FLYING = ("ready", "failed", "expired", "cancelled"), ("submitting", "rendering")

Rows = dict[str, list[dict[str, Any]]]


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the ledger or of films, whatever order they were written in."""
    rows = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    return sorted(rows, key=lambda row: (row["job_id"], row.get("kind"), row.get("source"), row.get("n")))


@dataclass
class House:
    """The real intake, results and cancel on a real file, with a clock that the test turns."""

    db: Database
    now: list[int]
    woken: list[str]
    results: Results
    intake: Intake
    cancel: Cancel
    made: int = 0

    async def rows(self) -> Rows:
        """Everything that the file holds."""
        found: Rows = {}
        for table in TABLES:
            found[table] = [dict(row) for row in await self.db.reader.execute_fetchall(f"SELECT * FROM {table}")]
        return found | {"films": in_order(found["films"]), "ledger": in_order(found["ledger"])}

    async def forget(self, job: Job) -> None:
        """Remove a job and all that came with it, so that the file stays small."""
        async with self.db.transaction() as conn:
            for table in ("films", "ledger"):
                await conn.execute(f"DELETE FROM {table} WHERE job_id = ?", (job.id,))
            for table in ("jobs", "counters", "grants", "rules"):
                await conn.execute(f"DELETE FROM {table} WHERE guild_id = ?", (job.guild_id,))

    async def move(self, job: Job, event: Event, to: JobState, **more: Any) -> None:
        async with self.db.transaction() as conn:
            assert await jobs.move(conn, job.id, event, to, **more)

    async def begin(self, state: JobState, *, attempt: int = 1, known: bool = True) -> Job:
        """A job of a member of its own in a server of its own, paid half by the window and half by a grant.

        `attempt` 2 is one that was sent again. `known` says whether a final job's task id was ever learned.
        """
        self.made += 1
        self.now[0] += MINUTE
        guild, n = 1_000 + self.made, self.made
        async with self.db.transaction() as conn:
            await conn.execute(
                "INSERT INTO rules (guild_id, subject, period, credits) VALUES (?,?,?,?)", (guild, "everyone", "day", 1)
            )
            await conn.execute(
                "INSERT INTO grants (guild_id, member_id, amount, reason, created_at) VALUES (?, ?, 5, 'test', 0)",
                (guild, n),
            )
        ask = Ask(n, "token", guild, 7, "text", n, "en-GB")
        order = await self.intake.check(ask, prompt="a boat", model=None, duration=None, orientation=None, size=None)
        job = (await self.intake.admit(order)).job
        if state is JobState.AWAITING:
            async with self.db.transaction() as conn:
                # No command begins one yet: it differs from a queued job by its state alone.
                await jobs.change(conn, job.id, state="awaiting")
        elif state not in (JobState.QUEUED, JobState.CANCELLED):
            await self._sent(job, attempt)
        if state in (JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED):
            await self._ended(job, state, known)
        elif state is JobState.RENDERING:
            await self.results.settle(job.id, Event.ACCEPTED, report=BEGUN)
        elif state is JobState.READY:
            await self.results.settle(
                job.id, Event.SUCCEEDED, report=WHOLE if known else Report("", Verdict.SUCCEEDED, FILMS)
            )
        if state in (JobState.READY, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED):
            async with self.db.transaction() as conn:
                await outbox.begin(conn, job.id, target_id=7, now=self.now[0], again=False)
                await outbox.done(
                    conn, await jobs.get(conn, job.id) or job, now=self.now[0], thread_id=7, message_id=70
                )
        return await self.job(job.id)

    async def _sent(self, job: Job, attempt: int) -> None:
        at = self.now[0]
        await self.move(job, Event.SEND, JobState.SUBMITTING, sent_at=at, next_look_at=at + MINUTE, looks=0)
        if attempt > 1:
            await self.move(job, Event.NOT_SEEN, JobState.SUBMITTING, attempt=attempt)

    async def _ended(self, job: Job, state: JobState, known: bool) -> None:
        if state is JobState.CANCELLED:
            await self.results.settle(job.id, Event.CANCEL)
        elif state is JobState.EXPIRED:
            if known:
                await self.results.settle(job.id, Event.ACCEPTED, report=BEGUN)
            await self.results.settle(job.id, Event.DEADLINE, reason="expired")
        else:
            await self.results.settle(job.id, Event.REFUSED, report=BROKEN if known else NO_ID)

    async def job(self, job_id: str) -> Job:
        job = await jobs.get(self.db.reader, job_id)
        assert job
        return job


async def quiet(*_: str) -> None:
    """An operator who hears nothing."""


def make_intake(db: Database, ceiling: Ceiling, clock: Callable[[], int], known: Policies | None = None) -> Intake:
    """The real door for commands, with limits and a clock of the test's own."""
    known = known or Policies(db)
    return Intake(
        db,
        availability=Availability(CATALOGUE, Breakers(db, pace=PACE, tell=quiet, clock=clock), links=True),
        policies=known,
        censor=Censor(db, policies=known, compile_rules=WordRules, on_notice=lambda: None, clock=clock),
        ceiling=ceiling,
        pauses=Pauses(db, known={}, on_change=lambda: None, clock=clock),
        allowed=frozenset(),
        turns=Turns(Caps(2, 4, 5), clock=clock),
        pace=PACE,
        on_job=lambda *_: None,
        meter=Meter(),
        clock=clock,
    )
