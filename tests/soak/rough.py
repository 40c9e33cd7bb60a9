"""The two stand-ins with bad manners: they fail at random, before and after they have done what was asked."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web

from tests.crash.vendor import Vendor
from tests.discordwire import Call, DiscordWire, Drop, Fault

MESSAGES = "/channels/{channel}/messages"
_ANY = re.compile("")
#: Of 1,000 calls, so many meet each of these, before they are acted upon and after.
_BEFORE = {"500": 8, "503": 5, "429": 8, "429 shared": 3, "429 global": 1, "drop": 5}
_AFTER = {"500": 4, "503": 4, "drop": 4}
#: ... of the messages into the bot's own threads, and of those with files.
_FORBIDDEN, _TOO_LARGE = 4, 2
#: What is left alone: without these the bot does not even start.
_START = {"/users/@me", "/oauth2/applications/@me", "/gateway/bot", "/applications/{application}/commands"}


class RoughWire(DiscordWire):
    """Discord on a bad day, once `rough` is set; `met` counts what it did."""

    def __init__(self, token: str, dice: random.Random) -> None:
        super().__init__(token, keep_bytes=False)
        self._dice = dice
        self.rough = False
        self.met: Counter[str] = Counter()

    def take(self, call: Call, *, after: bool) -> Fault | None:
        planned = super().take(call, after=after)
        if planned or not self.rough or call.template in _START or call.path.startswith("/cdn/"):
            return planned
        shares = dict(_AFTER if after else _BEFORE)
        if not after and (call.method, call.template) == ("POST", MESSAGES):
            channel = self.channels.get(int(call.path.split("/")[2]))
            # Other places keep their goodwill: a refusal there is believed for an hour.
            if channel is not None and channel.is_thread and channel.owner_id == self.bot.id:
                shares |= {"403": _FORBIDDEN, "40005": _TOO_LARGE}
        dice = self._dice.random() * 1_000
        for kind, share in shares.items():
            dice -= share
            if dice < 0:
                self.met[f"Discord {kind}{' after the act' if after else ''}"] += 1
                return _fault(kind, call, after)
        return None


def _fault(kind: str, call: Call, after: bool) -> Fault:
    one = Fault(call.method, _ANY, after=after)
    if kind == "drop":
        one.drop = True
    elif kind == "403":
        one.status, one.code, one.message = 403, 50013, "Missing Permissions"
    elif kind == "40005":
        one.status, one.code, one.message = 413, 40005, "Request entity too large"
    elif kind.startswith("429"):
        scope = kind.removeprefix("429").strip() or "user"
        text = "You are being rate limited."
        one.status, one.message = 429, text
        one.headers = {"Retry-After": "0.3", "X-RateLimit-Scope": scope}
        if scope == "global":
            one.headers["X-RateLimit-Global"] = "true"
        one.body = {"message": text, "retry_after": 0.3, "global": scope == "global", "code": 0}
    else:
        one.status = int(kind)
    return one


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


#: Path → what so many of 1,000 requests meet; "after" is after the request was carried out.
_SHARES: dict[str, dict[str, int]] = {
    "/sora/videos": {
        **{"500": 8, "502 page": 5, "429": 15, "reset": 8, "401": 1, "403 used_up": 1, "503": 3},
        **{"slow": 30, "500 after": 10, "502 page after": 5, "reset after": 10, "half after": 10},
    },
    "/sora/tasks": {
        **{"500": 20, "502 page": 10, "429": 15, "reset": 20, "slow": 20, "page": 10, "half after": 20},
    },
    "/films/": {"500": 15, "404": 8, "429": 5, "reset": 15, "slow": 20, "half after": 15},
}
_CODES = {"500": "api_error", "429": "too_many_requests", "401": "invalid_token", "503": "api_error"}


class RoughVendor(Vendor):
    """The API on a bad day, once `rough` is set; `met` counts what it did."""

    rough = False

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.met: Counter[str] = Counter()

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        kind = self._choose(request.path) if self.rough else ""
        if not kind:
            return await handler(request)
        self.met[f"API {request.path.split('/')[1]} {kind}"] += 1
        what, after = kind.removesuffix(" after"), kind.endswith(" after")
        if what == "slow":
            await asyncio.sleep(self.dice.uniform(0.3, 3))
            return await handler(request)
        if after:
            answer = await handler(request)
            if what == "half":
                return await self._half(request, answer)
        else:
            await request.read()
        if what == "reset":
            raise Drop
        if "page" in what:
            status = int(what.split()[0]) if what[0].isdigit() else 200
            return web.Response(status=status, text="<html><h1>Bad gateway</h1></html>", content_type="text/html")
        status = int(what.split()[0])
        code = what.split()[1] if " " in what else _CODES.get(what, "api_error")
        body = {"success": False, "error": {"code": code, "message": "a bad day"}, "trace_id": "trace"}
        return web.json_response(body, status=status, headers={"Retry-After": "1"} if status == 429 else {})

    def _choose(self, path: str) -> str:
        shares = next((shares for start, shares in _SHARES.items() if path.startswith(start)), {})
        dice = self.dice.random() * 1_000
        for kind, share in shares.items():
            dice -= share
            if dice < 0:
                return kind
        return ""

    async def _half(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        """The answer's beginning, then nothing."""
        body = answer.body if isinstance(answer, web.Response) else b"\0" * 2_000
        data = body if isinstance(body, bytes) else b"{}"
        cut = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
        cut.content_length = len(data)
        with suppress(ConnectionError):  # the bot may have gone first
            await cut.prepare(request)
            await cut.write(data[: len(data) // 2])
        raise Drop
