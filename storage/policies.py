"""A server's decisions at rest: settings, rules, lists, blocks and words, read as one and changed one by one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import Any

import aiosqlite

from domain.credit import Rule
from domain.policy import Block, Policy, Server
from domain.wordrules import WordRule
from storage.database import every, one

_COLUMNS = tuple(field.name for field in fields(Server))


async def load(conn: aiosqlite.Connection, guild_id: int) -> Policy:
    """Everything that was decided for a server."""
    row = await one(conn, "SELECT * FROM servers WHERE guild_id = ?", (guild_id,))
    if row is None:
        return Policy(Server(guild_id), rules=tuple(await rules(conn, guild_id)))
    lists = await every(conn, "SELECT channel_id, kind FROM channel_lists WHERE guild_id = ?", (guild_id,))
    listed = {kind: frozenset(r["channel_id"] for r in lists if r["kind"] == kind) for kind in ("allow", "deny")}
    words = await every(conn, "SELECT id, kind, text FROM word_rules WHERE guild_id = ? ORDER BY id", (guild_id,))
    return Policy(
        server=_server(row),
        rules=tuple(await rules(conn, guild_id)),
        allowed=listed["allow"],
        denied=listed["deny"],
        spoilered=frozenset(r["channel_id"] for r in lists if r["kind"] == "spoiler"),
        moderators=frozenset(await _roles(conn, guild_id)),
        blocks=MappingProxyType({block.member_id: block for block in await _blocks(conn, guild_id)}),
        words=tuple(WordRule(r["id"], r["kind"], r["text"]) for r in words),
    )


async def change(conn: aiosqlite.Connection, guild_id: int, now: int, **settings: Any) -> None:
    """Set some of a server's settings, by the names of `Server`, and note that something was decided."""
    await _decided(conn, guild_id, now)
    if settings:
        names = ", ".join(f"{name} = :{name}" for name in settings)
        await conn.execute(f"UPDATE servers SET {names} WHERE guild_id = :guild_id", settings | {"guild_id": guild_id})  # noqa: S608 - names are ours


async def hear(conn: aiosqlite.Connection, guild_id: int, locale: str) -> None:
    """Note what Discord says that a server speaks; nothing was decided by that."""
    await conn.execute(
        "INSERT INTO servers (guild_id, guild_locale) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET guild_locale = excluded.guild_locale",
        (guild_id, locale),
    )


async def offered(conn: aiosqlite.Connection, guild_id: int, now: int) -> bool:
    """Note that setting up was offered; true for the first time only, and never where something was decided."""
    row = await one(
        conn,
        "INSERT INTO servers (guild_id, offered_at) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET offered_at = excluded.offered_at WHERE offered_at = 0 AND set_up_at = 0"
        " RETURNING 1",
        (guild_id, now),
    )
    return row is not None


async def _decided(conn: aiosqlite.Connection, guild_id: int, now: int) -> None:
    await conn.execute(
        "INSERT INTO servers (guild_id, set_up_at) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET set_up_at = excluded.set_up_at WHERE set_up_at = 0",
        (guild_id, now),
    )


async def rules(conn: aiosqlite.Connection, guild_id: int) -> list[Rule]:
    """A server's rules of credits."""
    rows = await every(conn, "SELECT * FROM rules WHERE guild_id = ? ORDER BY subject, period", (guild_id,))
    return [_rule(row) for row in rows]


async def set_rule(conn: aiosqlite.Connection, guild_id: int, rule: Rule, now: int, *, alone: bool) -> None:
    """Set a subject's rule; with `alone` it replaces those of other periods too."""
    await _decided(conn, guild_id, now)
    if alone:
        await conn.execute("DELETE FROM rules WHERE guild_id = ? AND subject = ?", (guild_id, rule.subject))
    models = None if rule.models is None else json.dumps(sorted(rule.models))
    await conn.execute(
        "INSERT OR REPLACE INTO rules (guild_id, subject, period, credits, in_flight, models, longest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (guild_id, rule.subject, rule.period, rule.credits, rule.in_flight, models, rule.longest),
    )


async def clear_rules(conn: aiosqlite.Connection, guild_id: int, subject: str, now: int, period: str = "") -> None:
    """Remove all rules of a subject, or only that of one period."""
    await _decided(conn, guild_id, now)
    await conn.execute(
        "DELETE FROM rules WHERE guild_id = ?1 AND subject = ?2 AND ?3 IN ('', period)", (guild_id, subject, period)
    )


async def list_channel(conn: aiosqlite.Connection, guild_id: int, channel_id: int, kind: str, now: int) -> None:
    """Put a channel or category on a list."""
    await _decided(conn, guild_id, now)
    await conn.execute("INSERT OR IGNORE INTO channel_lists VALUES (?, ?, ?)", (guild_id, channel_id, kind))


async def unlist_channels(
    conn: aiosqlite.Connection, guild_id: int, channels: Sequence[int], kind: str, now: int
) -> None:
    """Take channels off a list."""
    await _decided(conn, guild_id, now)
    await conn.executemany(
        "DELETE FROM channel_lists WHERE guild_id = ? AND channel_id = ? AND kind = ?",
        [(guild_id, channel, kind) for channel in channels],
    )


async def set_moderators(conn: aiosqlite.Connection, guild_id: int, roles: Sequence[int], now: int) -> None:
    """The roles whose members are moderators, in place of those before."""
    await _decided(conn, guild_id, now)
    await conn.execute("DELETE FROM moderators WHERE guild_id = ?", (guild_id,))
    await conn.executemany("INSERT INTO moderators VALUES (?, ?)", [(guild_id, role) for role in sorted(set(roles))])


async def block(conn: aiosqlite.Connection, guild_id: int, found: Block, now: int) -> None:
    """Block a member, in place of a block before."""
    await _decided(conn, guild_id, now)
    await conn.execute(
        "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
        (guild_id, found.member_id, found.reason, found.until, found.by_id, found.at),
    )


async def unblock(conn: aiosqlite.Connection, guild_id: int, member_id: int, now: int) -> None:
    """Lift a member's block."""
    await _decided(conn, guild_id, now)
    await conn.execute("DELETE FROM blocks WHERE guild_id = ? AND member_id = ?", (guild_id, member_id))


async def add_word(conn: aiosqlite.Connection, guild_id: int, kind: str, text: str, by_id: int, now: int) -> int | None:
    """A new rule of words; its id, or None when it is there already."""
    await _decided(conn, guild_id, now)
    row = await one(
        conn,
        "INSERT INTO word_rules (guild_id, kind, text, by_id, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        (guild_id, kind, text, by_id, now),
    )
    return int(row["id"]) if row else None


async def remove_word(conn: aiosqlite.Connection, guild_id: int, rule_id: int, now: int) -> WordRule | None:
    """Remove a rule of words; what it was, or None when there was none in this server."""
    await _decided(conn, guild_id, now)
    row = await one(
        conn, "DELETE FROM word_rules WHERE guild_id = ? AND id = ? RETURNING id, kind, text", (guild_id, rule_id)
    )
    return WordRule(row["id"], row["kind"], row["text"]) if row else None


async def _roles(conn: aiosqlite.Connection, guild_id: int) -> list[int]:
    return [
        row["role_id"] for row in await every(conn, "SELECT role_id FROM moderators WHERE guild_id = ?", (guild_id,))
    ]


async def _blocks(conn: aiosqlite.Connection, guild_id: int) -> list[Block]:
    rows = await every(conn, "SELECT * FROM blocks WHERE guild_id = ?", (guild_id,))
    return [Block(row["member_id"], row["reason"], row["until"], row["by_id"], row["at"]) for row in rows]


def _rule(row: sqlite3.Row) -> Rule:
    models = None if row["models"] is None else frozenset(str(key) for key in json.loads(row["models"]))
    return Rule(row["subject"], row["period"], row["credits"], row["in_flight"], models, row["longest"])


def _server(row: sqlite3.Row) -> Server:
    values: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    values |= {"transfers": bool(row["transfers"]), "reuse": bool(row["reuse"]), "digest": bool(row["digest"])}
    return Server(**values)
