"""The ledger and the films of a server as tables, read and written page by page: any length takes as much memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from functools import lru_cache, partial
from pathlib import Path

import aiosqlite

from domain.usage import start_of
from service.sheets import Sheet, Stamps, cell
from storage import usage
from storage.database import Database

#: Rows between two reads: as many as others that read may wait for.
_PAGE = 4_000
LEDGER = ("time", "number", "member", "kind", "source", "credits", "job", "reason")
JOBS = (
    *("time", "job", "member", "channel", "model", "seconds", "size", "orientation"),
    *("credits", "cost", "currency", "state", "given_back", "reason", "private", "prompt"),
)

_ReadPage = Callable[[aiosqlite.Connection, usage.Span, tuple[int, int], int], Awaitable[list[sqlite3.Row]]]


@dataclass(frozen=True)
class Export:
    """Files of at most the size that was asked for, one CSV or zips that each hold one, and how many rows they have."""

    files: tuple[Path, ...]
    rows: int


class Exports:
    """Writes tables into a folder that the caller removes; asks nobody's rights: its callers do.

    Days are of the server's own zone, times are ISO 8601 in it. Members and channels are written as mentions: a
    spreadsheet would round numbers so long, and pasted into Discord a mention shows who it is. Of private films there
    is everything but the prompt. Raises Refused (`export_large`) for what would take too many files.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def ledger(self, guild_id: int, first: date, last: date, zone: tzinfo, folder: Path, *, most: int) -> Export:
        """Every change of credits from `first` to `last`, oldest first, in files of at most `most` bytes."""
        sheet = Sheet(folder, f"ledger-{first}-{last}", LEDGER, most=most)
        lines = partial(_ledger_lines, Stamps(zone))
        return await self._write(sheet, _span(guild_id, first, last, zone), usage.ledger_page, lines)

    async def jobs(self, guild_id: int, first: date, last: date, zone: tzinfo, folder: Path, *, most: int) -> Export:
        """Every film that was asked for from `first` to `last`, oldest first, in files of at most `most` bytes."""
        sheet = Sheet(folder, f"films-{first}-{last}", JOBS, most=most)
        lines = partial(_job_lines, Stamps(zone))
        return await self._write(sheet, _span(guild_id, first, last, zone), usage.jobs_page, lines)

    async def _write(
        self, sheet: Sheet, span: usage.Span, read: _ReadPage, lines: Callable[[list[sqlite3.Row]], Iterable[str]]
    ) -> Export:
        """Read the next page while the last one is written."""
        rows = 0
        conn, after = self._db.long_reader, (span.start, -1)
        with sheet:
            page = await read(conn, span, after, _PAGE)
            while page:
                rows += len(page)
                after = (page[-1][0], page[-1][1])
                writing = asyncio.create_task(asyncio.to_thread(sheet.add, lines(page)))
                try:
                    page = await read(conn, span, after, _PAGE)
                finally:
                    # A sheet is not closed, nor its folder removed, under the thread that writes.
                    await asyncio.wait([writing])
                writing.result()
        return Export(tuple(sheet.files), rows)


def _ledger_lines(stamp: Stamps, rows: list[sqlite3.Row]) -> Iterator[str]:
    for at, number, member, kind, source, amount, job, reason in rows:
        yield f"{stamp(at)},{number},<@{member}>,{kind},{source},{amount},{job},{cell(reason)}"


def _job_lines(stamp: Stamps, rows: list[sqlite3.Row]) -> Iterator[str]:
    # Few models and sizes, over and over.
    name = lru_cache(100)(cell)
    for (
        at,
        _,
        job,
        who,
        where,
        label,
        seconds,
        size,
        shape,
        price,
        cost,
        unit,
        state,
        back,
        why,
        private,
        prompt,
    ) in rows:
        yield (
            f"{stamp(at)},{job},<@{who}>,<#{where}>,{name(label)},{seconds},{name(size)},{shape or ''},"
            f"{price},{'' if cost is None else cost},{name(unit)},{state},{back},{why},{private},{cell(prompt)}"
        )


def _span(guild_id: int, first: date, last: date, zone: tzinfo) -> usage.Span:
    return usage.Span(guild_id, start_of(first, zone), start_of(last + timedelta(days=1), zone))
