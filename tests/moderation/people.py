"""Who acts in these tests: members with roles, moderators of both kinds, another server; and what each is told."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import simcord
from discord import app_commands

from tests.conftest import Stage
from tests.sim import words


def member(stage: Stage, name: str, *roles: simcord.RoleHandle) -> simcord.MemberActor:
    """A new member of the stage's server."""
    return stage.world.guild.add_member(stage.env.create_user(name), roles=list(roles))


def role(stage: Stage, name: str, **rights: bool) -> simcord.RoleHandle:
    """A new role."""
    return stage.world.guild.create_role(name, permissions=discord.Permissions(**rights))


async def told(actor: simcord.MemberActor, place: simcord.ChannelHandle, command: str, **options: Any) -> str:
    """What a command answers, for the member's eyes only."""
    answer = await actor.slash(place, command, **options)
    assert answer.acknowledged, command
    assert answer.response is not None, command
    assert answer.ephemeral, command
    return words(answer.response)


async def manage(stage: Stage, command: str, **options: Any) -> str:
    """What /manage answers the stage's moderator."""
    return await told(stage.world.moderator, stage.world.channel, f"manage {command}", **options)


def all_commands(stage: Stage) -> dict[str, app_commands.Command[Any, ..., Any]]:
    """/manage's commands by what is typed after it."""
    (group,) = (one for one in stage.app.bot.tree.get_commands() if one.name == "manage")
    assert isinstance(group, app_commands.Group)
    inside = (one for one in group.walk_commands() if isinstance(one, app_commands.Command))
    return {command.qualified_name.removeprefix("manage "): command for command in inside}


async def video(
    stage: Stage, actor: simcord.MemberActor, place: simcord.ChannelHandle | None = None, **options: Any
) -> str:
    """What /video answers: a card for everyone, or a refusal."""
    answer = await actor.slash(place or stage.world.channel, "video", **{"prompt": "a boat", **options})
    assert answer.acknowledged
    assert answer.response is not None
    return words(answer.response)


def add_another_server(stage: Stage) -> tuple[simcord.MemberActor, simcord.ChannelHandle]:
    """A moderator of another server, and a channel there."""
    guild = stage.env.create_guild("Elsewhere")
    moderators = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
    actor = guild.add_member(stage.env.create_user("elsewhere"), roles=[moderators])
    return actor, guild.create_text_channel("films")


async def show_manage_to(stage: Stage, *targets: simcord.RoleHandle | simcord.MemberActor) -> None:
    """What an administrator does under Server Settings → Integrations: Discord shows /manage to these as well."""
    commands = await stage.app.bot.tree.fetch_commands()
    command = next(one for one in commands if one.name == "manage")
    stage.world.guild.set_command_permissions(command, dict.fromkeys(targets, True))


async def found(stage: Stage, sql: str) -> dict[str, Any]:
    """The first row of a query, once there is one."""
    for _ in range(1500):
        if rows := await stage.rows(sql):
            return rows[0]
        await asyncio.sleep(0.01)
    raise AssertionError(f"nothing was found: {sql}")
