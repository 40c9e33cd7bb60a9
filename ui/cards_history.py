"""A member's history: each generation with its state, cost and link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from domain.job import Job, JobState
from ui.cards import BLUE, Card
from ui.language import _
from ui.words import credits, plain, recipe, when

#: Generations on one page, and characters of a search.
PAGE, SEARCH_MOST = 6, 40


def history(jobs: Sequence[tuple[Job, bool, bool]], *, search: str, first: bool, older: tuple[int, int] | None) -> Card:
    """A page: (generation, whether it found no place, whether it came by direct message), and a way to older ones."""
    head = _("Your films with “{words}”").format(words=plain(search, SEARCH_MOST)) if search else _("Your films")
    if not jobs:
        empty = _("No film of yours has these words.") if search else _("You have made none here yet: `/video` begins.")
        return Card(BLUE, f"### {head}\n{empty}")
    lines = [_entry(job, undelivered=undelivered, direct=direct) for job, undelivered, direct in jobs]
    buttons: list[ui.Button[Any]] = []
    if not first:
        buttons.append(_button(_("Newest"), f"history:0:0:{search}"))
    if older:
        buttons.append(_button(_("Older"), f"history:{older[0]}:{older[1]}:{search}"))
    return Card(BLUE, f"### {head}", *lines, buttons=tuple(buttons))


def _entry(job: Job, *, undelivered: bool, direct: bool) -> str:
    state, cost = _state(job, undelivered=undelivered)
    title = plain(job.request.prompt, 90) or _("(its words were removed)")
    if job.message_id and job.films and not job.hidden:
        server = "@me" if direct else job.guild_id
        title = f"[{title}](https://discord.com/channels/{server}/{job.thread_id}/{job.message_id})"
    private = f" · {_('private')}" if job.private else ""
    return f"**{title}**\n{state} · {when(job.created_at, 'f')}{private}\n-# {recipe(job)} · {cost} · {job.id}"


def _state(job: Job, *, undelivered: bool) -> tuple[str, str]:
    """Where it is, and what it cost."""
    price = credits(job.price)
    if job.hidden:
        return _("🚫 taken away by a moderator"), price
    if undelivered:
        return _("📭 found no place: a moderator can send it again"), price if job.state is JobState.READY else _(
            "free"
        )
    if job.state is JobState.READY:
        return (_("↩️ could not be fetched"), _("given back")) if job.refunded else (_("🎬 made"), price)
    if job.film_came_late:
        return _("🎬 came late"), _("free")
    ends = {
        JobState.FAILED: _("✖️ no film"),
        JobState.EXPIRED: _("⌛ never finished"),
        JobState.CANCELLED: _("✖️ cancelled"),
    }
    if job.state in ends:
        return ends[job.state], _("given back")
    waits = {JobState.AWAITING: _("⏳ waits for a moderator"), JobState.QUEUED: _("⏳ waits for its turn")}
    return waits.get(job.state, _("⏳ is being made")), _("{credits} held").format(credits=price)


def _button(label: str, custom_id: str) -> ui.Button[Any]:
    return ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id)
