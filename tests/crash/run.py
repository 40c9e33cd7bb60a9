"""One run: people use the bot, it is killed again and again, and in the end everything is counted."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from domain.pace import Pace
from tests.child import environment
from tests.conftest import free_port
from tests.crash.audit import Audit, audit, open_jobs, troubles
from tests.crash.lives import Lives
from tests.crash.people import People
from tests.crash.points import Points
from tests.crash.vendor import Vendor
from tests.discordwire import DiscordWire

TOKEN = "token-of-the-stand-in"
#: The bot's own pace, only that nothing takes minutes.
PACE = Pace(
    look=300,
    look_most=1_000,
    deliver=(100, 150, 200, 300, 500, *[1_000] * 300),
    film=4_000,
    breaker=300,
    deadline=600_000,
    card=500,
)
#: Jobs that people keep going at a time.
_CROWD = 8
#: Seconds that a life lasts at most, from when it is connected, when it does not come to its chosen point; a first,
#: undisturbed one. Of the lives that end at a random moment some end before they are connected.
_LIFE = 2.0
_WARM = 4.0
_UNBORN = 0.3


@dataclass
class Outcome:
    """What a run showed."""

    kills: int
    points: Points
    audit: Audit
    #: Where the log of all lives is, kept only when something is wrong.
    log: Path | None
    seconds: float

    @property
    def good(self) -> bool:
        return self.audit.good

    def line(self) -> str:
        return f"crash: {self.kills} kills at {len(self.points.kills)} points, {self.audit.line()}"


async def crash(
    kills: int,
    *,
    seed: int = 0,
    warm: bool = False,
    callbacks: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Kill the bot so often; the same seed throws the same dice, though the machine's own chances differ.

    `warm` lets the first life work undisturbed for a while, so that a short run knows all points from the start.
    Without `callbacks` the API cannot reach the bot, which then lives by polling alone.
    """
    began = time.monotonic()
    dice = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="clapper-crash-"))
    log = folder / "log.txt"
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(DiscordWire("token-of-the-bot", keep_bytes=False))
        wire.ack_seconds = 30  # a bot that is slow on a busy machine is another test's matter

        async def kill() -> None:
            await lives.kill()

        points = Points(kill, dice)
        vendor = Vendor(TOKEN, seconds=(0.05, 0.3), max_in_flight=8, hook=points.reach, dice=dice)
        url = await stack.enter_async_context(vendor.serve())
        database = folder / "clapper.db"
        env = environment(wire, url, TOKEN, database, free_port(), **LIMITS)
        if not callbacks:
            del env["PUBLIC_URL"]
        lives = await stack.enter_async_context(Lives(env, PACE, log))
        people = People(wire, dice)
        for when in ("before", "after"):
            wire.on_request(points.hook(when), when)
        done = 0
        if warm:
            await _life(lives, points, people, wire, database, dice, warm=True)
            done = 1
        while done < kills:
            await _life(lives, points, people, wire, database, dice)
            done += 1
            if done % 3 == 0:
                wire.nonces.clear()  # this restart comes when Discord no longer folds what is sent again
            if done % 20 == 0:
                say(f"{done} kills, {lives.started} lives, {len(people.commands)} commands")
        await lives.start()
        await _rest(database, vendor)
        status = await lives.stop()
        found = audit(database, wire, vendor.tasks.values(), people.commands)
        found.wrong += [f"the last life ended with status {status}"] if status else []
        found.wrong += [f"a card of what has ended can still be pressed: {card}" for card in found.stale_cards]
        found.wrong += [f"the stand-in was surprised: {text}" for text in wire.unexpected]
    found.notes += await asyncio.to_thread(troubles, log)
    outcome = Outcome(done, points, found, log, time.monotonic() - began)
    if found.good:
        await asyncio.to_thread(shutil.rmtree, folder)
        return replace(outcome, log=None)
    return outcome


#: Nothing of what limits people shall be in the way here.
LIMITS = {
    "SERVER_DAILY_CREDITS": "1000000",
    "DAILY_CREDITS": "100000",
    "MEMBER_IN_FLIGHT": "3",
    "SERVER_IN_FLIGHT": "6",
    "TOTAL_IN_FLIGHT": "6",
}


async def _life(
    lives: Lives,
    points: Points,
    people: People,
    wire: DiscordWire,
    database: Path,
    dice: random.Random,
    *,
    warm: bool = False,
) -> None:
    """From a start to a kill: at the chosen point, or when it is not reached in time, at a random moment."""
    starts = len(wire.gateway.identifies) + 1
    target = None if warm else points.arm()
    seconds = _WARM if warm else _LIFE if target else dice.uniform(0.05, _LIFE / 2)
    process = await lives.start()

    async def use() -> None:
        await wire.ready(starts=starts, timeout=60)
        while True:
            if await asyncio.to_thread(open_jobs, database) < _CROWD:
                await people.ask()
            await asyncio.sleep(dice.uniform(0, 0.15))

    using = asyncio.create_task(use())
    try:
        if target or warm or dice.random() > _UNBORN:
            await _connected(wire, starts, process)
        async with asyncio.timeout(seconds):
            status = await process.wait()
        if warm or points.on:
            raise AssertionError(f"the bot ended by itself, with status {status}")
    except TimeoutError:
        points.disarm()
        await lives.kill()
    finally:
        using.cancel()
        with suppress(asyncio.CancelledError):
            await using
        await people.leave()


async def _connected(wire: DiscordWire, starts: int, process: asyncio.subprocess.Process) -> None:
    """Until a life is connected, or over: on a busy machine its start may take longer than all of the rest."""
    ready, over = asyncio.create_task(wire.ready(starts=starts, timeout=60)), asyncio.create_task(process.wait())
    done, _ = await asyncio.wait({ready, over}, return_when=asyncio.FIRST_COMPLETED)
    for task in (ready, over):
        task.cancel()
    await asyncio.gather(ready, over, return_exceptions=True)
    if ready in done:
        ready.result()


async def _rest(database: Path, vendor: Vendor, seconds: float = 60) -> None:
    """Until nothing is left to do, also after the last late callback; what is left then shows in the audit."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for _ in range(2):
                while await asyncio.to_thread(open_jobs, database):
                    await asyncio.sleep(0.1)
                await vendor.idle()
