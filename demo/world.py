"""A simulated server to try the bot in: simcord's Discord, with a visitor, a moderator, a channel and a thread."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord
import simcord
from discord.ext import commands
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from demo.cdn import ServedFiles, served_files


@dataclass(frozen=True)
class World:
    """A running simulation, with its people and places."""

    env: simcord.Env
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    #: Where the page begins: a card and its film come to the same place here, one under the other.
    thread: simcord.ChannelHandle
    visitor: simcord.MemberActor
    moderator: simcord.MemberActor
    #: simcord refuses what overlaps. Whoever acts while a page is open takes this first; the page does, too.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@asynccontextmanager
async def world(
    bot: commands.Bot | commands.AutoShardedBot, *, server: str = "Clapper's demo", greeting: str = ""
) -> AsyncGenerator[World]:
    """A simulated server around a bot that is built but not started.

    The bot's loops have to run already: simcord waits for work that is begun inside it after everything it does.
    Attachments have links that really answer (demo/cdn.py), on loopback: the bot has to allow private addresses.
    """
    async with served_files() as files, _world(bot, files, server=server, greeting=greeting) as opened:
        yield opened


@asynccontextmanager
async def _world(
    bot: commands.Bot | commands.AutoShardedBot, files: ServedFiles, *, server: str, greeting: str
) -> AsyncGenerator[World]:
    # simcord has no gateway that could be asked for the number of shards.
    shards = 1 if isinstance(bot, discord.AutoShardedClient) and bot.shard_count is None else None
    env = simcord.Env(bot, check_errors=False, shard_count=shards)
    # Its calendar begins on 1 January 2026. Ours is the real one: a card says when the film is to be expected.
    env.backend.clock.advance((datetime.now(UTC) - env.now()).total_seconds())
    env.backend.cdn = files
    await env.start()
    webhooks = _share_webhooks()
    try:
        await bot.http.edit_profile({"username": "Clapper"})
        await bot.tree.sync()
        guild = env.create_guild(server)
        moderators = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
        visitor = guild.add_member(env.create_user("you", global_name="You"))
        moderator = guild.add_member(env.create_user("moderator", global_name="Moderator"), roles=[moderators])
        channel = guild.create_text_channel("films")
        await bot.http.start_thread_without_message(
            channel.id, name="Your films", auto_archive_duration=1440, type=discord.ChannelType.public_thread.value
        )
        thread = channel.threads[0]
        if greeting:
            await moderator.send(thread, greeting)
        yield World(env, guild, channel, thread, visitor, moderator)
    finally:
        for name in _WEBHOOK_CALLS:
            delattr(webhooks, name)
        await env.shutdown()


_WEBHOOK_CALLS = ("edit_webhook_message", "execute_webhook", "get_webhook_message", "delete_webhook_message")


def _share_webhooks() -> AsyncWebhookAdapter:
    """Let the bot's own loops reach the simulated webhooks: they began before it, so they do not see its context."""
    theirs = contextvars.Context().run(async_context.get)
    for name in _WEBHOOK_CALLS:
        setattr(theirs, name, getattr(async_context.get(), name))
    return theirs
