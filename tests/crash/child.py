"""The whole bot as a process that is made to be killed: what `python bot.py` runs, at a pace from its argument.

It imports everything, waits for a line on its input and only then begins, so that a next life stands ready when one
ends; when its input closes, whoever watches it is gone, and it ends too.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from typing import Any

import logs
from bot import open_app
from domain.pace import Pace
from settings import Settings


async def run(settings: Settings, pace: Pace) -> None:
    """As `bot.run`, at another pace."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_app(settings, pace=pace, wait_seconds=30) as app:
        running = asyncio.create_task(app.bot.start(settings.discord_token.reveal()))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        stopping.cancel()


def main() -> None:
    told: dict[str, Any] = json.loads(sys.argv[1])
    pace = Pace(**{**told, "deliver": tuple(told["deliver"])})
    settings = Settings.from_env(os.environ)
    logs.configure(level=settings.log_level, as_json=False, secrets=())
    if not sys.stdin.readline():
        return

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    asyncio.run(run(settings, pace))


if __name__ == "__main__":
    main()
