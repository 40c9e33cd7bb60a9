"""Joining: films that continue one another become one film, posted where the last of them stands; it costs nothing."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from domain.faults import BadFilm, DeliveryFault, Refused
from domain.job import Job, Sent
from media import films as video
from service.again import Again, Who
from service.copies import Copies
from service.loops import now_ms
from service.parcels import MIB, Parcels
from storage import jobs, lineage
from storage.database import Database

log = logging.getLogger("clapper.joining")

#: Bytes of one file that every server takes.
_USUAL_LIMIT = 10 * MIB
#: Times that a place may refuse a joined film as too large.
_TRIES = 3


class Posts(Protocol):
    """Who posts joined films. Raises DeliveryFault."""

    async def stands(self, place: int, message_id: int) -> bool:
        """Whether a message is still there."""
        ...

    async def post_joined(self, job: Job, place: int, path: Path, *, by: int, parts: Sequence[Job]) -> Sent:
        """Post a film joined of several."""
        ...

    async def remove(self, place: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone already is fine."""
        ...


class Limits(Protocol):
    """Who knows what a server takes."""

    async def upload_limit(self, job: Job) -> int:
        """Bytes of one file that the job's place takes. Raises DeliveryFault."""
        ...


class Joining:
    """Joins one chain at a time: it is heavy work. Asked twice for the same chain, it does it once."""

    def __init__(
        self,
        db: Database,
        *,
        again: Again,
        copies: Copies,
        parcels: Parcels,
        posts: Posts,
        limits: Limits,
        folder: Path,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._again = again
        self._copies = copies
        self._parcels = parcels
        self._posts = posts
        self._limits = limits
        self._folder = folder
        self._clock = clock
        self._one = asyncio.Lock()
        self._running: dict[str, asyncio.Task[lineage.Join]] = {}

    async def join(self, job_id: str, who: Who) -> lineage.Join:
        """The joined film of the chain that ends with a generation, made now or before. Raises Refused."""
        parts = await self._again.parts(job_id, who)
        async with self._db.transaction() as conn:
            known = await lineage.joined(conn, job_id)
        if known and await self._posts.stands(known.place_id, known.message_id):
            return known
        task = self._running.get(job_id)
        if task is None:
            task = asyncio.create_task(self._join(parts, who), name=f"join {job_id}")
            self._running[job_id] = task
            task.add_done_callback(lambda _: self._running.pop(job_id, None))
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """End what is in hand: it can be asked for again."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _join(self, parts: list[Job], who: Who) -> lineage.Join:
        last = parts[-1]
        async with self._one:
            with tempfile.TemporaryDirectory(dir=self._folder) as name:
                folder = Path(name)
                paths = [folder / f"{n}.mp4" for n in range(len(parts))]
                for part, path in zip(parts, paths, strict=True):
                    await self._copies.fetch(part, path)
                sent = await self._post(parts, paths, folder / f"clapper-{last.id}-joined.mp4", who)
        join = lineage.Join(last.id, who.user_id, sent.thread_id, sent.message_id)
        async with self._db.transaction() as conn:
            now = [await jobs.get(conn, part.id) for part in parts]
            whole = all(part and not part.deleted_at and not part.hidden for part in now)
            if whole:
                await lineage.keep_join(conn, join, [part.id for part in parts], self._clock())
        if not whole:  # one was deleted while they were joined, when nobody knew yet of this message
            await self._posts.remove(sent.thread_id, sent.message_id)
            raise Refused("nothing_to_join")
        log.info("job %s: joined with the %d before it", last.id, len(parts) - 1)
        return join

    async def _post(self, parts: list[Job], paths: list[Path], target: Path, who: Who) -> Sent:
        last = parts[-1]
        limit = await self._limit(last)
        for _ in range(_TRIES):
            try:
                await video.join(paths, target, limit=limit)
                return await self._posts.post_joined(last, last.thread_id, target, by=who.user_id, parts=parts)
            except BadFilm as fault:
                log.info("job %s: its chain cannot be joined: %s", last.id, fault)
                raise Refused("join_long" if fault.values.get("how") == "long" else "join_large") from fault
            except DeliveryFault as fault:
                if fault.reason != "too_large":
                    raise Refused("join_lost") from fault
            limit = await self._parcels.step_down(last, limit, [target])
            if not limit:
                break
        raise Refused("join_large")

    async def _limit(self, job: Job) -> int:
        if (learned := await self._parcels.learned_limit(job)) is not None:
            return learned
        try:
            return await self._limits.upload_limit(job)
        except DeliveryFault:
            return _USUAL_LIMIT
