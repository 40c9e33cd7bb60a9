"""Stands in for the vendor's video APIs, Sora and its siblings: a real server, strict, with faults on request.

It knows only the vendor's descriptions (demo/contract.py) and nothing of Clapper, so that a mistake of ours shows here
instead of cancelling out. `python -m demo.videoapi --port 9000 --token demo` runs it alone. Some words in a prompt make
it misbehave: demo/moods.py has them all.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from demo import answers, contract, moods
from demo.fields import STATUS, Order, Refused
from demo.life import Task, live, post
from demo.studio import Render, Studio


class VideoAPI:
    """The stand-in: `async with api.serve() as url:`, and with `seconds=None` then `await api.finish(task_id)`.

    seconds        how long a film takes; None: until `finish` is called
    render         makes the MP4 of a request and its pictures, in a thread; None: demo/render.py
    max_in_flight  more than these pending tasks of a service get 429 and Retry-After `retry_after` (seconds)
    withdrawn      models, and whole services ("kling/"), that answer 404 no_api
    images_max     how many image_urls are allowed; the vendor says only "several"
    character      what character_start and character_end count: "position" (0-1 in the frame) or "seconds"
    cost           reported with finished films, as {"amount": ..., "currency": ...}
    public_url     where films are linked to; None: the address at which the request came in
    always         words (demo/moods.py) that hold for every request

    All of these but `render` can be changed while it runs. To look at: `tasks` (id → Task, oldest first), `requests`
    ((path, body) as received; None for what is no JSON object) and the counters `submissions`, `polls`,
    `studio.fetches` (of pictures) and `studio.downloads` (of films). `faults` holds (path prefix, status, raw body):
    what the next such requests are answered with, each once.
    """

    def __init__(
        self,
        *,
        token: str,
        seconds: float | None = 3.0,
        render: Render | None = None,
        max_in_flight: int = 5,
        retry_after: float = 5,
        images_max: int = 10,
        max_body: int = 32 * 2**20,
        character: str = "position",
        cost: dict[str, Any] | None = None,
        public_url: str | None = None,
        always: Iterable[str] = (),
        withdrawn: Iterable[str] = (),
    ):
        self.token, self.seconds, self.render = token, seconds, render
        self.max_in_flight, self.retry_after = max_in_flight, retry_after
        self.images_max, self.max_body = images_max, max_body
        self.character, self.cost, self.public_url, self.always = character, cost, public_url, frozenset(always)
        self.withdrawn = set(withdrawn)
        self.tasks: dict[str, Task] = {}
        self.requests: list[tuple[str, dict[str, Any] | None]] = []
        self.faults: list[tuple[str, int, str]] = []
        self.submissions = self.polls = 0
        self._limited: set[str] = set()
        self._lives: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve on a socket (port 0: a free one) and yield the address, without a slash at its end."""
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            yield f"http://{host}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    def app(self) -> web.Application:
        """The server, for one run; `serve` puts it on a socket."""
        app = web.Application(client_max_size=self.max_body, middlewares=[self._errors])
        app.cleanup_ctx.append(self._open)
        app.add_routes(
            [
                *(web.post(f"/{provider}/videos", self._videos) for provider in contract.PROVIDERS),
                *(web.post(f"/{provider}/tasks", self._tasks) for provider in contract.PROVIDERS),
                web.get("/films/{name}.mp4", self._film),
                web.route("*", "/health{rest:.*}", _health),
            ]
        )
        return app

    async def finish(
        self, task_id: str, *, error: tuple[str, str] | None = None, response: dict[str, Any] | None = None
    ) -> Task:
        """End a task now; returns when its result is shown and the callbacks that are due have been answered.

        `error` (code, message) makes it fail, `response` dictates the whole result.
        """
        task = self.tasks[task_id]
        task.ending = task.failure(*error) if error else response
        task.go.set()
        await task.settled.wait()
        return task

    async def call_back(self, task_id: str, body: str | None = None) -> int | None:
        """Send a callback now, once more or for the first time; returns the status that it was answered with."""
        task = self.tasks[task_id]
        task.recalled.set()
        status = await post(task, self.studio, json.dumps(task.response) if body is None else body)
        self._tell()
        return status

    async def until(self, check: Callable[[], bool], *, within: float = 60.0) -> None:
        """Wait until `check` holds, asked at every request, result and callback. TimeoutError after so many seconds."""
        async with asyncio.timeout(within):
            while not check():
                await self._changed.wait()

    def expire(self, task_id: str) -> None:
        """The links of this task's films answer 404 from now on."""
        self.studio.expired.update(self.tasks[task_id].films)

    async def _open(self, app: web.Application) -> AsyncIterator[None]:
        with tempfile.TemporaryDirectory(prefix="clapper-films-") as folder:
            async with aiohttp.ClientSession() as session:
                self.studio = Studio(session, Path(folder), self.render)
                yield
                for life in self._lives:
                    life.cancel()
                await asyncio.gather(*self._lives, return_exceptions=True)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    @web.middleware
    async def _errors(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        for fault in self.faults:
            if request.path.startswith(fault[0]):
                self.faults.remove(fault)
                self.requests.append((request.path, None))
                kind = "text/html" if fault[2].startswith("<") else "application/json"
                return web.Response(status=fault[1], text=fault[2], content_type=kind)
        wait: dict[str, str] = {}
        try:
            return await handler(request)
        except Refused as refused:
            code, message = refused.code, refused.message
            if refused.retry_after is not None:
                wait["Retry-After"] = f"{refused.retry_after:g}"
        except web.HTTPRequestEntityTooLarge:
            code, message = "request_too_large", f"the body is over {self.max_body} bytes"
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            code, message = "no_api", f"there is no API at {request.method} {request.path}"
        finally:
            self._tell()
        body = answers.refusal(_provider(request), code, message, str(uuid.uuid4()))
        return web.json_response(body, status=STATUS[code], headers=wait)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        """The request's JSON object, after its headers were found in order."""
        self.requests.append((request.path, None))
        place = len(self.requests) - 1
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise Refused("invalid_token", "the token is missing or wrong")
        if "application/json" not in request.headers.get("Accept", "") or request.content_type != "application/json":
            raise Refused("token_mismatched", "accept and content-type must be application/json")
        if (request.content_length or 0) > self.max_body:
            raise web.HTTPRequestEntityTooLarge(self.max_body, request.content_length or 0)
        raw = await request.read()
        try:
            body = json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refused("token_mismatched", "the body is not JSON") from error
        if not isinstance(body, dict):
            raise Refused("token_mismatched", "the body is not a JSON object")
        self.requests[place] = (request.path, body)
        return body

    async def _videos(self, request: web.Request) -> web.StreamResponse:
        self.submissions += 1
        body = await self._body(request)
        provider = _provider(request)
        order = contract.read_videos(provider, body, images_max=self.images_max, character=self.character)
        words = frozenset(moods.words_in(order.prompt) | self.always)
        self._refuse(provider, order, words)
        if "shut" in words:  # Hailuo says so of a model that has no channel
            said = {"code": "no_api", "message": "no channel for this model"}
            return web.json_response({"success": False, "error": said})
        task = self._accept(request, body, order, words)
        if "reset" in words and request.transport:
            request.transport.abort()
        if "vanish" in words:
            raise Refused("api_error", "something went wrong on the server")
        if "callback_url" in body or body.get("async"):
            if "early" in words:
                await task.settled.wait()
            return web.json_response({"task_id": task.id})
        await task.answered.wait()
        assert task.response is not None
        return web.json_response(task.response, status=answers.status_of(task.response))

    def _refuse(self, provider: str, order: Order, words: frozenset[str]) -> None:
        """The refusals that words ask for, and the one that too many tasks cause."""
        moods.check({"gone"} if {order.model, f"{provider}/"} & self.withdrawn else words, provider)
        if "limited" in words and order.prompt not in self._limited:
            self._limited.add(order.prompt)
            raise Refused("too_many_requests", "try again in a second", retry_after=1)
        # A task that never ends must not block the stand-in for ever.
        busy = [task for task in self.tasks.values() if task.provider == provider and task.pending]
        if sum("never" not in task.words for task in busy) >= self.max_in_flight:
            raise Refused("too_many_requests", f"{self.max_in_flight} generations are in flight", self.retry_after)

    async def _tasks(self, request: web.Request) -> web.Response:
        self.polls += 1
        body = await self._body(request)
        contract.check_tasks(body)
        provider = _provider(request)
        if "ids" in body or "id" in body:
            asked = [self.tasks[i] for i in body.get("ids", [body.get("id")]) if i in self.tasks]
        else:
            low, high = body.get("created_at_min", 0), body.get("created_at_max", float("inf"))
            asked = [task for task in reversed(self.tasks.values()) if low <= task.created_at <= high]
        found = [task.shown() for task in asked if task.provider == provider]
        if body["action"] == "retrieve":
            return web.json_response(answers.one(provider, found[0] if found else None))
        page = found[body.get("offset", 0) :][: body.get("limit", contract.BATCH)]
        return web.json_response(answers.several(provider, page))

    async def _film(self, request: web.Request) -> web.StreamResponse:
        return await self.studio.serve(request)

    def _accept(self, request: web.Request, body: dict[str, Any], order: Order, words: frozenset[str]) -> Task:
        origin = (self.public_url or str(request.url.origin())).rstrip("/")
        now = round(time.time(), 3)
        task = Task(str(uuid.uuid4()), str(uuid.uuid4()), now, body, words, origin, _provider(request), order)
        self.tasks[task.id] = task
        self._tell()
        life = asyncio.create_task(self._live(task))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        return task

    async def _live(self, task: Task) -> None:
        await live(task, self.studio, seconds=self.seconds, cost=self.cost, others=self.tasks.keys(), tell=self._tell)


def _provider(request: web.Request) -> str:
    return request.path.strip("/").partition("/")[0]


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")  # Python would read NaN and Infinity


async def main() -> None:
    """Run alone until stopped."""
    parser = argparse.ArgumentParser(description="A stand-in for the Sora Videos Generation API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--token", default="demo")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a film takes")
    parser.add_argument("--public-url", help="where others reach it, for the links of films")
    given = parser.parse_args()
    api = VideoAPI(token=given.token, seconds=given.seconds, public_url=given.public_url)
    async with api.serve(given.host, given.port) as url:
        print(f"The stand-in answers at {url} (token: {given.token}). Stop it with Ctrl+C.", flush=True)
        stop = asyncio.Event()
        with contextlib.suppress(NotImplementedError):  # Windows has no such handler, and no SIGTERM
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
