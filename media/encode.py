"""How a film is encoded once into a given number of bytes; runs only in a child process.

The film is cut into chunks of about two seconds. A glance at a few frames of each says what it would cost; then each
chunk is encoded in turn at the quality that its own cost, those of the chunks after it and the bytes left allow. An
encoder is made for each chunk, with headers that do not depend on the quality, so the pieces join into one stream.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from domain.faults import BadFilm

from .budget import LOSSLESS, WORST, Budget, Sample
from .reel import look, moving, open_film
from .upright import Upright

PRESET = "veryfast"
CHUNK_SECONDS = 2.0
#: A chunk waits in memory until it is known to fit: 64 frames of 1080p are 200 MB.
CHUNK_FRAMES = 64
SAMPLE_FRAMES = 8
SAMPLE_CRFS = (18.0, 25.0, 34.0)
MAX_PIXELS = 1920 * 1088
#: Sound gets so many bits a second at most, and this share of all bits at most, but never less than it needs.
SOUND_BEST, SOUND_SHARE, SOUND_LEAST = 128_000, 0.12, 24_000
#: What the MP4 itself takes, at most: in all, for a frame, for a packet of sound.
OVERHEAD, OVERHEAD_FRAME, OVERHEAD_SOUND = 4096, 32, 24
#: Attempts at one chunk; only a chunk that was misjudged badly, or the last one, takes more than the first.
ATTEMPTS = 6
#: What a film must use of its limit, if it is not visually lossless.
USED = 0.92


@dataclass(frozen=True)
class Shape:
    """What every encoder of one film has in common."""

    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    colours: tuple[int, int, int]

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


def fit(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the fields of the Film made at {target} from {source}, of at most {limit} bytes."""
    source, target, limit = Path(arguments["source"]), Path(arguments["target"]), int(arguments["limit"])
    with open_film(source) as film:
        count = sum(1 for packet in film.demux(moving(film)) if packet.size)
    seconds = max(look(source)["seconds"], 0.04)
    chunks = max(1, round(count / min(CHUNK_FRAMES, max(8.0, CHUNK_SECONDS * count / seconds))))
    cuts = [(number + 1) * count // chunks for number in range(chunks)]
    shape, samples = _glance(source, cuts)
    try:
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            _Fitting(source, out, limit, seconds, count, cuts).run(shape, samples)
    except OSError as error:
        # The file outgrew what the kernel lets us write, or the disk is full.
        raise BadFilm("film_cannot_fit", limit=limit, how=type(error).__name__) from None
    if target.stat().st_size > limit:
        raise BadFilm("film_cannot_fit", limit=limit, how="over", bytes=target.stat().st_size)
    return look(target), b""


def _glance(source: Path, cuts: list[int]) -> tuple[Shape, list[Sample]]:
    """The shape at full size, and for each chunk what it would cost, judged by a few frames from its middle."""
    samples: list[Sample] = []
    shape: Shape | None = None
    with open_film(source) as film:
        stream = moving(film)
        for frames in _chunks(_frames(film, stream), cuts, keep=SAMPLE_FRAMES):
            shape = shape or _shape(stream, frames.kept[0])
            fitted = [_drawn(frame, shape) for frame in frames.kept]
            sizes = [(crf, _cost(shape, fitted, crf, frames.count)) for crf in SAMPLE_CRFS]
            samples.append(Sample(tuple(sizes)))
    if shape is None:
        raise BadFilm("film_not_video", how="no frame")
    return shape, samples


def _cost(shape: Shape, frames: list[VideoFrame], crf: float, count: int) -> float:
    """Bytes that `count` frames like these would take: one whole picture, and changes for the others."""
    sizes = [packet.size for packet in _encoded(shape.encoder(crf), frames)]
    each = sum(sizes[1:]) / max(1, len(sizes) - 1)
    return max(16.0, sizes[0] + each * (count - 1))


def _encoded(context: VideoCodecContext, frames: Iterable[VideoFrame]) -> list[av.Packet]:
    return [packet for frame in itertools.chain(frames, [None]) for packet in context.encode(frame)]


@dataclass
class _Chunk:
    kept: list[VideoFrame]
    count: int = 0


def _chunks(frames: Iterator[VideoFrame], cuts: list[int], *, keep: int = 0) -> Iterator[_Chunk]:
    """Chunks of frames, ended before these numbers (the last of them is the film's end); with `keep`, only so many
    frames from the middle of each."""
    chunk = _Chunk([])
    start, ends = 0, [*cuts]
    for number, frame in enumerate(frames):
        if number == ends[0] and len(ends) > 1:
            yield chunk
            chunk = _Chunk([])
            start = ends.pop(0)
        chunk.count += 1
        if chunk.count > 4 * CHUNK_FRAMES:
            raise BadFilm("film_cannot_fit", how="more frames than packets")
        if not keep or (len(chunk.kept) < keep and number >= (start + ends[0] - keep) // 2):
            chunk.kept.append(frame)
    if chunk.kept:
        yield chunk


def _frames(film: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
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


def _shape(stream: VideoStream, frame: VideoFrame) -> Shape:
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


def _drawn(frame: VideoFrame, shape: Shape) -> VideoFrame:
    """The frame at the film's size and in its colours; the encoder itself shall decide what kind of picture it is."""
    drawn = frame.reformat(shape.width, shape.height, "yuv420p", interpolation="BICUBIC")
    drawn.pict_type = PictureType.NONE
    return drawn


class _Fitting:
    """One film on its way into one file."""

    def __init__(
        self, source: Path, out: OutputContainer, limit: int, seconds: float, count: int, cuts: list[int]
    ) -> None:
        self.source, self.out, self.limit, self.seconds = source, out, limit, seconds
        self.count, self.cuts = count, cuts
        self.sound: list[av.Packet] = []
        self.last_dts: int | None = None

    def run(self, shape: Shape, samples: list[Sample]) -> None:
        pictures = self.out.add_stream("libx264", rate=shape.rate)
        self._add_sound()
        sound = sum(packet.size for packet in self.sound)
        left = self.limit - sound - OVERHEAD - OVERHEAD_FRAME * self.count - OVERHEAD_SOUND * len(self.sound)
        if left <= 0:
            raise BadFilm("film_cannot_fit", limit=self.limit, how="sound")
        self.budget = Budget(samples, left)
        scale = self.budget.choose_scale()
        self.shape = Shape(
            _even(shape.width * scale), _even(shape.height * scale), shape.rate, shape.time_base, shape.colours
        )
        self.total = left
        self.shape.dress(pictures.codec_context, LOSSLESS)
        self.out.start_encoding()
        self.header = pictures.codec_context.extradata
        with open_film(self.source) as film:
            # Drawn before they wait in their chunk: a source may have four times as many pixels as its copy.
            frames = (_drawn(frame, self.shape) for frame in _frames(film, moving(film)))
            for chunk in _chunks(frames, self.cuts):
                self._mux(pictures, self._chunk(chunk.kept))
        self.out.mux(self.sound)

    def _chunk(self, frames: list[VideoFrame]) -> list[av.Packet]:
        """One chunk's packets: at the first attempt, but where that would break the limit or waste the rest of it."""
        budget = self.budget
        crf, ceiling = budget.crf(), budget.left if budget.last else budget.ceiling
        floor = budget.left - (1 - USED) * self.total if budget.last else 0.0
        best: tuple[float, list[av.Packet]] | None = None
        low, high = LOSSLESS, WORST
        for _ in range(ATTEMPTS):
            encoder = self.shape.encoder(crf)
            packets = _encoded(encoder, frames)
            # The file has one header for all pieces: a piece with another one would be shown as rubbish.
            if encoder.extradata != self.header:
                raise BadFilm("film_cannot_fit", limit=self.limit, how="headers")
            size = sum(packet.size for packet in packets)
            if size <= ceiling:
                best, high = (crf, packets), min(high, crf)
                if size >= floor or crf <= LOSSLESS:
                    break
            else:
                low = max(low, crf)
            # Six steps of CRF halve the bytes, by and large; never outside what is known to be too much or too little.
            goal = (ceiling + max(floor, 0.9 * ceiling)) / 2
            step = 6 * _log2(size / goal)
            tried, crf = crf, min(max(crf + step, LOSSLESS), WORST)
            if best and not low < crf < high:
                crf = (low + high) / 2
            if abs(crf - tried) < 0.05:
                break
        if best is None:
            raise BadFilm("film_cannot_fit", limit=self.limit, how="pictures")
        budget.spent(sum(packet.size for packet in best[1]), best[0])
        return best[1]

    def _mux(self, stream: VideoStream, packets: list[av.Packet]) -> None:
        for packet in packets:
            # Between two encoders a decoding time may repeat where frames came unevenly.
            if self.last_dts is not None and packet.dts is not None and packet.dts <= self.last_dts:
                packet.dts = self.last_dts + 1
            self.last_dts = packet.dts
            now = float((packet.dts or 0) * self.shape.time_base)
            packet.stream = stream
            self.out.mux(packet)
            while self.sound and self.sound[0].time_base and _starts(self.sound[0]) <= now:
                self.out.mux(self.sound.pop(0))

    def _add_sound(self) -> None:
        """Take over the film's sound, as it is when it is small enough, else encoded anew."""
        with open_film(self.source) as film:
            if not film.streams.audio:
                return
            stream = film.streams.audio[0]
            rate = int(min(SOUND_BEST, max(SOUND_LEAST, SOUND_SHARE * self.limit * 8 / self.seconds)))
            packets = [packet for packet in film.demux(stream) if packet.size and packet.dts is not None]
            size = sum(packet.size for packet in packets)
            plain = stream.codec_context.name == "aac" and stream.codec_context.channels <= 2
            if plain and size * 8 / self.seconds <= rate * 1.05:
                kept: AudioStream = self.out.add_stream_from_template(stream)
                for packet in packets:
                    packet.stream = kept
                self.sound = packets
                return
        self._encode_sound(rate)

    def _encode_sound(self, rate: int) -> None:
        with open_film(self.source) as film:
            stream = film.streams.audio[0]
            context = stream.codec_context
            made = self.out.add_stream("aac", rate=48_000 if context.sample_rate > 44_100 else 44_100)
            made.codec_context.layout = "mono" if context.channels == 1 else "stereo"
            made.codec_context.bit_rate = rate
            for frame in itertools.chain(film.decode(stream), [None]):
                self.sound += made.encode(frame)


def _starts(packet: av.Packet) -> float:
    return float((packet.dts or 0) * packet.time_base)


def _log2(value: float) -> float:
    return math.log2(max(value, 1e-6))
