"""What brings a film to its thread, made by hand on a callback: the film fetched, a thread made, the film posted."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

import aiohttp
from aiohttp import web

CHUNK = 64 * 1024


async def bring(session: aiohttp.ClientSession, api: str, card: dict[str, str], headers: dict[str, str]) -> None:
    """One call after the other; the film goes through a file, as nobody knows how large it is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        async with session.get(card["film"]) as answer:
            with path.open("wb") as file:
                async for chunk in answer.content.iter_chunked(CHUNK):
                    file.write(chunk)
        where = f"{api}/channels/{card['channel']}/messages/{card['message']}/threads"
        body = {"name": "a boat", "auto_archive_duration": 1440}
        async with session.post(where, json=body, headers=headers) as answer:
            thread = (await answer.json())["id"]
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps({"content": f"your film is ready {card['message']}"}))
        with path.open("rb") as film:
            form.add_field("files[0]", film, filename="film.mp4", content_type="video/mp4")
            async with session.post(f"{api}/channels/{thread}/messages", data=form, headers=headers) as answer:
                answer.raise_for_status()


async def main() -> None:
    """Serve until standard input ends; says its port first."""
    api, headers = os.environ["DISCORD_API_URL"], {"Authorization": f"Bot {os.environ['DISCORD_TOKEN']}"}
    async with aiohttp.ClientSession() as session:
        running: set[asyncio.Task[None]] = set()

        async def callback(request: web.Request) -> web.Response:
            task = asyncio.create_task(bring(session, api, await request.json(), headers))
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
    asyncio.run(main())
