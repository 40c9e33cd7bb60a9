"""Posts for moderators, as a queue in the database: written with what they tell, posted later, drawn anew on change."""

from __future__ import annotations

from dataclasses import dataclass

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Due:
    """A post to make or to draw anew; `about` says of what, by its kind."""

    id: int
    guild_id: int
    kind: str
    about: str
    tries: int
    channel_id: int
    message_id: int


async def add(conn: aiosqlite.Connection, guild_id: int, kind: str, about: str, now: int) -> None:
    """Have something posted for a server's moderators."""
    await conn.execute(
        "INSERT INTO notices (guild_id, kind, about, created_at) VALUES (?, ?, ?, ?)", (guild_id, kind, about, now)
    )


async def redraw(conn: aiosqlite.Connection, kind: str, about: str) -> None:
    """What a post tells has changed: draw it anew where it stands."""
    await conn.execute(
        "UPDATE notices SET drawn = 0, tries = 0, next_try_at = 0 WHERE kind = ? AND about = ?"
        " AND kind IN ('approval', 'report')",
        (kind, about),
    )


async def due(conn: aiosqlite.Connection, now: int, limit: int) -> list[Due]:
    """What is to be drawn now, the oldest first."""
    rows = await every(
        conn,
        "SELECT id, guild_id, kind, about, tries, channel_id, message_id FROM notices"
        " WHERE drawn = 0 AND next_try_at <= ? ORDER BY id LIMIT ?",
        (now, limit),
    )
    return [Due(**dict(row)) for row in rows]


async def next_due(conn: aiosqlite.Connection) -> int | None:
    """When the next one is to be tried, unix ms; None when nothing waits."""
    row = await one(conn, "SELECT min(next_try_at) FROM notices WHERE drawn = 0")
    return int(row[0]) if row and row[0] is not None else None


async def posted(conn: aiosqlite.Connection, notice: Due, *, channel_id: int, message_id: int) -> None:
    """It stands there now."""
    await conn.execute(
        "UPDATE notices SET drawn = 1, channel_id = ?, message_id = ? WHERE id = ?",
        (channel_id, message_id, notice.id),
    )


async def dropped(conn: aiosqlite.Connection, notice: Due) -> None:
    """There is nobody to tell."""
    await conn.execute("UPDATE notices SET drawn = 2 WHERE id = ?", (notice.id,))


async def later(conn: aiosqlite.Connection, notice: Due, at: int) -> None:
    """Try again at a moment (unix ms)."""
    await conn.execute("UPDATE notices SET tries = tries + 1, next_try_at = ? WHERE id = ?", (at, notice.id))


async def forget(conn: aiosqlite.Connection, *, before: int) -> None:
    """Remove posts of things that are over, made before a moment; what they told stays where it is kept."""
    await conn.execute(
        "DELETE FROM notices WHERE created_at < ? AND drawn <> 0 AND kind IN ('audit', 'words')", (before,)
    )
