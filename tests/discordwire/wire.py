"""Knows how the pieces stand on one real port: REST, the gateway, and the file server."""

import json
import re
import traceback
from typing import Any, Self

from aiohttp import web

from . import rest_interactions, rest_messages, rest_places
from .acts import Acts
from .body import read_body
from .errors import ApiError
from .exchange import Exchange, Route
from .faults import Drop, Fault, Faults
from .gateway import Gateway
from .journal import Call, Journal
from .world import World

ROUTES: list[Route] = [*rest_places.ROUTES, *rest_messages.ROUTES, *rest_interactions.ROUTES]
PATTERNS = [(route, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.template))) for route in ROUTES]
API = "/api/v10"
MOST_BODY = 1 << 30


class DiscordWire(Acts, Faults):
    """A strict stand-in for Discord: `async with DiscordWire() as wire`, then point a bot to `wire.api_url`.

    Its rules can be widened by attributes: `ack_seconds`, `token_seconds`, `nonce_seconds`, `dm_limit`,
    `request_limit`, `refuse_new_media_in_v2_edits`.
    """

    def __init__(self, token: str = "wire-token", *, keep_bytes: bool = True, shards: int = 1) -> None:
        World.__init__(self, keep_bytes=keep_bytes, shards=shards)
        Journal.__init__(self)
        Faults.__init__(self)
        self.token = token
        self.gateway = Gateway(self, self, token)
        self.api_url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MOST_BODY)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/cdn/{path:.*}", self._serve_file)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # Files of a killed client stop halfway; nothing waits for their rest when the test is over.
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.cdn_base = f"http://127.0.0.1:{port}"
        self.api_url = self.cdn_base + API
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.close()
        assert self._runner is not None
        await self._runner.cleanup()

    async def ready(self, starts: int = 1, timeout: float = 20) -> None:
        """Every shard is connected, and the bot has identified at least so many times: a restart makes it one more."""
        await self.wait_for(lambda: len(self.gateway.identifies) >= starts and self.gateway.whole(), timeout)

    # REST

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        route, ids = _find(request.method, path) if request.path.startswith(API) else (None, {})
        call = Call(len(self.log) + 1, request.method, path)
        if route is None:
            self.unexpected.append(f"{request.method} {request.path}")
        else:
            call.template, call.counted = route.template, route.key == "bot"
        self.log.append(call)
        return await self._attend(request, call, lambda: self._answer(request, call, route, ids))

    async def _attend(self, request: web.Request, call: Call, answer: Any) -> web.StreamResponse:
        """Hooks and planned faults around the real answer."""
        self.changed()
        try:
            await self.run_hooks("before", call)
            if fault := self.take(call, after=False):
                return await self._fail(request, call, fault)
            response: web.StreamResponse = await answer()
            self.changed()
            await self.run_hooks("after", call)
            if fault := self.take(call, after=True):
                response = await self._fail(request, call, fault)
            else:
                call.status = response.status
        except Drop:
            response = self._drop(request)
        except Exception:
            # A test's hook that fails must not pass for an answer of Discord.
            self.unexpected.append(f"{call}: a hook failed\n{traceback.format_exc()}")
            response = self._drop(request)
        finally:
            self.changed()
        return response

    async def _answer(self, request: web.Request, call: Call, route: Route | None, ids: dict[str, str]) -> web.Response:
        try:
            if route is None:
                raise ApiError(404, 0, "404: Not Found")
            if route.key == "bot" and request.headers.get("Authorization") != f"Bot {self.token}":
                raise ApiError(401, 0, "401: Unauthorized")
            body = await read_body(request, keep_bytes=self.keep_bytes, limit=self.request_limit)
            call.payload = body.payload
            exchange = Exchange(self, ids, request.query, body, self.gateway.url)
            told = await route.handler(exchange)
        except ApiError as error:
            call.code = error.code
            return _json(call, error.status, error.body)
        except ConnectionError:
            raise Drop from None
        except Exception:
            # 503 is what discord.py does not try again: the test sees the stand-in's own fault at once.
            self.unexpected.append(f"{call}: the stand-in failed\n{traceback.format_exc()}")
            return _json(call, 503, {"message": "the stand-in failed", "code": 0})
        return _json(call, 204 if told is None else 200, told)

    async def _fail(self, request: web.Request, call: Call, fault: Fault) -> web.Response:
        if fault.drop:
            return self._drop(request)
        await request.release()
        call.status, call.code = fault.status, fault.code
        told = fault.body if fault.body is not None else {"message": fault.message, "code": fault.code}
        response = _json(call, fault.status, told)
        response.headers.update(fault.headers)
        if not fault.via:
            del response.headers["Via"]
        if isinstance(fault.body, str):
            response.headers["Content-Type"] = "text/html"
        return response

    def _drop(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    # Files

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        call = Call(
            len(self.downloads) + 1, "GET", request.path, "/cdn/attachments/{channel}/{file}/{name}", counted=False
        )
        self.downloads.append(call)

        async def answer() -> web.Response:
            expires = request.query.get("ex", "0")
            parts = request.path.split("/")
            stored = self.files.get(int(parts[4])) if len(parts) == 6 and parts[4].isdecimal() else None
            signed = stored is not None and request.query.get("hm") == self.signature(stored, expires)
            if stored is None or stored.data is None or not signed or int(expires, 16) < self.now():
                return web.Response(status=404, text="This content is no longer available.")
            kind = stored.content_type or "application/octet-stream"
            return web.Response(body=stored.data, headers={"Content-Type": kind, "Via": "1.1 google"})

        return await self._attend(request, call, answer)


def _find(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    for route, pattern in PATTERNS:
        if route.method == method and (found := pattern.fullmatch(path)):
            return route, found.groupdict()
    return None, {}


def _json(call: Call, status: int, told: Any) -> web.Response:
    """discord.py reads JSON only under exactly this type, and takes a 429 without `Via` for a ban."""
    headers = {"Via": "1.1 google"}
    if call.counted:
        headers |= {
            "X-RateLimit-Limit": "1000",
            "X-RateLimit-Remaining": "999",
            "X-RateLimit-Reset-After": "1.000",
            "X-RateLimit-Bucket": f"{call.method} {call.template}",
        }
    if status == 204:
        return web.Response(status=204, headers=headers)
    headers["Content-Type"] = "application/json"
    body = told if isinstance(told, str) else json.dumps(told)
    return web.Response(status=status, body=body.encode(), headers=headers)
