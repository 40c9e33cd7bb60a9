"""How a film, or several in a row, are encoded once into a given number of bytes; runs only in a child process.

The film is cut into chunks of about two seconds. A glance at a few frames of each says what it would cost; then each
chunk is encoded in turn at the quality that its own cost, those of the chunks after it and the bytes left allow. An
encoder is made for each chunk, with headers that do not depend on the quality, so the pieces join into one stream.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from domain.faults import BadFilm

from .budget import LOSSLESS, WORST, Budget, Sample
from .glance import glance, weights_of
from .pieces import CHUNK_FRAMES, Shape, chunks_of, drawn, encoded, frames_of, shape_of
from .reel import look, moving, open_film
from .sound import add_sound, mux_sound
from .strip import Strip

CHUNK_SECONDS = 2.0
#: What the MP4 itself takes, at most: in all, for a frame, for a packet of sound.
OVERHEAD, OVERHEAD_FRAME, OVERHEAD_SOUND = 4096, 32, 24
#: Attempts at one chunk; only a chunk that was misjudged badly, or the last one, takes more than the first.
ATTEMPTS, ATTEMPTS_LAST = 6, 12
#: What a film must use of its limit, if it is not visually lossless.
USED = 0.92


def fit(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the fields of the Film made at {target} from {source}, of at most {limit} bytes."""
    target = Path(arguments["target"])
    encode(Strip([Path(arguments["source"])]), target, int(arguments["limit"]))
    return look(target), b""


def encode(strip: Strip, target: Path, limit: int) -> None:
    """Encode the strip into a file of at most `limit` bytes, in the shape of its first film."""
    weights = [weight for part in strip.parts for weight in weights_of(part.path)]
    count = len(weights)
    pieces = max(1, round(count / min(CHUNK_FRAMES, max(8.0, CHUNK_SECONDS * count / max(strip.seconds, 0.04)))))
    cuts = [(number + 1) * count // pieces for number in range(pieces)]
    shape = _shape(strip)
    samples = glance(strip, shape, cuts, weights)
    try:
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            _Fitting(strip, out, limit, count, cuts).run(shape, samples)
    except OSError as error:
        # The file outgrew what the kernel lets us write, or the disk is full.
        raise BadFilm("film_cannot_fit", limit=limit, how=type(error).__name__) from None
    if target.stat().st_size > limit:
        raise BadFilm("film_cannot_fit", limit=limit, how="over", bytes=target.stat().st_size)


def _shape(strip: Strip) -> Shape:
    with open_film(strip.parts[0].path) as film:
        stream = moving(film)
        return shape_of(stream, next(frames_of(film, stream)))


class _Fitting:
    """A strip on its way into one file."""

    def __init__(self, strip: Strip, out: OutputContainer, limit: int, count: int, cuts: list[int]) -> None:
        self.strip, self.out, self.limit = strip, out, limit
        self.count, self.cuts = count, cuts
        self.sound: list[av.Packet] = []
        self.last_dts: int | None = None

    def run(self, shape: Shape, samples: list[Sample]) -> None:
        pictures = self.out.add_stream("libx264", rate=shape.rate)
        self.sound = add_sound(self.strip, self.out, self.limit)
        sound = sum(packet.size for packet in self.sound)
        left = self.limit - sound - OVERHEAD - OVERHEAD_FRAME * self.count - OVERHEAD_SOUND * len(self.sound)
        if left <= 0:
            raise BadFilm("film_cannot_fit", limit=self.limit, how="sound")
        self.budget = Budget(samples, left)
        scale = self.budget.choose_scale()
        self.shape = shape.scaled(scale)
        # Of the whole file, sound and all; what its frame of an MP4 will not need after all is not counted on.
        self.spare = max(0.02 * left, left + sound - USED * self.limit)
        self.shape.dress(pictures.codec_context, LOSSLESS)
        self.out.start_encoding()
        self.header = pictures.codec_context.extradata
        # Drawn before they wait in their chunk: a source may have four times as many pixels as its copy.
        copies = (drawn(frame, self.shape) for frame in self.strip.frames())
        for chunk in chunks_of(copies, self.cuts):
            self._mux(pictures, self._chunk(chunk.kept))
        self.out.mux(self.sound)

    def _chunk(self, frames: list[VideoFrame]) -> list[av.Packet]:
        """One chunk's packets: at the first attempt, but where that would break the limit or waste the rest of it."""
        budget = self.budget
        crf, ceiling = budget.crf(), budget.left if budget.last else budget.ceiling
        floor = budget.left - self.spare if budget.last else 0.0
        best: tuple[float, list[av.Packet]] | None = None
        low, high = LOSSLESS, WORST
        for _ in range(ATTEMPTS_LAST if budget.last else ATTEMPTS):
            encoder = self.shape.encoder(crf)
            packets = encoded(encoder, frames)
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
            tried, crf = crf, self._again(crf, size, ceiling, floor)
            if not low < crf < high:
                crf = (low + high) / 2
            if abs(crf - tried) < 0.05:
                break
        if best is None:
            raise BadFilm("film_cannot_fit", limit=self.limit, how="pictures")
        budget.spent(sum(packet.size for packet in best[1]), best[0])
        return best[1]

    def _again(self, crf: float, size: int, ceiling: float, floor: float) -> float:
        """The quality to try after `crf` gave `size` bytes, which is above the ceiling or below the floor."""
        if not self.budget.last:
            # What all that is left can share, now that it is known how heavy this chunk is.
            return max(self.budget.crf(next_size=(crf, size)), crf + 1)
        # Six steps of CRF halve the bytes, by and large.
        goal = (ceiling + max(floor, 0.9 * ceiling)) / 2
        return min(max(crf + 6 * math.log2(max(size, 1) / max(goal, 1)), LOSSLESS), WORST)

    def _mux(self, stream: VideoStream, packets: list[av.Packet]) -> None:
        for packet in packets:
            # Between two encoders a decoding time may repeat where frames came unevenly.
            if self.last_dts is not None and packet.dts is not None and packet.dts <= self.last_dts:
                packet.dts = self.last_dts + 1
            self.last_dts = packet.dts
            now = float((packet.dts or 0) * self.shape.time_base)
            packet.stream = stream
            self.out.mux(packet)
            mux_sound(self.out, self.sound, now)
