"""Alerts at rest: which troubles the operator was told about and when each was last seen; and what shows troubles."""

from __future__ import annotations

from collections.abc import Sequence

import aiosqlite

from storage.database import every, one


async def told(conn: aiosqlite.Connection) -> dict[str, int]:
    """Trouble → when it was last the case (unix ms), of those that the operator was told about."""
    return {row["key"]: int(row["seen_at"]) for row in await every(conn, "SELECT key, seen_at FROM alerts")}


async def begin(conn: aiosqlite.Connection, key: str, now: int) -> None:
    """The operator was told about a trouble."""
    await conn.execute("INSERT OR REPLACE INTO alerts (key, told_at, seen_at) VALUES (?, ?, ?)", (key, now, now))


async def still(conn: aiosqlite.Connection, keys: Sequence[str], now: int) -> None:
    """These troubles are still there."""
    await conn.executemany("UPDATE alerts SET seen_at = ? WHERE key = ?", [(now, key) for key in keys])


async def end(conn: aiosqlite.Connection, key: str) -> None:
    """A trouble is over: the next one like it is told again."""
    await conn.execute("DELETE FROM alerts WHERE key = ?", (key,))


async def unmade(conn: aiosqlite.Connection, reasons: Sequence[str], since: int) -> int:
    """How many jobs ended without a film after a moment (unix ms), for one of these reasons."""
    marks = ", ".join("?" * len(reasons))
    row = await one(
        conn,
        f"SELECT count(*) FROM jobs WHERE state IN ('failed', 'expired') AND ended_at > ? AND reason IN ({marks})",  # noqa: S608 - question marks only
        (since, *reasons),
    )
    return int(row[0]) if row else 0


async def made(conn: aiosqlite.Connection, models: Sequence[str], since: int) -> int:
    """How many films of these models were made after a moment (unix ms)."""
    marks = ", ".join("?" * len(models))
    row = await one(
        conn,
        f"SELECT count(*) FROM jobs WHERE state = 'ready' AND model IN ({marks}) AND ended_at > ?",  # noqa: S608 - question marks only
        (*models, since),
    )
    return int(row[0]) if row else 0


async def undelivered(conn: aiosqlite.Connection, since: int) -> int:
    """How many jobs that ended after a moment (unix ms) nobody could be told about."""
    row = await one(conn, "SELECT count(*) FROM jobs WHERE undelivered = 1 AND ended_at > ?", (since,))
    return int(row[0]) if row else 0
