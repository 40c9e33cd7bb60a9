"""Knows the REST calls about the bot itself, users, servers, channels, threads and synced commands."""

from . import commands, payloads
from .errors import bad_length, invalid, refusal, required
from .exchange import Exchange, Route
from .model import ANNOUNCEMENT, PRIVATE_THREAD, TEXT, THREAD_STARTER, Channel, Guild, Json, Message
from .permissions import in_guild

AUTO_ARCHIVE = (60, 1440, 4320, 10080)


async def me(exchange: Exchange) -> Json:
    return payloads.user(exchange.world.bot) | {"mfa_enabled": True, "verified": True, "email": None, "locale": "en-US"}


async def application(exchange: Exchange) -> Json:
    return payloads.application(exchange.world)


async def gateway_bot(exchange: Exchange) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": exchange.gateway_url, "shards": exchange.world.shards, "session_start_limit": limit}


async def my_guilds(exchange: Exchange) -> list[Json]:
    here = sorted((one for one in exchange.world.guilds.values() if one.bot_present), key=lambda one: one.id)
    after, limit = int(exchange.query.get("after", 0)), int(exchange.query.get("limit", 200))
    return [_mine(exchange, one) for one in here if one.id > after][:limit]


def _mine(exchange: Exchange, guild: Guild) -> Json:
    """A server in the list of one's own, with what one may do there as a whole."""
    rights = in_guild(guild, guild.members[exchange.world.bot.id])
    known = {name: value for name, value in payloads.guild(guild).items() if name in ("id", "name", "features")}
    return known | {"owner": False, "permissions": str(rights)}


async def gateway(exchange: Exchange) -> Json:
    return {"url": exchange.gateway_url}


async def get_user(exchange: Exchange) -> Json:
    if (found := exchange.world.users.get(exchange.number("user"))) is None:
        raise refusal(10013)
    return payloads.user(found)


async def open_dm(exchange: Exchange) -> Json:
    """Opening a direct message works even where sending into it will be refused."""
    found = exchange.world.users.get(int(exchange.payload.get("recipient_id") or 0))
    if found is None:
        raise refusal(10013)
    if found.bot:
        raise refusal(50033)
    return payloads.channel(exchange.world.dm(found))


async def get_guild(exchange: Exchange) -> Json:
    return payloads.guild(exchange.guild())


async def get_roles(exchange: Exchange) -> list[Json]:
    return [payloads.role(one) for one in exchange.guild().roles.values()]


async def get_channels(exchange: Exchange) -> list[Json]:
    guild = exchange.guild()
    here = [one for one in exchange.world.channels.values() if one.guild is guild and not one.is_thread]
    return [payloads.channel(one) for one in here]


async def get_member(exchange: Exchange) -> Json:
    found = exchange.guild().members.get(exchange.number("user"))
    if found is None:
        raise refusal(10007 if exchange.number("user") in exchange.world.users else 10013)
    return payloads.member(found)


async def get_channel(exchange: Exchange) -> Json:
    return payloads.channel(exchange.channel())


async def edit_thread(exchange: Exchange) -> Json:
    """Un-archive, lock, rename; the stand-in changes no other kind of channel."""
    thread, payload = exchange.channel(), exchange.payload
    if not thread.is_thread:
        raise refusal(50024)
    only_waking = set(payload) <= {"archived"} and payload.get("archived") is False
    if only_waking and not thread.locked:
        exchange.need(thread, "SEND_MESSAGES_IN_THREADS")
    elif thread.owner_id != exchange.world.bot.id or thread.locked or "locked" in payload:
        exchange.need(thread, "MANAGE_THREADS")
    if thread.archived and payload.get("archived") is not False:
        raise refusal(50083)
    if "name" in payload:
        thread.name = _name(payload)
    thread.archived = payload.get("archived", thread.archived)
    thread.locked = payload.get("locked", thread.locked)
    return payloads.channel(thread)


def _name(payload: Json) -> str:
    name = str(payload["name"]).strip() if payload.get("name") is not None else None
    if name is None:
        raise required("name")
    if not 1 <= len(name) <= 100:
        raise bad_length("name", 1, 100)
    return name


def _check_thread(exchange: Exchange) -> str:
    payload = exchange.payload
    if payload.get("auto_archive_duration") not in (None, *AUTO_ARCHIVE):
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {AUTO_ARCHIVE}.")
    if not 0 <= (payload.get("rate_limit_per_user") or 0) <= 21600:
        raise invalid("rate_limit_per_user", "NUMBER_TYPE_MAX", "int value should be at most 21600.")
    return _name(payload)


async def thread_from_message(exchange: Exchange) -> Json:
    """The thread gets the message's id; its first entry is a word of the system that points back at the message."""
    world, channel = exchange.world, exchange.channel()
    if channel.type not in (TEXT, ANNOUNCEMENT):
        raise refusal(50024)
    exchange.need(channel, "CREATE_PUBLIC_THREADS")
    message = exchange.message(channel)
    name = _check_thread(exchange)
    if message.thread is not None or message.id in world.channels:
        raise refusal(160004)
    thread = world.make_thread(message.id, channel, name, world.bot)
    message.thread = thread
    starter = Message(world.new_id(), thread, message.author, world.now(), type=THREAD_STARTER, reference=message)
    thread.messages[starter.id] = starter
    return _created(exchange, thread)


async def thread_alone(exchange: Exchange) -> Json:
    """A thread without a message is private unless its type says otherwise."""
    channel = exchange.channel()
    if channel.type not in (TEXT, ANNOUNCEMENT):
        raise refusal(50024)
    private = exchange.payload.get("type", PRIVATE_THREAD) == PRIVATE_THREAD
    exchange.need(channel, "CREATE_PRIVATE_THREADS" if private else "CREATE_PUBLIC_THREADS")
    world = exchange.world
    return _created(exchange, world.make_thread(world.new_id(), channel, _check_thread(exchange), world.bot, private))


def _created(exchange: Exchange, thread: Channel) -> Json:
    thread.auto_archive = exchange.payload.get("auto_archive_duration") or 1440
    thread.thread_members.add(exchange.world.bot.id)
    return payloads.channel(thread)


async def add_to_thread(exchange: Exchange) -> None:
    thread = exchange.channel()
    if not thread.is_thread:
        raise refusal(50024)
    if thread.archived:
        raise refusal(50083)
    if exchange.ids.get("user") is None:
        thread.thread_members.add(exchange.world.bot.id)
        return
    exchange.need(thread, "SEND_MESSAGES_IN_THREADS")
    if thread.guild is None or exchange.number("user") not in thread.guild.members:
        raise refusal(10013)
    thread.thread_members.add(exchange.number("user"))


def _place(exchange: Exchange) -> int | None:
    if exchange.number("application") != exchange.world.application_id:
        raise refusal(50001)
    return exchange.guild().id if "guild" in exchange.ids else None


async def get_commands(exchange: Exchange) -> list[Json]:
    return exchange.world.commands.get(_place(exchange), [])


async def put_commands(exchange: Exchange) -> list[Json]:
    return commands.overwrite(exchange.world, _place(exchange), exchange.payload.get("") or [])


async def get_command_permissions(exchange: Exchange) -> Json:
    guild, command = exchange.guild(), exchange.number("command")
    found = exchange.world.command_permissions.get((guild.id, command))
    if found is None:
        raise refusal(10066)
    owner = str(exchange.world.application_id)
    return {"id": str(command), "application_id": owner, "guild_id": str(guild.id), "permissions": found}


COMMANDS, GUILD_COMMANDS = "/applications/{application}/commands", "/applications/{application}/guilds/{guild}/commands"
ROUTES = [
    Route("GET", "/users/@me", me),
    Route("GET", "/oauth2/applications/@me", application),
    Route("GET", "/applications/@me", application),
    Route("GET", "/gateway", gateway),
    Route("GET", "/gateway/bot", gateway_bot),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/users/@me/guilds", my_guilds),
    Route("GET", "/users/{user}", get_user),
    Route("GET", "/guilds/{guild}", get_guild),
    Route("GET", "/guilds/{guild}/roles", get_roles),
    Route("GET", "/guilds/{guild}/channels", get_channels),
    Route("GET", "/guilds/{guild}/members/{user}", get_member),
    Route("GET", "/channels/{channel}", get_channel),
    Route("PATCH", "/channels/{channel}", edit_thread),
    Route("POST", "/channels/{channel}/messages/{message}/threads", thread_from_message),
    Route("POST", "/channels/{channel}/threads", thread_alone),
    Route("PUT", "/channels/{channel}/thread-members/@me", add_to_thread),
    Route("PUT", "/channels/{channel}/thread-members/{user}", add_to_thread),
    Route("GET", COMMANDS, get_commands),
    Route("PUT", COMMANDS, put_commands),
    Route("GET", GUILD_COMMANDS, get_commands),
    Route("PUT", GUILD_COMMANDS, put_commands),
    Route("GET", GUILD_COMMANDS + "/{command}/permissions", get_command_permissions),
]
