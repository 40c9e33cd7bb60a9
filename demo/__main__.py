"""`python -m demo`: Clapper in a browser, without any key. With `--once` a single film, told in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import logs
from demo.home import home
from demo.once import Wish, once
from demo.stage import stage
from settings import SettingsError

#: How long the stand-in takes for a film, in seconds.
_LIVE, _QUICK = 5.0, 1.0
#: Pictures that the command takes, and the longest prompt that Discord lets pass.
_IMAGES, _PROMPT = 4, 4000


def main(arguments: list[str]) -> int:
    """Returns the exit status: 0 done (with --once: the film came), 1 it did not, 2 wrong usage."""
    given = _read(arguments)
    logs.configure(
        level="INFO" if given.verbose else "CRITICAL",
        as_json=False,
        secrets=(os.environ.get("ACEDATACLOUD_API_TOKEN", ""),),
    )
    try:
        return asyncio.run(_until_told(_once(given) if given.once else _page(given.port)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"It cannot go on: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _until_told(work: Coroutine[Any, Any, int]) -> int:
    """Run until it is done, or until Ctrl+C or SIGTERM: then everything is closed in order."""
    task = asyncio.ensure_future(work)
    with contextlib.suppress(NotImplementedError):  # Windows: there Ctrl+C cancels by itself
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 130


async def _page(port: int) -> int:
    async with home(os.environ, seconds=_LIVE) as app, stage(app.bot, port=port) as place:
        print(f"Open {place.url}\nCtrl+C ends it.", flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    return 0


async def _once(given: argparse.Namespace) -> int:
    options = {name: getattr(given, name) for name in ("model", "duration", "orientation", "size", "sound")}
    wish = Wish(given.prompt, given.image, {name: value for name, value in options.items() if value is not None})
    async with home(os.environ, seconds=_QUICK) as app:
        return await once(app, wish, out=given.out, as_json=given.json, timeout=given.timeout)


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Try Clapper without any key: a simulated Discord in the browser, a stand-in for the video API.",
        epilog="Of the environment only these count: PUBLIC_URL, and ACEDATACLOUD_API_BASE_URL with "
        "ACEDATACLOUD_API_TOKEN, which name an API to use in place of the stand-in. A PUBLIC_URL has to lead to "
        "port 8080 here.",
    )
    parser.add_argument("--port", type=int, default=0, help="of the page (otherwise any free one)")
    parser.add_argument("--verbose", action="store_true", help="show the bot's log")
    alone = parser.add_argument_group("one film, without a browser")
    alone.add_argument("--once", action="store_true", help="make one film, say what the member saw, and end")
    alone.add_argument("--prompt", metavar="TEXT", help="what should happen in the film")
    alone.add_argument("--image", metavar="FILE", nargs="+", action="extend", type=Path, default=[], help="up to four")
    alone.add_argument("--model", help="such as sora-2-short, kling-3 or seedance-2 (docs/models.md has all)")
    alone.add_argument("--duration", type=int, metavar="SECONDS")
    alone.add_argument("--orientation", help="landscape, portrait, square, or a ratio that the model has")
    alone.add_argument("--size", help="such as small, large or 1080p")
    alone.add_argument("--sound", choices=("on", "off"), help="for models that let you choose")
    alone.add_argument("--out", metavar="FILM", type=Path, help="where the film goes (otherwise ./clapper-….mp4)")
    alone.add_argument("--json", action="store_true", help="one JSON object a line; the last one says how it ended")
    alone.add_argument("--timeout", type=float, default=1800.0, metavar="SECONDS", help="give up then (1800)")
    given = parser.parse_args(arguments)
    if given.once:
        _check(parser, given)
    elif given.prompt is not None or given.image or given.out or given.json:
        parser.error("--prompt and what follows it go with --once")
    return given


def _check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    if not given.prompt or len(given.prompt) > _PROMPT:
        parser.error(f"--prompt: 1 to {_PROMPT} characters are needed")
    if len(given.image) > _IMAGES:
        parser.error(f"--image: {_IMAGES} pictures are the most")
    for path in given.image:
        try:
            path.open("rb").close()
        except OSError as error:
            parser.error(f"--image {path}: {error.strerror or error}")
    if given.out and (given.out.is_dir() or not given.out.absolute().parent.is_dir()):
        parser.error(f"--out {given.out}: " + ("is a folder" if given.out.is_dir() else "there is no such folder"))
    if not given.timeout > 0:
        parser.error("--timeout: a number of seconds above 0 is needed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
