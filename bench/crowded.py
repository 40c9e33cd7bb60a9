"""Memory with ten thousand servers after ten thousand commands, beside one server, and beside a usual bot."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from bench.measure import Figure, empty_queue, memory
from bench.stage import bare, clapper
from tests.discordwire import Channel, DiscordWire, Member

SERVERS = 10_000
COMMANDS = 10_000
AT_ONCE = 16
#: After so many commands the queue is emptied: what waits is in the database, and not what is measured.
_OFTEN = 500


def crowd(wire: DiscordWire, servers: int) -> list[tuple[Member, Channel]]:
    """So many servers, each with a channel and somebody in it; in a single one there are as many people."""
    if servers == 1:
        return [(wire.add_member(f"m{n}"), wire.channel) for n in range(1_000)]
    found: list[tuple[Member, Channel]] = []
    for n in range(servers):
        guild = wire.add_guild(f"Server {n}")
        found.append((wire.add_member(f"m{n}", guild=guild), wire.add_channel("films", guild=guild)))
    return found


async def commands(wire: DiscordWire, places: list[tuple[Member, Channel]], database: Path | None) -> None:
    """Ten thousand commands, each in the next place."""
    numbers, where = itertools.count(), itertools.cycle(places)

    async def some(todo: Iterator[int]) -> None:
        for number in todo:
            member, channel = next(where)
            command = await wire.command("video", {"prompt": f"boat {number}"}, member=member, channel=channel)
            await command.response(timeout=120)

    for _ in range(COMMANDS // _OFTEN):
        todo = itertools.islice(numbers, _OFTEN)
        await asyncio.gather(*(some(todo) for _ in range(AT_ONCE)))
        wire.log.clear()
        if database:
            await empty_queue(database)


async def ours(servers: int) -> float:
    """MB of this bot."""
    with tempfile.TemporaryDirectory() as folder:
        places: list[tuple[Member, Channel]] = []
        async with clapper(Path(folder), before=filled(places, servers)) as bot:
            await commands(bot.wire, places, bot.database)
            return memory(bot.child.process.pid, "VmRSS")


async def theirs(servers: int) -> float:
    """MB of the bare bot with discord.py's defaults."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places: list[tuple[Member, Channel]] = []
        wire, child = await stack.enter_async_context(bare(folder, before=filled(places, servers), BARE_DEFAULTS="1"))
        await commands(wire, places, None)
        return memory(child.process.pid, "VmRSS")


def filled(places: list[tuple[Member, Channel]], servers: int) -> Callable[[DiscordWire], None]:
    """Fills a world before anybody logs in, and notes who is where."""

    def fill(wire: DiscordWire) -> None:
        places.extend(crowd(wire, servers))

    return fill


async def measure() -> list[Figure]:
    """One process after the other, each from its start to its ten thousandth answer."""
    many, one, default = await ours(SERVERS), await ours(1), await theirs(SERVERS)
    return [
        Figure(
            "memory",
            f"RSS with {SERVERS:,} servers after {COMMANDS:,} commands ÷ a bot with discord.py's defaults",
            round(many / default, 3),
            0.6,
            detail=f"{many:.1f} against {default:.1f} MB",
        ),
        Figure(
            "memory_servers",
            f"RSS with {SERVERS:,} servers ÷ with one, after {COMMANDS:,} commands",
            round(many / one, 3),
            1.1,
            detail=f"{many:.1f} against {one:.1f} MB",
        ),
    ]
