"""Fitting a film against what is usual: ffmpeg in two passes, at its own settings, to the same size."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

from bench.fitting import CASES, Case, make, ssim
from bench.measure import Figure, note
from media.films import Film, fit

#: By their places in bench/fitting.py: moderate, busy, quiet then busy, cuts, full size.
CHOSEN = (0, 1, 3, 5, 6)
_SOUND = 128_000
#: A second try where the first missed the size by more than this share.
_NEAR = 0.02


async def run(*words: str, folder: Path) -> None:
    """ffmpeg, to its end, as politely as our own child: in a session of its own, and nice."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", "10", program, "-y", "-v", "error", *words),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    assert await process.wait() == 0, words


async def two_passes(source: Path, target: Path, like: Film, folder: Path) -> float:
    """Encode to the size of `like`; returns the seconds of the try that came near enough."""
    sound = _SOUND if like.audio_codec else 0
    aim = like.size * 0.99
    while True:
        rate = str(int(aim * 8 / like.seconds - sound))
        video = ("-i", str(source), "-c:v", "libx264", "-b:v", rate, "-passlogfile", str(folder / "pass"))
        audio = ("-c:a", "aac", "-b:a", str(_SOUND)) if sound else ()
        began = time.perf_counter()
        await run(*video, "-pass", "1", "-an", "-f", "null", "/dev/null", folder=folder)
        await run(*video, "-pass", "2", *audio, "-movflags", "+faststart", str(target), folder=folder)
        took = time.perf_counter() - began
        miss = (await asyncio.to_thread(target.stat)).st_size / like.size
        if abs(miss - 1) <= _NEAR:
            return took
        aim /= miss


async def compare(case: Case, folder: Path) -> tuple[float, float, float, float]:
    """(our seconds, theirs, our SSIM, theirs) for one film."""
    source, ours, theirs = folder / "source.mp4", folder / "ours.mp4", folder / "theirs.mp4"
    make(case, source)
    began = time.perf_counter()
    film = await fit(source, ours, limit=case.limit)
    mine = time.perf_counter() - began
    other = await two_passes(source, theirs, film, folder)
    alike = [ssim(source, path, folder / f"{path.stem}.ssim") for path in (ours, theirs)]
    note(f"{case.name}: {mine:.1f} against {other:.1f} s, SSIM {alike[0]:.4f} against {alike[1]:.4f}")
    return mine, other, alike[0], alike[1]


async def measure() -> list[Figure]:
    """Five films one after the other; the median of the shares of time, and the worst of the likenesses."""
    found: list[tuple[float, float, float, float]] = []
    for number in CHOSEN:
        with tempfile.TemporaryDirectory() as folder:
            found.append(await compare(CASES[number], Path(folder)))
    times = [mine / other for mine, other, _, _ in found]
    alike = [mine / other for _, _, mine, other in found]
    return [
        Figure(
            "fitting_time",
            "fitting a film ÷ ffmpeg in two passes to the same size",
            round(statistics.median(times), 3),
            0.7,
            detail=f"{len(times)} films, {min(times):.2f} to {max(times):.2f}",
        ),
        Figure(
            "fitting_ssim",
            "SSIM of a fitted film ÷ that of ffmpeg in two passes",
            round(statistics.median(alike), 4),
            1.0,
            at_most=False,
            detail=f"{len(alike)} films, {min(alike):.4f} to {max(alike):.4f}",
        ),
    ]
