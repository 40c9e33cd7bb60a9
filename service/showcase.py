"""The showcase: stars, films shown once in a channel of their own, and the week's best."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from domain.credit import local_date, window
from domain.faults import BadFilm, DeliveryFault, Refused
from domain.job import Job, Sent
from domain.pace import HOUR, Pace
from domain.people import Person
from domain.policy import Server
from domain.usage import start_of
from service.copies import Copies
from service.loops import now_ms
from service.parcels import MIB, Parcels
from service.policies import Policies
from storage import jobs, stars
from storage.database import Database
from storage.stars import Showing

log = logging.getLogger("clapper.showcase")

_AT_ONCE, _TRIES = 5, 20
_USUAL_LIMIT = 10 * MIB
#: Films in the week's best.
_BEST = 3


class Gallery(Protocol):
    """Who shows films. Raises DeliveryFault."""

    async def show(self, job: Job, channel_id: int, path: Path, stars: int, language: str) -> Sent:
        """Post a film with credit and a link back."""
        ...

    async def digest(
        self, guild_id: int, channel_id: int, best: Sequence[tuple[Job, int]], week: str, language: str
    ) -> None:
        """Post the week's most starred films."""
        ...

    async def remove(self, place: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone is fine."""
        ...


class Showcase:
    """Without a channel for it there are no stars. Private and age-restricted films are never shown."""

    def __init__(
        self,
        db: Database,
        *,
        policies: Policies,
        copies: Copies,
        parcels: Parcels,
        gallery: Gallery,
        pace: Pace,
        folder: Path,
        on_change: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._policies = policies
        self._copies = copies
        self._parcels = parcels
        self._gallery = gallery
        self._pace = pace
        self._folder = folder
        self._on_change = on_change
        self._clock = clock

    async def offers(self, job: Job) -> bool:
        """Whether stars can be given to a film."""
        server = (await self._policies.of(job.guild_id)).server
        shown = not (job.private or job.restricted or job.hidden or job.deleted_at) and job.request.prompt
        return bool(server.showcase_channel_id and shown and job.films and job.message_id)

    async def stars_of(self, job: Job, member_id: int) -> tuple[int, bool]:
        """(stars that count, whether this member gave one)."""
        conn = self._db.reader
        return await stars.count(conn, job.id, job.author_id), await stars.has(conn, job.id, member_id)

    async def star(self, person: Person, job_id: str, *, given: bool) -> int:
        """Give a star or take it back: the stars that count now. Enough of them show the film."""
        job = await self._of(person, job_id)
        if not await self.offers(job):
            raise Refused("no_showcase")
        if job.author_id == person.user_id:
            raise Refused("own_star")
        server = (await self._policies.of(job.guild_id)).server
        async with self._db.transaction() as conn:
            if given:
                await stars.give(conn, job.id, person.user_id, self._clock())
            else:
                await stars.take_back(conn, job.id, person.user_id)
            count = await stars.count(conn, job.id, job.author_id)
            if given and count >= server.showcase_stars and not await stars.is_out(conn, job.guild_id, job.author_id):
                await stars.show(conn, job.id, job.guild_id, self._clock())
        self._on_change()
        return count

    async def is_out(self, guild_id: int, member_id: int) -> bool:
        """Whether a member wants none of their films shown."""
        return await stars.is_out(self._db.reader, guild_id, member_id)

    async def opt_out(self, person: Person, *, out: bool) -> None:
        """Show none of one's films, those that stand included, or let them be shown again."""
        async with self._db.transaction() as conn:
            await stars.opt_out(conn, person.guild_id, person.user_id, out=out)
            if out:
                await stars.take_down_of(conn, person.guild_id, person.user_id)
        self._on_change()

    async def step(self) -> float | None:
        """Show and take down what is due, and look back on weeks that are over."""
        gone = await stars.gone(self._db.reader)
        if gone:
            async with self._db.transaction() as conn:
                for job_id in gone:
                    await stars.take_down(conn, job_id)
        for showing in await stars.due(self._db.reader, self._clock(), _AT_ONCE):
            await self._handle(showing)
        for guild_id in await stars.digests(self._db.reader):
            await self._look_back(guild_id)
        return None

    async def _of(self, person: Person, job_id: str) -> Job:
        job = await jobs.get(self._db.reader, job_id)
        if job is None or job.guild_id != person.guild_id or job.private or job.deleted_at:
            raise Refused("job_gone")
        return job

    async def _handle(self, showing: Showing) -> None:
        try:
            sent = await self._show(showing) if showing.wanted else await self._take_down(showing)
        except (DeliveryFault, Refused, BadFilm) as fault:
            log.warning("job %s: its place in the showcase could not be changed: %s", showing.job_id, fault)
            final = (isinstance(fault, DeliveryFault) and fault.final) or showing.tries >= _TRIES
            async with self._db.transaction() as conn:
                if final:
                    await stars.done(conn, showing, channel_id=0, message_id=0)
                else:
                    at = self._pace.next_try(self._clock(), showing.tries + 1) or self._clock() + HOUR
                    await stars.later(conn, showing.job_id, at)
            return
        async with self._db.transaction() as conn:
            await stars.done(conn, showing, channel_id=sent.thread_id, message_id=sent.message_id)

    async def _show(self, showing: Showing) -> Sent:
        nowhere = Sent(0, 0)
        if showing.message_id:
            return Sent(showing.channel_id, showing.message_id)
        job = await jobs.get(self._db.reader, showing.job_id)
        if job is None or not await self.offers(job):
            return nowhere
        policy = await self._policies.of(job.guild_id)
        server = policy.server
        job = replace(job, spoiler=job.spoiler or policy.spoils((server.showcase_channel_id,)))
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            path = Path(scratch) / f"clapper-{job.id}.mp4"
            await self._copies.fetch(job, path)
            limit = await self._parcels.learned_limit(job) or _USUAL_LIMIT
            fetched = await self._parcels.look(path)
            fitted = await self._parcels.fit([fetched], limit, Path(scratch))
            if not fitted:
                return nowhere
            count = await stars.count(self._db.reader, job.id, job.author_id)
            return await self._gallery.show(job, server.showcase_channel_id, fitted[0], count, _spoken(server, job))

    async def _take_down(self, showing: Showing) -> Sent:
        if showing.message_id:
            await self._gallery.remove(showing.channel_id, showing.message_id)
        return Sent(0, 0)

    async def _look_back(self, guild_id: int) -> None:
        """Once a week, after it is over in the server's own days."""
        server = (await self._policies.of(guild_id)).server
        today = local_date(self._clock(), server.zone)
        week = window("week", today)
        if server.digest_week == week:
            return
        monday = today - timedelta(days=today.weekday())
        since, until = start_of(monday - timedelta(days=7), server.zone), start_of(monday, server.zone)
        found = await stars.most_starred(self._db.reader, guild_id, since, until, _BEST)
        best = [(job, one.stars) for one in found if (job := await jobs.get(self._db.reader, one.job_id))]
        if best:
            try:
                language = _spoken(server, best[0][0])
                await self._gallery.digest(guild_id, server.showcase_channel_id, best, week, language)
            except DeliveryFault as fault:
                log.warning("the week's best of %d could not be posted: %s", guild_id, fault)
                if not fault.final:
                    return
        async with self._policies.changing(guild_id) as conn:
            await stars.looked_back(conn, guild_id, week)


def _spoken(server: Server, job: Job) -> str:
    return server.language or job.server_locale
