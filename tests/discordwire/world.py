"""Knows everything that exists in the simulated Discord and the time there, and lets a test change it."""

import hashlib
import hmac
import mimetypes
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from . import permissions
from .model import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    CHANNEL_TYPES,
    DM,
    MIB,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    StoredFile,
    User,
)

if TYPE_CHECKING:
    from .interactions import Interaction

DISCORD_EPOCH = 1_420_070_400_000
LINK_LIFE = 86_400


class World:
    """One server with one text channel and one member to begin with: `guild`, `channel`, `member`."""

    def __init__(self, *, keep_bytes: bool = True, shards: int = 1) -> None:
        self.keep_bytes = keep_bytes
        #: Whether interactions say no more of their channel than Discord promises.
        self.partial_channels = False
        #: Whether whoever acts has brought the bot along, and the server itself has none.
        self.user_installed = False
        self.shards = shards
        self.ack_seconds = 3.0
        self.token_seconds = 900.0
        self.nonce_seconds = 180.0
        self.dm_limit = 10 * MIB
        self.request_limit: int | None = None
        self.refuse_new_media_in_v2_edits = True
        self.interactions_endpoint_url: str | None = None
        self.cdn_base = ""
        self._ahead = 0.0
        self._last_id = 0
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[int, StoredFile] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: dict[int | None, list[Json]] = {None: []}
        self.command_permissions: dict[tuple[int, int], list[Json]] = {}
        self.nonces: dict[tuple[int, int, str], tuple[Message, float]] = {}
        self.bot = self.add_user("clapper", bot=True)
        self.application_id = self.bot.id
        self.owner = self.add_user("owner")
        self.guild = self.add_guild("Cinema")
        self.channel = self.add_channel("films")
        self.member = self.add_member("ada")

    # Time and numbers

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move Discord's clock on: interaction tokens, nonces and links grow older, nobody waits."""
        self._ahead += seconds

    def new_id(self) -> int:
        """A snowflake of now; a later one is always greater."""
        self._last_id = max(self._last_id + 1, int(self.now() * 1000 - DISCORD_EPOCH) << 22)
        return self._last_id

    # People and places

    def add_user(self, username: str, *, bot: bool = False, locale: str = "en-US") -> User:
        one = User(self.new_id(), username, bot=bot, locale=locale)
        self.users[one.id] = one
        return one

    def add_guild(self, name: str, *, premium_tier: int = 0, locale: str = "en-US") -> Guild:
        """A server with the usual rights for everyone, and the bot in it."""
        one = Guild(self.new_id(), name, self.owner.id, premium_tier, locale)
        one.roles[one.id] = Role(one.id, "@everyone", permissions.USUAL)
        for user in (self.bot, self.owner):
            one.members[user.id] = Member(user, one)
        self.guilds[one.id] = one
        return one

    def add_role(self, name: str, *granted: str, guild: Guild | None = None, mentionable: bool = False) -> Role:
        one = Role(self.new_id(), name, permissions.bits(*granted), mentionable)
        (guild or self.guild).roles[one.id] = one
        return one

    def add_member(self, who: str | User, *roles: Role, guild: Guild | None = None, locale: str = "en-US") -> Member:
        user = self.add_user(who, locale=locale) if isinstance(who, str) else who
        place = guild or self.guild
        place.members[user.id] = Member(user, place, [role.id for role in roles])
        return place.members[user.id]

    def add_channel(
        self,
        name: str,
        type: str = "text",
        *,
        guild: Guild | None = None,
        category: Channel | None = None,
        nsfw: bool = False,
    ) -> Channel:
        """A channel of type text, announcement, voice, stage, forum, media or category."""
        one = Channel(self.new_id(), CHANNEL_TYPES[type], name, guild or self.guild, category, nsfw=nsfw)
        self.channels[one.id] = one
        return one

    def add_thread(
        self, parent: Channel, name: str, *, private: bool = False, archived: bool = False, locked: bool = False
    ) -> Channel:
        return self.make_thread(self.new_id(), parent, name, self.owner, private, archived=archived, locked=locked)

    def make_thread(
        self,
        thread_id: int,
        parent: Channel,
        name: str,
        by: User,
        private: bool = False,
        *,
        archived: bool = False,
        locked: bool = False,
    ) -> Channel:
        kind = ANNOUNCEMENT_THREAD if parent.type == ANNOUNCEMENT else PRIVATE_THREAD if private else PUBLIC_THREAD
        one = Channel(thread_id, kind, name, parent.guild, parent, archived=archived, locked=locked, owner_id=by.id)
        one.thread_members.add(by.id)
        self.channels[one.id] = one
        return one

    def dm(self, who: User | Member) -> Channel:
        """The direct messages between the bot and someone: made when first asked for."""
        user = who.user if isinstance(who, Member) else who
        found = next((one for one in self.channels.values() if one.type == DM and one.recipient is user), None)
        if found is None:
            found = Channel(self.new_id(), DM, recipient=user)
            self.channels[found.id] = found
        return found

    # What a test may do to them

    def deny(self, channel: Channel, *names: str, to: Member | Role | None = None) -> None:
        """Deny permissions in a channel, to the bot unless someone else is named."""
        target, allow, deny = self._overwrite(channel, to)
        bits = permissions.bits(*names)
        channel.overwrites[target] = (allow & ~bits, deny | bits)

    def allow(self, channel: Channel, *names: str, to: Member | Role | None = None) -> None:
        target, allow, deny = self._overwrite(channel, to)
        bits = permissions.bits(*names)
        channel.overwrites[target] = (allow | bits, deny & ~bits)

    def _overwrite(self, channel: Channel, to: Member | Role | None) -> tuple[int, int, int]:
        assert not channel.is_thread, "a thread has the permissions of its parent"
        target = to.id if to else self.bot.id
        return target, *channel.overwrites.get(target, (0, 0))

    def close_dms(self, who: User | Member, code: int = 50007) -> None:
        """From now on a direct message of the bot is refused with this code (50278: no server in common)."""
        (who.user if isinstance(who, Member) else who).dm_refusal = code

    def open_dms(self, who: User | Member) -> None:
        (who.user if isinstance(who, Member) else who).dm_refusal = None

    def remove_bot(self, guild: Guild | None = None) -> None:
        (guild or self.guild).bot_present = False

    def delete_channel(self, channel: Channel) -> None:
        """Remove a channel with its threads."""
        for one in [each for each in self.channels.values() if each is channel or each.parent is channel]:
            del self.channels[one.id]

    def delete_message(self, message: Message) -> None:
        message.deleted = True
        message.channel.messages.pop(message.id, None)

    def say(self, who: Member | User, channel: Channel, content: str, *files: tuple[str, bytes]) -> Message:
        """A message of a person."""
        user = who.user if isinstance(who, Member) else who
        one = Message(self.new_id(), channel, user, self.now(), content)
        one.files = [self.store(name, data, channel) for name, data in files]
        channel.messages[one.id] = one
        return one

    # Looking

    def messages(self, place: Channel | int) -> list[Message]:
        """What everyone sees there, oldest first: no answers for one person's eyes, no word of the system."""
        channel = place if isinstance(place, Channel) else self.channels[place]
        return [one for one in channel.messages.values() if not one.ephemeral and one.type != 21]

    def threads(self, parent: Channel | None = None) -> list[Channel]:
        return [one for one in self.channels.values() if one.is_thread and (parent is None or one.parent is parent)]

    def rights(self, channel: Channel, who: Member | None = None) -> int:
        """Permission bits in a channel, the bot's unless a member is named."""
        if channel.guild is None:
            return permissions.IN_DM | permissions.USUAL
        member = who or channel.guild.members.get(self.bot.id)
        return permissions.in_channel(member, channel) if member and channel.guild.bot_present else 0

    # Files

    def store(
        self, filename: str, data: bytes, channel: Channel, *, content_type: str | None = None, ephemeral: bool = False
    ) -> StoredFile:
        digest = hashlib.sha256(data).hexdigest()
        kind = content_type or mimetypes.guess_type(filename)[0]
        one = StoredFile(self.new_id(), filename, len(data), digest, data, kind, channel.id, ephemeral=ephemeral)
        self.files[one.id] = one
        return one

    def cdn_url(self, one: StoredFile) -> str:
        """A signed address that dies in a day, on the stand-in itself."""
        issued = int(self.now())
        path = f"/cdn/attachments/{one.channel_id}/{one.id}/{quote(one.filename)}"
        expires = issued + LINK_LIFE
        return f"{self.cdn_base}{path}?ex={expires:x}&is={issued:x}&hm={self.signature(one, f'{expires:x}')}&"

    def signature(self, one: StoredFile, expires: str) -> str:
        return hmac.new(b"stand-in", f"{one.id}?{expires}".encode(), hashlib.sha256).hexdigest()
