"""The lives of one bot: started, killed, started again on the same database, with the next one always ready."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from domain.pace import Pace
from tests.child import ROOT


class Lives:
    """`async with Lives(env, pace, log) as lives`, then `await lives.start()`, `await lives.kill()`, and so on.

    Everything that any life prints is added to the file `log`.
    """

    def __init__(self, env: dict[str, str], pace: Pace, log: Path) -> None:
        self._env = env | {"PYTHONPATH": str(ROOT)}
        self._pace = json.dumps(asdict(pace))
        self._file = log.open("ab")
        self._spare: asyncio.Task[asyncio.subprocess.Process] | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.started = 0

    async def __aenter__(self) -> Self:
        self._spare = asyncio.create_task(self._spawn())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()
        if self._spare is not None:
            spare = await self._spare
            spare.kill()
            await spare.wait()
        self._file.close()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> asyncio.subprocess.Process:
        """Begin the next life."""
        assert not self.alive
        assert self._spare is not None
        self.process = await self._spare
        self.started += 1
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self._spare = asyncio.create_task(self._spawn())
        return self.process

    async def kill(self) -> None:
        """End this life without a warning."""
        if self.process is not None:
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()

    async def stop(self, seconds: float = 30) -> int:
        """End this life as an operator does; returns the exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.child",
            self._pace,
            env=self._env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=self._file,
        )
