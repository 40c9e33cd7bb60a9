"""HTTP in: the API's callbacks, the pictures and clips that it fetches, the operator's health checks and figures."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, cast

from aiohttp import web

from domain import trail
from domain.faults import Fault

log = logging.getLogger("clapper.web")

#: Bytes and seconds of a callback's body.
BODY_MAX = 64 * 1024
BODY_SECONDS = 10
#: Seconds in which a connection asks for something, or is closed: a drip of headers would hold it for ever.
IDLE_SECONDS = 30.0
#: Seconds that a request in hand gets at the end.
_LAST_SECONDS = 2.0
#: A callback says at least one of these.
_SIGNS = ("task_id", "success", "data", "error", "task")

#: (purpose, name) → (job, number), or None for a link that is not ours.
ReadLink = Callable[[str, str], tuple[str, int] | None]
#: (job, attempt, body): settles what the API reports.
OnCallback = Callable[[str, int, dict[str, Any]], Awaitable[None]]
#: (job, number) → (content type, bytes), or None when it is not to be had (any more).
GetPicture = Callable[[str, int], Awaitable[tuple[str, bytes] | None]]
#: job → its clip (an MP4), or None when it is not to be had (any more).
GetClip = Callable[[str], Awaitable[bytes | None]]
#: Why the bot is not ready; empty when it is.
Health = Callable[[], Awaitable[list[str]]]
#: (what Prometheus reads, its content type).
Figures = Callable[[], Awaitable[tuple[bytes, str]]]
#: The purpose of links by which `doctor` finds out whether a public address leads here, and how they begin.
PROBE = "probe"


class PublicApp:
    """What the API may reach: POST /callback/{job}.{attempt}.{mac} and GET /media/{job}.{n}.{mac}.jpg (a clip: .mp4).

    A callback to a link of purpose "probe" is answered with `instance`, which tells this bot from any other.
    """

    def __init__(
        self,
        *,
        read_link: ReadLink,
        on_callback: OnCallback,
        get_picture: GetPicture,
        get_clip: GetClip,
        instance: str,
        on_outcome: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """`on_outcome` hears what became of each callback: accepted, forged, malformed, giant, slow."""
        self._read_link = read_link
        self._on_callback = on_callback
        self._get_picture = get_picture
        self._get_clip = get_clip
        self._instance = instance
        self._on_outcome = on_outcome
        #: Callbacks by what became of them.
        self.counts: Counter[str] = Counter()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_MAX, middlewares=[_no_traces])
        app.router.add_post("/callback/{name}", self.callback)
        app.router.add_get("/media/{name}", self.media)
        return app

    async def callback(self, request: web.Request) -> web.Response:
        """Forgeries cost no query; a body that says nothing is 400; all else is committed, then 200."""
        name = request.match_info["name"]
        if name.startswith(f"{PROBE}.") and self._read_link(PROBE, name):
            return web.json_response({"ok": True, "instance": self._instance})
        link = self._read_link("callback", name)
        if link is None:
            return self._refuse(404, "forged")
        if request.content_length is not None and request.content_length > BODY_MAX:
            return self._refuse(413, "giant")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                raw = await request.read()
        except TimeoutError:
            return self._refuse(408, "slow")
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(413, "giant")
        except (web.RequestPayloadError, ConnectionError):
            # It is not what its Content-Encoding says, its pieces do not fit, or its sender has gone.
            return self._refuse(400, "malformed")
        payload = _read_json(raw)
        if payload is None or not any(sign in payload for sign in _SIGNS):
            return self._refuse(400, "malformed")
        with trail.about(job=link[0]):
            await self._on_callback(*link, payload)
        self._count("accepted")
        return web.json_response({"ok": True})

    async def media(self, request: web.Request) -> web.Response:
        """A job's picture, or its clip, as long as the job is active."""
        name, _, ending = request.match_info["name"].rpartition(".")
        found = await self._find(name, ending)
        if found is None:
            return web.Response(status=404, text="Not found.")
        mime, data = found
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=300"}
        return web.Response(body=data, content_type=mime, headers=headers)

    async def _find(self, name: str, ending: str) -> tuple[str, bytes] | None:
        """(content type, bytes) of what a name and its ending stand for."""
        if ending == "jpg" and (link := self._read_link("media", name)):
            return await self._get_picture(*link)
        if ending == "mp4" and (link := self._read_link("clip", name)):
            data = await self._get_clip(link[0])
            return ("video/mp4", data) if data else None
        return None

    def _refuse(self, status: int, why: str) -> web.Response:
        self._count(why)
        response = web.json_response({"ok": False}, status=status)
        if status in (408, 413):
            response.force_close()  # the rest of the body is not worth reading
        return response

    def _count(self, outcome: str) -> None:
        self.counts[outcome] += 1
        self._on_outcome(outcome)


def _read_json(raw: bytes) -> dict[str, Any] | None:
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", payload) if isinstance(payload, dict) else None


@web.middleware
async def _no_traces(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Whatever goes wrong inside is ours to log and nobody's to read; 503 asks the caller to come again."""
    try:
        return await handler(request)
    except (web.HTTPException, asyncio.CancelledError):
        raise
    except Fault as fault:
        log.error("a request could not be served: %s", fault)
    except Exception:
        log.exception("a request could not be served")
    return web.json_response({"ok": False}, status=503, headers={"Retry-After": "30"})


def admin_app(health: Health, figures: Figures) -> web.Application:
    """What only the operator reaches: /livez (the loop turns), /readyz (everything that is needed works), /metrics."""

    async def livez(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        reasons = await health()
        return web.json_response({"ok": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(_: web.Request) -> web.Response:
        body, kind = await figures()
        return web.Response(body=body, headers={"Content-Type": kind})

    app = web.Application()
    app.router.add_get("/livez", livez)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


async def serve(stack: AsyncExitStack, app: web.Application, host: str, port: int) -> int:
    """Serve an app until the stack closes; returns the port that it really has. Raises OSError."""
    # The access log is silent unless LOG_LEVEL is DEBUG; the log itself masks what its addresses carry. Of requests
    # that are no HTTP aiohttp would write a whole trace each; what fails in our handlers is logged there.
    runner = web.AppRunner(
        app,
        access_log=logging.getLogger("aiohttp.access"),
        logger=logging.Logger("quiet", logging.CRITICAL + 1),
        shutdown_timeout=_LAST_SECONDS,
        keepalive_timeout=IDLE_SECONDS,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host, port)
    await site.start()
    return int(runner.addresses[0][1])
