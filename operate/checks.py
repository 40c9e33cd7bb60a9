"""What a look at one thing found: whether it works, and what to do when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    GOOD = "✓"
    BAD = "✗"
    #: Not wanted, or not to be known now.
    NONE = "–"


@dataclass(frozen=True)
class Check:
    """One line of the doctor's table; `todo` is there when the state is BAD."""

    name: str
    state: State
    detail: str
    todo: str = ""


def good(name: str, detail: str) -> Check:
    return Check(name, State.GOOD, detail)


def bad(name: str, detail: str, todo: str) -> Check:
    return Check(name, State.BAD, detail, todo)


def none(name: str, detail: str) -> Check:
    return Check(name, State.NONE, detail)


def table(checks: list[Check]) -> str:
    """For people: a line for each check, and under those that are bad what to do."""
    width = max((len(check.name) for check in checks), default=0)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.state.value} {check.name:<{width}}  {check.detail}")
        if check.todo:
            lines.append(f"  {'':<{width}}  → {check.todo}")
    found = sum(check.state is State.BAD for check in checks)
    lines.append("Everything works." if not found else f"{found} to mend: each → says how.")
    return "\n".join(lines)


def as_data(checks: list[Check]) -> dict[str, object]:
    """For programs: {"ok", "checks": [{"name", "state": good|bad|none, "detail", "todo"}]}."""
    rows = [
        {"name": check.name, "state": check.state.name.lower(), "detail": check.detail, "todo": check.todo}
        for check in checks
    ]
    return {"ok": all(check.state is not State.BAD for check in checks), "checks": rows}
