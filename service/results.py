"""The one funnel: whatever is learned about a job, from wherever, is settled here in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite

from acedata.wire import read_report
from domain import trail
from domain.job import FINAL, Effect, Event, Job, JobState, Report, Step, Verdict, credits_after, step
from domain.pace import Pace
from service.loops import now_ms
from service.meter import Meter
from service.reasons import reason_of
from storage import jobs, ledger, notices, outbox
from storage.database import Database

log = logging.getLogger("clapper.results")

#: Looks at a success without any link before it counts as a failure.
_BLANKS = 3
#: Who looks at the API's tasks, when a look is due at once.
_LOOK = ("reconcile",)
#: Ends a job whose own task says that the API no longer has its model, and whatever else ends with that.
OnGone = Callable[[Job, Report], Awaitable[None]]


@dataclass(frozen=True)
class Settled:
    """What an event did: the step of the table, and the job as it is now."""

    step: Step
    job: Job


class Results:
    """Three doors (the API's answer, its callback, our look) into one `settle`.

    `on_change` wakes the loops of these names, or with none all that may wait for a job.
    """

    def __init__(
        self,
        db: Database,
        *,
        pace: Pace,
        on_change: Callable[..., None],
        meter: Meter,
        on_gone: OnGone | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """Without an `on_gone`, a model that is gone fails one job like anything else."""
        self._db = db
        self._on_gone = on_gone
        self._meter = meter
        self._pace = pace
        self._on_change = on_change
        self._clock = clock

    def changed(self, *loops: str) -> None:
        """Something happened that these loops, or else any, may wait for."""
        self._on_change(*loops)

    async def answered(self, job: Job, report: Report) -> None:
        """The API's 2xx answer to the submission of this attempt."""
        if report.verdict is Verdict.SUCCEEDED and report.films:
            await self.settle(job.id, Event.SUCCEEDED, report=report)
        elif report.verdict is Verdict.FAILED:
            await self.settle(job.id, Event.REFUSED, report=report)
        elif report.task_id:
            await self.settle(job.id, Event.ACCEPTED, report=report)
        else:
            await self.settle(job.id, Event.UNCLEAR)

    async def called_back(self, job_id: str, attempt: int, payload: dict[str, Any]) -> None:
        """A callback to the URL of this job's attempt. Unsigned: its URL vouches for the job, not for the task id."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
            if job is None:
                return
            report = read_report(job.wire, payload)
            known, current, gone = job.task_id, attempt == job.attempt, False
            # Sent twice, it may have two tasks: each one's film is its own, whichever task it was known by.
            ours = job.attempt > 1 and report.verdict is Verdict.SUCCEEDED and bool(report.films)
            if report.task_id and known and report.task_id != known and current and not ours:
                loops = await self._stranger(conn, job, report)
            elif report.verdict is Verdict.FAILED and not current:
                loops = await self._learn(conn, job, report, current=False)
            elif report.task_id and not known and job.state is JobState.SUBMITTING and not job.wire.task:
                # The answer to the submission has not come yet: ask the API whether this task is really ours. Where
                # tasks repeat no request it cannot say, and the callback's address has to be proof enough.
                await jobs.change(conn, job_id, hint_id=report.task_id)
                loops = await self._ask(conn, job)
            elif report.verdict is Verdict.SUCCEEDED and not report.films:
                loops = await self._ask(conn, job)  # perhaps its task has the link
            else:
                gone = current and self._is_gone(job, report)
                loops = () if gone else await self._learn(conn, job, report, current=current)
        await self._end(job, report, loops, gone)

    async def missed(self, job: Job, **more: Any) -> Settled | None:
        """Good looks did not show this attempt of a job; None when anything was learned about it meanwhile."""
        async with self._db.transaction() as conn:
            now = await jobs.get(conn, job.id)
            if now is None or now.attempt != job.attempt or now.hint_id or now.state is not JobState.SUBMITTING:
                return None
            if now.next_look_at != job.next_look_at:
                return None
            return await self._apply(conn, now, Event.NOT_SEEN, None, **more)

    async def looked(self, job_id: str, report: Report) -> None:
        """What the API's list of tasks shows about this job's own task."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
            if job is None:
                return
            if job.state is JobState.SUBMITTING and report.task_id:
                job = (await self._apply(conn, job, Event.ACCEPTED, report)).job
            gone = self._is_gone(job, report)
            loops = () if gone else await self._learn(conn, job, report, current=True)
        await self._end(job, report, loops, gone)

    async def settle(self, job_id: str, event: Event, *, report: Report | None = None, **more: Any) -> Settled | None:
        """Let an event happen to a job: state, credits, films and outbox together, or nothing. None: no such job."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
            settled = None if job is None else await self._apply(conn, job, event, report, **more)
        if job and settled:
            self._ring(_concerned(job, settled))
        return settled

    async def within(self, conn: aiosqlite.Connection, job: Job, event: Event, **more: Any) -> Settled:
        """As `settle`, inside a transaction of the caller's, who calls `changed` after it."""
        return await self._apply(conn, job, event, None, **more)

    def _ring(self, loops: Sequence[str]) -> None:
        if loops:
            self._on_change(*loops)

    def _is_gone(self, job: Job, report: Report) -> bool:
        """Whether this ends a job because its model is gone: services without a channel say so only in the task."""
        ends = report.verdict is Verdict.FAILED and step(Event.FAILED, job.state).effect is Effect.MOVE
        return ends and self._on_gone is not None and reason_of(report) == "model_gone"

    async def _end(self, job: Job, report: Report, loops: Sequence[str], gone: bool) -> None:
        """What follows outside of the transaction in which it was learned."""
        self._ring(loops)
        if gone and self._on_gone:
            await self._on_gone(job, report)

    async def _learn(self, conn: aiosqlite.Connection, job: Job, report: Report, *, current: bool) -> Sequence[str]:
        """Let a report happen to a job; returns the loops that wait for it."""
        if report.verdict is Verdict.SUCCEEDED and not report.films:
            return await self._blank(conn, job)
        if report.verdict is Verdict.SUCCEEDED:
            return _concerned(job, await self._apply(conn, job, Event.SUCCEEDED, report))
        if report.verdict is Verdict.FAILED:
            return _concerned(job, await self._apply(conn, job, Event.FAILED if current else Event.FAILED_OLD, report))
        return ()

    async def _blank(self, conn: aiosqlite.Connection, job: Job) -> Sequence[str]:
        """A success without a link: perhaps the link comes a moment later, so the tasks are asked before it counts."""
        if job.state not in (JobState.SUBMITTING, JobState.RENDERING):
            return ()
        if job.looks + 1 >= _BLANKS:
            return _concerned(job, await self._apply(conn, job, Event.FAILED, None, reason="no_link"))
        again = self._clock() + min(5_000, self._pace.look)
        await jobs.change(conn, job.id, looks=job.looks + 1, next_look_at=again)
        return _LOOK

    async def _stranger(self, conn: aiosqlite.Connection, job: Job, report: Report) -> Sequence[str]:
        log.warning("job %s: a callback named task %s, ours is %s", job.id, report.task_id, job.task_id)
        if step(Event.STRANGER, job.state).effect is not Effect.LOOK:
            return ()
        return await self._ask(conn, job)

    async def _ask(self, conn: aiosqlite.Connection, job: Job) -> Sequence[str]:
        """Look at a job now; one that was given up only where its task is known: it is not looked for any more."""
        if job.state is JobState.EXPIRED and not job.task_id:
            return ()
        # The moment, and no 0: a look that is under way has to see that it was asked for meanwhile.
        await jobs.change(conn, job.id, next_look_at=self._clock())
        return _LOOK

    async def _apply(
        self, conn: aiosqlite.Connection, job: Job, event: Event, report: Report | None, **more: Any
    ) -> Settled:
        with trail.about(job=job.id, interaction=job.interaction_id):
            return await self._effect(conn, job, event, report, more)

    async def _effect(
        self, conn: aiosqlite.Connection, job: Job, event: Event, report: Report | None, more: dict[str, Any]
    ) -> Settled:
        now = self._clock()
        what = step(event, job.state)
        after: Job | None = job
        if what.effect is Effect.MOVE and what.to is not None:
            after = await self._move(conn, job, event, what.to, report, now, more)
        elif what.effect is Effect.FREE_FILM and report and not job.films:
            log.info("job %s: its film came after it had ended as %s", job.id, job.state)
            await jobs.keep_films(conn, job.id, report.films)
            # The task that made it can renew its link.
            await jobs.change(conn, job.id, task_id=report.task_id or job.task_id, **_cost_of(report))
            await outbox.reopen(conn, job.id)
            after = None
        elif what.effect is Effect.STORE_ID and report and not job.task_id:
            await jobs.change(conn, job.id, task_id=report.task_id, trace_id=report.trace_id)
            after = None
        elif what.effect is Effect.REFUND and not job.refunded:
            await jobs.change(conn, job.id, refunded=1, tries=0, **more)  # saying so has tries of its own
            after = None
        elif event is Event.FAILED and job.state is JobState.READY:
            log.warning("job %s: a failure came after its success; it changes nothing", job.id)
        if credits := credits_after(what):
            self._meter.credits(credits.value, await ledger.finish(conn, job.id, credits, now))
        settled = Settled(what, after or await jobs.get(conn, job.id) or job)
        if what.effect is Effect.MOVE:
            self._count(job, settled.job)
        return settled

    def _count(self, before: Job, after: Job) -> None:
        if before.state is JobState.SUBMITTING and after.state in (JobState.RENDERING, JobState.READY):
            self._meter.accepted(after)
        if before.state not in FINAL and after.state in FINAL:
            self._meter.ended(after)

    async def _move(
        self,
        conn: aiosqlite.Connection,
        job: Job,
        event: Event,
        to: JobState,
        report: Report | None,
        now: int,
        more: dict[str, Any],
    ) -> Job | None:
        changes: dict[str, Any] = dict(more)
        if report:
            changes |= {"trace_id": report.trace_id or job.trace_id, "task_id": report.task_id or job.task_id}
            changes |= _cost_of(report)
            if report.verdict is Verdict.FAILED:
                changes.setdefault("reason", reason_of(report))
                changes.setdefault("detail", f"{report.code}: {report.message}")
        if to is JobState.RENDERING:
            # A callback that came before this answer was not believed then: look at once now that the id is known.
            early = bool(job.hint_id) and report is not None and job.hint_id == report.task_id
            changes["next_look_at"] = now if early else now + self._pace.look
            changes["looks"] = 0
        if to is JobState.EXPIRED:  # what it was given up for may still come
            changes["next_look_at"] = now + self._pace.look if job.task_id else 0
        if to in FINAL:
            changes["ended_at"] = now
        if to in FINAL and event is not Event.SUCCEEDED:
            changes.setdefault("reason", event.value)
        films = report.films if report and to is JobState.READY else ()
        after = await jobs.move(conn, job.id, event, to, films=films, **changes)
        if job.state is JobState.AWAITING:
            await notices.redraw(conn, "approval", job.id)
        if to in FINAL:
            log.info("job %s: %s (%s)", job.id, to.value, changes.get("reason") or event.value)
        return after


def _concerned(before: Job, settled: Settled) -> Sequence[str]:
    """The loops that wait for what was done to a job. Looks that are due later are found without being woken."""
    what, after = settled.step, settled.job
    if what.effect is Effect.LOOK:
        return _LOOK
    if what.effect in (Effect.FREE_FILM, Effect.REFUND):
        return ("delivery",)
    if what.effect is not Effect.MOVE:
        return ()
    if before.state is JobState.AWAITING:
        return ("dispatch", "delivery", "notices")
    if after.state in FINAL:
        return ("dispatch", "delivery")
    if after.state is JobState.QUEUED:
        return ("dispatch",)
    return _LOOK if before.hint_id and before.hint_id == after.task_id else ()


def _cost_of(report: Report) -> dict[str, Any]:
    """What to note of the cost; nothing where the API does not say it, so that nothing known is lost."""
    return {} if report.cost is None else {"cost": report.cost, "currency": report.currency}
