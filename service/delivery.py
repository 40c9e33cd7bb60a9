"""The outbox: each finished job is told about once, its film fetched, fitted, posted, and tried again until it is."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from acedata.client import VideoClient
from domain.faults import DeliveryFault, VendorFault
from domain.job import Event, Film, Job, JobState, Note, Sent
from domain.pace import Pace
from service.courier import Courier
from service.loops import Crew, now_ms
from service.meter import Meter
from service.parcels import MIB, Fetched, NoFilmYet, Parcels
from service.results import Results
from storage import jobs, outbox, owners
from storage.database import Database

log = logging.getLogger("clapper.delivery")

#: Discord's codes that say that the bot is no longer in a server.
_LEFT = (10003, 10004, 50001)
#: Bytes of one file that every server takes.
_USUAL_LIMIT = 10 * MIB


class _Hushed(Exception):
    """Its member asked not to have it posted, or deleted it, while it was on its way."""


class Delivery:
    """Takes finished jobs to the courier, at most `at_once` films at a time, which lie in `folder` meanwhile."""

    def __init__(
        self,
        db: Database,
        *,
        client: VideoClient,
        parcels: Parcels,
        courier: Courier,
        results: Results,
        pace: Pace,
        folder: Path,
        meter: Meter,
        at_once: int = 3,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._client = client
        self._parcels = parcels
        self._courier = courier
        self._results = results
        self._pace = pace
        self._folder = folder
        self._meter = meter
        self._at_once = at_once
        self._clock = clock
        self._crew = Crew("deliver", on_end=partial(results.changed, "delivery"))
        self._stopping = False

    async def step(self) -> float | None:
        """Start what is due and fits; returns the seconds until more is due."""
        if self._stopping:
            return None
        free = self._at_once - len(self._crew)
        if free <= 0:
            return None
        conn = self._db.quick_reader
        for job in await outbox.due(conn, self._clock(), free, self._crew.busy):
            self._crew.start(job.id, self._deliver(job), interaction=job.interaction_id)
        upcoming = await outbox.next_due(conn, self._clock(), self._crew.busy)
        return None if upcoming is None else max(0.05, (upcoming - self._clock()) / 1000)

    async def stop(self, seconds: float) -> None:
        """Start nothing more, and give what is on its way this long."""
        self._stopping = True
        await self._crew.stop(seconds)

    async def _deliver(self, job: Job) -> None:
        try:
            if not job.card_message_id and not job.private:
                job = await self._with_card(job)
            sent = await self._announce(job)
        except _Hushed:
            async with self._db.transaction() as conn:
                now = await jobs.get(conn, job.id)
            if now is None or not now.deleted_at:  # of a deleted film the card has said so
                await self._courier.keep_quiet(job)
            await self._done(job, None)
        except NoFilmYet:
            await self._no_film(job)
        except DeliveryFault as fault:
            log.warning("job %s: not delivered: %s", job.id, fault)
            if fault.final:
                await self._look_for_server(job)
            if fault.values.get("folded"):  # what that number means to Discord is not ours: the next try takes another
                async with self._db.transaction() as conn:
                    await jobs.change(conn, job.id, target_id=0)
            at = None if fault.final else self._pace.next_try(self._clock(), job.tries + 1)
            if at is not None and isinstance(wait := fault.values.get("retry_after"), int | float):
                at = max(at, self._clock() + int(wait * 1000))
            await self._later(job, at)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("job %s: a delivery failed", job.id)
            await self._later(job, self._pace.next_try(self._clock(), job.tries + 1))
        else:
            await self._done(job, sent)
            if sent and sent.direct:
                await self._look_for_server(job)

    async def _with_card(self, job: Job) -> Job:
        card = await self._courier.find_card(job)
        async with self._db.transaction() as conn:
            if card:
                await outbox.card_found(conn, job.id, card)
            return await jobs.get(conn, job.id) or job

    async def _done(self, job: Job, sent: Sent | None) -> None:
        # The card first: if this process dies in between, the message is found again and the card set once more.
        if sent:
            async with self._db.transaction() as conn:
                shown = await jobs.get(conn, job.id)  # its card may have been noted since
            await self._courier.finish_card(shown or job, sent)
        async with self._db.transaction() as conn:
            place, message = (sent.thread_id, sent.message_id) if sent else (0, 0)
            gone = await outbox.done(conn, job, now=self._clock(), thread_id=place, message_id=message)
        if gone:
            self._results.changed("erase")
        self._meter.told(job, _rung(job, sent))
        log.info("job %s: people were told", job.id)

    async def _announce(self, job: Job) -> Sent | None:
        if job.hidden or job.deleted_at:
            return None
        if job.muted:
            raise _Hushed
        if job.blocked and (not job.films or job.refunded) and job.state is not JobState.CANCELLED:
            return None  # its member is blocked: only a film is worth a word, and that to the member alone
        # An earlier try may have sent it without our hearing of it: look before saying it twice.
        if job.target_id and (sent := await self._courier.find(job)):
            log.info("job %s: its message was there already", job.id)
            return sent
        if job.films and not job.refunded:
            return await self._bring(job)
        return await self._courier.tell(job, self._note(job))

    async def _bring(self, job: Job) -> Sent:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._folder)))
            fetched = await self._parcels.fetch(job, folder, some=job.tries > 2)
            limit = await self._limit(job)
            async with self._db.transaction() as conn:
                spare = await outbox.newest_thread(conn, job)
            again = False
            while True:
                files = await self._parcels.fit(fetched, limit, folder)
                links = [] if files else [film.url for film in job.films]
                try:
                    sent = await self._courier.bring(job, files, links, self._note(job, fresh=again), spare=spare)
                    self._meter.film(_form(files, fetched))
                    return sent
                except DeliveryFault as fault:
                    if fault.reason != "too_large" or not files:
                        raise
                    learn = not fault.values.get("direct")
                again, limit = True, await self._parcels.step_down(job, limit, files, learn=learn)

    async def _limit(self, job: Job) -> int:
        """Bytes of one file that the job's place takes, as far as anybody knows."""
        if (learned := await self._parcels.learned_limit(job)) is not None:
            return learned
        try:
            limit = await self._courier.upload_limit(job)
        except DeliveryFault as fault:
            log.info("job %s: its server does not say what it takes: %s", job.id, fault)
            return _USUAL_LIMIT
        await self._parcels.learn_limit(job, limit)
        return limit

    async def _look_for_server(self, job: Job) -> None:
        """After its server took no message: is the bot still there? Without intents nobody tells us that it is not."""
        if job.private or job.blocked:
            return
        try:
            await self._courier.upload_limit(job)
        except DeliveryFault as fault:
            if fault.values.get("code") in _LEFT:
                await self._left(job.guild_id)

    async def _left(self, guild_id: int) -> None:
        """The bot was removed from a server: what still waits there is not begun."""
        async with self._db.transaction() as conn:
            waiting = await owners.waiting_in(conn, guild_id)
        for job_id in waiting:
            await self._results.settle(job_id, Event.CANCEL, reason="bot_removed")

    def _note(self, job: Job, *, fresh: bool = False) -> Note:
        """Numbers the messages of this run: the same place again keeps its number, so that Discord folds a repeat."""
        last = 0 if fresh else job.target_id

        async def note(target_id: int) -> int:
            nonlocal last
            again, last = target_id == last, target_id
            async with self._db.transaction() as conn:
                number = await outbox.begin(conn, job.id, target_id=target_id, now=self._clock(), again=again)
            if number is None:
                raise _Hushed
            return number

        return note

    async def _no_film(self, job: Job) -> None:
        """The film's link gives nothing: renew it, try for a day, then give the credits back."""
        at = self._pace.next_fetch(self._clock(), job.tries + 1)
        if at is None:
            if job.state is not JobState.READY:  # nothing was charged, and people know that it had failed
                await self._later(job, None)
                return
            await self._results.settle(job.id, Event.NO_FILM, reason="no_film")
            return
        if job.tries == 1:  # the second time: a link may need a moment
            await self._courier.say_unreachable(job)
        if renewed := await self._renewed(job):
            async with self._db.transaction() as conn:
                await jobs.keep_films(conn, job.id, renewed)
        await self._later(job, at)

    async def _renewed(self, job: Job) -> tuple[Film, ...]:
        if not job.task_id:
            return ()
        try:
            report = await self._client.task(job.wire, job.task_id)
        except VendorFault:
            return ()
        return report.films if report else ()

    async def _later(self, job: Job, at: int | None) -> None:
        if at is None:
            log.error("job %s: given up; it is listed as undelivered", job.id)
            self._meter.undelivered(job)
        async with self._db.transaction() as conn:
            await outbox.later(conn, job, at=at)


def _rung(job: Job, sent: Sent | None) -> str:
    """How far down the ladder of places the news had to go; "card" where the card alone says it."""
    if sent is None:
        return "card"
    if sent.direct or job.private:
        return "dm"
    return "channel" if sent.thread_id == (job.card_channel_id or job.channel_id) else "thread"


def _form(files: list[Path], fetched: list[Fetched]) -> str:
    if not files:
        return "link"
    return "as_is" if {item.path for item in fetched}.issuperset(files) else "fitted"
