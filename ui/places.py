"""Places: what kind of channel something was asked in, and what the bot may do there."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import discord

from domain.ask import Ask
from domain.faults import DeliveryFault, Refused
from domain.people import Person, Spot
from domain.wish import Wish
from ui.meanings import translated

#: How long what a parent belongs to is believed (s), how long Discord is waited for (s), and how many are kept.
_FRESH, _PATIENCE, _MOST = 3_600.0, 1.0, 10_000

#: discord.ChannelType → the kind that a job keeps. Kinds are stored: they never change their meaning.
_KINDS = {
    discord.ChannelType.text: "text",
    discord.ChannelType.news: "announcement",
    discord.ChannelType.public_thread: "thread",
    discord.ChannelType.private_thread: "thread",
    discord.ChannelType.news_thread: "thread",
    discord.ChannelType.voice: "voice",
    discord.ChannelType.stage_voice: "voice",
}

#: What posting a film takes, by discord.py's names of permissions.
NEEDED = ("view_channel", "send_messages", "send_messages_in_threads", "attach_files", "read_message_history")


def kind_of(interaction: discord.Interaction) -> str:
    """The kind of the channel that an interaction came from. Raises Refused where films cannot be posted."""
    channel = interaction.channel
    brought = interaction.is_user_integration() and not interaction.is_guild_integration()
    if interaction.guild_id is None or channel is None or brought:  # a member's own bot is no bot of this server
        raise Refused("server_only")
    kind = _KINDS.get(channel.type)
    if kind is None:
        raise Refused("place")
    return kind


def person_of(interaction: discord.Interaction) -> Person:
    """Who acts: roles by their raw ids, as no role is cached."""
    roles: Iterable[int] = getattr(interaction.user, "_roles", ())
    rights = interaction.permissions
    return Person(
        guild_id=interaction.guild_id or 0,
        user_id=interaction.user.id,
        roles=frozenset(int(role) for role in roles),
        manager=rights.manage_guild or rights.administrator,
    )


async def owner_of(client: discord.Client, guild_id: int) -> int:
    """The id of a server's owner. Raises DeliveryFault."""
    async with translated():
        guild = await client.http.get_guild(guild_id, with_counts=False)
    return int(guild["owner_id"])


async def _member_of(interaction: discord.Interaction, guild_id: int) -> Person:
    """Whoever acts in a direct message, as a member of a server; never with the right to manage it."""
    user_id = interaction.user.id
    try:
        async with translated():
            member = await interaction.client.http.get_member(guild_id, user_id)
    except DeliveryFault as fault:
        raise Refused("not_a_member") from fault
    return Person(guild_id, user_id, frozenset(int(role) for role in member["roles"]))


class Places:
    """Knows what a thread's parent belongs to: Discord says it of a channel, of a thread's parent only when asked."""

    def __init__(self, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        #: Parent → (category, age-restricted, when it was asked).
        self._parents: OrderedDict[int, tuple[int, bool, float]] = OrderedDict()

    async def spot(self, interaction: discord.Interaction) -> Spot:
        """What counts where something is asked. What cannot be learned counts as restricted."""
        channel, channel_id = interaction.channel, interaction.channel_id or 0
        if not isinstance(channel, discord.Thread):
            category = int(getattr(channel, "category_id", 0) or 0)
            return Spot(channel_id, category_id=category, restricted=bool(getattr(channel, "nsfw", False)))
        found = await self._parent(interaction.client, channel.parent_id)
        if found is None:
            return Spot(channel_id, channel.parent_id, certain=False, restricted=True)
        return Spot(channel_id, channel.parent_id, found[0], restricted=found[1])

    async def ask(self, interaction: discord.Interaction, wish: Wish | None = None) -> Ask:
        """The beginning of a generation. Its kind of place is "" where films cannot be posted: `kind_of` says why.

        A wish uttered in a direct message belongs to the server where it began: what the member may do there is asked
        of Discord. Raises Refused for one who is there no more.
        """
        wish = wish or Wish()
        person, spot = person_of(interaction), None
        channel = interaction.channel
        channel_id = interaction.channel_id or 0
        if wish.home and not person.guild_id:
            channel_id = wish.home[1]
            person = await _member_of(interaction, wish.home[0])
            spot = Spot(channel_id, certain=False, restricted=True)
        return Ask(
            interaction_id=interaction.id,
            token=interaction.token,
            guild_id=person.guild_id,
            channel_id=channel_id,
            place="dm" if wish.private else "" if channel is None else _KINDS.get(channel.type, ""),
            author_id=person.user_id,
            locale=str(interaction.locale),
            server_locale=str(interaction.guild_locale or ""),
            private=wish.private,
            spoiler=wish.spoiler,
            pictures=wish.pictures,
            clip=wish.clip,
            parent_id=wish.parent_id,
            action=wish.action,
            credit=wish.credit,
            continues=wish.continues,
            spot=spot or await self.spot(interaction),
            roles=person.roles,
            manager=person.manager,
        )

    async def _parent(self, client: discord.Client, parent_id: int) -> tuple[int, bool] | None:
        known = self._parents.get(parent_id)
        if known and self._steady() - known[2] < _FRESH:
            return known[:2]
        try:
            async with asyncio.timeout(_PATIENCE):
                raw = await client.http.get_channel(parent_id)
        except (discord.DiscordException, OSError, TimeoutError):
            return known[:2] if known else None
        found = (int(raw.get("parent_id") or 0), bool(raw.get("nsfw", False)))
        self._parents[parent_id] = (*found, self._steady())
        self._parents.move_to_end(parent_id)
        while len(self._parents) > _MOST:
            self._parents.popitem(last=False)
        return found


def check_rights(interaction: discord.Interaction, kind: str) -> None:
    """Raise Refused when the bot could not post a film here later.

    An answer to a command works even where the bot may not speak, so a perfect card would prove nothing.
    """
    rights = interaction.app_permissions
    if rights.administrator:
        return
    if isinstance(interaction.channel, discord.Thread) and interaction.channel.locked and not rights.manage_threads:
        raise Refused("thread_locked")
    skipped = "send_messages" if kind == "thread" else "send_messages_in_threads"
    lacking = [name for name in NEEDED if name != skipped and not getattr(rights, name)]
    if lacking:
        raise Refused("missing_rights", rights=lacking)
