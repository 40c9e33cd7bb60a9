"""Hostile callbacks: thousands of made-up requests at the real process, and none of them does anything."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sqlite3
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo.videoapi import VideoAPI
from tests.child import environment, running
from tests.conftest import TOKEN, free_port
from tests.discordwire import DiscordWire
from tests.soak.run import resident_mib

MANY = 10_000
_AT_ONCE = 40
#: What the process may hold more after all of it than after its first fifth.
_GROWTH_MIB = 8
_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "FOO", "POST\x00", ""]
_PIECES = ["..", "%2e%2e", "%00", "callback", "media", "livez", "\\", "'", "%f0%9f", ";", "?a=b", "#", "a" * 300, "%"]
_WORDS = ["task_id", "success", "data", "error", "id", "video_url", "code", "trace_id", "x"]


class Hostile:
    """Makes requests from dice; `path` is a real callback's, whose secret the sender knows in some of them.

    None of them is a word of the API: a success or a failure of this task, sent to its own address, would be believed.
    """

    def __init__(self, path: str, dice: random.Random) -> None:
        self._path = path
        self._dice = dice
        self._kinds = [self._noise, self._forgery, self._method, self._body, self._body, self._broken]

    def request(self) -> bytes:
        return self._dice.choice(self._kinds)()

    def _noise(self) -> bytes:
        return self._post("/" + "/".join(self._dice.choices(_PIECES, k=self._dice.randint(0, 5))), b"{}")

    def _forgery(self) -> bytes:
        """The real address with a character changed, cut short, of another attempt, or for another purpose."""
        kind, path = self._dice.randrange(4), self._path
        if kind == 0:
            at = self._dice.randrange(10, len(path))
            path = path[:at] + self._dice.choice([c for c in "0123456789abcdef" if c != path[at]]) + path[at + 1 :]
        elif kind == 1:
            path = path[: self._dice.randrange(10, len(path) - 1)]
        elif kind == 2:
            path = path.replace(".1.", f".{self._dice.choice([0, 2, 999_999_999, -1, '1e3'])}.")
        else:
            path = path.replace("callback", "media") + ".jpg"
        return self._post(path, json.dumps({"success": True, "task_id": "x", "data": []}).encode())

    def _method(self) -> bytes:
        return f"{self._dice.choice(_METHODS)} {self._path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()

    def _body(self) -> bytes:
        """The real address, known somehow, with a body that says nothing, or speaks of another task."""
        kind = self._dice.randrange(8)
        if kind == 0:
            return self._post(self._path, self._dice.randbytes(self._dice.randrange(2_000)))
        if kind == 1:
            return self._post(self._path, b"[" * self._dice.randrange(1, 60_000))
        if kind == 2:
            return self._post(self._path, b'{"data": "' + b"x" * self._dice.randrange(60_000, 90_000) + b'"}')
        if kind == 3:
            packed = gzip.compress(b"0" * 5_000_000) if self._dice.random() < 0.2 else b"no gzip"
            return self._post(self._path, packed, "Content-Encoding: gzip")
        if kind == 4:
            return self._post(self._path, b'{"data": NaN, "x": 1e999, "id": -0, "y": "\\ud800\\u0000"}')
        stranger = {name: self._value(3) for name in self._dice.sample(_WORDS, 3)}
        stranger |= {
            "task_id": f"other-{self._dice.random()}",
            "success": self._dice.choice([True, "false", None, 0, []]),
        }
        return self._post(self._path, json.dumps(stranger).encode())

    def _value(self, depth: int) -> Any:
        plain = [None, True, 0, -1, 10**30, 1.5, "", "x" * 50, "\ud800", "🎬", "2026", [], {}]
        if not depth or self._dice.random() < 0.5:
            return self._dice.choice(plain)
        if self._dice.random() < 0.5:
            return [self._value(depth - 1) for _ in range(self._dice.randrange(4))]
        return {self._dice.choice(_WORDS): self._value(depth - 1) for _ in range(self._dice.randrange(4))}

    def _broken(self) -> bytes:
        """What is no HTTP, or says two things at once."""
        head = f"POST {self._path} HTTP/1.1\r\nHost: x\r\n"
        return self._dice.choice(
            [
                self._dice.randbytes(200) + b"\r\n\r\n",
                f"{head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
                f"{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
                f"{head}Content-Length: -1\r\n\r\n".encode(),
                f"{head}X: {'y' * 20_000}\r\n\r\n".encode(),
                f"{head}{''.join(f'X-{n}: y' + chr(13) + chr(10) for n in range(500))}\r\n".encode(),
                f"POST {self._path} HTTP/9.9\r\n\r\n".encode(),
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            ]
        )

    def _post(self, path: str, body: bytes, *headers: str) -> bytes:
        lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""])
        return head.encode("latin-1", "replace") + body


async def send(port: int, request: bytes) -> int:
    """The status that a request is answered with; 0 for a connection that is just closed, or waits for more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(3):
                line = await reader.readline()
                return int(line.split()[1]) if line.startswith(b"HTTP/") else 0
        return 0
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def drip(port: int, start: bytes, drop: bytes) -> float:
    """Send a beginning, then a drop every half second; the seconds until the other side has had enough."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ended = asyncio.create_task(reader.read())
    with suppress(ConnectionError):
        writer.write(start)
        while not ended.done():
            writer.write(drop)
            await asyncio.wait({ended}, timeout=0.5)
    with suppress(ConnectionError):
        await ended
    writer.close()
    return loop.time() - began


def kept(path: Path) -> list[Any]:
    """What must not change: states, ids, films, credits."""
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    sql = ("SELECT id, state, task_id, attempt, ended_at, announced_at FROM jobs", "SELECT * FROM films")
    rows = [conn.execute(one).fetchall() for one in (*sql, "SELECT * FROM ledger", "SELECT * FROM counters")]
    conn.close()
    return rows


async def attack(port: int, hostile: Hostile, number: int, statuses: Counter[int]) -> None:
    left = iter(range(number))

    async def one() -> None:
        for _ in left:
            statuses[await send(port, hostile.request())] += 1

    await asyncio.gather(*(one() for _ in range(_AT_ONCE)))


async def begun(wire: DiscordWire, api: VideoAPI, path: Path) -> str:
    """The callback's path of a film in the making, once that is written down."""
    await wire.ready(starts=1)
    await (await wire.command("video", {"prompt": "a boat in a secret cave"})).response(timeout=10)
    await asyncio.wait_for(api.until(lambda: bool(api.tasks)), 10)
    (task,) = api.tasks.values()
    for _ in range(1_000):
        if kept(path)[0][0][1] == "rendering":
            break
        await asyncio.sleep(0.01)
    return urlsplit(task.request["callback_url"]).path


async def test_ten_thousand_hostile_requests(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """No 500, no change of state, no secret in the log, flat memory; and the real word is heard among all of it."""
    port, path = free_port(), tmp_path / "clapper.db"
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, path, port)
        async with running(env, cwd=tmp_path) as child:
            callback = await begun(wire, api, path)
            hostile, statuses = Hostile(callback, random.Random(11)), Counter[int]()
            before = kept(path)
            start = f"POST {callback} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n"
            slow = [asyncio.create_task(drip(port, f"{start}\r\n".encode(), b" ")) for _ in range(20)]
            slow += [asyncio.create_task(drip(port, start.encode(), b"X: y\r\n")) for _ in range(20)]
            slow += [asyncio.create_task(drip(port, b"", b"")) for _ in range(20)]
            await attack(port, hostile, MANY // 5, statuses)
            first = resident_mib(child.process.pid)
            await attack(port, hostile, MANY - MANY // 5, statuses)
            last = resident_mib(child.process.pid)
            assert statuses.total() == MANY
            assert [status for status in statuses if status >= 500] == [], (statuses, child.log[-3500:])
            assert min(statuses[status] for status in (200, 400, 404, 405, 413)) > 100, statuses
            assert kept(path) == before
            assert last - first < _GROWTH_MIB, (first, last)
            assert max(await asyncio.wait_for(asyncio.gather(*slow), 60)) < 45
            await api.finish(next(iter(api.tasks)))
            await wire.wait_for(lambda: [m for t in wire.threads() for m in wire.messages(t) if m.files])
            assert await child.stop() == 0
        name = callback.rpartition("/")[2]
        for secret in (name, name.rpartition(".")[2], TOKEN, wire.token, "secret cave"):
            assert secret not in child.log
        assert "Traceback" not in child.log, child.log[-3000:]
