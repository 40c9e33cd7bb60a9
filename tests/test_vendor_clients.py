"""The vendor's own command line tools work with the stand-in: what they send is taken, what they ask is answered."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.standin import World, opened, picture, served
from tests.test_videoapi_films import run

PROMPT = "A paper boat"
#: Program, what it says for a film, and what of it arrives.
TEXT: list[tuple[str, list[str], dict[str, Any]]] = [
    ("veo", [], {"action": "text2video", "model": "veo3"}),
    ("veo", ["-m", "veo31", "-a", "9:16", "-r", "4k"], {"model": "veo31", "resolution": "4k", "aspect_ratio": "9:16"}),
    ("kling", [], {"action": "text2video", "mode": "std", "duration": 5.0}),
    (
        "kling",
        ["-m", "kling-v3", "--mode", "4k", "--duration", "15", "--generate-audio", "--negative-prompt", "rain"],
        {"model": "kling-v3", "mode": "4k", "duration": 15.0, "generate_audio": True, "negative_prompt": "rain"},
    ),
    ("luma", ["-a", "21:9"], {"action": "generate", "aspect_ratio": "21:9", "enhancement": True}),
    ("seedance", [], {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": PROMPT}]}),
    (
        "seedance",
        ["-m", "doubao-seedance-2-5-260628", "--duration", "30", "-r", "1080p", "--generate-audio", "true"],
        {"duration": 30, "resolution": "1080p", "generate_audio": True},
    ),
]
#: Program, command and its words for pictures A and B, and how many of them arrive.
IMAGES: list[tuple[str, list[str], int]] = [
    ("veo", ["image-to-video", PROMPT, "-i", "A"], 1),
    ("veo", ["image-to-video", PROMPT, "-i", "A", "-i", "B"], 2),
    ("veo", ["ingredients-to-video", PROMPT, "-i", "A", "-i", "B", "-i", "A"], 3),
    ("kling", ["image-to-video", PROMPT, "-m", "kling-v2-6", "--start-image-url", "A"], 1),
    ("kling", ["image-to-video", PROMPT, "-m", "kling-v3", "--start-image-url", "A", "--end-image-url", "B"], 2),
    ("luma", ["image-to-video", PROMPT, "--start-image-url", "A", "--end-image-url", "B"], 2),
    ("seedance", ["generate", PROMPT, "--first-frame-url", "A", "--last-frame-url", "B"], 2),
    ("seedance", ["image-to-video", PROMPT, "-i", "A", "-i", "B", "-a", "adaptive"], 2),
]


class Client:
    """The vendor's programs, with a stand-in to talk to and pictures to show it."""

    def __init__(self, world: World, pictures: str) -> None:
        self.world = world
        self.pictures = pictures

    async def __call__(self, program: str, *words: str, token: str = "secret") -> tuple[int | None, str]:
        said = [f"{self.pictures}/{word}.png" if word in ("A", "B") else word for word in words]
        where = {"ACEDATACLOUD_API_BASE_URL": str(self.world.http._base_url).rstrip("/")}
        path = str(Path(sys.executable).parent / program)
        return await run(path, *said, "--json", **where, ACEDATACLOUD_API_TOKEN=token)

    async def submitted(self, program: str, *words: str) -> str:
        """The id of the task that a command begins."""
        code, out = await self(program, *words, "--async")
        assert code == 0, out
        return json.loads(out)["task_id"]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    async def give(_: web.Request) -> web.Response:
        return web.Response(body=picture(320, 180))

    async with opened() as world, served(web.get("/{name}", give)) as pictures:
        yield Client(world, pictures)


@pytest.mark.parametrize(("program", "words", "arrives"), TEXT, ids=lambda value: str(value)[:40])
async def test_a_film_from_words(client: Client, program: str, words: list[str], arrives: dict[str, Any]) -> None:
    """A client submits, then finds its task alone and among several; a wrong token is told to its user."""
    task_id = await client.submitted(program, "generate", PROMPT, *words)
    task = await client.world.api.finish(task_id)
    assert {field: task.request.get(field) for field in arrives} == arrives
    (code, shown), (_, listed), (wrong, refused) = await asyncio.gather(
        client(program, "task", task_id),
        client(program, "tasks", task_id),
        client(program, "generate", PROMPT, token="guess"),
    )
    assert code == 0
    assert json.loads(shown) == task.shown()
    assert json.loads(listed) == {"items": [task.shown()], "count": 1}
    assert wrong == 1
    assert "Invalid API token" in refused


@pytest.mark.parametrize(("program", "words", "count"), IMAGES, ids=lambda value: str(value)[:40])
async def test_a_film_from_pictures(client: Client, program: str, words: list[str], count: int) -> None:
    """Pictures are taken in each client's own fields, fetched, and come to a film."""
    task = await client.world.api.finish(await client.submitted(program, *words))
    assert task.response
    assert task.response["success"] is True, task.response
    assert len(task.order.pictures) == client.world.api.studio.fetches == count


async def test_waiting_for_a_film(client: Client) -> None:
    """Seedance's client, which reads results to know when to stop, understands the stand-in's."""
    task_id = await client.submitted("seedance", "generate", PROMPT, "-m", "doubao-seedance-2-5-260628")
    await client.world.api.finish(task_id)
    code, out = await client("seedance", "wait", task_id)
    assert code == 0
    assert json.loads(out)["response"]["data"]["status"] == "succeeded"


async def test_an_open_request(client: Client) -> None:
    """Without `--async` a client waits for the film itself, and is shown what the service answers at its end."""
    for program, link in (("veo", "video_url"), ("kling", "video_url"), ("luma", "video_url")):
        waiting = asyncio.create_task(client(program, "generate", PROMPT))
        await client.world.api.until(lambda: any(task.pending for task in client.world.api.tasks.values()))
        (task,) = (task for task in client.world.api.tasks.values() if task.pending)
        await client.world.api.finish(task.id)
        code, out = await waiting
        assert (code, json.loads(out)) == (0, task.response)
        assert link in out
