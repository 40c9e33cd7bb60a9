"""The simulated server with its page: what `make demo` opens, and what browser tests look at."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from discord.ext import commands

from demo.page import Page
from demo.world import World, world

#: What a visitor reads first.
GREETING = """\
### 🎬 Welcome to Clapper
Type **/video** and press Enter: a form opens. Say what should happen, and attach a picture if you like: the film \
begins with it. It comes here in a few seconds; everything is simulated, so nothing costs anything.
Other models are a choice of `model`: try **Kling 3** with two pictures, from the first to the last, \
or **Seedance 2** with `sound`.
-# To see what happens when things go wrong, put one of these words into the prompt: \
fail · moderated · refuse · slow · lost · pair"""


@dataclass(frozen=True)
class Stage:
    """A world with a page: the page begins in the world's thread."""

    world: World
    #: For the browser. It carries the key to the page: printed for a person, never logged.
    url: str


@asynccontextmanager
async def stage(
    bot: commands.Bot | commands.AutoShardedBot,
    *,
    server: str = "Clapper's demo",
    hint: str = "Type /video and press Enter",
    greeting: str = GREETING,
    port: int = 0,
) -> AsyncGenerator[Stage]:
    """`world`, and a page for the browser on 127.0.0.1 (port 0: any free one).

    No clock drives it: the page asks for news twice a second, and each time the simulated time catches up with ours.
    """
    async with AsyncExitStack() as opened:
        place = await opened.enter_async_context(world(bot, server=server, greeting=greeting))
        session = await opened.enter_async_context(aiohttp.ClientSession())
        page = Page(place, session, title=server, hint=hint)
        opened.push_async_callback(page.close)
        await page.go(place.thread.id)
        runner = web.AppRunner(page.app(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        opened.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        page.port = int(runner.addresses[0][1])
        yield Stage(place, f"http://127.0.0.1:{page.port}/#{page.key}")
