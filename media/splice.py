"""How films are joined: their pictures copied where that can be, else encoded; runs only in a child process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from .encode import OVERHEAD, OVERHEAD_FRAME, OVERHEAD_SOUND, encode
from .reel import first_frame, look, moving, open_film
from .sound import add_sound, mux_sound
from .strip import Part, Strip


def join(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the fields of the Film made at {target} from {paths} in their order, of at most {limit} bytes."""
    target, limit = Path(arguments["target"]), int(arguments["limit"])
    strip = Strip([Path(path) for path in arguments["paths"]])
    if not (_alike(strip) and _copied(strip, target, limit)):
        encode(strip, target, limit)
    return look(target), b""


def _alike(strip: Strip) -> bool:
    """Whether one header tells a player all about the pictures of every film."""
    kinds = {_kind(part.path) for part in strip.parts}
    return len(kinds) == 1 and None not in kinds


def _kind(path: Path) -> tuple[Any, ...] | None:
    """Everything that must be equal in two films whose pictures can follow each other; None when none can."""
    with open_film(path) as film:
        stream = moving(film)
        context = stream.codec_context
        if context.name != "h264" or not context.extradata or first_frame(film, stream).rotation:
            return None
        film.seek(0)
        for n, packet in enumerate(packet for packet in film.demux(stream) if packet.size):
            # A film that was cut without encoding begins before its first shown picture, or in the middle of others.
            if packet.is_discard or packet.dts is None or (n == 0 and not packet.is_keyframe):
                return None
        return (
            context.extradata,
            (context.width, context.height, context.pix_fmt, stream.sample_aspect_ratio),
            (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
            stream.time_base,
        )


def _copied(strip: Strip, target: Path, limit: int) -> bool:
    """Whether a copy of all pictures, with the sound of all, was written to `target`; it stays within the limit."""
    # Added up before they are kept: what does not fit may not fit into memory either.
    sizes = [packet.size for part in strip.parts for packet in _moved(part)]
    room = limit - OVERHEAD - OVERHEAD_FRAME * len(sizes) - sum(sizes)
    if room <= 0:
        return False
    packets = [packet for part in strip.parts for packet in _moved(part)]
    times = [packet.dts or 0 for packet in packets]
    if any(late <= early for early, late in itertools.pairwise(times)):
        return False
    try:
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            with open_film(strip.parts[0].path) as film:
                template = moving(film)
                pictures = out.add_stream_from_template(template)
                pictures.time_base = template.time_base
            sound = add_sound(strip, out, limit)
            if sum(packet.size + OVERHEAD_SOUND for packet in sound) > room:
                return False
            for packet in packets:
                now = float((packet.dts or 0) * packet.time_base)
                packet.stream = pictures
                out.mux(packet)
                mux_sound(out, sound, now)
            out.mux(sound)
    except (FFmpegError, OSError) as error:
        if isinstance(error, MemoryError):
            raise
        return False
    return target.stat().st_size <= limit


def _moved(part: Part) -> Iterator[av.Packet]:
    """The packets of a film's pictures, with their times in the strip."""
    with open_film(part.path) as film:
        stream = moving(film)
        shift = round(part.shift / stream.time_base) if stream.time_base else 0
        for packet in film.demux(stream):
            if packet.size and packet.dts is not None:
                packet.dts += shift
                packet.pts = None if packet.pts is None else packet.pts + shift
                yield packet
