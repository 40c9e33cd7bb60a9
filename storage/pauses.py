"""Pauses at rest: which servers take no new commands now, in whose words, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Pause:
    """A pause of one server, or of everything (`guild_id` 0); `at` is unix ms, `by_id` who paused."""

    guild_id: int
    words: str
    by_id: int
    at: int


async def pauses(conn: aiosqlite.Connection) -> dict[int, Pause]:
    """All pauses, by server."""
    return {row["guild_id"]: Pause(**dict(row)) for row in await every(conn, "SELECT * FROM pauses")}


async def begin(conn: aiosqlite.Connection, pause: Pause) -> None:
    """Write a pause, in place of the one that its server may have."""
    values = (pause.guild_id, pause.words, pause.by_id, pause.at)
    await conn.execute("INSERT OR REPLACE INTO pauses (guild_id, words, by_id, at) VALUES (?, ?, ?, ?)", values)


async def end(conn: aiosqlite.Connection, guild_id: int) -> bool:
    """End a pause; true when there was one."""
    return await one(conn, "DELETE FROM pauses WHERE guild_id = ? RETURNING 1", (guild_id,)) is not None
