"""What each chunk of a film would cost, judged by a few of its frames; runs only in a child process."""

from __future__ import annotations

from pathlib import Path

from av.video.frame import VideoFrame

from domain.faults import BadFilm

from .budget import Sample
from .pieces import Shape, chunks_of, drawn, encoded
from .reel import moving, open_film
from .strip import Strip

SAMPLE_FRAMES = 8
SAMPLE_CRFS = (18.0, 25.0, 34.0)
#: The quality at which a chunk is also tried at half its width and height, to learn what smaller pictures save.
HALF_CRF = 25.0


def weights_of(source: Path) -> list[float]:
    """What each frame took in the source, in the order they are shown; whole pictures as much as their neighbour."""
    with open_film(source) as film:
        found = [
            (packet.pts if packet.pts is not None else packet.dts or 0, packet.size, packet.is_keyframe)
            for packet in film.demux(moving(film))
            if packet.size
        ]
    weights: list[float] = []
    for _, size, whole in sorted(found):
        weights.append(weights[-1] if whole and weights else float(size))
    if len(weights) > 1:
        weights[0] = weights[1]
    return weights


def glance(strip: Strip, shape: Shape, cuts: list[int], weights: list[float]) -> list[Sample]:
    """What each chunk would cost at full size, judged by a few frames from its middle."""
    samples: list[Sample] = []
    start = 0
    for chunk in chunks_of(strip.frames(), cuts, keep=SAMPLE_FRAMES):
        typical = _typical(weights[start : start + chunk.count])
        start += chunk.count
        frames = [drawn(frame, shape) for frame in chunk.kept]
        sizes = [(crf, _cost(shape, frames, crf, chunk.count, typical)) for crf in SAMPLE_CRFS]
        small = shape.scaled(0.5)
        half = _cost(small, [drawn(frame, small) for frame in frames], HALF_CRF, chunk.count, typical)
        samples.append(Sample(tuple(sizes), half))
    if not samples:
        raise BadFilm("film_not_video", how="no frame")
    return samples


def _typical(weights: list[float]) -> float:
    """How much more than its middle, where the samples are, a whole chunk took in the source; 1 where alike."""
    start = max(0, (len(weights) - SAMPLE_FRAMES) // 2)
    middle = weights[start + 1 : start + SAMPLE_FRAMES]
    if not middle or not sum(middle):
        return 1.0
    ratio = (sum(weights) / len(weights)) / (sum(middle) / len(middle))
    # Less than in proportion: the source spent more on fine grain than its copy will.
    return min(8.0, max(0.25, ratio**0.8))


def _cost(shape: Shape, frames: list[VideoFrame], crf: float, count: int, typical: float) -> float:
    """Bytes that `count` frames would take: one whole picture, and changes for the others, `typical` times these."""
    sizes = [packet.size for packet in encoded(shape.encoder(crf), frames)]
    each = sum(sizes[1:]) / max(1, len(sizes) - 1)
    return max(16.0, sizes[0] + each * typical * (count - 1))
