"""Housekeeping: pictures past their time go, and daily copies are made once a day and kept so many days."""

from __future__ import annotations

import resource
import sqlite3
from pathlib import Path

import pytest

from domain.faults import StorageFault
from domain.wish import Attachment
from service.housekeeping import Housekeeping
from storage import database, inputs, jobs
from storage.database import every, known_version, open_database
from tests.test_words import a_job

DAY = 86_400_000


async def test_a_copy_a_day(tmp_path: Path) -> None:
    """One each day however often it is looked at, whole, for its owner alone; those that are too old go."""
    now = [1_800_000_000_000]
    async with open_database(tmp_path / "clapper.db") as db:
        keeper = Housekeeping(db, retention_days=30, backup_days=3, clock=lambda: now[0])
        for _ in range(5):
            await keeper.step()
            await keeper.step()
            now[0] += DAY
        copies = sorted((tmp_path / "backups").iterdir())
        assert [copy.name for copy in copies] == [f"clapper-2027-01-{day}.db" for day in (17, 18, 19)]
        for copy in copies:
            assert database.damage(copy) == ""
            assert copy.stat().st_mode & 0o077 == 0


async def test_a_copy_that_cannot_be_made_does_not_stop_the_rest(tmp_path: Path) -> None:
    """Neither a folder that is none nor a copy that fails raises: it is said why, until a copy is made."""
    async with open_database(tmp_path / "clapper.db") as db:
        keeper = Housekeeping(db, retention_days=30, backup_days=3)
        (tmp_path / "backups").write_text("no folder")
        assert keeper.backup_fault is None
        await keeper.step()
        assert "File exists" in (keeper.backup_fault or "")
        (tmp_path / "backups").unlink()
        (tmp_path / "backups").mkdir()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        try:
            await keeper.step()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert "disk_full" in (keeper.backup_fault or "")
        await keeper.step()
        assert keeper.backup_fault == ""
        assert len(list((tmp_path / "backups").iterdir())) == 1


async def test_without_days_there_is_none(tmp_path: Path) -> None:
    """BACKUP_KEEP_DAYS=0 makes no copies."""
    async with open_database(tmp_path / "clapper.db") as db:
        await Housekeeping(db, retention_days=30, backup_days=0).step()
    assert not (tmp_path / "backups").exists()


async def test_a_copy_that_is_not_whole_is_none(tmp_path: Path) -> None:
    """A copy of a damaged database is not kept, and says that it is damaged."""
    async with open_database(tmp_path / "clapper.db") as db, db.transaction() as conn:
        await conn.executemany("INSERT INTO meta VALUES (?, ?)", [(str(n), b"x" * 500) for n in range(200)])
    page = bytearray((tmp_path / "clapper.db").read_bytes())
    page[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    (tmp_path / "clapper.db").write_bytes(page)
    with pytest.raises(StorageFault) as caught:
        await database.backup(tmp_path / "clapper.db", tmp_path / "copy.db")
    assert caught.value.reason == "database_corrupt"
    assert not list(tmp_path.glob("copy*"))


async def test_old_pictures_go(tmp_path: Path) -> None:
    """A picture is removed after its time, unless a job that has not ended needs it."""
    now = [1_800_000_000_000]
    async with open_database(tmp_path / "clapper.db") as db:
        async with db.transaction() as conn:
            for n in (1, 2):
                await jobs.begin(conn, a_job(id=f"job{n}", interaction_id=n), fold=str(n))
                await inputs.attach(conn, f"job{n}", [Attachment("a.png", "https://example.org/a.png", 9)], now[0])
                kept = inputs.Stored(str(n), "image/png", 1, 1, b"x")
                await inputs.keep(conn, f"job{n}", 1, kept, source=kept, now=now[0])
            await jobs.change(conn, "job1", state="ready")
        keeper = Housekeeping(db, retention_days=30, backup_days=0, clock=lambda: now[0])
        now[0] += 29 * DAY
        await keeper.step()
        assert len(await every(db.reader, "SELECT 1 FROM pictures")) == 2
        now[0] += 2 * DAY
        await keeper.step()
        assert [row["sha256"] for row in await every(db.reader, "SELECT sha256 FROM pictures")] == ["2"]


async def test_the_first_schema_becomes_the_newest(tmp_path: Path) -> None:
    """A database of the first version, with rows, is brought up to date, and a copy of it is kept beside it."""
    path = tmp_path / "clapper.db"
    first = (database.MIGRATIONS / "0001_initial.sql").read_text("utf-8")
    with sqlite3.connect(path) as conn:
        conn.executescript(f"{first}; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
        conn.execute("INSERT INTO meta VALUES ('links', x'0102')")
        conn.execute("INSERT INTO breakers VALUES ('model:sora-2', 'model_gone', 1, 2, 0, 0)")
    conn.close()
    async with open_database(path) as db:
        assert [row["reason"] for row in await every(db.reader, "SELECT * FROM breakers")] == ["model_gone"]
        assert await every(db.reader, "SELECT * FROM pauses") == []
        assert await every(db.reader, "SELECT * FROM alerts") == []
        assert (await every(db.reader, "PRAGMA user_version"))[0][0] == known_version()
    (copy,) = tmp_path.glob("clapper.db.before-*")
    assert database.damage(copy) == ""
