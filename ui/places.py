"""Places: what kind of channel something was asked in, and what the bot may do there."""

from __future__ import annotations

import discord

from domain.faults import Refused

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
_NEEDED = ("view_channel", "send_messages", "send_messages_in_threads", "attach_files", "read_message_history")


def kind_of(interaction: discord.Interaction) -> str:
    """The kind of the channel that an interaction came from. Raises Refused where films cannot be posted."""
    channel = interaction.channel
    if interaction.guild_id is None or channel is None:
        raise Refused("server_only")
    kind = _KINDS.get(channel.type)
    if kind is None:
        raise Refused("place")
    return kind


def kind_or_unknown(interaction: discord.Interaction) -> str:
    """As `kind_of`, "" where films cannot be posted; for what is checked later anyway."""
    channel = interaction.channel
    return "" if channel is None else _KINDS.get(channel.type, "")


def check_rights(interaction: discord.Interaction, kind: str) -> None:
    """Raise Refused when the bot could not post a film here later.

    An answer to a command works even where the bot may not speak, so a perfect card would prove nothing.
    """
    rights = interaction.app_permissions
    if rights.administrator:
        return
    skipped = "send_messages" if kind == "thread" else "send_messages_in_threads"
    lacking = [name for name in _NEEDED if name != skipped and not getattr(rights, name)]
    if lacking:
        raise Refused("missing_rights", rights=lacking)
