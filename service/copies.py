"""Finished films fetched once more: by the API's link, from our own message, or by a link that the API renews."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

from acedata.client import VideoClient
from domain.faults import BadFilm, DeliveryFault, FetchFault, Refused, VendorFault
from domain.job import Job
from domain.links import ends_at
from media import films as video
from media.fetch import Fetcher
from service.loops import now_ms
from service.parcels import FILM_MAX
from storage import jobs
from storage.database import Database

log = logging.getLogger("clapper.copies")

_SECONDS = 240


class Posted(Protocol):
    """Who looks at our own messages."""

    async def films(self, job: Job) -> list[str]:
        """Fresh links to the films in the job's message, in their order; empty where it has none.

        Raises DeliveryFault when the message cannot be read.
        """
        ...


class Copies:
    """Finds a film again, however old it is; `folder` is for films on their way."""

    def __init__(
        self,
        db: Database,
        *,
        fetcher: Fetcher,
        client: VideoClient,
        posted: Posted,
        folder: Path,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._fetcher = fetcher
        self._client = client
        self._posted = posted
        self._folder = folder
        self._clock = clock

    async def last_frame(self, job_id: str) -> bytes:
        """The last picture of a generation's first film. Raises Refused `film_gone`."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id)
        if job is None or job.deleted_at or job.hidden:
            raise Refused("film_gone")
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "film.mp4"
            await self.fetch(job, path)
            try:
                return await video.last_frame(path)
            except BadFilm as fault:
                log.warning("job %s: no last frame: %s", job.id, fault)
                raise Refused("film_gone") from fault

    async def fetch(self, job: Job, path: Path) -> None:
        """Put a generation's first film into a file. Raises Refused `film_gone` when it is nowhere to be had."""
        async for link in self._links(job):
            try:
                await self._fetcher.to_file(link, path, limit=FILM_MAX, seconds=_SECONDS)
                await video.probe(path)
            except (FetchFault, BadFilm) as fault:
                log.info("job %s: not by this link: %s", job.id, fault)
            else:
                return
        raise Refused("film_gone")

    async def _links(self, job: Job) -> AsyncIterator[str]:
        """Where the film may be: the API's link while it lives, Discord's copy, which lives longest, a renewed link."""
        for film in job.films[:1]:
            dies = ends_at(film.url)
            if dies is None or dies > self._clock():
                yield film.url
        try:
            for link in (await self._posted.films(job))[:1]:
                yield link
        except DeliveryFault as fault:
            log.info("job %s: its message cannot be read: %s", job.id, fault)
        if not job.task_id:
            return
        try:
            report = await self._client.task(job.wire, job.task_id)
        except VendorFault as fault:
            log.info("job %s: its link cannot be renewed: %s", job.id, fault)
            return
        for film in report.films[:1] if report else ():
            yield film.url
