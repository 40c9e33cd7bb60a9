"""Generations at rest: begun, moved from state to state under a guard, and found again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

import aiosqlite

from domain.job import FINAL, IN_FLIGHT, TABLE, Effect, Event, Film, Job, JobState
from domain.request import GenerationRequest
from domain.turns import Outlook, Standing
from domain.wire import Wire
from storage.database import every, one
from storage.queue import CLOCK


def _states(states: Iterable[JobState]) -> str:
    return ", ".join(f"'{state.value}'" for state in states)


_IN_FLIGHT = _states(IN_FLIGHT)
_FINAL = _states(FINAL)


_FLAGS = ("private", "spoiler", "muted", "refunded", "restricted", "hidden", "blocked", "reserved")
_TRANSLATED = {"request", "wire", "state", "films", *_FLAGS}
#: Columns that a Job holds as they are.
_PLAIN = tuple(field.name for field in fields(Job) if field.name not in _TRANSLATED)
#: Jobs of a model share one Wire: it is frozen, and ten thousand of them would take most of a backlog's memory.
_wire_of = lru_cache(maxsize=500)(Wire.from_json)
#: A job is read several times while one thing happens to it.
_request_of = lru_cache(maxsize=50)(GenerationRequest.from_json)


def job_of(row: sqlite3.Row, films: Sequence[Film] = ()) -> Job:
    """A Job from a row of `jobs`."""
    # A Row looks for each name among all of its columns, so it is read once.
    values: dict[str, Any] = dict(zip(row.keys(), row, strict=True))
    plain: dict[str, Any] = {name: values[name] for name in _PLAIN} | {name: values[name] == 1 for name in _FLAGS}
    return Job(
        **plain,
        request=_request_of(values["request"]),
        wire=_wire_of(values["wire"]),
        state=JobState(values["state"]),
        films=tuple(films),
    )


#: A card that says nothing of waiting.
_UNSAID = Outlook(Standing.AT_ONCE, 0)


async def begin(conn: aiosqlite.Connection, job: Job, *, fold: str, said: Outlook | None = None) -> None:
    """Write a new job; `said` is what its card will say of its turn. IntegrityError when its interaction made one."""
    if said is None or said.standing is Standing.AT_ONCE:
        said = _UNSAID
    await conn.execute(
        "INSERT INTO jobs"  # noqa: S608 - question marks and our own words
        " (id, interaction_id, guild_id, channel_id, place, author_id, locale, request, wire, provider,"
        " model, label, price, usual_seconds, private, spoiler, fold, state, created_at, card_channel_id,"
        " card_message_id, card_token, server_locale, prepared_at, member_most, delivery, restricted, parent_id,"
        " action, credit, continues, card_says, card_ready_at, card_at, waits_from) VALUES"
        f" (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,{CLOCK.format(guild='?')})",
        (
            job.id,
            job.interaction_id,
            job.guild_id,
            job.channel_id,
            job.place,
            job.author_id,
            job.locale,
            job.request.to_json(),
            job.wire.to_json(),
            job.wire.provider,
            job.request.model,
            job.label,
            job.price,
            job.usual_seconds,
            job.private,
            job.spoiler,
            fold,
            job.state.value,
            job.created_at,
            job.card_channel_id,
            job.card_message_id,
            job.card_token,
            job.server_locale,
            0 if job.request.attached else job.created_at,
            job.member_most,
            job.delivery,
            job.restricted,
            job.parent_id,
            job.action,
            job.credit,
            job.continues,
            said.mark,
            said.ready_at,
            said.seen_at,
            job.guild_id,
        ),
    )


async def get(conn: aiosqlite.Connection, job_id: str) -> Job | None:
    """The job of this id with its films; None when there is none. Who may see it is the caller's question."""
    row = await one(conn, "SELECT * FROM jobs WHERE id = ?", (job_id,))
    if row is None:
        return None
    return job_of(row, await films(conn, job_id) if row["state"] in FINAL else ())


async def films(conn: aiosqlite.Connection, job_id: str) -> list[Film]:
    """The films of a job, which only a final one has."""
    rows = await every(conn, "SELECT vendor_id, url FROM films WHERE job_id = ? ORDER BY n", (job_id,))
    return [Film(row["vendor_id"], row["url"]) for row in rows]


async def keep_films(conn: aiosqlite.Connection, job_id: str, found: Sequence[Film]) -> None:
    """Store the films of a job in place of those it had."""
    await conn.execute("DELETE FROM films WHERE job_id = ?", (job_id,))
    await conn.executemany(
        "INSERT INTO films VALUES (?, ?, ?, ?)", [(job_id, n, film.vendor_id, film.url) for n, film in enumerate(found)]
    )


async def recent_double(
    conn: aiosqlite.Connection, *, guild_id: int, author_id: int, fold: str, since: int, until: int
) -> Job | None:
    """The same member's job with the same parameters, begun between two moments, that did not end without a film."""
    row = await one(
        conn,
        "SELECT * FROM jobs WHERE guild_id = ? AND author_id = ? AND created_at > ? AND created_at <= ? AND fold = ?"
        " AND state NOT IN ('failed', 'expired', 'cancelled') LIMIT 1",
        (guild_id, author_id, since, until, fold),
    )
    return job_of(row) if row else None


async def move(
    conn: aiosqlite.Connection, job_id: str, event: Event, to: JobState, *, films: Sequence[Film] = (), **changes: Any
) -> Job | None:
    """Take a job to `to`, if it is in a state from which `event` leads there; None when it is not, and nothing changed.

    The states are read from the domain's table, so that the drawing and the SQL cannot part.

    `films` are stored with it.
    """
    sources = [state for state, what in TABLE[event].items() if what.effect is Effect.MOVE and what.to is to]
    names = "".join(f", {name} = :{name}" for name in changes)
    if to is JobState.QUEUED and JobState.AWAITING in sources:  # the time until the moderator's word is not ours
        names += f", waits_from = {CLOCK.format(guild='jobs.guild_id')}"
    row = await one(
        conn,
        f"UPDATE jobs SET state = :to{names} WHERE id = :id AND state IN ({_states(sources)}) RETURNING *",  # noqa: S608 - names are ours
        changes | {"to": to.value, "id": job_id},
    )
    if row and films:
        await keep_films(conn, job_id, films)
    return job_of(row, films) if row else None


async def change(conn: aiosqlite.Connection, job_id: str, **changes: Any) -> JobState | None:
    """Set columns that are not the state, which is returned; None when there is no such job."""
    names = ", ".join(f"{name} = :{name}" for name in changes)
    row = await one(conn, f"UPDATE jobs SET {names} WHERE id = :id RETURNING state", changes | {"id": job_id})  # noqa: S608 - names are ours
    return JobState(row["state"]) if row else None


async def next_queued(
    conn: aiosqlite.Connection,
    *,
    now: int,
    member_most: int,
    server_most: int,
    total_most: int,
    closed: Sequence[str] = (),
    paused: Sequence[int] = (),
) -> Job | None:
    """The job whose turn it is: the oldest of the member with the fewest in flight, within all caps.

    `closed` are breakers ('account:PROVIDER', 'model:KEY') and `paused` servers whose jobs wait.
    """
    shut = {f"shut{n}": subject for n, subject in enumerate(closed)}
    still = {f"still{n}": server for n, server in enumerate(paused)}
    in_shut, in_still = (", ".join(f":{name}" for name in names) or "''" for names in (shut, still))
    row = await one(
        conn,
        f"""
        WITH flight AS MATERIALIZED (SELECT provider, guild_id, author_id FROM jobs WHERE state IN ({_IN_FLIGHT})),
             members AS (SELECT guild_id, author_id, count(*) AS n FROM flight GROUP BY 1, 2),
             may AS NOT MATERIALIZED (
                SELECT *, rowid AS row FROM jobs
                WHERE state = 'queued' AND prepared_at > 0 AND not_before <= :now
                    AND provider NOT IN (SELECT provider FROM flight GROUP BY 1 HAVING count(*) >= :total)
                    AND guild_id NOT IN (SELECT guild_id FROM flight GROUP BY 1 HAVING count(*) >= :server)
                    AND guild_id NOT IN ({in_still})
                    AND 'account:' || provider NOT IN ({in_shut}) AND 'model:' || model NOT IN ({in_shut}))
        SELECT * FROM (
            SELECT * FROM may WHERE (guild_id, author_id) NOT IN (SELECT guild_id, author_id FROM members)
            ORDER BY created_at, row LIMIT 1)
        UNION ALL
        SELECT * FROM (
            SELECT may.* FROM members JOIN may USING (guild_id, author_id)
            WHERE n < CASE WHEN member_most > 0 THEN member_most ELSE :member END
            ORDER BY n, created_at, row LIMIT 1)
        LIMIT 1
        """,  # noqa: S608 - only our own words and names
        shut | still | {"now": now, "member": member_most, "server": server_most, "total": total_most},
    )
    return job_of(row) if row else None


async def unprepared(conn: aiosqlite.Connection, limit: int, busy: set[str]) -> list[Job]:
    """Jobs not sent yet whose pictures or clip are still to be fetched, oldest first, without those already in hand.

    Those that wait for a moderator are among them: their attachments' links would be dead by the time of the word.
    """
    rows = await every(
        conn,
        "SELECT * FROM jobs WHERE state IN ('queued', 'awaiting') AND prepared_at = 0 ORDER BY created_at LIMIT ?",
        (limit + len(busy),),
    )
    return [job_of(row) for row in rows if row["id"] not in busy][:limit]


async def usual_seconds(conn: aiosqlite.Connection, model: str, otherwise: int) -> int:
    """The median of this model's last rendering times in seconds; `otherwise` until there are three."""
    rows = await every(
        conn,
        "SELECT (ended_at - sent_at) / 1000 AS took FROM jobs WHERE state = 'ready' AND model = ? AND sent_at > 0"
        " ORDER BY ended_at DESC LIMIT 15",
        (model,),
    )
    took = sorted(int(row["took"]) for row in rows)
    return max(1, took[len(took) // 2]) if len(took) >= 3 else otherwise


async def accepted_before(
    conn: aiosqlite.Connection, provider: str, before: int, *, since: int
) -> tuple[str, str, int] | None:
    """(job, task, sent at) of the last job before a moment that the API is known to have; all moments are unix ms."""
    row = await one(
        conn,
        "SELECT id, task_id, sent_at FROM jobs WHERE provider = ? AND task_id <> '' AND sent_at BETWEEN ? AND ?"
        " ORDER BY sent_at DESC LIMIT 1",
        (provider, since, before),
    )
    return (row["id"], row["task_id"], int(row["sent_at"])) if row else None


async def all_of(conn: aiosqlite.Connection, author_id: int) -> list[Job]:
    """Every job of a member, in any server, oldest first; without its films."""
    rows = await every(conn, "SELECT * FROM jobs WHERE author_id = ? ORDER BY created_at", (author_id,))
    return [job_of(row) for row in rows]
