"""How a frame of another shape gets bars, so that nothing of it is lost or bent; runs only in a child process."""

from __future__ import annotations

import functools
from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame

#: So few pixels of bar are not worth it: the frame is stretched by them.
_SLIVER = 4


def inside(frame: VideoFrame, width: int, height: int) -> tuple[int, int]:
    """The largest even size that the frame has room for inside `width` × `height` (both even), in its own shape."""
    factor = min(width / frame.width, height / frame.height)
    inner = tuple(max(2, round(side * factor / 2) * 2) for side in (frame.width, frame.height))
    if width - inner[0] <= _SLIVER and height - inner[1] <= _SLIVER:
        return width, height
    return min(inner[0], width), min(inner[1], height)


def boxed(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """The frame (yuv420p) in the middle of a black one."""
    graph = _bars(frame.width, frame.height, width, height, frame.time_base)
    graph.push(frame)
    return graph.vpull()


@functools.lru_cache(maxsize=8)
def _bars(inner_width: int, inner_height: int, width: int, height: int, time_base: Fraction) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=inner_width, height=inner_height, format="yuv420p", time_base=time_base)  # type: ignore[arg-type]
    pad = graph.add("pad", f"{width}:{height}:-1:-1:black")
    graph.link_nodes(source, pad, graph.add("buffersink")).configure()
    return graph
