"""/jobs, and the buttons on a generation's card: cancel what waits, or keep what runs to oneself."""

from __future__ import annotations

import re

import discord
from discord import app_commands
from discord.ext import commands

from service.accounts import Accounts
from service.cancel import Cancel, Cancelled
from ui import cards, cards_account, places
from ui.answers import Reply, answer_press, answer_with, press
from ui.language import _
from ui.places import person_of

_BUTTON = re.compile(r"job:(cancel|mute):([0-9a-z]{1,32})")


class Jobs(commands.Cog):
    """Answers the buttons by their ids alone: they work after a restart, and no card is kept in memory."""

    def __init__(self, cancel: Cancel, accounts: Accounts) -> None:
        self._cancel = cancel
        self._accounts = accounts

    @app_commands.command(name="jobs", description="Your films that wait or are being made; cancel those that wait")
    @app_commands.guild_only()
    async def jobs(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            places.kind_of(interaction)
            person = person_of(interaction)
            return Reply(cards_account.own_jobs(await self._accounts.under_way(person)))

        await answer_with(interaction, look())

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _BUTTON):
            await answer_press(interaction, self._press(interaction, found[1], found[2]))

    async def _press(self, interaction: discord.Interaction, action: str, job_id: str) -> Reply:
        person = person_of(interaction)
        if action == "mute":
            await self._cancel.mute(job_id, person)
            return Reply(cards.note(_("🎬 It will not be posted. Its credits are spent once the film is made.")))
        outcome = await self._cancel.cancel(job_id, person)
        if outcome is Cancelled.RUNNING:
            return Reply(cards.offer_mute(job_id))
        return Reply(cards.note(_("🎬 Cancelled. Nothing was charged.")))
