"""What the operator hears in the channel that OPERATOR_CHANNEL_ID names."""

from __future__ import annotations

import logging

import discord

from ui.words import Maker, Words

log = logging.getLogger("clapper.operator")

#: What the operator's channel hears: in English, as the log that has it too.
OPERATOR: dict[str, Maker] = {
    "account_token": lambda v: Words(
        "The video API refuses the token", "Check ACEDATACLOUD_API_TOKEN. New films are refused, waiting ones wait."
    ),
    "account_balance": lambda v: Words(
        "The video API's balance is used up", "Top it up. New films are refused, waiting ones wait; nothing is lost."
    ),
    "model_gone": lambda v: Words(
        f"The video API no longer has {v['subject'].partition(':')[2]}",
        "It is refused to members until a trial goes through.",
    ),
    "breaker_shut": lambda v: Words(f"{v['subject'].partition(':')[2]} works again", "Waiting films go on."),
}


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
        except (discord.DiscordException, OSError, TimeoutError, RuntimeError) as error:
            log.warning("the operator's channel could not be told: %s", type(error).__name__)
