"""The connection that writes: quick statements run where they stand, on the event loop; what may block has a thread."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from aiosqlite.context import contextmanager

#: Seconds to wait for another program that holds the file, and between two tries.
PATIENCE = 5.0
_PAUSE = 0.01

T = TypeVar("T")


class Writer(aiosqlite.Connection):
    """An aiosqlite connection whose statements need no hop to its thread: each hop costs more than most of them.

    Only COMMIT waits for the disk, and goes to the thread; so does everything between `begin(heavy=True)` and the end.
    BEGIN never waits inside SQLite, so a file that another program holds does not hold the loop. To be used by one
    task at a time, between `begin` and `commit` or `rollback`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(self._open, iter_chunk_size=64)
        self._path = path
        self._heavy = True
        #: False while the thread may still be at work for us: a cancelled await does not stop it.
        self._idle = True
        self._changes = 0

    def _open(self) -> sqlite3.Connection:
        # isolation_level=None: the module's own hidden BEGINs would land in the middle of ours.
        self._raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        return self._raw

    async def begin(self, *, heavy: bool = False, within: bool = False, since: float | None = None) -> None:
        """BEGIN IMMEDIATE. With `heavy` the statements run in the thread: many rows, or megabytes in one.

        `within` begins a part of the open transaction, which can be rolled back alone. Another program that holds the
        file is waited for from `since` on (monotonic seconds): who stood in line behind others need not wait anew.
        """
        self._heavy = heavy
        if within:
            if not self._idle:
                await self._hop(super().execute("SELECT 1"))
            self._raw.execute("SAVEPOINT part")
            return
        if not self._idle:  # a cancelled transaction left something in the thread: this comes after it
            await self._hop(super().rollback())
        self._changes = self._raw.total_changes
        end = (time.monotonic() if since is None else since) + PATIENCE
        while True:
            try:
                self._raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            else:
                return
            await asyncio.sleep(_PAUSE)

    def release(self) -> None:
        """End the part that was begun last; the transaction stays open."""
        self._raw.execute("RELEASE part")

    async def commit(self) -> None:
        """COMMIT, durable when this returns. What changed nothing writes nothing, and needs no thread."""
        if self._raw.total_changes == self._changes and self._idle:
            self._raw.commit()
        else:
            await self._hop(super().commit())

    async def rollback(self, *, within: bool = False) -> None:
        """ROLLBACK, after whatever the thread still does; does nothing when nothing is open.

        `within` rolls back the part that was begun last, and nothing before it.
        """
        if within:
            if not self._idle:
                await self._hop(super().execute("SELECT 1"))
            self._raw.execute("ROLLBACK TO part")
            self._raw.execute("RELEASE part")
        elif self._idle:
            self._raw.rollback()
        else:
            await self._hop(super().rollback())

    @contextmanager
    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        if self._heavy:
            return await self._hop(super().execute(sql, parameters))
        return aiosqlite.Cursor(self, self._raw.execute(sql, _bindable(parameters)))

    @contextmanager
    async def execute_fetchall(self, sql: str, parameters: Iterable[Any] | None = None) -> Iterable[sqlite3.Row]:
        if self._heavy:
            return await self._hop(super().execute_fetchall(sql, parameters))
        return self._raw.execute(sql, _bindable(parameters)).fetchall()

    @contextmanager
    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> aiosqlite.Cursor:
        if self._heavy:
            return await self._hop(super().executemany(sql, parameters))
        return aiosqlite.Cursor(self, self._raw.executemany(sql, _bindable(parameters)))

    @contextmanager
    async def executescript(self, sql_script: str) -> aiosqlite.Cursor:
        return await self._hop(super().executescript(sql_script))

    async def close(self) -> None:
        await self._hop(super().close())

    async def _hop(self, work: Awaitable[T]) -> T:
        """What `work` gives, made in the thread; after a cancellation or an error the thread may be at work still."""
        self._idle = False
        made = await work
        self._idle = True
        return made


def _bindable(parameters: Any) -> Any:
    return () if parameters is None else parameters
