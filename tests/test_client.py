"""How the vendor's API is called, against real servers that behave and ones that do not."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from acedata.client import SUBMIT_BYTES, TASKS_BYTES, VideoClient
from domain.faults import VendorFault
from domain.job import Film, Report, Verdict
from domain.wire import Wire

TOKEN = "secret-token-of-ours"
SORA = Wire("sora", {"model": "sora-2"}, {"prompt": "prompt"})
LINK = "https://cdn.example/a.mp4"
MADE = {
    "success": True,
    "task_id": "t",
    "trace_id": "x",
    "data": [{"id": "v", "video_url": LINK, "state": "succeeded"}],
}
NO = {"success": False, "error": {"code": "api_error", "message": "fetch failed"}, "trace_id": "x"}
JSON_TYPE = "application/json"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NoNames(AbstractResolver):
    """Knows no host."""

    async def resolve(self, host: str, *_: object, **__: object) -> list[ResolveResult]:
        raise OSError(f"no such host: {host}")

    async def close(self) -> None: ...


class World:
    """Servers on free ports and clients for them, closed together."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack
        self.requests: list[tuple[str, Mapping[str, str], Any]] = []
        self.calls: list[tuple[str, int]] = []
        self.url = ""

    async def client(self, base_url: str, **options: Any) -> VideoClient:
        options = {"token": TOKEN, "on_call": lambda path, status: self.calls.append((path, status))} | options
        return await self.stack.enter_async_context(VideoClient(base_url=base_url, **options))

    async def serve(self, handler: Handler) -> str:
        async def record(request: web.Request) -> web.StreamResponse:
            self.requests.append((request.path, request.headers, json.loads(await request.read())))
            return await handler(request)

        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/{path:.*}", record)
        runner = web.AppRunner(app)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self.url

    async def answering(self, body: object, status: int = 200, **options: Any) -> VideoClient:
        """A client of an API that always answers this: bytes as they are, all else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        options.setdefault("content_type", JSON_TYPE)

        async def handler(_: web.Request) -> web.Response:
            return web.Response(body=raw, status=status, **options)

        return await self.client(await self.serve(handler))

    async def raw(self, handler: RawHandler, scheme: str = "http", **options: Any) -> VideoClient:
        """A client of a server that speaks to the socket itself, after it has read the request."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
                await reader.readexactly(length)
                await handler(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        self.stack.callback(server.close)
        return await self.client(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", **options)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(stack)


async def fault_of(call: Awaitable[object]) -> VendorFault:
    """The fault in which a call ends; it must hold nothing of our token."""
    with pytest.raises(VendorFault) as caught:
        await call
    fault = caught.value
    shown = [str(fault), repr(fault), repr(vars(fault)), *traceback.format_exception(fault)]
    assert not any(TOKEN in text for text in shown)
    assert fault.__context__ is None
    assert fault.__cause__ is None
    return fault


async def test_submission(world: World) -> None:
    """A submission is one POST with our token and body, to the path of its provider."""
    base = await world.serve(lambda _: _json({"task_id": "t", "trace_id": "x"}))
    client = await world.client(base + "/v1//")
    body = {"prompt": "a \ud83d\ude00 cat", "model": "sora-2"}
    assert await client.submit(SORA, body) == Report("t", Verdict.PENDING, trace_id="x")
    [(path, headers, sent)] = world.requests
    assert (path, sent) == ("/v1/sora/videos", {"prompt": "a 😀 cat", "model": "sora-2"})
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert (headers["accept"], headers["content-type"]) == (JSON_TYPE, JSON_TYPE)
    assert world.calls == [("sora/videos", 200)]
    assert TOKEN not in repr(client)


async def _json(body: object) -> web.Response:
    return web.json_response(body)


PENDING, DONE = Report("t", Verdict.PENDING), Report("t", Verdict.SUCCEEDED, (Film("v", LINK),), trace_id="x")
ANSWERS: list[tuple[object, dict[str, Any], Report]] = [
    # the whole result at once
    (MADE, {}, DONE),
    # accepted, whatever else it says: its own task tells the rest
    ({"success": True, "task_id": "t"}, {}, PENDING),
    ({"success": True, "task_id": "t", "data": []}, {}, PENDING),
    ({"task_id": "t", "state": "wobbling"}, {}, PENDING),
    ({"task_id": "t"}, {"status": 202}, PENDING),
    # JSON under another name, with a mark at its start, packed, or with bytes that are no UTF-8 in a text
    ({"task_id": "t"}, {"content_type": "text/html"}, PENDING),
    (b"\xef\xbb\xbf" + b'{"task_id": "t"}', {}, PENDING),
    (gzip.compress(b'{"task_id": "t"}', mtime=0), {"headers": {"content-encoding": "gzip"}}, PENDING),
    (b'{"task_id": "t", "prompt": "caf\xe9"}', {}, PENDING),
]


@pytest.mark.parametrize(("body", "options", "report"), ANSWERS)
async def test_answer(world: World, body: object, options: dict[str, Any], report: Report) -> None:
    """What accepts or finishes a task is read, however it is wrapped."""
    assert await (await world.answering(body, **options)).submit(SORA, {}) == report


REFUSALS: list[tuple[object, int, dict[str, Any], str]] = [
    # failures in a 2xx, by `success` or by a state word
    (NO, 200, {}, "vendor_said_no"),
    ({"success": True, "task_id": "t", "data": [{"state": "failed"}]}, 200, {}, "vendor_said_no"),
    # neither an id nor a film
    *[
        (odd, 200, {}, "unknown")
        for odd in ({}, [], None, "t", {"success": True, "data": []}, {"error": {"code": "x"}})
    ],
    (b"", 204, {}, "unknown"),
    # no JSON: a page, half a text, too deep, a number too long, nothing
    (b"<html>hello</html>", 200, {"content_type": "text/html"}, "unknown"),
    (b'{"task_id": "t', 200, {}, "unknown"),
    (b"[" * 200_000, 200, {}, "unknown"),
    (b'{"n": ' + b"9" * 5_000 + b"}", 200, {}, "unknown"),
    (b"", 200, {}, "unknown"),
    # what says that it is packed and is not
    (b"not gzip", 200, {"headers": {"content-encoding": "gzip"}}, "unknown"),
    # errors by status, with words and without
    (NO, 400, {}, "bad_request"),
    (b"<html>", 502, {"content_type": "text/html"}, "unknown"),
    ({"error": {"code": "used_up"}}, 403, {}, "account_balance"),
    ({"error": {"code": "no_api"}}, 404, {}, "model_gone"),
    # a status that refuses even though its body cannot be unpacked
    (b"not gzip", 413, {"headers": {"content-encoding": "gzip"}}, "too_big"),
]


@pytest.mark.parametrize(("body", "status", "options", "reason"), REFUSALS)
async def test_refusal(world: World, body: object, status: int, options: dict[str, Any], reason: str) -> None:
    """Each other answer is one fault with its status, told to the counter too."""
    fault = await fault_of((await world.answering(body, status, **options)).submit(SORA, {}))
    assert (fault.reason, fault.status) == (reason, status)
    assert world.calls == [("sora/videos", status)]


async def test_too_large_to_send(world: World) -> None:
    """A body that the API's door refuses is "too_big", not an accident of the network."""
    client = await world.answering({"task_id": "t"})
    fault = await fault_of(client.submit(SORA, {"image_urls": ["A" * 3_000_000]}))
    assert (fault.reason, fault.status) == ("too_big", 413)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect(world: World, status: int) -> None:
    """A redirect is not followed, so that our token goes nowhere else."""
    other = await world.serve(lambda _: _json({"task_id": "t"}))
    client = await world.answering(b"", status, headers={"Location": other})
    assert (await fault_of(client.submit(SORA, {}))).reason == "unknown"
    assert len(world.requests) == 1


async def test_words_of_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A fault has the API's own words, but not our token where it quotes that, and how long to wait."""
    caplog.set_level(logging.DEBUG)
    body = {"error": {"code": "too_many", "message": f"{TOKEN} is too fast"}, "trace_id": "x"}
    fault = await fault_of((await world.answering(body, 429, headers={"Retry-After": "9"})).submit(SORA, {}))
    assert (fault.reason, fault.retry_after, fault.trace_id) == ("slow_down", 9.0, "x")
    assert (fault.code, fault.message) == ("too_many", "*** is too fast")
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("packed", [False, True])
async def test_endless_answer(world: World, packed: bool) -> None:
    """An answer without an end, or one that unpacks to far more than it is, is left at the limit."""
    written = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal written
        answer = web.StreamResponse(headers={"content-encoding": "gzip"} if packed else {})
        await answer.prepare(request)
        if packed:
            await answer.write(gzip.compress(b"a" * 100_000_000, compresslevel=1, mtime=0))
            return answer
        while True:
            await answer.write(b"[" * 65_536)
            written += 65_536

    client = await world.client(await world.serve(handler))
    fault = await fault_of(client.submit(SORA, {}))
    assert (fault.reason, fault.message) == ("unknown", "an answer of more than 1000000 bytes")
    assert written < 40 * SUBMIT_BYTES


RAW: list[tuple[bytes, str, int]] = [
    # closed at once (it may have been accepted), no HTTP, half a head
    *[(odd, "unknown", 0) for odd in (b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le")],
    # cut short, by length and by pieces; a piece of no size
    (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"task_id": "t"}', "unknown", 200),
    (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"ta', "unknown", 200),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "unknown", 200),
    # a head without an end, two lengths
    (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "unknown", 0),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "unknown", 0),
    # a refusal whose words were cut short; one whose words would have mattered
    (b'HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n{"err', "bad_request", 400),
    (b'HTTP/1.1 403 No\r\nContent-Length: 99\r\n\r\n{"err', "unknown", 403),
]


@pytest.mark.parametrize(("answer", "reason", "status"), RAW)
async def test_broken_answer(world: World, answer: bytes, reason: str, status: int) -> None:
    """Bytes that are no whole HTTP answer are "unknown", unless the status alone refuses."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    fault = await fault_of((await world.raw(handler)).submit(SORA, {}))
    assert fault.reason == reason
    assert fault.status in (status, 0)


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_no_answer_in_time(world: World) -> None:
    """A request that was sent and not answered in time may have been accepted."""
    client = await world.raw(_silent, submit_seconds=0.1)
    fault = await fault_of(client.submit(SORA, {}))
    assert (fault.reason, fault.status) == ("unknown", 0)
    assert world.calls == [("sora/videos", 0)]


async def test_no_connection(world: World) -> None:
    """Where no connection came about, it is known that nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    refused = await world.client(closed)
    # The greeting of TLS is never answered: that is still connecting.
    stuck = await world.raw(_silent, "https", submit_seconds=0.2)
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoNames()))
    nameless = await world.client("https://api.example", session=await world.stack.enter_async_context(session))
    for client in (refused, stuck, nameless):
        fault = await fault_of(client.submit(SORA, {}))
        assert (fault.reason, fault.status) == ("not_sent", 0)


async def test_closed(world: World) -> None:
    """A closed client sends nothing, and leaves another's session open."""
    session = await world.stack.enter_async_context(aiohttp.ClientSession(raise_for_status=True))
    await world.answering(NO, 400)
    client = await world.client(world.url, session=session)
    assert (await fault_of(client.submit(SORA, {}))).reason == "bad_request"
    await client.close()
    await client.close()
    assert not session.closed
    assert (await fault_of(client.submit(SORA, {}))).reason == "not_sent"
    assert len(world.requests) == 1


async def test_cancelled(world: World) -> None:
    """Who stops waiting for a submission gets their own cancellation, and no fault."""
    arrived = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()

    call = asyncio.create_task((await world.raw(handler)).submit(SORA, {}))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_each_call_its_connection(world: World) -> None:
    """A server that closes an idle connection just as we would write loses no submission."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"task_id": "t"}')
        await reader.read(1)

    client = await world.raw(handler)
    assert [await client.submit(SORA, {}) for _ in range(2)] == [PENDING, PENDING]


async def test_counter_that_breaks(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A counter that raises is logged, and the answer is kept."""
    await world.answering({"task_id": "t"})
    client = await world.client(world.url, on_call=lambda *_: 1 / 0)
    assert await client.submit(SORA, {}) == PENDING
    assert "on_call failed" in caplog.text


@pytest.mark.parametrize("value", [float("nan"), object(), b"bytes"])
async def test_body_that_is_no_json(world: World, value: object) -> None:
    """A body that JSON cannot carry is refused before it is sent."""
    client = await world.answering({"task_id": "t"})
    assert (await fault_of(client.submit(SORA, {"prompt": value}))).reason == "bad_request"
    assert world.requests == []


USELESS = [
    "api.example",
    "ftp://api.example",
    "https://",
    "http://[",
    "https://me:pw@api.example",
    "https://a.example?b=1",
]


@pytest.mark.parametrize(("base_url", "token"), [*((url, "t") for url in USELESS), ("https://a.example", "two\nlines")])
def test_useless_settings(base_url: str, token: str) -> None:
    """An address or token with which no call could go out is refused at the start, unsaid."""
    with pytest.raises(ValueError, match=r"must be|Invalid IPv6 URL") as caught:
        VideoClient(base_url=base_url, token=token)
    assert "two" not in str(caught.value)


def item(task_id: str, **more: object) -> dict[str, object]:
    return {"id": task_id, "created_at": 5, "request": {"callback_url": f"https://b.example/{task_id}"}} | more


def seen(task_id: str) -> Report:
    return Report(task_id, Verdict.PENDING, callback_url=f"https://b.example/{task_id}", created_at=5_000)


async def test_task(world: World) -> None:
    """One task is asked for by its id, and an unknown one is None."""
    client = await world.answering(item("t", response=MADE))
    report = await client.task(SORA, "t")
    assert report == replace(DONE, callback_url="https://b.example/t", created_at=5_000)
    assert await client.task("sora", "t") == report
    assert [(path, sent) for path, _, sent in world.requests] == [
        ("/sora/tasks", {"action": "retrieve", "id": "t"})
    ] * 2
    assert await (await world.answering({})).task(SORA, "t") is None


@pytest.mark.parametrize("body", [None, [], "t", {"message": "maintenance"}, item("another"), {"items": []}, b"<html>"])
async def test_no_task(world: World, body: object) -> None:
    """What is no task, or another's, is no word about this one."""
    assert (await fault_of((await world.answering(body)).task(SORA, "t"))).reason == "unknown"


async def test_tasks(world: World) -> None:
    """Many tasks are asked for at once; what is missing, unreadable or not asked for does not come back."""
    client = await world.answering({"items": [item("a"), {}, None, item("stranger"), item("b")], "count": 5})
    assert await client.tasks(SORA, ["a", "b", "a", "gone"]) == {"a": seen("a"), "b": seen("b")}
    assert world.requests[0][2] == {"action": "retrieve_batch", "ids": ["a", "b", "gone"]}
    assert await client.tasks(SORA, []) == {}
    assert len(world.requests) == 1
    with pytest.raises(ValueError, match="at most 50"):
        await client.tasks(SORA, [str(n) for n in range(51)])


async def test_recent(world: World) -> None:
    """A page of recent tasks has one report for each item, so that its length can be trusted."""
    client = await world.answering({"items": [item("a"), {}, "x"], "count": 3})
    unread = Report("", Verdict.UNCLEAR)
    assert await client.recent(SORA, since=1_700_000_000_999, limit=3, offset=6) == [seen("a"), unread, unread]
    sent = world.requests[0][2]
    assert sent.pop("created_at_max") > time.time()
    assert sent == {"action": "retrieve_batch", "created_at_min": 1_700_000_000, "limit": 3, "offset": 6}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        # no list of tasks
        *[(odd, 200, "unknown") for odd in ({}, [], None, {"items": {}}, {"items": None}, item("a"), b"<html>")],
        # a provider that has no such list says so
        ({"error": {"code": "bad_request"}}, 400, "bad_request"),
        ({"error": {"code": "api_not_implemented"}}, 400, "not_implemented"),
        ({"error": {"code": "no_api"}}, 404, "model_gone"),
    ],
)
async def test_no_list(world: World, body: object, status: int, reason: str) -> None:
    """What is no list of tasks is a fault, never an empty list."""
    client = await world.answering(body, status)
    assert (await fault_of(client.recent(SORA, since=0))).reason == reason
    assert (await fault_of(client.tasks(SORA, ["a"]))).reason == reason


async def test_large_list(world: World) -> None:
    """A list that echoes pictures of many megabytes is read, up to its limit."""
    echo = {"image_urls": ["data:image/jpeg;base64," + "A" * 1_300_000], "callback_url": "https://b.example/a"}
    full = await world.answering({"items": [item("a", request=echo)] * 20})
    assert await full.tasks(SORA, ["a"]) == {"a": seen("a")}
    over = await world.answering({"items": [item("a", request=echo)] * 51})
    fault = await fault_of(over.recent(SORA, since=0))
    assert (fault.reason, fault.message) == ("unknown", f"an answer of more than {TASKS_BYTES} bytes")
