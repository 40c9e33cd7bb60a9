"""/privacy: what is stored about oneself, to have or to have removed."""

from __future__ import annotations

import asyncio
import io
import re

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from service.privacy import Privacy
from ui import cards, cards_privacy, exports
from ui.answers import Reply, answer_with, say_trouble

_BUTTON = re.compile(r"privacy:delete:([0-9]{1,20})")


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class PrivacyCommands(commands.GroupCog, group_name="privacy", group_description="What is stored about you"):
    """Each answer is for the member's eyes only; each is about the member who asks, in every server."""

    def __init__(self, privacy: Privacy) -> None:
        self._privacy = privacy

    @app_commands.command(name="export", description="Get what is written down about you, as a direct message")
    async def export(self, interaction: discord.Interaction) -> None:
        await answer_with(interaction, self._export(interaction))

    async def _export(self, interaction: discord.Interaction) -> Reply:
        kept = await self._privacy.export(interaction.user.id)
        parts = await asyncio.to_thread(exports.zipped, kept.rows, kept.jobs, kept.stills)
        nobody = discord.AllowedMentions.none()
        try:
            for n, data in enumerate(parts, 1):
                file = discord.File(io.BytesIO(data), exports.name(n, len(parts)))
                await interaction.user.send(
                    cards_privacy.export_text(n, len(parts)), file=file, allowed_mentions=nobody
                )
        except (discord.Forbidden, discord.NotFound) as error:
            raise Refused("export_dm_closed") from error
        return Reply(cards.note(cards_privacy.exported()))

    @app_commands.command(name="delete", description="Have your words, pictures, characters and presets removed")
    async def delete(self, interaction: discord.Interaction) -> None:
        async def ask() -> Reply:
            return Reply(cards_privacy.ask_delete(interaction.user.id))

        await answer_with(interaction, ask())

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is not discord.InteractionType.component:
            return
        pressed = _BUTTON.fullmatch(str((interaction.data or {}).get("custom_id", "")))
        if pressed is None:
            return
        try:
            await answer_with(interaction, self._delete(interaction, int(pressed[1])))
        except Exception as error:  # discord.py would only log it, and the member would see "interaction failed"
            await say_trouble(interaction, error)

    async def _delete(self, interaction: discord.Interaction, member_id: int) -> Reply:
        if interaction.user.id != member_id:
            raise Refused("not_yours")
        return Reply(cards_privacy.deleted(await self._privacy.delete(member_id)))
