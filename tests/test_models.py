"""Other models end to end: each service's films, rows that are added, pictures by their number, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.life import Task
from domain.catalogue import Catalogue
from settings import read_catalogue
from tests import clips
from tests.conftest import OpenStage, OpenWire, Stage
from tests.sim import eventually, films, words

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "catalogue.toml").read_text("utf-8")
#: One model of each service.
MODELS = [
    "sora-2",
    "veo-3.1-fast",
    "kling-3",
    "luma",
    "seedance-2.5",
    "seedance-2",  # its result has another shape
    "hailuo",
    "wan-3",
    "happyhorse-1.1",
    "grok-imagine",
    "gemini-omni-flash",
    "minimax-h3",
]


async def tasks(stage: Stage, n: int = 1) -> list[Task]:
    """All tasks that the API has accepted, once there are n."""
    await stage.api.until(lambda: len(stage.api.tasks) >= n)
    return list(stage.api.tasks.values())


async def ask(stage: Stage, **options: Any) -> str:
    """What the member reads after /video, in the thread where card and film stand one under the other."""
    answer = await stage.world.visitor.slash(stage.world.thread, "video", **options)
    assert answer.response is not None
    return words(answer.response)


@pytest.mark.parametrize("key", MODELS)
async def test_each_services_film_comes(stage: Stage, key: str) -> None:
    """By its callback: the card names the model and what it costs, the film is posted, its cost noted."""
    stage.api.cost = {"amount": 1.25, "currency": "credit", "list_amount": 2}
    row = stage.settings.catalogue.get(key)
    assert row is not None
    card = await ask(stage, prompt="a paper boat", model=key)
    assert card.splitlines()[2].startswith(row.label)
    (task,) = await tasks(stage)
    assert task.provider == row.wire.provider
    await stage.api.finish(task.id)
    await eventually(lambda: films(stage.world.thread))
    assert [status for _, status in task.callbacks] == [200]
    cost = (None, "") if key == "minimax-h3" else (1.25, "credit")  # it reports none
    (job,) = await stage.rows("SELECT state, price, cost, currency FROM jobs")
    mode = row.modes[0]
    price = mode.price(mode.size, mode.duration)
    assert tuple(job.values()) == ("ready", price, *cost)


@pytest.mark.parametrize("key", MODELS)
async def test_each_services_film_comes_without_a_callback(stage: Stage, key: str) -> None:
    """A callback that gets lost costs nothing: the tasks of each service are asked, and understood."""
    stage.api.seconds = 0.05
    await ask(stage, prompt="a paper boat, lost", model=key)
    await eventually(lambda: films(stage.world.thread))
    assert stage.api.submissions == 1


@pytest.mark.parametrize("key", MODELS)
async def test_each_services_failure_is_told(stage: Stage, key: str) -> None:
    """A failure of any shape is a calm reply, free of charge."""
    stage.api.seconds = 0.05
    await ask(stage, prompt="a paper boat, moderated", model=key)
    await eventually(lambda: any("declined this prompt" in m.content for m in stage.world.thread.history()))
    assert await stage.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]


async def test_a_lost_answer_where_tasks_repeat_no_request(stage: Stage) -> None:
    """Its tasks cannot be told apart, so nothing is sent again: the callback alone brings the film."""
    stage.api.seconds = 0.05
    await ask(stage, prompt="a paper boat, reset", model="minimax-h3")
    await eventually(lambda: films(stage.world.thread))
    assert stage.api.submissions == 1
    assert len(stage.api.tasks) == 1


def example() -> str:
    """The row that docs/models.md adds."""
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    lines = [line.strip() for line in page.splitlines() if line.startswith("       ")]
    return "\n" + "\n".join(lines) + "\n"


async def test_a_model_is_added_by_a_row(open_stage: OpenStage) -> None:
    """The page's own example: a row and its price, and members choose it, see what it costs, and get its film."""
    async with open_stage(catalogue=Catalogue.parse(TEXT + example())) as stage:
        you, thread = stage.world.visitor, stage.world.thread
        offered = await you.autocomplete(thread, "video", "model", "seedance 1 pro", prompt="x")
        assert [choice["name"] for choice in offered] == ["Seedance 1 Pro: 2 to 12 s · 6 shapes · from 1 credit"]
        card = await ask(stage, prompt="a boat", model="seedance-1-pro", duration=7)
        assert "Seedance 1 Pro · 7 s · landscape · 720p\n4 credits" in card.replace("*", "")
        (task,) = await tasks(stage)
        assert task.request["model"] == "doubao-seedance-1-0-pro-250528"
        await stage.api.finish(task.id)
        await eventually(lambda: films(thread))


@pytest.mark.parametrize(
    ("key", "count", "says", "pictures"),
    [
        ("kling-3", 1, "1 picture as its first frame", {"start_image_url": 1}),
        ("kling-3", 2, "2 pictures as its first and last frame", {"start_image_url": 1, "end_image_url": 2}),
        ("veo-3.1-fast", 3, "3 pictures to go by", {"image_urls": [1, 2, 3]}),
        ("happyhorse-1.1", 2, "2 pictures to go by", {"image_urls": [1, 2]}),  # it has no last frame
        ("hailuo", 1, "1 picture as its first frame", {"first_image_url": 1}),
    ],
)
async def test_pictures_by_their_number(
    open_wire: OpenWire, key: str, count: int, says: str, pictures: dict[str, Any]
) -> None:
    """What becomes of pictures follows from how many there are: the card says it, the API gets them in their places."""
    async with open_wire() as w:
        files = {f"image{n}": (f"{n}.png", clips.picture(320, 200)) for n in range(1, count + 1)}
        command = await w.wire.command("video", {"prompt": "a boat", "model": key}, attachments=files)
        answer = await command.response(timeout=10)
        assert says in answer.text
        await w.api.until(lambda: bool(w.api.tasks))
        (task,) = w.api.tasks.values()
        job = (await w.rows("SELECT id FROM jobs"))[0]["id"]

        def number(url: str) -> int:
            assert f"/media/{job}." in url
            return int(url.split(f"{job}.")[1].split(".")[0])

        for field, wanted in pictures.items():
            found = task.request[field]
            assert (number(found) if isinstance(found, str) else [number(url) for url in found]) == wanted
        await w.api.finish(task.id)
        assert task.response
        assert task.response["success"] is True


REFUSED = [
    ({"model": "luma", "duration": 5}, "Luma does not make 5 s films", "Its films have a length of their own"),
    ({"model": "kling-3", "duration": 2}, "Kling 3 does not make 2 s films", "It makes 3 to 15 s"),
    ({"model": "veo-3.1-fast", "size": "4k"}, "Veo 3.1 fast has no size", "Choose standard or 1080p"),
    ({"model": "veo-3.1-fast", "orientation": "square"}, "does not make square films", "For that shape, choose"),
    ({"model": "hailuo", "orientation": "square"}, "does not make square films", "decides about the shape itself"),
    ({"model": "seedance-2", "prompt": "x" * 1_001}, "That prompt is too long", "Seedance 2 takes 1,000"),
]


@pytest.mark.parametrize(("options", "title", "text"), REFUSED, ids=lambda value: str(value)[:40])
async def test_what_a_model_cannot_do(stage: Stage, options: dict[str, Any], title: str, text: str) -> None:
    """It is refused before anything is charged, with what it can do and the models that can."""
    said = await ask(stage, **{"prompt": "a boat", **options})
    assert title in said
    assert text in said
    assert "Nothing was charged" in said
    assert await stage.rows("SELECT id FROM jobs") == []
    assert stage.api.submissions == 0


async def test_pictures_that_the_api_could_not_fetch(open_wire: OpenWire) -> None:
    """Without a public address, models that want links are refused with those that take the pictures themselves."""
    async with open_wire(public_url="") as w:
        files = {"image1": ("1.png", clips.picture(320, 200))}
        for key, ephemeral in (("kling-3", True), ("seedance-2", False)):
            command = await w.wire.command("video", {"prompt": "a boat", "model": key}, attachments=files)
            answer = await command.response(timeout=10)
            assert answer.ephemeral is ephemeral
            if ephemeral:
                assert "Kling 3 cannot see pictures from here" in answer.text
                assert "Seedance 2" in answer.text
        await w.api.until(lambda: bool(w.api.tasks))
        (task,) = w.api.tasks.values()
        assert task.request["content"][1]["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_earlier_catalogues_are_still_read() -> None:
    """A catalogue of the operator's own from before modes gives the same models: one field takes all pictures."""
    mine = TEXT[: TEXT.index("# Veo:")]
    old, new = Catalogue.parse(mine.replace('sound = "always"\n', "")), read_catalogue("")
    for model in old.models:
        same = new.get(model.key)
        assert same is not None
        modes = tuple(replace(mode, sound="always") for mode in model.modes)
        assert replace(model, modes=modes) == same
