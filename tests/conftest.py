"""The whole of Clapper in a simulated Discord, with a real database, real HTTP and the API's stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import simcord
from discord.http import Route

from bot import App, open_app
from demo.videoapi import VideoAPI
from demo.world import World, world
from domain.pace import Pace
from settings import Secret, Settings
from tests import clips
from tests.discordwire import DiscordWire

TOKEN = "token-of-the-stand-in"
#: The bot's own pace, only that nothing waits for minutes.
PACE = Pace(look=400, deliver=(50, 50, 100, 100, 200), breaker=300, card=200)


@dataclass
class Stage:
    """A running Clapper with its people and places."""

    app: App
    api: VideoAPI
    world: World
    settings: Settings
    #: Ends this Clapper and starts another on the same database, in the same Discord.
    restart: Callable[[], Awaitable[None]]

    @property
    def env(self) -> simcord.Env:
        return self.world.env

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """What the database holds."""
        return [dict(row) for row in await self.app.db.reader.execute_fetchall(sql, values)]


def free_port() -> int:
    """A port that nobody uses now, below those that systems hand out: between now and its use, none is given away."""
    for port in _PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


#: Each process begins elsewhere, as several may test at once.
_PORTS = itertools.cycle((port % 20_000) + 12_000 for port in range(os.getpid() * 97, os.getpid() * 97 + 20_000))


@pytest.fixture
def footage() -> dict[str, bytes]:
    """What the API's stand-in makes: a test may put another film under "film"."""
    return {"film": clips.film()}


@pytest.fixture
def api(footage: dict[str, bytes]) -> VideoAPI:
    """The API's stand-in; films are held until a test finishes them."""
    return VideoAPI(token=TOKEN, seconds=None, render=lambda request, pictures: footage["film"])


@pytest_asyncio.fixture
async def api_url(api: VideoAPI) -> AsyncIterator[str]:
    async with api.serve() as url:
        yield url


@pytest.fixture
def settings(api_url: str, tmp_path: Path) -> Settings:
    port = free_port()
    return Settings(
        discord_token=Secret("discord-token"),
        allowed_servers=frozenset(),
        server_daily_credits=1_000,
        acedatacloud_api_token=Secret(TOKEN),
        acedatacloud_api_base_url=api_url,
        public_url=f"http://127.0.0.1:{port}",
        callback_host="127.0.0.1",
        callback_port=port,
        admin_port=0,
        database_url=f"sqlite:///{tmp_path / 'clapper.db'}",
        allow_private_urls=True,
    )


@dataclass
class Wired:
    """A running Clapper that is logged in to the strict stand-in of Discord, over real sockets."""

    app: App
    api: VideoAPI
    wire: DiscordWire
    settings: Settings

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """What the database holds."""
        return [dict(row) for row in await self.app.db.reader.execute_fetchall(sql, values)]


@asynccontextmanager
async def logged_in(app: App, wire: DiscordWire, *, starts: int = 1) -> AsyncGenerator[None]:
    """The bot's connection to the stand-in, from READY to its close."""
    running = asyncio.create_task(app.bot.start(wire.token))
    try:
        await wire.ready(starts=starts)
        yield
    finally:
        await app.bot.close()
        await running


OpenWire = Callable[..., AbstractAsyncContextManager[Wired]]


@pytest.fixture
def open_wire(settings: Settings, api: VideoAPI) -> Iterator[OpenWire]:
    """Opens Clapper on the wire, with settings of the test's own if it has any."""
    base = Route.BASE

    @asynccontextmanager
    async def opened(
        *, pace: Pace = PACE, wire: DiscordWire | None = None, starts: int = 1, **changed: Any
    ) -> AsyncGenerator[Wired]:
        async with AsyncExitStack() as stack:
            discord = wire or await stack.enter_async_context(DiscordWire("token-of-the-bot"))
            mine = replace(settings, discord_api_url=discord.api_url, **changed)
            app = await stack.enter_async_context(open_app(mine, pace=pace))
            await stack.enter_async_context(logged_in(app, discord, starts=starts))
            yield Wired(app, api, discord, mine)

    yield opened
    Route.BASE = base


OpenStage = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def open_stage(settings: Settings, api: VideoAPI) -> OpenStage:
    """Opens Clapper, with settings of the test's own if it has any."""

    @asynccontextmanager
    async def opened(*, pace: Pace = PACE, **changed: Any) -> AsyncGenerator[Stage]:
        mine = replace(settings, **changed)
        async with AsyncExitStack() as stack:
            life = await stack.enter_async_context(AsyncExitStack())
            app = await life.enter_async_context(open_app(mine, pace=pace))
            place = await stack.enter_async_context(world(app.bot))

            async def restart() -> None:
                await life.aclose()
                stage.app = await life.enter_async_context(open_app(mine, pace=pace))
                await place.env.restart_bot(stage.app.bot)

            stage = Stage(app, api, place, mine, restart)
            yield stage

    return opened


@pytest_asyncio.fixture
async def stage(open_stage: OpenStage) -> AsyncIterator[Stage]:
    async with open_stage() as opened:
        yield opened
