"""A picture of what a server used: bars for days, a colour for each model, what was given back below the line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from domain.faults import Refused
from domain.usage import Day

from .child import run_in_child

#: Models with a colour of their own; the rest are drawn together.
MODELS_MOST = 8
#: More bars than these cannot be told apart on a phone: weeks take their place, and months theirs.
BARS_MOST = 92
#: Dates below the bars.
_TICKS = 5
MEMORY = 1024 * 1024 * 1024
SECONDS = 30.0


async def usage_chart(
    days: Sequence[Day],
    *,
    first: date,
    last: date,
    title: str,
    labels: Mapping[str, str],
    plainer: Mapping[str, str] | None = None,
    say_date: Callable[[date], str] = date.isoformat,
) -> bytes:
    """A PNG, 1,080 pixels wide, of the credits used from `first` to `last`.

    `labels` are words in the reader's language: day, week, month ("credits a day", …), ready, given_back, others,
    empty. `plainer` has the same keys, and title, in a language that every font can write: taken where this machine has
    no font for the others. Raises Refused (`chart_failed`) when no picture could be drawn.
    """
    unit, starts = _bars(first, last)
    ready, back = _sums(days, starts)
    names = sorted(ready, key=lambda name: (-sum(ready[name]) - sum(back[name]), name))
    series = [_series(name, [name], ready, back) for name in names[:MODELS_MOST]]
    if others := names[MODELS_MOST:]:
        series.append(_series("", others, ready, back))
    step = max(1, -(-len(starts) // _TICKS))
    _, png = await run_in_child(
        "chart",
        {
            "unit": unit,
            "title": title,
            "labels": dict(labels),
            "plainer": dict(plainer or {}),
            "series": series,
            "bars": len(starts),
            "ticks": [[n, say_date(starts[n])] for n in range(0, len(starts), step)],
        },
        memory_bytes=MEMORY,
        seconds=SECONDS,
        fault=Refused,
        died="chart_failed",
    )
    return png


def _bars(first: date, last: date) -> tuple[str, list[date]]:
    """What one bar is, and the first day of each."""
    length = (last - first).days + 1
    days = [first + timedelta(days=n) for n in range(length)]
    if length <= BARS_MOST:
        return "day", days
    if length <= 7 * BARS_MOST:
        return "week", days[::7]
    return "month", [day for n, day in enumerate(days) if n == 0 or day.day == 1]


def _sums(days: Sequence[Day], starts: Sequence[date]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Credits by model and bar: spent on films, and given back."""
    ready: dict[str, list[int]] = defaultdict(lambda: [0] * len(starts))
    back: dict[str, list[int]] = defaultdict(lambda: [0] * len(starts))
    number = 0
    for day in sorted(days, key=lambda day: day.day):
        while number + 1 < len(starts) and starts[number + 1] <= day.day:
            number += 1
        ready[day.model][number] += day.spent.ready
        back[day.model][number] += day.spent.given_back
    return {name: bars for name, bars in ready.items() if any(bars) or any(back[name])}, back


def _series(
    name: str, models: Sequence[str], ready: Mapping[str, list[int]], back: Mapping[str, list[int]]
) -> dict[str, object]:
    return {
        "name": name,
        "ready": [sum(bars) for bars in zip(*(ready[model] for model in models), strict=True)],
        "back": [sum(bars) for bars in zip(*(back[model] for model in models), strict=True)],
    }
