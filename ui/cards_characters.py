"""Cards of characters and presets: lists, and what became of saving, sharing and deleting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from ui.cards import BLUE, Card, note
from ui.language import _, decimal
from ui.results import Classic
from ui.words import plain

#: Characters of one list: each has a picture, and a message takes ten.
LISTED = 10


class Pictured(Card):
    """Lines, each perhaps with a small picture (JPEG) beside it; `bare` is the same without pictures.

    Discord refuses new pictures in the edit of such a card: where it has to be one, the bare one is shown.
    """

    def __init__(
        self, colour: discord.Colour, head: str, entries: Sequence[tuple[str, bytes | None]], foot: str = ""
    ) -> None:
        super().__init__(colour)
        self.bare = Card(colour, head, *(text for text, _picture in entries), foot)
        self.clear_items()
        container: ui.Container[Any] = ui.Container(accent_colour=colour)
        container.add_item(ui.TextDisplay(head))
        files: list[tuple[str, bytes]] = []
        for text, picture in entries:
            shown: ui.TextDisplay[Any] = ui.TextDisplay(text)
            if picture:
                files.append((f"character-{len(files) + 1}.jpg", picture))
                container.add_item(ui.Section(shown, accessory=ui.Thumbnail(f"attachment://{files[-1][0]}")))
            else:
                container.add_item(shown)
        if foot:
            container.add_item(ui.TextDisplay(foot))
        self.pictures = tuple(files)
        self.add_item(container)
        self.stop()


@dataclass(frozen=True)
class Own:
    """A character of the reader's own: 0 seconds where a moderator took its film away."""

    name: str
    seconds: float = 0
    shared: bool = False
    picture: bytes | None = None


def characters(own: Sequence[Own], others: Sequence[tuple[str, int]]) -> Card:
    """A member's characters, and those that others share (name, owner)."""
    if not own and not others:
        return note(
            _(
                "🎭 No characters here yet. Save one with `/characters save`, from a film of yours or a clip, "
                "and use it with `/character`."
            )
        )
    entries = [(_own(one), one.picture) for one in own[:LISTED]]
    if others:
        lines = fitting([f"**{plain(name, 40)}** · <@{owner}>" for name, owner in others], 1_500)
        entries.append(("\n".join([_("### Shared in this server"), *lines]), None))
    return Pictured(
        BLUE,
        _("### 🎭 Your characters") if own else _("### 🎭 Characters"),
        entries,
        "-# " + _("`/character` makes a film with one; `/characters share` lets this server use it."),
    )


def fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first of these lines that have so many characters together, and how many more there are."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return [*kept, "-# " + _("and {n} more").format(n=len(lines) - len(kept))]
        kept.append(line)
    return kept


def _own(one: Own) -> str:
    name = f"**{plain(one.name, 40)}**"
    if not one.seconds:
        return f"{name}\n-# {_('🚫 taken away by a moderator')}"
    length = _("a clip of {n} s").format(n=decimal(one.seconds, places=1))
    beside = _("shared in this server") if one.shared else _("yours alone")
    return f"{name}\n-# {length} · {beside}"


def saved(name: str, picture: bytes) -> Classic:
    """A character was saved."""
    text = _("🎭 **{name}** is saved. Make a film with it: `/character`, option `character`.").format(
        name=plain(name, 40)
    )
    return Classic(text, None, ("character.jpg", picture))


def shared(name: str, *, now: bool) -> Card:
    """A thing is shared with this server, or no longer."""
    text = (
        _("**{name}** can be used by everybody in this server now.")
        if now
        else _("**{name}** is no longer shared with this server.")
    )
    return note("🤝 " + text.format(name=plain(name, 40)))


def deleted(name: str) -> Card:
    """A thing that was kept under a name is gone."""
    return note("🗑️ " + _("**{name}** is deleted, everywhere.").format(name=plain(name, 40)))


def name_form(custom_id: str) -> ui.Modal:
    """Asks for a character's name."""
    form = ui.Modal(title=_("Save a character")[:45], custom_id=custom_id, timeout=None)
    field: ui.TextInput[Any] = ui.TextInput(custom_id="name", max_length=40, placeholder=_("Luna the cat"))
    form.add_item(ui.Label(text=_("What is it called?")[:45], component=field))
    form.stop()
    return form
