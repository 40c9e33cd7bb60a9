"""How films come from one another at rest: parents, chains that continue, films joined from them, deletions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from domain.job import Job
from storage.database import every, one
from storage.jobs import films, job_of


@dataclass(frozen=True)
class Join:
    """A film made of several: the last generation of its chain, who asked for it, and the message that shows it."""

    job_id: str
    author_id: int
    place_id: int
    message_id: int


async def ancestors(conn: aiosqlite.Connection, job_id: str, *, by: str = "parent_id", most: int) -> list[Job]:
    """A generation and those that it came from, the newest first, at most so many.

    `by` is `parent_id`, or `continues` for the chain of films whose frames follow one another.
    """
    assert by in ("parent_id", "continues")
    found: list[Job] = []
    while job_id and len(found) < most and job_id not in {job.id for job in found}:
        row = await one(conn, "SELECT * FROM jobs WHERE id = ?", (job_id,))
        if row is None:
            break
        found.append(job_of(row, await films(conn, job_id)))
        job_id = row[by]
    return found


async def of_message(conn: aiosqlite.Connection, message_id: int) -> Job | None:
    """The generation that a message shows: its film, its card, its place in a showcase, or a film joined up to it."""
    row = await one(
        conn, "SELECT * FROM jobs WHERE message_id = ? OR card_message_id = ? LIMIT 1", (message_id, message_id)
    ) or await one(
        conn,
        "SELECT * FROM jobs WHERE id IN (SELECT job_id FROM joins WHERE message_id = ?"
        " UNION SELECT job_id FROM showcases WHERE message_id = ?) LIMIT 1",
        (message_id, message_id),
    )
    return job_of(row, await films(conn, row["id"])) if row else None


async def joined(conn: aiosqlite.Connection, job_id: str) -> Join | None:
    """The joined film of the chain that ends with this generation."""
    row = await one(conn, "SELECT * FROM joins WHERE job_id = ?", (job_id,))
    return Join(row["job_id"], row["author_id"], row["place_id"], row["message_id"]) if row else None


async def keep_join(conn: aiosqlite.Connection, join: Join, parts: Sequence[str], now: int) -> None:
    """Note a joined film, in place of an earlier one of the same chain."""
    await conn.execute(
        "INSERT OR REPLACE INTO joins (job_id, parts, author_id, created_at, place_id, message_id)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (join.job_id, json.dumps(list(parts)), join.author_id, now, join.place_id, join.message_id),
    )


async def joins_with(conn: aiosqlite.Connection, job_id: str) -> list[Join]:
    """Joined films that a generation is part of."""
    rows = await every(
        conn,
        "SELECT j.* FROM joins j WHERE EXISTS (SELECT 1 FROM json_each(j.parts) p WHERE p.value = ?)",
        (job_id,),
    )
    return [Join(row["job_id"], row["author_id"], row["place_id"], row["message_id"]) for row in rows]


async def forget_join(conn: aiosqlite.Connection, job_id: str) -> None:
    """The joined film that ends with this generation is gone."""
    await conn.execute("DELETE FROM joins WHERE job_id = ?", (job_id,))


async def gone(conn: aiosqlite.Connection, limit: int) -> list[Job]:
    """Generations whose message is still to be removed: deleted ones, the oldest first, and those taken away."""
    deleted = await every(
        conn,
        "SELECT * FROM jobs WHERE deleted_at > 0 AND message_id > 0"
        " UNION SELECT * FROM jobs WHERE id IN (SELECT job_id FROM reports WHERE verdict = 'hidden')"
        " AND hidden = 1 AND message_id > 0 LIMIT ?",
        (limit,),
    )
    taken = await every(
        conn,
        "SELECT * FROM jobs WHERE id IN (SELECT job_id FROM reports WHERE verdict = 'hidden')"
        " AND hidden = 1 AND deleted_at = 0 AND message_id > 0 LIMIT ?",
        (limit,),
    )
    return [job_of(row) for row in (*deleted, *taken)]


async def delete(conn: aiosqlite.Connection, job_id: str, now: int) -> bool:
    """Note that a generation's film is deleted, and forget its links; false when it was already."""
    row = await one(conn, "UPDATE jobs SET deleted_at = ? WHERE id = ? AND deleted_at = 0 RETURNING 1", (now, job_id))
    await conn.execute("DELETE FROM films WHERE job_id = ?", (job_id,))
    return row is not None
