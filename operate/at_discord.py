"""The doctor's look at Discord: token, clock, application, servers, commands, and single channels."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import discord
from discord.http import Route

from operate.checks import Check, bad, good, none
from operate.parts import idle_bot
from operate.rights import NEEDED, in_channel, lacking
from settings import Settings

#: Seconds by which this machine's clock may differ from Discord's.
_CLOCK = 10
#: Servers that are named one by one.
_NAMED = 20
_NETWORK = "Check this machine's network, and DISCORD_API_URL if it is set."


async def look(settings: Settings, channels: Sequence[int]) -> list[Check]:
    """Everything that Discord knows about the bot."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30.0)
    try:
        await client.login(settings.discord_token.reveal())
        return [
            good("Discord token", f"{client.user} ({client.application_id})"),
            await _clock(),
            _application(client),
            *await _servers(client, settings),
            await _commands(client, settings),
            *await _channels(client, settings, channels),
        ]
    except discord.LoginFailure:
        todo = "Press Reset Token on the Bot page of your application, and copy the new one into DISCORD_TOKEN."
        return [bad("Discord token", "Discord refuses it", todo)]
    except discord.HTTPException as error:
        return [bad("Discord", f"it answers with {error.status} ({error.code})", "Look again in a while.")]
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        return [bad("Discord", f"cannot be reached ({type(error).__name__})", _NETWORK)]
    finally:
        await client.close()


async def _clock() -> Check:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
        session.get(f"{Route.BASE}/gateway") as answer,
    ):
        date = answer.headers.get("Date")
    try:
        ahead = time.time() - parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return none("clock", "Discord did not say what time it is")
    if abs(ahead) <= _CLOCK:
        return good("clock", "agrees with Discord's")
    what = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Discord's"
    return bad("clock", what, "Let it be set by the network: `timedatectl set-ntp true`.")


def _application(client: discord.Client) -> Check:
    application = client.application
    assert application is not None
    if application.interactions_endpoint_url:
        todo = "Empty the field Interactions Endpoint URL on the application's General Information page."
        return bad("application", "its commands go to another address", todo)
    return good("application", f"{application.name}{'' if application.bot_public else ', which only you can invite'}")


async def _servers(client: discord.Client, settings: Settings) -> list[Check]:
    found: dict[int, dict[str, Any]] = {}
    while True:
        page: list[Any] = await client.http.get_guilds(200, after=max(found, default=0), with_counts=False)
        found |= {int(guild["id"]): guild for guild in page}
        if len(page) < 200:
            break
    link = discord.utils.oauth_url(client.application_id or 0, permissions=_permissions())
    allowed = settings.allowed_servers
    checks = [
        bad(f"server {guild_id}", "allowed, but the bot is not in it", f"Invite it: {link}")
        for guild_id in sorted(allowed - set(found))
    ]
    for guild_id, guild in found.items():
        name = f"server {guild_id}"
        if allowed and guild_id not in allowed:
            checks.append(none(name, f"{guild['name']}: not allowed; ALLOWED_SERVERS would let it in"))
        elif missing := lacking(int(guild.get("permissions") or 0)):
            todo = f"Give its role these rights, or invite it again: {link}"
            checks.append(bad(name, f"{guild['name']}: the bot lacks {', '.join(missing)}", todo))
        else:
            checks.append(good(name, f"{guild['name']}: allowed, with all rights"))
    if not found:
        return [*checks, bad("servers", "the bot is in none", f"Invite it: {link}")]
    # Of very many servers only those that need something are of interest.
    shown = sorted(checks, key=lambda check: not check.todo)[:_NAMED] if len(checks) > _NAMED else checks
    counted = f"the bot is in {len(found)}"
    return [good("servers", counted + ("" if shown is checks else f"; {_NAMED} of them follow")), *shown]


async def _commands(client: discord.Client, settings: Settings) -> Check:
    async with idle_bot(settings) as bot:
        await bot.load()
        ours = {_skeleton(command.to_dict(bot.tree)) for command in bot.tree.get_commands()}
    known: list[Any] = await client.http.get_global_commands(client.application_id or 0)
    theirs = {_skeleton(command) for command in known}
    if not theirs:
        return none("commands", "Discord has none yet: the first start tells it")
    if ours == theirs:
        return good("commands", f"Discord knows all {len(ours)}")
    names = ", ".join(sorted({str(one[1]) for one in ours ^ theirs}))
    return bad("commands", f"Discord has not these as they are now: {names}", "Run `python bot.py sync`.")


def _skeleton(command: Any) -> tuple[Any, ...]:
    """What of a command can be compared: Discord adds ids, and leaves out what has its default."""
    options: Iterable[Any] = command.get("options") or []
    return (
        command.get("type", 1),
        command["name"],
        command.get("description") or "",
        bool(command.get("required")),
        tuple(_skeleton(option) for option in options),
    )


async def _channels(client: discord.Client, settings: Settings, wanted: Sequence[int]) -> list[Check]:
    checks = [await _channel(client, channel_id) for channel_id in wanted]
    if settings.operator_channel_id:
        check = await _channel(client, settings.operator_channel_id)
        checks.append(Check("operator channel", check.state, check.detail, check.todo))
    return checks


async def _channel(client: discord.Client, channel_id: int) -> Check:
    name = f"channel {channel_id}"
    try:
        channel: Any = await client.http.get_channel(channel_id)
        if "guild_id" not in channel:
            return bad(name, "it is no channel of a server", "Name one of a server.")
        guild: Any = await client.http.get_guild(int(channel["guild_id"]), with_counts=False)
        me = client.user.id if client.user else 0
        member: Any = await client.http.get_member(int(channel["guild_id"]), me)
        place: Any = channel
        if channel["type"] in (10, 11, 12):  # a thread has the rights of the channel it is in
            place = await client.http.get_channel(int(channel["parent_id"]))
    except (discord.NotFound, discord.Forbidden) as error:
        todo = "Check the id, and let the bot's role see the channel."
        return bad(name, f"the bot cannot see it ({error.code})", todo)
    bits = in_channel(guild, member, me, place.get("permission_overwrites") or [])
    if missing := lacking(bits, kind=int(channel["type"])):
        todo = "Allow it in the channel's settings, under Permissions, to the bot's role."
        return bad(name, f"#{channel['name']}: the bot lacks {', '.join(missing)}", todo)
    return good(name, f"#{channel['name']}: the bot may post films there")


def _permissions() -> discord.Permissions:
    return discord.Permissions(**dict.fromkeys(NEEDED, True))
