"""/manage: what moderators see and do. So far: films that found no place, and sending them on their way again."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from service.redeliver import Redeliver
from ui import cards
from ui.answers import Reply, answer_with
from ui.language import _, sentences
from ui.words import job_line


def _check(interaction: discord.Interaction) -> int:
    """The server's id, for a member who may manage it: an administrator can show the command to anyone."""
    if interaction.guild_id is None:
        raise Refused("server_only")
    if not interaction.permissions.manage_guild:
        raise Refused("not_moderator")
    return interaction.guild_id


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Manage(commands.GroupCog, group_name="manage", group_description="For moderators"):
    """Moderators' commands, all for their own server only."""

    def __init__(self, redeliver: Redeliver) -> None:
        self._redeliver = redeliver

    @app_commands.command(name="jobs", description="Films that could not be delivered")
    async def jobs(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            found = await self._redeliver.undelivered(_check(interaction))
            return Reply(cards.undelivered(found))

        await answer_with(interaction, look())

    @app_commands.command(name="redeliver", description="Try once more to deliver a film that found no place")
    @app_commands.describe(job="Which one: /manage jobs lists them")
    async def redeliver(self, interaction: discord.Interaction, job: str) -> None:
        async def act() -> Reply:
            again = await self._redeliver.again(_check(interaction), job.strip().lower())
            moving = _("{member}'s film is on its way again.").format(member=f"<@{again.author_id}>")
            return Reply(cards.note(f"🎬 {sentences(moving, _('It costs nothing more.'))}"))

        await answer_with(interaction, act())

    @redeliver.autocomplete("job")
    async def complete_job(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        try:
            found = await self._redeliver.undelivered(_check(interaction))
        except Refused:
            return []
        return [
            app_commands.Choice(name=job_line(job)[:100], value=job.id)
            for job in found
            if typed.casefold() in f"{job.id} {job.request.prompt}".casefold()
        ][:25]
