"""How everything is built and closed: the only place that puts the parts together. `python bot.py` runs Clapper."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import discord
from aiohttp import web
from discord.http import Route
from dotenv import dotenv_values

import logs
from acedata.client import VideoClient
from assembly import Parts, Resources
from cogs.client import Clapper
from domain.faults import StorageFault
from domain.job import Pace
from media.fetch import Fetcher
from service.links import Links
from settings import Settings, SettingsError
from storage import inputs, memory
from storage.database import Database, open_database
from web import PublicApp, admin_app

log = logging.getLogger("clapper")

#: Seconds that work in hand gets when the bot is told to stop.
_GRACE = 20.0


@dataclass(frozen=True)
class App:
    """A built Clapper whose loops run: log `bot` in, and it works."""

    bot: Clapper
    db: Database
    public: PublicApp
    #: Where the two servers really listen.
    callback_port: int
    admin_port: int


@asynccontextmanager
async def open_app(settings: Settings, *, pace: Pace | None = None, wait_seconds: float = 0) -> AsyncGenerator[App]:
    """Build everything, run its loops and servers, and close it all in reverse. Raises StorageFault."""
    pace = pace or Pace(deadline=settings.job_deadline_minutes * 60_000)
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(open_database(settings.database_path, wait_seconds=wait_seconds))
        links = Links(await db.key("links"), settings.public_url)
        client = await stack.enter_async_context(
            VideoClient(base_url=settings.acedatacloud_api_base_url, token=settings.acedatacloud_api_token.reveal())
        )
        fetcher = await stack.enter_async_context(Fetcher(allow_private=settings.allow_private_urls))
        # Beside the database, where there is room, and emptied: a killed process leaves its films behind.
        folder = db.path.with_name(db.path.name + ".films")
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.to_thread(folder.mkdir)
        resources = Resources(settings, pace, db, links, client, fetcher, folder)
        parts = Parts(resources, await memory.breakers(db.reader))

        async def picture(job_id: str, n: int) -> tuple[str, bytes] | None:
            stored = await inputs.for_media(db.reader, job_id, n)
            return (stored.mime, stored.data) if stored else None

        public = PublicApp(
            read_link=links.read,
            on_callback=parts.results.called_back,
            get_picture=picture,
            get_clip=parts.clips.for_media,
        )
        port = await _serve(stack, public.app(), settings.callback_host, settings.callback_port)
        admin = await _serve(stack, admin_app(parts.health), settings.admin_host, settings.admin_port)
        tasks = [asyncio.create_task(loop.run(), name=loop.name) for loop in parts.loops]
        try:
            yield App(parts.bot, db, public, port, admin)
        finally:
            parts.intake.stop()
            await asyncio.gather(parts.dispatch.stop(_GRACE), parts.delivery.stop(_GRACE), parts.joining.stop())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if not parts.bot.is_closed():
                await parts.bot.close()


async def _serve(stack: AsyncExitStack, app: web.Application, host: str, port: int) -> int:
    """Serve an app until the stack closes; returns the port that it really has."""
    # No access log: its lines would carry the MACs of our addresses.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host, port)
    await site.start()
    return int(runner.addresses[0][1])


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_app(settings, wait_seconds=30) as app:
        running = asyncio.create_task(app.bot.start(settings.discord_token.reveal()))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            stopping.cancel()
    log.info("stopped")


def main(arguments: list[str]) -> int:
    """The command line: `run` is the default and, so far, the only verb. Returns the exit status."""
    if arguments not in ([], ["run"]):
        print("usage: python bot.py [run]", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return 2
    try:
        environment = {key: value or "" for key, value in dotenv_values(".env").items()} | dict(os.environ)
        settings = Settings.from_env(environment)
        secrets = (settings.discord_token.reveal(), settings.acedatacloud_api_token.reveal())
        logs.configure(level=settings.log_level, as_json=settings.log_format == "json", secrets=secrets)
        asyncio.run(run(settings))
    except SettingsError as error:
        return _say(str(error))
    except StorageFault as fault:
        return _say(
            _STORAGE_WORDS.get(fault.reason, "The database cannot be used: {detail}.").format_map(_Values(fault.values))
        )
    except discord.LoginFailure:
        return _say("Discord refuses DISCORD_TOKEN. Make a new one on the Bot page of your application.")
    except (aiohttp.ClientConnectorError, discord.GatewayNotFound):
        return _say("Discord cannot be reached. Check this machine's network.")
    except OSError as error:
        return _say(f"A server could not be started: {error.strerror or error}. Check CALLBACK_PORT and ADMIN_PORT.")
    return 0


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


_STORAGE_WORDS = {
    "database_in_use": "Another Clapper uses this database: {owner}. Stop it first.",
    "database_newer": "This database was written by a newer Clapper (schema {found}; this one knows {known}). Upgrade.",
    "database_corrupt": "The database is damaged. Restore a backup.",
    "disk_full": "The database cannot be written ({detail}). Check the disk's space and the folder's permissions.",
    "database_locked": "Another program holds the database. Close it and start again.",
}


def _say(text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - the log may not be configured yet
    return 1


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
