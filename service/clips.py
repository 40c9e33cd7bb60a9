"""Clips of characters on their way to the API: fetched, checked, cleaned, kept, and linked to when a film is sent."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from domain.clip import CLIP_MAX, CLIP_SECONDS, Clip, within
from domain.faults import BadClip, BadFilm, DeliveryFault, FetchFault, Refused
from domain.job import Job
from domain.request import GenerationRequest
from media import films
from media.fetch import Fetcher
from service.links import Links
from service.loops import now_ms
from storage import clips, jobs
from storage.clips import KeptClip
from storage.database import Database

log = logging.getLogger("clapper.clips")

_FETCH_TRIES = 3
#: What a conversation takes in one file, at least, where it did not take the clip as it is.
_SMALL = 8_000_000

#: Puts the film of a generation into a file. Raises Refused when it is nowhere to be had.
FilmOf = Callable[[Job, Path], Awaitable[None]]


class Poster(Protocol):
    """Shows a clip to whoever brought it, in a message of ours that the API can read it from."""

    async def post(self, member_id: int, path: Path, locale: str) -> tuple[int, int]:
        """The channel and message that show it now. Raises DeliveryFault."""
        ...

    async def link(self, channel_id: int, message_id: int) -> str | None:
        """A fresh link to the clip in a message of ours; None when it is gone. Raises DeliveryFault."""
        ...


@dataclass(frozen=True)
class Checked:
    """A clip that was fetched and found good, and where it lies now; it is gone with the folder around it."""

    clip: KeptClip
    path: Path


class Clips:
    """Makes the clips of jobs ready. `folder` is for films on their way."""

    def __init__(
        self,
        db: Database,
        *,
        fetcher: Fetcher,
        links: Links,
        film_of: FilmOf,
        poster: Poster,
        folder: Path,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._fetcher = fetcher
        self._links = links
        self._film_of = film_of
        self._poster = poster
        self._folder = folder
        self._clock = clock

    async def ready(self, job: Job) -> GenerationRequest:
        """The job's request, with its clip stored and its part of it certain. Raises BadClip: it cannot be used."""
        async with self._db.transaction() as conn:
            wanted = await clips.of(conn, job.id)
        if wanted is None:
            return job.request
        kept = await self._stored(wanted.sha256)
        if kept is None:
            async with self.fetched(wanted.clip) as checked:
                kept = checked.clip
        request = within(job.request, kept.seconds) if wanted.unit == "seconds" else job.request
        async with self._db.transaction(heavy=True) as conn:
            await clips.keep(conn, kept, self._clock())
            await clips.ready(conn, job.id, kept.sha256)
        if not self._links.public_url:
            await self._link_to_post(job, wanted.clip, kept)
        return request

    async def linked(self, job: Job) -> GenerationRequest:
        """The job's request with a link to its clip that works now. Raises BadClip; DeliveryFault to try later."""
        if not job.request.character:
            return job.request
        async with self._db.transaction() as conn:
            wanted = await clips.of(conn, job.id)
            if wanted and await clips.taken_away(conn, wanted.clip):  # since the job was begun
                raise BadClip("clip_taken_away")
        if self._links.public_url:
            return replace(job.request, character_url=self._links.clip(job.id))
        kept = await clips.get(self._db.long_reader, wanted.sha256) if wanted else None
        if wanted is None or kept is None:
            raise BadClip("clip_forgotten")
        return replace(job.request, character_url=await self._link_to_post(job, wanted.clip, kept))

    @asynccontextmanager
    async def fetched(self, clip: Clip) -> AsyncGenerator[Checked]:
        """A clip from where it is, checked and cleaned: upright H.264 and AAC in an MP4, without metadata.

        Raises BadClip.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            raw, path = Path(folder) / "raw", Path(folder) / "clip.mp4"
            await self._fetch(clip, raw)
            try:
                if (await films.probe(raw)).seconds > CLIP_SECONDS:
                    raise BadClip("clip_long", name=clip.name, most=int(CLIP_SECONDS))
                # Made anew around its pictures: whatever a telephone wrote along, as where it was, stays behind.
                film = await films.join([raw], path, limit=CLIP_MAX)
            except BadFilm as fault:
                log.info("a clip cannot be used: %s", fault)
                raise BadClip("clip_broken", name=clip.name) from fault
            data = await asyncio.to_thread(path.read_bytes)
            sha256 = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
            yield Checked(KeptClip(sha256, film.width, film.height, round(film.seconds * 1000), data), path)

    async def for_media(self, job_id: str) -> bytes | None:
        """The clip of a job, while the API may need it."""
        return await clips.for_media(self._db.long_reader, job_id)

    async def _stored(self, sha256: str) -> KeptClip | None:
        """The kept clip of this hash; None without one. Raises BadClip where it is no longer kept."""
        if not sha256:
            return None
        kept = await clips.get(self._db.long_reader, sha256)
        if kept is None:
            raise BadClip("clip_forgotten")
        return kept

    async def _fetch(self, clip: Clip, path: Path) -> None:
        if clip.film:
            await self._fetch_film(clip.film, path)
            return
        for left in reversed(range(_FETCH_TRIES)):
            try:
                await self._fetcher.to_file(clip.url, path, limit=CLIP_MAX, seconds=120)
            except FetchFault as fault:
                if fault.reason == "too_large":
                    raise BadClip("clip_large", name=clip.name, most=CLIP_MAX) from fault
                if not fault.retry:
                    raise BadClip("clip_gone", name=clip.name) from fault
                if not left:
                    raise BadClip("clip_unreachable", name=clip.name) from fault
                await asyncio.sleep(1)
            else:
                return

    async def _fetch_film(self, job_id: str, path: Path) -> None:
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
        if job is None or job.deleted_at or job.hidden:
            raise BadClip("film_missing")
        try:
            await self._film_of(job, path)
        except Refused as fault:
            raise BadClip("film_missing") from fault

    async def _link_to_post(self, job: Job, clip: Clip, kept: KeptClip) -> str:
        """A fresh link to the clip in the direct messages of whoever brought it, where it is posted once."""
        owner = clip.owner_id or job.author_id
        async with self._db.transaction() as conn:
            place = await clips.posted(conn, kept.sha256, owner)
        link = await self._poster.link(*place) if place else None
        if link is None:
            place = await self._post(job, owner, kept)
            async with self._db.transaction() as conn:
                await clips.note_post(conn, kept.sha256, owner, *place)
            link = await self._poster.link(*place)
        if link is None:
            raise BadClip(_closed(job, owner))
        return link

    async def _post(self, job: Job, owner: int, kept: KeptClip) -> tuple[int, int]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path, small = Path(folder) / "clip.mp4", Path(folder) / "small" / "clip.mp4"
            await asyncio.to_thread(path.write_bytes, kept.data)
            try:
                try:
                    return await self._poster.post(owner, path, job.locale)
                except DeliveryFault as fault:
                    if fault.reason != "too_large":
                        raise
                await asyncio.to_thread(small.parent.mkdir)
                await films.fit(path, small, limit=_SMALL)
                return await self._poster.post(owner, small, job.locale)
            except BadFilm as fault:
                raise BadClip("clip_broken", name=job.request.character) from fault
            except DeliveryFault as fault:
                if not fault.final and fault.reason != "too_large":
                    raise
                raise BadClip(_closed(job, owner)) from fault


def _closed(job: Job, owner: int) -> str:
    """Why a clip can be posted nowhere: a reason of BadClip."""
    return "clip_dm_closed" if owner == job.author_id else "clip_owner_closed"
