"""What members said about films, at rest: one report a member a film."""

from __future__ import annotations

import aiosqlite

from domain.moderation import Report
from storage import jobs, notices
from storage.database import every, one


async def add(
    conn: aiosqlite.Connection, *, guild_id: int, job_id: str, reporter_id: int, reason: str, now: int
) -> int | None:
    """A new report, and its post; None when this member has reported this film before."""
    row = await one(
        conn,
        "INSERT INTO reports (guild_id, job_id, reporter_id, reason, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        (guild_id, job_id, reporter_id, reason, now),
    )
    if row is None:
        return None
    await notices.add(conn, guild_id, "report", str(row["id"]), now)
    return int(row["id"])


async def get(conn: aiosqlite.Connection, report_id: int) -> Report | None:
    """One report with its film's job."""
    row = await one(
        conn,
        "SELECT r.*, (SELECT count(*) FROM reports o WHERE o.job_id = r.job_id) - 1 AS others"
        " FROM reports r WHERE r.id = ?",
        (report_id,),
    )
    job = await jobs.get(conn, row["job_id"]) if row else None
    if row is None or job is None:
        return None
    return Report(
        id=row["id"],
        guild_id=row["guild_id"],
        job=job,
        reporter_id=row["reporter_id"],
        reason=row["reason"],
        at=row["at"],
        verdict=row["verdict"],
        decided_by=row["decided_by"],
        others=row["others"],
    )


async def decide(conn: aiosqlite.Connection, job_id: str, verdict: str, by_id: int, now: int) -> list[int]:
    """Answer every open report of a film at once; the ids of those that were open."""
    rows = await every(
        conn,
        "UPDATE reports SET verdict = ?, decided_by = ?, decided_at = ? WHERE job_id = ? AND verdict = '' RETURNING id",
        (verdict, by_id, now, job_id),
    )
    for row in rows:
        await notices.redraw(conn, "report", str(row["id"]))
    return [int(row["id"]) for row in rows]
