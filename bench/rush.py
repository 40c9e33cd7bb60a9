"""A hundred films ready at once: the most memory that the bot and its children take, beside a few at once."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.finished import messages
from bench.measure import Figure, memory
from bench.stage import Bot, clapper, vendor

FEW, MANY = 3, 100
#: Just below what every server takes: posted as they are.
FILM_BYTES = 8_000_000


def family(pid: int) -> list[int]:
    """A process and its children, and theirs."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for tasks in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (tasks / "children").read_text("utf-8").split()]
    return found


@asynccontextmanager
async def most(pid: int) -> AsyncGenerator[list[float]]:
    """A list whose one number is the most MB that the family had together while this was open."""
    peak = [0.0]

    async def watch() -> None:
        while True:
            total = 0.0
            for one in family(pid):
                with contextlib.suppress(OSError, LookupError):
                    total += memory(one, "VmRSS")
            peak[0] = max(peak[0], total)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    try:
        yield peak
    finally:
        watching.cancel()


async def deliver(bot: Bot, tasks: list[str]) -> tuple[float, float]:
    """Let these films be ready at one moment: (most MB until the last is posted, seconds)."""
    there, began = messages(bot.wire), time.perf_counter()
    async with most(bot.child.process.pid) as peak:
        finishing = asyncio.gather(*(bot.api.finish(task) for task in tasks))
        await bot.wire.wait_for(lambda: messages(bot.wire) >= there + len(tasks), timeout=300)
        await finishing
    return peak[0], time.perf_counter() - began


async def measure() -> list[Figure]:
    """One process: a few films twice, the first time to load all that it needs, then a hundred."""
    with tempfile.TemporaryDirectory() as folder:
        async with clapper(Path(folder), api=vendor(FILM_BYTES), TOTAL_IN_FLIGHT="300", SERVER_IN_FLIGHT="300") as bot:
            for n in range(2 * FEW + MANY):
                member = bot.wire.add_member(f"m{n}")
                command = await bot.wire.command("video", {"prompt": f"boat {n}"}, member=member)
                await command.response(timeout=60)
            await asyncio.wait_for(bot.api.until(lambda: len(bot.api.tasks) == 2 * FEW + MANY), 60)
            await asyncio.sleep(1)  # the API's last answers are written down
            tasks = list(bot.api.tasks)
            await deliver(bot, tasks[:FEW])
            few, _ = await deliver(bot, tasks[FEW : 2 * FEW])
            many, took = await deliver(bot, tasks[2 * FEW :])
    return [
        Figure(
            "rush",
            f"most memory with {MANY} films ready at once ÷ with {FEW}, as many as are brought at once",
            round(many / few, 3),
            1.1,
            detail=f"{many:.1f} against {few:.1f} MB; {MANY} films of {FILM_BYTES / 1e6:.0f} MB in {took:.1f} s",
        )
    ]
