"""The command tree: its doors are checked here once for every command, and its errors answered once for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands

from domain.faults import Refused
from ui.answers import say_trouble


class Tree(app_commands.CommandTree[Any]):
    """Lets only allowed servers through, and turns every error into one calm sentence."""

    #: Raises Refused for a server that may not use the bot; set by whoever builds the bot.
    check_server: Callable[[int], None]

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        if interaction.type is discord.InteractionType.autocomplete:
            return True  # suggestions cost nothing, and a refusal could not be shown
        try:
            if interaction.guild_id is not None:
                self.check_server(interaction.guild_id)
        except Refused as fault:
            await say_trouble(interaction, fault)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        if interaction.type is not discord.InteractionType.autocomplete:
            await say_trouble(interaction, error)
