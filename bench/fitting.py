"""Measures how well `media.films.fit` uses its limit: python -m bench.fitting [numbers of films].

Films are made here, hard ones among them: pure noise, quiet then busy, busy then quiet, cuts every second. One row
for each: bytes before, limit, bytes after, share used, seconds taken and long, pixels, range of CRF (18 is visually
lossless), SSIM.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph
from av.filter.context import FilterContext
from PIL import Image, ImageFilter

from domain.faults import BadFilm
from media.films import fit

MB = 1_000_000


def noise(width: int, height: int, strength: int) -> Image.Image:
    """Coloured grain."""
    return Image.merge("RGB", [Image.effect_noise((width, height), strength) for _ in range(3)])


class Pictures:
    """Frames of a film: a textured landscape under a moving window, with as much grain as each moment wants."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.size = (width, height)
        rough = noise(width // 8 + seed, height // 8, 120).resize((width * 2, height * 2), Image.Resampling.BICUBIC)
        fine = noise(width, height, 90).resize((width * 2, height * 2), Image.Resampling.BILINEAR)
        self.land = Image.blend(rough, fine, 0.3).filter(ImageFilter.GaussianBlur(1.2))
        self.other = self.land.transpose(Image.Transpose.ROTATE_180)
        self.grain = [noise(width, height, 70) for _ in range(6)]

    def at(self, number: int, speed: float, grain: float, *, other: bool = False) -> Image.Image:
        width, height = self.size
        x = int((math.sin(number * speed / 90) * 0.5 + 0.5) * width)
        y = int((math.cos(number * speed / 130) * 0.5 + 0.5) * height)
        image = (self.other if other else self.land).crop((x, y, x + width, y + height))
        return Image.blend(image, self.grain[number % 6], grain) if grain else image


@dataclass(frozen=True)
class Case:
    """One film to make and to fit. `look` gives speed, grain and other land at a share (0-1) of the film."""

    name: str
    size: tuple[int, int]
    seconds: int
    limit: int
    look: Callable[[float], tuple[float, float, bool]]
    sound: bool = True
    fps: int = 30


def quiet(_: float) -> tuple[float, float, bool]:
    return 0.3, 0.0, False


def busy(_: float) -> tuple[float, float, bool]:
    return 4.0, 0.12, False


def storm(_: float) -> tuple[float, float, bool]:
    return 8.0, 0.5, False


def still(_: float) -> tuple[float, float, bool]:
    return 0.0, 0.0, False


def rising(at: float) -> tuple[float, float, bool]:
    return (0.3, 0.0, False) if at < 0.5 else (6.0, 0.3, False)


def falling(at: float) -> tuple[float, float, bool]:
    return (6.0, 0.3, False) if at < 0.5 else (0.0, 0.0, False)


def cuts(at: float) -> tuple[float, float, bool]:
    return 2.0, 0.05, int(at * 20) % 2 == 1


def burst(at: float) -> tuple[float, float, bool]:
    return (8.0, 0.5, True) if 0.85 < at < 0.9 else (1.0, 0.02, False)


def late(at: float) -> tuple[float, float, bool]:
    return (8.0, 0.5, False) if at > 0.93 else (1.0, 0.02, False)


WIDE, TALL, SQUARE = (1280, 720), (720, 1280), (1080, 1080)
FULL, FULL_TALL = (1920, 1080), (1080, 1920)

CASES = [
    Case("landscape 720p, moderate", WIDE, 10, 8 * MB, lambda _: (1.5, 0.04, False)),
    Case("landscape 720p, busy", WIDE, 15, 10 * MB, busy),
    Case("portrait 720p, noise", TALL, 10, 10 * MB, storm),
    Case("portrait 720p, quiet then busy", TALL, 20, 10 * MB, rising),
    Case("landscape 720p, busy then still", WIDE, 20, 10 * MB, falling),
    Case("square 1080, cuts each second", SQUARE, 12, 8 * MB, cuts),
    Case("landscape 1080p, busy", FULL, 12, 10 * MB, busy),
    Case("portrait 1080p, quiet", FULL_TALL, 15, 10 * MB, quiet),
    Case("landscape 1080p, noise, 25 s", FULL, 25, 10 * MB, storm),
    Case("portrait 1080p, one burst", FULL_TALL, 15, 10 * MB, burst),
    Case("landscape 720p, noise at the end", WIDE, 15, 8 * MB, late),
    Case("landscape 720p, still, no sound", WIDE, 10, 8 * MB, still, sound=False),
    Case("landscape 720p, 24 fps, 3 MB", WIDE, 25, 3 * MB, busy, fps=24),
    Case("square 1080, 60 fps", SQUARE, 10, 10 * MB, lambda _: (2.0, 0.1, False), fps=60),
]


def make(case: Case, path: Path) -> None:
    """Write the film of `case`, at a quality far above its limit."""
    pictures = Pictures(*case.size, seed=len(case.name) % 7)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=case.fps, options={"preset": "ultrafast", "crf": "12"})
        video.width, video.height, video.pix_fmt = *case.size, "yuv420p"
        audio = out.add_stream("aac", rate=48_000) if case.sound else None
        if audio is not None:
            audio.bit_rate, audio.layout = 192_000, "stereo"
        total = case.seconds * case.fps
        for number in range(total):
            speed, grain, other = case.look(number / total)
            frame = av.VideoFrame.from_image(pictures.at(number, speed, grain, other=other))
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio is not None:
            for packet in hum(audio, case.seconds):
                out.mux(packet)


def hum(audio: av.AudioStream, seconds: int) -> list[av.Packet]:
    """Pink noise, which no encoder packs well."""
    graph = Graph()
    source = graph.add("anoisesrc", f"d={seconds}:c=pink:r=48000:a=0.4")
    shape = graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")
    sink = graph.add("abuffersink")
    source.link_to(shape)
    shape.link_to(sink)
    graph.configure()
    packets: list[av.Packet] = []
    at = 0
    while True:
        try:
            frame = graph.pull()
        except (EOFError, BlockingIOError):
            return packets + audio.encode(None)
        assert isinstance(frame, av.AudioFrame)
        frame.pts, frame.time_base = at, Fraction(1, 48_000)
        at += frame.samples
        packets += audio.encode(frame)


def ssim(source: Path, result: Path, notes: Path) -> float:
    """How alike (1: the same) two films look, with the result brought to the source's size; every fifth frame."""
    compare(source, result, notes)
    # The filter writes its last lines when it is freed, and filters refer to each other in circles.
    gc.collect()
    values = [float(line.split("All:")[1].split()[0]) for line in notes.read_text().splitlines()]
    return sum(values) / len(values) if values else math.nan


def compare(source: Path, result: Path, notes: Path) -> None:
    with av.open(str(source)) as first, av.open(str(result)) as second:
        graph: Graph | None = None
        ends: list[FilterContext] = []
        for number, (left, right) in enumerate(zip(first.decode(video=0), second.decode(video=0), strict=False)):
            if number % 5:
                continue
            pair = (left, right.reformat(left.width, left.height, "yuv420p", interpolation="BICUBIC"))
            if graph is None:
                graph, ends = comparing(left, notes)
            for frame, end in zip(pair, ends, strict=True):
                frame.pts, frame.time_base = number, Fraction(1, 30)
                end.push(frame)
            with contextlib.suppress(BlockingIOError):
                graph.pull()


def comparing(frame: av.VideoFrame, notes: Path) -> tuple[Graph, list[FilterContext]]:
    """A graph that compares what is pushed into its two ends, and writes a line for each pair into `notes`."""
    graph = Graph()
    compare = graph.add("ssim", f"stats_file={notes}")
    ends = [
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 30))
        for _ in range(2)
    ]
    for place, end in enumerate(ends):
        end.link_to(compare, 0, place)
    compare.link_to(graph.add("buffersink"))
    graph.configure()
    return graph, ends


def qualities(path: Path) -> list[float]:
    """The CRF of each chunk, which x264 writes into its first picture."""
    return [float(found) for found in re.findall(rb" crf=([0-9.]+)", path.read_bytes())]


async def measure(case: Case, folder: Path) -> None:
    source, target = folder / "source.mp4", folder / "target.mp4"
    make(case, source)
    started = time.perf_counter()
    try:
        film = await fit(source, target, limit=case.limit)
    except BadFilm as fault:
        print(f"{case.name:34} {source.stat().st_size / MB:7.2f} {case.limit / MB:6.2f}  {fault}", flush=True)
        return
    took = time.perf_counter() - started
    crfs = qualities(target)
    print(
        f"{case.name:34} {source.stat().st_size / MB:7.2f} {case.limit / MB:6.2f} {film.size / MB:7.3f}"
        f" {100 * film.size / case.limit:6.1f}% {took:6.1f} {case.seconds:4} {film.width}x{film.height}"
        f" {min(crfs):.1f}-{max(crfs):.1f} {ssim(source, target, folder / 'notes'):.4f}",
        flush=True,
    )


async def main() -> None:
    chosen = [CASES[int(number)] for number in sys.argv[1:]] or CASES
    print(f"{'film':34} {'source':>7} {'limit':>6} {'result':>7} {'used':>7} {'took':>6} {'long':>4} size  CRF  SSIM")
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            await measure(case, Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
