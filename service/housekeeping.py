"""Once an hour: pictures and drafts past their time go, and a daily copy of the database is made where it is wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from domain.faults import StorageFault
from service.drafts import DRAFT_LIFE
from service.loops import now_ms
from storage import clips, drafts, inputs, notices
from storage.database import Database, backup

log = logging.getLogger("clapper.housekeeping")

_DAY = 86_400_000


class Housekeeping:
    """Keeps the database small and, with `backup_days` above 0, copies of it beside it."""

    def __init__(
        self, db: Database, *, retention_days: int, backup_days: int, clock: Callable[[], int] = now_ms
    ) -> None:
        self._db = db
        self._retention_days = retention_days
        self._backup_days = backup_days
        self._clock = clock
        #: Why the last daily copy could not be made; "" when it could, or none is wanted, None before the first try.
        self.backup_fault: str | None = None if backup_days else ""

    async def step(self) -> float | None:
        """Remove what is old; copy what is there, once a day."""
        async with self._db.transaction(heavy=True) as conn:
            before = self._clock() - self._retention_days * _DAY
            await notices.forget(conn, before=self._clock() - self._retention_days * _DAY)
            gone = await inputs.forget(conn, before=before), await clips.forget(conn, before=before)
            await drafts.forget(conn, before=self._clock() - DRAFT_LIFE)
        if any(gone):
            log.info("%d old pictures and %d old clips removed", *gone)
        if self._backup_days:
            # Tried again in an hour, not at once: on a disk that is nearly full each try takes what room is left.
            try:
                await self._backup()
            except (StorageFault, OSError) as fault:
                self.backup_fault = str(fault)
                log.error("the daily backup failed: %s", fault)
            else:
                self.backup_fault = ""
        return None

    async def _backup(self) -> None:
        day = datetime.fromtimestamp(self._clock() / 1000, UTC).date().isoformat()
        folder = self._db.path.parent / "backups"
        target = folder / f"{self._db.path.stem}-{day}.db"
        await asyncio.to_thread(folder.mkdir, exist_ok=True)
        if await asyncio.to_thread(target.exists):
            return
        await backup(self._db.path, target)
        await asyncio.to_thread(self._thin, folder)
        log.info("backup written: %s", target.name)

    def _thin(self, folder: Path) -> None:
        copies = sorted(folder.glob(f"{self._db.path.stem}-????-??-??.db"))
        for old in copies[: -self._backup_days]:
            old.unlink()
