"""Clips shown to their members in direct messages of ours, for the API to read them from."""

from __future__ import annotations

from pathlib import Path

import discord

from domain.faults import DeliveryFault
from ui.language import speaking
from ui.meanings import translated
from ui.words_characters import clip_post


class ClipPosts:
    """Fits `service.clips.Poster`."""

    def __init__(self) -> None:
        #: The client; set by whoever builds the bot.
        self.client: discord.Client | None = None

    async def post(self, member_id: int, path: Path, locale: str) -> tuple[int, int]:
        """Post the file to a member; the channel and message that show it now. Raises DeliveryFault."""
        with speaking(locale):
            text = clip_post()
        client = self._ready()
        async with translated():
            dm = await client.http.start_private_message(member_id)
            place = int(dm["id"])
            message = await client.get_partial_messageable(place).send(
                text, file=discord.File(path), silent=True, allowed_mentions=discord.AllowedMentions.none()
            )
        return place, message.id

    async def link(self, channel_id: int, message_id: int) -> str | None:
        """A fresh link to the file in a message of ours; None when it is gone. Raises DeliveryFault."""
        client = self._ready()
        try:
            async with translated():
                message = await client.get_partial_messageable(channel_id).fetch_message(message_id)
        except DeliveryFault as fault:
            if fault.final:
                return None
            raise
        return message.attachments[0].url if message.attachments else None

    def _ready(self) -> discord.Client:
        if self.client is None or self.client.user is None:
            raise DeliveryFault("try_later", final=False, error="not logged in")
        return self.client
