"""One soak: a bot of its own process, commands at a steady rate, faults at random, and the count of it all."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from domain.pace import Pace
from tests.child import environment
from tests.conftest import free_port
from tests.crash.audit import Audit, all_jobs, audit, open_jobs, troubles
from tests.crash.lives import Lives
from tests.crash.people import MIX, People
from tests.soak.rough import RoughVendor, RoughWire

TOKEN = "token-of-the-stand-in"
PACE = Pace(
    look=1_000,
    look_most=5_000,
    deliver=(100, 200, 400, 800, 1_500, *[2_000] * 300),
    film=30_000,
    breaker=300,
    deadline=900_000,
    card=2_000,
)
LIMITS = {
    "SERVER_DAILY_CREDITS": "10000000",
    "DAILY_CREDITS": "1000000",
    "MEMBER_IN_FLIGHT": "50",
    "SERVER_IN_FLIGHT": "50",
    "TOTAL_IN_FLIGHT": "50",
}
#: Callbacks as they are said to fail; the rest as in the crash run.
WORDS = {**MIX, "lost": 20, "twice": 20, "early": 10, "late": 10}
WORDS |= {"gone": 0.1, "deadlink": 0.3, "notvideo": 0.3, "cut": 0.3}
#: Seconds of a wave: twice the usual rate, then nothing.
_WAVE = 30.0
#: The bot has seen everything once after this share of the time: its memory is measured from here on.
_WARM = 0.25
#: What the bot may hold more at the end: SQLite's caches fill with the file (8 MB for each of two connections), and
#: discord.py keeps what it knows of a thread's rate limit for five minutes.
_GROWTH_MIB = 12.0


@dataclass
class Outcome:
    """What a soak showed."""

    audit: Audit
    met: dict[str, int]
    first_mib: float
    last_mib: float
    #: Seconds from a command to its first answer: the median, and what 99 of 100 stay under.
    answers: tuple[float, float]
    in_flight: int
    log: Path | None
    seconds: float

    @property
    def good(self) -> bool:
        return self.audit.good and self.flat

    @property
    def flat(self) -> bool:
        return self.last_mib <= self.first_mib + _GROWTH_MIB

    def line(self) -> str:
        """All counts in one line."""
        memory = f"memory {self.first_mib:.1f} → {self.last_mib:.1f} MiB"
        return f"soak: {self.seconds / 60:.1f} minutes, {self.audit.line()}, {memory}"


def resident_mib(pid: int) -> float:
    """The memory that a process holds now."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024


async def soak(minutes: float, jobs: int, *, seed: int = 0, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Ask for at least so many films in so many minutes, then let everything come to rest, and count."""
    dice = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="clapper-soak-"))
    log, database = folder / "log.txt", folder / "clapper.db"
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(RoughWire("token-of-the-bot", dice))
        wire.ack_seconds = 30  # how fast it is shows in the answers' times; a busy machine must not fail the run
        vendor = RoughVendor(TOKEN, seconds=(2, 12), max_in_flight=60, hook=_nothing, dice=dice)
        url = await stack.enter_async_context(vendor.serve())
        env = environment(wire, url, TOKEN, database, free_port(), **LIMITS)
        lives = await stack.enter_async_context(Lives(env, PACE, log))
        people = People(wire, dice, members=60, mix=WORDS)
        process = await lives.start()
        await wire.ready(starts=1)
        wire.rough = vendor.rough = True
        began = time.monotonic()
        watch = Watch(database, process.pid, began, vendor, say)
        watching = asyncio.create_task(watch.run())
        shaking = asyncio.create_task(_shake(wire, dice))
        await _use(people, database, minutes * 60, jobs, process)
        shaking.cancel()
        await _rest(database, vendor)
        watching.cancel()
        await asyncio.gather(shaking, watching, return_exceptions=True)
        last = resident_mib(process.pid) if process.returncode is None else 0.0
        seconds = time.monotonic() - began
        status = await lives.stop()
        found = audit(database, wire, vendor.tasks.values(), people.commands)
        found.wrong += [f"the bot ended with status {status}"] if status else []
        found.wrong += [f"the stand-in was surprised: {text}" for text in wire.unexpected]
    found.notes += await asyncio.to_thread(troubles, log)
    if found.jobs < jobs:
        found.wrong.append(f"only {found.jobs} of {jobs} jobs came about")
    times = sorted(one.seconds for one in people.commands if one.seconds is not None)
    answers = (median(times), quantiles(times, n=100)[98])
    first = watch.first_after(_WARM * minutes * 60)
    met = dict(wire.met + vendor.met)
    outcome = Outcome(found, met, first, last, answers, watch.most, log, seconds)
    if outcome.good:
        await asyncio.to_thread(shutil.rmtree, folder)
        outcome.log = None
    return outcome


@dataclass
class Watch:
    """Looks at the bot every few seconds: its memory, and how much it has to do."""

    database: Path
    pid: int
    began: float
    vendor: RoughVendor
    say: Callable[[str], None]
    samples: list[tuple[float, float]] = field(default_factory=list)
    #: Films that were in the making at once, at most.
    most: int = 0

    async def run(self) -> None:
        """Until cancelled, or until there is no bot any more."""
        with suppress(subprocess.CalledProcessError):
            for turn in itertools.count():
                mib = await asyncio.to_thread(resident_mib, self.pid)
                self.samples.append((time.monotonic() - self.began, mib))
                pending = sum(task.pending for task in self.vendor.tasks.values())
                self.most = max(self.most, pending)
                if turn % 10 == 0:
                    done, left = all_jobs(self.database), open_jobs(self.database)
                    self.say(f"{self.samples[-1][0]:4.0f} s: {done} jobs, {left} open, {pending} made, {mib:.1f} MiB")
                await asyncio.sleep(2)

    def first_after(self, seconds: float) -> float:
        """MiB at the first look after so many seconds."""
        return next((mib for at, mib in self.samples if at >= seconds), self.samples[-1][1])


async def _nothing(who: str, method: str, path: str, when: str) -> None:
    pass


async def _use(people: People, database: Path, seconds: float, jobs: int, process: asyncio.subprocess.Process) -> None:
    """Commands in waves that reach the number in nine tenths of the time; for refused ones others are made."""
    began, asked = time.monotonic(), 0
    rate = jobs / (0.9 * seconds)
    while (passed := time.monotonic() - began) < seconds and process.returncode is None:
        waves, into = divmod(passed, _WAVE)
        if asked <= rate * (waves * _WAVE + min(_WAVE, 2 * into)) and not people.swamped:
            await people.ask()
            asked += 1
        else:
            await asyncio.sleep(0.02)
        if asked % 50 == 0 or asked >= jobs:
            asked = await asyncio.to_thread(all_jobs, database)
            if asked >= jobs:
                return


async def _shake(wire: RoughWire, dice: random.Random) -> None:
    """Now and then Discord breaks the line, or asks to be called again."""
    while True:
        await asyncio.sleep(dice.uniform(5, 40))
        await (wire.gateway.disconnect() if dice.random() < 0.5 else wire.gateway.ask_to_reconnect())


async def _rest(database: Path, vendor: RoughVendor, seconds: float = 240) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for _ in range(2):
                while await asyncio.to_thread(open_jobs, database):
                    await asyncio.sleep(0.2)
                await vendor.idle()
