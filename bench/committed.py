"""Admissions a second, against bare transactions that insert the same rows with the same statements."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiosqlite

from bench.measure import Figure, empty_queue, ratio, side_by_side, told
from domain.ask import Ask
from domain.pace import Pace
from domain.turns import Caps
from service.availability import Availability
from service.breakers import Breakers
from service.censor import Censor
from service.doorman import Ceiling
from service.intake import Intake
from service.meter import Meter
from service.patterns import WordRules
from service.pauses import Pauses
from service.policies import Policies
from service.turns import Turns
from settings import read_catalogue
from storage.database import Database, every, open_database

COUNT = 320
ROUNDS = 7
#: Commands that are answered at the same time, as callbacks are.
AT_ONCE = 16
#: The tables that an admission writes, in its order.
_TABLES = ("jobs", "counters", "ledger")


def intake_on(db: Database) -> Intake:
    """The real door, with room for everybody and no loops behind it."""

    async def tell(reason: str, subject: str) -> None: ...

    pace, known = Pace(), Policies(db)
    return Intake(
        db,
        availability=Availability(read_catalogue(""), Breakers(db, pace=pace, tell=tell), links=True),
        policies=known,
        censor=Censor(db, policies=known, compile_rules=WordRules, on_notice=lambda: None),
        ceiling=Ceiling(daily=10_000_000, server_daily=100_000_000),
        pauses=Pauses(db, known={}, on_change=lambda: None),
        allowed=frozenset(),
        turns=Turns(Caps(2, 4, 5)),
        pace=pace,
        on_job=lambda *_: None,
        meter=Meter(),
    )


async def admit(intake: Intake, number: int, author: int = 0) -> None:
    """One command, of a member of its own where no other is named, from the check to the commit."""
    ask = Ask(number, f"token-{number}", 1, 2, "text", author or number, "en-US")
    order = await intake.check(
        ask, prompt=f"a boat, number {number}", model=None, duration=None, orientation=None, size=None
    )
    await intake.admit(order)


async def rows_of(db: Database) -> dict[str, list[dict[str, Any]]]:
    return {table: [dict(row) for row in await every(db.reader, f"SELECT * FROM {table}")] for table in _TABLES}


def statement(table: str, rows: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    """One INSERT of all these rows."""
    marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
    end = " ON CONFLICT DO UPDATE SET spent = spent + excluded.spent" if table == "counters" else ""
    return f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES {marks}{end}", [v for row in rows for v in row.values()]


def changed(rows: dict[str, list[dict[str, Any]]], number: int) -> list[tuple[str, list[Any]]]:
    """The statements that write these rows as those of another job and member."""
    job = f"bare{number:06}"
    new = {
        "jobs": [row | {"id": job, "interaction_id": number, "author_id": number} for row in rows["jobs"]],
        "counters": [
            row | {"subject": f"member:{number}" if row["subject"].startswith("member:") else row["subject"]}
            for row in rows["counters"]
        ],
        "ledger": [
            {k: v for k, v in row.items() if k != "id"} | {"job_id": job, "member_id": number} for row in rows["ledger"]
        ],
    }
    return [statement(table, new[table]) for table in _TABLES]


async def a_second(one: Callable[[], Awaitable[None]], at_once: int) -> float:
    """How many a second, so many at once."""

    async def several() -> None:
        for _ in range(COUNT // at_once):
            await one()

    began = time.perf_counter()
    await asyncio.gather(*(several() for _ in range(at_once)))
    return COUNT / (time.perf_counter() - began)


async def measure() -> list[Figure]:
    """Rounds of 320 in turn, each side in a database of its own with the real schema: many at once, and one by one."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        db = await stack.enter_async_context(open_database(folder / "clapper.db"))
        async with open_database(folder / "bare.db"):
            pass  # only its schema is wanted
        conn = await stack.enter_async_context(aiosqlite.connect(folder / "bare.db", isolation_level=None))
        await conn.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = 1;")
        intake, numbers = intake_on(db), itertools.count(1)
        await admit(intake, next(numbers))
        model = await rows_of(db)

        lock = asyncio.Lock()

        async def ours(at_once: int) -> float:
            await empty_queue(db.path)
            return await a_second(lambda: admit(intake, next(numbers)), at_once)

        async def bare(at_once: int) -> float:
            todo = iter([changed(model, next(numbers)) for _ in range(COUNT)])

            async def write() -> None:
                statements = next(todo)
                async with lock:
                    await conn.execute("BEGIN IMMEDIATE")
                    for sql, values in statements:
                        await conn.execute(sql, values)
                    await conn.commit()

            return await a_second(write, at_once)

        many = await side_by_side(lambda: ours(AT_ONCE), lambda: bare(AT_ONCE), ROUNDS)
        single = await side_by_side(lambda: ours(1), lambda: bare(1), ROUNDS)
    return [
        Figure(name, f"{what} ÷ bare transactions of the same rows", ratio(pairs), 0.6, at_most=False, detail=said)
        for name, what, pairs in (
            ("committed", f"admissions a second, {AT_ONCE} at once,", many),
            ("committed_alone", "admissions a second, one after the other,", single),
        )
        for said in (told(pairs, "a second"),)
    ]
