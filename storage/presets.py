"""Presets at rest, the servers that they are shared with, and each member's last choices."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiosqlite

from storage.database import every, one


@dataclass(frozen=True)
class Preset:
    """A text and options under a name; `shared` says whether this server has it from its owner."""

    id: int
    owner_id: int
    name: str
    text: str
    options: Mapping[str, Any]
    shared: bool = False


_SHARED = "EXISTS (SELECT 1 FROM preset_shares s WHERE s.preset_id = p.id AND s.guild_id = :guild) AS shared"


def _preset(row: sqlite3.Row) -> Preset:
    options = json.loads(row["options"])
    return Preset(row["id"], row["owner_id"], row["name"], row["text"], options, bool(row["shared"]))


async def count(conn: aiosqlite.Connection, owner_id: int, *, but: str) -> int:
    """How many presets a member has, the one of a name (folded) not counted."""
    row = await one(conn, "SELECT count(*) FROM presets WHERE owner_id = ? AND folded <> ?", (owner_id, but))
    return int(row[0]) if row else 0


async def save(
    conn: aiosqlite.Connection,
    *,
    owner_id: int,
    name: str,
    folded: str,
    text: str,
    options: Mapping[str, Any],
    now: int,
) -> None:
    """Write a preset; one of the same name and owner takes the new text and options, and stays shared."""
    await conn.execute(
        "INSERT INTO presets (owner_id, name, folded, text, options, created_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (owner_id, folded) DO UPDATE"
        " SET name = excluded.name, text = excluded.text, options = excluded.options",
        (owner_id, name, folded, text, json.dumps(dict(options)), now),
    )


async def visible(conn: aiosqlite.Connection, *, guild_id: int, member_id: int) -> list[Preset]:
    """A member's own presets and those shared with this server, their own first, each by name."""
    rows = await every(
        conn,
        f"SELECT p.*, {_SHARED} FROM presets p"  # noqa: S608 - our own words
        " WHERE p.owner_id = :member OR p.id IN (SELECT preset_id FROM preset_shares WHERE guild_id = :guild)"
        " ORDER BY p.owner_id <> :member, p.folded",
        {"guild": guild_id, "member": member_id},
    )
    return [_preset(row) for row in rows]


async def named(conn: aiosqlite.Connection, *, guild_id: int, member_id: int, folded: str) -> list[Preset]:
    """The presets of this name that a member may use here, their own first."""
    rows = await every(
        conn,
        f"SELECT p.*, {_SHARED} FROM presets p WHERE p.folded = :folded"  # noqa: S608 - our own words
        " AND (p.owner_id = :member OR p.id IN (SELECT preset_id FROM preset_shares WHERE guild_id = :guild))"
        " ORDER BY p.owner_id <> :member, p.id",
        {"guild": guild_id, "member": member_id, "folded": folded},
    )
    return [_preset(row) for row in rows]


async def share(conn: aiosqlite.Connection, preset_id: int, guild_id: int, *, shared: bool) -> None:
    """Let a server have a preset, or no longer."""
    if shared:
        await conn.execute("INSERT OR IGNORE INTO preset_shares VALUES (?, ?)", (preset_id, guild_id))
    else:
        await conn.execute("DELETE FROM preset_shares WHERE preset_id = ? AND guild_id = ?", (preset_id, guild_id))


async def delete(conn: aiosqlite.Connection, preset_id: int) -> None:
    """Remove a preset everywhere."""
    await conn.execute("DELETE FROM presets WHERE id = ?", (preset_id,))


async def choices(conn: aiosqlite.Connection, guild_id: int, member_id: int) -> dict[str, Any]:
    """The options that a member chose last in a server; empty when there are none."""
    row = await one(conn, "SELECT options FROM choices WHERE guild_id = ? AND member_id = ?", (guild_id, member_id))
    return json.loads(row["options"]) if row else {}


async def choose(conn: aiosqlite.Connection, guild_id: int, member_id: int, options: Mapping[str, Any]) -> None:
    """Remember the options that a member chose in a server."""
    await conn.execute(
        "INSERT OR REPLACE INTO choices (guild_id, member_id, options) VALUES (?, ?, ?)",
        (guild_id, member_id, json.dumps(dict(options))),
    )


async def forget_choices(conn: aiosqlite.Connection, guild_id: int, member_id: int) -> None:
    """Remember nothing of a member's choices in a server."""
    await conn.execute("DELETE FROM choices WHERE guild_id = ? AND member_id = ?", (guild_id, member_id))
