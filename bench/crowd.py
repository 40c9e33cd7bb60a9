"""A gateway with thousands of servers: READY lists each, and who asks for `guilds` is told about each."""

from __future__ import annotations

from typing import Any

from tests.discordwire import DiscordWire, payloads
from tests.discordwire.gateway import DISPATCH, Gateway, Session, Socket
from tests.discordwire.model import Guild, Json

#: The intent whose bearers get GUILD_CREATE.
_GUILDS = 1
#: What a server is described with.
CHANNELS, ROLES, MEMBERS = 10, 10, 5


class Crowd(Gateway):
    """As at Discord: servers are unavailable in READY, and described afterwards to those who asked for them."""

    @classmethod
    def on(cls, wire: DiscordWire) -> None:
        """Put it in place of a stand-in's gateway, before that is opened."""
        wire.gateway = cls(wire, wire, wire.token)

    def _ready(self, session: Session) -> dict[str, Any]:
        listed = [{"id": str(server), "unavailable": True} for server in self._world.guilds]
        return super()._ready(session) | {"guilds": listed}

    async def _identify(self, socket: Socket, data: Json) -> Session | None:
        session = await super()._identify(socket, data)
        if session and session.intents & _GUILDS:
            for server in self._world.guilds.values():
                session.sequence += 1
                told = {"op": DISPATCH, "t": "GUILD_CREATE", "s": session.sequence, "d": described(server)}
                await socket.send(told)
        return session


def described(server: Guild) -> Json:
    """A server as GUILD_CREATE tells it, with channels, roles and members that nobody else knows of."""
    base = server.id + 1
    roles = [payloads.role(role) for role in server.roles.values()]
    member = payloads.member(next(iter(server.members.values())))
    channel = {
        "type": 0,
        "topic": None,
        "position": 1,
        "parent_id": None,
        "nsfw": False,
        "permission_overwrites": [],
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "flags": 0,
    }
    return payloads.guild(server) | {
        "roles": roles + [roles[0] | {"id": str(base + n), "name": f"role {n}"} for n in range(ROLES)],
        "channels": [channel | {"id": str(base + 100 + n), "name": f"channel-{n}"} for n in range(CHANNELS)],
        "members": [
            member | {"user": member["user"] | {"id": str(base + 200 + n), "username": f"m{base + n}"}}
            for n in range(MEMBERS)
        ],
        "member_count": MEMBERS,
        "joined_at": "2024-01-01T00:00:00+00:00",
        "large": False,
        "unavailable": False,
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
