"""The stand-in for the vendor keeps the vendor's contract, and misbehaves only when asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from demo.videoapi import VideoAPI
from tests.standin import BODY, HEADERS, World, inline, opened, picture, served

CLIP = {"character_url": "https://example.com/clip.mp4"}
OPEN = {"version": "2.0", "size": "720x1280"}


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with opened(**getattr(request, "param", {})) as running:
        yield running


# ---- the two ways to get a result


async def test_callback(world: World):
    """With a callback the answer is a task id alone; the result is posted, and shown the same, once there is one."""
    task_id = await world.submit(duration=15, image_urls=[inline(picture(8, 8))])
    pending = await world.shown(task_id)
    assert set(pending) == {"id", "created_at", "request", "trace_id", "type"}
    assert pending["type"] == "videos"
    assert pending["request"]["callback_url"] == world.hook
    assert pending["request"]["image_urls"] == [inline(picture(8, 8))]

    await world.api.finish(task_id)
    [text] = world.calls()
    result = json.loads(text)
    assert result == (await world.shown(task_id))["response"]
    assert set(result) == {"success", "task_id", "trace_id", "data"}
    assert (result["success"], result["task_id"], result["trace_id"]) == (True, task_id, pending["trace_id"])
    [film] = result["data"]
    assert set(film) == {"id", "video_url", "state"}
    assert film["id"].startswith("sora-2:task_")
    assert film["state"] == "succeeded"


async def test_open_request(world: World):
    """Without a callback the request stays open until the film is there, and its failure is an HTTP error."""
    for error, expected in ((None, 200), (("api_error", "fetch failed"), 500), (("forbidden", "no"), 403)):
        waiting = asyncio.create_task(world.post("/sora/videos", BODY))
        await world.api.until(lambda: any(task.response is None for task in world.api.tasks.values()))
        task_id = list(world.api.tasks)[-1]
        assert not waiting.done()
        await world.api.finish(task_id, error=error)
        status, answer = await waiting
        assert (status, answer) == (expected, world.api.tasks[task_id].response)


async def test_async_without_callback(world: World):
    """`async` gives a task id and no callback; the vendor's health page as callback is taken and never called."""
    for extra in ({"async": True}, {"callback_url": "https://api.acedata.cloud/health?job=7"}):
        status, answer = await world.post("/sora/videos", {**BODY, **extra})
        assert (status, list(answer)) == (200, ["task_id"])
        task = await world.api.finish(answer["task_id"])
        assert task.response
        assert task.callbacks == []


async def test_by_the_clock():
    """With seconds a task ends by itself, and a slow one later."""
    api = VideoAPI(token="secret", seconds=0.3, render=lambda request, pictures: b"")
    async with api.serve() as url, aiohttp.ClientSession(url, headers=HEADERS) as http:
        for prompt in ("a slow boat", "a boat"):
            async with http.post("/sora/videos", json={**BODY, "prompt": prompt, "async": True}) as answer:
                assert answer.status == 200
        slow, usual = api.tasks.values()
        await usual.settled.wait()
        assert slow.response is None


# ---- what is refused


REFUSED = [
    ({"model": None}, 400),
    ({"model": "sora-3"}, 400),
    ({"prompt": " \n"}, 400),
    ({"prompt": 5}, 400),
    ({"seed": 1}, 400),  # an unknown field
    ({"duration": True}, 400),
    ({"duration": 10.0}, 400),
    ({"duration": "10"}, 400),
    ({"duration": 4}, 400),
    ({"duration": 25}, 400),  # only with sora-2-pro
    ({"size": "1280x720"}, 400),
    ({"size": None}, 400),  # a field is given or left out
    ({"orientation": "diagonal"}, 400),
    ({"version": 1.0}, 400),
    ({"version": "3.0"}, 400),
    ({"async": 1}, 400),
    ({"callback_url": "ftp://example.com/"}, 400),
    ({"callback_url": "http://"}, 400),
    ({"callback_url": "http://example.com:99999/"}, 400),
    ({"callback_url": "http://example.com/a b"}, 400),
    ({"image_urls": "https://example.com/a.png"}, 400),
    ({"image_urls": []}, 400),
    ({"image_urls": [1]}, 400),
    ({"image_urls": ["https://example.com/a.png"] * 11}, 400),
    ({"image_urls": ["/a.png"]}, 400),
    ({"image_urls": ["data:image/png;base64,####"]}, 400),
    ({"image_urls": ["data:image/png;base64,AAAAA"]}, 400),  # a length that Base64 cannot have
    ({"image_urls": ["data:text/html;base64,AAAA"]}, 400),
    ({"character_start": 0.1}, 400),  # of which character?
    ({**CLIP, "character_start": 0.5, "character_end": 0.5}, 400),
    ({**CLIP, "character_start": -0.1}, 400),
    ({**CLIP, "character_end": 1.5}, 400),
    ({**CLIP, "character_start": False, "character_end": True}, 400),
    ({"character_url": "clip.mp4"}, 400),
    ({**OPEN, "duration": 10}, 400),
    ({**OPEN, "size": "small"}, 400),
    ({**OPEN, **CLIP}, 400),
]


@pytest.mark.parametrize(("change", "status"), REFUSED, ids=lambda value: str(value)[:50])
async def test_refused(world: World, change: dict[str, Any], status: int):
    """A request outside the contract gets an error of the documented shape, and no task."""
    got, answer = await world.post("/sora/videos", {**BODY, **change})
    assert (got, set(answer)) == (status, {"success", "error", "trace_id"})
    assert answer["success"] is False
    assert answer["error"]["code"] in ("token_mismatched", "api_not_implemented")
    assert answer["error"]["message"]
    assert not world.api.tasks


ACCEPTED = [
    {},
    {"model": "sora-2-pro", "duration": 25, "size": "large", "orientation": "square"},
    {**CLIP, "character_start": 0, "character_end": 1},
    {**CLIP, "character_start": 0.25, "character_end": 0.5},
    {**OPEN, "duration": 12, "orientation": "landscape"},  # ignored
    {"version": "2.0", "size": "1792x1024", "image_urls": [inline(picture(1792, 1024)), inline(picture(3, 3))]},
    {"prompt": "\ud800 عربى 東京 🚀 \x00 <b>"},
]


@pytest.mark.parametrize("change", ACCEPTED, ids=lambda value: ascii(value)[:50])
async def test_accepted(world: World, change: dict[str, Any]):
    """What the contract offers is taken, and comes to a film."""
    task = await world.api.finish(await world.submit(**change))
    assert task.response
    assert task.response["success"] is True


@pytest.mark.parametrize("world", [{"character": "seconds"}], indirect=True)
async def test_character_in_seconds(world: World):
    """Where a character is counted in seconds, both are needed, 1 to 3 s apart."""
    for times, status in (((3, 5), 200), ((0, 4), 400), ((3, None), 400)):
        named = zip(("character_start", "character_end"), times, strict=True)
        fields = {name: value for name, value in named if value is not None}
        assert (await world.post("/sora/videos", {**BODY, **CLIP, **fields, "async": True}))[0] == status


@pytest.mark.parametrize("world", [{"max_body": 5000}], indirect=True)
async def test_not_even_a_request(world: World):
    """A wrong token, other headers, other bodies and other addresses each have their own code."""
    good = {"headers": HEADERS, "json": BODY}
    table: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("POST", "/sora/videos", {**good, "headers": {"authorization": "Bearer guess"}}, 401, "invalid_token"),
        ("POST", "/sora/tasks", {**good, "headers": {"authorization": "secret"}}, 401, "invalid_token"),
        ("POST", "/sora/videos", {**good, "headers": {"accept": "text/html"}}, 400, "token_mismatched"),
        ("POST", "/sora/videos", {"data": b"model=sora-2"}, 400, "token_mismatched"),
        ("POST", "/sora/videos", {"json": [BODY]}, 400, "token_mismatched"),
        ("POST", "/sora/videos", {"json": {**BODY, "prompt": "x" * 5000}}, 413, "request_too_large"),
        ("POST", "/pika/videos", good, 404, "no_api"),
        ("GET", "/sora/videos", {}, 404, "no_api"),
    ]
    for raw in (b"", b"{", b'{"duration": NaN}', b"\xff", b"[" * 4000):
        table.append(("POST", "/sora/videos", {"data": raw, "headers": {"content-type": "application/json"}}, 400, ""))
    for method, path, options, status, code in table:
        async with world.http.request(method, path, **options) as answer:
            body = await answer.json()
            assert (answer.status, body["error"]["code"]) == (status, code or "token_mismatched")
    assert not world.api.tasks


async def test_too_many(world: World):
    """The sixth generation in flight is refused with a time to wait, until one has ended."""
    first, *_ = [await world.submit() for _ in range(5)]
    async with world.http.post("/sora/videos", json=BODY) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
        assert (await answer.json())["error"]["code"] == "too_many_requests"
    await world.api.finish(first)
    await world.submit()


# ---- pictures


async def test_picture_links(world: World):
    """Pictures are fetched from their links, and one that cannot be had or read fails the task afterwards."""
    files = {"good.png": picture(40, 30), "page.png": b"<html>", "half.jpg": picture(300, 300, "JPEG")[:900]}

    async def give(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.Response(body=files[name]) if name in files else web.Response(status=404)

    async with served(web.get("/{name}", give)) as url:
        for name, success in (("good.png", True), ("page.png", False), ("half.jpg", False), ("none.png", False)):
            task = await world.api.finish(await world.submit(image_urls=[f"{url}/{name}"]))
            assert task.response
            assert task.response["success"] is success
            assert json.loads(world.calls()[0]) == task.response
    assert world.api.studio.fetches == 4


async def test_picture_of_another_size(world: World):
    """Version 2.0 takes a first picture of exactly its size, by its real pixels."""
    task = await world.api.finish(await world.submit(**OPEN, image_urls=[inline(picture(719, 1280))]))
    assert task.response
    assert "719x1280" in task.response["error"]["message"]


# ---- /sora/tasks


async def test_tasks(world: World):
    """Tasks are shown by id, by ids, and as the newest ones of a time; an unknown one is an empty object."""
    ids = [await world.submit() for _ in range(4)]
    assert await world.shown("nobody") == {}

    async def batch(**fields: Any) -> Any:
        status, answer = await world.post("/sora/tasks", {"action": "retrieve_batch", **fields})
        return [item["id"] for item in answer["items"]] if status == 200 else status

    newest = ids[::-1]
    times = [world.api.tasks[i].created_at for i in ids]
    assert await batch(ids=[ids[2], "nobody", ids[0]]) == [ids[2], ids[0]]
    assert await batch() == newest
    assert await batch(created_at_min=times[0], created_at_max=times[-1], limit=2, offset=1) == newest[1:3]
    assert await batch(created_at_min=times[-1] + 1) == []
    for wrong in (
        {"ids": []},
        {"ids": "x"},
        {"ids": ["x"] * 51},
        {"limit": 0},
        {"limit": 51},
        {"offset": -1},
        {"x": 1},
    ):
        assert await batch(**wrong) == 400
    for wrong in ({"action": "cancel"}, {"action": "retrieve"}, {"action": "retrieve", "id": 5}, {}):
        assert (await world.post("/sora/tasks", wrong))[0] == 400


# ---- misbehaviour


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("broke", 403, "used_up"),
        ("refuse", 403, "forbidden"),
        ("gone", 404, "no_api"),
        ("limited", 429, "too_many_requests"),
    ],
)
async def test_refusing_words(world: World, word: str, status: int, code: str):
    """Some words refuse a request at once; `limited` only the first time; none of them as a part of another word."""
    body = {**BODY, "prompt": f"A boat, {word.upper()}!", "async": True}
    async with world.http.post("/sora/videos", json=body) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
        assert answer.headers.get("Retry-After") == ("1" if word == "limited" else None)
    assert (await world.post("/sora/videos", body))[0] == (200 if word == "limited" else status)
    await world.submit(f"{word}ness, never-ending, un-{word}")


@pytest.mark.parametrize("word", ["vanish", "reset"])
async def test_answers_that_lie(world: World, word: str):
    """An accepted request may be answered with an error or not at all: its task goes on and calls back."""
    body = {**BODY, "prompt": word, "callback_url": world.hook}
    if word == "vanish":
        assert (await world.post("/sora/videos", body))[0] == 500
    else:
        with pytest.raises(aiohttp.ClientError):
            await world.post("/sora/videos", body)
    await world.api.until(lambda: bool(world.api.tasks))
    [task_id] = world.api.tasks
    await world.api.finish(task_id)
    assert json.loads(world.calls()[0])["task_id"] == task_id


async def test_failing_words(world: World):
    """`fail` and `moderated` are accepted and fail by callback."""
    for word, code in (("fail", "api_error"), ("moderated", "forbidden")):
        task_id = await world.submit(word)
        await world.api.finish(task_id)
        body = json.loads(world.calls()[0])
        assert set(body) == {"success", "task_id", "error", "trace_id"}
        assert (body["success"], body["error"]["code"]) == (False, code)


async def test_callback_words(world: World):
    """Callbacks can get lost, come twice, before the answer, with another's id, or broken first."""
    other = await world.submit()
    early = await world.submit("early")
    assert json.loads(world.calls()[0])["task_id"] == early  # nobody has finished it
    for prompt, count in (("lost", 0), ("twice", 2), ("stranger", 1), ("garbage", 2), ("fail twice garbage", 3)):
        task_id = await world.submit(prompt)
        task = await world.api.finish(task_id)
        calls = world.calls()
        assert len(calls) == count
        assert task.callbacks == [(call, 204) for call in calls]
        assert (await world.shown(task_id))["response"] == task.response
        if "garbage" in prompt:
            with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
                json.loads(calls[0])
        if prompt == "stranger":
            assert json.loads(calls[-1])["task_id"] in {other, *world.api.tasks} - {task_id}
        elif calls:
            assert json.loads(calls[-1]) == task.response


async def test_late_callback(world: World):
    """A late callback comes after the task shows its result; a test can send it, or a forged one, by hand."""
    task_id = await world.submit("late")
    await world.api.finish(task_id)
    assert (await world.shown(task_id))["response"]["success"] is True
    assert world.calls() == []
    assert await world.api.call_back(task_id) == 204
    assert await world.api.call_back(task_id, "forged") == 204
    assert world.calls() == [json.dumps(world.api.tasks[task_id].response), "forged"]


async def test_never(world: World):
    """A task that never ends is pending for ever, and takes no place of another one."""
    ids = [await world.submit("never early" if i > 7 else "never") for i in range(7)]
    assert all(world.api.tasks[i].response is None for i in ids)
    await world.submit()


async def test_dictated(world: World):
    """A test can dictate a result, and the answers to the next requests."""
    task_id = await world.submit()
    await world.api.finish(task_id, response={"success": True, "data": "odd"})
    assert json.loads(world.calls()[0]) == {"success": True, "data": "odd"}
    world.api.faults.append(("/sora/tasks", 502, "<html>"))
    async with world.http.post("/sora/tasks", json={}) as answer:
        assert (answer.status, await answer.text()) == (502, "<html>")
    assert await world.shown(task_id)
