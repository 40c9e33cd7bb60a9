"""How a film comes apart into frames and chunks, and what every encoder of its copy has in common.

Runs only in a child process.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from domain.faults import BadFilm

from .letterbox import boxed, inside
from .upright import Upright

PRESET = "veryfast"
#: A chunk waits in memory until it is known to fit: 64 frames of 1080p are 200 MB.
CHUNK_FRAMES = 64
#: The largest picture of a copy, in pixels.
MAX_PIXELS = 1920 * 1088
#: Ways to write colours that can be turned into one another: BT.709, BT.601 (two names), SMPTE 240M, BT.2020.
_MATRICES = frozenset({1, 5, 6, 7, 9})


@dataclass(frozen=True)
class Shape:
    """What every encoder of one film has in common."""

    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    colours: tuple[int, int, int]

    def scaled(self, scale: float) -> Shape:
        return replace(self, width=_even(self.width * scale), height=_even(self.height * scale))

    def encoder(self, crf: float) -> VideoCodecContext:
        context = cast("VideoCodecContext", av.CodecContext.create("libx264", "w"))
        context.flags |= Flags.global_header
        self.dress(context, crf)
        return context

    def dress(self, context: VideoCodecContext, crf: float) -> None:
        context.width, context.height, context.pix_fmt = self.width, self.height, "yuv420p"
        context.time_base, context.framerate = self.time_base, self.rate
        context.color_primaries, context.color_trc, context.colorspace = self.colours
        context.thread_count = min(os.cpu_count() or 1, 8)
        # Stitchable: the quality is written into each picture and not into the headers, so that these stay the same.
        context.options = {"preset": PRESET, "crf": f"{crf:.2f}", "x264-params": "stitchable=1:keyint=infinite"}


def encoded(context: VideoCodecContext, frames: Iterable[VideoFrame]) -> list[av.Packet]:
    """All packets that these frames make."""
    return [packet for frame in itertools.chain(frames, [None]) for packet in context.encode(frame)]


@dataclass
class Chunk:
    """Frames that are encoded together, and how many they are if not all were kept."""

    kept: list[VideoFrame]
    count: int = 0


def chunks_of(frames: Iterator[VideoFrame], cuts: list[int], *, keep: int = 0) -> Iterator[Chunk]:
    """Chunks of frames, ended before these numbers, the last of which is the film's end.

    With `keep`, only so many frames from the middle of each are kept.
    """
    chunk = Chunk([])
    last: VideoFrame | None = None
    start, ends = 0, [*cuts]
    for number, frame in enumerate(frames):
        if number == ends[0] and len(ends) > 1:
            yield chunk
            chunk = Chunk([])
            start = ends.pop(0)
        chunk.count += 1
        if chunk.count > 4 * CHUNK_FRAMES:
            raise BadFilm("film_cannot_fit", how="more frames than packets")
        if not keep or (len(chunk.kept) < keep and number >= (start + ends[0] - keep) // 2):
            chunk.kept.append(frame)
        last = frame
    if chunk.count and last is not None:
        # A film with fewer frames than packets may end before the middle of its last chunk.
        chunk.kept = chunk.kept or [last]
        yield chunk


def frames_of(film: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame, upright, with a time after the one before it."""
    stream.thread_type = "AUTO"
    stream.thread_count = min(os.cpu_count() or 1, 4)
    upright = Upright()
    last: int | None = None
    base, finer = _base(stream)
    step = max(1, int(1 / (stream.average_rate or 25) / base))
    for frame in film.decode(stream):
        pts = frame.pts * finer if frame.pts is not None else (0 if last is None else last + step)
        if last is not None and pts <= last:
            pts = last + 1
        last = pts
        turned = upright(frame)
        turned.pts, turned.time_base = pts, base
        yield turned


def _base(stream: VideoStream) -> tuple[Fraction, int]:
    """The tick that times are counted in, and how many of them the film's own tick has.

    A tick is short beside a frame, so that decoding times have room where two encoders meet.
    """
    own = stream.time_base or Fraction(1, 1000)
    finer = math.ceil(own * 10_000)
    return own / finer, finer


def shape_of(stream: VideoStream, frame: VideoFrame) -> Shape:
    """The shape of a film's copy at full size: its own, within what a copy may have."""
    factor = min(1.0, (MAX_PIXELS / (frame.width * frame.height)) ** 0.5)
    context = stream.codec_context
    return Shape(
        _even(frame.width * factor),
        _even(frame.height * factor),
        stream.average_rate or Fraction(25),
        _base(stream)[0],
        (context.color_primaries, context.color_trc, context.colorspace),
    )


def _even(length: float) -> int:
    return max(16, int(length) // 2 * 2)


def drawn(frame: VideoFrame, shape: Shape) -> VideoFrame:
    """The frame at the film's size, with bars where its own shape is another, and in the film's colours.

    The encoder itself shall decide what kind of picture it is.
    """
    width, height = inside(frame, shape.width, shape.height)
    known = {frame.colorspace, shape.colours[2]} <= _MATRICES
    copy = frame.reformat(
        width,
        height,
        "yuv420p",
        interpolation="BICUBIC",
        dst_colorspace=shape.colours[2] if known else frame.colorspace,
        src_color_range=frame.color_range,
        dst_color_range=ColorRange.MPEG,
    )
    if (width, height) != (shape.width, shape.height):
        copy = boxed(copy, shape.width, shape.height)
    copy.pict_type = PictureType.NONE
    return copy
