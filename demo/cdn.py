"""Serves the files of the simulated Discord on a real socket, so that the bot fetches attachments as it always does."""

from __future__ import annotations

import io
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

from aiohttp import web
from PIL import Image
from simcord.backend.cdn import CdnStore


class ServedFiles(CdnStore):
    """simcord's store of uploads, only that its links lead to `base`, where something answers."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        stored = super().store_attachment(attachment_id, channel_id, filename, data, description)
        url = f"{self._base}/attachments/{channel_id}/{attachment_id}/{quote(filename, safe='')}"
        self._blobs[url] = self._blobs.pop(stored["url"])
        return {**stored, "url": url, "proxy_url": url, **_pixels(data)}


@asynccontextmanager
async def served_files() -> AsyncGenerator[ServedFiles]:
    """A store and its server, on a free port of 127.0.0.1. Whoever knows a link may fetch it, as on Discord."""

    async def get(request: web.Request) -> web.Response:
        data = store.get(f"{base}{request.raw_path}")
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="application/octet-stream")

    app = web.Application()
    app.router.add_get("/attachments/{path:.*}", get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        store = ServedFiles(base)
        yield store
    finally:
        await runner.cleanup()


def _pixels(data: bytes) -> dict[str, int]:
    """Width and height, which Discord tells of every picture that it can read."""
    with suppress(Exception), warnings.catch_warnings():  # whatever a visitor attaches: it is the bot that judges it
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
            return {"width": image.width, "height": image.height}
    return {}
