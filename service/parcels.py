"""Films on their way: fetched to files, checked to be films, and made to fit what their place takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.faults import BadFilm, FetchFault
from domain.job import Job
from media import films as video
from media.fetch import Fetcher
from service.loops import now_ms
from storage import memory
from storage.database import Database

log = logging.getLogger("clapper.parcels")

MIB = 1024 * 1024
#: No film that the API makes is larger; what is, is something else.
FILM_MAX = 500 * MIB
#: What Discord takes in one request, with room for the rest of the message.
_REQUEST_MAX = 24 * MIB
#: Sizes to go down by when a place refuses a file.
_STEPS = (100, 50, 20, 10, 8)
_DAY = 86_400_000


class NoFilmYet(Exception):
    """The film cannot be had now; perhaps later, by a renewed link."""


@dataclass(frozen=True)
class Fetched:
    """A film in a file."""

    path: Path
    film: video.Film


class Parcels:
    """Fetches and fits, and remembers for a day what each server takes."""

    def __init__(self, db: Database, *, fetcher: Fetcher, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._fetcher = fetcher
        self._clock = clock

    async def fetch(self, job: Job, folder: Path, *, some: bool) -> list[Fetched]:
        """All films of a job as files in `folder`. Raises NoFilmYet when one cannot be had, or is none.

        With `some`, those that can be had are enough.
        """
        fetched: list[Fetched] = []
        for n, film in enumerate(job.films, 1):
            path = folder / f"clapper-{job.id}{f'-{n}' if n > 1 else ''}.mp4"
            try:
                await self._fetcher.to_file(film.url, path, limit=FILM_MAX, seconds=240)
                fetched.append(Fetched(path, await video.probe(path)))
            except (FetchFault, BadFilm) as fault:
                log.warning("job %s: its film cannot be had: %s", job.id, fault)
                if not some:
                    raise NoFilmYet from fault
        if not fetched:
            raise NoFilmYet
        return fetched

    async def look(self, path: Path) -> Fetched:
        """A film that is in a file already. Raises BadFilm when it is none."""
        return Fetched(path, await video.probe(path))

    async def fit(self, fetched: list[Fetched], limit: int, folder: Path) -> list[Path]:
        """Each film within its share of `limit` bytes and as Discord plays it; empty when that cannot be done."""
        limit = min(limit, _REQUEST_MAX // max(1, len(fetched)))
        if limit <= 0:
            return []
        fitted: list[Path] = []
        for item in fetched:
            if item.film.size <= limit and item.film.video_codec == "h264":
                fitted.append(item.path)
                continue
            target = folder / f"fit-{limit}" / item.path.name
            target.parent.mkdir(exist_ok=True)
            try:
                await video.fit(item.path, target, limit=limit)
            except BadFilm as fault:
                log.warning("%s does not fit %d bytes: %s", item.path.name, limit, fault)
                return []
            fitted.append(target)
        return fitted

    async def learned_limit(self, job: Job) -> int | None:
        """Bytes of one file that the job's server is known to take; None when nothing is known."""
        return await memory.recall(self._db.quick_reader, _limit_key(job), self._clock())

    async def learn_limit(self, job: Job, limit: int) -> None:
        """The job's server takes files of so many bytes."""
        async with self._db.transaction() as conn:
            await memory.remember(conn, _limit_key(job), limit, self._clock() + _DAY)

    async def step_down(self, job: Job, limit: int, sent: list[Path], *, learn: bool = True) -> int:
        """A place refused files of that size: the next smaller step; 0 when there is none left.

        With `learn` it counts for the job's server, for a day.
        """
        largest = max(path.stat().st_size for path in sent)
        lower = next((step * MIB for step in _STEPS if step * MIB < min(limit, largest)), 0)
        if lower and learn:  # a refusal of a small file is no limit to hold against every film of a day
            await self.learn_limit(job, lower)
        log.info("job %s: %d bytes were too large there; trying %d", job.id, largest, lower)
        return lower


def _limit_key(job: Job) -> str:
    return f"limit:{'dm' if job.private else job.guild_id}"
