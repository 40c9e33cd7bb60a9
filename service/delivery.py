"""The outbox: each finished job is told about once, its film fetched, fitted, posted, and tried again until it is."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from acedata.client import VideoClient
from domain.faults import BadFilm, DeliveryFault, FetchFault, VendorFault
from domain.job import Event, Film, Job, JobState, Note, Pace, Sent
from media import films as video
from media.fetch import Fetcher
from service.loops import now_ms
from service.results import Results
from storage import jobs, memory, outbox
from storage.database import Database

log = logging.getLogger("clapper.delivery")

MIB = 1024 * 1024
#: No film that the API makes is larger; what is, is something else.
FILM_MAX = 500 * MIB
#: What Discord takes in one request, with room for the rest of the message.
_REQUEST_MAX = 24 * MIB
#: Bytes of one file that every server takes.
_USUAL_LIMIT = 10 * MIB
_DAY = 86_400_000


class Courier(Protocol):
    """Who brings a finished job to people. Raises DeliveryFault."""

    async def upload_limit(self, job: Job) -> int:
        """Bytes of one file that the job's place is likely to take."""
        ...

    async def find(self, job: Job) -> Sent | None:
        """The job's message, when an earlier try did send it."""
        ...

    async def bring(self, job: Job, files: list[Path], links: list[str], note: Note, *, spare: int) -> Sent:
        """Post the films (files, or links where no file fits) and mention the member.

        `spare` is the member's newest thread there, for when no other can be made now; 0 when there is none.
        """
        ...

    async def tell(self, job: Job, note: Note) -> Sent | None:
        """Say that a job ended without a film; None when its card already says all that there is to say."""
        ...

    async def say_unreachable(self, job: Job) -> None:
        """Let the card say that the film is made, but cannot be fetched yet."""
        ...

    async def finish_card(self, job: Job, sent: Sent) -> None:
        """Let the card say that it is done, and link there. Never raises for Discord's own troubles."""
        ...


class _NoFilmYet(Exception):
    """The film cannot be had now; perhaps later, by a renewed link."""


class Delivery:
    """Takes finished jobs to the courier, at most `at_once` films at a time, which lie in `folder` meanwhile."""

    def __init__(
        self,
        db: Database,
        *,
        client: VideoClient,
        fetcher: Fetcher,
        courier: Courier,
        results: Results,
        pace: Pace,
        folder: Path,
        at_once: int = 3,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._client = client
        self._fetcher = fetcher
        self._courier = courier
        self._results = results
        self._pace = pace
        self._folder = folder
        self._at_once = at_once
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    async def step(self) -> float | None:
        """Start what is due and fits; returns the seconds until more is due."""
        if self._stopping:
            return None
        free = self._at_once - len(self._running)
        if free <= 0:
            return None
        async with self._db.transaction() as conn:
            for job in await outbox.due(conn, self._clock(), free, set(self._running)):
                self._start(job)
            upcoming = await outbox.next_due(conn, set(self._running))
        return None if upcoming is None else max(0.05, (upcoming - self._clock()) / 1000)

    async def stop(self, seconds: float) -> None:
        """Start nothing more, and give what is on its way this long."""
        self._stopping = True
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, job: Job) -> None:
        task = asyncio.create_task(self._deliver(job), name=f"deliver {job.id}")
        self._running[job.id] = task

        def finished(done: asyncio.Task[None]) -> None:
            self._running.pop(job.id, None)
            if done.cancelled():
                return
            if error := done.exception():
                # No wake: what fails at once would fail at once again. The loop comes round by itself.
                log.error("job %s: a delivery could not be noted", job.id, exc_info=error)
                return
            self._results.changed()

        task.add_done_callback(finished)

    async def _deliver(self, job: Job) -> None:
        try:
            sent = await self._announce(job)
        except _NoFilmYet:
            await self._no_film(job)
        except DeliveryFault as fault:
            log.warning("job %s: not delivered: %s", job.id, fault)
            await self._later(job, None if fault.final else self._pace.next_try(self._clock(), job.tries + 1))
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("job %s: a delivery failed", job.id)
            await self._later(job, self._pace.next_try(self._clock(), job.tries + 1))
        else:
            await self._done(job, sent)

    async def _done(self, job: Job, sent: Sent | None) -> None:
        # The card first: if this process dies in between, the message is found again and the card set once more.
        if sent:
            await self._courier.finish_card(job, sent)
        async with self._db.transaction() as conn:
            place, message = (sent.thread_id, sent.message_id) if sent else (0, 0)
            await outbox.done(conn, job.id, now=self._clock(), thread_id=place, message_id=message)
        log.info("job %s: people were told", job.id)

    async def _announce(self, job: Job) -> Sent | None:
        if job.muted:
            return None
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
            files = [await self._fetch(job, n, folder) for n in range(len(job.films))]
            limit = await self._limit(job, len(files))
            async with self._db.transaction() as conn:
                spare = await outbox.newest_thread(conn, job)
            again = False
            while True:
                fitted = await self._fit(files, limit, folder)
                links = [] if fitted else [film.url for film in job.films]
                try:
                    return await self._courier.bring(job, fitted, links, self._note(job, fresh=again), spare=spare)
                except DeliveryFault as fault:
                    if fault.reason != "too_large" or not fitted:
                        raise
                again, limit = True, await self._lower(job, limit, fitted)

    def _note(self, job: Job, *, fresh: bool = False) -> Note:
        """Numbers the messages of this run: the same place again keeps its number, so that Discord folds a repeat."""
        last = 0 if fresh else job.target_id

        async def note(target_id: int) -> int:
            nonlocal last
            again, last = target_id == last, target_id
            async with self._db.transaction() as conn:
                return await outbox.begin(conn, job.id, target_id=target_id, now=self._clock(), again=again)

        return note

    async def _fetch(self, job: Job, n: int, folder: Path) -> tuple[Path, video.Film]:
        path = folder / f"clapper-{job.id}{f'-{n + 1}' if n else ''}.mp4"
        try:
            await self._fetcher.to_file(job.films[n].url, path, limit=FILM_MAX, seconds=240)
            film = await video.probe(path)
        except (FetchFault, BadFilm) as fault:
            log.warning("job %s: its film cannot be had: %s", job.id, fault)
            raise _NoFilmYet from fault
        return path, film

    async def _limit(self, job: Job, count: int) -> int:
        async with self._db.transaction() as conn:
            learned = await memory.recall(conn, _limit_key(job), self._clock())
        if learned is None:
            try:
                learned = await self._courier.upload_limit(job)
                await self._remember_limit(job, learned)
            except DeliveryFault as fault:
                log.info("job %s: its server does not say what it takes: %s", job.id, fault)
                learned = _USUAL_LIMIT
                if fault.final:
                    await self._left(job.guild_id)
        return min(learned, _REQUEST_MAX // count)

    async def _left(self, guild_id: int) -> None:
        """The bot was removed from a server: what still waits there is not begun. Without intents nobody tells us."""
        async with self._db.transaction() as conn:
            waiting = await jobs.waiting_in(conn, guild_id)
        for job_id in waiting:
            await self._results.settle(job_id, Event.CANCEL, reason="bot_removed")

    async def _lower(self, job: Job, limit: int, sent: list[Path]) -> int:
        """This place did not take files of that size: remember it for a day, and go down a step."""
        largest = max(path.stat().st_size for path in sent)
        lower = next((step * MIB for step in (100, 50, 20, 10, 8) if step * MIB < min(limit, largest)), 0)
        await self._remember_limit(job, lower)
        log.info("job %s: %d bytes were too large there; trying %d", job.id, largest, lower)
        return lower

    async def _remember_limit(self, job: Job, limit: int) -> None:
        async with self._db.transaction() as conn:
            await memory.remember(conn, _limit_key(job), limit, self._clock() + _DAY)

    async def _fit(self, files: list[tuple[Path, video.Film]], limit: int, folder: Path) -> list[Path]:
        """Each film within `limit` bytes and as Discord plays it; an empty list when that cannot be done."""
        if limit <= 0:
            return []
        fitted: list[Path] = []
        for path, film in files:
            if film.size <= limit and film.video_codec == "h264":
                fitted.append(path)
                continue
            target = folder / f"fit-{limit}" / path.name
            target.parent.mkdir(exist_ok=True)
            try:
                await video.fit(path, target, limit=limit)
            except BadFilm as fault:
                log.warning("%s does not fit %d bytes: %s", path.name, limit, fault)
                return []
            fitted.append(target)
        return fitted

    async def _no_film(self, job: Job) -> None:
        """The film's link gives nothing: renew it, try for a day, then give the credits back."""
        now = self._clock()
        at = self._pace.next_try(now, job.tries + 1)
        if at is None or now >= job.ended_at + self._pace.film:
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
        async with self._db.transaction() as conn:
            await outbox.later(conn, job.id, at=at)


def _limit_key(job: Job) -> str:
    return f"limit:{'dm' if job.private else job.guild_id}"
