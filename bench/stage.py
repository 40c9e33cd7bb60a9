"""The bot as a process of its own, on a stand-in of Discord and one of the API, as the figures need it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import free_port
from demo.videoapi import VideoAPI
from tests import clips
from tests.child import Child, environment, running
from tests.discordwire import DiscordWire

TOKEN = "token-of-the-stand-in"
#: Nothing but the places in flight holds anybody back.
ROOM = {"SERVER_DAILY_CREDITS": "100000000", "DAILY_CREDITS": "10000000"}


@dataclass
class Bot:
    """A running Clapper and its two outer worlds."""

    wire: DiscordWire
    api: VideoAPI
    child: Child
    database: Path


def vendor() -> VideoAPI:
    """The API's stand-in, whose films are made at a word."""
    return VideoAPI(token=TOKEN, seconds=None, render=lambda request, pictures: clips.film())


@asynccontextmanager
async def wired() -> AsyncGenerator[DiscordWire]:
    """Discord's stand-in. Its clock for late answers is off: how late they are is what is measured."""
    async with DiscordWire("token-of-the-bot") as wire:
        wire.ack_seconds = 120
        yield wire


@asynccontextmanager
async def clapper(folder: Path, *, api: VideoAPI | None = None, **settings: str) -> AsyncGenerator[Bot]:
    """`python bot.py`, logged in, with its database in `folder`."""
    api = api or vendor()
    database = folder / "clapper.db"
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(wired())
        url = await stack.enter_async_context(api.serve())
        env = environment(wire, url, TOKEN, database, free_port(), **(ROOM | settings))
        child = await stack.enter_async_context(running(env, cwd=folder))
        await wire.ready()
        yield Bot(wire, api, child, database)
        await child.stop()


@asynccontextmanager
async def bare(folder: Path) -> AsyncGenerator[DiscordWire]:
    """`bench/bare.py`, logged in to a stand-in of its own."""
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(wired())
        env = environment(wire, "", TOKEN, folder / "bare.db", 0)
        child = await stack.enter_async_context(running(env, cwd=folder, program="bench/bare.py"))
        await wire.ready()
        yield wire
        await child.stop()
