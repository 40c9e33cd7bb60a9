"""Storage: transactions that survive cancellation, one process at a time, migrations whole or not at all."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from domain.credit import EVERYONE, Rule, Standing
from domain.faults import StorageFault
from domain.job import Film, JobState
from storage import database as storage
from storage import jobs, ledger, turns, writer
from storage.database import Database, every, known_version, one, open_database
from tests.test_words import a_job


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "clapper.db") as opened:
        yield opened


async def test_it_is_durable(db: Database) -> None:
    """WAL, synchronous FULL and foreign keys are on for the writer."""
    async with db.transaction() as conn:
        values = [(await one(conn, f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert [row[0] for row in values if row] == ["wal", 2, 1]


@pytest.mark.parametrize("heavy", [False, True], ids=["on-the-loop", "in-the-thread"])
async def test_a_cancel_storm_leaves_no_half_write(db: Database, heavy: bool) -> None:
    """Hundreds of transactions cancelled at random moments write both rows or none, and the connection stays usable."""
    async with db.transaction() as conn:
        await conn.execute("CREATE TABLE pairs (n INTEGER, half TEXT)")
    chance = random.Random(7)

    async def write(n: int) -> None:
        async with db.transaction(heavy=heavy) as conn:
            await conn.execute("INSERT INTO pairs VALUES (?, 'first')", (n,))
            await asyncio.sleep(0)
            await conn.execute("INSERT INTO pairs VALUES (?, 'second')", (n,))

    tasks: list[asyncio.Task[None]] = []
    for n in range(1000):
        tasks.append(asyncio.create_task(write(n)))
        for _ in range(chance.randrange(40)):  # a few microseconds to a few milliseconds: any line of it may be hit
            await asyncio.sleep(0)
        if chance.random() < 0.7:
            chance.choice(tasks[-3:]).cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [e for e in ended if e is not None and not isinstance(e, asyncio.CancelledError)] == []
    assert any(isinstance(e, asyncio.CancelledError) for e in ended)
    await write(5000)
    async with db.transaction() as conn:
        halves = await one(conn, "SELECT count(*) FROM (SELECT n FROM pairs GROUP BY n HAVING count(*) <> 2)")
        last = await one(conn, "SELECT count(*) FROM pairs WHERE n = 5000")
    assert halves is not None
    assert halves[0] == 0
    assert last is not None
    assert last[0] == 2


async def test_an_error_inside_rolls_back(db: Database) -> None:
    """Whatever is raised inside a transaction leaves nothing behind."""

    async def half() -> None:
        async with db.transaction() as conn:
            await conn.execute("INSERT INTO meta VALUES ('half', x'00')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half()
    assert await one(db.reader, "SELECT 1 FROM meta WHERE key = 'half'") is None


async def test_what_was_written_and_read_again_is_committed(db: Database) -> None:
    """A transaction that only reads ends like one that writes, and leaves nothing open for the next one."""
    for _ in range(3):
        await db.key("links")
    assert await one(db.reader, "SELECT count(*) FROM meta")
    with sqlite3.connect(db.path, timeout=0) as other:
        other.execute("INSERT INTO meta VALUES ('other', x'00')")  # the writer holds no lock
    other.close()


async def test_a_held_file_does_not_hold_the_loop(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program writes, a transaction waits and everything else goes on; too long, and it is a fault."""
    other = sqlite3.connect(db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(db.key("links"))
    began, turns = time.monotonic(), 0
    while time.monotonic() < began + 0.2:
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100
    assert not waiting.done()
    other.execute("COMMIT")
    assert len(await waiting) == 32
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(writer, "PATIENCE", 0.05)
    with pytest.raises(StorageFault) as caught:
        await db.key("others")
    assert caught.value.reason == "database_locked"
    other.execute("ROLLBACK")
    other.close()
    assert len(await db.key("others")) == 32


async def test_closing_waits_for_the_open_transaction(tmp_path: Path) -> None:
    """Work that outlives its database ends well when it had begun, and with an error, not a crash, when it had not."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with db.transaction() as conn:
            begun.set()
            await go.wait()
            await conn.execute("INSERT INTO meta VALUES ('mine', x'00')")

    async with open_database(tmp_path / "a.db") as db:
        writing = asyncio.create_task(write())
        await begun.wait()
        waiting = [asyncio.create_task(db.key(f"k{n}")) for n in range(3)]
        closing = asyncio.create_task(db.close())
        late = [asyncio.create_task(db.key(f"late{n}")) for n in range(50)]
        await asyncio.sleep(0)
        go.set()
        await writing
        assert [len(key) for key in await asyncio.gather(*waiting)] == [32] * 3
        await closing
        ended = await asyncio.gather(*late, return_exceptions=True)
        assert all(isinstance(end, sqlite3.ProgrammingError | ValueError) for end in ended)
    async with open_database(tmp_path / "a.db") as db:
        assert await one(db.reader, "SELECT 1 FROM meta WHERE key = 'mine'")


async def test_the_reader_cannot_write(db: Database) -> None:
    """The connection for showing things refuses to write."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await db.reader.execute("DELETE FROM meta")


async def test_a_long_question_keeps_nobody_waiting(db: Database) -> None:
    """While something is counted for long, commands' quick questions are answered; neither reader can write."""
    count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
    counting = asyncio.create_task(one(db.long_reader, count))
    for _ in range(20):
        assert await one(db.reader, "SELECT count(*) FROM jobs")
    assert not counting.done()
    assert await counting
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await db.long_reader.execute("DELETE FROM meta")


async def test_a_second_process_is_told_who_has_it(db: Database) -> None:
    """Another opening of the same file is refused, and names the process that has it."""
    with pytest.raises(StorageFault) as caught:
        async with open_database(db.path):
            pass
    assert caught.value.reason == "database_in_use"
    assert "process" in str(caught.value.values["owner"])


async def test_the_lock_goes_with_its_owner(tmp_path: Path) -> None:
    """Closing frees the file at once, and its secrets and rows are there again."""
    async with open_database(tmp_path / "a.db") as first:
        key = await first.key("links")
    async with open_database(tmp_path / "a.db") as second:
        assert await second.key("links") == key
    assert len(key) == 32


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file that a later version wrote is left alone."""
    path = tmp_path / "a.db"
    async with open_database(path) as db, db.transaction() as conn:
        await conn.execute("PRAGMA user_version = 9999")
    with pytest.raises(StorageFault) as caught:
        async with open_database(path):
            pass
    assert caught.value.reason == "database_newer"
    assert caught.value.values == {"found": 9999, "known": known_version()}


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file that is no database gets a fault of ours and is not overwritten."""
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database at all, only a text of some length" * 50)
    before = path.read_bytes()
    with pytest.raises(StorageFault) as caught:
        async with open_database(path):
            pass
    assert caught.value.reason == "database_corrupt"
    assert path.read_bytes() == before


async def test_migrations_are_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that fails leaves the version and the schema as they were, with a backup made before it."""
    path = tmp_path / "a.db"
    async with open_database(path) as db:
        await db.key("links")
    folder = tmp_path / "migrations"
    folder.mkdir()
    for file in storage.MIGRATIONS.glob("*.sql"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    bad = folder / f"{known_version() + 1:04}_bad.sql"
    bad.write_text("CREATE TABLE new_one (x INTEGER) STRICT;\nINSERT INTO no_such_table VALUES (1);")
    version = known_version()
    monkeypatch.setattr(storage, "MIGRATIONS", folder)
    with pytest.raises(StorageFault):
        async with open_database(path):
            pass
    with sqlite3.connect(path) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == version
        assert conn.execute("SELECT count(*) FROM sqlite_master WHERE name = 'new_one'").fetchone()[0] == 0
    conn.close()
    copy = path.with_name(f"a.db.before-{bad.name[:4]}")
    with sqlite3.connect(copy) as conn:
        assert conn.execute("SELECT count(*) FROM meta").fetchone()[0] == 1
    conn.close()


async def test_a_migration_keeps_jobs_in_every_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later schema finds every job, picture, film and ledger row as they were, and a backup of the old file."""
    path = tmp_path / "a.db"
    async with open_database(path) as db, db.transaction() as conn:
        for n, state in enumerate(JobState):
            job = replace(a_job(id=f"job{n}", interaction_id=n), state=state)
            await jobs.begin(conn, job, fold=str(n))
            terms = ledger.Terms(Standing((Rule(EVERYONE, "day", 100),)), server_daily=100)
            await ledger.hold(conn, ledger.Payer(1, 42, (2,)), job_id=job.id, price=2, now=job.created_at, terms=terms)
            await jobs.keep_films(conn, job.id, [Film("v", "https://example.org/a.mp4")])
        before = [dict(row) for row in await every(conn, "SELECT * FROM jobs ORDER BY id")]
    folder = tmp_path / "migrations"
    folder.mkdir()
    for file in storage.MIGRATIONS.glob("*.sql"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    later = f"{known_version() + 1:04}"
    (folder / f"{later}_more.sql").write_text("ALTER TABLE jobs ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';")
    monkeypatch.setattr(storage, "MIGRATIONS", folder)
    async with open_database(path) as db:
        rows = await every(db.reader, "SELECT * FROM jobs ORDER BY id")
        assert [dict(row) for row in rows] == [row | {"mood": "calm"} for row in before]
        counts = [(await one(db.reader, f"SELECT count(*) FROM {table}")) for table in ("ledger", "films")]
        assert [row[0] for row in counts if row] == [len(JobState), len(JobState)]
    assert path.with_name(f"a.db.before-{later}").exists()


async def test_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """A database of the first release, with a job in every state, keeps all of them, and they go on from there."""
    path = tmp_path / "a.db"
    conn = sqlite3.connect(path, isolation_level=None)
    conn.executescript((storage.MIGRATIONS / "0001_initial.sql").read_text("utf-8") + "PRAGMA user_version = 1;")
    job = a_job()
    given = ("text", "en-US", job.request.to_json(), job.wire.to_json(), "sora", "sora-2", "Sora 2", 2, 120)
    for n, state in enumerate(JobState):
        conn.execute(
            "INSERT INTO jobs (id, interaction_id, guild_id, channel_id, author_id, place, locale, request, wire,"
            " provider, model, label, price, usual_seconds, private, spoiler, fold, state, created_at, sent_at)"
            " VALUES (?, ?, 1, 2, 42, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', ?, ?, 5)",
            (f"job{n}", n, *given, state.value, n),
        )
    old = [dict(zip(("id", "state", "request"), row, strict=True)) for row in conn.execute(_KEPT)]
    conn.close()
    async with open_database(path) as db:
        assert [dict(row) for row in await every(db.reader, _KEPT)] == old
        assert [one.id for one in await turns.queue(db.reader, "sora", 9)] == ["job1"]
        found = [await jobs.get(db.reader, row["id"]) for row in old]
        assert [job.card_says for job in found if job] == [""] * len(JobState)
    assert list(tmp_path.glob("a.db.before-*"))


_KEPT = "SELECT id, state, request FROM jobs ORDER BY id"
