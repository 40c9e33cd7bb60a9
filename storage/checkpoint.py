"""Folding the WAL into the file beside the writer: else every hundredth command or so would have to wait for that."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import aiosqlite

#: COMMITs between two checkpoints, some 20 MB; SQLite's own would come after a thousand pages, inside of one.
OFTEN = 400
#: Pages after which a COMMIT folds the WAL by itself after all: 80 MB.
PAGES_MOST = 20_000


class Checkpoints:
    """Checkpoints that keep neither readers nor the writer waiting, on a connection of their own.

    Source: https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
    """

    def __init__(self, conn: aiosqlite.Connection) -> None:
        self._conn = conn
        self._commits = 0
        self._folding: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """There is one more COMMIT to fold in."""
        self._commits += 1
        if self._commits >= OFTEN and (self._folding is None or self._folding.done()):
            self._commits = 0
            self._folding = asyncio.create_task(self._fold(), name="checkpoint")

    async def close(self) -> None:
        """Wait for the one that runs, and close the connection."""
        if self._folding:
            await asyncio.wait([self._folding])
        await self._conn.close()

    async def _fold(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # a later one makes up for it, and a disk without room fails a COMMIT
            await self._conn.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
