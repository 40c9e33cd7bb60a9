"""Places in the queue: the order that is foretold is the order that dispatch takes, and estimates fit what happens."""

from __future__ import annotations

import heapq
import random
from pathlib import Path

import pytest

from domain.job import Event, Job, JobState
from domain.turns import Caps, Line, Standing, outlook
from service.turns import Turns
from storage import jobs
from storage import turns as storage
from storage.database import Database, open_database
from tests.test_words import a_job

NOW = 1_800_000_000_000
USUAL = 120_000


@pytest.mark.parametrize(
    ("cap", "remaining", "ahead", "starts_in"),
    [
        (5, [], 0, 0),  # room at once
        (5, [10], 3, 0),  # room for all before it, too
        (1, [70_000], 0, 70_000),  # when the one that is made now ends
        (2, [90_000, 30_000], 0, 30_000),  # the one that ends first makes room
        (2, [90_000, 30_000], 1, 90_000),
        (2, [90_000, 30_000], 2, 30_000 + USUAL),  # a whole round later
        (2, [30_000], 1, 30_000),  # the one before it takes the free place, and the one that is made now ends sooner
        (1, [50_000], 3, 50_000 + 3 * USUAL),
        (1, [20_000, 60_000], 0, 60_000),  # more are made than may be, by an older setting
    ],
)
def test_when_a_turn_comes(cap: int, remaining: list[int], ahead: int, starts_in: int) -> None:
    """Each film that ends makes room for the next one."""
    assert Line(cap, remaining, ahead).starts_in(USUAL) == starts_in


def test_the_narrowest_line_decides() -> None:
    """A job waits for all of its lines, and not less than it was told to."""
    wide, narrow = Line(5, [1_000], 0), Line(1, [70_000], 0)
    said = outlook([wide, narrow], ahead=0, usual=USUAL, now=NOW)
    assert (said.standing, said.ready_at, said.mark) == (Standing.WAITS, NOW + 70_000 + USUAL, "waits:0")
    assert outlook([wide], ahead=0, usual=USUAL, now=NOW).mark == ""
    held = outlook([wide], ahead=0, usual=USUAL, now=NOW, not_before=NOW + 9_000)
    assert (held.standing, held.ready_at) == (Standing.WAITS, NOW + 9_000 + USUAL)


@pytest.mark.parametrize("seed", range(20))
def test_the_estimate_fits_what_happens(seed: int) -> None:
    """In a world where films take their usual time, each waiting job is sent when it was foretold."""
    dice = random.Random(seed)
    cap = dice.randint(1, 6)
    remaining = [dice.randint(1, USUAL) for _ in range(dice.randint(0, cap))]
    places = [*remaining, *[0] * (cap - len(remaining))]
    heapq.heapify(places)
    for ahead in range(30):
        turn = heapq.heappop(places)
        assert Line(cap, remaining, ahead).starts_in(USUAL) == turn
        heapq.heappush(places, turn + USUAL)


async def write(db: Database, dice: random.Random, n: int) -> Job:
    """One more job of somebody somewhere, perhaps sent already."""
    job = a_job(
        id=f"j{n:04}", interaction_id=n, guild_id=dice.randint(1, 2), author_id=dice.randint(1, 4), created_at=NOW + n
    )
    async with db.transaction() as conn:
        await jobs.begin(conn, job, fold=str(n))
        if dice.random() < 0.3:
            await jobs.move(conn, job.id, Event.SEND, JobState.SUBMITTING, sent_at=NOW + n)
    return job


@pytest.mark.parametrize("seed", range(5))
async def test_the_order_is_that_of_dispatch(tmp_path: Path, seed: int) -> None:
    """Whoever was said to be before whom is sent before whom; the newest job's place is found without the others'."""
    dice = random.Random(seed)
    queue: list[str] = []
    async with open_database(tmp_path / "a.db") as db:
        for n in range(40):
            newest = await write(db, dice, n)
            queue = [one.id for one in await storage.queue(db.reader, "sora", 100)]
            if newest.id in queue:
                waiting, making = await storage.counted(db.reader, newest)
                assert waiting.total == len(queue)
                others = storage.Counts(waiting.total - 1, waiting.server - 1, waiting.member - 1)
                ahead = await storage.ahead_of_newest(db.reader, newest, others, making)
                assert ahead.total == queue.index(newest.id)
        taken: list[str] = []
        async with db.transaction() as conn:
            while job := await jobs.next_queued(
                conn, now=NOW + 10_000, member_most=100, server_most=100, total_most=100
            ):
                await jobs.move(conn, job.id, Event.SEND, JobState.SUBMITTING)
                taken.append(job.id)
        assert taken == queue


async def test_a_long_queue_is_only_counted(tmp_path: Path) -> None:
    """Behind very many a new job's place is their number: no command waits for the working out of all turns."""
    async with open_database(tmp_path / "a.db") as db:
        async with db.transaction() as conn:
            for n in range(250):
                await jobs.begin(
                    conn, a_job(id=f"j{n:04}", interaction_id=n, author_id=n % 2, created_at=NOW + n), fold=""
                )
        job = a_job(id="new", interaction_id=999, author_id=7, created_at=NOW + 999)
        async with db.transaction() as conn:
            await jobs.begin(conn, job, fold="")
            said = await Turns(Caps(1, 9, 9), clock=lambda: NOW).of_newest(conn, job)
        assert said.ahead == 250
        (first, *rest) = await Turns(Caps(1, 9, 9), clock=lambda: NOW).of_all(db.reader, "sora", 100)
        assert first[0].id == "j0000"
        assert len(rest) == 99
        places = [one.id for one, _ in [first, *rest]]
        assert places.index("new") == 2, "fair turns let one with a single film go before those with many"


async def test_lately_decides_the_estimate(tmp_path: Path) -> None:
    """Films that took longer lately are expected later: the median of the last ones, not what the catalogue says."""
    async with open_database(tmp_path / "a.db") as db, db.transaction() as conn:
        for n, took in enumerate((300, 500, 400)):
            await jobs.begin(conn, a_job(id=f"j{n}", interaction_id=n), fold="")
            await conn.execute(
                "UPDATE jobs SET state = 'ready', sent_at = ?, ended_at = ? WHERE id = ?",
                (NOW, NOW + took * 1000, f"j{n}"),
            )
        job = a_job(id="new", interaction_id=9)
        await jobs.begin(conn, job, fold="")
        said = await Turns(Caps(2, 4, 5), clock=lambda: NOW).of_newest(conn, job)
        assert (said.standing, said.ready_at) == (Standing.AT_ONCE, NOW + 400_000)
