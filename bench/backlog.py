"""A start with 10,000 generations pending: how often the API is asked, and how much more memory that takes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench.measure import Figure, in_database, memory
from bench.stage import clapper, vendor
from service.reconcile import BATCH
from tests.test_backlog import pend

MANY = 10_000
#: Seconds that a bot without work gets to come to rest.
_REST = 3.0


async def measure() -> list[Figure]:
    """One start with nothing to do, one with everything: the most memory of each, and the calls of the second."""
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as full:
        async with clapper(Path(empty)) as bot:
            await asyncio.sleep(_REST)
            least = memory(bot.child.process.pid)
        api = vendor()
        now = await pend(Path(full) / "clapper.db", api.tasks, MANY)
        began = time.perf_counter()
        async with clapper(Path(full), api=api) as bot:
            due = "SELECT count(*) FROM jobs WHERE next_look_at <= ?"
            while await in_database(bot.database, due, now) != [(0,)]:  # noqa: ASYNC110 - another process
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
