"""/help: what this member may do here, and what it costs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands
from discord.ext import commands

from domain.ask import Ask
from domain.faults import Refused
from service.intake import Intake
from service.policies import Policies
from ui import cards_help, places
from ui.answers import Reply, answer_with
from ui.places import Places
from ui.words import Words
from ui.words_refused import explain


class Help(commands.Cog):
    """Says only what is true for who asks, where they ask."""

    def __init__(
        self,
        intake: Intake,
        policies: Policies,
        where: Places,
        *,
        moderates: Callable[[discord.Interaction], Awaitable[bool]],
    ) -> None:
        self._intake = intake
        self._policies = policies
        self._places = where
        self._moderates = moderates

    @app_commands.command(name="help", description="What you can do here, and what it costs")
    @app_commands.guild_only()
    async def help(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            ask = await self._places.ask(interaction)
            account = await self._intake.account(ask)
            server = (await self._policies.of(ask.guild_id)).server
            return Reply(
                cards_help.help_card(
                    models=await self._intake.offered_to(ask.person, ask.channel_id),
                    left=None if account.left is None else account.left + account.granted,
                    limited=account.left is not None,
                    closed=await self._closed(interaction, ask),
                    transfers=server.transfers,
                    stars=bool(server.showcase_channel_id),
                    moderator=await self._moderates(interaction),
                )
            )

        await answer_with(interaction, look())

    async def _closed(self, interaction: discord.Interaction, ask: Ask) -> Words | None:
        """Why no film can be asked for here by this member."""
        try:
            places.check_rights(interaction, places.kind_of(interaction))
            await self._intake.welcome(ask)
        except Refused as fault:
            return explain(fault)
        return None
