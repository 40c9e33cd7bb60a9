"""What the operator hears in the channel that OPERATOR_CHANNEL_ID names."""

from __future__ import annotations

import logging

import discord

from ui.meanings import TROUBLES
from ui.words import OPERATOR

log = logging.getLogger("clapper.operator")


class Operator:
    """Says a word to the operator; without a channel, or when Discord fails, the log has it all the same."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id
        #: The logged-in client; set by whoever builds the bot.
        self.client: discord.Client | None = None

    async def tell(self, reason: str, subject: str) -> None:
        """Post the words of a reason about a subject. Never raises for Discord's own troubles."""
        words = OPERATOR[reason]({"subject": subject})
        log.warning("%s %s", words.title, words.text)
        if not self._channel_id or self.client is None or self.client.user is None:
            return
        channel = self.client.get_partial_messageable(self._channel_id)
        try:
            await channel.send(f"**{words.title}.** {words.text}", allowed_mentions=discord.AllowedMentions.none())
        except (*TROUBLES, RuntimeError) as error:
            log.warning("the operator's channel could not be told: %s", type(error).__name__)
