"""Continue and Join with real films: the next one begins with the very frame that the last one ended with."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import aiohttp
import av
import pytest
from PIL import Image, ImageChops, ImageStat

from demo.life import Task
from domain.faults import Refused
from media import films as video
from service.again import Who
from tests.conftest import OpenStage, Stage
from tests.making import beside, film, held, job, results, submit, tasks, told
from tests.moderation.people import member
from tests.moderation.test_posts import log_channel, post, reported
from tests.reels import numbered, read_bars
from tests.sim import at_once, buttons, content, eventually, words


async def first_picture(task: Task) -> Image.Image:
    """What the API gets as a request's first picture."""
    async with aiohttp.ClientSession() as http, http.get(task.request["image_urls"][0]) as answer:
        assert answer.status == 200
        return Image.open(io.BytesIO(await answer.read())).convert("RGB")


def last_picture(path: Path) -> Image.Image:
    with av.open(str(path)) as opened:
        return list(opened.decode(video=0))[-1].to_image()


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, 0 to 255."""
    assert one.size == other.size
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


@pytest.fixture
def reel(footage: dict[str, bytes], tmp_path: Path) -> Path:
    """What the API makes: a film whose frames carry their numbers, 0 to 39."""
    path = numbered(tmp_path / "reel.mp4", count=40, beep=0.5)
    footage["film"] = path.read_bytes()
    return path


async def continued(stage: Stage, message: object, n: int) -> Task:
    """Continue a film, and the task that comes of it: the n-th."""
    opened = await stage.world.visitor.click(message, label="Continue")  # type: ignore[arg-type]
    sent = await submit(stage.world.visitor, opened, prompt="it sails on")
    assert sent.response is not None
    return await tasks(stage, n)


async def test_continue_begins_with_the_last_frame(stage: Stage, reel: Path) -> None:
    """The form keeps the words and says with what it begins; the API's first picture is the film's last frame."""
    place = stage.world.thread
    message = await film(stage, place)
    opened = await stage.world.visitor.click(message, label="Continue")
    assert opened.modal is not None
    assert opened.modal["title"] == "What happens next?"
    assert held(opened.modal)["prompt"] == "a paper boat"
    assert "last frame" in beside(opened.modal, "pictures")
    await submit(stage.world.visitor, opened, prompt="it sails on")
    task = await tasks(stage, 2)
    picture = await first_picture(task)
    assert read_bars(picture) == 39
    assert difference(picture, last_picture(reel)) < 6
    first, second = await job(stage, 1), await job(stage, 2)
    assert (second["parent_id"], second["action"], second["continues"]) == (first["id"], "continue", first["id"])


async def test_continue_lets_go_of_what_a_picture_excludes(open_stage: OpenStage, reel: Path) -> None:
    """A size that is to be had from words alone, and that no form shows, does not stand in the way of the next film."""
    async with open_stage(daily_credits=50) as stage:
        message = await film(stage, stage.world.thread, model="veo-3.1", size="4k")
        assert (await job(stage))["price"] == 20
        task = await continued(stage, message, 2)
        assert (task.provider, task.request["action"], "resolution" in task.request) == ("veo", "image2video", False)
        assert (await job(stage, 2))["price"] == 12


async def test_join_makes_one_film_of_the_chain(
    stage: Stage, reel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three films that continue one another become one, as long as all of them, in order, once for two presses."""
    place, you = stage.world.thread, stage.world.visitor
    message = await film(stage, place)
    for n in (2, 3):
        await stage.api.finish((await continued(stage, message, n)).id)
        message = (await eventually(lambda n=n: results(place)[n - 1 :], within=20))[0]
        await told(stage, n)
    assert buttons(message) == ["Again", "Edit", "Continue", "Join", "More…"]
    first, second = await at_once(stage.env, (you.click(message, label="Join") for _ in range(2)))
    for pressed in (first, second):
        assert pressed.ephemeral
        assert pressed.response is not None
        assert "Joined into [one film]" in words(pressed.response)
    (joined,) = [m for m in place.history() if "3 films joined by" in m.content]
    path = tmp_path / "joined.mp4"
    path.write_bytes(content(stage.env, joined.attachments[0]))
    one, whole = await video.probe(reel), await video.probe(path)
    assert whole.seconds == pytest.approx(3 * one.seconds, abs=0.1)
    with av.open(str(path)) as opened:
        assert [read_bars(frame.to_image()) for frame in opened.decode(video=0)] == list(range(40)) * 3
    again = await you.click(message, label="Join")
    assert again.response is not None
    assert str(joined.id) in words(again.response)
    shown = await you.context_menu(
        place, "Show the recipe", joined
    )  # the recipe of the last one, and all that led to it
    assert shown.response is not None
    assert "3. [continued]" in shown.response.content
    monkeypatch.setattr("service.again.JOIN_MOST", 2)
    long = await you.click(message, label="Join")
    assert long.response is not None
    assert "too long together" in words(long.response)
    assert sum("films joined by" in m.content for m in place.history()) == 1
    assert [row["n"] for row in await stage.rows("SELECT count(*) AS n FROM ledger WHERE kind = 'hold'")] == [3]


@pytest.mark.parametrize("by", ["its author", "a moderator"])
async def test_what_goes_takes_joined_films_along(stage: Stage, reel: Path, by: str) -> None:
    """A film that was deleted, or taken away after a report, is in no joined film any more."""
    place, you, moderator = stage.world.thread, stage.world.visitor, stage.world.moderator
    log = await log_channel(stage)
    first = await film(stage, place)
    await stage.api.finish((await continued(stage, first, 2)).id)
    second = (await eventually(lambda: results(place)[1:], within=20))[0]
    await told(stage, 2)
    await you.click(second, label="Join")
    assert any("films joined by" in m.content for m in place.history())
    if by == "its author":
        menu = await you.click(first, label="More…")
        assert menu.response is not None
        ask = await you.click(menu.response, label="Delete")
        assert ask.response is not None
        await you.click(ask.response, label="Delete it")
    else:
        await reported(stage, member(stage, "ada"), first, "rude")
        await moderator.click(await post(log, "reports a film"), label="Take it away")
    await eventually(lambda: [m.id for m in place.history() if m.attachments] == [second.id])
    assert await stage.rows("SELECT * FROM joins") == []


async def test_deleted_while_it_was_joined(stage: Stage, reel: Path) -> None:
    """The joined film of parts of which one went meanwhile does not stay."""
    place, you = stage.world.thread, stage.world.visitor
    first = await film(stage, place)
    await stage.api.finish((await continued(stage, first, 2)).id)
    await told(stage, 2)
    menu = await you.click(first, label="More…")
    assert menu.response is not None
    ask = await you.click(menu.response, label="Delete")
    assert ask.response is not None
    joining = stage.app.parts.joining
    async with joining._one:  # as while another chain is joined
        who = Who(stage.world.guild.id, you.id)
        waiting = asyncio.create_task(joining.join((await job(stage, 2))["id"], who))
        while not joining._running:
            await asyncio.sleep(0)
        await you.click(ask.response, label="Delete it")
    with pytest.raises(Refused, match="nothing_to_join"):
        await waiting
    assert not any("films joined by" in m.content for m in place.history())


async def test_nothing_before_it_to_join(stage: Stage, reel: Path) -> None:
    """When what it continued was deleted meanwhile, that is said."""
    place, you = stage.world.thread, stage.world.visitor
    message = await film(stage, place)
    await stage.api.finish((await continued(stage, message, 2)).id)
    second = (await eventually(lambda: results(place)[1:], within=20))[0]
    menu = await you.click(message, label="More…")
    assert menu.response is not None
    ask = await you.click(menu.response, label="Delete")
    assert ask.response is not None
    await you.click(ask.response, label="Delete it")
    answer = await you.click(second, label="Join")
    assert answer.response is not None
    assert "nothing to join" in words(answer.response)


async def test_the_frame_comes_from_discord_when_the_link_is_dead(open_stage: OpenStage, reel: Path) -> None:
    """The API's link has died: our own message in Discord still has the film."""
    async with open_stage() as stage:
        message = await film(stage, stage.world.thread)
        async with stage.app.db.transaction() as conn:
            await conn.execute("UPDATE films SET url = replace(url, '/films/', '/gone/')")
            await conn.execute("UPDATE jobs SET task_id = 'unknown'")
        task = await continued(stage, message, 2)
        assert read_bars(await first_picture(task)) == 39


async def test_a_film_that_is_nowhere_is_said_and_free(stage: Stage, reel: Path) -> None:
    """Link, message and task are gone: the reply says so, the credits are back, and Fix asks for a picture."""
    you, place = stage.world.visitor, stage.world.thread
    message = await film(stage, place)
    opened = await you.click(message, label="Continue")
    async with stage.app.db.transaction() as conn:
        await conn.execute("UPDATE films SET url = replace(url, '/films/', '/gone/')")
        await conn.execute("UPDATE jobs SET task_id = 'unknown', message_id = 1")
    await submit(you, opened, prompt="it sails on")
    reply = (await eventually(lambda: [m for m in place.history() if "Nothing was charged" in m.content], within=30))[0]
    assert "film before it could not be fetched" in reply.content
    fixed = await you.click(reply, label="Fix and retry")
    assert "Attach a picture" in beside(fixed.modal, "pictures")
    assert held(fixed.modal)["prompt"] == "it sails on"
    await submit(you, fixed)
    assert (await job(stage, 3))["continues"] == ""
