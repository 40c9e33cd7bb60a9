"""A long absence: ten thousand generations pending at a start are asked about in batches, while commands go on."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from demo.life import Task
from demo.videoapi import VideoAPI
from domain.job import Job, JobState
from service.reconcile import ANSWER_BYTES, BATCH, next_batch
from settings import Settings
from storage import jobs
from storage.database import open_database
from tests.child import environment, running
from tests.conftest import PACE, TOKEN, OpenWire, Wired, free_port
from tests.discordwire import Call, DiscordWire
from tests.soak.run import resident_mib
from tests.test_words import a_job

MANY = 10_000
#: What the bot may hold more while it asks about all of them than it holds when there is nothing to ask.
_MORE_MIB = 40
SLOW = replace(PACE, look=3_600_000, look_most=3_600_000)


async def pend(path: Path, tasks: dict[str, Task], many: int) -> int:
    """Write so many jobs that the API is making, due to be asked about; returns when that is (unix ms)."""
    now = int(time.time() * 1000)
    async with open_database(path) as db, db.transaction(heavy=True) as conn:
        for n in range(many):
            job = a_job(id=f"j{n:09}", interaction_id=n, author_id=n, created_at=now)
            await jobs.begin(conn, job, fold=str(n))
        await conn.execute(
            "UPDATE jobs SET state = 'rendering', task_id = 'task-' || id, sent_at = ?, next_look_at = ?,"
            " card_message_id = 1",
            (now, now),
        )
    for n in range(many):
        request = {"model": "sora-2", "prompt": "a boat", "callback_url": "https://example.org/x"}
        task = Task(f"task-j{n:09}", "trace", now / 1000, request, frozenset(), "")
        tasks[task.id] = task
    return now


async def until_asked(w: Wired, due_at: int) -> None:
    """Until nothing that was due then is due any more."""
    for _ in range(6_000):
        if not await w.rows("SELECT 1 FROM jobs WHERE next_look_at <= ? LIMIT 1", due_at):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("some were not asked about")


def batched(w: Wired) -> list[list[str]]:
    """The ids of each call that was answered."""
    return [body["ids"] for path, body in w.api.requests if path == "/sora/tasks" and body and "ids" in body]


async def test_ten_thousand_pending_make_two_hundred_calls(
    open_wire: OpenWire, settings: Settings, api: VideoAPI
) -> None:
    """Every pending job is asked about once, fifty at a time, and a command is answered in the middle of it."""
    now = await pend(settings.database_path, api.tasks, MANY)
    async with open_wire(pace=SLOW, total_in_flight=20_000, server_in_flight=20_000) as w:
        answer = await (await w.wire.command("video", {"prompt": "meanwhile"})).response(timeout=10)
        assert not answer.ephemeral
        assert w.api.polls < MANY // BATCH, "the command was answered only after all of the looks"
        await until_asked(w, now)
        assert len(batched(w)) == MANY // BATCH
        asked = [task_id for ids in batched(w) for task_id in ids]
        assert len(asked) == len(set(asked)) == MANY


async def test_ten_thousand_pending_need_no_memory(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """The process holds hardly more while it asks about all of them than one that has nothing to do."""
    most: list[float] = []
    for many in (0, MANY):
        path = tmp_path / f"{many}.db"
        now = await pend(path, api.tasks, many)
        async with DiscordWire("token-of-the-bot") as wire:
            env = environment(wire, api_url, TOKEN, path, free_port())
            async with running(env, cwd=tmp_path) as child:
                await wire.ready(starts=1)
                seen = [resident_mib(child.process.pid)]
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
                    while conn.execute("SELECT 1 FROM jobs WHERE next_look_at <= ? LIMIT 1", (now,)).fetchone():
                        seen.append(resident_mib(child.process.pid))
                        await asyncio.sleep(0.05)
                seen.append(resident_mib(child.process.pid))
                assert await child.stop() == 0
        most.append(max(seen))
    assert most[1] - most[0] < _MORE_MIB, most


async def test_an_api_that_is_away_is_left_alone(open_wire: OpenWire, settings: Settings, api: VideoAPI) -> None:
    """After three calls in a row without an answer the others wait for their next time, and none is forgotten."""
    now = await pend(settings.database_path, api.tasks, 400)
    api.faults += [("/sora/tasks", 503, "")] * 99
    async with open_wire(pace=SLOW) as w:
        await until_asked(w, now)
        assert 99 - len(api.faults) == 3
        assert await w.rows("SELECT count(*) AS n FROM jobs WHERE state = 'rendering'") == [{"n": 400}]


async def test_after_an_answer_that_was_too_much_less_is_asked_for(
    open_wire: OpenWire, settings: Settings, api: VideoAPI
) -> None:
    """A call that fails makes the next ones smaller until they go through: no task spoils the others for ever."""
    now = await pend(settings.database_path, api.tasks, 200)
    api.faults += [("/sora/tasks", 200, "<h1>too much</h1>")] * 2
    async with open_wire(pace=SLOW) as w:
        await until_asked(w, now)
        assert [len(ids) for ids in batched(w)] == [12, 24, 48, 41]


async def test_pictures_make_batches_small(open_wire: OpenWire, settings: Settings, api: VideoAPI) -> None:
    """Jobs whose requests carried pictures are asked about a few at a time: the answers echo all of them."""
    now = await pend(settings.database_path, api.tasks, 30)
    async with open_database(settings.database_path) as db, db.transaction() as conn:
        await conn.execute("UPDATE jobs SET request_bytes = 1300000")
    async with open_wire(pace=SLOW) as w:
        await until_asked(w, now)
        assert [len(ids) for ids in batched(w)] == [6] * 5


async def test_asking_begins_before_discord_is_there(open_wire: OpenWire, settings: Settings, api: VideoAPI) -> None:
    """At a start the API is asked at once, while Discord still keeps the bot waiting at its door."""
    now = await pend(settings.database_path, api.tasks, 3)
    async with DiscordWire("token-of-the-bot") as wire:
        go_on = asyncio.Event()

        async def hold(call: Call) -> None:
            if call.path == "/users/@me":
                await asyncio.wait_for(api.until(lambda: api.polls > 0), 10)
                go_on.set()

        wire.on_request(hold)
        async with open_wire(wire=wire, pace=SLOW) as w:
            assert go_on.is_set()
            await until_asked(w, now)


def test_batches_follow_the_size_of_the_requests() -> None:
    """The API echoes what it was sent: a batch's answer stays within 8 MB, however large its pictures were."""

    def rendering(n: int) -> Job:
        return replace(a_job(id=str(n)), state=JobState.RENDERING, task_id=str(n))

    def batches(*due: tuple[Job, int]) -> list[list[Job]]:
        waiting = deque(due)
        return list(iter(lambda: next_batch(waiting, BATCH), []))

    small = batches(*((rendering(n), 0) for n in range(120)))
    assert [len(batch) for batch in small] == [50, 50, 20]
    large = batches(*((rendering(n), 1_300_000) for n in range(20)))
    assert all(len(batch) * 1_300_000 <= ANSWER_BYTES for batch in large)
    assert sum(map(len, large)) == 20
    assert [len(batch) for batch in batches((rendering(1), 50_000_000), (rendering(2), 0))] == [1, 1]
    veo = replace(rendering(9), wire=replace(rendering(9).wire, provider="veo"))
    mixed = batches((rendering(1), 0), (veo, 0), (rendering(2), 0))
    assert [[job.id for job in batch] for batch in mixed] == [["1", "2"], ["9"]]
