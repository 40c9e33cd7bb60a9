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
    """What 'member:ID' or 'server' has spent in each period that runs, resets counted; nothing for 'everyone'."""
    if subject == "everyone":
        return {}
    epochs = [subject, "everyone" if subject.startswith("member:") else subject]
    row = await one(
        conn,
        "SELECT coalesce(sum(epoch), 0) FROM epochs WHERE guild_id = ? AND subject IN (?, ?)",
        (guild_id, *epochs),
    )
    assert row is not None
    day = local_date(now, zone)
    keys = {period: window(period, day, int(row[0])) for period in PERIODS}
    rows = await every(
        conn,
        "SELECT win, spent FROM counters WHERE guild_id = ? AND subject = ? AND win IN (?, ?, ?)",
        (guild_id, subject, *keys.values()),
    )
    known = {found["win"]: int(found["spent"]) for found in rows}
    return {period: known.get(key, 0) for period, key in keys.items()}


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
