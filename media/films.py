"""What a film must be before people see it, and what is made of films: copies that fit, pictures, joined films."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.faults import BadFilm

from . import header
from .child import run_in_child

PROBE_MEMORY = 768 * 1024 * 1024
PROBE_SECONDS = 20.0
FIT_MEMORY = 1536 * 1024 * 1024
#: Seconds that fitting may take: a start, and so many for each second of film; a slow machine needs about a third.
FIT_SECONDS = 60.0
FIT_SECONDS_EACH = 12.0
#: A film longer than this is not fitted: it would look like nothing, and take all day.
MAX_SECONDS = 600.0
MOMENT_SECONDS = 30.0
#: The longest side of a still, in pixels.
STILL_SIDE = 1280


@dataclass(frozen=True)
class Film:
    """A film as people see it: upright pixels, seconds, codecs, bytes, and whether it starts before all is loaded."""

    width: int
    height: int
    seconds: float
    video_codec: str
    audio_codec: str | None
    size: int
    faststart: bool


async def probe(path: Path) -> Film:
    """Look into the file at `path`: an MP4, MOV, Matroska or WebM with at least one picture that can be shown.

    A plain MP4, as the API makes them, is known by its index; anything else is decoded, in a child. Raises BadFilm:
    film_not_video, film_cut_short.
    """
    if known := await asyncio.to_thread(header.read, path):
        return Film(**known)
    answer, _ = await run_in_child(
        "probe",
        {"path": _full(path)},
        memory_bytes=PROBE_MEMORY,
        seconds=PROBE_SECONDS,
        fault=BadFilm,
        died="film_not_video",
    )
    return Film(**answer)


def _full(path: Path) -> str:
    return str(path.absolute())


async def fit(source: Path, target: Path, *, limit: int) -> Film:
    """Encode `source` once, into an MP4 (H.264, AAC, faststart) at `target` of at most `limit` bytes.

    It uses 90 % of the limit or more, or else is visually lossless (CRF 18) all along. Frame rate and length stay;
    it may get smaller pictures (never larger, at most 1920 × 1080 or so), and comes out upright. Raises BadFilm:
    film_not_video, film_cut_short, film_cannot_fit (values: limit, how). After a fault there is no file at `target`.
    """
    film = await probe(source)
    if film.seconds > MAX_SECONDS:
        raise BadFilm("film_cannot_fit", limit=limit, how="long")
    return await _made("fit", {"source": _full(source)}, target, limit, film.seconds)


async def join(paths: Sequence[Path], target: Path, *, limit: int) -> Film:
    """Join films, in their order, into one MP4 (H.264, AAC, faststart) at `target` of at most `limit` bytes.

    Pictures are copied where all films have the same kind and the copy fits; else all are encoded once, and a film of
    another size or shape gets bars inside the first one's. Sound is one new track: each film's own, silent where it has
    none, from its first picture to its last. Raises BadFilm like `fit`; `position` says which film, from 1, is bad.
    """
    seconds = 0.0
    for position, path in enumerate(paths, 1):
        try:
            seconds += (await probe(path)).seconds
        except BadFilm as fault:
            raise BadFilm(fault.reason, **fault.values, position=position) from fault
    if not 0 < seconds <= MAX_SECONDS:
        raise BadFilm("film_cannot_fit", limit=limit, how="long" if seconds else "none")
    return await _made("join", {"paths": [_full(path) for path in paths]}, target, limit, seconds)


async def last_frame(path: Path) -> bytes:
    """The very last frame of the film at `path`, upright: a PNG (a JPEG of high quality where that is very large).

    Raises BadFilm: film_not_video, film_cut_short.
    """
    return await _moment("last_frame", {"path": _full(path)})


async def still(path: Path, at: float = 0.4, *, max_side: int = STILL_SIDE) -> bytes:
    """A JPEG that stands for the film: the frame at the share `at` (0-1) of its length, upright.

    Where that shows nothing (black, or the middle of a fade), it is a frame from elsewhere that does. Raises BadFilm.
    """
    return await _moment("still", {"path": _full(path), "at": min(max(at, 0.0), 1.0), "max_side": max_side})


async def _moment(task: str, arguments: dict[str, object]) -> bytes:
    _, picture = await run_in_child(
        task,
        arguments,
        memory_bytes=PROBE_MEMORY,
        seconds=MOMENT_SECONDS,
        fault=BadFilm,
        died="film_not_video",
    )
    return picture


async def _made(task: str, arguments: dict[str, object], target: Path, limit: int, seconds: float) -> Film:
    """The film that `task` writes to `target`; nothing stays there after a fault."""
    done = False
    try:
        answer, _ = await run_in_child(
            task,
            arguments | {"target": _full(target), "limit": limit},
            memory_bytes=FIT_MEMORY,
            seconds=FIT_SECONDS + FIT_SECONDS_EACH * seconds,
            fault=BadFilm,
            died="film_cannot_fit",
            # The kernel itself stops a file that outgrows the limit.
            file_bytes=limit,
        )
        done = True
        return Film(**answer)
    finally:
        if not done:
            target.unlink(missing_ok=True)  # noqa: ASYNC240  instant, and a thread could be cancelled first
