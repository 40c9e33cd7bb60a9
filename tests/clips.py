"""Small real films and pictures, made once for a run of the tests."""

from __future__ import annotations

import functools
import io
from fractions import Fraction

import av
from PIL import Image


@functools.cache
def film(width: int = 320, height: int = 180, seconds: float = 1.0, *, fps: int = 10, noise: bool = False) -> bytes:
    """An H.264 + AAC film whose colour moves; with `noise`, at 25 Mbit/s, larger than films get."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        picture = container.add_stream("libx264", rate=fps)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        if noise:
            picture.bit_rate = 25_000_000
            picture.options = {
                "preset": "ultrafast",
                "nal-hrd": "cbr",
                "minrate": "25M",
                "maxrate": "25M",
                "bufsize": "25M",
            }
        sound = container.add_stream("aac", rate=44100, layout="mono")
        for n in range(int(seconds * fps)):
            image = Image.effect_noise((width, height), 60).convert("RGB") if noise else None
            image = image or Image.new("RGB", (width, height), (n * 20 % 256, 80, 160))
            for packet in picture.encode(av.VideoFrame.from_image(image)):
                container.mux(packet)
        for n in range(int(seconds * 44100) // 1024):
            silent = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            silent.sample_rate, silent.pts, silent.time_base = 44100, n * 1024, Fraction(1, 44100)
            for plane in silent.planes:
                plane.update(bytes(plane.buffer_size))
            for packet in sound.encode(silent):
                container.mux(packet)
        for stream in (picture, sound):
            for packet in stream.encode(None):
                container.mux(packet)
    return buffer.getvalue()


@functools.cache
def picture(width: int = 640, height: int = 360, kind: str = "PNG") -> bytes:
    """A picture of one colour with a corner of another."""
    image = Image.new("RGB", (width, height), (40, 90, 200))
    image.paste((250, 200, 40), (0, 0, width // 4, height // 4))
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
