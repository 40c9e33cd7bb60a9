"""How a film from a stranger is opened and looked into; runs only in a child process."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from domain.faults import BadFilm

#: Decoders that a stranger's bytes may reach.
VIDEO_CODECS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4"})
#: A last frame that ends this many seconds before the film says it does means that the rest is missing.
SLACK = 1.5
_ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"})
_STILLS = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"crx ", b"jpg "})


def probe(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the fields of media.films.Film for {path}."""
    return look(Path(arguments["path"])), b""


def open_film(path: Path) -> InputContainer:
    """The film at `path`, read as what its first bytes say and as nothing else; no other file, no network."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in _ATOMS and head[8:12] not in _STILLS:
        kind = "mov"
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        kind = "matroska"
    else:
        raise BadFilm("film_not_video", how="format")
    if kind == "mov":
        _refuse_cut(path)
    try:
        return av.open(f"file:{path}", format=kind, options={"protocol_whitelist": "file"})
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise BadFilm("film_not_video", how=type(error).__name__) from None


def moving(film: InputContainer) -> VideoStream:
    """The first stream of moving pictures (a cover is none)."""
    for stream in film.streams.video:
        if Disposition.attached_pic not in stream.disposition and stream.codec_context is not None:
            if stream.codec_context.name not in VIDEO_CODECS:
                raise BadFilm("film_not_video", how=stream.codec_context.name)
            return stream
    raise BadFilm("film_not_video", how="no pictures")


def look(path: Path) -> dict[str, Any]:
    """The fields of a Film; BadFilm when there is none, or not all of it."""
    with open_film(path) as film:
        stream = moving(film)
        stream.codec_context.thread_count = 1
        frame = first_frame(film, stream)
        audio = film.streams.audio[0] if film.streams.audio else None
        _, seconds = span(film, stream)
    turned = frame.rotation % 180 != 0
    return {
        "width": frame.height if turned else frame.width,
        "height": frame.width if turned else frame.height,
        "seconds": float(seconds),
        "video_codec": stream.codec_context.codec.canonical_name,
        "audio_codec": audio.codec_context.codec.canonical_name if audio is not None else None,
        "size": path.stat().st_size,
        "faststart": _faststart(path),
    }


def first_frame(film: InputContainer, stream: VideoStream) -> VideoFrame:
    """The first frame that can be shown; BadFilm when there is none."""
    try:
        for frame in film.decode(stream):
            return frame
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise BadFilm("film_not_video", how=type(error).__name__) from None
    raise BadFilm("film_not_video", how="no frame")


def span(film: InputContainer, stream: VideoStream) -> tuple[Fraction, Fraction]:
    """When the pictures begin, and how long they last, in seconds, from the packets that are really there.

    BadFilm when the header promises more, and when there is no length at all.
    """
    film.seek(0)
    base = stream.time_base or Fraction(0)
    first, last = None, 0
    try:
        for packet in film.demux(stream):
            # What an edit list leaves out is there to be decoded, and not shown.
            if packet.pts is None or packet.is_discard:
                continue
            first = packet.pts if first is None else min(first, packet.pts)
            last = max(last, packet.pts + (packet.duration or 0))
    except FFmpegError:
        raise BadFilm("film_cut_short") from None
    promised = float(stream.duration * base) if stream.duration else (film.duration or 0) / av.time_base
    seconds = (last - (first or 0)) * base
    if seconds < promised - SLACK:
        raise BadFilm("film_cut_short", seconds=round(float(seconds), 2), promised=round(promised, 2))
    if seconds <= 0:
        raise BadFilm("film_not_video", how="no length")
    return (first or 0) * base, seconds


def _atoms(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each outermost box of an MP4. Source: ISO/IEC 14496-12, section 4.2"""
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, name = int.from_bytes(head[:4], "big"), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            end = size if length == 0 else at + max(length, 8)
            yield name, at, end
            at = end


def _refuse_cut(path: Path) -> None:
    size = path.stat().st_size
    names = set()
    for name, _, end in _atoms(path):
        names.add(name)
        if end > size:
            raise BadFilm("film_cut_short", bytes=size, promised=end)
    # The index comes last in most films: one that lacks it lost its end just between two boxes.
    if b"mdat" in names and b"moov" not in names:
        raise BadFilm("film_cut_short", bytes=size)


def _faststart(path: Path) -> bool:
    """Whether the index comes before the pictures."""
    for name, _, _ in _atoms(path):
        if name in (b"moov", b"mdat"):
            return name == b"moov"
    return False
