"""Which job and which interaction the work in hand is about, so that every line of the log can say it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from contextvars import ContextVar

_NOTHING: Mapping[str, str] = {}
_here: ContextVar[Mapping[str, str]] = ContextVar("trail", default=_NOTHING)


def here() -> Mapping[str, str]:
    """What the present task is about: "job" and "interaction", those of them that are known."""
    return _here.get()


def note(*, job: str = "", interaction: int = 0) -> None:
    """From here on, this task (and what it starts) is about these; what is left out stays as it was."""
    _here.set(_with(job, interaction))


@contextlib.contextmanager
def about(*, job: str = "", interaction: int = 0) -> Generator[None]:
    """Inside, the work is about these, and about nothing that was noted before."""
    token = _here.set(_NOTHING)
    _here.set(_with(job, interaction))
    try:
        yield
    finally:
        _here.reset(token)


def _with(job: str, interaction: int) -> Mapping[str, str]:
    more = {"job": job, "interaction": str(interaction) if interaction else ""}
    return {**_here.get(), **{name: value for name, value in more.items() if value}}
