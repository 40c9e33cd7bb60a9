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
    """What there is to do: pictures to make ready, room for a job that waits, and when a job that is held may go."""

    unprepared: bool
    room: bool
    #: Unix ms; None when no job is held back.
    next_turn: int | None


async def look(conn: aiosqlite.Connection, *, now: int, total_most: int, server_most: int) -> Look:
    """One question, whose answer costs the same however long the queue is.

    It goes from one place, a service and a server, to the next one for which jobs wait.
    """
    # The + keeps SQLite from the index of all of a server's jobs: those in the making are few.
    making = f"(SELECT count(*) FROM jobs WHERE state IN ({_IN_FLIGHT}) AND"  # noqa: S608 - our own words
    row = await one(
        conn,
        f"""
        WITH RECURSIVE places (provider, guild_id, full) AS (
            SELECT j.provider, j.guild_id, {making} provider = j.provider) >= :total FROM jobs j WHERE j.rowid =
                (SELECT rowid FROM jobs WHERE state = 'queued' ORDER BY provider, guild_id LIMIT 1)
            UNION ALL
            SELECT j.provider, j.guild_id, {making} provider = j.provider) >= :total
                FROM places p JOIN jobs j ON j.rowid = coalesce(
                    (SELECT rowid FROM jobs WHERE state = 'queued' AND NOT p.full AND provider = p.provider
                        AND guild_id > p.guild_id ORDER BY guild_id LIMIT 1),
                    (SELECT rowid FROM jobs WHERE state = 'queued' AND provider > p.provider
                        ORDER BY provider, guild_id LIMIT 1)))
        SELECT EXISTS (SELECT 1 FROM jobs WHERE prepared_at = 0 AND state IN ('queued', 'awaiting')),
            EXISTS (SELECT 1 FROM places p WHERE NOT full AND {making} +guild_id = p.guild_id) < :server),
            (SELECT min(not_before) FROM jobs WHERE state = 'queued' AND not_before > 0 AND not_before > :now)
        """,  # noqa: S608 - our own words
        {"total": total_most, "server": server_most, "now": now},
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


async def made(conn: aiosqlite.Connection, model: str, *, since: int) -> bool:
    """Whether a film of this model was made since a moment (unix ms)."""
    query = "SELECT 1 FROM jobs WHERE state = 'ready' AND model = ? AND ended_at >= ? LIMIT 1"
    return await one(conn, query, (model, since)) is not None
