"""What a finished film costs: calls on Discord's global limit, and the time from its callback to its message."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from bench.measure import Figure, in_database, ratio, side_by_side, told
from bench.stage import Bot, clapper, vendor
from tests.discordwire import DiscordWire, Interaction

ROUNDS = 15
#: About what a film of ten seconds has.
FILM_BYTES = 4_000_000
POST = "/channels/{channel}/messages"


async def card_of(bot: Bot, number: int) -> tuple[Interaction, str]:
    """A command's card, and the task that the API has for it by now."""
    known = set(bot.api.tasks)
    command = await bot.wire.command("video", {"prompt": f"a boat, number {number}, lost"})
    await command.response(timeout=30)
    await asyncio.wait_for(bot.api.until(lambda: len(bot.api.tasks) > len(known)), 30)
    await asyncio.sleep(0.2)  # the API's answer is written down
    return command, next(iter(set(bot.api.tasks) - known))


def messages(wire: DiscordWire) -> int:
    """Films' messages that Discord has answered for."""
    return sum(call.status == 200 for call in wire.calls("POST", POST))


@asynccontextmanager
async def by_hand(wire: DiscordWire) -> AsyncGenerator[str]:
    """The address of `bench/byhand.py` in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    env = os.environ | {"DISCORD_API_URL": wire.api_url, "DISCORD_TOKEN": wire.token}
    words = (sys.executable, "-m", "bench.byhand")
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, env=env)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/callback"
    finally:
        process.stdin.close()
        await process.wait()


async def measure() -> list[Figure]:
    """Generations one after the other, each from the command to the card that says it is ready."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bot = await stack.enter_async_context(clapper(folder, api=vendor(FILM_BYTES)))
        url = await stack.enter_async_context(by_hand(bot.wire))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        numbers, calls = itertools.count(), list[int]()

        async def real() -> float:
            before = len(bot.wire.counted)
            command, task = await card_of(bot, next(numbers))
            there = messages(bot.wire)
            await bot.api.finish(
                task
            )  # by its mood no callback comes of itself: the film is ready before the clock runs
            began = time.perf_counter()
            calling = asyncio.create_task(bot.api.call_back(task))
            await bot.wire.wait_for(lambda: messages(bot.wire) > there, timeout=30)
            took = time.perf_counter() - began
            await calling
            await bot.wire.wait_for(lambda: "is ready" in command.text, timeout=30)
            calls.append(len(bot.wire.counted) - before)
            return 1000 * took

        async def hand() -> float:
            card = bot.wire.say(bot.wire.member, bot.wire.channel, "a card")
            ((film,),) = await in_database(bot.database, "SELECT url FROM films LIMIT 1")
            there = messages(bot.wire)
            began = time.perf_counter()
            async with session.post(url, json={"channel": str(card.channel.id), "message": str(card.id), "film": film}):
                await bot.wire.wait_for(lambda: messages(bot.wire) > there, timeout=30)
            return 1000 * (time.perf_counter() - began)

        await real()  # by hand the films of before are fetched again
        pairs = await side_by_side(real, hand, ROUNDS)
    return [
        Figure(
            "discord_calls",
            "calls on Discord's global limit for one generation",
            max(calls[1:]),
            2,
            detail=f"{len(calls) - 1} generations; a server's first takes {calls[0]}: its upload limit is asked for",
        ),
        Figure(
            "delivery",
            "callback to the message ÷ film fetched and the same two calls by hand",
            ratio(pairs),
            1.2,
            detail=told(pairs, "ms"),
        ),
    ]
