"""/manage check: the bot's rights here, channel by channel, and whether the video service reaches it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from service.decisions import Decisions
from ui import cards_check
from ui.answers import Reply, answer_with
from ui.inspection import Inspector
from ui.places import person_of

#: Whether the API reaches the bot: True, False, or None where it is not meant to (no PUBLIC_URL).
Probe = Callable[[], Awaitable[bool | None]]


class Check(app_commands.Group):
    """This command stands directly under /manage."""

    def __init__(self, decisions: Decisions, probe: Probe) -> None:
        super().__init__(name="look", description="Check")
        self._decisions = decisions
        self._probe = probe

    @app_commands.command(name="check", description="Can Clapper do its work here? Channel by channel")
    async def check(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            person = person_of(interaction)
            policy = await self._decisions.policy(person)
            report = await Inspector(interaction.client).look(person.guild_id)
            return Reply(cards_check.checked(report, policy, reached=await self._probe()))

        await answer_with(interaction, look())
