"""What a command costs beside ten thousand rows of the ledger, and beside ten million."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bench import books
from bench.committed import admit, intake_on
from bench.measure import Figure, empty_queue, note, ratio, side_by_side, told
from storage.database import Database, open_database

FEW, MANY = 10_000, 10_000_000
COUNT = 200
ROUNDS = 9


async def measure() -> list[Figure]:
    """Rounds of 200 commands in turn, by members who have been there all along, each side with its own file."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        numbers = itertools.count(1_000_000_000)

        async def house(rows: int) -> Database:
            path = folder / f"{rows}.db"
            await books.write(path, rows // 2)
            note(f"  {rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB")
            return await stack.enter_async_context(open_database(path))

        few, many = await house(FEW), await house(MANY)
        await asyncio.to_thread(os.sync)  # else the gigabytes that were just written slow every COMMIT down

        async def milliseconds(db: Database) -> float:
            await empty_queue(db.path)
            intake = intake_on(db)
            began = time.perf_counter()
            for _ in range(COUNT):
                number = next(numbers)
                await admit(intake, number, author=1 + number % books.MEMBERS)
            return 1000 * (time.perf_counter() - began) / COUNT

        pairs = await side_by_side(lambda: milliseconds(many), lambda: milliseconds(few), ROUNDS)
    return [
        Figure(
            "admission",
            f"an admission beside {MANY:,} rows of the ledger ÷ one beside {FEW:,}",
            ratio(pairs),
            1.2,
            detail=told(pairs, "ms"),
        )
    ]
