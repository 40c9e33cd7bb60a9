"""The discord.py client: without intents or caches, with every command's doors and errors handled in one place."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext.commands import AutoShardedBot, Cog, when_mentioned
from discord.gateway import DiscordWebSocket
from discord.state import AutoShardedConnectionState
from yarl import URL

from domain import trail
from domain.faults import Refused
from ui.answers import say_trouble
from ui.language import fingerprint, speak, speaking
from ui.localised import Localised

log = logging.getLogger("clapper.client")


class Tree(app_commands.CommandTree[Any]):
    """Lets only allowed servers through, and turns every error into one calm sentence."""

    #: Raises Refused for a server that may not use the bot.
    check_server: Callable[[int], None]
    #: Told what Discord says that a server speaks.
    hear: Callable[[int, str], None]

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        trail.note(interaction=interaction.id)
        speak(str(interaction.locale))  # each interaction is a task of its own: from here on it speaks to this member
        if interaction.type is discord.InteractionType.autocomplete:
            return True  # suggestions cost nothing, and a refusal could not be shown
        try:
            if interaction.guild_id is not None:
                self.check_server(interaction.guild_id)
                self.hear(interaction.guild_id, str(interaction.guild_locale or ""))
        except Refused as fault:
            await say_trouble(interaction, fault)
            return False
        return True

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        if interaction.type is not discord.InteractionType.autocomplete:
            await say_trouble(interaction, error)


#: Interactions for which cogs listen.
_LISTENED = (discord.InteractionType.component, discord.InteractionType.modal_submit)
#: How discord.py names the tasks in which commands and presses are answered, and the seconds they get at the end.
_ANSWERING = ("CommandTree-invoker", "discord.py: on_interaction")
_ANSWER_SECONDS = 2.0


#: What discord.py reads of any channel of a server, and of a thread. Discord promises none of it: the channel of an
#: interaction is a partial one, of which only id and type are certain.
#: Source: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object
_CHANNEL: dict[str, Any] = {"type": 0, "name": "", "position": 0, "bitrate": 0, "user_limit": 0}
_THREAD: dict[str, Any] = {"parent_id": "0", "owner_id": "0", "message_count": 0, "member_count": 0}
_METADATA = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": "2015-01-01T00:00:00+00:00"}
_THREADS = (10, 11, 12)


class Forgetful(AutoShardedConnectionState):
    """Keeps no servers: READY names each one, but without an intent for servers nothing is ever said about them.

    An interaction brings what is known of its server, and gets one of its own to hold it.
    """

    def _add_guild(self, guild: discord.Guild) -> None:
        """Not kept: 1.3 KB a server, and more with each command."""

    def parse_interaction_create(self, data: Any) -> None:
        """An event that cannot be read is lost alone: discord.py would end the connection, and with it the process."""
        try:
            super().parse_interaction_create(_whole(data))
        except (AttributeError, LookupError, TypeError, ValueError):
            log.exception("an interaction could not be read")


def _whole(event: Any) -> Any:
    """An interaction of a server, its channel made whole where Discord described only some of it."""
    channel: dict[str, Any] = event.get("channel") or {"id": event.get("channel_id")}
    if "guild_id" not in event or not channel.get("id"):
        return event
    if channel.get("type") in _THREADS:
        metadata = _METADATA | (channel.get("thread_metadata") or {})
        return event | {"channel": _CHANNEL | _THREAD | channel | {"thread_metadata": metadata}}
    return event | {"channel": _CHANNEL | channel}


class Clapper(AutoShardedBot):
    """Commands, buttons and forms come without any intent, so it asks for none: it reads and keeps nothing else.

    `is_told` asks whether Discord has these commands already (by their digest), `told` notes that it has.
    """

    def __init__(
        self,
        *,
        commands: Sequence[app_commands.Group],
        check_server: Callable[[int], None],
        hear: Callable[[int, str], None],
        is_told: Callable[[bytes], Awaitable[bool]],
        told: Callable[[bytes], Awaitable[None]],
        http_trace: Any = None,
    ) -> None:
        """`http_trace` hears of every call to Discord: a TraceConfig of aiohttp's."""
        super().__init__(
            when_mentioned,
            intents=discord.Intents.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.0,  # no server is ever described: two seconds of waiting for nothing
            max_messages=None,
            max_ratelimit_timeout=30.0,
            allowed_mentions=discord.AllowedMentions.none(),
            help_command=None,
            # Where a member brings the bot without the server having it, no film could be posted.
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            tree_cls=Tree,
            http_trace=http_trace,
        )
        assert isinstance(self.tree, Tree)
        self.tree.check_server, self.tree.hear = check_server, hear
        for command in commands:
            self.tree.add_command(command)
        #: To be filled in before it logs in: some of them need the client themselves.
        self.parts: Sequence[Cog] = ()
        self._is_told = is_told
        self._told = told
        #: Set once the bot is logged in and may send.
        self.logged_in = asyncio.Event()
        #: Shards whose connection to Discord is gone; they connect again by themselves.
        self.away: set[int] = set()

    def _get_state(self, **options: Any) -> AutoShardedConnectionState:
        return Forgetful(dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options)

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Localised())
        if not self.cogs:  # else it logs in again, after an answer that was lost
            await self.load()
        await self.tell_commands()
        self.logged_in.set()

    async def launch_shards(self) -> None:
        """Every connection goes to the gateway that Discord names, the later ones too.

        Where a session has ended, discord.py would connect anew to an address that is written into it, with the token.
        """
        if self.shard_count is None and not self.is_closed():
            self.shard_count, gateway, _limits = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)
        await super().launch_shards()

    async def load(self) -> None:
        """Add every cog, and with them the commands; this needs no connection."""
        for cog in self.parts:
            await self.add_cog(cog)
            for menu in getattr(cog, "context_menus", ()):
                self.tree.add_command(menu)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Let the listeners of a button or a form speak the member's language, as commands do.

        They hear of no command: the tree answers it, and a task for each of a dozen listeners would be for nothing.
        """
        if event_name != "interaction":
            super().dispatch(event_name, *args, **kwargs)
        elif args[0].type in _LISTENED:
            with speaking(str(args[0].locale)):
                super().dispatch(event_name, *args, **kwargs)

    async def close(self) -> None:
        """Let what is being answered be answered, then close: discord.py would close under its hands."""
        answering = [task for task in asyncio.all_tasks() if task.get_name() in _ANSWERING]
        if answering and not self.is_closed():
            await asyncio.wait(answering, timeout=_ANSWER_SECONDS)
        await super().close()

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self.away.add(shard_id)

    async def on_shard_ready(self, shard_id: int) -> None:
        self.away.discard(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.away.discard(shard_id)

    async def tell_commands(self, *, always: bool = False) -> None:
        """Tell Discord about the commands, when they have changed since the last time or `always`."""
        tree = json.dumps([command.to_dict(self.tree) for command in self.tree.get_commands()], sort_keys=True)
        digest = hashlib.sha256(f"{self.application_id}\n{tree}".encode() + fingerprint()).digest()
        if not always and await self._is_told(digest):
            return
        await self.tree.sync()
        await self._told(digest)
        log.info("commands synchronised")
