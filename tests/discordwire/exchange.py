"""Knows one REST request as the handlers see it, and the checks that many of them share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .body import Body
from .errors import invalid, refusal
from .model import CATEGORY, DM, FORUM, MEDIA, Channel, Guild, Json, Message
from .permissions import BITS
from .world import World


@dataclass
class Exchange:
    world: World
    ids: dict[str, str]
    query: Mapping[str, str]
    body: Body = field(default_factory=Body)
    gateway_url: str = ""

    @property
    def payload(self) -> Json:
        return self.body.payload

    def number(self, name: str) -> int:
        """An id of the path; what is no number is refused as Discord refuses it."""
        if not self.ids[name].isdecimal():
            raise invalid(name, "NUMBER_TYPE_COERCE", f"Value {self.ids[name]!r} is not snowflake.")
        return int(self.ids[name])

    def guild(self) -> Guild:
        found = self.world.guilds.get(self.number("guild"))
        if found is None or not found.bot_present:
            raise refusal(10004)
        return found

    def channel(self) -> Channel:
        """The channel of the path, if the bot may see it."""
        found = self.world.channels.get(self.number("channel"))
        if found is None:
            raise refusal(10003)
        if found.guild is not None and not self.world.rights(found) & BITS["VIEW_CHANNEL"]:
            raise refusal(50001)
        return found

    def message(self, channel: Channel) -> Message:
        """The message of the path; one for a single person's eyes is unknown to the bot's token."""
        found = channel.messages.get(self.number("message"))
        if found is None or found.ephemeral:
            raise refusal(10008)
        return found

    def need(self, channel: Channel, *names: str) -> None:
        rights = self.world.rights(channel)
        if any(not rights & BITS[name] for name in names):
            raise refusal(50013)


def check_can_send(exchange: Exchange, channel: Channel, *, files: bool, embeds: bool) -> None:
    """Everything but the body that may forbid a message here."""
    if channel.type in (CATEGORY, FORUM, MEDIA):
        raise refusal(50008)
    if channel.type == DM:
        assert channel.recipient is not None
        if channel.recipient.dm_refusal is not None:
            raise refusal(channel.recipient.dm_refusal)
        return
    exchange.need(channel, "SEND_MESSAGES_IN_THREADS" if channel.is_thread else "SEND_MESSAGES")
    if files:
        exchange.need(channel, "ATTACH_FILES")
    if embeds:
        exchange.need(channel, "EMBED_LINKS")
    if channel.locked and not exchange.world.rights(channel) & BITS["MANAGE_THREADS"]:
        raise refusal(160005)


@dataclass(frozen=True)
class Route:
    """`key` is who may call: "bot" with the bot's token, "token" whoever knows an interaction's token in the path."""

    method: str
    template: str
    handler: Callable[[Exchange], Awaitable[Any]]
    key: str = "bot"
