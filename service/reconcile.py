"""Asking the API about jobs whose callback has not come: in batches, steadily, and never forgetting one."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from acedata.client import VideoClient
from domain.faults import VendorFault
from domain.job import Event, Job, JobState, Verdict
from domain.pace import DAY, Pace
from service.dispatch import Dispatch
from service.loops import now_ms
from service.recents import Known, Recents
from service.results import Results
from service.timekeeper import Timekeeper
from storage import jobs, looks
from storage.database import Database

log = logging.getLogger("clapper.reconcile")

#: Tasks in one call (the API's limit), and the bytes that one answer may be expected to echo.
BATCH = 50
ANSWER_BYTES = 8_000_000
#: Jobs taken in hand by one step: bounds memory after a long absence.
_AT_ONCE = 500
#: What an echoed request takes beside its pictures.
_PLAIN_BYTES = 4_000
#: How long before the first sending the list of recent tasks is read from (ms): our clock and the API's may differ.
_BEFORE_MS = 15 * 60_000
#: Looks that may fail one after the other before the API counts as away for this step.
_FAILURES = 3


class Reconcile:
    """Looks at jobs that are due. A job that is being sent right now is not looked for.

    One that was given up is looked at for the rest of a day: its film may come after all, and is free then.
    """

    def __init__(
        self,
        db: Database,
        *,
        client: VideoClient,
        recents: Recents,
        results: Results,
        dispatch: Dispatch,
        timekeeper: Timekeeper,
        pace: Pace,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._client = client
        self._recents = recents
        self._results = results
        self._dispatch = dispatch
        self._timekeeper = timekeeper
        self._pace = pace
        self._clock = clock
        #: Tasks in one call: fewer after one that failed, as the answer may have been too much.
        self._batch = BATCH

    async def step(self) -> float | None:
        """Ask about everything that is due; returns the seconds until more is."""
        await self._timekeeper.watch()
        sending = self._dispatch.sending.busy  # before the look: what it shows of these may be old by now
        due = await looks.due(self._db.reader, self._clock(), _AT_ONCE)
        due = [(job, size) for job, size in due if job.id not in sending and job.id not in self._dispatch.sending]
        await self._look_at_all([(job, size) for job, size in due if job.task_id])
        await self._look_for([job for job, _ in due if not job.task_id])
        upcoming = await looks.next_due(self._db.quick_reader)
        if upcoming is None:
            return None
        return max(0.2, (upcoming - self._clock()) / 1000)

    async def _look_at_all(self, known: list[tuple[Job, int]]) -> None:
        """Jobs whose task ids are known, batch by batch; when the API is away, the rest waits for another time."""
        waiting, failures = deque(known), 0
        while waiting:
            batch = next_batch(waiting, self._batch)
            fault = await self._look_at(batch)
            if fault is None:
                self._batch, failures = min(BATCH, self._batch * 2), 0
                continue
            log.warning("a look at %d tasks failed: %s", len(batch), fault)
            self._batch, failures = max(1, self._batch // 2), failures + 1
            rest = [job for job, _ in waiting] if failures == _FAILURES or fault.status == 429 else []
            await self._again([*batch, *rest], after=fault.retry_after)
            if rest:
                return

    async def _look_at(self, batch: list[Job]) -> VendorFault | None:
        """One call; the fault that it ended in, if it did."""
        asked_at = self._clock()
        try:
            found = await self._client.tasks(batch[0].wire, [job.task_id for job in batch])
        except VendorFault as fault:
            return fault
        pending: list[Job] = []
        over: list[tuple[int, Job]] = []  # given up long ago, and not asked about any more
        for job in batch:
            report = found.get(job.task_id)
            if report and report.verdict in (Verdict.SUCCEEDED, Verdict.FAILED):
                await self._results.looked(job.id, report)
                if job.state is JobState.EXPIRED and (report.films or report.verdict is Verdict.FAILED):
                    over.append((0, job))
            elif job.state is JobState.EXPIRED and asked_at >= job.sent_at + DAY:
                over.append((0, job))
            elif job.state is not JobState.EXPIRED and self._late(job, asked_at):
                await self._results.settle(job.id, Event.DEADLINE, reason="expired")
            else:
                pending.append(job)
        if over:
            async with self._db.transaction() as conn:
                await looks.schedule(conn, over)
        await self._again(pending)
        return None

    async def _look_for(self, unknown: list[Job]) -> None:
        """Jobs whose task id nobody knows: a callback's hint first, then the list of recent tasks."""
        for job in [job for job in unknown if job.hint_id]:
            if await self._check_hint(job):
                unknown.remove(job)
        for reading in {job.wire.reading for job in unknown}:
            await self._search([job for job in unknown if job.wire.reading == reading])

    async def _check_hint(self, job: Job) -> bool:
        """True when the job is done with for now: the task is ours, or the API could not say."""
        try:
            report = await self._client.task(job.wire, job.hint_id)
        except VendorFault as fault:
            log.warning("job %s: a look at a callback's task failed: %s", job.id, fault)
            await self._again([job], after=fault.retry_after)
            return True
        ours = self._recents.job_of(report.callback_url) if report else None
        old_failure = report and ours and report.verdict is Verdict.FAILED and ours[1] != job.attempt
        if report is None or ours is None or ours[0] != job.id or old_failure:
            async with self._db.transaction() as conn:
                await looks.disprove(conn, job)
            return False
        await self._results.looked(job.id, report)
        await self._dispatch.accepted(job)
        return True

    async def _search(self, unknown: list[Job]) -> None:
        asked_at, wire = self._clock(), unknown[0].wire
        first = min(asked_at, *(job.sent_at for job in unknown))
        async with self._db.transaction() as conn:
            row = await jobs.accepted_before(conn, wire.provider, first, since=asked_at - DAY)
        known = Known(*row[:2]) if row else None
        since = row[2] if row else first
        if not row or any(job.sent_at > asked_at for job in unknown):
            # Nothing tells how our clock stands to the API's, or it was another one when they were sent.
            since = min(since, asked_at - DAY)
        try:
            found = await self._recents.look(
                wire, since=since - _BEFORE_MS, wanted={job.id for job in unknown}, known=known
            )
        except VendorFault as fault:
            log.warning("a look at the recent tasks failed: %s", fault)
            well_formed = fault.status == 200 or bool(fault.code)
            answered = well_formed and fault.status not in (401, 429, 502, 503, 504)
            await self._no_proof(unknown, asked_at if answered else None, fault.retry_after)
            return
        missed: list[Job] = []
        for job in unknown:
            if report := found.best(job.id, job.attempt):
                await self._results.looked(job.id, report)
                await self._dispatch.accepted(job)
            elif found.good:
                await self._missed(job, asked_at)
            else:
                missed.append(job)
        await self._no_proof(missed, asked_at, None)

    async def _no_proof(self, unknown: list[Job], asked_at: int | None, after: float | None) -> None:
        """A look that proves nothing about these jobs; where the API answered at all, it may end those past their time.

        `asked_at` (unix ms) is when it was asked, None where it gave no answer of its own.
        """
        late = [job for job in unknown if asked_at is not None and self._late(job, asked_at)]
        for job in late:
            await self._results.settle(job.id, Event.DEADLINE, reason="expired")
        await self._again([job for job in unknown if job not in late], after=after)

    async def _missed(self, job: Job, asked_at: int) -> None:
        """A good look without it: after three, it is sent once more, then given up."""
        if self._late(job, asked_at):
            await self._results.settle(job.id, Event.DEADLINE, reason="expired")
            return
        # While the clock is doubtful, the list may begin too late to show it: no look is good.
        good = job.looks + (0 if self._timekeeper.patient else 1)
        # While nothing may be sent, it goes on being looked for: its callback may come meanwhile.
        if good < self._pace.looks or (job.attempt == 1 and not self._dispatch.open_to(job)):
            async with self._db.transaction() as conn:
                await looks.schedule(conn, [(self._clock() + self._pace.look, replace(job, looks=good))])
        elif job.attempt > 1:
            await self._results.settle(job.id, Event.NOT_SEEN_AGAIN, reason="never_arrived")
        else:
            now = self._clock()
            log.warning("job %s: the API does not have it; sending it once more", job.id)
            settled = await self._results.missed(
                job,
                attempt=job.attempt + 1,
                sent_at=now,
                next_look_at=now + self._pace.look,
                looks=0,
            )
            if settled and settled.job.state is JobState.SUBMITTING and settled.job.attempt == job.attempt + 1:
                self._dispatch.resend(settled.job)

    async def _again(self, pending: list[Job], *, after: float | None = None) -> None:
        now = self._clock()
        least = now + int((after or 0) * 1000)
        due = [
            (max(least, self._pace.next_look(now, sent_at=job.sent_at, usual_seconds=job.usual_seconds)), job)
            for job in pending
        ]
        async with self._db.transaction() as conn:
            await looks.schedule(conn, due)

    def _late(self, job: Job, asked_at: int) -> bool:
        """True when an answer to a question asked at this moment may end the job."""
        return asked_at >= job.sent_at + self._pace.deadline and not self._timekeeper.patient


def next_batch(due: deque[tuple[Job, int]], most: int) -> list[Job]:
    """Take the next jobs whose answers are read alike: at most so many, of requests that may be echoed within 8 MB.

    `due` holds jobs with the size of their requests in bytes; the others stay in it.
    """
    batch: list[Job] = []
    others: list[tuple[Job, int]] = []
    total = 0
    while due and len(batch) < most:
        job, size = due.popleft()
        total += size + _PLAIN_BYTES
        if batch and job.wire.reading != batch[0].wire.reading:
            total -= size + _PLAIN_BYTES
            others.append((job, size))
        elif batch and total > ANSWER_BYTES:
            due.appendleft((job, size))
            break
        else:
            batch.append(job)
    due.extendleft(reversed(others))
    return batch
