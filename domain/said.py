"""How a value of the catalogue's file is checked: each of these raises a ValueError that names it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, cast


def table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be a table: {{ … }}")
    return cast("dict[str, Any]", value)


def text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, in quotation marks")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """A list of different texts."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in cast("list[object]", value)):
        raise ValueError(f"{name} must be a list of texts")
    found = tuple(cast("list[str]", value))
    if len(set(found)) < len(found):
        raise ValueError(f"{name} has one of its values twice")
    return found


def only(row: dict[str, Any], known: Set[str], where: str) -> None:
    if unknown := sorted(set(row) - known):
        raise ValueError(f"{where}{unknown[0]} is nothing that can be said there")


def whole(value: Any, name: str, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}")
    return value
