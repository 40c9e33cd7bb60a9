"""Knows Discord's permission bits and how roles and overwrites add up to what someone may do in a channel."""

from .model import ANNOUNCEMENT_THREAD, PRIVATE_THREAD, PUBLIC_THREAD, Channel, Guild, Member

BITS = {
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_CHANNELS": 1 << 4,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "SEND_TTS_MESSAGES": 1 << 12,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_EXTERNAL_EMOJIS": 1 << 18,
    "CONNECT": 1 << 20,
    "SPEAK": 1 << 21,
    "MANAGE_ROLES": 1 << 28,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "CREATE_PRIVATE_THREADS": 1 << 36,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
    "MODERATE_MEMBERS": 1 << 40,
    "USE_EXTERNAL_APPS": 1 << 50,
}
ALL = (1 << 53) - 1


def bits(*names: str) -> int:
    total = 0
    for name in names:
        total |= BITS[name]
    return total


# What @everyone has in a server that nobody has changed.
USUAL = bits(
    "ADD_REACTIONS",
    "VIEW_CHANNEL",
    "SEND_MESSAGES",
    "EMBED_LINKS",
    "ATTACH_FILES",
    "READ_MESSAGE_HISTORY",
    "USE_EXTERNAL_EMOJIS",
    "CONNECT",
    "SPEAK",
    "USE_APPLICATION_COMMANDS",
    "CREATE_PUBLIC_THREADS",
    "CREATE_PRIVATE_THREADS",
    "SEND_MESSAGES_IN_THREADS",
    "USE_EXTERNAL_APPS",
)
# What Discord puts into app_permissions in a direct message.
IN_DM = bits("EMBED_LINKS", "ATTACH_FILES", "MENTION_EVERYONE", "USE_EXTERNAL_EMOJIS")
THREADS = (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)


def in_guild(guild: Guild, member: Member) -> int:
    total = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        if role_id in guild.roles:
            total |= guild.roles[role_id].permissions
    return ALL if total & BITS["ADMINISTRATOR"] or guild.owner_id == member.id else total


def in_channel(member: Member, channel: Channel) -> int:
    """Overwrites in Discord's order: @everyone, then roles together, then the member; a thread has its parent's."""
    guild = member.guild
    total = in_guild(guild, member)
    if total == ALL:
        return ALL
    place = channel.parent if channel.type in THREADS and channel.parent else channel
    if everyone := place.overwrites.get(guild.id):
        total = total & ~everyone[1] | everyone[0]
    allow = deny = 0
    for role_id in member.role_ids:
        if role_id in place.overwrites:
            allow |= place.overwrites[role_id][0]
            deny |= place.overwrites[role_id][1]
    total = total & ~deny | allow
    if own := place.overwrites.get(member.id):
        total = total & ~own[1] | own[0]
    return _without_what_hangs_on_it(total, channel)


def _without_what_hangs_on_it(total: int, channel: Channel) -> int:
    if not total & BITS["VIEW_CHANNEL"]:
        return 0
    speak = "SEND_MESSAGES_IN_THREADS" if channel.type in THREADS else "SEND_MESSAGES"
    if not total & BITS[speak]:
        total &= ~bits("MENTION_EVERYONE", "SEND_TTS_MESSAGES", "ATTACH_FILES", "EMBED_LINKS")
    return total
