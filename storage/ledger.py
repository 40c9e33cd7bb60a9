"""Credits at rest: held with a job, captured or released with its end, every change a row that nobody changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo

import aiosqlite

from domain.credit import (
    PERIODS,
    POT,
    Grant,
    Room,
    Rule,
    Standing,
    best_room,
    local_date,
    renews_at,
    shortage,
    split,
    window,
)
from domain.faults import Refused
from domain.job import Credits
from storage.database import every, one

DAY = 86_400_000


@dataclass(frozen=True)
class Payer:
    """Who pays, and where: `places` are the channel and category whose spending is counted."""

    guild_id: int
    member_id: int
    places: tuple[int, ...] = ()


@dataclass(frozen=True)
class Terms:
    """What limits a payer: the rules that count, the operator's ceiling of credits a day (UTC), the server's zone."""

    standing: Standing
    server_daily: int
    zone: tzinfo = UTC


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
    #: What the pot and the channel's rules leave: (rule, left, when it renews).
    narrow: tuple[tuple[Rule, int, int], ...] = ()
    #: Grants that are not used up: (left, when it ends or None).
    grants: tuple[tuple[int, int | None], ...] = ()


@dataclass(frozen=True)
class Held:
    """What a hold took: from the window and from grants; `left` is what remains (None: no limit)."""

    window: int
    granted: int
    left: int | None


async def account(conn: aiosqlite.Connection, payer: Payer, now: int, terms: Terms) -> Account:
    """What a member may spend in a place, and when it renews."""
    spent = await _spent(conn, payer, now, terms)
    room = spent.room(terms.standing)
    grants = await grants_of(conn, payer, now)
    held = await one(
        conn,
        "SELECT coalesce(sum(h.amount), 0) FROM jobs j JOIN ledger h ON h.job_id = j.id AND h.kind = 'hold'"
        " WHERE j.guild_id = ? AND j.author_id = ? AND j.state IN ('awaiting', 'queued', 'submitting', 'rendering')",
        (payer.guild_id, payer.member_id),
    )
    return Account(
        rule=room.rule,
        left=room.left,
        spent=spent.member[room.rule.period],
        held=int(held[0]) if held else 0,
        granted=sum(grant.left for grant in grants),
        renews_at=renews_at(room.rule.period, now, terms.zone),
        server_left=max(0, terms.server_daily - spent.operator),
        server_renews_at=renews_at("day", now, UTC),
        narrow=tuple(
            (rule, max(0, rule.credits - used), renews_at(rule.period, now, terms.zone))
            for rule, used in spent.narrow
            if rule.credits is not None
        ),
        grants=tuple(
            (grant.left, grant.ends_at) for grant in sorted(grants, key=lambda g: (g.ends_at or 1 << 62, g.id))
        ),
    )


async def hold(conn: aiosqlite.Connection, payer: Payer, *, job_id: str, price: int, now: int, terms: Terms) -> Held:
    """Take `price` from the member's room, or raise Refused and take nothing.

    To be called inside the transaction that writes the job.
    """
    spent = await _spent(conn, payer, now, terms)
    if spent.operator + price > terms.server_daily:
        left = max(0, terms.server_daily - spent.operator)
        raise Refused("server_ceiling", price=price, left=left, renews_at=renews_at("day", now, UTC))
    if short := shortage(spent.narrow, price):
        when = renews_at(short.rule.period, now, terms.zone)
        raise Refused("place_ceiling", price=price, left=short.left, rule=short.rule, renews_at=when)
    room = spent.room(terms.standing)
    grants: list[Grant] = []
    if room.left is not None and room.left < price:
        grants = await grants_of(conn, payer, now)
    paid = split(price, room.left, grants)
    if paid is None:
        left = (room.left or 0) + sum(grant.left for grant in grants)
        when = renews_at(room.rule.period, now, terms.zone)
        raise Refused("no_credits", price=price, left=left, rule=room.rule, renews_at=when)
    raised = await _raise_counters(conn, payer, paid.window, price, now, terms.zone, spent.epochs)
    who = (payer.guild_id, payer.member_id, job_id, "hold")
    rows = [(*who, "window", paid.window, json.dumps(raised), now)]
    rows += [(*who, f"grant:{grant}", part, "[]", now) for grant, part in paid.grants]
    await _write(conn, rows)
    if paid.grants:
        await conn.executemany("UPDATE grants SET used = used + ? WHERE id = ?", [(n, g) for g, n in paid.grants])
    granted = sum(part for _, part in paid.grants)
    left = None if room.left is None else room.left + sum(grant.left for grant in grants) - price
    return Held(paid.window, granted, left)


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


@dataclass(frozen=True)
class _Spent:
    """What was spent: by the member in each period, under each narrowing rule, and of the operator's day."""

    member: dict[str, int]
    narrow: list[tuple[Rule, int]]
    operator: int
    epochs: dict[str, int]

    def room(self, standing: Standing) -> Room:
        """What the most generous rule leaves; `resolve` gives at least one."""
        room = best_room((rule, self.member[rule.period]) for rule in standing.giving)
        assert room is not None
        return room


async def _spent(conn: aiosqlite.Connection, payer: Payer, now: int, terms: Terms) -> _Spent:
    """Two queries: the epochs, then every counter that a rule reads."""
    member = f"member:{payer.member_id}"
    rows = await every(
        conn,
        "SELECT subject, epoch FROM epochs WHERE guild_id = ? AND subject IN ('everyone', 'server', ?)",
        (payer.guild_id, member),
    )
    known = {row["subject"]: int(row["epoch"]) for row in rows}
    # Both only ever rise, so their sum never comes back to a window of before.
    epochs = {member: known.get(member, 0) + known.get("everyone", 0), "server": known.get("server", 0)}
    day = local_date(now, terms.zone)
    asked = [(member, window(period, day, epochs[member])) for period in PERIODS]
    asked += [_counter_of(rule, day, epochs) for rule in terms.standing.narrowing]
    asked.append(("server", _operator_window(now)))
    values = ", ".join(["(?, ?)"] * len(asked))
    found = await every(
        conn,
        f"WITH asked (subject, win) AS (VALUES {values})"  # noqa: S608 - question marks only
        " SELECT asked.subject, asked.win, c.spent FROM asked"
        " JOIN counters c ON c.guild_id = ? AND c.subject = asked.subject AND c.win = asked.win",
        [value for row in asked for value in row] + [payer.guild_id],
    )
    spent = {(row["subject"], row["win"]): int(row["spent"]) for row in found}
    of = [spent.get(key, 0) for key in asked]
    narrow = list(zip(terms.standing.narrowing, of[len(PERIODS) : -1], strict=True))
    return _Spent(dict(zip(PERIODS, of, strict=False)), narrow, of[-1], epochs)


def _counter_of(rule: Rule, day: date, epochs: dict[str, int]) -> tuple[str, str]:
    if rule.subject == POT:
        return "server", window(rule.period, day, epochs["server"])
    return rule.subject, window(rule.period, day)


async def grants_of(conn: aiosqlite.Connection, payer: Payer, now: int) -> list[Grant]:
    """A member's grants that are neither used up nor ended."""
    rows = await every(
        conn,
        "SELECT id, amount - used AS left, ends_at FROM grants"
        " WHERE guild_id = ? AND member_id = ? AND used < amount AND (ends_at IS NULL OR ends_at > ?)",
        (payer.guild_id, payer.member_id, now),
    )
    return [Grant(row["id"], row["left"], row["ends_at"]) for row in rows]


def _operator_window(now: int) -> str:
    # In UTC whatever the server's zone says: moving the zone must not open a new day of the operator's money.
    return "u:" + window("day", local_date(now, UTC))[2:]


async def _raise_counters(
    conn: aiosqlite.Connection, payer: Payer, w: int, price: int, now: int, zone: tzinfo, epochs: dict[str, int]
) -> list[tuple[str, str, int]]:
    day = local_date(now, zone)
    member = f"member:{payer.member_id}"
    raised = [(member, window(period, day, epochs[member]), w) for period in PERIODS if w]
    raised += [(f"channel:{place}", window(period, day), price) for place in payer.places for period in PERIODS]
    raised += [("server", window(period, day, epochs["server"]), price) for period in PERIODS]
    raised.append(("server", _operator_window(now), price))
    values = ", ".join(["(?, ?, ?, ?)"] * len(raised))
    await conn.execute(
        f"INSERT INTO counters (guild_id, subject, win, spent) VALUES {values}"  # noqa: S608 - question marks only
        " ON CONFLICT DO UPDATE SET spent = spent + excluded.spent",
        [value for subject, win, amount in raised for value in (payer.guild_id, subject, win, amount)],
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
