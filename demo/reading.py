"""Turns a message of Discord into plain text for a terminal: mentions, times and markup as a reader sees them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import discord

#: What a mark becomes. An escaped sign comes first: it is itself, and begins nothing.
_MARKS = re.compile(
    r"\\(?P<itself>[^\w\s])"
    r"|<@!?(?P<who>\d+)>"
    r"|<t:(?P<unix>-?\d+)(?::(?P<style>[tTdDfFR]))?>"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>\S+?)\)"
    r"|^(?P<quote>> )|^(?:#{1,3}|-#) |\*\*|__|~~|`|\u200b",
    re.MULTILINE,
)
_STYLES = {"t": "%H:%M", "T": "%H:%M:%S", "d": "%x", "D": "%-d %B %Y", "F": "%A, %-d %B %Y %H:%M"}


def readable(message: discord.Message, names: dict[int, str], *, now: datetime) -> str:
    """All that can be read in a message: its text, its card line by line, its buttons in brackets.

    `names` are people by id; times are told from `now` on.
    """
    lines = [message.system_content if message.is_system() else message.content]
    waiting: list[Any] = [component.to_dict() for component in message.components]
    while waiting:
        item = waiting.pop(0)
        if item["type"] == discord.ComponentType.text_display.value:
            lines.append(str(item["content"]))
        elif item["type"] == discord.ComponentType.button.value and not item.get("disabled"):
            lines.append(" ".join(filter(None, [f"[{item.get('label', '')}]", item.get("url")])))
        waiting[:0] = [*item.get("components", []), *filter(None, [item.get("accessory")])]
    return "\n".join(plain(line, names, now) for line in lines if line)


def plain(text: str, names: dict[int, str], now: datetime) -> str:
    """Text without Discord's markup."""

    def shown(mark: re.Match[str]) -> str:
        if mark["who"]:
            return f"@{names.get(int(mark['who']), 'someone')}"
        if mark["unix"]:
            return _moment(datetime.fromtimestamp(int(mark["unix"]), UTC), mark["style"], now)
        if mark["label"]:
            return f"{mark['label']} ({mark['url']})"
        return "│ " if mark["quote"] else mark["itself"] or ""

    return _MARKS.sub(shown, text)


def _moment(at: datetime, style: str | None, now: datetime) -> str:
    if style != "R":
        return at.astimezone().strftime(_STYLES.get(style or "f", "%-d %B %Y %H:%M"))
    seconds = (at - now).total_seconds()
    size, name = next(
        ((s, n) for s, n in ((86_400, "day"), (3600, "hour"), (60, "minute")) if abs(seconds) >= s), (1, "second")
    )
    count = round(abs(seconds) / size)
    words = f"{count} {name}" + ("" if count == 1 else "s")
    return f"in {words}" if seconds >= 0 else f"{words} ago"
