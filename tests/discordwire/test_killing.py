"""Knows that a bot of its own process can be killed around any request, and that its next life is served."""

import asyncio
import os
import sys
from pathlib import Path

from . import Call, DiscordWire, Drop

CHILD = """
import os, sys, discord
sys.path.insert(0, os.environ["TESTS"])
from discord.http import Route
from discordwire.samplebot import Bot
Route.BASE = os.environ["API"]
Bot().run(os.environ["TOKEN"], log_handler=None)
"""


async def test_a_process_can_be_killed_around_a_request_and_come_back() -> None:
    """Killed before the request nothing was said, killed after it the message is there; the next start serves on."""
    async with DiscordWire() as wire:

        async def start() -> asyncio.subprocess.Process:
            tests = str(Path(__file__).parents[1])
            env = {**os.environ, "API": wire.api_url, "TOKEN": wire.token, "TESTS": tests}
            return await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, env=env)

        for number, (when, said) in enumerate([("before", 0), ("after", 1)], 1):
            child = await start()
            await wire.ready(starts=number)

            async def kill(call: Call, child: asyncio.subprocess.Process = child) -> None:
                child.kill()
                await child.wait()
                raise Drop

            wire.on_request(kill, when)
            await wire.command("video", {"prompt": "a cat"})
            await wire.wait_for(lambda: not wire.gateway.live())
            await child.wait()
            wire.clear_hooks()
            assert len(wire.messages(wire.channel)) == said
            assert wire.log[-1].status is None
        assert wire.unexpected == []
