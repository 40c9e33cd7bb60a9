"""How a film's sound is brought into its copy; runs only in a child process."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from .reel import open_film

#: Sound gets so many bits a second at most, and this share of all bits at most, but never less than it needs.
BEST, SHARE, LEAST = 128_000, 0.12, 24_000


def add_sound(source: Path, out: OutputContainer, limit: int, seconds: float) -> list[av.Packet]:
    """A stream for the sound in `out`, and its packets: as they are when small enough, else encoded anew."""
    rate = int(min(BEST, max(LEAST, SHARE * limit * 8 / seconds)))
    with open_film(source) as film:
        if not film.streams.audio:
            return []
        stream = film.streams.audio[0]
        packets = [packet for packet in film.demux(stream) if packet.size and packet.dts is not None]
        size = sum(packet.size for packet in packets)
        plain = stream.codec_context.name == "aac" and stream.codec_context.channels <= 2
        if plain and size * 8 / seconds <= rate * 1.05:
            kept: AudioStream = out.add_stream_from_template(stream)
            for packet in packets:
                packet.stream = kept
            return packets
    return _encoded(source, out, rate)


def _encoded(source: Path, out: OutputContainer, rate: int) -> list[av.Packet]:
    with open_film(source) as film:
        stream = film.streams.audio[0]
        context = stream.codec_context
        made = out.add_stream("aac", rate=48_000 if context.sample_rate > 44_100 else 44_100)
        made.codec_context.layout = "mono" if context.channels == 1 else "stereo"
        made.codec_context.bit_rate = rate
        return [packet for frame in itertools.chain(film.decode(stream), [None]) for packet in made.encode(frame)]
