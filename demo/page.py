"""The page of the demo: simcord's own preview behind a small proxy, with a list of places to walk to.

Five things cannot be had of simcord's page otherwise: it never looks at the world by itself; a press that meets a look
is refused; it turns every film into VP9 before showing it (ten seconds of portrait take about the half minute that it
allows, and over 10 MiB it gives up); it shows one channel for as long as it lives; its tools for testers puzzle.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import aiohttp
import simcord
from aiohttp import web
from aiohttp.typedefs import Handler

from demo.world import World

log = logging.getLogger(__name__)

#: What simcord itself accepts in one action: ten files, 25 MiB together, and their envelope.
_MAX_ACTION = 27 * 1024 * 1024

#: The state that a press was made on. A visitor's words cannot look like it: their quotes are escaped.
_REVISION = re.compile(rb'(?<!\\)"published_revision":\d+')

#: Headers that speak of one connection only, or of the address that the visitor sees.
_NOT_PASSED_ON = frozenset(
    ["connection", "content-encoding", "content-length", "host", "keep-alive", "origin", "transfer-encoding"]
)

#: What is put into simcord's page: `page.css`, `light.css` and `page.js`.
_FOLDER = Path(__file__).parent
_STYLES = (
    '<link rel="stylesheet" href="/demo/page.css">'
    '<link rel="stylesheet" href="/demo/light.css" media="(prefers-color-scheme: light)">'
)


class Page:
    """Brings news, walks, keeps presses apart and hands films over as they are."""

    def __init__(self, world: World, session: aiohttp.ClientSession, *, title: str, hint: str) -> None:
        self.port = 0
        self.key = secrets.token_urlsafe(24)
        self._world = world
        self._session = session
        self._title = escape(title)
        self._hint = escape(hint)
        self._preview: simcord.Preview | None = None
        self._here = 0
        self._read = {handle.id: self._newest(handle) for handle in self._handles()}
        self._published = -1

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_MAX_ACTION, middlewares=[self._only_this_address])
        app.router.add_get("/", self._index)
        app.router.add_get("/demo/page.css", self._ours)
        app.router.add_get("/demo/light.css", self._ours)
        app.router.add_get("/demo/page.js", self._ours)
        app.router.add_get("/demo/places", self._places)
        app.router.add_post("/demo/places/{id}", self._walk)
        app.router.add_get("/api/state", self._state)
        app.router.add_post("/api/action", self._action)
        app.router.add_get("/api/assets/{id}", self._asset)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        return app

    async def go(self, channel_id: int) -> None:
        """Show another place. simcord's page is bound to its channel, so this is another page behind our address."""
        env, visitor = self._world.env, self._world.visitor
        known = {handle.id: handle for handle in self._handles()}
        target = known[channel_id]
        viewers = [visitor.user] if target.guild is None else [visitor, self._world.moderator]
        await self.close()
        self._preview = env.preview(target, viewers=viewers, layout="channel")
        await self._preview.__aenter__()
        self._here, self._published = channel_id, -1

    async def close(self) -> None:
        if self._preview is not None:
            await self._preview.close()

    def _handles(self) -> list[simcord.ChannelHandle]:
        """Every place that the visitor can walk to, in Discord's order: channels, their threads, the bot's DMs."""
        found: list[simcord.ChannelHandle] = []
        for channel in self._world.guild.channels.values():
            found += [channel, *channel.threads]
        return [*found, self._world.visitor.user.dm_channel]

    @web.middleware
    async def _only_this_address(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep the pages of other sites out, as simcord does: neither their name nor their origin is ours."""
        ours = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        origin = request.headers.get("Origin", "null")
        if request.host not in ours or (origin != "null" and origin.removeprefix("http://") not in ours):
            raise web.HTTPForbidden
        return await handler(request)

    async def _index(self, request: web.Request) -> web.Response:
        answer = await self._pass_on(request)
        html = (answer.text or "").replace("<title>SimCord Preview</title>", f"<title>{self._title}</title>")
        html = html.replace("<strong>SimCord</strong><small>Preview</small>", f"<strong>{self._title}</strong>")
        html = html.replace("<body>", f'<body data-hint="{self._hint}">')
        html = html.replace("</head>", f"{_STYLES}</head>")
        answer.text = html.replace("</body>", '<script type="module" src="/demo/page.js"></script></body>')
        return answer

    async def _ours(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(_FOLDER / request.path.rpartition("/")[2])

    async def _places(self, request: web.Request) -> web.Response:
        self._check_key(request)
        answer: list[dict[str, Any]] = []
        for handle in self._handles():
            last = self._newest(handle)
            if handle.id == self._here:
                self._read[handle.id] = last
            answer.append(
                {
                    "id": str(handle.id),
                    "name": _name(handle),
                    "here": handle.id == self._here,
                    "inside": handle.is_thread,
                    "news": last > self._read.get(handle.id, 0),
                }
            )
        return web.json_response(answer)

    def _newest(self, handle: simcord.ChannelHandle) -> int:
        viewer = self._world.visitor.user if handle.guild is None else self._world.visitor
        return max((message.id for message in handle.history(viewer=viewer)), default=0)

    async def _walk(self, request: web.Request) -> web.Response:
        self._check_key(request)
        async with self._world.turn:
            try:
                await self.go(int(request.match_info["id"]))
            except (KeyError, ValueError):
                raise web.HTTPNotFound from None
        return web.Response()

    def _check_key(self, request: web.Request) -> None:
        if not secrets.compare_digest(request.headers.get("X-Simcord-Capability", ""), self.key):
            raise web.HTTPUnauthorized

    async def _state(self, request: web.Request) -> web.Response:
        """News, published exactly when the page asks: a page that is behind has its next press refused as stale."""
        async with self._world.turn:
            await self._look()
            return await self._pass_on(request)

    async def _action(self, request: web.Request) -> web.Response:
        """A press counts even if news came just before it: what it is aimed at is checked by itself."""
        async with self._world.turn:
            state = json.loads((await self._pass_on(request, "GET", "/api/state")).text or "{}")
            newest = b'"published_revision":%d' % state.get("publishedRevision", 0)
            return await self._pass_on(request, body=_REVISION.sub(newest, await request.read(), count=1))

    async def _asset(self, request: web.Request) -> web.Response:
        """A film as the bot sent it: browsers play H.264, and only simcord's download leaves it as it is."""
        if "download" in request.query:
            return await self._pass_on(request)
        film = await self._pass_on(request, query={"download": "1"})
        if not film.content_type.startswith("video/"):
            return await self._pass_on(request)
        if "poster" in request.query:
            raise web.HTTPNotFound  # the player then shows the first frame
        film.headers["Content-Disposition"] = "inline"
        return film

    async def _look(self) -> None:
        """Move the simulated time up to the real one, and publish if the bot has done anything since."""
        env = self._world.env
        try:
            await env.advance_time(max(0.0, (datetime.now(UTC) - env.now()).total_seconds()))
            done = len(env.http_requests)
            if self._preview is not None and done != self._published:
                await self._preview.refresh()
                self._published = done
        except TimeoutError as error:
            # The bot is busy with something that simcord cannot see through. The next look comes in half a second.
            log.debug("the simulation did not settle: %s", error)

    async def _pass_on(
        self,
        request: web.Request,
        method: str | None = None,
        path: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> web.Response:
        """Ask simcord's page the same, but for what is given here."""
        assert self._preview is not None
        upstream, _, capability = self._preview.url.partition("/#")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
        if headers.get("X-Simcord-Capability") == self.key:
            headers["X-Simcord-Capability"] = capability
        try:
            async with self._session.request(
                method or request.method,
                upstream + (path or request.path),
                params=request.query if query is None else query,
                headers=headers,
                data=body if body is not None or path else await request.read(),
            ) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_PASSED_ON}
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except aiohttp.ClientError:
            # Somebody walked away meanwhile, and this was for the page that is gone.
            raise web.HTTPServiceUnavailable from None


def _name(handle: simcord.ChannelHandle) -> str:
    if handle.guild is None:
        return "✉️ Clapper"
    return f"🧵 {handle.name}" if handle.is_thread else f"# {handle.name}"
