"""The command line: which verbs there are, and one sentence for each way in which they may end badly."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import discord
from dotenv import dotenv_values

import logs
from domain.faults import StorageFault
from operate import copies, doctor, sync
from settings import Settings, SettingsError, database_of

Run = Callable[[Settings], Coroutine[Any, Any, None]]


def main(arguments: list[str], *, run: Run) -> int:
    """Do what the arguments say; `run` is the bot itself. Returns the exit status: 2 for wrong usage."""
    given = _read(arguments)
    os.umask(0o077)  # the database and its copies hold prompts and keys
    try:
        status = _do(given, run)
        sys.stdout.flush()
    except (
        BrokenPipeError
    ):  # whoever was to read it has gone, as `head` does; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SettingsError, StorageFault, discord.DiscordException, aiohttp.ClientConnectionError, OSError) as error:
        print(_sentence(error), file=sys.stderr)
        return 1
    return status


def _environment() -> dict[str, str]:
    """What is set: in .env, and before that in the environment. Raises SettingsError."""
    try:
        written = dotenv_values(".env")
    except UnicodeDecodeError:
        raise SettingsError([".env must be a text in UTF-8"]) from None
    except OSError as error:
        raise SettingsError([f".env must be a file that can be read ({error.strerror})"]) from None
    return {key: value or "" for key, value in written.items()} | dict(os.environ)


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python bot.py", description="Clapper, the Discord bot that makes films.")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    verbs.add_parser("run", help="run the bot (what happens without a verb)")
    look = verbs.add_parser("doctor", help="look at everything that has to work, and say what to do about the rest")
    look.add_argument("--json", action="store_true", help="for programs")
    look.add_argument("--channel", type=int, action="append", default=[], metavar="ID", help="may films go there?")
    save = verbs.add_parser("backup", help="copy the database to FILE, also while the bot runs")
    save.add_argument("file", type=Path, metavar="FILE")
    back = verbs.add_parser("restore", help="put the copy in FILE in the database's place; the bot must not run")
    back.add_argument("file", type=Path, metavar="FILE")
    verbs.add_parser("sync", help="tell Discord about the commands, whether they have changed or not")
    return parser.parse_args(arguments)


def _do(given: argparse.Namespace, run: Run) -> int:
    if given.verb == "doctor":
        return asyncio.run(doctor.examine(_settings_quietly, channels=given.channel, as_json=given.json))
    environment = _environment()
    if given.verb in ("backup", "restore"):
        # These ask for nothing but the database: a wrong token must not stand in the way of a rescue.
        _quiet_log(environment)
        verb = copies.backup if given.verb == "backup" else copies.restore
        return asyncio.run(verb(database_of(environment), given.file))
    settings = Settings.from_env(environment)
    if given.verb == "sync":
        _quiet_log(environment)
        return asyncio.run(sync.sync(settings))
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json", secrets=settings.secrets)
    logs.catch_everything()
    asyncio.run(run(settings))
    return 0


def _settings_quietly() -> Settings:
    environment = _environment()
    _quiet_log(environment)
    return Settings.from_env(environment)


def _quiet_log(environment: Mapping[str, str]) -> None:
    """A verb answers by itself; the log has only what goes wrong inside, masked as ever."""
    names = ("DISCORD_TOKEN", "ACEDATACLOUD_API_TOKEN", "ACEDATACLOUD_PLATFORM_TOKEN")
    logs.configure(level="ERROR", as_json=False, secrets=tuple(environment.get(name, "").strip() for name in names))


def _sentence(error: Exception) -> str:
    """What has happened and what to do, for whoever stands at the terminal."""
    match error:
        case StorageFault():
            return told(error)
        case discord.LoginFailure() | discord.ConnectionClosed(code=4004):  # refused at the start, or reset meanwhile
            return "Discord refuses DISCORD_TOKEN. Make a new one on the Bot page of your application."
        case discord.RateLimited():
            return f"Discord takes no more of this now. Try again in {error.retry_after:.0f} s."
        case aiohttp.ClientConnectionError() | discord.GatewayNotFound() | TimeoutError():
            return "Discord cannot be reached. Check this machine's network."
        case discord.HTTPException():
            return f"Discord answers with {error.status} {error.code}. Try again in a while; `doctor` says more."
        case discord.DiscordException():
            return f"Discord has ended it: {error} Try again in a while; `doctor` says more."
        case OSError():
            what = f"A server could not be started: {error.strerror or error}."
            return f"{what} Check CALLBACK_HOST, CALLBACK_PORT, ADMIN_HOST and ADMIN_PORT."
        case _:
            return str(error)


def told(fault: StorageFault) -> str:
    """What a fault of the database means to whoever stands at the terminal."""
    return _STORAGE.get(fault.reason, "The database cannot be used: {detail}.").format_map(_Values(fault.values))


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


_STORAGE = {
    "database_in_use": "Another Clapper uses this database: {owner}. Stop it first.",
    "database_newer": "This database was written by a newer Clapper (schema {found}; this one knows {known}). Upgrade.",
    "database_corrupt": "The database is damaged. Restore a backup: `python bot.py restore FILE`.",
    "database_strange": "That is no database of Clapper's.",
    "disk_full": "The database cannot be written ({detail}). Check the disk's space and the folder's permissions.",
    "database_locked": "Another program holds the database. Close it and start again.",
}
