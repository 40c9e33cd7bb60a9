"""Granted credits at rest: given, moved from member to member, and begun anew by a reset."""

from __future__ import annotations

from datetime import tzinfo

import aiosqlite

from domain.credit import PERIODS, local_date, split, window
from storage.database import every, one
from storage.ledger import Payer, grants_of


async def give(
    conn: aiosqlite.Connection,
    *,
    guild_id: int,
    member_id: int,
    amount: int,
    reason: str,
    ends_at: int | None,
    by_id: int,
    now: int,
) -> None:
    """Give a member credits until a moment (unix ms, or None), with the ledger's row."""
    row = await one(
        conn,
        "INSERT INTO grants (guild_id, member_id, amount, reason, created_at, ends_at, by_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (guild_id, member_id, amount, reason, now, ends_at, by_id),
    )
    assert row is not None
    await _note(conn, guild_id, member_id, "grant", f"grant:{row['id']}", amount, reason, now)


async def left(conn: aiosqlite.Connection, guild_id: int, member_id: int, now: int) -> int:
    """What a member has of granted credits."""
    return sum(grant.left for grant in await grants_of(conn, Payer(guild_id, member_id), now))


async def move(
    conn: aiosqlite.Connection, *, guild_id: int, from_id: int, to_id: int, amount: int, reason: str, now: int
) -> bool:
    """Move granted credits from one member to another, each part with the end it had; false when there are too few."""
    grants = await grants_of(conn, Payer(guild_id, from_id), now)
    parts = split(amount, 0, grants)
    if parts is None:
        return False
    ends = {grant.id: grant.ends_at for grant in grants}
    for grant_id, part in parts.grants:
        await conn.execute("UPDATE grants SET used = used + ? WHERE id = ?", (part, grant_id))
        await _note(conn, guild_id, from_id, "adjust", f"grant:{grant_id}", part, reason, now)
        await give(
            conn,
            guild_id=guild_id,
            member_id=to_id,
            amount=part,
            reason=reason,
            ends_at=ends[grant_id],
            by_id=from_id,
            now=now,
        )
    return True


async def spent(conn: aiosqlite.Connection, guild_id: int, subject: str, now: int, zone: tzinfo) -> dict[str, int]:
    """What 'member:ID', 'everyone' (all members) or 'server' has spent in each period that runs, resets counted."""
    day = local_date(now, zone)
    begun = [window(period, day).rpartition("#")[0] for period in PERIODS]
    rows = await every(
        conn,
        "SELECT substr(c.win, 1, 1) AS period, sum(c.spent) AS spent FROM counters c"
        " LEFT JOIN epochs own ON own.guild_id = c.guild_id AND own.subject = c.subject"
        " LEFT JOIN epochs all_ ON all_.guild_id = c.guild_id AND all_.subject = 'everyone' AND c.subject <> 'server'"
        " WHERE c.guild_id = ? AND c.subject GLOB ? AND substr(c.win, 1, instr(c.win, '#') - 1) IN (?, ?, ?)"
        " AND CAST(substr(c.win, instr(c.win, '#') + 1) AS INTEGER) = coalesce(own.epoch, 0) + coalesce(all_.epoch, 0)"
        " GROUP BY 1",
        (guild_id, "member:*" if subject == "everyone" else subject, *begun),
    )
    known = {row["period"]: int(row["spent"]) for row in rows}
    return {period: known.get(period[0], 0) for period in PERIODS}


async def reset(conn: aiosqlite.Connection, guild_id: int, subject: str, now: int) -> None:
    """Begin new windows for a subject ('member:ID', 'everyone' or 'server'): what was spent before counts no more."""
    await conn.execute(
        "INSERT INTO epochs (guild_id, subject, epoch) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1",
        (guild_id, subject),
    )
    member_id = int(subject.removeprefix("member:")) if subject.startswith("member:") else 0
    await _note(conn, guild_id, member_id, "adjust", f"reset:{subject}", 0, "", now)


async def of(conn: aiosqlite.Connection, guild_id: int, member_id: int, now: int) -> list[tuple[int, int | None, str]]:
    """A member's grants that are not used up: (left, when it ends or None, why)."""
    rows = await every(
        conn,
        "SELECT amount - used AS left, ends_at, reason FROM grants WHERE guild_id = ? AND member_id = ?"
        " AND used < amount AND (ends_at IS NULL OR ends_at > ?) ORDER BY ends_at IS NULL, ends_at, id",
        (guild_id, member_id, now),
    )
    return [(row["left"], row["ends_at"], row["reason"]) for row in rows]


async def _note(
    conn: aiosqlite.Connection,
    guild_id: int,
    member_id: int,
    kind: str,
    source: str,
    amount: int,
    reason: str,
    now: int,
) -> None:
    await conn.execute(
        "INSERT INTO ledger (guild_id, member_id, kind, source, amount, at, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (guild_id, member_id, kind, source, amount, now, reason),
    )
