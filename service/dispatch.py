"""From the queue to the API: pictures made ready, turns taken fairly, each request written down before it goes out."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from acedata.body import build_body
from acedata.client import VideoClient
from domain.faults import VendorFault
from domain.job import Event, Job, JobState, Report, Verdict
from domain.pace import Pace
from domain.request import named
from service.availability import Availability
from service.breakers import Breakers, account_of, model_of
from service.links import Links
from service.loops import Crew, now_ms
from service.pauses import Pauses
from service.results import Results
from storage import inputs, jobs
from storage.database import Database

log = logging.getLogger("clapper.dispatch")

#: Pictures of so many jobs are fetched at once.
_PREPARE_AT_ONCE = 4
#: Models that a job names when its own is gone.
_OTHERS = 5


@dataclass(frozen=True)
class Caps:
    """How many generations may be in the making at once; `total` counts for each of the vendor's services."""

    member: int
    server: int
    total: int


class Dispatch:
    """Takes queued jobs, oldest of the least busy member first, and hands each to the API exactly once an attempt.

    `prepare` makes a job's pictures ready.
    """

    def __init__(
        self,
        db: Database,
        *,
        client: VideoClient,
        prepare: Callable[[Job], Coroutine[Any, Any, None]],
        links: Links,
        results: Results,
        breakers: Breakers,
        availability: Availability,
        pauses: Pauses,
        caps: Caps,
        pace: Pace,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._client = client
        self._prepare = prepare
        self._links = links
        self._results = results
        self._breakers = breakers
        self._availability = availability
        self._pauses = pauses
        self._caps = caps
        self._pace = pace
        self._clock = clock
        #: Jobs whose request is on its way now: nobody looks for these.
        self.sending = Crew("send", on_end=results.changed)
        self._preparing = Crew("prepare", on_end=results.changed)
        self._held: dict[str, int] = {}
        self._last_step: float | None = None
        self._stopping = False

    async def step(self) -> float | None:
        """Start everything that may start now; returns the seconds until something more may."""
        if self._stopping:
            return None
        await self._age()
        async with self._db.transaction() as conn:
            todo = await jobs.unprepared(conn, _PREPARE_AT_ONCE - len(self._preparing), self._preparing.busy)
        for job in todo:
            self._preparing.start(job.id, self._prepare(job), interaction=job.interaction_id)
        while job := await self._claim():
            self.sending.start(job.id, self._send(job), interaction=job.interaction_id)
        async with self._db.transaction() as conn:
            turn = await jobs.next_turn(conn, self._clock())
        later = [moment for moment in (turn, self._breakers.next_trial(), *self._held.values()) if moment is not None]
        return max(0.05, (min(later) - self._clock()) / 1000) if later else None

    def resend(self, job: Job) -> None:
        """Send the next attempt of a job that the API is known not to have."""
        if not self._stopping and job.id not in self.sending:
            self.sending.start(job.id, self._send(job), interaction=job.interaction_id)

    async def stop(self, seconds: float) -> None:
        """Start nothing more, and give what is on its way this long to be answered."""
        self._stopping = True
        await asyncio.gather(self.sending.stop(seconds), self._preparing.stop(seconds))

    async def _age(self) -> None:
        """Count the time that queued jobs wait while this bot runs and may send; too long, and they expire."""
        now, last = time.monotonic(), self._last_step
        if last is not None and now - last < 1.0:
            return  # it rewrites every queued row: once a second is enough
        self._last_step = now
        if last is None or self._breakers.account_closed() or self._pauses.everywhere:
            return
        async with self._db.transaction(heavy=True) as conn:
            old = await jobs.age_queue(
                conn, passed=int((now - last) * 1000), most=self._pace.deadline, paused=self._pauses.servers()
            )
        for job_id in old:
            await self._results.settle(job_id, Event.DEADLINE, reason="waited_too_long")

    async def _claim(self) -> Job | None:
        if self._pauses.everywhere:
            return None
        now = self._clock()
        self._held = {provider: until for provider, until in self._held.items() if until > now}
        closed = [*self._breakers.closed(), *(account_of(provider) for provider in self._held)]
        async with self._db.transaction() as conn:
            job = await jobs.next_queued(
                conn,
                now=now,
                member_most=self._caps.member,
                server_most=self._caps.server,
                total_most=self._caps.total,
                closed=closed,
                paused=self._pauses.servers(),
            )
            if job is None:
                return None
            look = self._pace.next_look(now, sent_at=now, usual_seconds=job.usual_seconds)
            job = await jobs.move(
                conn, job.id, Event.SEND, JobState.SUBMITTING, sent_at=now, next_look_at=look, looks=0
            )
        if job:
            await self._breakers.sending(job)
        return job

    async def _send(self, job: Job) -> None:
        images = await self._images(job)
        if images and not self._links.public_url:  # the API's answers to our looks will echo the pictures
            async with self._db.transaction() as conn:
                await jobs.change(conn, job.id, request_bytes=sum(map(len, images)))
        body = build_body(job.wire, job.request, images=images, callback_url=self._links.callback(job.id, job.attempt))
        log.info("job %s: sending attempt %d to %s", job.id, job.attempt, job.wire.provider)
        try:
            report = await self._client.submit(job.wire, body)
        except VendorFault as fault:
            await self._refused(job, fault)
            return
        await self._results.answered(job, report)  # before anything else: until it is written, nobody knows of it
        if report.verdict is not Verdict.FAILED:
            await self._breakers.heal(job)

    async def _refused(self, job: Job, fault: VendorFault) -> None:
        now = self._clock()
        # Without its message, which may quote the prompt; that is kept with the job.
        log.info("job %s: the API said %s (%d %s)", job.id, fault.reason, fault.status, fault.code)
        answer = Report("", Verdict.FAILED, code=fault.code, message=fault.message, trace_id=fault.trace_id)
        if fault.reason == "slow_down":
            pause = max(1_000, int((fault.retry_after if fault.retry_after is not None else 10.0) * 1000))
            self._held[job.wire.provider] = now + pause
            await self._results.settle(job.id, Event.SLOWED, not_before=now + pause)
        elif fault.reason == "not_sent":
            # Nothing left this machine, so the same attempt may simply go again.
            self._held[job.wire.provider] = now + 5_000
            await self._results.settle(job.id, Event.SLOWED, not_before=now + 5_000)
        elif fault.reason in ("account_token", "account_balance"):
            await self._close(account_of(job.wire.provider), fault.reason, job, Event.ACCOUNT_CLOSED)
        elif fault.reason == "model_gone" or (
            # The API's word for a wrong recipe, too: only one that nothing can be wrong with speaks for the model.
            fault.reason == "not_implemented" and self._availability.is_plainest(job.request)
        ):
            await self._close(model_of(job.request.model), "model_gone", job, Event.MODEL_CLOSED, report=answer)
        elif fault.reason == "unknown":
            log.warning("job %s: nobody knows whether the API has it; looking for it", job.id)
            await self._results.settle(job.id, Event.UNCLEAR)
        else:
            reason = None if fault.reason == "vendor_said_no" else {"reason": fault.reason}
            await self._results.settle(job.id, Event.REFUSED, report=answer, **(reason or {}))

    async def _close(self, subject: str, reason: str, job: Job, event: Event, *, report: Report | None = None) -> None:
        """Open a breaker before the job goes back, so that it is not sent again at once; tell people after that.

        A job that ends with its model says what else there is.
        """
        new = await self._breakers.trip(subject, reason)
        more: dict[str, Any] = {}
        if report:
            others = [carried.model for carried in self._availability.alternatives(job.request)]
            said = {"code": report.code, "message": report.message, **named(others[:_OTHERS])}
            more = {"report": report, "reason": reason, "detail": json.dumps(said)}
        await self._results.settle(job.id, event, **more)
        if new:
            await self._breakers.say(subject, reason)

    async def _images(self, job: Job) -> list[str]:
        """Links to our own server where the API can reach it, else the pictures themselves as data URIs."""
        if self._links.public_url or not job.request.pictures:
            return [self._links.media(job.id, n) for n in range(1, job.request.pictures + 1)]
        pictures = await inputs.stored(self._db.reader, job.id)
        return [f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode()}" for picture in pictures]
