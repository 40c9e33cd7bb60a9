"""A table for spreadsheets in files that Discord takes: a CSV, and zipped parts once that would be too large.

- UTF-8 with a byte order mark: without it Excel misreads every sign beyond ASCII; other programs skip it.
- Text of people never becomes a formula: what a spreadsheet would calculate gets an apostrophe in front.
- Zipped and not gzipped, because telephones and Windows open that with a tap.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import IO

from domain.faults import Refused

MARK = "\ufeff"
#: More parts than these cannot be sent in a bearable time.
PARTS_MOST = 10
#: What zipping may hold back before it shows in the file's size, and how many bytes go in between two looks at that.
_SLACK, _PIECE = 256 * 1024, 64 * 1024
#: Spreadsheets calculate what begins like this, some of them after spaces. Source: OWASP, "CSV Injection".
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_DAY = 86_400_000


def cell(text: str) -> str:
    """Text of people as one field of a CSV that no spreadsheet calculates."""
    if not text:
        return ""
    if text[0] in _FORMULA or text.lstrip()[:1] in _FORMULA:
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'


class Stamps:
    """Moments (unix ms) in ISO 8601 in a zone, a hundred thousand of them in a blink when they come in order."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._days: dict[int, str] = {}
        self._minutes = [f"T{n // 60:02}:{n % 60:02}:" for n in range(1440)]
        self._seconds = [f"{n:02}" for n in range(60)]
        #: While moments are between these two, the offset from UTC (ms) stays, and is written so.
        self._since, self._until, self._offset, self._sign = 0, 0, 0, ""

    def __call__(self, at: int) -> str:
        """2026-11-26T12:00:00+01:00; nothing for 0, which stands for never."""
        if not at:
            return ""
        if not self._since <= at < self._until:
            self._turn(at)
        number, left = divmod(at + self._offset, _DAY)
        minute, left = divmod(left, 60_000)
        day = self._days.get(number)
        if day is None:
            day = self._days[number] = date.fromordinal(number + 719_163).isoformat()
        return day + self._minutes[minute] + self._seconds[left // 1000] + self._sign

    def _turn(self, at: int) -> None:
        """Find out how long the offset of this moment stays, for a day at most: no zone changes twice in one."""
        self._offset, self._sign = self._offset_of(at)
        low, high = at, at + _DAY
        if self._offset_of(high)[0] != self._offset:
            while high - low > 1:
                middle = (low + high) // 2
                same = self._offset_of(middle)[0] == self._offset
                low, high = (middle, high) if same else (low, middle)
        self._since, self._until = at, high

    def _offset_of(self, at: int) -> tuple[int, str]:
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone)
        offset = local.utcoffset()
        return (round(offset.total_seconds() * 1000) if offset else 0), local.isoformat(timespec="seconds")[19:]


class Sheet:
    """Files in `folder`, each of at most `most` bytes. Blocks, so it belongs in a thread; used as a context."""

    def __init__(self, folder: Path, stem: str, header: Sequence[str], *, most: int) -> None:
        self._folder = folder
        self._stem = stem
        self._head = (MARK + ",".join(header) + "\r\n").encode()
        self._most = most
        self._open = ExitStack()
        self._out: IO[bytes]
        self._zip: zipfile.ZipFile | None = None
        self._size = 0
        self.files: list[Path] = []

    def __enter__(self) -> Sheet:
        self.files.append(self._folder / f"{self._stem}.csv")
        self._out = self._open.enter_context(self.files[0].open("wb"))
        self._put(self._head)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, lines: Iterable[str]) -> None:
        """Write rows: fields with commas, without the line's end. Raises Refused `export_large`: too many parts."""
        piece: list[str] = []
        size = 0
        for line in lines:
            piece.append(line)
            size += len(line) + 2
            if size > _PIECE:
                self._add("\r\n".join([*piece, ""]).encode("utf-8", "replace"))
                piece, size = [], 0
        if piece:
            self._add("\r\n".join([*piece, ""]).encode("utf-8", "replace"))

    def _add(self, data: bytes) -> None:
        if self._zip is None and self._size + len(data) > self._most:
            self._zip_what_is_there()
        elif self._zip is not None and self._zipped() + len(data) + _SLACK > self._most:
            self._next_part()
        self._put(data)

    def _put(self, data: bytes) -> None:
        self._out.write(data)
        self._size += len(data)

    def _zipped(self) -> int:
        """Bytes that the part has now, but for what zipping holds back."""
        assert self._zip is not None
        assert self._zip.fp is not None
        return self._zip.fp.tell()

    def _zip_what_is_there(self) -> None:
        self._open.close()
        plain = self.files.pop()
        self._next_part(with_head=False)
        with plain.open("rb") as source:
            while data := source.read(_PIECE):
                self._put(data)
        plain.unlink()

    def _next_part(self, *, with_head: bool = True) -> None:
        self._open.close()
        number = len(self.files) + 1
        if number > PARTS_MOST:
            raise Refused("export_large", most=PARTS_MOST)
        self.files.append(self._folder / f"{self._stem}-{number}.zip")
        # The quickest level makes it a quarter of its size; the slowest a fifth.
        self._zip = zipfile.ZipFile(self.files[-1], "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._open.enter_context(self._zip)
        self._out = self._open.enter_context(self._zip.open(f"{self._stem}-{number}.csv", "w"))
        if with_head:
            self._put(self._head)
