"""Stars at rest, the films that were shown for them, and the members who want none of theirs shown."""

from __future__ import annotations

from dataclasses import dataclass

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Showing:
    """A film that is to be shown or taken down; `message_id` is 0 until it stands."""

    job_id: str
    guild_id: int
    wanted: bool
    tries: int
    channel_id: int
    message_id: int


@dataclass(frozen=True)
class Starred:
    """A film and its stars in a span of time."""

    job_id: str
    stars: int


async def give(conn: aiosqlite.Connection, job_id: str, member_id: int, now: int) -> None:
    """Give a star; one that was given stays as it was."""
    await conn.execute("INSERT OR IGNORE INTO stars VALUES (?, ?, ?)", (job_id, member_id, now))


async def take_back(conn: aiosqlite.Connection, job_id: str, member_id: int) -> None:
    """Take a star back."""
    await conn.execute("DELETE FROM stars WHERE job_id = ? AND member_id = ?", (job_id, member_id))


async def count(conn: aiosqlite.Connection, job_id: str, author_id: int) -> int:
    """How many stars count: the author's own does not."""
    row = await one(conn, "SELECT count(*) FROM stars WHERE job_id = ? AND member_id <> ?", (job_id, author_id))
    return int(row[0]) if row else 0


async def has(conn: aiosqlite.Connection, job_id: str, member_id: int) -> bool:
    """Whether this member gave a star."""
    return await one(conn, "SELECT 1 FROM stars WHERE job_id = ? AND member_id = ?", (job_id, member_id)) is not None


async def show(conn: aiosqlite.Connection, job_id: str, guild_id: int, now: int) -> None:
    """Have a film shown: once, whatever becomes of its stars."""
    await conn.execute(
        "INSERT INTO showcases (job_id, guild_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (job_id, guild_id, now)
    )


async def take_down(conn: aiosqlite.Connection, job_id: str) -> None:
    """Have a film shown no more."""
    await conn.execute(
        "UPDATE showcases SET wanted = 0, done = 0, tries = 0, next_try_at = 0 WHERE job_id = ? AND wanted = 1",
        (job_id,),
    )


async def take_down_of(conn: aiosqlite.Connection, guild_id: int, member_id: int) -> None:
    """Have none of a member's films shown any more."""
    await conn.execute(
        "UPDATE showcases SET wanted = 0, done = 0, tries = 0, next_try_at = 0 WHERE guild_id = ? AND wanted = 1"
        " AND job_id IN (SELECT id FROM jobs WHERE guild_id = ? AND author_id = ?)",
        (guild_id, guild_id, member_id),
    )


async def gone(conn: aiosqlite.Connection) -> list[str]:
    """Films that stand in a showcase although they were deleted or taken away."""
    rows = await every(
        conn,
        "SELECT s.job_id FROM showcases s JOIN jobs j ON j.id = s.job_id"
        " WHERE s.wanted = 1 AND (j.deleted_at > 0 OR j.hidden = 1)",
    )
    return [row["job_id"] for row in rows]


async def due(conn: aiosqlite.Connection, now: int, limit: int) -> list[Showing]:
    """What is to be shown or taken down now."""
    rows = await every(
        conn,
        "SELECT * FROM showcases WHERE done = 0 AND next_try_at <= ? ORDER BY next_try_at, at LIMIT ?",
        (now, limit),
    )
    return [
        Showing(row["job_id"], row["guild_id"], bool(row["wanted"]), row["tries"], row["channel_id"], row["message_id"])
        for row in rows
    ]


async def done(conn: aiosqlite.Connection, showing: Showing, *, channel_id: int, message_id: int) -> None:
    """It stands there now; or nowhere (0). Where the opposite was asked for meanwhile, that is still to be done."""
    await conn.execute(
        "UPDATE showcases SET done = (wanted = ?), channel_id = ?, message_id = ? WHERE job_id = ?",
        (showing.wanted, channel_id, message_id, showing.job_id),
    )


async def later(conn: aiosqlite.Connection, job_id: str, at: int) -> None:
    """Try again at a moment (unix ms)."""
    await conn.execute("UPDATE showcases SET tries = tries + 1, next_try_at = ? WHERE job_id = ?", (at, job_id))


async def opt_out(conn: aiosqlite.Connection, guild_id: int, member_id: int, *, out: bool) -> None:
    """Show none of a member's films, or let them be shown again."""
    if out:
        await conn.execute("INSERT OR IGNORE INTO unshown_members VALUES (?, ?)", (guild_id, member_id))
    else:
        await conn.execute("DELETE FROM unshown_members WHERE guild_id = ? AND member_id = ?", (guild_id, member_id))


async def is_out(conn: aiosqlite.Connection, guild_id: int, member_id: int) -> bool:
    """Whether a member wants none of their films shown."""
    sql = "SELECT 1 FROM unshown_members WHERE guild_id = ? AND member_id = ?"
    return await one(conn, sql, (guild_id, member_id)) is not None


async def most_starred(conn: aiosqlite.Connection, guild_id: int, since: int, until: int, limit: int) -> list[Starred]:
    """The films of a server with the most stars given in a span (unix ms), whose authors let them be shown."""
    rows = await every(
        conn,
        "SELECT s.job_id, count(*) AS stars FROM stars s JOIN jobs j ON j.id = s.job_id"
        " WHERE j.guild_id = ? AND s.at >= ? AND s.at < ? AND s.member_id <> j.author_id AND j.private = 0"
        " AND j.deleted_at = 0 AND j.hidden = 0 AND j.restricted = 0 AND j.message_id > 0"
        " AND json_extract(j.request, '$.prompt') <> '' AND NOT EXISTS"
        " (SELECT 1 FROM unshown_members u WHERE u.guild_id = j.guild_id AND u.member_id = j.author_id)"
        " GROUP BY s.job_id ORDER BY stars DESC, min(s.at) LIMIT ?",
        (guild_id, since, until, limit),
    )
    return [Starred(row["job_id"], row["stars"]) for row in rows]


async def digests(conn: aiosqlite.Connection) -> list[int]:
    """The servers that want to look back each week."""
    rows = await every(conn, "SELECT guild_id FROM servers WHERE digest = 1 AND showcase_channel_id > 0")
    return [row["guild_id"] for row in rows]


async def looked_back(conn: aiosqlite.Connection, guild_id: int, week: str) -> None:
    """This week's look back was posted, or there was nothing to look back on."""
    await conn.execute("UPDATE servers SET digest_week = ? WHERE guild_id = ?", (week, guild_id))
