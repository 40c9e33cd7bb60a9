"""The two calls that a film's message takes, made by hand on a callback: a thread on the card, the film into it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
from aiohttp import web


async def bring(session: aiohttp.ClientSession, api: str, card: dict[str, str], film: bytes) -> None:
    """Both calls, one after the other."""
    where = f"{api}/channels/{card['channel']}/messages/{card['message']}/threads"
    async with session.post(where, json={"name": "a boat", "auto_archive_duration": 1440}) as answer:
        thread = (await answer.json())["id"]
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps({"content": f"your film is ready {card['message']}"}))
    form.add_field("files[0]", film, filename="film.mp4", content_type="video/mp4")
    async with session.post(f"{api}/channels/{thread}/messages", data=form) as answer:
        answer.raise_for_status()


async def main(film: bytes) -> None:
    """Serve until standard input ends; says its port first."""
    api, headers = os.environ["DISCORD_API_URL"], {"Authorization": f"Bot {os.environ['DISCORD_TOKEN']}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        running: set[asyncio.Task[None]] = set()

        async def callback(request: web.Request) -> web.Response:
            task = asyncio.create_task(bring(session, api, await request.json(), film))
            running.add(task)
            task.add_done_callback(running.discard)
            return web.json_response({"ok": True})

        app = web.Application()
        app.router.add_post("/callback", callback)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))
