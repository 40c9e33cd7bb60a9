"""What a plain MP4 says of itself, read in Python alone: most films are one, and a child's start takes longer.

Nothing is decoded here, and whatever is not as it should be is left to the child. Source: ISO/IEC 14496-12 and -15.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, BinaryIO

#: Bytes of an index, and samples of a track, that are read here.
_INDEX_MAX, _SAMPLES_MAX = 8 * 1024 * 1024, 100_000
#: Parts of a box, and units of a picture.
_PARTS_MAX, _UNITS_MAX = 1_000, 200
#: Pictures whose inner lengths are checked, from the first to the last.
_CHECKED = 16
#: A film that promises so many seconds more than its pictures take is for the child to judge.
_SLACK = 1.0
#: An edit list that leaves out so many seconds is no plain one.
_EDITED = 0.1
_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ")
#: A track's turn, by its matrix: whether width and height change places.
_TURNS: dict[tuple[int, ...], bool] = {
    (1, 0, 0, 1): False,
    (-1, 0, 0, -1): False,
    (0, 1, -1, 0): True,
    (0, -1, 1, 0): True,
}
#: NAL units of one picture that can be shown by itself (IDR), and all those that films have.
_WHOLE, _KNOWN = 5, range(1, 13)


class _NotPlain(Exception):
    """Something is missing, or is not what players expect."""


class _Box:
    """A piece of the index by its parts' names."""

    def __init__(self, data: bytes) -> None:
        self._parts: dict[bytes, list[bytes]] = {}
        for name, body in _boxes(data):
            self._parts.setdefault(name, []).append(body)

    def __contains__(self, name: bytes) -> bool:
        return name in self._parts

    def only(self, *path: bytes) -> bytes:
        """The body of the one part of this name, and of the one inside it, …"""
        (body,) = self._parts.get(path[0], [])
        return _Box(body).only(*path[1:]) if path[1:] else body

    def each(self, name: bytes) -> list[_Box]:
        return [_Box(body) for body in self._parts.get(name, [])]


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, count = 0, 0
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        count += 1
        if size < 8 or at + size > len(data) or count > _PARTS_MAX:
            raise _NotPlain
        yield name, data[at + 8 : at + size]
        at += size


def read(path: Path) -> dict[str, Any] | None:
    """The fields of media.films.Film for a whole MP4 of H.264 and at most one AAC track; None for anything else."""
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except (_NotPlain, struct.error, ValueError, IndexError, OSError):
        return None


def _read(file: BinaryIO, size: int) -> dict[str, Any]:
    index, faststart = _index(file, size)
    movie = _Box(index)
    if b"mvex" in movie:
        raise _NotPlain  # in fragments: the index does not say all
    tracks = {track.only(b"mdia", b"hdlr")[8:12]: track for track in movie.each(b"trak")}
    if len(tracks) != len(movie.each(b"trak")) or not {b"vide"} <= tracks.keys() <= {b"vide", b"soun"}:
        raise _NotPlain
    picture = _Track(tracks[b"vide"], size)
    (scale,) = struct.unpack_from(">I", movie.only(b"mvhd"), 20 if movie.only(b"mvhd")[0] else 12)
    _check_edit(tracks[b"vide"], picture.seconds, scale)
    entry = _entry(picture.table, b"avc1")
    width, height = struct.unpack_from(">HH", entry, 24)
    _check_pictures(file, picture, _Box(entry[78:]).only(b"avcC")[4] % 4 + 1)
    sound = tracks.get(b"soun")
    if sound:
        _check_sound(_Track(sound, size))
    if not width or not height:
        raise _NotPlain
    turned = _TURNS.get(_turn(tracks[b"vide"].only(b"tkhd")))
    if turned is None:
        raise _NotPlain
    return {
        "width": height if turned else width,
        "height": width if turned else height,
        "seconds": picture.seconds,
        "video_codec": "h264",
        "audio_codec": "aac" if sound else None,
        "size": size,
        "faststart": faststart,
    }


def _index(file: BinaryIO, size: int) -> tuple[bytes, bool]:
    """The body of `moov`, and whether it comes before the pictures."""
    at, index, seen = 0, None, list[bytes]()
    while at < size:
        file.seek(at)
        head = file.read(16)
        length, name = struct.unpack_from(">I4s", head)
        start = 8
        if length == 1:
            length, start = int.from_bytes(head[8:16], "big"), 16
        if length < start or at + length > size or len(seen) > 50:
            raise _NotPlain
        if at == 0 and (name != b"ftyp" or head[8:12] not in _BRANDS):
            raise _NotPlain
        if name == b"moov":
            if index is not None or length > _INDEX_MAX:
                raise _NotPlain
            file.seek(at + start)
            index = file.read(length - start)
        seen.append(name)
        at += length
    if index is None or b"mdat" not in seen:
        raise _NotPlain
    return index, seen.index(b"moov") < seen.index(b"mdat")


class _Track:
    """Where a track's samples lie: all of them inside the file, or it is not plain."""

    def __init__(self, track: _Box, size: int) -> None:
        self.table = _Box(track.only(b"mdia", b"minf", b"stbl"))
        self.sizes = _sizes(self.table.only(b"stsz"))
        self.offsets = _offsets(self.table, self.sizes)
        if any(at < 8 or at + length > size for at, length in zip(self.offsets, self.sizes, strict=True)):
            raise _NotPlain
        self.seconds = self._seconds(track.only(b"mdia", b"mdhd"))

    def _seconds(self, head: bytes) -> float:
        scale, promised = struct.unpack_from(">IQ" if head[0] else ">II", head, 20 if head[0] else 12)
        runs = list(_table(self.table.only(b"stts"), 2))
        seconds = sum(count * ticks for count, ticks in runs) / scale if scale else 0.0
        if sum(count for count, _ in runs) != len(self.sizes) or seconds <= 0 or promised / scale > seconds + _SLACK:
            raise _NotPlain
        return seconds


def _table(body: bytes, width: int) -> Iterator[tuple[int, ...]]:
    """The rows of a table of 32-bit numbers, so many in each."""
    (count,) = struct.unpack_from(">I", body, 4)
    if count > _SAMPLES_MAX or len(body) < 8 + 4 * width * count:
        raise _NotPlain
    return struct.iter_unpack(f">{width}I", body[8 : 8 + 4 * width * count])


def _sizes(body: bytes) -> list[int]:
    each, count = struct.unpack_from(">II", body, 4)
    if not 0 < count <= _SAMPLES_MAX:
        raise _NotPlain
    return [each] * count if each else list(struct.unpack_from(f">{count}I", body, 12))


def _offsets(table: _Box, sizes: list[int]) -> list[int]:
    """Where each sample begins: samples lie in chunks, chunks anywhere."""
    wide = b"co64" in table
    body = table.only(b"co64" if wide else b"stco")
    (count,) = struct.unpack_from(">I", body, 4)
    if not 0 < count <= len(sizes):
        raise _NotPlain
    chunks = struct.unpack_from(f">{count}{'Q' if wide else 'I'}", body, 8)
    runs = [(first, samples) for first, samples, _ in _table(table.only(b"stsc"), 3)]
    ends = [first for first, _ in runs[1:]] + [count + 1]
    offsets: list[int] = []
    rest = iter(sizes)
    for (first, samples), end in zip(runs, ends, strict=True):
        if not 0 < first < end or not 0 < samples <= len(sizes):
            raise _NotPlain
        for chunk in chunks[first - 1 : end - 1]:
            lengths = list(islice(rest, samples))
            offsets += [chunk + before for before in accumulate(lengths[:-1], initial=0)]
    if len(offsets) != len(sizes) or runs[0][0] != 1:
        raise _NotPlain
    return offsets


def _entry(table: _Box, name: bytes) -> bytes:
    """The one description of a track's samples, which has to be of this kind."""
    ((found, body),) = _boxes(table.only(b"stsd")[8:])
    if found != name:
        raise _NotPlain
    return body


def _turn(head: bytes) -> tuple[int, ...]:
    """The four numbers of a track's matrix that turn it, where they are whole."""
    a, b, _, c, d = struct.unpack_from(">5i", head, 52 if head[0] else 40)
    whole = [value / 65536 for value in (a, b, c, d)]
    return tuple(int(value) for value in whole) if all(value.is_integer() for value in whole) else ()


def _check_pictures(file: BinaryIO, track: _Track, width: int) -> None:
    """Some pictures, the first and the last among them, are made of units whose lengths add up; the first is whole."""
    last = len(track.sizes) - 1
    for n in sorted({last * part // _CHECKED for part in range(_CHECKED + 1)}):
        kinds = list(islice(_units(file, track.offsets[n], track.sizes[n], width), _UNITS_MAX))
        if (
            not 0 < len(kinds) < _UNITS_MAX
            or any(kind not in _KNOWN for kind in kinds)
            or (n == 0 and _WHOLE not in kinds)
        ):
            raise _NotPlain


def _units(file: BinaryIO, at: int, size: int, width: int) -> Iterator[int]:
    end = at + size
    while at < end:
        file.seek(at)
        head = file.read(width + 1)
        length = int.from_bytes(head[:width], "big")
        if not length or head[width] & 0x80:
            raise _NotPlain
        yield head[width] & 0x1F
        at += width + length
    if at != end:
        raise _NotPlain


def _check_edit(track: _Box, seconds: float, scale: int) -> None:
    """An edit list, where there is one, shows all of the track."""
    if b"edts" not in track:
        return
    edits = track.only(b"edts", b"elst")
    (count,) = struct.unpack_from(">I", edits, 4)
    (shown,) = struct.unpack_from(">Q" if edits[0] else ">I", edits, 8)
    if count != 1 or not scale or abs(shown / scale - seconds) > _EDITED:
        raise _NotPlain


def _check_sound(track: _Track) -> None:
    """AAC, as its description says: object type 0x40."""
    described = _Box(_entry(track.table, b"mp4a")[28:]).only(b"esds")
    # A descriptor of the decoder (tag 4) stands inside that of the stream; lengths may be padded with 0x80.
    place = described.index(b"\x04", 7)
    if described[place + 1 :].lstrip(b"\x80")[1] != 0x40:
        raise _NotPlain
