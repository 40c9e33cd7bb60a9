"""`/video` to its answer at 100 a second, against a bare command that commits one row and answers with a card."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bench.measure import Figure, empty_queue, in_database, ratio, share, told
from bench.stage import bare, clapper
from tests.discordwire import DiscordWire, Member

RATE = 100
COUNT = 300
ROUNDS = 5
_MEMBERS = 100


async def commands(wire: DiscordWire, members: list[Member], count: int, rate: float) -> list[float]:
    """Milliseconds to each answer; the next command does not wait for it (an open loop)."""
    began = time.perf_counter()
    sent = []
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        prompt = f"a boat on a quiet lake, number {n} since {began}"
        sent.append(await wire.command("video", {"prompt": prompt}, member=members[n % len(members)]))
    answers = await asyncio.gather(*(command.response(timeout=60) for command in sent))
    return [1000 * (answer.seconds or 0) for answer in answers]


async def measure() -> list[Figure]:
    """Rounds of 300 commands in turn; each round's shares are compared, the median of the ratios counts."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bot = await stack.enter_async_context(clapper(folder))
        other, _ = await stack.enter_async_context(bare(folder))
        people = {wire: [wire.add_member(f"m{n}") for n in range(_MEMBERS)] for wire in (bot.wire, other)}
        for wire, members in people.items():
            await commands(wire, members, 100, 50)
        times: dict[int, list[tuple[float, float]]] = {50: [], 99: []}
        for number in range(ROUNDS):
            found: dict[DiscordWire, list[float]] = {}
            for wire in (bot.wire, other) if number % 2 else (other, bot.wire):
                await empty_queue(bot.database)
                await asyncio.sleep(0.5)
                found[wire] = await commands(wire, people[wire], COUNT, RATE)
            for percent, pairs in times.items():
                pairs.append((share(found[bot.wire], percent), share(found[other], percent)))
        ((written,),) = await in_database(bot.database, "SELECT count(*) FROM jobs")
        asked = 100 + ROUNDS * COUNT
        refused = [line for line in bot.child.log.splitlines() if "refused" in line or " ERROR " in line]
        assert written == asked, f"{written} jobs of {asked} commands: {refused[:5]}"
    return [
        Figure(
            f"answer_p{percent}",
            f"/video to the answer at {RATE} a second, p{percent}, ÷ a bare command",
            ratio(times[percent]),
            1.5,
            detail=told(times[percent], "ms"),
        )
        for percent in (50, 99)
    ]
