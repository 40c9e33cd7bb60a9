"""Measures how fast Clapper is against the least that could be done: python -m bench [names of figures]."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench import (
    admission,
    answer,
    backlog,
    callbacks,
    committed,
    crowded,
    finished,
    fitted,
    rush,
    usage,
    wordrules,
)
from bench.measure import Figure, machine, note

RESULTS = Path(__file__).with_name("results.json")
#: Figure → what measures it; some are measured together.
MEASURES: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "answer_p50": answer.measure,
    "answer_p99": answer.measure,
    "committed": committed.measure,
    "committed_alone": committed.measure,
    "callbacks": callbacks.measure,
    "discord_calls": finished.measure,
    "backlog_calls": backlog.measure,
    "backlog_memory": backlog.measure,
    "delivery": finished.measure,
    "memory": crowded.measure,
    "memory_servers": crowded.measure,
    "rush": rush.measure,
    "fitting_time": fitted.measure,
    "fitting_ssim": fitted.measure,
    "admission": admission.measure,
    "usage_chart": usage.measure,
    "usage_export": usage.measure,
    "usage_memory": usage.measure,
    "word_rules": wordrules.measure,
    "word_rules_worst": wordrules.measure,
}


async def run(names: list[str]) -> list[Figure]:
    """The figures of these names, in the order of the table."""
    found: dict[str, Figure] = {}
    for measure in dict.fromkeys(MEASURES[name] for name in names):
        began = time.perf_counter()
        for figure in await measure():
            found[figure.name] = figure
            note(f"{figure.name}: {figure.value} ({figure.detail})")
        note(f"  in {time.perf_counter() - began:.0f} s")
    return [found[name] for name in MEASURES if name in names]


def table(figures: list[Figure]) -> str:
    """What people read."""
    heads = ("what", "value", "aim", "holds", "command")
    rows = [
        (f.what, f"{f.value:g}", f"{'≤' if f.at_most else '≥'} {f.aim:g}", "yes" if f.holds else "NO", f.command)
        for f in figures
    ]
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *rows)
    )


def keep(figures: list[Figure]) -> None:
    """Write the results; those of figures that were not measured now stay."""
    try:
        old: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))["figures"]
    except (OSError, ValueError, KeyError):
        old = {}
    new = {f.name: {"value": f.value, "aim": f.aim, "holds": f.holds, "command": f.command} for f in figures}
    kept = {name: (old | new)[name] for name in MEASURES if name in old | new}
    RESULTS.write_text(json.dumps({"machine": machine(), "figures": kept}, indent=2) + "\n", "utf-8")


def main(names: list[str]) -> int:
    """Measure, print, write. The exit status says only whether it ran: aims are for people to judge."""
    if unknown := set(names) - set(MEASURES):
        print(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    figures = asyncio.run(run(names or list(MEASURES)))
    keep(figures)
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
