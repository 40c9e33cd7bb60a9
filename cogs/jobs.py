"""Buttons on a generation's card: cancel what waits, or keep what runs to oneself."""

from __future__ import annotations

import logging
import re

import discord
from discord.ext import commands

from service.cancel import Cancel, Cancelled
from ui import cards
from ui.answers import Reply, answer_with, say_trouble
from ui.language import _, sentences
from ui.words import nothing_charged

log = logging.getLogger("clapper.jobs")

_BUTTON = re.compile(r"job:(cancel|mute):([0-9a-z]{1,32})")


class Jobs(commands.Cog):
    """Answers the buttons by their ids alone: they work after a restart, and no card is kept in memory."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is not discord.InteractionType.component:
            return
        pressed = _BUTTON.fullmatch(str((interaction.data or {}).get("custom_id", "")))
        if pressed is None:
            return
        try:
            await self._press(interaction, *pressed.groups())
        except Exception as error:  # discord.py would only log it, and the member would see "interaction failed"
            await say_trouble(interaction, error)

    async def _press(self, interaction: discord.Interaction, action: str, job_id: str) -> None:
        who = {"guild_id": interaction.guild_id or 0, "user_id": interaction.user.id}

        async def act() -> Reply:
            if action == "mute":
                await self._cancel.mute(job_id, **who)
                said = sentences(_("It will not be posted."), _("Its credits are spent once the film is made."))
                return Reply(cards.note(f"🎬 {said}"))
            outcome = await self._cancel.cancel(job_id, **who)
            if outcome is Cancelled.RUNNING:
                return Reply(cards.offer_mute(job_id))
            return Reply(cards.note(f"🎬 {sentences(_('Cancelled.'), nothing_charged())}"))

        await answer_with(interaction, act())
