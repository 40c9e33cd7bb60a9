"""Generations that wait for a moderator's word, at rest."""

from __future__ import annotations

import aiosqlite

from domain.moderation import Approval
from storage import jobs, notices
from storage.database import every, one


async def ask(conn: aiosqlite.Connection, guild_id: int, job_id: str, now: int) -> None:
    """A new job waits: have moderators asked, in the transaction that writes it."""
    await conn.execute("INSERT INTO approvals (job_id, asked_at) VALUES (?, ?)", (job_id, now))
    await notices.add(conn, guild_id, "approval", job_id, now)


async def get(conn: aiosqlite.Connection, job_id: str) -> Approval | None:
    """The question about a job, and its answer if there is one."""
    row = await one(conn, "SELECT * FROM approvals WHERE job_id = ?", (job_id,))
    job = await jobs.get(conn, job_id) if row else None
    return Approval(job, row["asked_at"], row["verdict"], row["decided_by"]) if row and job else None


async def decide(conn: aiosqlite.Connection, job_id: str, verdict: str, by_id: int, now: int) -> bool:
    """Answer, if nobody has; false when somebody has."""
    row = await one(
        conn,
        "UPDATE approvals SET verdict = ?, decided_by = ?, decided_at = ?"
        " WHERE job_id = ? AND verdict = '' RETURNING 1",
        (verdict, by_id, now, job_id),
    )
    return row is not None


async def unanswered(conn: aiosqlite.Connection, before: int) -> list[str]:
    """The ids of jobs that have waited since before a moment (unix ms)."""
    rows = await every(conn, "SELECT id FROM jobs WHERE state = 'awaiting' AND created_at < ?", (before,))
    return [row["id"] for row in rows]


async def oldest(conn: aiosqlite.Connection) -> int | None:
    """When the job that waits longest was begun, unix ms."""
    row = await one(conn, "SELECT min(created_at) FROM jobs WHERE state = 'awaiting'")
    return int(row[0]) if row and row[0] is not None else None
