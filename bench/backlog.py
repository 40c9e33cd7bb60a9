"""A start with 10,000 generations pending: how often the API is asked, and how much more memory that takes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench.measure import Figure, in_database, memory
from bench.stage import clapper, vendor
from demo.life import Task
from service.reconcile import BATCH
from storage import jobs
from storage.database import open_database
from tests.test_words import a_job

MANY = 10_000
#: Seconds that a bot without work gets to come to rest.
_REST = 3.0


async def fill(path: Path) -> None:
    """Jobs that were sent, and whose looks are due."""
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


async def measure() -> list[Figure]:
    """One start with nothing to do, one with everything: the most memory of each, and the calls of the second."""
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        async with clapper(Path(empty)) as bot:
            await asyncio.sleep(_REST)
            least = memory(bot.child.process.pid)
        await fill(Path(full) / "clapper.db")
        api, now = vendor(), time.time()
        for n in range(MANY):
            request = {"model": "sora-2", "prompt": "a boat", "callback_url": "https://example.org/x"}
            task = Task(f"task-j{n:09}", "trace", now, request, frozenset(), "")
            api.tasks[task.id] = task
        began = time.perf_counter()
        async with clapper(Path(full), api=api) as bot:
            due = "SELECT count(*) FROM jobs WHERE next_look_at <= ?"
            while await in_database(bot.database, due, int(now * 1000)) != [(0,)]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
            took = time.perf_counter() - began
            calls = sum(path == "/sora/tasks" for path, _ in api.requests)
            asked = sum(len((body or {}).get("ids", [])) for path, body in api.requests if path == "/sora/tasks")
            assert asked == MANY, f"{asked} of {MANY} were asked about"
            most = memory(bot.child.process.pid)
    return [
        Figure(
            "backlog_calls",
            f"calls for {MANY:,} pending after a restart",
            calls,
            MANY // BATCH,
            detail=f"all asked about {took:.1f} s after the start",
        ),
        Figure(
            "backlog_memory",
            f"MB more at most with {MANY:,} pending than with none",
            round(most - least, 1),
            30,
            detail=f"{most:.1f} against {least:.1f} MB",
        ),
    ]
