"""Knows the REST calls about messages with the bot's own token."""

from typing import Any

from . import payloads
from .errors import invalid, refusal
from .exchange import Exchange, Route, check_can_send
from .model import DM, REPLY, Channel, Json, Message
from .permissions import BITS
from .posting import FROM_MESSAGES, change, check_sizes, post
from .rules import check_edit, check_new, check_nonce


async def create(exchange: Exchange) -> Json:
    world, payload, channel = exchange.world, exchange.payload, exchange.channel()
    check_can_send(exchange, channel, files=bool(exchange.body.files), embeds=bool(payload.get("embeds")))
    nonce = check_nonce(payload)
    limit = channel.guild.file_limit if channel.guild else world.dm_limit
    draft = check_new(payload, exchange.body)
    check_sizes(draft, limit)
    target = _reply_target(exchange, channel)
    if payload.get("enforce_nonce") and nonce is not None:
        key = (channel.id, world.bot.id, str(nonce))
        first, at = world.nonces.get(key, (None, 0.0))
        if first is not None and world.now() - at < world.nonce_seconds:
            if first.deleted:
                raise refusal(10008)
            return payloads.message(first, world, just_sent=True)
    message = post(
        world, channel, draft, default=FROM_MESSAGES, reply_to=target, kind=REPLY if target is not None else 0
    )
    message.nonce = nonce
    if nonce is not None:
        world.nonces[(channel.id, world.bot.id, str(nonce))] = (message, world.now())
    channel.archived = False
    return payloads.message(message, world, just_sent=True)


def _reply_target(exchange: Exchange, channel: Channel) -> Message | None:
    reference = exchange.payload.get("message_reference")
    if reference is None:
        return None
    if channel.guild is not None and not exchange.world.rights(channel) & BITS["READ_MESSAGE_HISTORY"]:
        raise refusal(160002)
    found = channel.messages.get(int(reference.get("message_id") or 0))
    here = str(reference.get("channel_id") or channel.id) == str(channel.id)
    if found is not None and here and not found.ephemeral:
        return found
    if reference.get("fail_if_not_exists", True):
        raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return None


async def get_many(exchange: Exchange) -> list[Json]:
    """Newest first; without the right to read history Discord gives an empty list, not a refusal."""
    channel = exchange.channel()
    limit = exchange.query.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if channel.guild is not None and not exchange.world.rights(channel) & BITS["READ_MESSAGE_HISTORY"]:
        return []
    found = _page(sorted(_readable(channel), key=lambda one: one.id), exchange.query, int(limit))
    return [_seen(one, exchange) for one in reversed(found)]


def _readable(channel: Channel) -> list[Message]:
    return [one for one in channel.messages.values() if not one.ephemeral]


def _page(messages: list[Message], query: Any, limit: int) -> list[Message]:
    if "after" in query:
        return [one for one in messages if one.id > int(query["after"])][:limit]
    if "around" in query:
        middle = int(query["around"])
        older = [one for one in messages if one.id < middle][-(limit // 2) :] if limit > 1 else []
        return (older + [one for one in messages if one.id >= middle])[:limit]
    if "before" in query:
        messages = [one for one in messages if one.id < int(query["before"])]
    return messages[-limit:]


def _seen(one: Message, exchange: Exchange) -> Json:
    bot = exchange.world.bot
    reads = one.author is bot or one.channel.type == DM or bot.mention in one.content
    return payloads.message(one, exchange.world, reader_sees_text=reads)


async def get_one(exchange: Exchange) -> Json:
    channel = exchange.channel()
    if channel.guild is not None:
        exchange.need(channel, "READ_MESSAGE_HISTORY")
    return _seen(exchange.message(channel), exchange)


async def edit(exchange: Exchange) -> Json:
    world, channel = exchange.world, exchange.channel()
    message = exchange.message(channel)
    if message.author is not world.bot:
        raise refusal(50005)
    if channel.archived:
        raise refusal(50083)
    draft = check_edit(exchange.payload, exchange.body, message, world.refuse_new_media_in_v2_edits)
    check_sizes(draft, channel.guild.file_limit if channel.guild else world.dm_limit)
    change(world, message, draft, default=FROM_MESSAGES)
    return payloads.message(message, world)


async def delete(exchange: Exchange) -> None:
    channel = exchange.channel()
    message = exchange.message(channel)
    if message.author is not exchange.world.bot:
        if channel.type == DM:
            raise refusal(50013)
        exchange.need(channel, "MANAGE_MESSAGES")
    if channel.archived:
        raise refusal(50083)
    exchange.world.delete_message(message)


async def typing(exchange: Exchange) -> None:
    check_can_send(exchange, exchange.channel(), files=False, embeds=False)


ROUTES = [
    Route("POST", "/channels/{channel}/messages", create),
    Route("GET", "/channels/{channel}/messages", get_many),
    Route("GET", "/channels/{channel}/messages/{message}", get_one),
    Route("PATCH", "/channels/{channel}/messages/{message}", edit),
    Route("DELETE", "/channels/{channel}/messages/{message}", delete),
    Route("POST", "/channels/{channel}/typing", typing),
]
