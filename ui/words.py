"""Small words that sentences are made of: credits, moments, shapes, permissions, text from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from domain.catalogue import Model
from domain.job import Job
from ui.language import _, _n, number


@dataclass(frozen=True)
class Words:
    """A title that says what happened, and a sentence or two that say what to do."""

    title: str
    text: str


Values = Mapping[str, Any]
#: Makes a text in the language of the moment, from the values that it needs.
Maker = Callable[[Values], Words]


def nothing_charged() -> str:
    return _("Nothing was charged.")


def credits(amount: int) -> str:
    return _n("{n} credit", "{n} credits", amount).format(n=number(amount))


def seconds(amount: object) -> str:
    return _("{n} s").format(n=amount)


def shape(orientation: str) -> str:
    """An orientation in words; one that only an operator's catalogue has stays as it is."""
    names = {"landscape": _("landscape"), "portrait": _("portrait"), "square": _("square")}
    return names.get(orientation, plain(orientation, 30))


def size_name(size: str) -> str:
    """A size in words; one that only an operator's catalogue has stays as it is."""
    return {"small": _("small"), "large": _("large")}.get(size, plain(size, 30))


def model_line(row: Model) -> str:
    """A model to choose: what it can do, and its lowest price."""
    return _("{model}: {about}, from {credits}").format(
        model=row.label, about=_(row.about), credits=credits(row.cheapest)
    )


def duration_line(length: int, price: int) -> str:
    """A duration to choose, in seconds, and what it costs."""
    return _("{length} ({credits})").format(length=seconds(length), credits=credits(price))


def size_line(size: str, price: int) -> str:
    """A size to choose, and what it costs at least."""
    return _("{size} (from {credits})").format(size=size_name(size), credits=credits(price))


def right(name: str) -> str:
    """A permission as Discord's settings call it, in this language."""
    names = {
        "view_channel": _("View Channel"),
        "send_messages": _("Send Messages"),
        "send_messages_in_threads": _("Send Messages in Threads"),
        "attach_files": _("Attach Files"),
        "read_message_history": _("Read Message History"),
        "create_public_threads": _("Create Public Threads"),
    }
    return names.get(name, name)


def when(ms: int, style: str = "R") -> str:
    """A moment as every reader sees it in their own time."""
    return f"<t:{ms // 1000}:{style}>"


def plain(text: object, most: int = 300) -> str:
    """Text from outside, on one line, that can neither ping, link, format nor hide anything."""
    line = re.sub(r"\s+", " ", str(text)).strip()
    line = "".join(ch for ch in line if ch.isprintable())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    line = discord.utils.escape_markdown(line, ignore_links=False)
    # Mentions, timestamps, emoji and commands begin with <; @everyone and links need only their first sign broken.
    line = line.replace("<", "\\<").replace("@", "@\u200b").replace("://", ":\u200b//")
    return re.sub(r"(?i)\b(discord\.gg|www\.)", lambda found: found[0][:-1] + "\u200b" + found[0][-1], line)


def recipe(job: Job) -> str:
    """Sora 2 · 10 s · landscape · small · 2 pictures."""
    request = job.request
    parts = [
        job.label,
        seconds(request.duration),
        shape(request.orientation) if request.orientation else _("shaped like your picture"),
        size_name(request.size),
    ]
    if request.pictures:
        parts.append(_n("{n} picture", "{n} pictures", request.pictures).format(n=request.pictures))
    return " · ".join(parts)


def job_line(job: Job) -> str:
    """A generation to choose from a list."""
    return f"{job.id}: {plain(job.request.prompt, 40)} ({recipe(job)})"
