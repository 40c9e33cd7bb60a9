"""Places that refused us, remembered: asking again and again would get the bot's address banned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import aiosqlite

from service.loops import now_ms
from storage import memory
from storage.database import Database, every

#: How long a refusal is believed, where nothing shows sooner that it is over.
_HOUR = 3_600_000
#: Discord's codes for rights that are missing, which each command tells anew.
_RIGHTS = (50001, 50013)


class Refusals:
    """Which channels, threads and conversations said no, kept over restarts.

    Discord bans an address for a while after 10,000 refused calls in 10 minutes.
    Source: https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """

    def __init__(
        self, db: Database, *, known: Mapping[int, int] | None = None, clock: Callable[[], int] = now_ms
    ) -> None:
        """`known` are the places that said no to messages before a restart, with Discord's codes."""
        self._db = db
        self._known = dict(known or {})
        self._clock = clock

    async def said_no(self, place: int, to: str = "messages") -> int | None:
        """Discord's code of a refusal that still counts; None when the place may be asked."""
        return await memory.recall(self._db.quick_reader, _key(place, to), self._clock())

    async def remember(self, place: int, code: int, to: str = "messages") -> None:
        """This place said no, to messages or to "threads" of its messages."""
        if to == "messages":
            self._known[place] = code
        async with self._db.transaction() as conn:
            await memory.remember(conn, _key(place, to), code, self._clock() + _HOUR)

    async def disproved(self, place: int, *, spoken: bool) -> None:
        """Messages may go there again, as one that just went shows (`spoken`), or the bot's rights there."""
        code = self._known.get(place)  # asked of memory: nearly every command comes by here for nothing
        if code is None or not (spoken or code in _RIGHTS):
            return
        del self._known[place]
        async with self._db.transaction() as conn:
            await forget(conn, [place])


async def known(conn: aiosqlite.Connection) -> dict[int, int]:
    """The places that said no to messages, with Discord's codes."""
    rows = await every(conn, "SELECT key, value FROM remembered WHERE key LIKE 'refused:%'")
    return {int(row["key"][8:]): row["value"] for row in rows if row["key"][8:].isdecimal()}


async def forget(conn: aiosqlite.Connection, places: Iterable[int]) -> None:
    """These places may be asked again."""
    for place in places:
        for to in ("messages", "threads"):
            await memory.forget(conn, _key(place, to))


def _key(place: int, to: str) -> str:
    return f"refused:{place}" if to == "messages" else f"refused:{to}:{place}"
