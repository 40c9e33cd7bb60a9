"""Small forms: a title and a few text fields, answered by a cog's listener from the form's id alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, cast

import discord
from discord import ui


class Dialog(ui.Modal):
    """Stopped at once, as discord.py would otherwise keep every form that was ever opened."""

    def __init__(self, title: str, name: str, *fields: ui.Label[Any]) -> None:
        """`name` is the id without its end: a random part lets two people have the same form open."""
        super().__init__(title=title[:45], custom_id=f"{name}:{secrets.token_hex(4)}", timeout=None)
        for field in fields:
            self.add_item(field)
        self.stop()


def text_field(
    label: str,
    custom_id: str,
    *,
    description: str = "",
    value: str = "",
    most: int = 100,
    required: bool = True,
    paragraph: bool = False,
) -> ui.Label[Any]:
    """A labelled line, or several lines, of text."""
    style = discord.TextStyle.paragraph if paragraph else discord.TextStyle.short
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id=custom_id, style=style, default=value or None, max_length=most, required=required
    )
    return ui.Label(text=label[:45], description=description[:100] or None, component=field)


def submitted(interaction: discord.Interaction, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """What a form's id says, where it is of this kind; `pattern` matches all of it, the random end included."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    return pattern.fullmatch(str((interaction.data or {}).get("custom_id", "")))


def texts(interaction: discord.Interaction) -> dict[str, str]:
    """What was typed, by field."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    return {str(part["custom_id"]): str(part.get("value") or "") for part in _leaves(data) if "custom_id" in part}


def chosen(interaction: discord.Interaction) -> list[str]:
    """What was chosen in a select."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    return [str(value) for value in data.get("values") or []]


def _leaves(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for inner in [*(part.get("components") or []), *([part["component"]] if part.get("component") else [])]:
        yield inner
        yield from _leaves(inner)
