"""Clock jumps: noticed against the steady clock, and neither ending jobs early nor putting them to sleep."""

from __future__ import annotations

from pathlib import Path

import aiosqlite
import pytest

from domain.faults import StorageFault
from domain.job import Job, JobState
from domain.pace import HOUR, MINUTE, Pace
from service.breakers import Breakers
from service.timekeeper import Timekeeper
from storage import jobs, looks, memory, outbox
from storage.database import every, open_database
from tests.settled import quiet
from tests.test_words import a_job

NOW = 1_800_000_000_000


class Clocks:
    """A wall clock and a steady one, both set by hand."""

    def __init__(self) -> None:
        self.wall = NOW
        self.steady = 100.0

    def pass_by(self, ms: int) -> None:
        self.wall += ms
        self.steady += ms / 1000


async def test_a_jump_forward_ends_nothing(tmp_path: Path) -> None:
    """Hours ahead in a moment: deadlines prove nothing until one whole deadline has really passed."""
    clocks = Clocks()
    async with open_database(tmp_path / "a.db") as db:
        keeper = Timekeeper(db, deadline=HOUR, clock=lambda: clocks.wall, steady=lambda: clocks.steady)
        await keeper.watch()
        clocks.pass_by(10 * MINUTE)
        await keeper.watch()
        assert not keeper.patient, "time that really passed is no jump"
        clocks.wall += 5 * HOUR
        await keeper.watch()
        assert keeper.patient
        clocks.pass_by(59 * MINUTE)
        await keeper.watch()
        assert keeper.patient
        clocks.pass_by(2 * MINUTE)
        await keeper.watch()
        assert not keeper.patient


async def test_a_jump_back_wakes_what_would_sleep(tmp_path: Path) -> None:
    """Appointments made by the wrong clock are moved to now; those within our own pauses stay."""
    clocks = Clocks()
    async with open_database(tmp_path / "a.db") as db:
        keeper = Timekeeper(db, deadline=HOUR, clock=lambda: clocks.wall, steady=lambda: clocks.steady)
        await keeper.watch()
        async with db.transaction() as conn:
            for n, (state, column, at) in enumerate(
                [
                    ("rendering", "next_look_at", NOW + MINUTE),
                    ("queued", "not_before", NOW + MINUTE),
                    ("ready", "next_try_at", NOW + MINUTE),
                    ("rendering", "next_look_at", NOW - 10 * HOUR + MINUTE),
                ]
            ):
                await jobs.begin(conn, a_job(id=f"j{n}", interaction_id=n), fold=str(n))
                await conn.execute(f"UPDATE jobs SET state = ?, {column} = ? WHERE id = ?", (state, at, f"j{n}"))
            await memory.open_breaker(conn, "model:x", "model_gone", NOW, MINUTE)
        clocks.wall -= 10 * HOUR
        await keeper.watch()
        rows = await every(db.reader, "SELECT max(next_look_at, not_before, next_try_at) AS at FROM jobs ORDER BY id")
        assert [row["at"] for row in rows] == [clocks.wall, clocks.wall, clocks.wall, clocks.wall + MINUTE]
        assert (await memory.breakers(db.reader))["model:x"].trial_at == clocks.wall


async def test_a_jump_that_could_not_be_written_down_is_noticed_again(tmp_path: Path) -> None:
    """A disk that is full at that moment leaves nothing asleep."""
    clocks = Clocks()
    async with open_database(tmp_path / "a.db") as db:
        keeper = Timekeeper(db, deadline=HOUR, clock=lambda: clocks.wall, steady=lambda: clocks.steady)
        await keeper.watch()
        async with db.transaction() as conn:
            await jobs.begin(conn, a_job(), fold="")
            await conn.execute("UPDATE jobs SET state = 'rendering', next_look_at = ?", (NOW + MINUTE,))
        clocks.wall -= 10 * HOUR
        await db._writer.executescript("PRAGMA query_only = 1;")
        with pytest.raises(StorageFault):
            await keeper.watch()
        await db._writer.executescript("PRAGMA query_only = 0;")
        clocks.pass_by(MINUTE)
        await keeper.watch()
        assert await looks.next_due(db.reader) == clocks.wall
        assert keeper.patient


@pytest.mark.parametrize("hours", [-10, 10])
async def test_nothing_sleeps_past_a_jump(tmp_path: Path, hours: int) -> None:
    """What waits for a moment of the wrong clock goes on at once, whichever way it was set: a film whose card is not
    known, a breaker's trial, the same command once more, a waiting card."""
    clocks = Clocks()
    job = a_job(id="waits", created_at=NOW, state=JobState.READY)
    async with open_database(tmp_path / "a.db") as db:
        breakers = Breakers(db, pace=Pace(), tell=quiet, clock=lambda: clocks.wall)
        await breakers.trip("account:sora", "account_balance")
        async with db.transaction() as conn:
            await jobs.begin(conn, job, fold="same")
            await memory.remember(conn, "refused:7", 50013, NOW + HOUR)
            assert await outbox.due(conn, NOW, 9, set()) == [], "its card is waited for"
            assert await double(conn, clocks.wall)
        assert breakers.open_for("sora", "sora-2")
        clocks.wall += hours * HOUR
        await Timekeeper(db, deadline=HOUR, clock=lambda: clocks.wall, steady=lambda: clocks.steady).watch()
        assert breakers.open_for("sora", "sora-2") is None
        async with db.transaction() as conn:
            assert [one.id for one in await outbox.due(conn, clocks.wall, 9, set())] == ["waits"]
            assert (await outbox.next_due(conn, clocks.wall, set()) or 0) <= clocks.wall
            assert await double(conn, clocks.wall) is None


async def double(conn: aiosqlite.Connection, now: int) -> Job | None:
    """The same command as that of the job, a few seconds before or after it."""
    pause = Pace().double
    return await jobs.recent_double(conn, guild_id=1, author_id=42, fold="same", since=now - pause, until=now + pause)


async def test_what_was_remembered_ends_after_a_jump_back(tmp_path: Path) -> None:
    """A refusal that was to count for an hour does not count for days because the clock was wrong."""
    clocks = Clocks()
    async with open_database(tmp_path / "a.db") as db:
        async with db.transaction() as conn:
            await memory.remember(conn, "refused:7", 50013, NOW + HOUR)
        clocks.wall -= 72 * HOUR
        await Timekeeper(db, deadline=HOUR, clock=lambda: clocks.wall, steady=lambda: clocks.steady).watch()
        assert await memory.recall(db.reader, "refused:7", clocks.wall) is None
