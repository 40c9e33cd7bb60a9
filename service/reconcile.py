"""Asking the API about jobs whose callback has not come: in batches, steadily, and never forgetting one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qs, urlsplit

from acedata.client import VideoClient
from domain.faults import VendorFault
from domain.job import Event, Job, JobState, Report, Verdict
from domain.pace import Pace
from service.dispatch import Dispatch
from service.links import Links
from service.loops import now_ms
from service.results import Results
from service.timekeeper import Timekeeper
from storage import jobs
from storage.database import Database

log = logging.getLogger("clapper.reconcile")

#: Tasks in one call (the API's limit), and the bytes that one answer may be expected to echo.
BATCH = 50
ANSWER_BYTES = 8_000_000
#: Jobs taken in hand by one step: bounds memory after a long absence.
_AT_ONCE = 500
#: What an echoed request takes beside its pictures.
_PLAIN_BYTES = 4_000
#: How long before the first sending the list of recent tasks is read from (ms).
_BEFORE_MS = 15 * 60_000
#: Pages of recent tasks read in one look.
_PAGES = 40


class Reconcile:
    """Looks at jobs that are due. A job that is being sent right now is not looked for."""

    def __init__(
        self,
        db: Database,
        *,
        client: VideoClient,
        links: Links,
        results: Results,
        dispatch: Dispatch,
        timekeeper: Timekeeper,
        pace: Pace,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._client = client
        self._links = links
        self._results = results
        self._dispatch = dispatch
        self._timekeeper = timekeeper
        self._pace = pace
        self._clock = clock

    async def step(self) -> float | None:
        """Ask about everything that is due; returns the seconds until more is."""
        await self._timekeeper.watch()
        async with self._db.transaction() as conn:
            due = await jobs.due_looks(conn, self._clock(), _AT_ONCE)
        due = [(job, size) for job, size in due if job.id not in self._dispatch.sending]
        known = [(job, size) for job, size in due if job.task_id]
        for batch in batches(known):
            await self._look_at(batch)
        await self._look_for([job for job, _ in due if not job.task_id])
        async with self._db.transaction() as conn:
            upcoming = await jobs.next_due_look(conn)
        if upcoming is None:
            return None
        return max(0.2, (upcoming - self._clock()) / 1000)

    async def _look_at(self, batch: list[Job]) -> None:
        """One call for jobs whose task ids are known."""
        asked_at = self._clock()
        try:
            found = await self._client.tasks(batch[0].wire, [job.task_id for job in batch])
        except VendorFault as fault:
            log.warning("a look at %d tasks failed: %s", len(batch), fault)
            await self._again(batch, after=fault.retry_after)
            return
        pending: list[Job] = []
        for job in batch:
            report = found.get(job.task_id)
            if report and report.verdict in (Verdict.SUCCEEDED, Verdict.FAILED):
                await self._results.looked(job.id, report)
            elif self._late(job, asked_at):
                await self._results.settle(job.id, Event.DEADLINE, reason="expired")
            else:
                pending.append(job)
        await self._again(pending)

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
        ours = self._job_of(report.callback_url) if report else None
        if report is None or ours is None or ours[0] != job.id:
            async with self._db.transaction() as conn:
                await jobs.change(conn, job.id, hint_id="")
            return False
        await self._results.looked(job.id, report)
        return True

    async def _search(self, unknown: list[Job]) -> None:
        asked_at = self._clock()
        # Well before the first of them was sent: our clock and the API's may differ.
        since = min(asked_at, *(job.sent_at for job in unknown)) - _BEFORE_MS
        try:
            seen = await self._recent(unknown[0], since)
        except VendorFault as fault:
            log.warning("a look at the recent tasks failed: %s", fault)
            well_formed = fault.status == 200 or bool(fault.code)
            answered = well_formed and fault.status not in (401, 429, 502, 503, 504)
            for job in unknown:
                if answered and self._late(job, asked_at):
                    await self._results.settle(job.id, Event.DEADLINE, reason="expired")
            await self._again(unknown, after=fault.retry_after)
            return
        for job in unknown:
            if report := _best(seen.get(job.id, {}), job.attempt):
                await self._results.looked(job.id, report)
            else:
                await self._missed(job, asked_at)

    async def _recent(self, job: Job, since: int) -> dict[str, dict[int, Report]]:
        """Every recent task of ours, by job and attempt. A list that cannot be read to its end is no good look."""
        page = BATCH if self._links.public_url else 10  # without a public address requests carry their pictures
        seen: dict[str, dict[int, Report]] = {}
        for number in range(_PAGES):
            reports = await self._client.recent(job.wire, since=since, limit=page, offset=number * page)
            for report in reports:
                if ours := self._job_of(report.callback_url):
                    seen.setdefault(ours[0], {}).setdefault(ours[1], report)
            if len(reports) < page:
                return seen
        raise VendorFault("unknown", message="the list of recent tasks has no end")

    async def _missed(self, job: Job, asked_at: int) -> None:
        """A good look without it: after three, it is sent once more, then given up."""
        if self._late(job, asked_at):
            await self._results.settle(job.id, Event.DEADLINE, reason="expired")
            return
        # While the clock is doubtful, the list may begin too late to show it: no look is good.
        looks = job.looks + (0 if self._timekeeper.patient else 1)
        if looks < self._pace.looks:
            async with self._db.transaction() as conn:
                await jobs.change(conn, job.id, looks=looks, next_look_at=self._clock() + self._pace.look)
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
        looks = [
            (max(least, self._pace.next_look(now, sent_at=job.sent_at, usual_seconds=job.usual_seconds)), job.id)
            for job in pending
        ]
        async with self._db.transaction() as conn:
            await jobs.schedule_looks(conn, looks)

    def _late(self, job: Job, asked_at: int) -> bool:
        """True when an answer to a question asked at this moment may end the job."""
        return asked_at >= job.sent_at + self._pace.deadline and not self._timekeeper.patient

    def _job_of(self, callback_url: str) -> tuple[str, int] | None:
        """The job and attempt whose callback URL this is; None for everybody else's."""
        try:
            parts = urlsplit(callback_url)
            name = parse_qs(parts.query).get("job", [""])[0] or parts.path.rpartition("/")[2]
        except ValueError:
            return None
        return self._links.read("callback", name)


def _best(seen: Mapping[int, Report], attempt: int) -> Report | None:
    """What decides about a job: a success of any attempt, else its own; an older failure says nothing about it."""
    for report in seen.values():
        if report.verdict is Verdict.SUCCEEDED:
            return report
    if attempt in seen:
        return seen[attempt]
    return next((report for report in seen.values() if report.verdict is not Verdict.FAILED), None)


def batches(due: Iterable[tuple[Job, int]]) -> list[list[Job]]:
    """Groups of one provider and one way to read its answers, of at most 50 jobs and 8 MB of echoed requests."""
    groups: list[list[Job]] = []
    open_groups: dict[tuple[object, ...], tuple[list[Job], int]] = {}
    for job, size in due:
        size += _PLAIN_BYTES
        group, total = open_groups.get(job.wire.reading, (list[Job](), 0))
        if not group or len(group) >= BATCH or total + size > ANSWER_BYTES:
            group, total = list[Job](), 0
            groups.append(group)
        group.append(job)
        open_groups[job.wire.reading] = (group, total + size)
    return groups
