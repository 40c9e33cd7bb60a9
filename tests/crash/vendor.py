"""The API's stand-in with a hook before and after each request that it gets, and each that it makes of the bot."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp import web

from demo.videoapi import VideoAPI
from tests import clips
from tests.discordwire import Drop

#: Called with (who, method, path with names for its parts, "before" or "after"); raises Drop to cut the line.
Hook = Callable[[str, str, str, str], Awaitable[None]]


class Vendor(VideoAPI):
    """`seconds` are a range from which each film's time is drawn; `hook` hears of every request."""

    def __init__(
        self, token: str, *, seconds: tuple[float, float], max_in_flight: int, hook: Hook, dice: random.Random
    ):
        film = clips.film(160, 90, 0.5)
        super().__init__(
            token=token, seconds=seconds[0], render=lambda request, pictures: film, max_in_flight=max_in_flight
        )
        self.retry_after = 0.3
        self._range = seconds
        self._hook = hook
        self.dice = dice

    def app(self) -> web.Application:
        app = super().app()
        app.middlewares.insert(0, self._around)
        return app

    async def idle(self) -> None:
        """Wait until every task has ended and the last late callback is sent."""
        while lives := [life for life in self._lives if not life.done()]:
            await lives[0]

    @web.middleware
    async def _around(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        resource = request.match_info.route.resource
        what = ("api", request.method, resource.canonical if resource else request.path)
        self.seconds = self.dice.uniform(*self._range)
        try:
            await self._hook(*what, "before")
            answer = await self.answer(request, handler)
            await self._hook(*what, "after")
        except Drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return answer

    async def answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """The real answer; a place for further mischief."""
        return await handler(request)

    async def _open(self, app: web.Application) -> AsyncIterator[None]:
        # The stand-in's own requests (callbacks, pictures) go through a session that tells of them.
        traces = aiohttp.TraceConfig()
        traces.on_request_start.append(self._begins)
        traces.on_request_end.append(self._ended)
        async for _ in super()._open(app):
            async with aiohttp.ClientSession(trace_configs=[traces]) as session:
                self.studio.session = session
                yield

    async def _begins(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, what: aiohttp.TraceRequestStartParams
    ) -> None:
        await self._asks(what, "before")

    async def _ended(self, _: aiohttp.ClientSession, __: SimpleNamespace, what: aiohttp.TraceRequestEndParams) -> None:
        await self._asks(what, "after")

    async def _asks(self, what: Any, when: str) -> None:
        try:
            await self._hook("bot", what.method, f"/{what.url.raw_parts[1]}/{{name}}", when)
        except Drop:
            raise aiohttp.ClientConnectionError("the bot died") from None
