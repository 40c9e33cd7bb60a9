"""Cards around results: a price to be confirmed, a film to be deleted, a film that is gone."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from domain.job import Job
from ui import results
from ui.cards import BLUE, GREY, RED, Card
from ui.language import _, number, sentences
from ui.words import credits, plain, when


def confirm(prompt: str, *, price: int, left: int | None, renews_at: int, draft_id: str) -> Card:
    """Asks whether a film is worth its price, before anything is charged. `left`: None for no limit."""
    cost = _("It costs {credits}.").format(credits=f"**{credits(price)}**")
    rest = ""
    if left is not None:
        rest = _("You have {n} left; they renew {when}.").format(n=number(left), when=when(renews_at))
    return Card(
        BLUE,
        f"### 🎬 {_('Make this film?')}\n> {plain(prompt)}",
        sentences(cost, rest),
        buttons=(results.confirm(draft_id), results.fix(draft_id, _("Change it"))),
    )


def ask_delete(job: Job) -> Card:
    """Asks once more before a film is deleted."""
    button: ui.Button[Any] = ui.Button(
        label=_("Delete it"), style=discord.ButtonStyle.danger, custom_id=f"job:erase:{job.id}"
    )
    return Card(
        RED,
        _("### Delete this film?")
        + f"\n> {plain(job.request.prompt)}\n"
        + _("Its message and what was attached to it go, for good. What it cost stays spent."),
        buttons=(button,),
    )


def deleted(job: Job) -> Card:
    """The card of a film that was deleted."""
    return Card(GREY, _("🎬 {member}'s film was deleted.").format(member=f"<@{job.author_id}>"))
