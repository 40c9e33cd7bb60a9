"""When sent jobs are to be looked at next, and what becomes of appointments that a wrong clock made."""

from __future__ import annotations

from collections.abc import Sequence

import aiosqlite

from domain.job import FINAL, IN_FLIGHT, Job
from domain.pace import DAY
from storage.database import every, one
from storage.jobs import job_of

_FLIGHT, _ENDED = (", ".join(f"'{state.value}'" for state in states) for states in (IN_FLIGHT, FINAL))
#: Word for word as in the index: those in the making, and those given up whose films may still come.
_LOOKED_AT = f"state IN ({_FLIGHT}) OR (state = 'expired' AND next_look_at > 0)"


async def due(conn: aiosqlite.Connection, now: int, limit: int) -> list[tuple[Job, int]]:
    """Jobs that are to be asked about, the longest due first, each with the size of its request in bytes."""
    rows = await every(
        conn,
        f"SELECT * FROM jobs WHERE ({_LOOKED_AT}) AND next_look_at <= ? ORDER BY next_look_at LIMIT ?",  # noqa: S608
        (now, limit),
    )
    return [(job_of(row), int(row["request_bytes"])) for row in rows]


async def next_due(conn: aiosqlite.Connection) -> int | None:
    """When the next look is due, unix ms."""
    row = await one(conn, f"SELECT min(next_look_at) FROM jobs WHERE {_LOOKED_AT}")  # noqa: S608 - our own words
    return int(row[0]) if row and row[0] is not None else None


async def schedule(conn: aiosqlite.Connection, looks: Sequence[tuple[int, Job]]) -> None:
    """Set when to look at each of (unix ms, job as it was read); 0 ends the looking at one that was given up.

    One that was asked for since it was read keeps that moment: what was seen of it may be older than the reason to ask.
    """
    await conn.executemany(
        "UPDATE jobs SET looks = ?, next_look_at = ? WHERE id = ? AND next_look_at = ?",
        [(job.looks, at, job.id, job.next_look_at) for at, job in looks],
    )


async def disprove(conn: aiosqlite.Connection, job: Job) -> None:
    """The task that a callback named is not this job's; one that was named since is still to be asked about."""
    await conn.execute("UPDATE jobs SET hint_id = '' WHERE id = ? AND hint_id = ?", (job.id, job.hint_id))


async def bring_near(conn: aiosqlite.Connection, *, now: int, furthest: int) -> None:
    """Move every appointment beyond `furthest` (unix ms) to `now`: it was made by a clock that was wrong."""
    for column, which in (
        ("next_look_at", _LOOKED_AT),
        ("not_before", "state = 'queued'"),
        ("next_try_at", f"state IN ({_ENDED})"),
    ):
        await conn.execute(
            f"UPDATE jobs SET {column} = ? WHERE {column} > ? AND ({which})",  # noqa: S608 - our own words
            (now, furthest),
        )
    await conn.execute("UPDATE breakers SET trial_at = ? WHERE trial_at > ?", (now, furthest))
    await conn.execute("DELETE FROM remembered WHERE until > ?", (furthest + DAY,))
