"""A long absence: ten thousand generations pending at a start are asked about in batches, while commands go on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import replace

from demo.life import Task
from domain.job import Job, JobState
from service.reconcile import ANSWER_BYTES, BATCH, next_batch
from storage import jobs
from storage.database import open_database
from tests.conftest import PACE, OpenWire
from tests.discordwire import DiscordWire
from tests.test_words import a_job

MANY = 10_000


async def test_ten_thousand_pending_make_two_hundred_calls(open_wire: OpenWire) -> None:
    """Every pending job is asked about once, fifty at a time, and a command is answered in the middle of it."""
    pace = replace(PACE, look=3_600_000, look_most=3_600_000)
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire, pace=pace) as w:
            path = w.app.db.path
        now = int(time.time() * 1000)
        async with open_database(path) as db, db.transaction() as conn:
            for n in range(MANY):
                job = a_job(id=f"j{n:09}", interaction_id=n, author_id=n, created_at=now)
                await jobs.begin(conn, job, fold=str(n))
            await conn.execute(
                "UPDATE jobs SET state = 'rendering', task_id = 'task-' || id, sent_at = ?, next_look_at = ?,"
                " card_message_id = 1",
                (now, now),
            )
        for n in range(MANY):
            request = {"model": "sora-2", "prompt": "a boat", "callback_url": "https://example.org/x"}
            task = Task(f"task-j{n:09}", "trace", now / 1000, request, frozenset(), "")
            w.api.tasks[task.id] = task
        async with open_wire(wire=wire, starts=2, pace=pace, total_in_flight=20_000, server_in_flight=20_000) as w:
            polls_before = w.api.polls
            answer = await (await wire.command("video", {"prompt": "meanwhile"})).response(timeout=10)
            assert not answer.ephemeral
            assert w.api.polls - polls_before < MANY // BATCH, "the command was answered only after all of the looks"
            for _ in range(3000):
                if not await w.rows("SELECT 1 FROM jobs WHERE next_look_at <= ? LIMIT 1", now):
                    break
                await asyncio.sleep(0.01)
            batched = [body for path, body in w.api.requests if path == "/sora/tasks" and body and "ids" in body]
            assert len(batched) == MANY // BATCH
            asked = [task_id for body in batched for task_id in body["ids"]]
            assert len(asked) == len(set(asked)) == MANY


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
