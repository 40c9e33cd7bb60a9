"""Callbacks accepted a second by the real public server, against a bare handler that commits one row for each."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from aiohttp import web

from bench.bare import PRAGMAS, TABLE
from bench.load import post_all
from bench.measure import Figure, ratio, side_by_side, told
from domain.pace import Pace
from service.links import Links
from service.meter import Meter
from service.results import Results
from storage import jobs
from storage.database import Database, open_database
from tests.test_words import a_job
from web import PublicApp

COUNT = 500
ROUNDS = 7
AT_ONCE = 16


async def prepare(path: Path, count: int) -> list[tuple[str, bytes]]:
    """Jobs that are being made, each with its credits held; the path and the body of each one's callback."""
    now = int(time.time() * 1000)
    async with open_database(path) as db:
        links = Links(await db.key("links"), "")
        async with db.transaction() as conn:
            for n in range(count):
                await jobs.begin(conn, a_job(id=f"j{n:09}", interaction_id=n, author_id=n, created_at=now), fold=str(n))
            await conn.execute("INSERT INTO counters VALUES (1, 'server', 'd:2026-01-01#0', 2 * ?)", (count,))
            await conn.execute(
                "INSERT INTO ledger (guild_id, member_id, job_id, kind, source, amount, windows, at)"
                " SELECT guild_id, author_id, id, 'hold', 'window', 2, '[]', created_at FROM jobs"
            )
            await conn.execute(
                "UPDATE jobs SET state = 'rendering', task_id = 'task-' || id, sent_at = ?, next_look_at = ?",
                (now, now + 3_600_000),
            )
    made = []
    for n in range(count):
        job = f"j{n:09}"
        film = {"id": f"sora-2:{job}", "video_url": f"https://films.example.org/{job}.mp4", "state": "succeeded"}
        body = {"success": True, "task_id": f"task-{job}", "trace_id": f"trace-{job}", "data": [film]}
        made.append((links.callback(job, 1).partition("?job=")[2], json.dumps(body).encode()))
    return [(f"/callback/{name}", body) for name, body in made]


def ours(db: Database, key: bytes) -> web.Application:
    """The public server as bot.py builds it, without the loops behind it."""

    async def no_picture(job_id: str, n: int) -> None: ...

    async def no_clip(job_id: str) -> None: ...

    results = Results(db, pace=Pace(), on_change=lambda *_: None, meter=Meter())
    public = PublicApp(
        read_link=Links(key, "").read,
        on_callback=results.called_back,
        get_picture=no_picture,
        get_clip=no_clip,
        instance="",
    )
    return public.app()


def plain(db: aiosqlite.Connection) -> web.Application:
    """One handler, one row, one commit."""
    lock = asyncio.Lock()

    async def callback(request: web.Request) -> web.Response:
        payload: dict[str, Any] = await request.json()
        async with lock:
            await db.execute("BEGIN IMMEDIATE")
            await db.execute("INSERT INTO rows (who, prompt) VALUES (?, ?)", (1, payload["task_id"]))
            await db.commit()
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_post("/callback/{name}", callback)
    return app


async def serve(kind: str, path: Path) -> None:
    """Serve one of the two until standard input ends; says its port first."""
    async with AsyncExitStack() as stack:
        if kind == "ours":
            db = await stack.enter_async_context(open_database(path))
            app = ours(db, await db.key("links"))
        else:
            conn = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))
            await conn.executescript(PRAGMAS + TABLE)
            app = plain(conn)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def served(kind: str, path: Path) -> AsyncGenerator[int]:
    """The port of a server in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    words = (sys.executable, "-m", "bench.callbacks", kind, str(path))
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def measure() -> list[Figure]:
    """Rounds of 500 in turn, over 16 connections that stay open, from this process to each server's own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        todo = iter(await prepare(folder / "clapper.db", COUNT * (ROUNDS + 1)))
        ports = {
            kind: await stack.enter_async_context(served(kind, folder / name))
            for kind, name in (("ours", "clapper.db"), ("plain", "bare.db"))
        }
        task = json.dumps({"success": True, "task_id": "t", "data": [{"id": "a", "video_url": "https://b.example"}]})

        async def real() -> float:
            return await post_all(ports["ours"], [next(todo) for _ in range(COUNT)], AT_ONCE)

        async def bare() -> float:
            return await post_all(ports["plain"], [("/callback/x", task.encode())] * COUNT, AT_ONCE)

        pairs = await side_by_side(real, bare, ROUNDS)
    return [
        Figure(
            "callbacks",
            "callbacks accepted a second ÷ a bare handler with one committed row",
            ratio(pairs),
            0.8,
            at_most=False,
            detail=told(pairs, "a second"),
        )
    ]


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
