"""Places that refused us, remembered: asking again and again would get the bot's address banned."""

from __future__ import annotations

from collections.abc import Callable

from service.loops import now_ms
from storage import memory
from storage.database import Database

#: How long a refusal is believed. An administrator who grants a right waits no longer than this.
_HOUR = 3_600_000


class Refusals:
    """Which channels, threads and conversations said no, kept over restarts.

    Discord bans an address for a while after 10,000 refused calls in 10 minutes.
    Source: https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """

    def __init__(self, db: Database, *, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._clock = clock

    async def said_no(self, place: int) -> int | None:
        """Discord's code of a refusal that still counts; None when the place may be asked."""
        return await memory.recall(self._db.reader, f"refused:{place}", self._clock())

    async def remember(self, place: int, code: int) -> None:
        """This place said no."""
        async with self._db.transaction() as conn:
            await memory.remember(conn, f"refused:{place}", code, self._clock() + _HOUR)
