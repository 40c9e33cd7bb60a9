"""The queue: what waits costs nothing while it waits, and time counts only while films can be sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiosqlite
import pytest
import pytest_asyncio

from domain.job import Event, JobState
from storage import database as storage
from storage import jobs, queue
from storage.database import Database, one, open_database
from tests.conftest import OpenWire
from tests.test_words import a_job

NOW = 1_800_000_000_000
MINUTE = 60_000


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "clapper.db") as opened:
        yield opened


async def begin(conn: aiosqlite.Connection, name: str, n: int, *, guild: int = 1, state: str = "queued") -> None:
    """A job in the queue, begun a day ago."""
    job = a_job(
        id=name, interaction_id=n, guild_id=guild, author_id=n, state=JobState(state), created_at=NOW - 86_400_000
    )
    await jobs.begin(conn, job, fold=name)


async def late(db: Database, *, most: int = 10 * MINUTE) -> list[str]:
    return sorted(await queue.overdue(db.reader, now=NOW, most=most, limit=100))


async def test_time_counts_only_while_films_can_be_sent(db: Database) -> None:
    """A job is late by the time that it could have been sent in: not by pauses, nor by a moderator's thinking."""
    async with db.transaction() as conn:
        assert not await queue.age(conn, passed=MINUTE), "the clock runs though nothing waits"
        await begin(conn, "first", 1)
        await begin(conn, "paused", 2, guild=2)
        await begin(conn, "asked", 3, state="awaiting")
        assert await queue.age(conn, passed=8 * MINUTE, paused=[2])
        await begin(conn, "second", 4)
    assert await late(db) == []
    async with db.transaction() as conn:
        await jobs.move(conn, "asked", Event.APPROVE, JobState.QUEUED)
        await queue.age(conn, passed=3 * MINUTE)
    assert await late(db) == ["first"]
    async with db.transaction() as conn:
        await queue.age(conn, passed=7 * MINUTE + 1)
    assert await late(db) == ["asked", "first", "paused", "second"]
    assert await late(db, most=11 * MINUTE) == ["first"]


async def test_a_new_job_is_never_late(db: Database) -> None:
    """Whatever the clock of the queue says, a job that was begun just now has time."""
    async with db.transaction() as conn:
        await jobs.begin(conn, a_job(created_at=NOW), fold="x")
        await queue.age(conn, passed=60 * MINUTE)
    assert await late(db) == []


async def test_a_look_says_what_there_is_to_do(db: Database) -> None:
    """Pictures to fetch, a service with jobs and room, and the next held job, each by itself."""
    nothing = queue.Look(unprepared=False, room=False, next_turn=None)

    async def look(total: int, server: int = 9) -> queue.Look:
        return await queue.look(db.quick_reader, now=NOW, total_most=total, server_most=server)

    assert await look(2) == nothing
    other = replace(a_job().wire, provider="other")
    async with db.transaction() as conn:
        for n in range(2):
            await begin(conn, f"made{n}", n)
            await jobs.move(conn, f"made{n}", Event.SEND, JobState.SUBMITTING)
        await begin(conn, "full", 5)
    assert await look(2) == nothing
    assert await look(3) == replace(nothing, room=True)
    assert await look(3, server=2) == nothing
    async with db.transaction() as conn:
        await begin(conn, "elsewhere", 7, guild=2)
    assert await look(3, server=2) == replace(nothing, room=True)
    assert await look(2, server=2) == nothing
    async with db.transaction() as conn:
        await jobs.change(conn, "elsewhere", state="cancelled")
        await jobs.begin(conn, a_job(id="free", interaction_id=6, wire=other), fold="6")
    assert await look(2) == replace(nothing, room=True)
    async with db.transaction() as conn:
        await jobs.change(conn, "free", state="cancelled")
        await jobs.change(conn, "full", not_before=NOW + 5, prepared_at=0)
    assert await look(2) == queue.Look(True, False, NOW + 5)


async def test_nothing_reads_the_whole_queue(db: Database) -> None:
    """With ten thousand waiting, a look and a turn take about as many steps as with ten."""
    steps: list[int] = []
    for many in (10, 10_000):
        async with db.transaction(heavy=True) as conn:
            for n in range(many):
                await begin(conn, f"{many}-{n}", many * 10 + n)
            counted = [0]
            await conn.set_progress_handler(lambda counted=counted: counted.__setitem__(0, counted[0] + 1), 1)
            await queue.look(conn, now=NOW, total_most=5, server_most=5)
            assert await jobs.next_queued(conn, now=NOW, member_most=2, server_most=4, total_most=5)
            await conn.set_progress_handler(lambda: None, 0)
        steps.append(counted[0])
    assert steps[1] < steps[0] * 1.5


async def test_a_command_that_waits_wakes_nobody_who_writes(open_wire: OpenWire) -> None:
    """With every place taken, a command is two transactions, its own: admitted, and shown."""
    async with open_wire(total_in_flight=1, member_in_flight=1) as w:
        await (await w.wire.command("video", {"prompt": "first"})).response(timeout=10)
        await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 10)
        async with w.app.db.transaction() as conn:
            begun: list[str] = []
            await conn.set_trace_callback(lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None)
        command = await w.wire.command("video", {"prompt": "second"})
        await command.response(timeout=10)
        for _ in range(1000):
            if await w.rows("SELECT 1 FROM jobs WHERE state = 'queued' AND card_message_id <> 0"):
                break
            await asyncio.sleep(0.01)
        assert len(begun) == 2


async def test_jobs_that_wait_keep_their_time_over_an_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the schema before counted row by row goes on as it was."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for file in storage.MIGRATIONS.glob("*.sql"):
        if int(file.name[:4]) < 6:
            (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with monkeypatch.context() as before:
        before.setattr(storage, "MIGRATIONS", folder)
        async with open_database(tmp_path / "a.db") as db, db.transaction() as conn:
            columns = (
                "id, interaction_id, guild_id, channel_id, place, author_id, locale, request, wire, provider, model,"
            )
            columns += " label, price, usual_seconds, private, spoiler, fold, state, created_at, waited_ms"
            for n, waited in enumerate((0, 9 * MINUTE)):
                await conn.execute(
                    f"INSERT INTO jobs ({columns}) VALUES (?, ?, 1, 2, 'text', 3, 'de', '{{}}', '{{}}', 'sora',"
                    " 'sora-2', 'Sora', 2, 60, 0, 0, '', 'queued', 5, ?)",
                    (f"job{n}", n, waited),
                )
    async with open_database(tmp_path / "a.db") as db:
        async with db.transaction() as conn:
            await queue.age(conn, passed=2 * MINUTE)
        assert await late(db) == ["job1"]
        row = await one(db.reader, "SELECT ms FROM queue_clock WHERE guild_id = 0")
        assert row is not None
        assert row["ms"] == 2 * MINUTE
