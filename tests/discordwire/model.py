"""Knows the nouns of Discord that the stand-in keeps: users, servers, channels, messages, files."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEXT, DM, VOICE, CATEGORY, ANNOUNCEMENT = 0, 1, 2, 4, 5
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, STAGE, FORUM, MEDIA = 10, 11, 12, 13, 15, 16
CHANNEL_TYPES = {
    "text": TEXT,
    "voice": VOICE,
    "category": CATEGORY,
    "announcement": ANNOUNCEMENT,
    "stage": STAGE,
    "forum": FORUM,
    "media": MEDIA,
}

SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING = 1 << 2, 1 << 5, 1 << 6, 1 << 7
SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 1 << 12, 1 << 15

DEFAULT, THREAD_STARTER, REPLY, CHAT_INPUT_COMMAND, CONTEXT_MENU_COMMAND = 0, 21, 19, 20, 23

MIB = 1024 * 1024
TIER_LIMITS = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}


@dataclass(eq=False)
class User:
    """Someone on Discord; `dm_refusal` is the code with which a message of the bot is refused (50007: closed)."""

    id: int
    username: str
    bot: bool = False
    locale: str = "en-US"
    nitro_limit: int = 10 * MIB
    dm_refusal: int | None = None

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False


@dataclass(eq=False)
class Member:
    """A user in a server; `role_ids` are raw and may name roles that are gone."""

    user: User
    guild: "Guild"
    role_ids: list[int] = field(default_factory=list)
    nick: str | None = None

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention


@dataclass(eq=False)
class Guild:
    """A server; `upload_limit` overrides what its boost tier allows, `bot_present` is False once the bot is removed."""

    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    locale: str = "en-US"
    features: list[str] = field(default_factory=list)
    upload_limit: int | None = None
    bot_present: bool = True
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)

    @property
    def file_limit(self) -> int:
        return self.upload_limit if self.upload_limit is not None else TIER_LIMITS[self.premium_tier]


@dataclass(eq=False)
class Channel:
    """A place for messages; `overwrites` maps a role's or member's id to (allowed bits, denied bits)."""

    id: int
    type: int
    name: str = ""
    guild: Guild | None = None
    parent: "Channel | None" = None
    recipient: User | None = None
    nsfw: bool = False
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    owner_id: int = 0
    thread_members: set[int] = field(default_factory=set)
    messages: dict[int, "Message"] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.type in (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD)


@dataclass(eq=False)
class StoredFile:
    """A file that was uploaded; `data` is None where the stand-in was told not to keep bytes."""

    id: int
    filename: str
    size: int
    sha256: str
    data: bytes | None
    content_type: str | None
    channel_id: int
    description: str | None = None
    ephemeral: bool = False
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Pings:
    """Who is really notified by a new message."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


@dataclass(eq=False)
class Message:
    """A message as it stands now; `pings` are of its sending, `mentions` of its latest text, `edits` counts changes."""

    id: int
    channel: Channel
    author: User
    created: float
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)
    flags: int = 0
    type: int = DEFAULT
    nonce: str | int | None = None
    reference: "Message | None" = None
    pings: Pings = field(default_factory=Pings)
    mentions: Pings = field(default_factory=Pings)
    shown_files: set[int] = field(default_factory=set)
    edited: float | None = None
    edits: int = 0
    thread: Channel | None = None
    visible_to: int | None = None
    interaction: Json | None = None
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def v2(self) -> bool:
        return bool(self.flags & COMPONENTS_V2)

    @property
    def text(self) -> str:
        """All that a person reads in it: content, then every text display."""
        shown = [part["content"] for part in walk(self.components) if part["type"] == 10]
        return "\n".join(filter(None, [self.content, *shown]))

    @property
    def custom_ids(self) -> list[str]:
        return [part["custom_id"] for part in walk(self.components) if "custom_id" in part]


def walk(components: list[Json]) -> list[Json]:
    """Every component, nested ones and accessories included, in the order in which Discord counts them."""
    found: list[Json] = []
    for part in components:
        found.append(part)
        found += walk(part.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(part.get(key), dict):
                found += walk([part[key]])
    return found
