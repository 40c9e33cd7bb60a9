"""One COMMIT for all who wait: fewer of them, and still each transaction by itself whole or absent."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio

from storage.database import Database, every, open_database


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "clapper.db") as opened:
        async with opened.transaction() as conn:
            await conn.execute("CREATE TABLE parents (n INTEGER PRIMARY KEY)")
            await conn.execute("CREATE TABLE numbers (n INTEGER UNIQUE, parent INTEGER REFERENCES parents (n))")
        yield opened


async def write(db: Database, n: int, *, fail: bool = False, heavy: bool = False, orphan: bool = False) -> None:
    """Two rows, or none; an `orphan` lets the COMMIT fail, and not the statement."""
    async with db.transaction(heavy=heavy) as conn:
        if orphan:
            await conn.execute("PRAGMA defer_foreign_keys = 1")
        await conn.execute("INSERT INTO numbers VALUES (?, ?)", (2 * n, n if orphan else None))
        if fail:
            raise ZeroDivisionError
        await conn.execute("INSERT INTO numbers VALUES (?, NULL)", (2 * n + 1,))


async def written(db: Database) -> list[int]:
    rows = await every(db.reader, "SELECT n FROM numbers ORDER BY n")
    assert all(low["n"] + 1 == high["n"] for low, high in zip(rows[::2], rows[1::2], strict=True)), "a half was written"
    return [row["n"] // 2 for row in rows[::2]]


async def commits(conn: aiosqlite.Connection) -> list[str]:
    """Fills with every COMMIT from now on."""
    seen: list[str] = []
    await conn.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


async def test_those_who_wait_share_a_commit(db: Database) -> None:
    """A hundred at once are all written, in far fewer COMMITs; one alone is committed at once."""
    async with db.transaction() as conn:
        seen = await commits(conn)
    await asyncio.gather(*(write(db, n) for n in range(100)))
    assert await written(db) == list(range(100))
    assert len(seen) < 20
    seen.clear()
    await write(db, 100)
    assert len(seen) == 1


async def test_nobody_goes_on_before_it_is_committed(db: Database) -> None:
    """Whoever comes out of a transaction finds its rows where only what is committed is seen."""

    async def look(n: int) -> None:
        await write(db, n)
        assert await every(db.reader, "SELECT 1 FROM numbers WHERE n = ?", (2 * n,))

    await asyncio.gather(*(look(n) for n in range(50)))


async def test_a_failure_is_nobody_elses(db: Database) -> None:
    """What one raises rolls back its own rows: by Python, and by a rule of the database."""
    ended = await asyncio.gather(
        *(write(db, n, fail=n % 3 == 1) for n in range(30)), write(db, 3), return_exceptions=True
    )
    assert [type(end) for end in ended if end] == [ZeroDivisionError] * 10 + [sqlite3.IntegrityError]
    assert await written(db) == [n for n in range(30) if n % 3 != 1]


async def test_a_commit_that_fails_is_everybodys(db: Database) -> None:
    """All who share it are told, nothing of theirs is written, and the next ones write again."""
    ended = await asyncio.gather(*(write(db, n, orphan=n == 5) for n in range(20)), return_exceptions=True)
    failed = [n for n, end in enumerate(ended) if end]
    assert 5 in failed
    assert len(failed) > 2
    assert all(isinstance(end, sqlite3.IntegrityError) for end in ended if end)
    assert await written(db) == [n for n in range(20) if n not in failed]
    await asyncio.gather(*(write(db, n) for n in failed))
    assert await written(db) == list(range(20))


async def test_a_heavy_one_shares_nothing(db: Database) -> None:
    """In the middle of a crowd it waits for what was before it, and runs alone."""
    await asyncio.gather(*(write(db, n, heavy=n % 7 == 3, fail=n % 14 == 3) for n in range(60)), return_exceptions=True)
    assert await written(db) == [n for n in range(60) if n % 14 != 3]


@pytest.mark.parametrize("heavy", [False, True], ids=["all-light", "some-heavy"])
async def test_the_cancelled_take_nobody_with_them(db: Database, heavy: bool) -> None:
    """Whoever is cancelled, in the line, at work or waiting for the COMMIT: all others are written."""
    tasks = [asyncio.create_task(write(db, n, heavy=heavy and n % 5 == 0)) for n in range(200)]
    for turn, task in enumerate(tasks):
        await asyncio.sleep(0)
        if turn % 2:
            task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(end, asyncio.CancelledError) for end in ended)
    assert [end for end in ended if end and not isinstance(end, asyncio.CancelledError)] == []
    assert set(await written(db)) >= {n for n, end in enumerate(ended) if end is None}


async def test_the_file_grows_beside_the_writer(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed is folded into the file now and then, long before SQLite would make a COMMIT do it."""
    monkeypatch.setattr("storage.checkpoint.OFTEN", 10)
    size = db.path.stat().st_size
    async with db.transaction() as conn:
        await conn.execute("CREATE TABLE heaps (data BLOB)")

    async def grown() -> bool:
        async with db.transaction() as conn:
            await conn.execute("INSERT INTO heaps VALUES (zeroblob(20000))")
        return db.path.stat().st_size > size + 100_000

    for _ in range(500):
        if await grown():
            break
    assert db.path.stat().st_size > size + 100_000
    assert (await every(db.reader, "PRAGMA integrity_check"))[0][0] == "ok"
