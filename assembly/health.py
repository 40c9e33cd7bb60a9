"""Whether everything that is needed works, and the figures of /metrics."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Sequence

import metrics
from assembly.resources import Resources
from cogs.client import Clapper
from domain.faults import StorageFault
from service.balance import Balance
from service.loops import Loop
from storage.database import one
from storage.figures import figures

#: Seconds in which the database has to answer a health check.
_PATIENCE = 3.0


class Health:
    """Asks the gateway, the database and the loops."""

    def __init__(self, r: Resources, bot: Clapper, loops: Sequence[Loop], balance: Balance) -> None:
        self._db, self._metrics = r.db, r.metrics
        self._bot = bot
        self._loops = loops
        self._balance = balance

    async def reasons(self) -> list[str]:
        """Why the bot is not ready; empty when it is."""
        reasons = [f"gateway: {why}"] if (why := self._gateway()) else []
        if (fault := await self._database()) is not None:
            reasons.append(f"database: {fault}")
        return reasons + [f"loop {loop.name}: it does not get on" for loop in self._loops if loop.stuck()]

    async def figures(self) -> tuple[bytes, str]:
        """What /metrics shows, and its content type."""
        reasons = await self.reasons()
        try:
            read = await figures(self._db.long_reader)
        except (sqlite3.Error, ValueError):  # ValueError: the connection is closed
            read = None
        now = time.monotonic()
        seen = metrics.Seen(
            figures=read,
            reasons=reasons,
            loops={loop.name: now - loop.last_good for loop in self._loops},
            disk_free=await asyncio.to_thread(self.disk_free),
            latency=self._bot.latency,
            balance=self._balance.last,
        )
        return self._metrics.show(seen), metrics.CONTENT_TYPE

    def _gateway(self) -> str:
        if self._bot.is_closed() or not self._bot.is_ready():
            return "not connected to Discord"
        away = ", ".join(map(str, sorted(self._bot.away)))
        return f"shard {away} lost its connection to Discord" if away else ""

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(_PATIENCE), self._db.transaction() as conn:
                await one(conn, "SELECT 1 FROM meta")
        except TimeoutError:
            return f"no answer in {_PATIENCE:.0f} s"
        except (StorageFault, sqlite3.Error, ValueError) as fault:
            return str(fault)
        return None

    def disk_free(self) -> int:
        return shutil.disk_usage(self._db.path.parent).free
