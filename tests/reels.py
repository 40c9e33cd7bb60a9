"""Real films for tests of what is done with films: busy, still, turned, uneven, numbered, with sound and without."""

from __future__ import annotations

import array
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image


def noise(width: int, height: int) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 90) for _ in range(3)])


def pictures(count: int, size: tuple[int, int], *, busy: bool) -> Iterator[Image.Image]:
    """Red above blue, still; or with grain that differs from frame to frame."""
    plain = Image.new("RGB", size, (200, 30, 30))
    plain.paste((30, 30, 200), (0, size[1] // 2, *size))
    grain = [noise(*size) for _ in range(5)] if busy else []
    for number in range(count):
        yield Image.blend(plain, grain[number % 5].rotate(90 * (number // 5 % 4)), 0.5) if busy else plain


def make(
    path: Path,
    *,
    size: tuple[int, int] = (320, 180),
    count: int = 60,
    fps: int = 30,
    busy: bool = False,
    codec: str = "libx264",
    sound: str | None = "aac",
    sound_rate: int = 96_000,
    channels: str = "stereo",
    options: dict[str, str] | None = None,
    every: int = 250,
    times: list[int] | None = None,
    sound_seconds: float | None = None,
) -> Path:
    """Write a film to `path`, with noise as its sound and a whole picture every so many frames; `times` in frames."""
    with av.open(str(path), "w", options=options or {}) as out:
        how = {"preset": "ultrafast", "crf": "15", "g": str(every)} if codec == "libx264" else {}
        video = out.add_stream(codec, rate=fps, options=how)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = out.add_stream(sound, rate=48_000, layout=channels) if sound else None
        for number, image in enumerate(pictures(count, size, busy=busy)):
            shown = av.VideoFrame.from_image(image)
            shown.pts, shown.time_base = times[number] if times else number, Fraction(1, fps)
            out.mux(video.encode(shown))
        out.mux(video.encode())
        if isinstance(audio, av.AudioStream):
            audio.bit_rate = sound_rate
            for at in range(0, round((sound_seconds or count / fps) * 48_000), 960):
                frame = av.AudioFrame(format="s16", layout=channels, samples=960)
                frame.planes[0].update(random.Random(at).randbytes(frame.planes[0].buffer_size))
                frame.pts, frame.sample_rate, frame.time_base = at, 48_000, Fraction(1, 48_000)
                out.mux(audio.encode(frame))
            out.mux(audio.encode())
    return path


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as film:
        return list(film.decode(video=0))


#: What a film's header says of how to turn it (degrees clockwise → its matrix). Source: ISO/IEC 14496-12, section 8.3.2
MATRICES = {
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


def turned(path: Path, degrees: int) -> None:
    """Mark the film at `path` as one that was taken with the camera turned."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (value * 65536 for value in MATRICES[degrees])
    matrix = b"".join(value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, 0, 0, 1 << 30))
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = matrix
    path.write_bytes(data)


#: Frames of a numbered film say their number in so many bars, white for 1, the highest bit first.
BITS = 10


def bars(number: int, size: tuple[int, int]) -> Image.Image:
    """A grey picture whose bars say a number."""
    image = Image.new("RGB", size, (90, 110, 140))
    width = size[0] // BITS
    for bit in range(BITS):
        if number >> (BITS - 1 - bit) & 1:
            image.paste((250, 250, 250), (bit * width, size[1] // 4, (bit + 1) * width, size[1] * 3 // 4))
    return image


def read_bars(image: Image.Image) -> int:
    """The number that a picture's bars say."""
    width = image.width // BITS
    middle = [image.convert("L").getpixel((bit * width + width // 2, image.height // 2)) for bit in range(BITS)]
    return sum((isinstance(level, int) and level > 180) << (BITS - 1 - bit) for bit, level in enumerate(middle))


def numbered(
    path: Path,
    *,
    first: int = 0,
    count: int = 30,
    size: tuple[int, int] = (320, 180),
    fps: int = 30,
    beep: float | None = None,
    rate: int = 48_000,
    how: dict[str, str] | None = None,
) -> Path:
    """A film whose frames say `first` and on; with `beep`, its sound is silent but for 0.1 s from there."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "12"} | (how or {}))
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = out.add_stream("aac", rate=rate, layout="mono") if beep is not None else None
        for number in range(count):
            out.mux(video.encode(av.VideoFrame.from_image(bars(first + number, size))))
        out.mux(video.encode())
        if audio is not None and beep is not None:
            for at in range(0, count * rate // fps, 1024):
                times = [(at + n) / rate for n in range(1024)]
                wave = (0.8 * math.sin(880 * math.tau * t) if beep <= t < beep + 0.1 else 0.0 for t in times)
                frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                frame.planes[0].update(array.array("f", wave).tobytes())
                frame.pts, frame.sample_rate, frame.time_base = at, rate, Fraction(1, rate)
                out.mux(audio.encode(frame))
            out.mux(audio.encode())
    return path


def beeps(path: Path) -> list[float]:
    """When each beep of a film's sound begins, in seconds."""
    found: list[float] = []
    with av.open(str(path)) as film:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        for frame in film.decode(audio=0):
            for part in resampler.resample(frame):
                levels = array.array("f", bytes(part.planes[0])[: part.samples * 4])
                start = float((part.pts or 0) * (part.time_base or Fraction(1)))
                loud = [start + n / 48_000 for n, level in enumerate(levels) if abs(level) > 0.2]
                found += [at for at in loud[:1] if not found or at - found[-1] > 0.3]
    return found
