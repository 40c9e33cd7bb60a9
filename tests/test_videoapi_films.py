"""The stand-in's films play, and it works alone and with the vendor's own client."""

import ast
import asyncio
import json
import os
import struct
import sys
import threading
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from demo import render
from demo.videoapi import VideoAPI
from tests.standin import BODY, HEADERS, World, inline, opened, picture

ROOT = Path(__file__).parents[1]


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with opened(**getattr(request, "param", {})) as running:
        yield running


# ---- films


async def links(world: World, prompt: str) -> list[str]:
    task = await world.api.finish(await world.submit(prompt))
    assert task.response
    return [film["video_url"] for film in task.response["data"]]


async def test_film_link(world: World):
    """A link gives the film, whole or in ranges, only with its signature, and until it has expired."""
    [url] = await links(world, "boat")
    async with world.http.get(url) as answer:
        assert (answer.status, answer.content_type, answer.content_length) == (200, "video/mp4", 4000)
        assert await answer.read() == b"film" * 1000
    async with world.http.get(url, headers={"Range": "bytes=4-7"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"film")
    async with world.http.get(url.split("?")[0]) as answer:
        assert answer.status == 403
    world.api.expire(next(iter(world.api.tasks)))
    async with world.http.get(url) as answer:
        assert answer.status == 404


async def test_film_words(world: World):
    """A link can be dead, give a page, or end early; and there can be two films."""
    for word, status, kind in (("deadlink", 404, "text/plain"), ("notvideo", 200, "text/html")):
        async with world.http.get((await links(world, word))[0]) as answer:
            assert (answer.status, answer.content_type) == (status, kind)
    async with world.http.get((await links(world, "cut"))[0]) as answer:
        assert answer.content_length == 4000
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    assert len(set(await links(world, "pair"))) == 2


async def test_drawing_blocks_nobody():
    """While a film is drawn, the stand-in answers others; the same recipe is drawn once."""
    drawing, done, drawn = threading.Event(), threading.Event(), []

    def draw(request: dict[str, Any], pictures: list[bytes]) -> bytes:
        drawing.set()
        assert done.wait(10)
        drawn.append(request["prompt"])
        return b"film"

    api = VideoAPI(token="secret", seconds=0, render=draw)
    async with api.serve() as url, aiohttp.ClientSession(url, headers=HEADERS) as http:
        waiting = [asyncio.create_task(post_json(http, BODY)) for _ in range(2)]
        await asyncio.to_thread(drawing.wait, 10)
        async with http.post("/sora/tasks", json={"action": "retrieve_batch"}) as answer:
            assert all("response" not in item for item in (await answer.json())["items"])
        done.set()
        assert [answer["success"] for answer in await asyncio.gather(*waiting)] == [True, True]
    assert len(drawn) == 1


async def post_json(http: aiohttp.ClientSession, body: dict[str, Any]) -> Any:
    async with http.post("/sora/videos", json=body) as answer:
        return await answer.json()


def boxes(film: bytes) -> list[bytes]:
    """The kinds of an MP4's outermost boxes, in order."""
    kinds, at = [], 0
    while at < len(film):
        size, kind = struct.unpack(">I4s", film[at : at + 8])
        kinds.append(kind)
        at += size
    return kinds


FILMS = [
    ({"orientation": "portrait", "image_urls": [inline(picture(90, 60)), inline(picture(60, 90))]}, 720, 1280, 10),
    ({"version": "2.0", "size": "1280x720", "image_urls": [inline(picture(1280, 720, "JPEG"), "jpeg")]}, 1280, 720, 4),
    ({"orientation": "square", "prompt": "A boat 東京 🚀 \ud800 " + "very " * 200}, 720, 720, 10),
]


@pytest.mark.parametrize("world", [{"render": None}], indirect=True)
@pytest.mark.parametrize(("change", "width", "height", "seconds"), FILMS, ids=["portrait", "2.0", "square"])
async def test_real_film(world: World, change: dict[str, Any], width: int, height: int, seconds: int):
    """A film has the pixels and seconds asked for, plays while it loads, moves, and sounds."""
    task = await world.api.finish(await world.submit(**change))
    assert task.response
    async with world.http.get(task.response["data"][0]["video_url"]) as answer:
        film = await answer.read()
    assert boxes(film).index(b"moov") < boxes(film).index(b"mdat")
    with av.open(BytesIO(film), "r") as opened:
        video, audio = opened.streams.video[0], opened.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.pix_fmt) == (width, height, "yuv420p")
        frames, loudest = [], 0.0
        for frame in opened.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                frames.append(bytes(frame.planes[0]) if len(frames) in (20, 30) else b"")
            elif isinstance(frame, av.AudioFrame):
                loudest = max(loudest, *(abs(v[0]) for v in struct.iter_unpack("<f", bytes(frame.planes[0]))))
        assert opened.duration is not None
        assert opened.duration / 1e6 == pytest.approx(seconds, abs=0.2)
    assert len(frames) == seconds * render.FPS
    assert frames[20] != frames[30]
    assert 0.02 < loudest < 1


# ---- run by others


async def run(*command: str, **env: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={"PATH": os.environ["PATH"], "COLUMNS": "9999", **env}
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_the_vendors_own_client(world: World):
    """The vendor's command line tool submits, polls one and several, and is told about a wrong token."""
    sora = str(Path(sys.executable).parent / "sora")
    env = {"ACEDATACLOUD_API_BASE_URL": str(world.http._base_url).rstrip("/"), "ACEDATACLOUD_API_TOKEN": "secret"}
    asked = ("generate", "A paper boat", "--duration", "10", "--async", "--json")
    code, out = await run(sora, *asked, **env)
    task_id = json.loads(out)["task_id"]
    assert code == 0
    await world.api.finish(task_id)
    shown, listed, refused = await asyncio.gather(
        run(sora, "task", task_id, "--json", **env),
        run(sora, "tasks", task_id, "--json", **env),
        run(sora, *asked, **{**env, "ACEDATACLOUD_API_TOKEN": "guess"}),
    )
    assert json.loads(shown[1]) == await world.shown(task_id)
    assert json.loads(listed[1])["count"] == 1
    assert refused[0] == 1
    assert "Invalid API token" in refused[1]


async def test_runs_alone():
    """`python -m demo.videoapi` says where it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.videoapi", "--port", "0", "--token", "t", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        words = (await process.stdout.readline()).decode().split()
        [url] = [word for word in words if word.startswith("http")]
        async with aiohttp.ClientSession() as http, http.get(url + "/health") as answer:
            assert answer.status == 200
    finally:
        process.terminate()
        await process.communicate()


def test_knows_nothing_of_clapper():
    """The stand-in imports only its own modules, or a mistake of ours would cancel out."""
    own, seen = {"videoapi"}, set()
    allowed = {"aiohttp", "av", "PIL", "yarl", *sys.stdlib_module_names}
    while own - seen:
        name = (own - seen).pop()
        seen.add(name)
        for node in ast.walk(ast.parse((ROOT / "demo" / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("demo"):
                own |= {node.module[5:]} if node.module != "demo" else {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] in allowed
            elif isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed
    ours = {"videoapi", "moods", "life", "answers", "studio", "render", "lettering"}
    assert seen == ours | {"fields", "contract", "contents", "siblings"}
