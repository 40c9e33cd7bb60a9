"""Knows the gateway: a websocket that greets, identifies, resumes, answers heartbeats and delivers events."""

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from . import payloads
from .journal import Journal
from .model import Json
from .world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = (
    0,
    1,
    2,
    3,
    6,
    7,
    9,
    10,
    11,
)
AUTHENTICATION_FAILED, INVALID_SHARD, NOT_AUTHENTICATED = 4004, 4010, 4003


@dataclass(eq=False)
class Session:
    """What survives a broken connection: the events that were sent, to be sent again after a RESUME."""

    id: str
    shard: int
    count: int
    intents: int
    sequence: int = 0
    backlog: list[Json] = field(default_factory=list)
    socket: "Socket | None" = None


class Socket:
    """One websocket; with `compress=zlib-stream` everything goes through one stream of zlib, as at Discord."""

    def __init__(self, ws: web.WebSocketResponse, compressed: bool) -> None:
        self.ws = ws
        self._zlib = zlib.compressobj() if compressed else None

    async def send(self, payload: Json) -> None:
        text = json.dumps(payload)
        if self._zlib is None:
            await self.ws.send_str(text)
        else:
            data = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
            await self.ws.send_bytes(data)


class Gateway:
    """`identifies` are the IDENTIFY payloads so far, one for each start; `resumes` counts taken-up sessions."""

    def __init__(self, world: World, journal: Journal, token: str, heartbeat_ms: int = 41_250) -> None:
        self._world = world
        self._journal = journal
        self._token = token
        self._heartbeat_ms = heartbeat_ms
        self.url = ""
        self.identifies: list[Json] = []
        self.resumes = 0
        self.heartbeats = 0
        self.sessions: dict[str, Session] = {}
        self._open: set[web.WebSocketResponse] = set()

    def live(self, guild_id: int | None = None) -> list[Session]:
        """The connected sessions; with a server, those of its shard (direct messages go to shard 0)."""
        found = [one for one in self.sessions.values() if one.socket is not None]
        if guild_id is not None:
            found = [one for one in found if (guild_id >> 22) % one.count == one.shard]
        return found

    def whole(self) -> bool:
        """Every shard has a connected session."""
        return {one.shard for one in self.live()} >= set(range(self._world.shards))

    async def dispatch(self, event: str, data: Json, guild_id: int) -> int:
        """Send an event to whoever serves this server; how many connections took it."""
        taken = 0
        for session in self.live(guild_id):
            taken += await self._send_event(session, event, data)
        return taken

    async def _send_event(self, session: Session, event: str, data: Json) -> int:
        session.sequence += 1
        payload: Json = {"op": DISPATCH, "t": event, "s": session.sequence, "d": data}
        session.backlog.append(payload)
        if session.socket is None:
            return 0
        try:
            await session.socket.send(payload)
        except (ConnectionError, RuntimeError):
            return 0
        return 1

    async def disconnect(self, code: int = 4000) -> None:
        """Close every connection as a broken one; clients take their sessions up again."""
        for session in self.live():
            assert session.socket is not None
            await session.socket.ws.close(code=code)

    async def ask_to_reconnect(self) -> None:
        for session in self.live():
            assert session.socket is not None
            await session.socket.send({"op": RECONNECT, "d": None, "s": None, "t": None})

    async def close(self) -> None:
        for ws in list(self._open):
            await ws.close(code=1001)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=16 * 1024)
        await ws.prepare(request)
        self._open.add(ws)
        socket = Socket(ws, request.query.get("compress") == "zlib-stream")
        session: Session | None = None
        try:
            await socket.send({"op": HELLO, "d": {"heartbeat_interval": self._heartbeat_ms}, "s": None, "t": None})
            async for message in ws:
                if message.type is not WSMsgType.TEXT:
                    continue
                session = await self._receive(socket, session, json.loads(message.data))
        except ConnectionError:
            pass  # a killed client: its session stays, to be resumed or forgotten
        finally:
            self._open.discard(ws)
            if session is not None and session.socket is socket:
                session.socket = None
            self._journal.changed()
        return ws

    async def _receive(self, socket: Socket, session: Session | None, payload: Json) -> Session | None:
        op, data = payload.get("op"), payload.get("d")
        if op == HEARTBEAT:
            self.heartbeats += 1
            await socket.send({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
        elif op == IDENTIFY and isinstance(data, dict):
            return await self._identify(socket, data)
        elif op == RESUME and isinstance(data, dict):
            return await self._resume(socket, data)
        elif session is None:
            await socket.ws.close(code=NOT_AUTHENTICATED)
        elif op != PRESENCE:
            self._journal.unexpected.append(f"gateway op {op}: {data}")
        return session

    async def _identify(self, socket: Socket, data: Json) -> Session | None:
        if data.get("token") != self._token:
            await socket.ws.close(code=AUTHENTICATION_FAILED)
            return None
        shard, count = data.get("shard") or (0, 1)
        if not 0 <= shard < count:
            await socket.ws.close(code=INVALID_SHARD)
            return None
        session = Session(f"session-{len(self.identifies)}", shard, count, data.get("intents", 0))
        session.socket = socket
        self.sessions[session.id] = session
        self.identifies.append(data)
        await self._send_event(session, "READY", self._ready(session))
        self._journal.changed()
        return session

    def _ready(self, session: Session) -> dict[str, Any]:
        return {
            "v": 10,
            "user": payloads.user(self._world.bot) | {"mfa_enabled": True, "verified": True, "email": None},
            "guilds": [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": [session.shard, session.count],
            "application": {"id": str(self._world.application_id), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "presences": [],
        }

    async def _resume(self, socket: Socket, data: Json) -> Session | None:
        session = self.sessions.get(data.get("session_id", ""))
        if session is None or data.get("token") != self._token:
            await socket.send({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return None
        old, session.socket = session.socket, socket  # a client notices a broken line before its server does
        if old is not None:
            await old.ws.close(code=4000)
        for payload in [one for one in session.backlog if one["s"] > (data.get("seq") or 0)]:
            await socket.send(payload)
        self.resumes += 1
        await self._send_event(session, "RESUMED", {})
        self._journal.changed()
        return session
