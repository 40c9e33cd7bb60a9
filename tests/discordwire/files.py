"""Knows how what a person attaches or names in an interaction is filed under `resolved`."""

from dataclasses import dataclass

from . import payloads
from .model import Channel, Json, Member, Message, Role, User
from .permissions import in_channel
from .world import World


@dataclass(frozen=True)
class Attached:
    """A file with claims of its own: Discord believes names, so type and measures may be untrue, and size too."""

    filename: str
    data: bytes
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    claimed_size: int | None = None


Attachable = Attached | tuple[str, bytes]


class Filing:
    """Collects the `resolved` objects of one interaction."""

    def __init__(self, world: World, channel: Channel) -> None:
        self._world = world
        self._channel = channel
        self.resolved: Json = {}

    def attach(self, given: Attachable) -> int:
        """Upload a file for this interaction only; its id."""
        one = given if isinstance(given, Attached) else Attached(*given)
        stored = self._world.store(one.filename, one.data, self._channel, content_type=one.content_type, ephemeral=True)
        stored.width, stored.height = one.width, one.height
        stored.size = one.claimed_size if one.claimed_size is not None else stored.size
        self._put("attachments", stored.id, payloads.attachment(stored, self._world))
        return stored.id

    def resolve(self, target: Member | User | Role | Channel | Message) -> int:
        if isinstance(target, Member | User):
            user = target.user if isinstance(target, Member) else target
            self._put("users", user.id, payloads.user(user))
            guild = self._channel.guild
            if guild is not None and user.id in guild.members:
                told = payloads.member(guild.members[user.id], self._channel)
                self._put("members", user.id, {key: told[key] for key in told if key not in ("user", "deaf", "mute")})
        elif isinstance(target, Role):
            self._put("roles", target.id, payloads.role(target))
        elif isinstance(target, Channel):
            told = payloads.channel(target) | {"permissions": str(self._rights(target))}
            self._put("channels", target.id, told)
        else:
            self._put("messages", target.id, payloads.message(target, self._world))
        return target.id

    def _rights(self, channel: Channel) -> int:
        return in_channel(channel.guild.members[self._world.owner.id], channel) if channel.guild else 0

    def _put(self, kind: str, target: int, told: Json) -> None:
        self.resolved.setdefault(kind, {})[str(target)] = told
