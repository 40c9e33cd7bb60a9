"""The stand-in for Sora's siblings is strict: it takes what each contract describes, and refuses all else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from demo import contract
from demo.fields import Refused
from tests.rows import BODIES, A, B
from tests.standin import World, inline, opened, picture

Body = dict[str, Any]
T = "text"
SEEDANCE, SEEDANCE_1 = "doubao-seedance-2-0-260128", "doubao-seedance-1-0-pro-250528"
PROMPT = {"type": "text", "text": "x"}
FIRST = {"type": "image_url", "role": "first_frame", "image_url": {"url": A}}
LAST = {**FIRST, "role": "last_frame"}
TO_GO_BY = {**FIRST, "role": "reference_image"}
FRAME, END, IDEA = ({"type": kind, "url": A} for kind in ("first_frame", "last_frame", "reference_image"))


def body(key: str, mode: str = T, /, without: str = "", **change: Any) -> Body:
    """A body that the contract has, changed."""
    changed = {**BODIES[key][mode], **change}
    return {name: value for name, value in changed.items() if name != without}


#: Service, and a body that is outside its contract.
OUTSIDE: list[tuple[str, Body]] = [
    *[(key.split("-")[0], body(key, seed_of_doubt=1)) for key in ("veo-3.1", "kling-3", "luma", "hailuo", "wan-3")],
    ("happyhorse", body("happyhorse-1.1", colour="red")),
    ("minimax", body("minimax-h3", prompt="x")),
    ("veo", body("veo-3.1", without="action")),
    ("veo", body("veo-3.1", without="prompt")),
    ("veo", body("veo-3.1", model="veo2")),
    ("veo", body("veo-3.1", image_urls=[A])),
    ("veo", body("veo-3.1", "first", image_urls=[A, A, A])),
    ("veo", body("veo-3.1", "first", image_urls=[inline(b"x")])),
    ("veo", body("veo-3.1", "first", resolution="4k")),
    ("veo", body("veo-3.1-fast", resolution="4k")),
    ("veo", body("veo-3.1-fast", "references", model="veo31")),
    ("veo", body("veo-3.1-fast", model="veo31-fast-ingredients")),
    ("veo", body("veo-3.1", aspect_ratio="1:1")),
    ("veo", body("veo-3.1", duration=8)),
    ("kling", body("kling-3", without="prompt")),
    ("kling", body("kling-3", duration=16)),
    ("kling", body("kling-3", duration=5.5)),
    ("kling", body("kling-2.6", duration=7)),
    ("kling", body("kling-o1", duration=10)),
    ("kling", body("kling-2.6", mode="4k")),
    ("kling", body("kling-3", negative_prompt="x" * 201)),
    ("kling", body("kling-3-turbo", negative_prompt="x")),
    ("kling", body("kling-3-turbo", generate_audio=False)),
    ("kling", body("kling-2.6", generate_audio=True)),
    ("kling", body("kling-o1", generate_audio=True)),
    ("kling", body("kling-3", start_image_url=A)),
    ("kling", body("kling-3", "ends", without="start_image_url")),
    ("kling", body("kling-3-turbo", "first", end_image_url=B)),
    ("kling", body("kling-2.6", "ends", mode="std")),
    ("kling", body("kling-3-omni", "references", mode="4k")),
    ("kling", body("kling-3-omni", "references", image_list=[{"image_url": A}] * 8)),
    ("kling", body("kling-3", image_list=[{"image_url": A}])),
    ("kling", body("kling-3", "first", start_image_url=inline(b"x"))),
    ("luma", body("luma", without="prompt")),
    ("luma", body("luma", aspect_ratio="2:1")),
    ("luma", body("luma", duration=5)),
    ("luma", body("luma", action="extend", video_url="x")),
    ("luma", body("luma", action="extend", video_id=7)),
    ("seedance", body("seedance-2", model="seedance-2")),
    ("seedance", body("seedance-2", content=[{"type": "text", "text": "x" * 1001}])),
    ("seedance", body("seedance-2", content=[FIRST])),
    ("seedance", body("seedance-2", content=[PROMPT, {"type": "image_url", "role": "first_frame", "image_url": A}])),
    ("seedance", body("seedance-2", content=[PROMPT, FIRST, TO_GO_BY])),
    ("seedance", body("seedance-2", content=[PROMPT, LAST])),
    ("seedance", body("seedance-2", content=[PROMPT, FIRST, FIRST])),
    ("seedance", body("seedance-2", content=[PROMPT, *[TO_GO_BY] * 10])),
    ("seedance", body("seedance-1.5-pro", content=[PROMPT, TO_GO_BY])),
    ("seedance", body("seedance-2", ratio="adaptive")),
    ("seedance", body("seedance-2", duration=16)),
    ("seedance", body("seedance-2-fast", resolution="1080p")),
    ("seedance", body("seedance-2.5", resolution="4k")),
    ("seedance", body("seedance-2", priority=1)),
    ("seedance", body("seedance-2", model=SEEDANCE_1, duration=-1)),
    ("hailuo", body("hailuo", without="action")),
    ("hailuo", body("hailuo", first_image_url=A)),
    ("hailuo", body("hailuo", "first", without="first_image_url")),
    ("hailuo", body("hailuo", "first", first_image_url=inline(b"x"))),
    ("wan", body("wan-2.6", without="model")),
    ("wan", body("wan-2.6", resolution="720p")),
    ("wan", body("wan-2.6", action="image2video")),
    ("wan", body("wan-2.6", "first", without="image_url")),
    ("wan", body("wan-2.6", ratio="16:9")),
    ("wan", body("wan-2.6", duration=7)),
    ("wan", body("wan-3", action="text2video")),
    ("wan", body("wan-3", duration=31)),
    ("wan", body("wan-3", negative_prompt="x" * 501)),
    ("wan", body("wan-3", media=[FRAME, IDEA])),
    ("wan", body("wan-3", media=[END])),
    ("wan", body("wan-3", media=[IDEA] * 11)),
    ("wan", body("wan-3", shot_type="multi")),
    ("wan", body("wan-3", watermark="no")),
    ("wan", body("wan-3", seed="7")),
    ("wan", body("wan-2.6", size="720p")),
    ("happyhorse", body("happyhorse-1.1", model="happyhorse-1.1-i2v")),
    ("happyhorse", body("happyhorse-1.1", image_url=A)),
    ("happyhorse", body("happyhorse-1.1", "references", image_urls=[A] * 10)),
    ("happyhorse", body("happyhorse-1.1", duration=2)),
    ("happyhorse", body("happyhorse-1.1", seed=True)),
    ("happyhorse", body("happyhorse-1.1", watermark=1)),
    ("happyhorse", {"model": "happyhorse-1.0-video-edit", "prompt": "x", "action": "video_edit"}),
    ("happyhorse", {"model": "happyhorse-1.0-video-edit", "prompt": "x", "action": "video_edit", "video_url": "x"}),
    ("grok", body("grok-imagine", duration=5)),
    ("grok", body("grok-imagine", resolution="4k")),
    ("grok", body("grok-imagine", "first", reference_image_urls=[A])),
    ("grok", body("grok-imagine", model="grok-imagine-video-1.5:official", duration=6)),
    ("gemini", body("gemini-omni-flash", image_urls=[A] * 5)),
    ("gemini", body("gemini-omni-flash", video_urls=[A])),
    ("gemini", body("gemini-omni-flash", aspect_ratio="1:1")),
    ("minimax", body("minimax-h3", without="resolution")),
    ("minimax", body("minimax-h3", without="ratio")),
    ("minimax", body("minimax-h3", ratio="adaptive")),
    ("minimax", body("minimax-h3", duration=16)),
]


@pytest.mark.parametrize(("provider", "wrong"), OUTSIDE, ids=lambda value: str(value)[:60])
def test_outside(provider: str, wrong: Body) -> None:
    """A body outside the contract is refused as a wrong request."""
    with pytest.raises(Refused) as caught:
        contract.read_videos(provider, wrong, images_max=10, character="position")
    assert caught.value.code == "bad_request"
    assert caught.value.message


#: Service, and a body that its contract has although nobody here sends it.
WITHIN: list[tuple[str, Body]] = [
    ("veo", {"action": "get1080p", "video_id": "v"}),
    ("kling", body("kling-2.5-turbo", action="extend", video_id="v")),
    ("luma", {"prompt": "x", "action": "extend", "video_url": A, "loop": True}),
    ("luma", {"prompt": "x", "end_image_url": A}),
    ("seedance", body("seedance-2.5", duration=-1, priority=3, output_format="mov")),
    ("seedance", body("seedance-2", "first", content=[PROMPT, {**FIRST, "image_url": {"url": inline(b"xx")}}])),
    ("seedance", {"model": SEEDANCE_1, "content": [PROMPT], "frames": 29}),
    ("wan", {"model": "wan2.6-r2v", "prompt": "x", "action": "image2video", "reference_video_urls": [A]}),
    ("wan", body("wan-2.6", shot_type="multi", prompt_extend=True, size="1280x720")),
    ("happyhorse", {"model": "happyhorse-1.0-video-edit", "prompt": "x", "action": "video_edit", "video_url": A}),
    ("grok", {"prompt": "x"}),
    ("gemini", {"prompt": "x", "image_urls": [A], "video_urls": [B]}),
]


@pytest.mark.parametrize(("provider", "good"), WITHIN, ids=lambda value: str(value)[:60])
def test_within(provider: str, good: Body) -> None:
    """What the contract has besides is taken."""
    assert contract.read_videos(provider, good, images_max=10, character="position").seconds > 0


def test_references_that_the_prompt_does_not_name_are_ignored() -> None:
    """Kling looks only at those pictures to go by that its prompt cites."""
    half = body("kling-o1", "references", prompt="see <<<image_2>>>")
    assert contract.read_videos("kling", half, images_max=10, character="position").pictures == (B,)


# ---- as a server


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with opened() as running:
        yield running


async def test_refusals_in_each_services_words(world: World) -> None:
    """Sora's refusals say `success`, the others' do not, and MiniMax has an envelope of its own."""
    for provider, keys in (("sora", {"success", "error", "trace_id"}), ("veo", {"error", "trace_id"})):
        status, answer = await world.post(f"/{provider}/videos", {})
        assert (status, set(answer)) == (400, keys)
    status, answer = await world.post("/minimax/videos", {})
    assert (status, answer["type"], answer["error"]["http_code"]) == (400, "error", "400")
    status, answer = await world.post("/minimax/videos", body("minimax-h3", content=[{"type": T, "text": "refuse"}]))
    assert (status, answer["error"]["type"]) == (422, "sensitive")


async def test_services_keep_apart(world: World) -> None:
    """A task is known to its own service alone, five in flight are counted for each, and one can be withdrawn."""
    said = [body("luma", prompt=f"boat {n}", callback_url=world.hook) for n in range(5)]
    *_, (status, answer) = [await world.post("/luma/videos", one) for one in said]
    assert status == 200
    assert (await world.post("/luma/videos", body("luma", callback_url=world.hook)))[0] == 429
    status, other = await world.post("/veo/videos", body("veo-3.1", callback_url=world.hook))
    assert status == 200
    ask = {"action": "retrieve", "id": answer["task_id"]}
    assert (await world.post("/luma/tasks", ask))[1]["id"] == answer["task_id"]
    assert (await world.post("/veo/tasks", ask))[1] == {}
    listed = (await world.post("/veo/tasks", {"action": "retrieve_batch"}))[1]
    assert [item["id"] for item in listed["items"]] == [other["task_id"]]
    world.api.withdrawn = {"veo31"}
    assert (await world.post("/veo/videos", body("veo-3.1")))[0] == 404
    assert (await world.post("/veo/videos", body("veo-3-fast") | {"async": True}))[0] == 200


async def test_a_film_in_its_pictures_shape(world: World) -> None:
    """`adaptive` gives the shape of the first picture, at the lines that were asked for."""
    content = [PROMPT, {**FIRST, "image_url": {"url": inline(picture(300, 100))}}]
    said = body("seedance-2", "first", content=content, resolution="480p", callback_url=world.hook)
    _, answer = await world.post("/seedance/videos", said)
    task = await world.api.finish(answer["task_id"])
    assert task.order.pixels((300, 100)) == (1440, 480)
    assert task.response
    assert task.response["data"][0]["content"]["video_url"].startswith("http://127.0.0.1")
