"""Credits at rest: held with a job, captured or released with its end, every change a row that nobody changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

import aiosqlite

from domain.credit import EVERYONE, PERIODS, Grant, Room, Rule, best_room, local_date, renews_at, split, window
from domain.faults import Refused
from domain.job import Credits
from storage.database import every, one

DAY = 86_400_000
_OPERATOR = "operator"


@dataclass(frozen=True)
class Account:
    """What one member has in one server now. `left` is None when nothing limits it; `granted` comes on top."""

    rule: Rule
    left: int | None
    spent: int
    held: int
    granted: int
    renews_at: int
    #: What the operator's ceiling leaves this server today (UTC), and when that renews.
    server_left: int
    server_renews_at: int


@dataclass(frozen=True)
class Terms:
    """What limits a server before its moderators have said anything."""

    #: Everyone's credits a day.
    daily: int
    #: The operator's ceiling: credits a day (UTC) for a whole server.
    server_daily: int
    zone: tzinfo = UTC


async def account(conn: aiosqlite.Connection, guild_id: int, member_id: int, now: int, terms: Terms) -> Account:
    """What a member may spend, and when it renews."""
    room, spent = await _room(conn, guild_id, member_id, now, terms)
    grants = await _grants(conn, guild_id, member_id, now)
    held = await one(
        conn,
        "SELECT coalesce(sum(h.amount), 0) FROM jobs j JOIN ledger h ON h.job_id = j.id AND h.kind = 'hold'"
        " WHERE j.guild_id = ? AND j.author_id = ? AND j.state IN ('awaiting', 'queued', 'submitting', 'rendering')",
        (guild_id, member_id),
    )
    ceiling_left = max(0, terms.server_daily - spent[_OPERATOR])
    return Account(
        rule=room.rule,
        left=room.left,
        spent=spent[room.rule.period],
        held=int(held[0]) if held else 0,
        granted=sum(grant.left for grant in grants),
        renews_at=renews_at(room.rule.period, now, terms.zone),
        server_left=ceiling_left,
        server_renews_at=renews_at("day", now, UTC),
    )


async def hold(
    conn: aiosqlite.Connection,
    *,
    guild_id: int,
    member_id: int,
    channel_id: int,
    job_id: str,
    price: int,
    now: int,
    terms: Terms,
) -> int | None:
    """Take `price` from the member's room, or raise Refused and take nothing; returns what is left (None: no limit).

    To be called inside the transaction that writes the job.
    """
    room, spent = await _room(conn, guild_id, member_id, now, terms)
    if spent[_OPERATOR] + price > terms.server_daily:
        left = max(0, terms.server_daily - spent[_OPERATOR])
        raise Refused("server_ceiling", price=price, left=left, renews_at=renews_at("day", now, UTC))
    grants: list[Grant] = []
    if room.left is not None and room.left < price:
        grants = await _grants(conn, guild_id, member_id, now)
    paid = split(price, room.left, grants)
    if paid is None:
        left = (room.left or 0) + sum(grant.left for grant in grants)
        when = renews_at(room.rule.period, now, terms.zone)
        raise Refused(
            "no_credits", price=price, left=left, of=room.rule.credits, period=room.rule.period, renews_at=when
        )
    raised = await _raise_counters(conn, guild_id, member_id, channel_id, paid.window, price, now, terms)
    rows = [(guild_id, member_id, job_id, "hold", "window", paid.window, json.dumps(raised), now)]
    rows += [(guild_id, member_id, job_id, "hold", f"grant:{grant}", part, "[]", now) for grant, part in paid.grants]
    await _write(conn, rows)
    if paid.grants:
        await conn.executemany("UPDATE grants SET used = used + ? WHERE id = ?", [(n, g) for g, n in paid.grants])
    return None if room.left is None else room.left + sum(grant.left for grant in grants) - price


async def finish(conn: aiosqlite.Connection, job_id: str, what: Credits, now: int) -> int:
    """End each hold of a job: capture keeps it, release and refund give it back where it came from.

    Second comers change nothing. Returns the credits that this call captured or gave back.
    """
    ends = "('refund')" if what is Credits.REFUND else "('capture', 'release')"
    holds = await every(
        conn,
        f"SELECT * FROM ledger h WHERE job_id = ? AND kind = 'hold' AND NOT EXISTS"  # noqa: S608 - our own words
        f" (SELECT 1 FROM ledger e WHERE e.job_id = h.job_id AND e.source = h.source AND e.kind IN {ends})",
        (job_id,),
    )
    await _write(
        conn,
        [
            (h["guild_id"], h["member_id"], job_id, what.value, h["source"], h["amount"], h["windows"], now)
            for h in holds
        ],
    )
    if what is not Credits.CAPTURE:
        for row in holds:
            await _give_back(conn, row["guild_id"], row["member_id"], row["source"], row["amount"], row["windows"], now)
    return sum(int(row["amount"]) for row in holds)


async def _room(
    conn: aiosqlite.Connection, guild_id: int, member_id: int, now: int, terms: Terms
) -> tuple[Room, dict[str, int]]:
    """The room under everyone's rules, and what was spent in each period and of the operator's day: one query."""
    day = local_date(now, terms.zone)
    member = f"member:{member_id}"
    asked = [(period, member, window(period, day)) for period in PERIODS]
    asked.append((_OPERATOR, "server", _operator_window(now)))
    values = ", ".join(["(?, ?, ?)"] * len(asked))
    rows = await every(
        conn,
        f"WITH asked (name, subject, win) AS (VALUES {values})"  # noqa: S608 - question marks only
        " SELECT name, coalesce(c.spent, 0) AS amount FROM asked"
        "   LEFT JOIN counters c ON c.guild_id = ? AND c.subject = asked.subject AND c.win = asked.win"
        " UNION ALL SELECT 'rule:' || period, credits FROM rules WHERE guild_id = ? AND subject = 'everyone'",
        [value for row in asked for value in row] + [guild_id, guild_id],
    )
    spent = {row["name"]: int(row["amount"]) for row in rows if not row["name"].startswith("rule:")}
    rules = [Rule(EVERYONE, row["name"][5:], row["amount"]) for row in rows if row["name"].startswith("rule:")]
    room = best_room((rule, spent[rule.period]) for rule in rules or [Rule(EVERYONE, "day", terms.daily)])
    assert room is not None
    return room, spent


async def _grants(conn: aiosqlite.Connection, guild_id: int, member_id: int, now: int) -> list[Grant]:
    rows = await every(
        conn,
        "SELECT id, amount - used AS left, ends_at FROM grants"
        " WHERE guild_id = ? AND member_id = ? AND used < amount AND (ends_at IS NULL OR ends_at > ?)",
        (guild_id, member_id, now),
    )
    return [Grant(row["id"], row["left"], row["ends_at"]) for row in rows]


def _operator_window(now: int) -> str:
    # In UTC whatever the server's zone says: moving the zone must not open a new day of the operator's money.
    return "u:" + window("day", local_date(now, UTC))[2:]


async def _raise_counters(
    conn: aiosqlite.Connection,
    guild_id: int,
    member_id: int,
    channel_id: int,
    w: int,
    price: int,
    now: int,
    terms: Terms,
) -> list[tuple[str, str, int]]:
    day = local_date(now, terms.zone)
    raised = [(f"member:{member_id}", window(period, day), w) for period in PERIODS if w]
    raised += [
        (subject, window(period, day), price) for subject in (f"channel:{channel_id}", "server") for period in PERIODS
    ]
    raised.append(("server", _operator_window(now), price))
    values = ", ".join(["(?, ?, ?, ?)"] * len(raised))
    await conn.execute(
        f"INSERT INTO counters (guild_id, subject, win, spent) VALUES {values}"  # noqa: S608 - question marks only
        " ON CONFLICT DO UPDATE SET spent = spent + excluded.spent",
        [value for subject, win, amount in raised for value in (guild_id, subject, win, amount)],
    )
    return raised


async def _give_back(
    conn: aiosqlite.Connection, guild_id: int, member_id: int, source: str, amount: int, windows: str, now: int
) -> None:
    await conn.executemany(
        "UPDATE counters SET spent = spent - ? WHERE guild_id = ? AND subject = ? AND win = ?",
        [(part, guild_id, subject, win) for subject, win, part in json.loads(windows)],
    )
    if not source.startswith("grant:"):
        return
    grant = await one(conn, "SELECT * FROM grants WHERE id = ?", (int(source[6:]),))
    if grant is None:
        return
    if grant["ends_at"] is None or grant["ends_at"] > now:
        await conn.execute("UPDATE grants SET used = used - ? WHERE id = ?", (amount, grant["id"]))
        return
    # The grant has ended meanwhile: what comes back would be lost in it, so it lives on for a week.
    await conn.execute(
        "INSERT INTO grants (guild_id, member_id, amount, reason, created_at, ends_at) VALUES (?, ?, ?, ?, ?, ?)",
        (guild_id, member_id, amount, f"returned from an ended grant: {grant['reason']}", now, now + 7 * DAY),
    )


async def _write(conn: aiosqlite.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    await conn.executemany(
        "INSERT INTO ledger (guild_id, member_id, job_id, kind, source, amount, windows, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
