"""A job's clip and pictures made ready: fetched, cut from a film or taken from the store, checked and kept."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from domain.faults import BadClip, BadPicture, DeliveryFault, FetchFault, Refused
from domain.job import Event, Job
from domain.request import orientation_of
from domain.wish import framed
from media.fetch import Fetcher
from media.pictures import Picture, normalise
from service.clips import Clips
from service.intake import ATTACHMENT_MAX
from service.loops import now_ms
from service.results import Results
from storage import inputs, jobs
from storage.database import Database

log = logging.getLogger("clapper.preparing")

_FETCH_TRIES = 3
#: Seconds until Discord is asked again for what it did not do now.
_AGAIN = 5.0

#: The last picture of a generation's film, as JPEG or PNG. Raises Refused `film_gone`.
LastFrame = Callable[[str], Awaitable[bytes]]


class Preparing:
    """Makes pictures and clips ready; one that cannot be used ends its job, free, saying which and why."""

    def __init__(
        self,
        db: Database,
        *,
        fetcher: Fetcher,
        clips: Clips,
        results: Results,
        last_frame: LastFrame,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._fetcher = fetcher
        self._clips = clips
        self._results = results
        self._last_frame = last_frame
        self._clock = clock

    async def prepare(self, job: Job) -> None:
        """Let the job go on to its turn with its clip and all its pictures stored, or end it."""
        async with self._db.transaction() as conn:
            attached = await inputs.of(conn, job.id)
        try:
            request = await self._clips.ready(job)
        except BadClip as fault:
            detail = json.dumps(fault.values, default=str)
            await self._results.settle(job.id, Event.BAD_INPUT, reason=fault.reason, detail=detail)
            return
        except DeliveryFault as fault:
            log.info("job %s: Discord does not show its clip yet: %s", job.id, fault)
            await asyncio.sleep(_AGAIN)  # the job is not ready, so it is taken up again after this
            return
        shapes = job.wire.can_be_shaped
        ready: list[tuple[int, inputs.Stored, inputs.Stored]] = []
        for item in attached:
            try:
                raw, whole = await self._whole(item)
                if request.orientation is None and shapes:
                    request = replace(request, orientation=orientation_of(whole.width, whole.height, shapes))
                fitted = whole
                if job.wire.pixels:
                    pixels = job.wire.pixels[f"{request.size} {request.orientation}"]
                    fitted = _stored(await normalise(raw, exact=pixels))
            except BadPicture as fault:
                await self._spoiled(job, item, fault)
                return
            except Refused as fault:
                await self._results.settle(job.id, Event.BAD_INPUT, reason=fault.reason)
                return
            ready.append((item.n, fitted, whole))
        now = self._clock()
        async with self._db.transaction(heavy=True) as conn:
            for n, fitted, whole in ready:
                await inputs.keep(conn, job.id, n, fitted, source=whole, now=now)
            await jobs.change(conn, job.id, prepared_at=now, request=request.to_json())

    async def _whole(self, item: inputs.Attached) -> tuple[bytes, inputs.Stored]:
        """The best bytes that there are of a picture, and what is kept of it. Raises Refused, BadPicture."""
        if item.source:
            found = await inputs.picture(self._db.long_reader, item.source)
            if found is None:
                raise Refused("pictures_forgotten")
            return found.data, found
        film = framed(item.url)
        raw = await self._last_frame(film) if film else await self._fetch(item.url)
        return raw, _stored(await normalise(raw))

    async def _spoiled(self, job: Job, item: inputs.Attached, fault: BadPicture) -> None:
        values = {"position": item.n, "name": item.name, **fault.values}
        detail = json.dumps(values, default=str)
        await self._results.settle(job.id, Event.BAD_INPUT, reason=fault.reason, detail=detail)

    async def _fetch(self, url: str) -> bytes:
        for left in reversed(range(_FETCH_TRIES)):
            try:
                return await self._fetcher.bytes(url, limit=ATTACHMENT_MAX, seconds=60)
            except FetchFault as fault:
                if fault.reason == "too_large":
                    raise BadPicture("picture_large", most=ATTACHMENT_MAX) from fault
                if not fault.retry:
                    raise BadPicture("picture_gone") from fault
                if not left:
                    raise BadPicture("picture_unreachable") from fault
                await asyncio.sleep(1)
        raise AssertionError("the last try returns or raises")


def _stored(picture: Picture) -> inputs.Stored:
    return inputs.Stored(picture.sha256, picture.mime, picture.width, picture.height, picture.data)
