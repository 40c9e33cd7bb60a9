"""Places that refused us, remembered: asking again and again would get the bot's address banned."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import aiosqlite

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

    async def said_no(self, place: int, to: str = "messages") -> int | None:
        """Discord's code of a refusal that still counts; None when the place may be asked."""
        return await memory.recall(self._db.quick_reader, _key(place, to), self._clock())

    async def remember(self, place: int, code: int, to: str = "messages") -> None:
        """This place said no, to messages or to "threads" of its messages."""
        async with self._db.transaction() as conn:
            await memory.remember(conn, _key(place, to), code, self._clock() + _HOUR)


async def forget(conn: aiosqlite.Connection, places: Iterable[int]) -> None:
    """These places may be asked again."""
    for place in places:
        for to in ("messages", "threads"):
            await memory.forget(conn, _key(place, to))


def _key(place: int, to: str) -> str:
    return f"refused:{place}" if to == "messages" else f"refused:{to}:{place}"
