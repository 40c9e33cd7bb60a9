"""How a frame that says "turn me" is turned; runs only in a child process."""

from __future__ import annotations

from av.filter import Graph
from av.video.frame import VideoFrame

#: Degrees that a viewer turns the frame counter-clockwise → filters that do it for good.
_FILTERS = {90: (("transpose", "cclock"),), 180: (("hflip", None), ("vflip", None)), 270: (("transpose", "clock"),)}


class Upright:
    """Turns frames of one film; makes its filters for the first one that needs them."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._angle = 0

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        angle = round(frame.rotation / 90) * 90 % 360
        if angle not in _FILTERS:
            return frame
        if self._graph is None or angle != self._angle:
            self._graph, self._angle = _graph(frame, angle), angle
        self._graph.push(frame)
        turned = self._graph.pull()
        if not isinstance(turned, VideoFrame):
            raise TypeError(turned)
        return turned


def _graph(frame: VideoFrame, angle: int) -> Graph:
    graph = Graph()
    last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    for name, argument in _FILTERS[angle]:
        following = graph.add(name, argument) if argument else graph.add(name)
        last.link_to(following)
        last = following
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
