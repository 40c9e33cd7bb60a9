"""The chart and the table of a million rows of the ledger: how long they take, and how much memory."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench import books
from bench.measure import Figure, memory
from media.chart import usage_chart
from service.exports import Exports
from service.usage import UsageBook
from storage.database import Database, open_database

ROWS = 1_000_000
ROUNDS = 3
#: The upload that every server takes.
LIMIT = 10 * 1024 * 1024
ZONE = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 1, 1)
LAST = FIRST + timedelta(days=books.DAYS + 1)
LABELS = {key: key for key in ("day", "week", "month", "ready", "given_back", "others", "empty")}


async def chart(db: Database) -> str:
    """From the question to the picture."""
    days = await UsageBook(db).days(books.GUILD, FIRST, LAST, ZONE)
    png = await usage_chart(days, first=FIRST, last=LAST, title="Usage", labels=LABELS)
    return f"{sum(day.spent.asked for day in days):,} films, {len(png) // 1024} KB"


async def export(db: Database) -> str:
    """From the question to the files."""
    with tempfile.TemporaryDirectory() as folder:
        made = await Exports(db).ledger(books.GUILD, FIRST, LAST, ZONE, Path(folder), most=LIMIT)
        assert made.rows >= ROWS
        return f"{made.rows:,} rows, {len(made.files)} files"


WHAT: dict[str, Callable[[Database], Awaitable[str]]] = {"chart": chart, "export": export}


async def once(name: str, path: Path) -> dict[str, object]:
    """Do it some times: seconds at best, MB more than before at most, and what came of it."""
    async with open_database(path) as db:
        await UsageBook(db).days(books.GUILD, FIRST, FIRST, ZONE)
        before, best, said = memory(os.getpid(), "VmRSS"), float("inf"), ""
        for _ in range(ROUNDS):
            began = time.perf_counter()
            said = await WHAT[name](db)
            best = min(best, time.perf_counter() - began)
    own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    worked = sum((own.ru_utime, own.ru_stime, child.ru_utime, child.ru_stime)) / ROUNDS
    said += f"; {worked:.1f} s of work for the processor; best of {ROUNDS}"
    return {"seconds": best, "mb": memory(os.getpid()) - before, "said": said, "child": child.ru_maxrss * 1024 / 1e6}


async def measure() -> list[Figure]:
    """Each in a process of its own, so that its memory is its own."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clapper.db"
        await books.write(path, ROWS // 2)
        for name in WHAT:
            words = (sys.executable, "-m", "bench.usage", name, str(path))
            process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
            output, _ = await process.communicate()
            found[name] = json.loads(output)
    most = max(found.values(), key=lambda one: one["mb"])
    return [
        Figure(
            f"usage_{name}",
            f"seconds for the {name} of {ROWS:,} rows of the ledger",
            round(found[name]["seconds"], 2),
            5,
            detail=str(found[name]["said"]),
        )
        for name in WHAT
    ] + [
        Figure(
            "usage_memory",
            f"MB more at most while {ROWS:,} rows become a chart or a table",
            round(most["mb"], 1),
            100,
            detail=f"the process that draws has {found['chart']['child']:.0f} MB of its own, and ends",
        )
    ]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(once(sys.argv[1], Path(sys.argv[2])))))
