"""How the sound of one film, or of several in a row, is brought into a copy; runs only in a child process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as AtEnd
from av.error import FFmpegError
from av.filter import Graph
from av.filter.context import FilterContext

from .reel import open_film
from .strip import Part, Strip

#: Sound gets so many bits a second at most, and this share of all bits at most, but never less than it needs.
BEST, SHARE, LEAST = 128_000, 0.12, 24_000
#: Samples of one packet of AAC.
_PACKET = 1024


def add_sound(strip: Strip, out: OutputContainer, limit: int) -> list[av.Packet]:
    """A stream for the sound in `out`, and its packets: a single film's as they are when small enough, else anew."""
    rate = int(min(BEST, max(LEAST, SHARE * limit * 8 / strip.seconds)))
    if len(strip.parts) > 1:
        return _joined(strip, out, rate)
    source = strip.parts[0].path
    with open_film(source) as film:
        if not film.streams.audio:
            return []
        stream = film.streams.audio[0]
        packets = [packet for packet in film.demux(stream) if packet.size and packet.dts is not None]
        size = sum(packet.size for packet in packets)
        plain = stream.codec_context.name == "aac" and stream.codec_context.channels <= 2
        if plain and size * 8 / strip.seconds <= rate * 1.05:
            kept: AudioStream = out.add_stream_from_template(stream)
            for packet in packets:
                packet.stream = kept
            return packets
    return _encoded(source, out, rate)


def mux_sound(out: OutputContainer, sound: list[av.Packet], until: float) -> None:
    """Put the packets that begin at `until` (seconds) or before into `out`, and take them from the list."""
    while sound and (sound[0].dts or 0) * sound[0].time_base <= until:
        out.mux(sound.pop(0))


def _encoded(source: Path, out: OutputContainer, rate: int) -> list[av.Packet]:
    with open_film(source) as film:
        stream = film.streams.audio[0]
        made = _stream(out, rate, stream.codec_context.sample_rate, stream.codec_context.channels)
        return [packet for frame in itertools.chain(film.decode(stream), [None]) for packet in made.encode(frame)]


def _stream(out: OutputContainer, rate: int, samples: int, channels: int) -> AudioStream:
    made = out.add_stream("aac", rate=48_000 if samples > 44_100 else 44_100)
    made.codec_context.layout = "mono" if channels == 1 else "stereo"
    made.codec_context.bit_rate = rate
    return made


def _joined(strip: Strip, out: OutputContainer, rate: int) -> list[av.Packet]:
    """One track for all films, encoded at once: packets of AAC overlap, so copied ones would click at every seam."""
    kinds: list[tuple[int, int]] = []
    for part in strip.parts:
        with open_film(part.path) as film:
            kinds += [(s.codec_context.sample_rate, s.codec_context.channels) for s in film.streams.audio[:1]]
    if not kinds:
        return []
    made = _stream(out, rate, max(samples for samples, _ in kinds), max(channels for _, channels in kinds))
    packets: list[av.Packet] = []
    at = round(strip.parts[0].start * made.rate)
    for part in strip.parts:
        for frame in _lasting(part, made, round(part.end * made.rate) - at):
            frame.pts, frame.time_base = at, Fraction(1, made.rate)
            at += frame.samples
            packets += made.encode(frame)
    return packets + made.encode(None)


def _lasting(part: Part, made: AudioStream, count: int) -> Iterator[AudioFrame]:
    """A part's sound as just `count` samples, from when its pictures begin; silence where it has none."""
    given = 0
    try:
        for frame in _heard(part, made, count):
            given += frame.samples
            yield frame
    except FFmpegError as error:
        # Sound that breaks off is no reason to lose the film.
        if isinstance(error, MemoryError):
            raise
    if given < count:
        silence = Graph()
        source = silence.add("anullsrc", f"r={made.rate}:cl={made.layout.name}")
        yield from _drawn(_ended(silence, source, made, count - given))


def _heard(part: Part, made: AudioStream, count: int) -> Iterator[AudioFrame]:
    with open_film(part.path) as film:
        if not film.streams.audio:
            return
        stream = film.streams.audio[0]
        graph: Graph | None = None
        for frame in film.decode(stream):
            if graph is None:
                graph = Graph()
                source = graph.add_abuffer(
                    sample_rate=frame.sample_rate,
                    format=frame.format.name,
                    layout=frame.layout.name,
                    time_base=frame.time_base,
                )
                # Gaps and overlaps become what the times say, also between the first picture and the first sound.
                mended = graph.add("aresample", f"{made.rate}:async=1:first_pts=0")
                source.link_to(mended)
                _ended(graph, mended, made, count)
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(part.first / frame.time_base)
            graph.push(frame)
            yield from _drawn(graph)
        if graph is not None:
            graph.push(None)
            yield from _drawn(graph)


def _ended(graph: Graph, last: FilterContext, made: AudioStream, count: int) -> Graph:
    """The graph, continued from `last` to frames that the encoder takes and to an end after `count` samples."""
    form = graph.add("aformat", f"sample_fmts=fltp:sample_rates={made.rate}:channel_layouts={made.layout.name}")
    end = graph.add("atrim", f"end_sample={count}")
    graph.link_nodes(last, form, end, graph.add("abuffersink")).configure()
    graph.set_audio_frame_size(_PACKET)
    return graph


def _drawn(graph: Graph) -> Iterator[AudioFrame]:
    """What the graph has ready."""
    while True:
        try:
            frame = graph.pull()
        except (NothingYet, AtEnd):
            return
        if isinstance(frame, AudioFrame):
            yield frame
