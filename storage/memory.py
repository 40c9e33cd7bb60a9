"""Small things learned while running: breakers, upload limits, places that refused us; and the bot's own values."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Breaker:
    """An open breaker: nothing of its subject is sent but one trial, at `trial_at` (unix ms)."""

    subject: str
    reason: str
    opened_at: int
    trial_at: int
    trials: int
    told_at: int


async def breakers(conn: aiosqlite.Connection) -> dict[str, Breaker]:
    """All open breakers, by subject."""
    rows = await every(conn, "SELECT * FROM breakers")
    return {row["subject"]: Breaker(**dict(row)) for row in rows}


async def open_breaker(conn: aiosqlite.Connection, subject: str, reason: str, now: int, pause: int) -> bool:
    """Open a breaker, or push back its next trial with a doubled pause (ms, at most an hour); true when it was shut."""
    row = await one(
        conn,
        "INSERT INTO breakers (subject, reason, opened_at, trial_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (subject) DO UPDATE SET reason = excluded.reason, trials = trials + 1,"
        " trial_at = ? + min(3600000, ? << min(trials + 1, 12)) RETURNING trials",
        (subject, reason, now, now + pause, now, pause),
    )
    return bool(row and row["trials"] == 0)


async def shut_breaker(conn: aiosqlite.Connection, subject: str) -> bool:
    """Close a breaker; true when it was open."""
    return await one(conn, "DELETE FROM breakers WHERE subject = ? RETURNING 1", (subject,)) is not None


async def remember(conn: aiosqlite.Connection, key: str, value: int, until: int) -> None:
    """Keep a small value until a moment (unix ms)."""
    await conn.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?, ?)", (key, value, until))


async def recall(conn: aiosqlite.Connection, key: str, now: int) -> int | None:
    """A remembered value that has not ended; None otherwise."""
    row = await one(conn, "SELECT value FROM remembered WHERE key = ? AND until > ?", (key, now))
    return int(row["value"]) if row else None


async def get_meta(conn: aiosqlite.Connection, key: str) -> bytes | None:
    """A value of the bot itself."""
    row = await one(conn, "SELECT value FROM meta WHERE key = ?", (key,))
    return bytes(row["value"]) if row else None


async def set_meta(conn: aiosqlite.Connection, key: str, value: bytes) -> None:
    """Keep a value of the bot itself."""
    await conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


async def new_instance(conn: aiosqlite.Connection) -> str:
    """An id for this run of the bot, noted so that `doctor` knows it from a bot that has a copy of the database."""
    instance = secrets.token_hex(8)
    await set_meta(conn, "instance", instance.encode())
    return instance


async def forget(conn: aiosqlite.Connection, key: str) -> None:
    """Remember it no more."""
    await conn.execute("DELETE FROM remembered WHERE key = ?", (key,))
