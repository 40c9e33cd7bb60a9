"""The SQLite file: opened once, locked against a second process, migrated, and written in one kind of transaction."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import aiosqlite

from domain.faults import StorageFault
from domain.names import folded
from storage.checkpoint import PAGES_MOST, Checkpoints
from storage.line import Line
from storage.onloop import OnLoop
from storage.writer import Writer

log = logging.getLogger("clapper.database")

C = TypeVar("C", bound=aiosqlite.Connection)

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One writer connection behind one line, and others for reads that only show something.

    Every write, and every decision that a write rests on, goes through `transaction()`.
    """

    def __init__(
        self,
        path: Path,
        writer: Writer,
        *,
        quick: OnLoop,
        reader: aiosqlite.Connection,
        long_reader: aiosqlite.Connection,
        checkpoints: Checkpoints,
    ) -> None:
        self.path = path
        self._writer = writer
        self._quick = quick
        self._reader = reader
        self._long_reader = long_reader
        self._checkpoints = checkpoints
        writer.on_commit = checkpoints.committed
        self._line = Line(writer)

    @asynccontextmanager
    async def transaction(self, *, heavy: bool = False) -> AsyncGenerator[aiosqlite.Connection]:
        """BEGIN IMMEDIATE … COMMIT; anything raised inside, cancellation included, rolls all of it back.

        The statements run on the event loop, in microseconds; `heavy` sends those that take longer (hundreds of rows,
        megabytes of pictures) to the connection's thread. Raises StorageFault.

        What ends while others wait for their turn is committed together with them.
        """
        try:
            async with self._line.transaction(heavy=heavy) as conn:
                yield conn
        except sqlite3.Error as error:
            if fault := fault_of(error):
                raise fault from error
            raise

    @property
    def reader(self) -> aiosqlite.Connection:
        """For showing things: sees only what is committed, never waits for a writer, cannot write.

        Its thread answers one question after the other.
        """
        return self._reader

    @property
    def quick_reader(self) -> aiosqlite.Connection:
        """As `reader`, but on the event loop, which everything else waits for: a few rows, found by an index."""
        return self._quick

    @property
    def long_reader(self) -> aiosqlite.Connection:
        """As `reader`, for questions that take long: sums over a year, whole tables, megabytes of pictures."""
        return self._long_reader

    async def key(self, name: str) -> bytes:
        """A 32-byte secret of this database, made the first time that it is asked for."""
        async with self.transaction() as conn:
            await conn.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, secrets.token_bytes(32)))
            row = await one(conn, "SELECT value FROM meta WHERE key = ?", (name,))
        assert row is not None
        return bytes(row["value"])

    async def close(self) -> None:
        """Close all connections, after the transaction that is open; the WAL is folded into the file."""
        async with self._line.turn(alone=True):  # Python crashes when one thread closes a connection that another uses
            for conn in (self._checkpoints, self._quick, self._reader, self._long_reader, self._writer):
                await conn.close()


@asynccontextmanager
async def open_database(
    path: Path, *, wait_seconds: float = 0, given_up: Callable[[], bool] = lambda: False
) -> AsyncGenerator[Database]:
    """The database at `path`, created or migrated, and ours alone while this is open.

    Raises StorageFault: `database_in_use` when another process holds it for longer than `wait_seconds` or than we want,
    `database_newer` when a later version of Clapper wrote it, `database_corrupt` when it is damaged, `disk_full` when
    nothing can be written there.
    """
    async with process_lock(path, wait_seconds, given_up), AsyncExitStack() as stack:
        try:
            writer = await _connect(stack, Writer(path))
            await migrate(writer, path)
            await writer.executescript("PRAGMA busy_timeout = 0;")  # from here on waiting is the event loop's
            quick = await _connect(stack, OnLoop(path), writes=False)
            await quick.executescript("PRAGMA busy_timeout = 50;")
            quick.stay()
            reader = await _connect(stack, aiosqlite.connect(path, isolation_level=None), writes=False)
            long_reader = await _connect(stack, aiosqlite.connect(path, isolation_level=None), writes=False)
            checkpoints = Checkpoints(await _connect(stack, aiosqlite.connect(path, isolation_level=None)))
            await writer.executescript(f"PRAGMA wal_autocheckpoint = {PAGES_MOST};")
        except sqlite3.Error as error:
            raise fault_of(error) or StorageFault("database_corrupt") from error
        database = Database(path, writer, quick=quick, reader=reader, long_reader=long_reader, checkpoints=checkpoints)
        stack.push_async_callback(database.close)
        yield database


async def _connect(stack: AsyncExitStack, conn: C, *, writes: bool = True) -> C:
    """Open a connection, durable and with rows that know their names, until the stack closes."""
    await conn
    stack.push_async_callback(conn.close)
    conn.row_factory = sqlite3.Row
    await conn.executescript(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000;"
        f"PRAGMA query_only = {int(not writes)};"
    )
    # SQLite itself knows the capitals of English only.
    await conn.create_function("folded", 1, folded, deterministic=True)  # pyright: ignore[reportUnknownMemberType]
    return conn


def known_version() -> int:
    """The newest schema that this version of Clapper knows."""
    return max(int(file.name[:4]) for file in MIGRATIONS.glob("[0-9]*.sql"))


async def migrate(conn: aiosqlite.Connection, path: Path) -> None:
    """Bring the schema up to date, each step whole or not at all, with a copy of the file kept beside it before."""
    row = await one(conn, "PRAGMA user_version")
    assert row is not None
    version = int(row[0])
    files = sorted(await asyncio.to_thread(lambda: list(MIGRATIONS.glob("[0-9]*.sql"))))
    if version > int(files[-1].name[:4]):
        raise StorageFault("database_newer", found=version, known=int(files[-1].name[:4]))
    todo = [file for file in files if int(file.name[:4]) > version]
    if todo and version > 0:
        await backup(path, path.with_name(f"{path.name}.before-{todo[0].name[:4]}"))
    for file in todo:
        sql = await asyncio.to_thread(file.read_text, "utf-8")
        # executescript commits what is open first, so the transaction has to stand inside the script.
        try:
            await conn.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {int(file.name[:4])};\nCOMMIT;")
        except BaseException:
            await conn.rollback()
            raise


async def backup(source: Path, target: Path) -> None:
    """Copy a database, also while it is written, by SQLite's online backup; the copy is whole or absent.

    It is read through from end to end before it counts, and only its owner may read it: it holds prompts and keys.
    Raises StorageFault.
    """

    def copy() -> None:
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with contextlib.closing(_open_existing(source)) as old, contextlib.closing(sqlite3.connect(part)) as new:
                old.backup(new)
            if wrong := damage(part):
                raise StorageFault("database_corrupt", detail=wrong)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
        except sqlite3.Error as error:
            raise fault_of(error) or StorageFault("database_corrupt") from error
        except OSError as error:
            raise StorageFault("disk_full", detail=error.strerror or type(error).__name__) from error
        finally:
            part.unlink(missing_ok=True)

    await asyncio.to_thread(copy)


def damage(path: Path) -> str:
    """What SQLite finds wrong with a database that nobody writes, the first of it; "" when it is whole."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as conn:
            found = str(conn.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else found


def _open_existing(path: Path) -> sqlite3.Connection:
    # Without this a name that is wrong would make an empty database there.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)


@asynccontextmanager
async def process_lock(
    path: Path, wait_seconds: float, given_up: Callable[[], bool] = lambda: False
) -> AsyncGenerator[None]:
    """Hold `<database>.lock`, made with its folder where there is none. Raises StorageFault.

    It is never the database file itself, whose closing would drop SQLite's own locks.
    """
    try:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        file = await asyncio.to_thread(open, path.with_name(path.name + ".lock"), "a+", encoding="utf-8")
    except OSError as error:
        raise StorageFault("disk_full", detail=f"{error.strerror}: {error.filename}") from error
    try:
        end, waits = time.monotonic() + wait_seconds, False
        while not _try_lock(file):
            file.seek(0)
            owner = file.read(200).strip() or "another process"
            if time.monotonic() >= end or given_up():
                raise StorageFault("database_in_use", owner=owner)
            if not waits:
                waits = True
                log.warning("the database is used by %s: waiting up to %.0f s for its end", owner, wait_seconds)
            await asyncio.sleep(0.2)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
    finally:
        file.close()


def owner_of(path: Path) -> str:
    """Who holds the database's lock now, for people; "" when nobody does. Holds it for a moment itself."""
    try:
        with path.with_name(path.name + ".lock").open(encoding="utf-8") as file:
            return "" if _try_lock(file) else file.read(200).strip() or "another process"
    except OSError:
        return ""


def _try_lock(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def fault_of(error: sqlite3.Error) -> StorageFault | None:
    """The fault that an error of SQLite means to an operator; None for a mistake of ours (bad SQL, a broken rule)."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return StorageFault("disk_full", detail=name)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StorageFault("database_locked", detail=name)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StorageFault("database_corrupt", detail=name)
    return None


async def one(conn: aiosqlite.Connection, sql: str, values: Any = ()) -> sqlite3.Row | None:
    """The first row, or None."""
    rows = await conn.execute_fetchall(sql, values)
    return next(iter(rows), None)


async def every(conn: aiosqlite.Connection, sql: str, values: Any = ()) -> list[sqlite3.Row]:
    """All rows."""
    return list(await conn.execute_fetchall(sql, values))
