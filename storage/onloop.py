"""A connection whose statements run where they stand, on the event loop: a hop to a thread costs more than most."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from aiosqlite.context import contextmanager

T = TypeVar("T")


class OnLoop(aiosqlite.Connection):
    """An aiosqlite connection that uses its thread until `stay` is called, and afterwards for scripts alone."""

    def __init__(self, path: Path) -> None:
        super().__init__(self._open, iter_chunk_size=64)
        self._path = path
        self._heavy = True
        #: False while the thread may still be at work for us: a cancelled await does not stop it.
        self._idle = True

    def _open(self) -> sqlite3.Connection:
        # isolation_level=None: the module's own hidden BEGINs would land in the middle of ours.
        self._raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        return self._raw

    def stay(self) -> None:
        """From here on statements run on the event loop: each has to be a matter of microseconds."""
        self._heavy = False

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
        """Close it here: Python crashes when one thread closes a connection that another uses."""
        if not self._idle:
            await self._rest()
        if not self._heavy:
            self._raw.close()
        await self._hop(super().close())

    async def _rest(self) -> None:
        """Wait until the thread has done all that it was given."""
        await self._hop(super().execute("SELECT 1"))

    async def _hop(self, work: Awaitable[T]) -> T:
        """What `work` gives, made in the thread; after a cancellation or an error the thread may be at work still."""
        self._idle = False
        made = await work
        self._idle = True
        return made


def _bindable(parameters: Any) -> Any:
    return () if parameters is None else parameters
