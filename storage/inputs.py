"""Pictures at rest: what was attached to a job, and each picture's bytes once, by their hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aiosqlite

from domain.wish import Attachment
from storage.database import every, one


@dataclass(frozen=True)
class Attached:
    """One picture of a job: its file name, where it was, and the hash of its stored form ("" until it is fetched).

    `source` is the hash of the stored picture that it is made from, "" where it comes from its address.
    """

    n: int
    name: str
    url: str
    sha256: str = ""
    source: str = ""


@dataclass(frozen=True)
class Stored:
    """A stored picture, ready to be sent."""

    sha256: str
    mime: str
    width: int
    height: int
    data: bytes


async def attach(conn: aiosqlite.Connection, job_id: str, pictures: Sequence[Attachment], now: int) -> bool:
    """Note the pictures of a new job; false when one that was stored before is no longer kept."""
    for n, picture in enumerate(pictures, 1):
        if picture.sha256:
            sql = "UPDATE pictures SET kept_at = max(kept_at, ?) WHERE sha256 = ? RETURNING 1"
            if await one(conn, sql, (now, picture.sha256)) is None:
                return False
        await conn.execute(
            "INSERT INTO inputs (job_id, n, name, url, source) VALUES (?, ?, ?, ?, ?)",
            (job_id, n, picture.name, picture.url, picture.sha256),
        )
    return True


async def of(conn: aiosqlite.Connection, job_id: str) -> list[Attached]:
    """The pictures of a job in their order."""
    rows = await every(conn, "SELECT n, name, url, sha256, source FROM inputs WHERE job_id = ? ORDER BY n", (job_id,))
    return [Attached(row["n"], row["name"], row["url"], row["sha256"], row["source"]) for row in rows]


async def reusable(conn: aiosqlite.Connection, job_id: str) -> tuple[Attachment, ...]:
    """A job's pictures for another job: as they were before they were cropped, perhaps no longer kept (`lost` tells);
    by their address where they were never fetched.
    """
    return tuple(Attachment(item.name, item.url, 0, item.source or item.sha256) for item in await of(conn, job_id))


async def lost(conn: aiosqlite.Connection, pictures: Sequence[Attachment]) -> set[str]:
    """The hashes among these pictures that are no longer kept."""
    wanted = {picture.sha256 for picture in pictures if picture.sha256}
    marks = ", ".join("?" * len(wanted))
    rows = await every(conn, f"SELECT sha256 FROM pictures WHERE sha256 IN ({marks})", tuple(wanted))  # noqa: S608
    return wanted - {row["sha256"] for row in rows}


async def picture(conn: aiosqlite.Connection, sha256: str) -> Stored | None:
    """A stored picture by its hash."""
    row = await one(conn, "SELECT * FROM pictures WHERE sha256 = ?", (sha256,))
    return Stored(row["sha256"], row["mime"], row["width"], row["height"], row["bytes"]) if row else None


async def keep(conn: aiosqlite.Connection, job_id: str, n: int, kept: Stored, *, source: Stored, now: int) -> None:
    """Store a picture of a job as it is sent, and as it was before it was cropped (`source`, perhaps the same).

    The same bytes are kept once. Its link is forgotten: it would die anyway.
    """
    for one_of in {each.sha256: each for each in (kept, source)}.values():
        await conn.execute(
            "INSERT INTO pictures (sha256, mime, width, height, bytes, kept_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (sha256) DO UPDATE SET kept_at = excluded.kept_at",
            (one_of.sha256, one_of.mime, one_of.width, one_of.height, one_of.data, now),
        )
    await conn.execute(
        "UPDATE inputs SET sha256 = ?, source = ?, url = '' WHERE job_id = ? AND n = ?",
        (kept.sha256, source.sha256 if source.sha256 != kept.sha256 else "", job_id, n),
    )


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


_UNNEEDED = """NOT EXISTS (SELECT 1 FROM inputs i JOIN jobs j ON j.id = i.job_id
    WHERE i.{column} = pictures.sha256 AND j.state IN ('awaiting', 'queued', 'submitting', 'rendering'))"""


async def forget(conn: aiosqlite.Connection, *, before: int) -> int:
    """Remove pictures last kept before a moment (unix ms) that no active job needs; returns how many."""
    gone = await every(
        conn,
        f"DELETE FROM pictures WHERE kept_at < ? AND {_UNNEEDED.format(column='sha256')}"  # noqa: S608 - our own words
        f" AND {_UNNEEDED.format(column='source')} RETURNING sha256",
        (before,),
    )
    return len(gone)


async def erase(conn: aiosqlite.Connection, job_id: str) -> None:
    """Remove what was attached to a job; pictures that other jobs have too stay theirs."""
    await conn.execute(
        "DELETE FROM pictures WHERE sha256 IN (SELECT sha256 FROM inputs WHERE job_id = :job"
        " UNION SELECT source FROM inputs WHERE job_id = :job)"
        " AND NOT EXISTS (SELECT 1 FROM inputs i WHERE i.sha256 = pictures.sha256 AND i.job_id <> :job)"
        " AND NOT EXISTS (SELECT 1 FROM inputs i WHERE i.source = pictures.sha256 AND i.job_id <> :job)",
        {"job": job_id},
    )
    await conn.execute("DELETE FROM inputs WHERE job_id = ?", (job_id,))
