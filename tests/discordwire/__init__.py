"""Knows Discord from the outside: a strict stand-in over real sockets that a real bot can run against."""

from .errors import ApiError
from .faults import Drop, Fault
from .files import Attached
from .interactions import Interaction
from .journal import Call
from .model import Channel, Guild, Member, Message, Pings, Role, StoredFile, User, walk
from .permissions import BITS
from .wire import DiscordWire

__all__ = [
    "BITS",
    "ApiError",
    "Attached",
    "Call",
    "Channel",
    "DiscordWire",
    "Drop",
    "Fault",
    "Guild",
    "Interaction",
    "Member",
    "Message",
    "Pings",
    "Role",
    "StoredFile",
    "User",
    "walk",
]
