"""Generations by whose they are: what a member or a server has under way."""

from __future__ import annotations

import aiosqlite

from domain.job import ACTIVE, Job
from storage.database import every, one
from storage.jobs import job_of

_ACTIVE = ", ".join(f"'{state.value}'" for state in ACTIVE)


async def count_waiting(conn: aiosqlite.Connection, guild_id: int, author_id: int) -> int:
    """How many of a member's jobs in this server wait to be sent."""
    row = await one(
        conn,
        # All active states are named so that SQLite takes their index, and not that of all the member's jobs.
        f"SELECT count(*) FROM jobs WHERE guild_id = ? AND author_id = ? AND state IN ({_ACTIVE})"  # noqa: S608
        " AND state IN ('queued', 'awaiting')",
        (guild_id, author_id),
    )
    return int(row[0]) if row else 0


async def active_of(conn: aiosqlite.Connection, guild_id: int, author_id: int) -> list[Job]:
    """A member's jobs that are not final, oldest first."""
    rows = await every(
        conn,
        f"SELECT * FROM jobs WHERE guild_id = ? AND author_id = ? AND state IN ({_ACTIVE}) ORDER BY created_at",  # noqa: S608
        (guild_id, author_id),
    )
    return [job_of(row) for row in rows]


async def waiting_in(conn: aiosqlite.Connection, guild_id: int) -> list[str]:
    """The ids of a server's jobs that are not sent yet."""
    rows = await every(conn, "SELECT id FROM jobs WHERE guild_id = ? AND state IN ('queued', 'awaiting')", (guild_id,))
    return [row["id"] for row in rows]


async def block_author(conn: aiosqlite.Connection, guild_id: int, author_id: int) -> list[str]:
    """Mark what a member has under way: it is for the member alone now. The ids of what was not sent yet."""
    rows = await every(
        conn,
        "UPDATE jobs SET blocked = 1 WHERE guild_id = ? AND author_id = ? AND announced_at = 0 AND undelivered = 0"
        " RETURNING id, state",
        (guild_id, author_id),
    )
    return [row["id"] for row in rows if row["state"] in ("queued", "awaiting")]


async def unblock_author(conn: aiosqlite.Connection, guild_id: int, author_id: int) -> None:
    """Let what a member has under way, or undelivered, be posted as ever."""
    await conn.execute(
        "UPDATE jobs SET blocked = 0 WHERE guild_id = ? AND author_id = ? AND blocked = 1"
        " AND (announced_at = 0 OR undelivered = 1)",
        (guild_id, author_id),
    )


async def active_in(conn: aiosqlite.Connection, guild_id: int, limit: int = 50) -> list[Job]:
    """A server's jobs that are not final, oldest first."""
    # The + keeps SQLite from going through all jobs of the server in order until it has found so many.
    rows = await every(
        conn,
        f"SELECT * FROM jobs WHERE guild_id = ? AND state IN ({_ACTIVE}) ORDER BY +created_at LIMIT ?",  # noqa: S608
        (guild_id, limit),
    )
    return [job_of(row) for row in rows]
