"""Clips at rest: each one's bytes once, by their hash, which job has which, and where we showed them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import aiosqlite

from domain.clip import Clip
from domain.job import Job
from storage.database import every, one
from storage.jobs import job_of


@dataclass(frozen=True)
class KeptClip:
    """A clip ready to be sent: an MP4."""

    sha256: str
    width: int
    height: int
    ms: int
    data: bytes

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.ms / 1000


@dataclass(frozen=True)
class JobClip:
    """The clip of a job; `sha256` is "" until it is kept, `unit` is what its start and end count."""

    clip: Clip
    unit: str
    sha256: str


async def attach(conn: aiosqlite.Connection, job_id: str, clip: Clip, unit: str, now: int) -> bool:
    """Note the clip of a new job; false when it is a kept one that is no longer there, and comes from no film."""
    sha256 = clip.sha256
    if sha256:
        sql = "UPDATE clips SET kept_at = max(kept_at, ?) WHERE sha256 = ? RETURNING 1"
        if await one(conn, sql, (now, sha256)) is None:
            sha256 = ""
            if not clip.film:
                return False
    await conn.execute(
        "INSERT INTO job_clips (job_id, clip, unit, sha256) VALUES (?, ?, ?, ?)", (job_id, clip.to_json(), unit, sha256)
    )
    return True


async def of(conn: aiosqlite.Connection, job_id: str) -> JobClip | None:
    """The clip of a job; None when it has none."""
    row = await one(conn, "SELECT clip, unit, sha256 FROM job_clips WHERE job_id = ?", (job_id,))
    return JobClip(Clip.from_json(row["clip"]), row["unit"], row["sha256"]) if row else None


async def reusable(conn: aiosqlite.Connection, job: Job) -> Clip | None:
    """A job's clip for another job, from the store where it got there; None when it has none."""
    found = await of(conn, job.id)
    if found is None:
        return None
    return replace(found.clip, sha256=found.sha256, owner_id=found.clip.owner_id or job.author_id)


async def kept(conn: aiosqlite.Connection, job_id: str) -> bool:
    """Whether a job's clip can be had for another job: none counts as one that can."""
    row = await one(
        conn,
        "SELECT 1 FROM job_clips WHERE job_id = ? AND sha256 <> '' AND json_extract(clip, '$.film') = ''"
        " AND sha256 NOT IN (SELECT sha256 FROM clips)",
        (job_id,),
    )
    return row is None


async def taken_away(conn: aiosqlite.Connection, clip: Clip) -> bool:
    """Whether a clip comes from a film that a moderator took away: nobody makes films with it any more."""
    sql = "SELECT 1 FROM jobs WHERE id IN (?, ?) AND hidden = 1"
    return await one(conn, sql, (clip.film, clip.origin)) is not None


async def ready(conn: aiosqlite.Connection, job_id: str, sha256: str) -> None:
    """A job's clip is this one. Its link is forgotten: it would die anyway."""
    sql = "UPDATE job_clips SET sha256 = ?, clip = json_set(clip, '$.url', '') WHERE job_id = ?"
    await conn.execute(sql, (sha256, job_id))


async def keep(conn: aiosqlite.Connection, clip: KeptClip, now: int) -> None:
    """Store a clip; the same bytes are kept once, from now on anew."""
    await conn.execute(
        "INSERT INTO clips (sha256, width, height, ms, kept_at, bytes) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET kept_at = max(kept_at, excluded.kept_at)",
        (clip.sha256, clip.width, clip.height, clip.ms, now, clip.data),
    )


async def get(conn: aiosqlite.Connection, sha256: str) -> KeptClip | None:
    """A kept clip by its hash."""
    row = await one(conn, "SELECT * FROM clips WHERE sha256 = ?", (sha256,))
    return KeptClip(row["sha256"], row["width"], row["height"], row["ms"], row["bytes"]) if row else None


async def for_media(conn: aiosqlite.Connection, job_id: str) -> bytes | None:
    """The clip of a job, only while the API may still need it: before the job is final."""
    row = await one(
        conn,
        "SELECT c.bytes FROM jobs j JOIN job_clips k ON k.job_id = j.id JOIN clips c ON c.sha256 = k.sha256"
        " WHERE j.id = ? AND j.state IN ('queued', 'submitting', 'rendering')",
        (job_id,),
    )
    return row["bytes"] if row else None


async def forget(conn: aiosqlite.Connection, *, before: int) -> int:
    """Remove clips last kept before a moment (unix ms) that no character and no active job needs; returns how many."""
    gone = await every(
        conn,
        "DELETE FROM clips WHERE kept_at < ? AND sha256 NOT IN (SELECT clip FROM characters)"
        " AND NOT EXISTS (SELECT 1 FROM job_clips k JOIN jobs j ON j.id = k.job_id WHERE k.sha256 = clips.sha256"
        " AND j.state IN ('awaiting', 'queued', 'submitting', 'rendering')) RETURNING sha256",
        (before,),
    )
    await conn.execute("DELETE FROM clip_posts WHERE sha256 NOT IN (SELECT sha256 FROM clips)")
    return len(gone)


async def erase(conn: aiosqlite.Connection, job_id: str) -> None:
    """Remove a job's clip; one that a character or another job has, too, stays theirs."""
    await conn.execute(
        "DELETE FROM clips WHERE sha256 IN (SELECT sha256 FROM job_clips WHERE job_id = :job)"
        " AND sha256 NOT IN (SELECT clip FROM characters)"
        " AND sha256 NOT IN (SELECT sha256 FROM job_clips WHERE job_id <> :job)",
        {"job": job_id},
    )
    await conn.execute("DELETE FROM job_clips WHERE job_id = ?", (job_id,))


async def posted(conn: aiosqlite.Connection, sha256: str, member_id: int) -> tuple[int, int] | None:
    """The channel and message of ours that show a clip to a member."""
    row = await one(
        conn, "SELECT channel_id, message_id FROM clip_posts WHERE sha256 = ? AND member_id = ?", (sha256, member_id)
    )
    return (row["channel_id"], row["message_id"]) if row else None


async def note_post(conn: aiosqlite.Connection, sha256: str, member_id: int, channel_id: int, message_id: int) -> None:
    """A clip is shown to a member by this message of ours."""
    await conn.execute(
        "INSERT OR REPLACE INTO clip_posts (sha256, member_id, channel_id, message_id) VALUES (?, ?, ?, ?)",
        (sha256, member_id, channel_id, message_id),
    )


async def films_of(conn: aiosqlite.Connection, *, guild_id: int, member_id: int, most: int) -> list[Job]:
    """A member's finished films in a server, the newest first: what a character can be taken from."""
    rows = await every(
        conn,
        "SELECT * FROM jobs WHERE guild_id = ? AND author_id = ? AND state = 'ready' AND refunded = 0"
        " AND deleted_at = 0 AND hidden = 0"
        " ORDER BY created_at DESC LIMIT ?",
        (guild_id, member_id, most),
    )
    return [job_of(row) for row in rows]
