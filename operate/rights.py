"""What the bot needs to be allowed in a server and in a channel, reckoned from what Discord's REST calls say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

#: Discord's name of a permission → what its settings call it.
NEEDED = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
#: In these, films go where the command was given.
_THREADS = (10, 11, 12)
_VOICE = (2, 13)


def lacking(bits: int, *, kind: int | None = None) -> list[str]:
    """The labels of what is needed and not allowed; `kind` is the channel's type, None for a server as a whole."""
    rights = discord.Permissions(bits)
    if rights.administrator:
        return []
    skipped: tuple[str, ...] = ()
    if kind in _THREADS:
        skipped = ("send_messages", "create_public_threads")
    elif kind in _VOICE:
        skipped = ("create_public_threads", "send_messages_in_threads")
    return [label for name, label in NEEDED.items() if name not in skipped and not getattr(rights, name)]


def in_channel(
    guild: Mapping[str, Any], member: Mapping[str, Any], member_id: int, overwrites: list[Mapping[str, Any]]
) -> int:
    """The permission bits of a member under a channel's overwrites, in Discord's order.

    Source: https://discord.com/developers/docs/topics/permissions#permission-overwrites
    """
    roles = {int(role["id"]): int(role["permissions"]) for role in guild["roles"]}
    everyone = int(guild["id"])
    mine = [int(role) for role in member["roles"]]
    bits = roles.get(everyone, 0)
    for role in mine:
        bits |= roles.get(role, 0)
    if int(guild["owner_id"]) == member_id or discord.Permissions(bits).administrator:
        return discord.Permissions.all().value
    given = {int(one["id"]): (int(one["allow"]), int(one["deny"])) for one in overwrites}
    allow, deny = given.get(everyone, (0, 0))
    bits = bits & ~deny | allow
    both = [given.get(role, (0, 0)) for role in mine if role != everyone]
    for _, deny in both:
        bits &= ~deny
    for allow, _ in both:
        bits |= allow
    allow, deny = given.get(member_id, (0, 0))
    return bits & ~deny | allow
