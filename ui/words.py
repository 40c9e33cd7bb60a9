"""Small words that sentences are made of: credits, moments, shapes, permissions, text from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from domain.job import Job
from domain.request import GenerationRequest
from domain.wire import ADAPTIVE
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
    names[ADAPTIVE] = _("shaped like your picture")
    return names.get(orientation, plain(orientation, 30))


def size_name(size: str) -> str:
    """A size in words; one that only an operator's catalogue has stays as it is."""
    names = {"small": _("small"), "large": _("large"), "standard": _("standard"), "pro": _("pro")}
    return names.get(size, plain(size, 30))


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
    """Sora 2 · 10 s · landscape · small · 2 pictures to go by."""
    return recipe_of(job.request, job.label)


def recipe_of(request: GenerationRequest, label: str) -> str:
    """The same of a film that is not begun yet; `label` is its model's."""
    parts = [label]
    if request.duration:
        parts.append(seconds(request.duration))
    if request.orientation or request.pictures:
        parts.append(shape(request.orientation or ADAPTIVE))
    if request.size:
        parts.append(size_name(request.size))
    if request.sound is not None:
        parts.append(_("with sound") if request.sound else _("silent"))
    if request.pictures:
        parts.append(pictures(request.pictures, request.mode))
    if request.character:
        parts.append(_("with {character}").format(character=plain(request.character, 40)))
    if request.negative:
        parts.append(_("without {things}").format(things=plain(request.negative, 60)))
    return " · ".join(parts)


def pictures(count: int, mode: str) -> str:
    """What becomes of the pictures that are attached, by their mode ("" in earlier jobs, which did not say)."""
    if mode == "first":
        return _("1 picture as its first frame")
    if mode == "ends":
        return _("2 pictures as its first and last frame")
    if mode == "references":
        return _n("{n} picture to go by", "{n} pictures to go by", count).format(n=count)
    return _n("{n} picture", "{n} pictures", count).format(n=count)


def job_line(job: Job) -> str:
    """A generation to choose from a list."""
    return f"{job.id}: {plain(job.request.prompt, 40)} ({recipe(job)})"
