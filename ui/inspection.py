"""What the bot may do in a server, channel by channel, and whom Discord shows /manage: asked of Discord now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import discord

from ui.meanings import translated
from ui.places import NEEDED

_TEXT, _NEWS, _FORUM, _VOICE, _STAGE, _MEDIA = 0, 5, 15, 2, 13, 16
#: What is needed in a channel beside what is needed everywhere.
_THREADS = (_TEXT, _NEWS, _FORUM, _MEDIA)


@dataclass(frozen=True)
class ChannelReport:
    """A channel where films could be made, its category, and what the bot lacks there (discord.py's names)."""

    channel_id: int
    category_id: int
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class ServerReport:
    """Every channel that can hold films, and the roles that see /manage (None: Discord did not say)."""

    channels: tuple[ChannelReport, ...]
    manage_roles: frozenset[int] | None


class Inspector:
    """Needs a client that is logged in, and no cache of it. Raises DeliveryFault."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def look(self, guild_id: int) -> ServerReport:
        """A few calls, whatever the server's size."""
        me = self._client.user.id if self._client.user else 0
        http = self._client.http
        async with translated():
            roles = cast("Sequence[Mapping[str, Any]]", await http.get_roles(guild_id))
            member = cast("Mapping[str, Any]", await http.get_member(guild_id, me))
            channels = cast("Sequence[Mapping[str, Any]]", await http.get_all_guild_channels(guild_id))
        mine = {guild_id, *(int(role) for role in member["roles"])}
        base = 0
        for role in roles:
            if int(role["id"]) in mine:
                base |= int(role["permissions"])
        reports = [
            ChannelReport(
                int(channel["id"]), int(channel.get("parent_id") or 0), _lacks(channel, base, mine, guild_id, me)
            )
            for channel in channels
            if channel["type"] in (_TEXT, _NEWS, _FORUM, _VOICE, _STAGE, _MEDIA)
        ]
        rights = {int(role["id"]): discord.Permissions(int(role["permissions"])) for role in roles}
        return ServerReport(tuple(reports), await self._manage_roles(guild_id, rights))

    async def _manage_roles(self, guild_id: int, rights: Mapping[int, discord.Permissions]) -> frozenset[int] | None:
        """Roles that see /manage: by their rights, or because an administrator allowed it in the server's settings."""
        by_rights = frozenset(role for role, has in rights.items() if has.manage_guild or has.administrator)
        application = self._client.application_id
        if application is None:
            return None
        try:
            commands = cast("Sequence[Mapping[str, Any]]", await self._client.http.get_global_commands(application))
            command = next((int(one["id"]) for one in commands if one["name"] == "manage"), None)
            if command is None:
                return None
            found = await self._client.http.get_application_command_permissions(application, guild_id, command)
        except discord.NotFound:
            return by_rights  # nothing was ever changed there
        except (discord.DiscordException, OSError, TimeoutError):
            return None
        said = {int(one["id"]): bool(one["permission"]) for one in found["permissions"] if one["type"] == 1}
        if said.get(guild_id):  # everyone
            return frozenset(rights)
        seen = by_rights if guild_id not in said else frozenset[int]()
        return (seen | {role for role, may in said.items() if may}) - {role for role, may in said.items() if not may}


def _lacks(channel: Mapping[str, Any], base: int, mine: set[int], guild_id: int, me: int) -> tuple[str, ...]:
    """By Discord's own order: everyone's overwrite, the roles' together, the member's.

    Source: https://discord.com/developers/docs/topics/permissions#permission-overwrites
    """
    rights = base
    if discord.Permissions(rights).administrator:
        return ()
    overwrites = {
        int(one["id"]): (int(one["allow"]), int(one["deny"])) for one in channel.get("permission_overwrites", [])
    }
    allow, deny = overwrites.get(guild_id, (0, 0))
    rights = rights & ~deny | allow
    of_roles = [pair for target, pair in overwrites.items() if target in mine and target != guild_id]
    allow = deny = 0
    for more, less in of_roles:
        allow, deny = allow | more, deny | less
    rights = rights & ~deny | allow
    allow, deny = overwrites.get(me, (0, 0))
    rights = rights & ~deny | allow
    has = discord.Permissions(rights)
    threads = channel["type"] in _THREADS
    needed = [name for name in NEEDED if threads or name != "send_messages_in_threads"]
    if channel["type"] in (_TEXT, _NEWS):
        needed.append("create_public_threads")
    return tuple(name for name in needed if not getattr(has, name))
