"""Whose turn it is to write: one transaction after the other, and those in one line share one COMMIT."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from storage.writer import Writer


class Line:
    """The line before the writer. What ends while others wait is not committed by itself, but together with them.

    A COMMIT waits for the disk (50 µs to 20 ms), a transaction's statements take much less: without sharing, the disk
    would decide how many commands a second there can be. Nobody goes on before the shared COMMIT is done.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._lock = asyncio.Lock()
        self._waiting = 0
        #: Done with the next shared COMMIT; None while no transaction waits for one.
        self._shared: asyncio.Future[None] | None = None
        self._committing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def transaction(self, *, heavy: bool) -> AsyncGenerator[Writer]:
        """See `Database.transaction`. Raises sqlite3.Error.

        BEGIN stands inside the `try` and the rollback asks nothing: a cancelled COMMIT still runs in the thread, so
        any other order leaves the connection inside a transaction now and then.
        """
        shared: asyncio.Future[None] | None = None
        asked = time.monotonic()
        async with self.turn(alone=heavy):
            within = self._shared is not None
            try:
                await self._writer.begin(heavy=heavy, within=within, since=asked)
                yield self._writer
                if not self._writer.in_transaction:  # given up by SQLite, and the error was not passed on
                    raise sqlite3.OperationalError("the transaction was lost")
                if within:
                    self._writer.release()
                if within or (self._waiting and not heavy):
                    shared = self._share()
                else:
                    await self._writer.commit()
            except BaseException as error:
                with contextlib.suppress(sqlite3.Error):
                    await self._writer.rollback(within=within)
                if within and not self._writer.in_transaction:
                    self._lost(error)  # SQLite itself gave up everything, for want of room or of a disk
                raise
        if shared:
            await asyncio.shield(shared)

    @asynccontextmanager
    async def turn(self, *, alone: bool) -> AsyncGenerator[None]:
        """The writer, in the order of asking; `alone` comes after a COMMIT of everything that waits for one."""
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        try:
            if alone and self._shared:
                await _through(self._commit())
            yield
        finally:
            self._lock.release()

    def _share(self) -> asyncio.Future[None]:
        """Leave the transaction open for the next in the line; the COMMIT stands behind those who wait now."""
        if self._shared is None:
            self._shared = asyncio.get_running_loop().create_future()
            # Who asks may be cancelled and gone by then: not to be reported as an error that nobody saw.
            self._shared.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._committing = asyncio.create_task(self._commit_in_turn(), name="commit")
        return self._shared

    async def _commit_in_turn(self) -> None:
        async with self.turn(alone=False):
            await self._commit()

    async def _commit(self) -> None:
        """COMMIT for everybody who waits for it."""
        if self._shared is None:
            return
        try:
            await self._writer.commit()
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                await self._writer.rollback()
            self._lost(error)
            if not isinstance(error, sqlite3.Error):
                raise
        else:
            self._shared.set_result(None)
            self._shared = None

    def _lost(self, error: BaseException) -> None:
        """Nothing of what waits for the shared COMMIT was written."""
        shared, self._shared = self._shared, None
        if shared is None:
            return
        if isinstance(error, sqlite3.Error):
            shared.set_exception(error)
        else:
            shared.cancel()


async def _through(work: Coroutine[Any, Any, None]) -> None:
    """Do this work to its end, also when we are cancelled meanwhile."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
