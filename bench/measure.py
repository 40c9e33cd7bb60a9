"""What all figures share: rounds side by side, their median, and how a figure is said."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles


@dataclass(frozen=True)
class Figure:
    """One measured number and what it should be; `detail` is for people."""

    name: str
    what: str
    value: float
    aim: float
    #: True: the value should be at most the aim; False: at least.
    at_most: bool = True
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.aim if self.at_most else self.value >= self.aim

    @property
    def command(self) -> str:
        return f"python -m bench {self.name}"


async def side_by_side(
    ours: Callable[[], Awaitable[float]], bare: Callable[[], Awaitable[float]], rounds: int
) -> list[tuple[float, float]]:
    """Run both in turn, every other round the other way round, after one round that does not count."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        if number % 2:
            first = await ours()
            pairs.append((first, await bare()))
        else:
            second = await bare()
            pairs.append((await ours(), second))
    return pairs[1:]


def ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """The median of ours ÷ bare, round by round."""
    return round(median(ours / bare for ours, bare in pairs), 3)


def told(pairs: Sequence[tuple[float, float]], unit: str) -> str:
    """The medians behind a ratio, and the range of the ratios."""
    ratios = sorted(ours / bare for ours, bare in pairs)
    mine, other = (median(values) for values in zip(*pairs, strict=True))
    return f"{mine:.2f} against {other:.2f} {unit}; {len(ratios)} rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}"


def share(values: Sequence[float], percent: int) -> float:
    """What so many of a hundred stay under."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(pid: int, what: str = "VmHWM") -> float:
    """MB of a process: its most so far (VmHWM), or now (VmRSS). Linux only."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(f"process {pid} has no {what}")


async def in_database(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """One statement from outside, committed, while the bot has the database open."""

    def run() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path, timeout=30)) as conn, conn:
            return conn.execute(sql, values).fetchall()

    return await asyncio.to_thread(run)


async def empty_queue(path: Path) -> None:
    """Each round begins with nothing waiting, so that the tenth measures what the first did."""
    await in_database(path, "UPDATE jobs SET state = 'cancelled', announced_at = 1 WHERE state = 'queued'")


def machine() -> dict[str, object]:
    """Where it ran, and how busy it was."""
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": [round(value, 1) for value in os.getloadavg()],
    }


def note(text: str) -> None:
    """Progress, for a person who waits."""
    print(text, file=sys.stderr, flush=True)
