"""⭐ behind More… of a film, and the author's word about being shown."""

from __future__ import annotations

import re
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from domain.job import Job
from service.showcase import Showcase
from ui import cards
from ui.answers import Reply, answer_press, press
from ui.language import _, _n, number
from ui.places import person_of

_BUTTON = re.compile(r"job:(star|unstar|unshow|showme):([0-9a-z]{1,32})")


class Stars(commands.Cog):
    """Where moderators named no channel for it, there is no star."""

    def __init__(self, showcase: Showcase) -> None:
        self._showcase = showcase

    async def entry(self, interaction: discord.Interaction, job: Job) -> ui.Button[Any] | None:
        """For others the star; for the author whether their films may be shown."""
        if not await self._showcase.offers(job):
            return None
        if job.author_id != interaction.user.id:
            count, given = await self._showcase.stars_of(job, interaction.user.id)
            action, label = ("unstar", _("Take the star back")) if given else ("star", _("Star"))
            return _button(f"{label} ({number(count)})", action, job, emoji="⭐")
        if await self._showcase.is_out(job.guild_id, job.author_id):
            return _button(_("Show my films in the showcase"), "showme", job)
        return _button(_("Keep my films out of the showcase"), "unshow", job)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _BUTTON):
            await answer_press(interaction, self._press(interaction, found[1], found[2]))

    async def _press(self, interaction: discord.Interaction, action: str, job_id: str) -> Reply:
        person = person_of(interaction)
        if action in ("star", "unstar"):
            given = action == "star"
            count = await self._showcase.star(person, job_id, given=given)
            text = _n("It has {n} star now.", "It has {n} stars now.", count).format(n=number(count))
            return Reply(cards.note(f"⭐ {text}" if given else text))
        await self._showcase.opt_out(person, out=action == "unshow")
        if action == "unshow":
            return Reply(cards.note(_("None of your films is shown in this server's showcase.")))
        return Reply(cards.note(_("Your films may be shown in this server's showcase again.")))


def _button(label: str, action: str, job: Job, emoji: str | None = None) -> ui.Button[Any]:
    return ui.Button(label=label, emoji=emoji, style=discord.ButtonStyle.secondary, custom_id=f"job:{action}:{job.id}")
