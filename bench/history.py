"""An admission with ten million rows in the ledger, against one with ten thousand: history must cost nothing."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import tempfile
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path

from bench.committed import admit, intake_on
from bench.measure import Figure, empty_queue, note, ratio, side_by_side, told
from storage.database import Database, open_database

LONG, SHORT = 10_000_000, 10_000
COUNT = 200
ROUNDS = 9
#: Holds and captures of a hundred thousand members in a thousand servers, the measured one among them.
_ROWS = """
    INSERT INTO ledger (guild_id, member_id, job_id, kind, source, amount, windows, at)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
    SELECT i / 2 % 997, i / 2 % 100003, printf('h%09d', i / 2), CASE i % 2 WHEN 0 THEN 'hold' ELSE 'capture' END,
        'window', 2, '[]', 1700000000000 + i FROM n
"""


def fill(path: Path, rows: int) -> None:
    """Write a ledger of so many rows; its indexes are made afterwards, which is faster."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = OFF")
        conn.execute("PRAGMA synchronous = OFF")
        indexes = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'ledger'")
        made = [(name, sql) for name, sql in indexes if sql]
        for name, _ in made:
            conn.execute(f"DROP INDEX {name}")
        conn.execute(_ROWS, (rows,))
        for _, sql in made:
            conn.execute(sql)
        conn.execute("PRAGMA journal_mode = WAL")


async def measure() -> list[Figure]:
    """Rounds of 200 in turn, in two databases that differ by the length of their ledgers alone."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        opened: list[Database] = []
        for rows in (LONG, SHORT):
            path, began = folder / f"{rows}.db", time.perf_counter()
            async with open_database(path):
                pass
            await asyncio.to_thread(fill, path, rows)
            note(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB, in {time.perf_counter() - began:.0f} s")
            opened.append(await stack.enter_async_context(open_database(path)))
        numbers = itertools.count(1)

        async def some(db: Database) -> float:
            intake = intake_on(db)
            await empty_queue(db.path)
            await admit(intake, next(numbers))
            began = time.perf_counter()
            for _ in range(COUNT):
                await admit(intake, next(numbers))
            return 1000 * (time.perf_counter() - began) / COUNT

        pairs = await side_by_side(lambda: some(opened[0]), lambda: some(opened[1]), ROUNDS)
    return [
        Figure(
            "history",
            f"an admission with {LONG:,} rows in the ledger ÷ with {SHORT:,}",
            ratio(pairs),
            1.2,
            detail=told(pairs, "ms"),
        )
    ]
