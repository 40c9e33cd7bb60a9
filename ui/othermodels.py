"""Offers to run a film on another model: each says what it costs there, and what would be otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from domain.carry import Carried
from ui.cards import BLUE, Card
from ui.language import _
from ui.words import credits, plain
from ui.words_models import changed

#: Discord's limits: characters of a button and of a choice, choices at once.
_LABEL, _CHOICE, _MOST = 80, 100, 25


def button(kind: str, key: str, offer: Carried) -> ui.Button[Any]:
    """run:<job|draft>:<its id>:<credits>:<model>. One press, and it runs there: the label says all there is to know."""
    label = " · ".join(filter(None, [offer.model.label, credits(offer.price), changed(offer.changes)]))
    return ui.Button(
        label=_cut(label, _LABEL),
        emoji="🎬",
        style=discord.ButtonStyle.primary,
        custom_id=f"run:{kind}:{key}:{offer.price}:{offer.model.key}",
    )


def offers(kind: str, key: str, prompt: str, found: Sequence[Carried]) -> Card:
    """All models that would make it, to choose one."""
    if not found:
        return Card(BLUE, _("### No other model makes this film\nEdit changes its recipe, for any model."))
    select: ui.Select[Any] = ui.Select(
        custom_id=f"run:{kind}:{key}",
        placeholder=_("Choose a model: it starts at once"),
        options=[
            discord.SelectOption(
                label=_cut(f"{offer.model.label} · {credits(offer.price)}", _CHOICE),
                description=_cut(changed(offer.changes) or _("all of it as it is"), _CHOICE),
                value=f"{offer.price}:{offer.model.key}",
            )
            for offer in found[:_MOST]
        ],
    )
    return Card(
        BLUE,
        f"### {_('Run it on another model')}\n> {plain(prompt)}",
        _("Each says what it costs, and what would not carry over."),
        rows=(ui.ActionRow(select),),
    )


def ask(kind: str, key: str, prompt: str, offer: Carried) -> Card:
    """Says what one model would change, or cost, before it does."""
    lost = _("Not all of it carries over: {changes}.").format(changes=changed(offer.changes))
    text = (
        lost
        if offer.changes
        else _("All of it carries over, and it costs {credits}.").format(credits=credits(offer.price))
    )
    return Card(
        BLUE,
        f"### {_('Run it on {model}?').format(model=offer.model.label)}\n> {plain(prompt)}",
        text,
        buttons=(button(kind, key, offer),),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
