"""From the queue to the API: pictures made ready, turns taken fairly, each request written down before it goes out."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from acedata.body import build_body
from acedata.client import VideoClient
from domain.faults import BadClip, DeliveryFault, VendorFault
from domain.job import Event, Job, JobState, Report, Verdict
from domain.pace import HOUR, Pace
from domain.request import named
from domain.turns import Caps
from service.availability import Availability
from service.breakers import GONE_LATER, Breakers, account_of, model_of
from service.clips import Clips
from service.links import Links
from service.loops import Crew, now_ms
from service.pauses import Pauses
from service.reasons import reason_of
from service.results import Results
from storage import inputs, jobs, queue, turns
from storage.database import Database

log = logging.getLogger("clapper.dispatch")

#: Pictures of so many jobs are fetched at once.
_PREPARE_AT_ONCE = 4
#: Models that a job names when its own is gone.
_OTHERS = 5
#: Jobs that waited too long are ended so many at a time.
_EXPIRE_AT_ONCE = 100


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
        clips: Clips,
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
        self._clips = clips
        self._results = results
        self._breakers = breakers
        self._availability = availability
        self._pauses = pauses
        self._caps = caps
        self._pace = pace
        self._clock = clock
        #: Jobs whose request is on its way now: nobody looks for these.
        self.sending = Crew("send", on_end=partial(results.changed, "dispatch"))
        self._preparing = Crew("prepare", on_end=partial(results.changed, "dispatch"))
        #: Services that asked for a pause: until when (unix ms), and how many times in a row.
        self._held: dict[str, int] = {}
        self._slowed: dict[str, int] = {}
        self._last_step: float | None = None
        #: Seconds between two counts of the time that jobs wait: a write each, so no more often than it matters.
        self._age_every = min(10.0, pace.deadline / 20_000)
        self._stopping = False

    async def step(self) -> float | None:
        """Start everything that may start now; returns the seconds until something more may."""
        if self._stopping:
            return None
        await self._age()
        for model, since in self._breakers.unproven().items():
            if await queue.made(self._db.quick_reader, model, since=since):
                await self._breakers.prove(model)
        now = self._clock()
        # None lasts longer than an hour: one that is further ahead was made by a clock that was wrong.
        self._held = {provider: until for provider, until in self._held.items() if now < until <= now + 2 * HOUR}
        look = await queue.look(
            self._db.quick_reader, now=now, total_most=self._caps.total, server_most=self._caps.server
        )
        if look.unprepared:
            todo = await jobs.unprepared(
                self._db.quick_reader, _PREPARE_AT_ONCE - len(self._preparing), self._preparing.busy
            )
            for job in todo:
                self._preparing.start(job.id, self._prepare(job), interaction=job.interaction_id)
        while look.room and (job := await self._claim()):
            self.sending.start(job.id, self._send(job), interaction=job.interaction_id)
        later = [
            moment
            for moment in (look.next_turn, self._breakers.next_trial(), *self._held.values())
            if moment is not None
        ]
        return max(0.05, (min(later) - self._clock()) / 1000) if later else None

    def open_to(self, job: Job) -> bool:
        """Whether a job may be sent now: no pause and no breaker stands in its way."""
        provider = job.wire.provider
        return not (
            self._held.get(provider, 0) > self._clock()
            or self._pauses.everywhere
            or job.guild_id in self._pauses.servers()
            or self._breakers.open_for(provider, job.request.model)
        )

    def resend(self, job: Job) -> None:
        """Send the next attempt of a job that the API is known not to have."""
        if not self._stopping and job.id not in self.sending:
            self.sending.start(job.id, self._send_again(job), interaction=job.interaction_id)

    async def _send_again(self, job: Job) -> None:
        await self._breakers.sending(job)
        await self._send(job)

    async def accepted(self, job: Job) -> None:
        """The API has this job: whatever was shut for it is open again."""
        await self._breakers.heal(job)

    async def gone(self, job: Job, report: Report) -> None:
        """A sent job's own task says that the API no longer has its model."""
        await self._close(model_of(job.request.model), GONE_LATER, job, Event.FAILED, report=report)

    async def stop(self, seconds: float) -> None:
        """Start nothing more, and give what is on its way this long to be answered."""
        self._stopping = True
        await asyncio.gather(self.sending.stop(seconds), self._preparing.stop(seconds))

    async def _age(self) -> None:
        """Count the time that queued jobs wait while this bot runs and may send; too long, and they expire."""
        now, last = time.monotonic(), self._last_step
        if last is not None and now - last < self._age_every:
            return
        self._last_step = now
        if last is None or self._breakers.account_closed() or self._pauses.everywhere:
            return
        passed = int((now - last) * 1000)
        async with self._db.transaction() as conn:
            aged = await queue.age(conn, passed=passed, paused=self._pauses.servers())
        if not aged:
            return
        most = self._pace.deadline
        for job_id in await queue.overdue(self._db.reader, now=self._clock(), most=most, limit=_EXPIRE_AT_ONCE):
            await self._results.settle(job_id, Event.DEADLINE, reason="waited_too_long")

    async def _claim(self) -> Job | None:
        if self._pauses.everywhere:
            return None
        now = self._clock()
        closed = [*self._breakers.closed(), *(account_of(provider) for provider in self._held)]
        # Choosing takes no transaction: this loop alone takes jobs into flight, and one that has left is not moved.
        while job := await jobs.next_queued(
            self._db.reader,
            now=now,
            member_most=self._caps.member,
            server_most=self._caps.server,
            total_most=self._caps.total,
            closed=closed,
            paused=self._pauses.servers(),
        ):
            look = self._pace.next_look(now, sent_at=now, usual_seconds=job.usual_seconds)
            async with self._db.transaction() as conn:
                sent = await jobs.move(
                    conn, job.id, Event.SEND, JobState.SUBMITTING, sent_at=now, next_look_at=look, looks=0
                )
            if sent:
                await self._breakers.sending(sent)
                return sent
        return None

    async def _send(self, job: Job) -> None:
        images = await self._images(job)
        if images and not self._links.public_url:  # the API's answers to our looks will echo the pictures
            async with self._db.transaction() as conn:
                await jobs.change(conn, job.id, request_bytes=sum(map(len, images)))
        try:
            request = await self._clips.linked(job)
        except BadClip as fault:
            await self._unclipped(job, fault)
            return
        except DeliveryFault as fault:
            log.info("job %s: no link to its clip yet: %s", job.id, fault)
            await self._results.settle(job.id, Event.SLOWED, not_before=self._clock() + 10_000)
            return
        body = build_body(job.wire, request, images=images, callback_url=self._links.callback(job.id, job.attempt))
        if job.attempt > 1 and await self._heard_of(job):
            return
        log.info("job %s: sending attempt %d to %s", job.id, job.attempt, job.wire.provider)
        try:
            report = await self._client.submit(job.wire, body)
        except VendorFault as fault:
            await self._refused(job, fault)
            return
        await self._results.answered(job, report)  # before anything else: until it is written, nobody knows of it
        self._slowed.pop(job.wire.provider, None)
        if report.verdict is not Verdict.FAILED:
            await self.accepted(job)

    async def _heard_of(self, job: Job) -> bool:
        """Whether an earlier attempt, thought lost, has called back since: then the API has the job after all."""
        now = await jobs.get(self._db.quick_reader, job.id)
        return now is None or now.state is not JobState.SUBMITTING or bool(now.hint_id)

    async def _refused(self, job: Job, fault: VendorFault) -> None:
        now = self._clock()
        # Without its message, which may quote the prompt; that is kept with the job.
        log.info("job %s: the API said %s (%d %s)", job.id, fault.reason, fault.status, fault.code)
        answer = Report("", Verdict.FAILED, code=fault.code, message=fault.message, trace_id=fault.trace_id)
        if fault.reason == "slow_down":
            await self._slow_down(job, now, fault.retry_after)
        elif fault.reason == "not_sent":
            # Nothing left this machine, so the same attempt may simply go again.
            await self._slow_down(job, now, 5.0)
        elif fault.reason in ("account_token", "account_balance"):
            await self._close(account_of(job.wire.provider), fault.reason, job, Event.ACCOUNT_CLOSED)
        elif "model_gone" in (fault.reason, reason_of(answer)) or (
            # The API's word for a wrong recipe, too: only one that nothing can be wrong with speaks for the model.
            fault.reason == "not_implemented" and self._availability.is_plainest(job.request)
        ):
            await self._close(model_of(job.request.model), "model_gone", job, Event.MODEL_CLOSED, report=answer)
        elif fault.reason == "unknown":
            log.warning("job %s: nobody knows whether the API has it; looking for it", job.id)
            await self._results.settle(job.id, Event.UNCLEAR)
        else:
            why = {} if fault.reason == "vendor_said_no" else {"reason": fault.reason}
            await self._results.settle(job.id, Event.REFUSED, report=answer, **why)
            await self._breakers.refused(job, fault.reason)

    async def _slow_down(self, job: Job, now: int, seconds: float | None) -> None:
        """Send nothing to this service for as long as it says; where it says nothing of use, longer each time."""
        provider = job.wire.provider
        self._slowed[provider] = self._slowed.get(provider, 0) + 1
        if not seconds:  # not said, or a moment that is over: perhaps by a clock that is not ours
            seconds = min(300.0, 5.0 * 2 ** min(self._slowed[provider], 10))
        until = now + max(1_000, int(seconds * 1000))
        self._held[provider] = max(until, self._held.get(provider, 0))
        await self._results.settle(job.id, Event.SLOWED, not_before=until)

    async def _close(self, subject: str, reason: str, job: Job, event: Event, *, report: Report | None = None) -> None:
        """Open a breaker before the job goes back, so that it is not sent again at once; tell people after that.

        A job that ends with its model says what else there is; so do those that wait for the same model.
        """
        new = await self._breakers.trip(subject, reason)
        if report:
            await self._results.settle(job.id, event, report=report, **self._model_gone(job, report))
            for waiting in await turns.for_model(self._db.reader, job.request.model):
                await self._end_waiting(waiting, report)
        else:
            await self._results.settle(job.id, event)
        if new:
            await self._breakers.say(subject, reason)

    async def _end_waiting(self, job: Job, said: Report) -> None:
        """End a job that waits, if it still does: one that went out meanwhile hears from the API itself."""
        why = self._model_gone(job, said)
        async with self._db.transaction() as conn:
            now = await jobs.get(conn, job.id)
            if now is None or now.state is not JobState.QUEUED:
                return
            await self._results.within(conn, now, Event.MODEL_CLOSED, **why)
        self._results.changed("dispatch", "delivery")

    def _model_gone(self, job: Job, said: Report) -> dict[str, str]:
        others = [carried.model for carried in self._availability.alternatives(job.request)]
        detail = {"code": said.code, "message": said.message, **named(others[:_OTHERS])}
        return {"reason": "model_gone", "detail": json.dumps(detail)}

    async def _images(self, job: Job) -> list[str]:
        """Links to our own server where the API can reach it, else the pictures themselves as data URIs."""
        if self._links.public_url or not job.request.pictures:
            return [self._links.media(job.id, n) for n in range(1, job.request.pictures + 1)]
        pictures = await inputs.stored(self._db.long_reader, job.id)
        return [f"data:{picture.mime};base64,{base64.b64encode(picture.data).decode()}" for picture in pictures]

    async def _unclipped(self, job: Job, fault: BadClip) -> None:
        """End a job whose clip cannot be linked to, before anything went out."""
        detail = json.dumps(fault.values, default=str)
        await self._results.settle(job.id, Event.REFUSED, reason=fault.reason, detail=detail)
