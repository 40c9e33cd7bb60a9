"""The bot as a process of its own, on a stand-in of Discord and one of the API, as the figures need it."""

from __future__ import annotations

import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.crowd import Crowd
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


def heavy(film: bytes, size: int) -> bytes:
    """The same film with so many bytes: players skip a box of the name `free`."""
    empty = size - len(film)
    return film + struct.pack(">I4s", empty, b"free") + bytes(empty - 8)


def vendor(size: int = 0) -> VideoAPI:
    """The API's stand-in, whose films are made at a word, and have `size` bytes where it is given."""
    film = heavy(clips.film(), size) if size else clips.film()
    return VideoAPI(token=TOKEN, seconds=None, render=lambda request, pictures: film, max_in_flight=1_000)


@asynccontextmanager
async def wired(before: Callable[[DiscordWire], None] | None = None) -> AsyncGenerator[DiscordWire]:
    """Discord's stand-in, filled by `before`. Its clock for late answers is off: how late they are is measured."""
    wire = DiscordWire("token-of-the-bot", keep_bytes=False)
    if before:
        Crowd.on(wire)
        before(wire)
    async with wire:
        wire.ack_seconds = 120
        yield wire


@asynccontextmanager
async def clapper(
    folder: Path,
    *,
    api: VideoAPI | None = None,
    before: Callable[[DiscordWire], None] | None = None,
    **settings: str,
) -> AsyncGenerator[Bot]:
    """`python bot.py`, logged in, with its database in `folder`."""
    api = api or vendor()
    database = folder / "clapper.db"
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(wired(before))
        url = await stack.enter_async_context(api.serve())
        env = environment(wire, url, TOKEN, database, free_port(), **(ROOM | settings))
        child = await stack.enter_async_context(running(env, cwd=folder))
        await wire.ready(timeout=120)
        yield Bot(wire, api, child, database)
        await child.stop()


@asynccontextmanager
async def bare(
    folder: Path, *, before: Callable[[DiscordWire], None] | None = None, **settings: str
) -> AsyncGenerator[tuple[DiscordWire, Child]]:
    """`bench/bare.py`, logged in to a stand-in of its own."""
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(wired(before))
        env = environment(wire, "", TOKEN, folder / "bare.db", 0, **settings)
        child = await stack.enter_async_context(running(env, cwd=folder, program="bench/bare.py"))
        await wire.ready(timeout=120)
        yield wire, child
        await child.stop()
