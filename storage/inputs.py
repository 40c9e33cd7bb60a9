"""Pictures at rest: what was attached to a job, and each picture's bytes once, by their hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Attached:
    """One picture of a job: its file name, where it was, and the hash of its stored form ("" until it is fetched)."""

    n: int
    name: str
    url: str
    sha256: str = ""


@dataclass(frozen=True)
class Stored:
    """A stored picture, ready to be sent."""

    sha256: str
    mime: str
    width: int
    height: int
    data: bytes


async def attach(conn: aiosqlite.Connection, job_id: str, pictures: Sequence[tuple[str, str]]) -> None:
    """Note the (name, url) of each picture of a new job."""
    if pictures:
        await conn.executemany(
            "INSERT INTO inputs (job_id, n, name, url) VALUES (?, ?, ?, ?)",
            [(job_id, n, name, url) for n, (name, url) in enumerate(pictures, 1)],
        )


async def of(conn: aiosqlite.Connection, job_id: str) -> list[Attached]:
    """The pictures of a job in their order."""
    rows = await every(conn, "SELECT n, name, url, sha256 FROM inputs WHERE job_id = ? ORDER BY n", (job_id,))
    return [Attached(row["n"], row["name"], row["url"], row["sha256"]) for row in rows]


async def keep(
    conn: aiosqlite.Connection,
    job_id: str,
    n: int,
    *,
    sha256: str,
    mime: str,
    width: int,
    height: int,
    data: bytes,
    now: int,
) -> None:
    """Store a fetched picture of a job; the same bytes are kept once. Its link is forgotten: it would die anyway."""
    await conn.execute(
        "INSERT INTO pictures (sha256, mime, width, height, bytes, kept_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET kept_at = excluded.kept_at",
        (sha256, mime, width, height, data, now),
    )
    await conn.execute("UPDATE inputs SET sha256 = ?, url = '' WHERE job_id = ? AND n = ?", (sha256, job_id, n))


async def stored(conn: aiosqlite.Connection, job_id: str) -> list[Stored]:
    """The stored pictures of a job in their order."""
    rows = await every(
        conn,
        "SELECT p.* FROM inputs i JOIN pictures p ON p.sha256 = i.sha256 WHERE i.job_id = ? ORDER BY i.n",
        (job_id,),
    )
    return [Stored(row["sha256"], row["mime"], row["width"], row["height"], row["bytes"]) for row in rows]


async def for_media(conn: aiosqlite.Connection, job_id: str, n: int) -> Stored | None:
    """One picture of a job, only while the API may still need it: before the job is final."""
    row = await one(
        conn,
        "SELECT p.* FROM jobs j JOIN inputs i ON i.job_id = j.id JOIN pictures p ON p.sha256 = i.sha256"
        " WHERE j.id = ? AND i.n = ? AND j.state IN ('queued', 'submitting', 'rendering')",
        (job_id, n),
    )
    return Stored(row["sha256"], row["mime"], row["width"], row["height"], row["bytes"]) if row else None


async def forget(conn: aiosqlite.Connection, *, before: int) -> int:
    """Remove pictures last kept before a moment (unix ms) that no active job needs; returns how many."""
    gone = await every(
        conn,
        "DELETE FROM pictures WHERE kept_at < ? AND NOT EXISTS (SELECT 1 FROM inputs i JOIN jobs j ON j.id = i.job_id"
        " WHERE i.sha256 = pictures.sha256 AND j.state IN ('awaiting', 'queued', 'submitting', 'rendering'))"
        " RETURNING sha256",
        (before,),
    )
    return len(gone)
