"""Clapper as a process of its own: `python bot.py` against stand-ins of Discord and of the API, over real sockets."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.discordwire import DiscordWire

ROOT = Path(__file__).parent.parent


@dataclass
class Child:
    """A running bot, and everything that it has printed."""

    process: asyncio.subprocess.Process
    printed: bytearray

    @property
    def log(self) -> str:
        return self.printed.decode("utf-8", "replace")

    async def stop(self, number: int = signal.SIGTERM, *, within: float = 30) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), within)


def environment(wire: DiscordWire, api_url: str, token: str, database: Path, port: int, **more: str) -> dict[str, str]:
    """The settings of a child; nothing of the surrounding environment but the path."""
    plain = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
    return plain | {
        "DISCORD_TOKEN": wire.token,
        "DISCORD_API_URL": wire.api_url,
        "ALLOWED_SERVERS": "*",
        "SERVER_DAILY_CREDITS": "1000",
        "ACEDATACLOUD_API_TOKEN": token,
        "ACEDATACLOUD_API_BASE_URL": api_url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CALLBACK_HOST": "127.0.0.1",
        "CALLBACK_PORT": str(port),
        "ADMIN_PORT": "0",
        "DATABASE_URL": f"sqlite:///{database}",
        "ALLOW_PRIVATE_URLS": "true",
        **more,
    }


@asynccontextmanager
async def running(env: dict[str, str], *, cwd: Path, program: str = "bot.py") -> AsyncGenerator[Child]:
    """A child from start to end; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / program),
        env=env,
        cwd=cwd,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    child = Child(process, bytearray())
    stream = process.stderr

    async def listen() -> None:
        while line := await stream.readline():
            child.printed += line

    listening = asyncio.create_task(listen())
    try:
        yield child
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


@dataclass(frozen=True)
class Ended:
    """A verb that has done its work."""

    status: int
    out: str
    err: str


async def verb(
    env: dict[str, str], *arguments: str, cwd: Path, file_bytes: int | None = None, within: float = 60
) -> Ended:
    """`python bot.py` with these arguments, from start to end; no file may grow beyond `file_bytes`."""

    def limit() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "bot.py"),
        *arguments,
        env=env,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=limit,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), within)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
