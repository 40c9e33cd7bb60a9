"""Deleting a film: its messages and its stored pictures go, what it cost stays in the ledger."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from domain.faults import DeliveryFault, Refused
from domain.job import FINAL, Job
from domain.moderation import AuditEntry
from service.again import Who
from service.loops import now_ms
from storage import audit, clips, inputs, jobs, lineage
from storage.database import Database

log = logging.getLogger("clapper.erase")

_AT_ONCE = 20


class Removes(Protocol):
    """Who removes messages. Raises DeliveryFault where that may work later."""

    async def remove(self, place: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone already is fine."""
        ...


class SaysGone(Protocol):
    """Who changes the card of a film that is gone."""

    async def say_gone(self, job: Job) -> None:
        """Let the card say so. Never raises for Discord's own troubles."""
        ...


class Erase:
    """Removes the messages of films that are noted as gone; what Discord did not take is tried again."""

    def __init__(
        self,
        db: Database,
        *,
        posts: Removes,
        courier: SaysGone,
        on_erased: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`on_erased` wakes who has copies of a film elsewhere."""
        self._db = db
        self._posts = posts
        self._courier = courier
        self._on_erased = on_erased
        self._clock = clock

    async def check(self, job_id: str, who: Who, *, moderator: bool) -> Job:
        """The film, if this person may delete it: its author, or a moderator of its server. Raises Refused."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
        own = job is not None and job.author_id == who.user_id
        here = job is not None and (job.guild_id == who.guild_id or (own and not who.guild_id))
        if job is None or not here or job.deleted_at or (job.private and not own):
            raise Refused("job_gone")
        if not own and not moderator:
            raise Refused("not_yours")
        if job.state not in FINAL:
            raise Refused("film_running")
        return job

    async def erase(self, job_id: str, who: Who, *, moderator: bool) -> Job:
        """Delete a film. Raises Refused as `check` does; the second of two at once is `job_gone`."""
        job = await self.check(job_id, who, moderator=moderator)
        async with self._db.transaction() as conn:
            if not await lineage.delete(conn, job.id, self._clock()):
                raise Refused("job_gone")
            await inputs.erase(conn, job.id)
            await clips.erase(conn, job.id)
            if job.author_id != who.user_id:
                await jobs.change(conn, job.id, hidden=1)  # its characters go, too
                entry = AuditEntry(job.guild_id, who.user_id, "hide", job.author_id, subject=f"job:{job.id}")
                await audit.write(conn, entry, self._clock())
        log.info("job %s: deleted by %s", job.id, "its author" if job.author_id == who.user_id else "a moderator")
        await self._remove(replace(job, deleted_at=self._clock()))
        self._on_erased()
        return job

    async def take_away(self, job: Job) -> None:
        """Remove the messages of a film that is noted as taken away."""
        await self._remove(job)
        self._on_erased()

    async def step(self) -> float | None:
        """Remove messages of films that are gone, where they still stand."""
        async with self._db.transaction() as conn:
            left = await lineage.gone(conn, _AT_ONCE)
        for job in left:
            await self._remove(job)
        return None

    async def _remove(self, job: Job) -> None:
        async with self._db.transaction() as conn:
            joins = await lineage.joins_with(conn, job.id)
        try:
            for join in joins:
                await self._posts.remove(join.place_id, join.message_id)
            if job.message_id:
                await self._posts.remove(job.thread_id, job.message_id)
        except DeliveryFault as fault:
            log.warning("job %s: its messages could not be removed yet: %s", job.id, fault)
            return
        await self._courier.say_gone(job)
        async with self._db.transaction() as conn:
            for join in joins:
                await lineage.forget_join(conn, join.job_id)
            await jobs.change(conn, job.id, message_id=0)
