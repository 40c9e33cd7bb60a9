"""What the operator hears in the channel that OPERATOR_CHANNEL_ID names."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import discord

from ui.meanings import TROUBLES
from ui.words import Maker, Words
from ui.words_alerts import ALERTS

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
    "model_gone_later": lambda v: Words(
        f"The video API takes films for {v['subject'].partition(':')[2]}, and then says that it no longer has it",
        "It is refused to members until a trial gives a film.",
    ),
    "breaker_shut": lambda v: Words(f"{v['subject'].partition(':')[2]} works again", "Waiting films go on."),
}


class Operator:
    """Says a word to the operator; the log has it all the same."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id
        #: The logged-in client; set by whoever builds the bot.
        self.client: discord.Client | None = None

    async def tell(self, reason: str, values: Mapping[str, object]) -> bool:
        """Post the words of a reason. False when that may work later; never raises for Discord's own troubles."""
        table = OPERATOR | ALERTS
        words = table.get(reason, table["breaker"])(values)  # a breaker may have reasons that have no words of theirs
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
        except (*TROUBLES, RuntimeError) as error:
            log.warning("the operator's channel could not be told: %s", type(error).__name__)
            return False
        log.warning("%s. %s", words.title, words.text)
        return True
