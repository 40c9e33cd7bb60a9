"""/manage: what moderators decide and do, one command with all of it inside."""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord import app_commands


class Manage(app_commands.Group):
    """Gathers the commands of `direct` groups under /manage, beside the `nested` groups.

    Discord shows it to those who may manage the server, and to whom an administrator allows it; that alone opens
    nothing, as each command asks for itself. Only here does `default_permissions` count: Discord ignores it on what is
    inside.
    """

    def __init__(self, *, direct: Iterable[app_commands.Group], nested: Iterable[app_commands.Group]) -> None:
        super().__init__(
            name="manage",
            description="For moderators",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )
        for group in direct:
            for command in list(group.commands):
                group.remove_command(command.name)
                self.add_command(command)
        for group in nested:
            self.add_command(group)
