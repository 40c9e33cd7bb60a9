"""/transfer: granted credits from one member to another, where moderators allow it."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from service.treasury import Treasury
from ui import cards
from ui.answers import Reply, answer_with
from ui.language import _, number
from ui.places import person_of
from ui.words import credits as credits_text


class Transfer(commands.Cog):
    """Moves what was granted; what renews by itself stays."""

    def __init__(self, treasury: Treasury) -> None:
        self._treasury = treasury

    @app_commands.command(name="transfer", description="Give another member some of your granted credits")
    @app_commands.guild_only()
    @app_commands.describe(member="Who gets them", credits="How many")
    async def transfer(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        credits: app_commands.Range[int, 1, 1_000_000_000],
    ) -> None:
        async def act() -> Reply:
            if member.bot:
                raise Refused("to_a_bot")
            left = await self._treasury.transfer(person_of(interaction), member.id, credits)
            text = _("<@{who}> has {credits} of yours now. You have {left} granted left.")
            return Reply(cards.note(text.format(who=member.id, credits=credits_text(credits), left=number(left))))

        await answer_with(interaction, act())
