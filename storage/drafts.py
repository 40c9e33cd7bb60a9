"""Drafts at rest: what a member wanted and could not have yet, kept for a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiosqlite

from domain.wish import Wish
from storage.database import every, one


@dataclass(frozen=True)
class Draft:
    """A wish with why it was refused (a key of the words' table, "" for not yet) and what its sentence needs."""

    id: str
    author_id: int
    wish: Wish
    reason: str
    values: Mapping[str, Any]


async def keep(conn: aiosqlite.Connection, draft: Draft, now: int) -> None:
    """Write a draft; it is never changed."""
    await conn.execute(
        "INSERT INTO drafts (id, author_id, created_at, wish, reason, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (draft.id, draft.author_id, now, draft.wish.to_json(), draft.reason, json.dumps(draft.values, default=str)),
    )


async def get(conn: aiosqlite.Connection, draft_id: str, *, since: int) -> Draft | None:
    """A draft that is not older than a moment (unix ms)."""
    row = await one(conn, "SELECT * FROM drafts WHERE id = ? AND created_at >= ?", (draft_id, since))
    if row is None:
        return None
    wish = Wish.from_json(row["wish"])
    return Draft(row["id"], row["author_id"], wish, row["reason"], json.loads(row["detail"]))


async def take(conn: aiosqlite.Connection, draft_id: str, author_id: int) -> bool:
    """Remove a draft that is acted upon; false when somebody was quicker."""
    sql = "DELETE FROM drafts WHERE id = ? AND author_id = ? RETURNING 1"
    return await one(conn, sql, (draft_id, author_id)) is not None


async def forget(conn: aiosqlite.Connection, *, before: int) -> int:
    """Remove drafts older than a moment (unix ms); returns how many."""
    return len(await every(conn, "DELETE FROM drafts WHERE created_at < ? RETURNING id", (before,)))
