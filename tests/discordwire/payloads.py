"""Knows how each noun is written in Discord's JSON."""

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .model import (
    CATEGORY,
    DM,
    EPHEMERAL,
    FORUM,
    HAS_THREAD,
    MEDIA,
    STAGE,
    VOICE,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    StoredFile,
    User,
    walk,
)
from .permissions import USUAL, in_channel

if TYPE_CHECKING:
    from .world import World


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(one: User) -> Json:
    return {
        "id": str(one.id),
        "username": one.username,
        "discriminator": "0",
        "global_name": one.username.title(),
        "avatar": None,
        "avatar_decoration_data": None,
        "bot": one.bot,
        "public_flags": 0,
    }


def member(one: Member, channel: Channel | None = None) -> Json:
    """A member; with a channel also its permissions there, as interactions carry them."""
    told: Json = {
        "user": user(one.user),
        "nick": one.nick,
        "avatar": None,
        "banner": None,
        "roles": [str(role) for role in one.role_ids],
        "joined_at": "2024-01-01T00:00:00+00:00",
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }
    if channel is not None:
        told["permissions"] = str(in_channel(one, channel))
    return told


def role(one: Role) -> Json:
    return {
        "id": str(one.id),
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 1,
        "permissions": str(one.permissions),
        "managed": False,
        "mentionable": one.mentionable,
        "flags": 0,
    }


def guild(one: Guild) -> Json:
    nothing = "icon banner splash discovery_splash description vanity_url_code afk_channel_id system_channel_id"
    return {
        **dict.fromkeys([*nothing.split(), "rules_channel_id", "public_updates_channel_id", "application_id"]),
        "id": str(one.id),
        "name": one.name,
        "owner_id": str(one.owner_id),
        "features": one.features,
        "premium_tier": one.premium_tier,
        "premium_subscription_count": (0, 2, 7, 14)[one.premium_tier],
        "preferred_locale": one.locale,
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
        "approximate_member_count": len(one.members),
        "approximate_presence_count": 1,
    }


def channel(one: Channel, seen_by: Member | None = None) -> Json:
    """A channel; with a member also what that member may do there, as interactions carry it."""
    told: Json = {"id": str(one.id), "type": one.type, "last_message_id": _last(one), "flags": 0}
    if seen_by is not None:
        told["permissions"] = str(in_channel(seen_by, one))
    if one.type == DM:
        assert one.recipient is not None
        return told | {"recipients": [user(one.recipient)]}
    assert one.guild is not None
    told |= {
        "guild_id": str(one.guild.id),
        "name": one.name,
        "parent_id": str(one.parent.id) if one.parent else None,
        "rate_limit_per_user": 0,
    }
    if one.is_thread:
        return told | _thread(one)
    told |= {"position": 0, "nsfw": one.nsfw, "topic": None, "permission_overwrites": _overwrites(one)}
    if one.type in (VOICE, STAGE):
        told |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if one.type in (FORUM, MEDIA):
        told |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
    if one.type == CATEGORY:
        del told["last_message_id"]
    return told


def _last(one: Channel) -> str | None:
    return str(max(one.messages)) if one.messages else None


def partial(one: Channel) -> Json:
    """A channel as the documentation of interactions promises it: a partial one."""
    return {"id": str(one.id), "type": one.type}


def _thread(one: Channel) -> Json:
    return {
        "owner_id": str(one.owner_id),
        "message_count": len(one.messages),
        "total_message_sent": len(one.messages),
        "member_count": len(one.thread_members),
        "thread_metadata": {
            "archived": one.archived,
            "locked": one.locked,
            "auto_archive_duration": one.auto_archive,
            "archive_timestamp": "2025-01-01T00:00:00+00:00",
            "create_timestamp": "2025-01-01T00:00:00+00:00",
        },
    }


def _overwrites(one: Channel) -> list[Json]:
    assert one.guild is not None
    return [
        {"id": str(target), "type": 0 if target in one.guild.roles else 1, "allow": str(allow), "deny": str(deny)}
        for target, (allow, deny) in one.overwrites.items()
    ]


def attachment(one: StoredFile, world: "World") -> Json:
    url = world.cdn_url(one)
    told: Json = {"id": str(one.id), "filename": one.filename, "size": one.size, "url": url, "proxy_url": url}
    for key in ("content_type", "description", "width", "height"):
        if getattr(one, key) is not None:
            told[key] = getattr(one, key)
    return told | ({"ephemeral": True} if one.ephemeral else {})


def components(message: Message, world: "World") -> list[Json]:
    """The components as Discord gives them back: every one with an id, every file with its address."""
    told = copy.deepcopy(message.components)
    taken = {part["id"] for part in walk(told) if "id" in part}
    free = (number for number in range(1, 10_000) if number not in taken)
    for part in walk(told):
        part.setdefault("id", next(free))
        media = [item["media"] for item in part.get("items") or []]
        media += [part[key] for key in ("media", "file") if isinstance(part.get(key), dict)]
        for item in media:
            _resolve(item, message, world)
    return told


def _resolve(item: Json, message: Message, world: "World") -> None:
    name = item["url"].removeprefix("attachment://")
    found = next((one for one in message.files if one.filename == name), None)
    if item["url"].startswith("attachment://") and found is not None:
        told = attachment(found, world)
        item |= {"url": told["url"], "proxy_url": told["url"], "attachment_id": str(found.id), "loading_state": 2}
        item |= {key: told.get(key) for key in ("content_type", "width", "height")}


def message(one: Message, world: "World", *, reader_sees_text: bool = True, just_sent: bool = False) -> Json:
    """A message; without the message-content intent others' texts come empty, save where Discord makes exceptions.

    Only the answer to its sending tells the nonce.
    """
    told: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "type": one.type,
        "timestamp": stamp(one.created),
        "edited_timestamp": stamp(one.edited) if one.edited else None,
        "flags": one.flags | (HAS_THREAD if one.thread else 0),
        "tts": False,
        "pinned": False,
        "mention_everyone": one.mentions.everyone,
        "mentions": [user(world.users[each]) for each in sorted(one.mentions.users)],
        "mention_roles": [str(each) for each in sorted(one.mentions.roles)],
        "content": one.content if reader_sees_text else "",
        "embeds": one.embeds if reader_sees_text else [],
        "components": components(one, world) if reader_sees_text else [],
        "attachments": _shown(one, world) if reader_sees_text else [],
    }
    if one.nonce is not None and just_sent:
        told["nonce"] = one.nonce
    if one.interaction is not None:
        told |= {"interaction_metadata": one.interaction, "application_id": str(world.application_id)}
        told["webhook_id"] = str(world.application_id)
    if one.reference is not None:
        whole = None if one.reference.deleted else message(one.reference, world)
        told |= {"message_reference": _reference(one.reference), "referenced_message": whole}
    if one.thread is not None:
        told["thread"] = channel(one.thread)
    return told


def _shown(one: Message, world: "World") -> list[Json]:
    """A file that an embed or a component shows is not listed as an attachment."""
    listed = [attachment(each, world) for each in one.files if each.id not in one.shown_files]
    return [each | {"ephemeral": True} for each in listed] if one.flags & EPHEMERAL else listed


def _reference(one: Message) -> Json:
    told = {"type": 0, "message_id": str(one.id), "channel_id": str(one.channel.id)}
    return told | ({"guild_id": str(one.channel.guild.id)} if one.channel.guild else {})


def application(world: "World") -> Json:
    return {
        "id": str(world.application_id),
        "name": world.bot.username,
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user(world.owner),
        "team": None,
        "summary": "",
        "bot": user(world.bot),
        "interactions_endpoint_url": world.interactions_endpoint_url,
        "redirect_uris": [],
        "approximate_guild_count": len(world.guilds),
        "install_params": {"scopes": ["applications.commands", "bot"], "permissions": str(USUAL)},
    }


__all__ = ["application", "attachment", "channel", "guild", "member", "message", "role", "stamp", "user"]
