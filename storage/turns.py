"""The queue as those who wait in it see it: who is before whom, what is being made, and what their cards say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import aiosqlite

from domain.job import IN_FLIGHT, Job
from domain.turns import COUNTED_MOST, Outlook
from storage.database import every, one

_IN_FLIGHT = ", ".join(f"'{state.value}'" for state in IN_FLIGHT)


def _levels(paused: Sequence[int]) -> str:
    """Fair turns as a drawing: whoever has fewest in the making is next, so each film of a member stands one deeper."""
    return f"""
        made AS MATERIALIZED (SELECT guild_id, author_id FROM jobs WHERE state IN ({_IN_FLIGHT})),
        flight AS (SELECT guild_id, author_id, count(*) AS n FROM made GROUP BY 1, 2),
        levels AS (
            SELECT w.rowid AS row, w.guild_id, w.author_id, w.created_at, coalesce(f.n, 0)
                + row_number() OVER (PARTITION BY w.guild_id, w.author_id ORDER BY w.created_at, w.rowid) - 1 AS level
            FROM jobs w LEFT JOIN flight f ON f.guild_id = w.guild_id AND f.author_id = w.author_id
            WHERE w.state = 'queued' AND w.provider = ? AND {_not_in(paused, "w.guild_id")})
    """  # noqa: S608 - our own words, and numbers


def _not_in(servers: Sequence[int], column: str) -> str:
    return f"{column} NOT IN ({', '.join(map(str, servers))})" if servers else "1"


#: Above so many waiting jobs, a new one counts all of them: working out who is before whom would take too long.
_FAIR_MOST = 60


@dataclass(frozen=True)
class Counts:
    """So many jobs: of a service's all, of those in one server, and of those of one member there."""

    total: int
    server: int
    member: int


@dataclass(frozen=True)
class Flying:
    """One job that the API has: whose it is, since when (unix ms), and how long its model usually takes."""

    guild_id: int
    author_id: int
    sent_at: int
    usual_seconds: int


@dataclass(frozen=True)
class Waiting:
    """One job in the queue, and what its card says of that (see `Job`)."""

    id: str
    guild_id: int
    author_id: int
    model: str
    usual_seconds: int
    created_at: int
    #: It is not sent before this moment (unix ms).
    not_before: int
    #: The member's own cap, 0 where no rule gave one.
    member_most: int
    card_message_id: int
    card_token: str
    card_says: str
    card_ready_at: int
    card_at: int


_WAITING = ", ".join(f"j.{field.name}" for field in fields(Waiting))


async def counted(conn: aiosqlite.Connection, job: Job, paused: Sequence[int] = ()) -> tuple[Counts, Counts]:
    """What waits to be sent, without `paused` servers, and what is being made, seen from a job.

    Each number is at most `COUNTED_MOST`.
    """
    wider = ["provider = :provider", "guild_id = :guild", "author_id = :author"]
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM jobs WHERE {' AND '.join(wider[:n])} AND {which} LIMIT :most))"  # noqa: S608
        for which in (
            f"state = 'queued' AND {_not_in(paused, 'guild_id')}",
            f"state IN ({_IN_FLIGHT})",
        )
        for n in (1, 2, 3)
    )
    who = {"provider": job.wire.provider, "guild": job.guild_id, "author": job.author_id, "most": COUNTED_MOST}
    row = await one(conn, f"SELECT {counts}", who)
    return (Counts(*row[:3]), Counts(*row[3:])) if row else (Counts(0, 0, 0), Counts(0, 0, 0))


async def ahead_of_newest(
    conn: aiosqlite.Connection,
    job: Job,
    waiting: Counts,
    making: Counts,
    paused: Sequence[int] = (),
    *,
    written: bool = True,
) -> Counts:
    """How many of `waiting`, the others, have their turn before this job, the newest of all: written, or soon to be."""
    if waiting.total >= _FAIR_MOST:
        return waiting
    level = making.member + waiting.member
    row = await one(
        conn,
        f"WITH {_levels(paused)} SELECT count(*), coalesce(sum(guild_id = ?), 0) FROM levels"  # noqa: S608 - as above
        " WHERE level <= ?",
        (job.wire.provider, job.guild_id, level),
    )
    total, server = (int(row[0]), int(row[1])) if row else (0, 0)
    return Counts(total - written, server - written, waiting.member)


async def flying(conn: aiosqlite.Connection, provider: str, limit: int) -> list[Flying]:
    """What a service is making now."""
    rows = await every(
        conn,
        "SELECT guild_id, author_id, sent_at, usual_seconds FROM jobs"  # noqa: S608 - our own words
        f" WHERE provider = ? AND state IN ({_IN_FLIGHT}) LIMIT ?",
        (provider, limit),
    )
    return [Flying(*row) for row in rows]


async def providers(conn: aiosqlite.Connection) -> list[str]:
    """The services for which jobs wait."""
    rows = await every(conn, "SELECT DISTINCT provider FROM jobs WHERE state = 'queued'")
    return [row["provider"] for row in rows]


async def queue(conn: aiosqlite.Connection, provider: str, limit: int, paused: Sequence[int] = ()) -> list[Waiting]:
    """The first jobs that wait for a service, in the order of their turns; without `paused` servers."""
    rows = await every(
        conn,
        f"WITH {_levels(paused)} SELECT {_WAITING} FROM levels l JOIN jobs j ON j.rowid = l.row"  # noqa: S608 - our own words
        " ORDER BY l.level, l.created_at, l.row LIMIT ?",
        (provider, limit),
    )
    return [Waiting(*row) for row in rows]


async def unsaid(conn: aiosqlite.Connection, limit: int) -> list[str]:
    """Ids of jobs whose turn has come, and whose card, where it is known, still says that they wait; oldest first."""
    rows = await every(
        conn,
        f"SELECT id FROM jobs WHERE state IN ({_IN_FLIGHT}) AND card_says NOT IN ('', 'made')"  # noqa: S608
        " AND +card_message_id > 0 ORDER BY sent_at LIMIT ?",  # the plus: not by the index of cards, which is large
        (limit,),
    )
    return [row["id"] for row in rows]


async def said(conn: aiosqlite.Connection, job_id: str, outlook: Outlook, *, now: int) -> None:
    """The job's card says this now."""
    await conn.execute(
        "UPDATE jobs SET card_says = ?, card_ready_at = ?, card_at = ? WHERE id = ?",
        (outlook.mark, outlook.ready_at, now, job_id),
    )


async def newest(conn: aiosqlite.Connection, provider: str, limit: int) -> set[str]:
    """Ids of the jobs that wait for a service since the shortest time: their cards are near the ends of channels."""
    rows = await every(
        conn,
        "SELECT id FROM jobs WHERE state = 'queued' AND provider = ? ORDER BY created_at DESC LIMIT ?",
        (provider, limit),
    )
    return {row["id"] for row in rows}
