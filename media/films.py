"""What a film must be before people see it: really a video, whole, and no larger than a place takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from domain.faults import BadFilm

from .child import run_in_child

PROBE_MEMORY = 768 * 1024 * 1024
PROBE_SECONDS = 20.0
FIT_MEMORY = 1536 * 1024 * 1024
#: Seconds that fitting may take: a start, and so many for each second of film; a slow machine needs about a third.
FIT_SECONDS = 60.0
FIT_SECONDS_EACH = 12.0
#: A film longer than this is not fitted: it would look like nothing, and take all day.
MAX_SECONDS = 600.0


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

    Raises BadFilm: film_not_video, film_cut_short.
    """
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
    done = False
    try:
        answer, _ = await run_in_child(
            "fit",
            {"source": _full(source), "target": _full(target), "limit": limit},
            memory_bytes=FIT_MEMORY,
            seconds=FIT_SECONDS + FIT_SECONDS_EACH * film.seconds,
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
