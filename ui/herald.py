"""The herald: posts what moderators have to know, in the log channel or wherever one of them reads it."""

from __future__ import annotations

from collections.abc import Mapping

import discord

from domain.faults import DeliveryFault
from domain.job import Sent
from domain.moderation import Notice
from ui import cards_moderation
from ui.language import speaking
from ui.meanings import translated

_NOBODY = discord.AllowedMentions.none()


class Herald:
    """Fits `service.notices.Herald`. `labels` are the models' names by key."""

    def __init__(self, client: discord.Client, *, labels: Mapping[str, str]) -> None:
        self._client = client
        self._labels = labels

    async def post(self, notice: Notice, channel_id: int, language: str) -> Sent:
        """A new message in this channel, of the server that it is about and of no other."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=notice.guild_id)
        with speaking(language):
            card = cards_moderation.notice(notice.about, self._labels)
        async with translated():
            message = await channel.send(view=card, nonce=f"notice.{notice.id}", allowed_mentions=_NOBODY)
        return Sent(channel_id, message.id)

    async def post_anywhere(self, notice: Notice, language: str) -> Sent:
        """A new message in the server's system channel, else to its owner."""
        async with translated():
            guild = await self._client.http.get_guild(notice.guild_id, with_counts=False)
        if system := int(guild.get("system_channel_id") or 0):
            try:
                return await self.post(notice, system, language)
            except DeliveryFault as fault:
                if not fault.final:
                    raise
        async with translated():
            dm = await self._client.http.start_private_message(int(guild["owner_id"]))
        return await self.post(notice, int(dm["id"]), language)

    async def redraw(self, notice: Notice, language: str) -> None:
        """Change the message that stands; one that is gone is no fault."""
        channel = self._client.get_partial_messageable(notice.channel_id, guild_id=notice.guild_id)
        with speaking(language):
            card = cards_moderation.notice(notice.about, self._labels)
        try:
            async with translated():
                await channel.get_partial_message(notice.message_id).edit(view=card, allowed_mentions=_NOBODY)
        except DeliveryFault as fault:
            if not fault.final:
                raise
