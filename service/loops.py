"""Work that goes on for ever: a step, again and again, that neither dies nor sleeps past an event."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

log = logging.getLogger("clapper.loops")


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Loop:
    """Calls `step` whenever it is woken, and at the latest after `every` seconds or what the step returned.

    A step that raises is logged and tried again after a pause: discord.py's own loops end for good on most errors.
    """

    def __init__(self, name: str, step: Callable[[], Awaitable[float | None]], *, every: float) -> None:
        self.name = name
        self._step = step
        self._every = every
        self._wake = asyncio.Event()
        #: Monotonic seconds of the last step that ended well; for health checks.
        self.last_good = time.monotonic()

    def wake(self) -> None:
        """Let the next step begin now."""
        self._wake.set()

    def stuck(self) -> bool:
        """True when no step has ended well for much longer than one takes."""
        return time.monotonic() - self.last_good > 3 * self._every + 60

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            self._wake.clear()  # before the step: what happens during it must bring another one
            pause: float | None = None
            try:
                pause = await self._step()
                self.last_good = time.monotonic()
                failures = 0
            except Exception:
                failures += 1
                pause = min(30.0, 0.5 * 2**failures)
                log.exception("%s: a step failed; again in %.0f s", self.name, pause)
            wait = self._every if pause is None else min(pause, self._every)
            # Not wait_for: before Python 3.12 it swallows a cancellation that meets a wake, and the loop never ends.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
