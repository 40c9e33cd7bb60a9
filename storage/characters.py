"""Saved characters at rest: a member's clips under names, and the servers that they are shared with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Character:
    """A saved character; `shared` says whether this server has it from its owner, `ms` is its clip's length.

    `film` is the generation that it was taken from, "" for a clip; `taken_away` says that a moderator took that away.
    """

    id: int
    owner_id: int
    name: str
    clip: str
    ms: int
    private: bool
    restricted: bool
    created_at: int
    film: str = ""
    taken_away: bool = False
    shared: bool = False


_TAKEN_AWAY = "EXISTS (SELECT 1 FROM jobs j WHERE j.id = c.film AND j.hidden = 1)"
_COLUMNS = (
    "c.id, c.owner_id, c.name, c.clip, c.ms, c.private, c.restricted, c.created_at, c.film,"
    f" {_TAKEN_AWAY} AS taken_away"
)
_SHARED = "EXISTS (SELECT 1 FROM character_shares s WHERE s.character_id = c.id AND s.guild_id = :guild) AS shared"


def _character(row: sqlite3.Row) -> Character:
    return Character(
        row["id"],
        row["owner_id"],
        row["name"],
        row["clip"],
        row["ms"],
        bool(row["private"]),
        bool(row["restricted"]),
        row["created_at"],
        row["film"],
        bool(row["taken_away"]),
        bool(row["shared"]),
    )


async def count(conn: aiosqlite.Connection, owner_id: int) -> int:
    """How many characters a member has saved."""
    row = await one(conn, "SELECT count(*) FROM characters WHERE owner_id = ?", (owner_id,))
    return int(row[0]) if row else 0


async def owned(conn: aiosqlite.Connection, owner_id: int, folded: str) -> bool:
    """Whether a member has a character of this name."""
    sql = "SELECT 1 FROM characters WHERE owner_id = ? AND folded = ?"
    return await one(conn, sql, (owner_id, folded)) is not None


async def save(
    conn: aiosqlite.Connection,
    *,
    owner_id: int,
    name: str,
    folded: str,
    clip: str,
    ms: int,
    still: bytes,
    private: bool,
    restricted: bool,
    film: str,
    now: int,
) -> None:
    """Write a new character. Its owner has none of this name, or IntegrityError."""
    await conn.execute(
        "INSERT INTO characters (owner_id, name, folded, clip, ms, still, private, restricted, film,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (owner_id, name, folded, clip, ms, still, private, restricted, film, now),
    )


async def visible(conn: aiosqlite.Connection, *, guild_id: int, member_id: int) -> list[Character]:
    """A member's own characters and those shared with this server, their own first, each by name.

    Of others', none that was taken away.
    """
    rows = await every(
        conn,
        f"SELECT {_COLUMNS}, {_SHARED} FROM characters c"  # noqa: S608 - our own words
        " WHERE c.owner_id = :member"
        f" OR (c.id IN (SELECT character_id FROM character_shares WHERE guild_id = :guild) AND NOT {_TAKEN_AWAY})"
        " ORDER BY c.owner_id <> :member, c.folded",
        {"guild": guild_id, "member": member_id},
    )
    return [_character(row) for row in rows]


async def named(conn: aiosqlite.Connection, *, guild_id: int, member_id: int, folded: str) -> list[Character]:
    """The characters of this name that a member may use here, their own first."""
    rows = await every(
        conn,
        f"SELECT {_COLUMNS}, {_SHARED} FROM characters c WHERE c.folded = :folded"  # noqa: S608 - our own words
        " AND (c.owner_id = :member OR c.id IN (SELECT character_id FROM character_shares WHERE guild_id = :guild))"
        " ORDER BY c.owner_id <> :member, c.id",
        {"guild": guild_id, "member": member_id, "folded": folded},
    )
    return [_character(row) for row in rows]


async def still(conn: aiosqlite.Connection, character_id: int) -> bytes | None:
    """The picture of a character, a JPEG."""
    row = await one(conn, "SELECT still FROM characters WHERE id = ?", (character_id,))
    return row["still"] if row else None


async def share(conn: aiosqlite.Connection, character_id: int, guild_id: int, *, shared: bool) -> None:
    """Let a server have a character, or no longer."""
    if shared:
        await conn.execute("INSERT OR IGNORE INTO character_shares VALUES (?, ?)", (character_id, guild_id))
    else:
        await conn.execute(
            "DELETE FROM character_shares WHERE character_id = ? AND guild_id = ?", (character_id, guild_id)
        )


async def delete(conn: aiosqlite.Connection, character_id: int) -> None:
    """Remove a character everywhere. Its clip goes with the next clearing, once its time is over."""
    await conn.execute("DELETE FROM characters WHERE id = ?", (character_id,))
