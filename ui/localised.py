"""Commands in each member's language: descriptions, choices and right-click entries; names to type stay English."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from ui.language import CATALOGUES, language_of

#: What people type, and what documents and mentions of commands name.
_TYPED = (Location.command_name, Location.group_name, Location.parameter_name)


class Localised(app_commands.Translator):
    """Asked by discord.py, whenever commands are told to Discord, for every string in every locale that it knows."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The text in a locale's language; None where it is the same as the English one."""
        if locale.value not in CATALOGUES:
            return None
        if is_typed(context):
            return None
        said = language_of(locale.value).texts.gettext(string.message)
        return said if said != string.message else None


def is_typed(context: app_commands.TranslationContextTypes) -> bool:
    """True for what people type; a right-click entry has a name that they only read."""
    return context.location in _TYPED and not isinstance(context.data, app_commands.ContextMenu)
