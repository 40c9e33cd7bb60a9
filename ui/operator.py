"""What the operator hears in the channel that OPERATOR_CHANNEL_ID names."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import discord

from ui.words import OPERATOR
from ui.words_alerts import ALERTS

log = logging.getLogger("clapper.operator")


class Operator:
    """Says a word to the operator; the log has it all the same."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id
        #: The logged-in client; set by whoever builds the bot.
        self.client: discord.Client | None = None

    async def tell(self, reason: str, values: Mapping[str, object]) -> bool:
        """Post the words of a reason. False when that may work later; never raises for Discord's own troubles."""
        words = (OPERATOR | ALERTS)[reason](values)
        if not self._channel_id:
            log.warning("%s. %s", words.title, words.text)
            return True
        if self.client is None or self.client.user is None:
            return False
        channel = self.client.get_partial_messageable(self._channel_id)
        try:
            await channel.send(f"**{words.title}.** {words.text}", allowed_mentions=discord.AllowedMentions.none())
        except (discord.Forbidden, discord.NotFound) as error:
            # Asking again would change nothing: what was to be said stands in the log.
            log.error("the operator's channel takes no messages (%d); it would have read:", error.code)
        except (discord.DiscordException, OSError, TimeoutError, RuntimeError) as error:
            log.warning("the operator's channel could not be told: %s", type(error).__name__)
            return False
        log.warning("%s. %s", words.title, words.text)
        return True
