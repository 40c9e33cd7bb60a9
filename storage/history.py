"""A member's own generations, newest first, page by page, with a search in their prompts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import aiosqlite

from domain.job import Job
from domain.names import folded
from storage.database import every
from storage.jobs import films, job_of

#: Whether a message stands in its member's direct messages: not where it was asked for, nor in a thread of a card.
_DIRECT = (
    "(private = 1 OR (thread_id NOT IN (channel_id, card_channel_id) AND NOT EXISTS"
    " (SELECT 1 FROM jobs c WHERE c.card_message_id = jobs.thread_id AND c.card_message_id > 0)))"
)


@dataclass(frozen=True)
class Entry:
    """One generation, and where the next page begins after it; `direct` says that its message is a direct one."""

    job: Job
    undelivered: bool
    direct: bool
    cursor: tuple[int, int]


async def page(
    conn: aiosqlite.Connection,
    guild_id: int,
    author_id: int,
    *,
    after: tuple[int, int] | None,
    search: str,
    limit: int,
) -> list[Entry]:
    """Generations of a member in a server, those that were never delivered too, without the deleted ones.

    `after` is the cursor of the last one seen; `search` is found anywhere in a prompt, in any case.
    """
    created, row_id = after or (1 << 62, 1 << 62)
    rows = await every(
        conn,
        f"SELECT rowid AS number, *, {_DIRECT} AS direct"  # noqa: S608 - our own words
        " FROM jobs WHERE guild_id = ? AND author_id = ? AND deleted_at = 0"
        " AND (created_at, rowid) < (?, ?) AND (? = '' OR instr(folded(json_extract(request, '$.prompt')), ?) > 0)"
        " ORDER BY created_at DESC, rowid DESC LIMIT ?",
        (guild_id, author_id, created, row_id, search, folded(search), limit),
    )
    return [
        Entry(
            job_of(row, await films(conn, row["id"])),
            undelivered=bool(row["undelivered"]),
            direct=bool(row["direct"]),
            cursor=(row["created_at"], row["number"]),
        )
        for row in rows
    ]


async def direct(conn: aiosqlite.Connection, job_ids: Iterable[str]) -> frozenset[str]:
    """Those of these generations whose message is a direct one: only their members can open it."""
    ids = list(job_ids)
    marks = ", ".join("?" * len(ids))
    rows = await every(conn, f"SELECT id FROM jobs WHERE id IN ({marks}) AND {_DIRECT}", ids)  # noqa: S608 - our own words
    return frozenset(row["id"] for row in rows)
