"""What moderators did, at rest: rows that are only ever added, each with its post for the log channel."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, cast

import aiosqlite

from domain.moderation import AuditEntry
from storage import notices
from storage.database import every, one


async def write(conn: aiosqlite.Connection, entry: AuditEntry, now: int) -> None:
    """Note what was done, in the transaction that does it, and have it posted."""
    row = await one(
        conn,
        "INSERT INTO audit (guild_id, at, actor_id, action, member_id, subject, before, after, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            entry.guild_id,
            now,
            entry.actor_id,
            entry.action,
            entry.member_id,
            entry.subject,
            json.dumps(dict(entry.before), ensure_ascii=False),
            json.dumps(dict(entry.after), ensure_ascii=False),
            entry.reason,
        ),
    )
    assert row is not None
    await notices.add(conn, entry.guild_id, "audit", str(row["id"]), now)


async def get(conn: aiosqlite.Connection, entry_id: int) -> AuditEntry | None:
    """One entry."""
    row = await one(conn, "SELECT * FROM audit WHERE id = ?", (entry_id,))
    return _entry(row) if row else None


async def page(
    conn: aiosqlite.Connection,
    guild_id: int,
    *,
    member_id: int = 0,
    actor_id: int = 0,
    before: int = 0,
    limit: int = 8,
) -> list[AuditEntry]:
    """A server's entries, newest first, of one member or moderator where one is given, before an entry's id."""
    conditions, values = ["guild_id = ?"], [guild_id]
    for condition, value in (("member_id = ?", member_id), ("actor_id = ?", actor_id), ("id < ?", before)):
        if value:
            conditions.append(condition)
            values.append(value)
    rows = await every(
        conn,
        f"SELECT * FROM audit WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?",  # noqa: S608 - ours
        (*values, limit),
    )
    return [_entry(row) for row in rows]


def _entry(row: sqlite3.Row) -> AuditEntry:
    return AuditEntry(
        guild_id=row["guild_id"],
        actor_id=row["actor_id"],
        action=row["action"],
        member_id=row["member_id"],
        subject=row["subject"],
        before=cast("dict[str, Any]", json.loads(row["before"])),
        after=cast("dict[str, Any]", json.loads(row["after"])),
        reason=row["reason"],
        at=row["at"],
        id=row["id"],
    )
