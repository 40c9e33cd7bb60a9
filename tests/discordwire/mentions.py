"""Knows whom a text would ping, given the allowances that came with it."""

import re

from .errors import invalid
from .model import Channel, Json, Pings, User
from .permissions import BITS

USERS = re.compile(r"<@!?(\d{15,20})>")
ROLES = re.compile(r"<@&(\d{15,20})>")
EVERYONE = re.compile(r"@(everyone|here)")
NOBODY = Pings()


def check_allowed(allowed: object) -> None:
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        raise invalid("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
    parse = allowed.get("parse") or []
    if unknown := set(parse) - {"users", "roles", "everyone"}:
        raise invalid("allowed_mentions.parse", "BASE_TYPE_CHOICES", f"Value must be one of users…: {unknown}")
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            message = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            raise invalid("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
        if len(allowed.get(kind) or []) > 100:
            raise invalid(f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")


def pings(
    text: str, allowed: Json | None, *, by: User, rights: int, channel: Channel, default: set[str], replied: User | None
) -> Pings:
    """Text inside code marks counts as well: a test about pings should not lean on how Discord reads Markdown."""
    if allowed is None:
        parse, users, roles, ping_replied = default, set(), set(), True
    else:
        parse = set(allowed.get("parse") or [])
        users = {int(one) for one in allowed.get("users") or []}
        roles = {int(one) for one in allowed.get("roles") or []}
        ping_replied = bool(allowed.get("replied_user"))
    reached = {int(one) for one in USERS.findall(text)}
    reached = reached if "users" in parse else reached & users
    if replied is not None and ping_replied:
        reached.add(replied.id)
    asked = {int(one) for one in ROLES.findall(text)}
    asked = asked if "roles" in parse else asked & roles
    may_ping_all = bool(rights & BITS["MENTION_EVERYONE"])
    return Pings(
        frozenset(one for one in reached if one != by.id and _is_here(one, channel)),
        frozenset(one for one in asked if _can_be_pinged(one, channel, may_ping_all)),
        "everyone" in parse and may_ping_all and channel.guild is not None and bool(EVERYONE.search(text)),
    )


def _is_here(user_id: int, channel: Channel) -> bool:
    if channel.guild is not None:
        return user_id in channel.guild.members
    return channel.recipient is not None and channel.recipient.id == user_id


def _can_be_pinged(role_id: int, channel: Channel, may_ping_all: bool) -> bool:
    role = channel.guild.roles.get(role_id) if channel.guild else None
    return role is not None and (role.mentionable or may_ping_all)
