"""What people read about their own data: the export, and what goes and stays when it is deleted."""

from __future__ import annotations

from typing import Any

from ui import results
from ui.cards import GREEN, RED, Card
from ui.language import _, _n


def export_text(n: int, of: int) -> str:
    """The message that brings an export, or one part of it."""
    said = _("📦 What is written down about you: data.json, and the recipe of each film.")
    return said if of == 1 else f"{said} ({n}/{of})"


def exported() -> str:
    """The answer to the command."""
    return _("📦 What is written down about you is in your direct messages now.")


def ask_delete(member_id: int) -> Card:
    """What will go and what will stay, and a button."""
    button: Any = results.button(_("Delete it all"), "delete", str(member_id), kind="privacy", danger=True)
    goes = _(
        "Your prompts, the pictures and clips that you attached, your saved characters, presets, drafts, stars and "
        "last choices. What waits for its turn is stopped, free. Films can no longer be run again, edited or "
        "continued."
    )
    stays = _(
        "That films were made, when, and what they cost, without words: else deleting would be a way to start over. "
        "Limits and blocks that moderators set. Messages here in Discord: delete those films first, with More…"
    )
    return Card(
        RED,
        _("### Delete what is stored about you?"),
        f"**{_('This goes, in every server')}**\n{goes}",
        f"**{_('This stays')}**\n{stays}",
        buttons=(button,),
    )


def deleted(left: int) -> Card:
    """It is gone; so many films still need their words."""
    later = _n(
        "{n} film is still being made: its words go once it is done.",
        "{n} films are still being made: their words go once they are done.",
        left,
    ).format(n=left)
    return Card(GREEN, _("### It is deleted\nNobody can bring it back."), later if left else "")
