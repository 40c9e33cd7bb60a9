"""Work that goes on for ever: a step, again and again, that neither dies nor sleeps past an event."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from domain import trail

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
        self._stopping = False
        #: Monotonic seconds of the last step that ended well; for health checks.
        self.last_good = time.monotonic()

    def wake(self) -> None:
        """Let the next step begin now."""
        self._wake.set()

    def stop(self) -> None:
        """End after the step in hand, so that whatever that begins is known to who waits for it."""
        self._stopping = True
        self._wake.set()

    def stuck(self) -> bool:
        """True when no step has ended well for much longer than one takes."""
        return time.monotonic() - self.last_good > 3 * self._every + 60

    async def run(self) -> None:
        """Until stopped, or cancelled."""
        failures = 0
        while not self._stopping:
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
            if self._stopping:
                return
            wait = self._every if pause is None else min(pause, self._every)
            # Not wait_for: before Python 3.12 it swallows a cancellation that meets a wake, and the loop never ends.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()


class Crew:
    """Work on jobs that goes on beside a loop: at most one task for each job. `on_end` wakes who may wait for it."""

    def __init__(self, name: str, *, on_end: Callable[[], None]) -> None:
        self.name = name
        self._on_end = on_end
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def busy(self) -> set[str]:
        """Ids of the jobs in hand."""
        return set(self._tasks)

    def start(self, job_id: str, work: Coroutine[Any, Any, None], *, interaction: int = 0) -> None:
        """Begin to work on a job; `interaction` is the command that it came from, for the log."""
        with trail.about(job=job_id, interaction=interaction):
            task = self._tasks[job_id] = asyncio.create_task(work, name=f"{self.name} {job_id}")
        task.add_done_callback(lambda done: self._ended(job_id, done))

    def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(job_id, None)
        if task.cancelled():
            return
        if error := task.exception():
            # No wake: what fails at once would fail at once again. The loop comes round by itself.
            log.error("%s: job %s failed", self.name, job_id, exc_info=error)
            return
        self._on_end()

    async def stop(self, seconds: float) -> None:
        """Give what is in hand this long to end by itself, then cancel it."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
