"""Makes the films of accepted tasks, off the event loop, and serves them under links that look signed."""

import asyncio
import hashlib
import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web
from yarl import URL

from demo import contract, render
from demo.fields import PICTURE_BYTES, Order, Refused, inline_picture

FILMS_KEPT = 300
FETCH_SECONDS = 20
Render = Callable[[dict[str, Any], list[bytes]], bytes]


class Wanted(Protocol):
    """A task of which a film is drawn: its request, what that asks for, and how the film's link misbehaves."""

    request: dict[str, Any]
    order: Order
    words: frozenset[str]


class Studio:
    """Pictures in, films out. `make_film` draws one (bytes of an MP4) and may block; None draws the demo's own."""

    def __init__(self, session: aiohttp.ClientSession, folder: Path, make_film: Render | None):
        self.session, self.folder, self.make_film = session, folder, make_film
        self.fetches = self.downloads = 0
        self.expired: set[str] = set()
        self._films: dict[str, tuple[Path, frozenset[str]]] = {}  # name → file, how its link misbehaves
        self._drawn: OrderedDict[str, Path] = OrderedDict()  # recipe → file
        self._one = asyncio.Semaphore(1)  # films are drawn one after the other: the machine has other work
        self._secret = uuid.uuid4().hex

    async def pictures(self, order: Order) -> tuple[list[bytes], tuple[int, int] | None]:
        """The pictures of an order and the pixels of the first. Raises Refused for the first that is none."""
        found: list[bytes] = []
        sizes: list[tuple[int, int]] = []
        for url in order.pictures:
            data = inline_picture(url)
            found.append(data if data is not None else await self._fetch(url))
            sizes.append(await asyncio.to_thread(contract.check_picture, found[-1], order))
        return found, sizes[0] if sizes else None

    async def _fetch(self, url: str) -> bytes:
        self.fetches += 1
        data = bytearray()
        try:
            # encoded=True: a signed link is fetched as it was given, not tidied.
            timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
            async with self.session.get(URL(url, encoded=True), timeout=timeout) as answer:
                if answer.status != 200:
                    raise Refused("api_error", f"fetch failed: a picture's link answered {answer.status}")
                async for chunk in answer.content.iter_chunked(2**16):
                    data += chunk
                    if len(data) > PICTURE_BYTES:
                        raise Refused("api_error", f"fetch failed: a picture is over {PICTURE_BYTES} bytes")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Refused(
                "api_error", f"fetch failed: a picture's link could not be read ({type(error).__name__})"
            ) from error
        return bytes(data)

    async def film(self, task: Wanted, pictures: list[bytes], first: tuple[int, int] | None, take: int) -> str:
        """Draw a film of a task (the same recipe only once) and return its name."""
        order = task.order
        said = {"prompt": order.prompt, "model": order.model, "size": order.grade, "take": take}
        request = {**task.request, **said}
        width, height = order.pixels(first)
        seconds = order.seconds
        recipe = json.dumps([said, width, height, seconds, [hashlib.sha256(p).hexdigest() for p in pictures]])
        async with self._one:
            if recipe not in self._drawn:
                self._drawn[recipe] = self.folder / f"{uuid.uuid4().hex}.mp4"
                try:
                    await asyncio.to_thread(
                        self._draw, self._drawn[recipe], request, pictures, (width, height, seconds)
                    )
                except Exception as error:
                    del self._drawn[recipe]
                    raise Refused("api_error", f"rendering failed: {error}") from error
            self._drawn.move_to_end(recipe)
            if len(self._drawn) > FILMS_KEPT:
                self._drawn.popitem(last=False)[1].unlink()
        name = f"task_01k{uuid.uuid4().hex[:23]}"
        self._films[name] = (self._drawn[recipe], task.words)
        return name

    def _draw(self, path: Path, request: dict[str, Any], pictures: list[bytes], shape: tuple[int, int, int]) -> None:
        width, height, seconds = shape
        if self.make_film is None:
            film = render.film(request, pictures, width=width, height=height, seconds=seconds)
        else:
            film = self.make_film(request, pictures)
        path.write_bytes(film)

    def link(self, origin: str, name: str) -> str:
        """The film's address, signed: without its query it opens nothing."""
        until = time.strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ", time.gmtime(time.time() + 6 * 86400))
        return f"{origin}/films/{name}.mp4?se={until}&sp=r&sv=2026-02-06&sr=b&sig={self._signature(name)}%3D"

    def _signature(self, name: str) -> str:
        return hashlib.sha256(f"{self._secret} {name}".encode()).hexdigest()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /films/{name}.mp4"""
        self.downloads += 1
        name = request.match_info["name"]
        path, words = self._films.get(name, (Path(), frozenset[str]()))
        if name not in self._films or name in self.expired or "deadlink" in words or not path.exists():
            return web.Response(status=404, text="BlobNotFound")
        if request.query.get("sig") != self._signature(name) + "=":
            return web.Response(status=403, text="AuthenticationFailed")
        if "notvideo" in words:
            return web.Response(
                text="<!doctype html><title>Sign in</title><p>Please sign in.", content_type="text/html"
            )
        if "cut" in words:
            return await self._cut(request, path.read_bytes())
        return web.FileResponse(path, headers={"Content-Type": "video/mp4"})

    async def _cut(self, request: web.Request, film: bytes) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "video/mp4", "Content-Length": str(len(film))})
        await answer.prepare(request)
        await answer.write(film[: len(film) // 2])
        if request.transport:
            request.transport.close()
        return answer
