"""The outbox: final jobs that nobody was told about yet, as a query, and what is noted around each sending."""

from __future__ import annotations

import aiosqlite

from domain.job import FINAL, Job, Sent
from storage.database import every, one
from storage.jobs import films, job_of

_FINAL = ", ".join(f"'{state.value}'" for state in FINAL)
#: A card that is being shown right now is waited for so long (ms), so that the end does not overtake it.
_CARD_PATIENCE = 20_000
#: A job from a time that has not come yet was begun by a clock that was wrong: its card is not waited for.
_DUE = (
    "max(next_try_at, CASE WHEN card_message_id = 0 AND private = 0 AND created_at <= :now"
    f" THEN created_at + {_CARD_PATIENCE} ELSE 0 END)"
)
_OPEN = f"announced_at = 0 AND undelivered = 0 AND state IN ({_FINAL})"


async def due(conn: aiosqlite.Connection, now: int, limit: int, busy: set[str]) -> list[Job]:
    """Jobs to announce now, the longest waiting first, without those already in hand."""
    rows = await every(
        conn,
        f"SELECT * FROM jobs WHERE {_OPEN} AND {_DUE} <= :now ORDER BY next_try_at, ended_at LIMIT :most",  # noqa: S608
        {"now": now, "most": limit + len(busy)},
    )
    return [job_of(row, await films(conn, row["id"])) for row in rows if row["id"] not in busy][:limit]


async def next_due(conn: aiosqlite.Connection, now: int, busy: set[str]) -> int | None:
    """When the next announcement is to be tried, unix ms; None when only those already in hand are left."""
    rows = await every(
        conn,
        f"SELECT id, {_DUE} AS due FROM jobs WHERE {_OPEN} ORDER BY due LIMIT :most",  # noqa: S608
        {"now": now, "most": len(busy) + 1},
    )
    return next((int(row["due"]) for row in rows if row["id"] not in busy), None)


async def begin(conn: aiosqlite.Connection, job_id: str, *, target_id: int, now: int, again: bool) -> int | None:
    """Note where a message is about to be sent; returns its number, which is part of its nonce.

    `again` keeps the number: the same message is tried once more, and Discord folds the two for some minutes. None,
    and nothing noted, where its member has asked meanwhile not to have it posted, or has deleted it.
    """
    row = await one(
        conn,
        "UPDATE jobs SET target_id = ?, target_at = ?, announcement = announcement + ?"
        " WHERE id = ? AND muted = 0 AND deleted_at = 0 RETURNING announcement",
        (target_id, now, 0 if again else 1, job_id),
    )
    return int(row[0]) if row else None


async def hush(conn: aiosqlite.Connection, job_id: str) -> bool:
    """Do not post it; false, and nothing changed, when a message about its end has been begun."""
    sql = (
        f"UPDATE jobs SET muted = 1 WHERE id = ? AND NOT (state IN ({_FINAL}) AND (target_id > 0 OR announced_at > 0))"  # noqa: S608
    )
    return await one(conn, f"{sql} RETURNING 1", (job_id,)) is not None


async def done(conn: aiosqlite.Connection, job: Job, *, now: int, thread_id: int, message_id: int) -> bool:
    """People were told what was known then; what was reopened meanwhile stays open, with something new to tell.

    Returns whether the message is to be removed at once: the film was deleted, or taken away, while it went out.
    """
    row = await one(
        conn,
        "UPDATE jobs SET announced_at = ?, thread_id = ?, message_id = ?, tries = 0, card_token = ''"
        " WHERE id = ? AND reopened = ? RETURNING message_id > 0 AND (deleted_at > 0 OR hidden = 1)",
        (now, thread_id, message_id, job.id, job.reopened),
    )
    return row is not None and bool(row[0])


async def later(conn: aiosqlite.Connection, job: Job, *, at: int | None) -> None:
    """Try again at `at` (unix ms), or never: None lists it as undelivered."""
    await conn.execute(
        "UPDATE jobs SET tries = tries + 1, next_try_at = ?, undelivered = ? WHERE id = ? AND reopened = ?",
        (at or 0, int(at is None), job.id, job.reopened),
    )


async def reopen(conn: aiosqlite.Connection, job_id: str) -> None:
    """Tell people again, by a new message: a film that came late, or a redelivery."""
    await conn.execute(
        "UPDATE jobs SET announced_at = 0, undelivered = 0, tries = 0, next_try_at = 0, target_id = 0, message_id = 0,"
        " reopened = reopened + 1 WHERE id = ?",
        (job_id,),
    )


async def newest_thread(conn: aiosqlite.Connection, job: Job) -> int:
    """The thread of the member's last film in the same channel; 0 when there is none.

    Within a day, as a stopgap; within a month where the server wants one thread for each member.
    """
    days = 30 if job.delivery == "member" else 1
    row = await one(
        conn,
        "SELECT thread_id FROM jobs WHERE guild_id = ? AND author_id = ? AND created_at > ? AND channel_id = ?"
        " AND private = 0 AND thread_id NOT IN (0, channel_id) AND thread_id = card_message_id AND id <> ?"
        " ORDER BY announced_at DESC LIMIT 1",
        (job.guild_id, job.author_id, job.created_at - days * 86_400_000, job.channel_id, job.id),
    )
    return int(row["thread_id"]) if row else 0


async def unshown(conn: aiosqlite.Connection, before: int) -> list[Job]:
    """Active jobs begun before a moment (unix ms) whose card is not known to stand anywhere."""
    rows = await every(
        conn,
        "SELECT * FROM jobs WHERE card_message_id = 0 AND private = 0 AND created_at < ?"
        " AND state IN ('awaiting', 'queued', 'submitting', 'rendering') ORDER BY created_at LIMIT 500",
        (before,),
    )
    return [job_of(row) for row in rows]


async def card_found(conn: aiosqlite.Connection, job_id: str, card: Sent) -> None:
    """The job's card stands there; its interaction has nothing to do with it. Nothing where it is known by now."""
    await conn.execute(
        "UPDATE jobs SET card_channel_id = ?, card_message_id = ?, card_token = ''"
        " WHERE id = ? AND card_message_id = 0",
        (card.thread_id, card.message_id, job_id),
    )


async def is_undelivered(conn: aiosqlite.Connection, guild_id: int, job_id: str) -> bool:
    """True for a job of this server that was given up."""
    sql = "SELECT 1 FROM jobs WHERE id = ? AND guild_id = ? AND undelivered = 1 AND private = 0 AND deleted_at = 0"
    return await one(conn, sql, (job_id, guild_id)) is not None


async def undelivered(conn: aiosqlite.Connection, guild_id: int) -> list[Job]:
    """A server's jobs that were given up, newest first; private ones are their members' own matter."""
    rows = await every(
        conn,
        "SELECT * FROM jobs WHERE guild_id = ? AND undelivered = 1 AND private = 0 AND deleted_at = 0"
        " ORDER BY ended_at DESC LIMIT 25",
        (guild_id,),
    )
    return [job_of(row) for row in rows]
