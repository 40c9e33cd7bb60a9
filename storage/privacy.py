"""What is stored about a member, table by table: what of it they get, what goes when they ask, and what stays."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite

from storage.database import every, one

_OF_JOBS = "job_id IN (SELECT id FROM jobs WHERE author_id = :member)"


@dataclass(frozen=True)
class Plan:
    """One table: which rows a member gets (a condition), what is done to it, and why something stays, if it does."""

    export: str = ""
    erase: str = ""
    stays: str = ""


#: Every table of the database. A test finds one that is missing. Statements are run in this order.
PLANS: Mapping[str, Plan] = {
    "inputs": Plan(_OF_JOBS, "DELETE FROM inputs WHERE job_id IN theirs"),
    "job_clips": Plan(_OF_JOBS, "DELETE FROM job_clips WHERE job_id IN theirs"),
    "films": Plan(_OF_JOBS, "DELETE FROM films WHERE job_id IN theirs"),
    "jobs": Plan(
        "author_id = :member",
        "UPDATE jobs SET detail = '', card_token = '', fold = '', locale = '', request = json_replace(request,"
        " '$.prompt', '', '$.negative', '', '$.character', '', '$.character_url', NULL) WHERE id IN theirs",
        "that a film was made, when, and what it cost: the ledger refers to it",
    ),
    "characters": Plan("owner_id = :member", "DELETE FROM characters WHERE owner_id = :member"),
    "character_shares": Plan(
        "character_id IN (SELECT id FROM characters WHERE owner_id = :member)", stays="goes with its character"
    ),
    "presets": Plan("owner_id = :member", "DELETE FROM presets WHERE owner_id = :member"),
    "preset_shares": Plan(
        "preset_id IN (SELECT id FROM presets WHERE owner_id = :member)", stays="goes with its preset"
    ),
    "choices": Plan("member_id = :member", "DELETE FROM choices WHERE member_id = :member"),
    "drafts": Plan("author_id = :member", "DELETE FROM drafts WHERE author_id = :member"),
    "stars": Plan("member_id = :member", "DELETE FROM stars WHERE member_id = :member"),
    "showcases": Plan(
        _OF_JOBS,
        "UPDATE showcases SET wanted = 0, done = 0, tries = 0, next_try_at = 0 WHERE job_id IN theirs AND wanted = 1",
        "which message showed a film, to take it down",
    ),
    "unshown_members": Plan("member_id = :member", stays="that they want no film of theirs shown"),
    "joins": Plan("author_id = :member", stays="which message shows a joined film, to remove it with its parts"),
    "clip_posts": Plan("member_id = :member", "DELETE FROM clip_posts WHERE member_id = :member"),
    "ledger": Plan(
        "member_id = :member",
        "UPDATE ledger SET reason = '' WHERE member_id = :member AND reason <> ''",
        "amounts: without them, deleting would give everything back",
    ),
    "grants": Plan(
        "member_id = :member",
        "UPDATE grants SET reason = '' WHERE member_id = :member AND reason <> ''",
        "amounts",
    ),
    "counters": Plan("subject = 'member:' || :member", stays="amounts"),
    "epochs": Plan("subject = 'member:' || :member", stays="amounts"),
    "rules": Plan("subject = 'member:' || :member", stays="a limit that moderators set"),
    "erasures": Plan("member_id = :member", stays="that they asked, until all of it is done"),
    "reports": Plan(
        "reporter_id = :member",
        "UPDATE reports SET reason = '' WHERE reporter_id = :member",
        "that a film was reported, and what became of it",
    ),
    "approvals": Plan(_OF_JOBS, stays="what a moderator said"),
    "blocks": Plan("member_id = :member", stays="a block that moderators set: else deleting would lift it"),
    "audit": Plan("member_id = :member", stays="what moderators did: its rows are never changed"),
    "notices": Plan(stays="posts for moderators, which name a row of another table"),
    # Kept by what they show, not by whose they are: what nobody has any more goes at once, see `erase`.
    "pictures": Plan(stays="goes with the last job that has it"),
    "clips": Plan(stays="goes with the last job and character that has it"),
    # Nothing about a member, but which moderator set it.
    "servers": Plan(),
    "moderators": Plan(),
    "channel_lists": Plan(),
    "word_rules": Plan(),
    "pauses": Plan(),
    "alerts": Plan(),
    "meta": Plan(),
    "breakers": Plan(),
    "remembered": Plan(),
    "queue_clock": Plan(),
}

#: Columns that nobody needs to see: keys to other things, and bytes.
_HIDDEN = {"card_token", "fold", "wire", "bytes", "still", "by_id"}
#: Columns that hold JSON.
_JSON = {"request", "options", "wish", "detail", "windows", "clip", "parts"}


async def export(conn: aiosqlite.Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Everything that is stored about a member: table → rows, without bytes and without keys to other things."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, plan in PLANS.items():
        if plan.export:
            rows = await every(conn, f"SELECT * FROM {table} WHERE {plan.export}", {"member": member_id})  # noqa: S608
            if rows:
                found[table] = [_readable(row) for row in rows]
    return found


def _readable(row: sqlite3.Row) -> dict[str, Any]:
    return {
        name: _parsed(row[name]) if name in _JSON else row[name]
        for name in row.keys()  # noqa: SIM118 - a Row iterates over its values
        if name not in _HIDDEN
    }


def _parsed(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


async def stills(conn: aiosqlite.Connection, member_id: int) -> list[tuple[str, bytes]]:
    """The names and pictures (JPEG) of a member's characters."""
    rows = await every(conn, "SELECT name, still FROM characters WHERE owner_id = ? ORDER BY id", (member_id,))
    return [(row["name"], row["still"]) for row in rows]


async def ask(conn: aiosqlite.Connection, member_id: int, now: int) -> None:
    """A member wants their words gone: those of what is not at its end yet go later."""
    await conn.execute("INSERT OR REPLACE INTO erasures (member_id, asked_at) VALUES (?, ?)", (member_id, now))


async def asked(conn: aiosqlite.Connection) -> list[tuple[int, int]]:
    """Members who asked, and when, for whom something is left to do."""
    return [(row["member_id"], row["asked_at"]) for row in await every(conn, "SELECT * FROM erasures")]


async def waiting(conn: aiosqlite.Connection, member_id: int) -> list[str]:
    """The ids of a member's jobs that are not sent yet, in any server."""
    sql = "SELECT id FROM jobs WHERE author_id = ? AND state IN ('queued', 'awaiting')"
    return [row["id"] for row in await every(conn, sql, (member_id,))]


async def erase(conn: aiosqlite.Connection, member_id: int, before: int) -> int:
    """Remove a member's words and what they attached, as far as nothing needs it; how many of their jobs still do."""
    who = {"member": member_id, "before": before}
    await conn.execute("CREATE TEMP TABLE IF NOT EXISTS theirs (id TEXT PRIMARY KEY)")
    await conn.execute("DELETE FROM theirs")
    # At their end, and begun before the member asked: the others still need their words.
    await conn.execute(
        "INSERT INTO theirs SELECT id FROM jobs WHERE author_id = :member AND created_at <= :before"
        " AND state IN ('ready', 'failed', 'expired', 'cancelled') AND (announced_at > 0 OR undelivered = 1)",
        who,
    )
    pictures = await _hashes(
        conn,
        "SELECT sha256 FROM inputs WHERE job_id IN theirs UNION SELECT source FROM inputs WHERE job_id IN theirs",
        {},
    )
    clips = await _hashes(
        conn,
        "SELECT sha256 FROM job_clips WHERE job_id IN theirs"
        " UNION SELECT clip FROM characters WHERE owner_id = :member",
        who,
    )
    for plan in PLANS.values():
        if plan.erase:
            await conn.execute(plan.erase, who)
    await conn.executemany(
        "DELETE FROM pictures WHERE sha256 = :sha AND NOT EXISTS (SELECT 1 FROM inputs WHERE sha256 = :sha)"
        " AND NOT EXISTS (SELECT 1 FROM inputs WHERE source = :sha)",
        pictures,
    )
    await conn.executemany(
        "DELETE FROM clips WHERE sha256 = :sha AND NOT EXISTS (SELECT 1 FROM job_clips WHERE sha256 = :sha)"
        " AND NOT EXISTS (SELECT 1 FROM characters WHERE clip = :sha)",
        clips,
    )
    left = await one(
        conn,
        "SELECT count(*) FROM jobs WHERE author_id = :member AND created_at <= :before AND id NOT IN theirs",
        who,
    )
    count = int(left[0]) if left else 0
    if not count:
        await conn.execute("DELETE FROM erasures WHERE member_id = :member AND asked_at <= :before", who)
    return count


async def _hashes(conn: aiosqlite.Connection, sql: str, values: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    rows = await every(conn, sql, values)
    return [{"sha": row[0]} for row in rows if row[0]]
