"""How everything is opened, run and closed. `python bot.py` runs Clapper; with `--help` it names its other verbs."""

from __future__ import annotations

import asyncio
import gc
import logging
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain, repeat

import aiohttp
import discord
from discord.http import Route

from acedata.client import VideoClient
from assembly import Known, Parts, Resources
from cogs.client import Clapper
from domain.pace import Pace
from media.fetch import Fetcher
from metrics import Metrics
from operate.command import main
from service.links import Links
from settings import Settings
from storage import inputs, memory
from storage.database import Database, open_database
from web import PublicApp, admin_app, serve

log = logging.getLogger("clapper")

#: Seconds that work in hand gets when the bot is told to stop, and before that a loop's step in hand; with what is
#: being answered then (`cogs.client`) and closing, all is over within 20.
_GRACE = 12.0
_STEP = 2.0
#: Seconds between two tries to log in while Discord cannot be reached; the last of them over and over.
_AGAIN = (1, 2, 5, 10, 30)


@dataclass(frozen=True)
class App:
    """A built Clapper whose loops run: log `bot` in, and it works."""

    bot: Clapper
    parts: Parts
    db: Database
    public: PublicApp
    #: Where the two servers really listen.
    callback_port: int
    admin_port: int


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    pace: Pace | None = None,
    wait_seconds: float = 0,
    given_up: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[App]:
    """Build everything, run its loops and servers, and close it all in reverse. Raises StorageFault.

    For a database that another process holds it waits for so long, or until that is `given_up`.
    """
    pace = pace or Pace(deadline=settings.job_deadline_minutes * 60_000)
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(
            open_database(settings.database_path, wait_seconds=wait_seconds, given_up=given_up)
        )
        links = Links(await db.key("links"), settings.public_url)
        metrics = Metrics(
            models=[row.key for row in settings.catalogue.models],
            providers={row.wire.provider for row in settings.catalogue.models},
        )
        client = await stack.enter_async_context(
            VideoClient(
                base_url=settings.acedatacloud_api_base_url,
                token=settings.acedatacloud_api_token.reveal(),
                on_call=metrics.api_call,
            )
        )
        fetcher = await stack.enter_async_context(Fetcher(allow_private=settings.allow_private_urls))
        # Beside the database, where there is room, and emptied: a killed process leaves its films behind.
        folder = db.path.with_name(db.path.name + ".films")
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.to_thread(folder.mkdir)
        async with db.transaction() as conn:
            instance = await memory.new_instance(conn)
        resources = Resources(settings, pace, db, links, client, fetcher, folder, metrics, instance)
        parts = Parts(resources, await Known.read(db))

        async def picture(job_id: str, n: int) -> tuple[str, bytes] | None:
            stored = await inputs.for_media(db.long_reader, job_id, n)
            return (stored.mime, stored.data) if stored else None

        public = PublicApp(
            read_link=links.read,
            on_callback=parts.services.results.called_back,
            get_picture=picture,
            get_clip=parts.services.clips.for_media,
            instance=instance,
            on_outcome=metrics.callback,
        )
        port = await serve(stack, public.app(), settings.callback_host, settings.callback_port)
        admin = await serve(
            stack, admin_app(parts.health.reasons, parts.health.figures), settings.admin_host, settings.admin_port
        )
        loops = [asyncio.create_task(loop.run(), name=loop.name) for loop in parts.loops]
        lag = asyncio.create_task(metrics.watch_lag(), name="lag")
        try:
            yield App(parts.bot, parts, db, public, port, admin)
        finally:
            parts.services.intake.stop()
            for loop in parts.loops:
                loop.stop()
            if parts.bot.logged_in.is_set():  # else some of them wait for that, and nothing was begun
                await asyncio.wait(loops, timeout=_STEP)
            await asyncio.gather(
                parts.services.dispatch.stop(_GRACE), parts.delivery.stop(_GRACE), parts.joining.stop()
            )
            for task in (*loops, lag):
                task.cancel()
            await asyncio.gather(*loops, lag, return_exceptions=True)
            if not parts.bot.is_closed():
                await parts.bot.close()


async def stay_connected(bot: Clapper, token: str) -> None:
    """Log in and stay connected. Raises discord's errors for what is refused, such as the token.

    While Discord cannot be reached it is tried again, as after a power cut a machine is up before its router.
    """
    for pause in chain(_AGAIN, repeat(_AGAIN[-1])):
        try:
            await bot.login(token)
            break
        except (aiohttp.ClientConnectionError, TimeoutError, discord.HTTPException, discord.RateLimited) as error:
            if isinstance(error, discord.HTTPException) and error.status < 500 and error.status != 429:
                raise
            log.warning("Discord cannot be reached now (%s); again in %d s", _short(error), pause)
        await bot.http.close()  # the next try opens another session
        bot.http.connector = discord.utils.MISSING
        await asyncio.sleep(pause)
    await bot.connect()


def _short(error: Exception) -> str:
    return f"{error.status} {error.code}" if isinstance(error, discord.HTTPException) else type(error).__name__


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_app(settings, wait_seconds=30, given_up=stop.is_set) as app:
        # What was built so far stays: let no search for garbage walk through it again, 30 ms at a time and all at once.
        gc.collect()
        gc.freeze()
        log.info("callbacks on port %d, figures on port %d", app.callback_port, app.admin_port)
        running = asyncio.create_task(stay_connected(app.bot, settings.discord_token.reveal()))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            stopping.cancel()
    log.info("stopped")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:], run=run))
    except KeyboardInterrupt:
        sys.exit(130)  # a backup that was broken off is none
