"""What Discord suggests while somebody types: models, lengths, sizes, films, and things kept under names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from discord import app_commands

from domain.job import Job
from domain.model import Model
from domain.names import mark
from domain.wire import ADAPTIVE
from ui.words import job_line, seconds, shape, size_name
from ui.words_models import duration_line, model_line, size_line

#: Suggestions of one answer, and characters of one suggestion.
_MOST, _LONG = 25, 100


def models(rows: Iterable[Model], typed: str) -> list[app_commands.Choice[str]]:
    """Models by label, what they can do, and their lowest price."""
    return [
        _choice(model_line(row), row.key) for row in rows if typed.casefold() in f"{row.label} {row.key}".casefold()
    ][:_MOST]


def shapes(rows: Iterable[Model], typed: str) -> list[app_commands.Choice[str]]:
    """Shapes that any of these models makes."""
    names = dict.fromkeys(name for row in rows for mode in row.modes for name in mode.orientations if name != ADAPTIVE)
    start = typed.casefold().strip()
    return [_choice(shape(name), name) for name in names if start in f"{name} {shape(name)}".casefold()][:_MOST]


def durations(row: Model, size: str | None, typed: str) -> list[app_commands.Choice[int]]:
    """Lengths of a model, each with its lowest price at a size."""
    found: list[app_commands.Choice[int]] = []
    for length in row.durations:
        if str(length).startswith(typed.strip()):
            price = _lowest(row, size=size, length=length)
            name = seconds(length) if price is None else duration_line(length, price)
            found.append(app_commands.Choice(name=name[:_LONG], value=length))
    return found[:_MOST]


def sizes(row: Model, typed: str) -> list[app_commands.Choice[str]]:
    """Sizes of a model, each with its lowest price."""
    start = typed.casefold().strip()
    found: list[app_commands.Choice[str]] = []
    for size in row.sizes:
        if size.startswith(start) or size_name(size).casefold().startswith(start):
            price = _lowest(row, size=size)
            found.append(_choice(size_name(size) if price is None else size_line(size, price), size))
    return found[:_MOST]


def _lowest(row: Model, *, size: str | None, length: int | None = None) -> int | None:
    """The lowest price of a model at a size (its first, where it has none such), of a length; None for none such."""
    size = size if size in row.sizes else next(iter(row.sizes), "")
    prices = [
        price
        for mode in row.modes
        for (has_size, has_length, _sound), price in mode.prices.items()
        if has_size == size and length in (None, has_length)
    ]
    return min(prices, default=None)


def films(jobs: Sequence[Job], typed: str) -> list[app_commands.Choice[str]]:
    """Finished films by id and prompt."""
    return [
        _choice(job_line(job), job.id)
        for job in jobs
        if typed.casefold() in f"{job.id} {job.request.prompt}".casefold()
    ][:_MOST]


def kept(things: Iterable[tuple[int, str, str]], typed: str) -> list[app_commands.Choice[str]]:
    """Things kept under names: (number, name, what stands beside it)."""
    return [
        _choice(f"{name} · {beside}" if beside else name, mark(number))
        for number, name, beside in things
        if typed.casefold() in name.casefold()
    ][:_MOST]


def _choice(name: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=name[:_LONG], value=value)
