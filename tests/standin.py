"""A running stand-in for the API, with a client of it and a place where its callbacks arrive."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image

from demo.videoapi import VideoAPI

BODY = {"model": "sora-2", "prompt": "A paper boat on a pond"}
HEADERS = {"authorization": "Bearer secret", "accept": "application/json"}
OPEN = {"version": "2.0", "size": "720x1280"}


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, kind)
    return out.getvalue()


def inline(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


class World:
    """A stand-in, a client of it, and a place where its callbacks arrive."""

    def __init__(self, api: VideoAPI, http: aiohttp.ClientSession, hook: str, arrived: "asyncio.Queue[str]"):
        self.api, self.http, self.hook, self.arrived = api, http, hook, arrived

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(path, json=body) as answer:
            return answer.status, await answer.json()

    async def submit(self, prompt: str = "boat", **fields: Any) -> str:
        """The task id of an accepted request with a callback."""
        status, answer = await self.post(
            "/sora/videos", {**BODY, "prompt": prompt, "callback_url": self.hook, **fields}
        )
        assert status == 200
        assert list(answer) == ["task_id"]
        return answer["task_id"]

    async def shown(self, task_id: str) -> dict[str, Any]:
        status, answer = await self.post("/sora/tasks", {"action": "retrieve", "id": task_id})
        assert status == 200
        return answer

    def calls(self) -> list[str]:
        """The bodies of the callbacks that have arrived since the last look."""
        return [self.arrived.get_nowait() for _ in range(self.arrived.qsize())]


@contextlib.asynccontextmanager
async def served(*routes: web.RouteDef) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[World]:
    """A stand-in with these options; without them its films are four thousand bytes, and wait to be finished."""
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def hook(call: web.Request) -> web.Response:
        assert call.content_type == "application/json"
        arrived.put_nowait(await call.text())
        return web.Response(status=204)

    options = {"seconds": None, "render": lambda request, pictures: b"film" * 1000, **options}
    api = VideoAPI(token="secret", **options)
    async with (
        served(web.post("/hook", hook)) as there,
        api.serve() as url,
        aiohttp.ClientSession(url, headers=HEADERS) as http,
    ):
        yield World(api, http, there + "/hook?job=1", arrived)
