"""The connection that writes: its statements run on the event loop, and what may block in a thread."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable

from storage.onloop import OnLoop

#: Seconds to wait for another program that holds the file, and between two tries.
PATIENCE = 5.0
_PAUSE = 0.01


class Writer(OnLoop):
    """Statements on the loop; COMMIT, which waits for the disk, in the thread, and with `heavy` all that is before it.

    BEGIN never waits inside SQLite, so a file that another program holds does not hold the loop. To be used by one
    task at a time, between `begin` and `commit` or `rollback`.
    """

    _changes = 0
    #: Called after each COMMIT that wrote something.
    on_commit: Callable[[], None] = staticmethod(lambda: None)

    async def begin(self, *, heavy: bool = False, within: bool = False, since: float | None = None) -> None:
        """BEGIN IMMEDIATE. With `heavy` the statements run in the thread: many rows, or megabytes in one.

        `within` begins a part of the open transaction, which can be rolled back alone. Another program that holds the
        file is waited for from `since` on (monotonic seconds): who stood in line behind others need not wait anew.
        """
        self._heavy = heavy
        if within:
            if not self._idle:
                await self._rest()
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
            self.on_commit()

    async def rollback(self, *, within: bool = False) -> None:
        """ROLLBACK, after whatever the thread still does; does nothing when nothing is open.

        `within` rolls back the part that was begun last, and nothing before it.
        """
        if within:
            if not self._idle:
                await self._rest()
            self._raw.execute("ROLLBACK TO part")
            self._raw.execute("RELEASE part")
        elif self._idle:
            self._raw.rollback()
        else:
            await self._hop(super().rollback())
