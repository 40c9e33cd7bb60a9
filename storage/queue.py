"""The queue as dispatch sees it: whether anything could go on now, and how long jobs have waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from domain.job import IN_FLIGHT
from storage.database import every, one

_IN_FLIGHT = ", ".join(f"'{state.value}'" for state in IN_FLIGHT)
#: What the clock of a server shows (`guild`: its id in the SQL around): it stands while nothing is sent, and in pauses.
CLOCK = (
    "((SELECT ms FROM queue_clock WHERE guild_id = 0)"
    " - coalesce((SELECT ms FROM queue_clock WHERE guild_id = {guild}), 0))"
)


@dataclass(frozen=True)
class Look:
    """What there is to do: pictures to make ready, services with jobs and room for one, and when a held job may go."""

    unprepared: bool
    room: bool
    #: Unix ms; None when no job is held back.
    next_turn: int | None


async def look(conn: aiosqlite.Connection, *, now: int, total_most: int) -> Look:
    """One question, whose answer costs the same however long the queue is."""
    row = await one(
        conn,
        f"""
        WITH RECURSIVE providers (name) AS (
            SELECT min(provider) FROM jobs WHERE state = 'queued'
            UNION ALL
            SELECT (SELECT min(provider) FROM jobs WHERE state = 'queued' AND provider > name)
                FROM providers WHERE name IS NOT NULL)
        SELECT EXISTS (SELECT 1 FROM jobs WHERE prepared_at = 0 AND state IN ('queued', 'awaiting')),
            EXISTS (SELECT 1 FROM providers WHERE name IS NOT NULL AND
                (SELECT count(*) FROM jobs WHERE provider = name AND state IN ({_IN_FLIGHT})) < ?),
            (SELECT min(not_before) FROM jobs WHERE state = 'queued' AND not_before > 0 AND not_before > ?)
        """,  # noqa: S608 - our own words
        (total_most, now),
    )
    assert row is not None
    return Look(bool(row[0]), bool(row[1]), row[2])


async def age(conn: aiosqlite.Connection, *, passed: int, paused: Sequence[int] = ()) -> bool:
    """Let `passed` ms go by for all that wait, but not in `paused` servers. False when nothing waits: no clock runs."""
    if await one(conn, "SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1") is None:
        return False
    await conn.executemany(
        "INSERT INTO queue_clock VALUES (?, ?) ON CONFLICT DO UPDATE SET ms = ms + excluded.ms",
        [(guild_id, passed) for guild_id in (0, *paused)],
    )
    return True


async def overdue(conn: aiosqlite.Connection, *, now: int, most: int, limit: int) -> list[str]:
    """Ids of jobs that have waited longer than `most` ms, the oldest first. Begun within `most` of `now`, none has."""
    rows = await every(
        conn,
        f"SELECT id FROM jobs j WHERE state = 'queued' AND created_at < ?"  # noqa: S608 - our own words
        f" AND {CLOCK.format(guild='j.guild_id')} - waits_from > ? ORDER BY created_at LIMIT ?",
        (now - most, most, limit),
    )
    return [row["id"] for row in rows]
