"""What was used, read for people: sums by day, model, member and outcome, and the rows themselves, page by page.

Sums are taken from the jobs, whose prices are what the ledger holds for them: an index gives them without a look at
either table. A job counts on the day when it was asked for, as it does in the windows of credits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite

from domain.job import ACTIVE, FINAL
from domain.usage import Cost, Spent
from storage.database import every

_ACTIVE = ", ".join(f"'{state.value}'" for state in ACTIVE)
_FINAL = ", ".join(f"'{state.value}'" for state in FINAL)
_MADE = "state = 'ready' AND refunded = 0"
_SUMS = (
    f"coalesce(sum(CASE WHEN {_MADE} THEN price END), 0) AS ready,"
    f" coalesce(sum(CASE WHEN state IN ({_FINAL}) AND NOT ({_MADE}) THEN price END), 0) AS given_back,"
    f" coalesce(sum(CASE WHEN state IN ({_ACTIVE}) THEN price END), 0) AS held,"
    f" coalesce(sum({_MADE}), 0) AS films, count(*) AS asked"
)
# The + keeps SQLite from an index that has all jobs of the range, where another has just those that are meant.
_ENDED_IN = f"guild_id = :guild AND created_at >= :start AND created_at < :end AND state IN ({_FINAL})"
_ACTIVE_IN = f"guild_id = :guild AND +created_at >= :start AND +created_at < :end AND state IN ({_ACTIVE})"
_MEMBERS_IN = "guild_id = :guild AND author_id = :member AND created_at >= :start AND created_at < :end"
_COSTS_IN = f"guild_id = :guild AND created_at >= :start AND created_at < :end AND cost IS NOT NULL AND {_MADE}"
_MEMBERS_COSTS_IN = f"{_MEMBERS_IN} AND +cost IS NOT NULL AND {_MADE}"

#: Above four fields of one JSON, SQLite reads it once more for each.
_JOB = (
    "created_at, rowid, id, author_id, channel_id, label, json_extract(request, '$.duration'),"
    " json_extract(request, '$.size'), json_extract(request, '$.orientation'),"
    f" price, cost, currency, state, state IN ({_FINAL}) AND NOT ({_MADE}), reason, private,"
    " CASE private WHEN 0 THEN json_extract(request, '$.prompt') ELSE '' END"
)


@dataclass(frozen=True)
class Span:
    """A server, and the range of time in it that is asked about: unix ms, `end` not included."""

    guild_id: int
    start: int
    end: int


async def by_model(conn: aiosqlite.Connection, span: Span) -> dict[str, Spent]:
    """What a server's films cost, by the name of the model."""
    return _added(await _sums(conn, "label", _ENDED_IN, span), await _sums(conn, "label", _ACTIVE_IN, span))


async def by_model_of(conn: aiosqlite.Connection, span: Span, member_id: int) -> dict[str, Spent]:
    """What one member's films cost, by the name of the model."""
    # All states, so that the index of the member's jobs is taken.
    return _added(await _sums(conn, "label", _MEMBERS_IN, span, member_id))


async def by_member(conn: aiosqlite.Connection, span: Span, limit: int) -> list[tuple[int, Spent]]:
    """Those members whose films cost the most, with what was given back to them, and what is held."""
    rows = await every(
        conn,
        f"SELECT author_id AS name, {_SUMS} FROM jobs WHERE {_ENDED_IN} GROUP BY author_id"  # noqa: S608 - our own words
        " ORDER BY ready DESC, given_back DESC, author_id LIMIT :limit",
        _values(span) | {"limit": limit},
    )
    ended = _added(rows)
    held = _added(await _sums(conn, "author_id", _ACTIVE_IN, span))
    # Where the first query left nobody out, whoever has only begun has a place after them.
    members = ended | (held if len(ended) < limit else {})
    return [(member, ended.get(member, Spent()) + held.get(member, Spent())) for member in members][:limit]


async def costs(conn: aiosqlite.Connection, span: Span) -> list[Cost]:
    """What the API said that a server's films cost, of those that were paid for."""
    return await _costs(conn, _COSTS_IN, span)


async def costs_of(conn: aiosqlite.Connection, span: Span, member_id: int) -> list[Cost]:
    """What the API said that one member's films cost, of those that were paid for."""
    return await _costs(conn, _MEMBERS_COSTS_IN, span, member_id)


async def ledger_page(conn: aiosqlite.Connection, span: Span, after: tuple[int, int], limit: int) -> list[sqlite3.Row]:
    """The next rows of the ledger in order of time, after (at, id); at first (the span's start, -1).

    Columns: at, id, member, kind, source, amount, job ("" where none), reason.
    """
    return await every(
        conn,
        "SELECT at, id, member_id, kind, source, amount, coalesce(job_id, ''), reason FROM ledger"
        " WHERE guild_id = :guild AND (at, id) > (:at, :id) AND at < :end"
        " ORDER BY at, id LIMIT :limit",
        _values(span) | {"at": after[0], "id": after[1], "limit": limit},
    )


async def jobs_page(conn: aiosqlite.Connection, span: Span, after: tuple[int, int], limit: int) -> list[sqlite3.Row]:
    """The next jobs in order of time, after (created_at, rowid), at first (the span's start, -1).

    Of a private one, the prompt is left out.

    Columns: created_at, rowid, id, member, channel, label, seconds, size, orientation (or None), price, cost (or
    None), currency, state, given back (0 or 1), reason, private (0 or 1), prompt.
    """
    return await every(
        conn,
        f"SELECT {_JOB} FROM jobs WHERE guild_id = :guild AND (created_at, rowid) > (:at, :id)"  # noqa: S608
        " AND created_at < :end ORDER BY created_at, rowid LIMIT :limit",
        _values(span) | {"at": after[0], "id": after[1], "limit": limit},
    )


async def _sums(
    conn: aiosqlite.Connection, by: str, which: str, span: Span, member_id: int = 0
) -> Sequence[sqlite3.Row]:
    return await every(
        conn,
        f"SELECT {by} AS name, {_SUMS} FROM jobs WHERE {which} GROUP BY {by}",  # noqa: S608 - our own words
        _values(span) | {"member": member_id},
    )


async def _costs(conn: aiosqlite.Connection, which: str, span: Span, member_id: int = 0) -> list[Cost]:
    rows = await every(
        conn,
        "SELECT label, currency, count(*), sum(price), sum(cost) FROM jobs"  # noqa: S608 - our own words
        f" WHERE {which} GROUP BY label, currency ORDER BY label, currency",
        _values(span) | {"member": member_id},
    )
    return [Cost(*row) for row in rows]


def _values(span: Span) -> dict[str, int]:
    return {"guild": span.guild_id, "start": span.start, "end": span.end}


def _spent(row: sqlite3.Row) -> Spent:
    return Spent(row["ready"], row["given_back"], row["held"], row["films"], row["asked"])


def _added(*parts: Sequence[sqlite3.Row]) -> dict[Any, Spent]:
    found: dict[Any, Spent] = {}
    for row in (row for part in parts for row in part):
        found[row["name"]] = found.get(row["name"], Spent()) + _spent(row)
    return found
