"""Running a film on another model: by one press below a refusal or an ending, or from the list behind More…"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import simcord

from domain.catalogue import Catalogue
from tests import clips
from tests.conftest import PACE, OpenStage, Stage
from tests.making import film, job, posted, tasks
from tests.sim import buttons, eventually, words

TEXT = (Path(__file__).parent.parent / "catalogue.toml").read_text("utf-8")
PAUSED = Catalogue.parse(TEXT.replace('paused = ""', 'paused = "It is being repaired"', 1))


def refused(answer: simcord.InteractionResult) -> simcord.ResponseMessage:
    assert answer.response is not None
    assert answer.ephemeral
    return answer.response


def request_of(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(row["request"])


async def options_of(opened: simcord.InteractionResult) -> list[dict[str, Any]]:
    """The choices of the list of models."""
    waiting: list[Any] = [part.to_dict() for part in refused(opened).message.components]
    while waiting:
        part = waiting.pop(0)
        if part["type"] == discord.ComponentType.select.value:
            return part["options"]
        waiting += part.get("components", [])
    raise AssertionError("there is no list")


async def test_a_refusal_offers_what_would_do_it(open_stage: OpenStage) -> None:
    """One press runs it there, with its words and pictures and for the price on the button; nothing is typed again."""
    async with open_stage(catalogue=PAUSED) as stage:
        you, channel = stage.world.visitor, stage.world.channel
        shown = refused(
            await you.slash(channel, "video", prompt="a boat", model="sora-2", image1=("a.png", clips.picture()))
        )
        offers = buttons(shown)
        assert offers[0] == "Fix it"
        assert offers[1] == "Sora 2 Pro · 6 credits"
        assert offers[-1] == "Another model"
        assert await stage.rows("SELECT * FROM jobs") == []
        answer = await you.click(shown, label=offers[1])
        assert answer.response is not None
        assert not answer.ephemeral
        row = await job(stage)
        assert (row["label"], row["price"], request_of(row)["pictures"]) == ("Sora 2 Pro", 6, 1)


async def test_a_refusal_that_nothing_helps_offers_nothing(stage: Stage) -> None:
    """Where the recipe itself is refused by every model, there is Fix it alone."""
    shown = refused(await stage.world.visitor.slash(stage.world.channel, "video", prompt="x" * 3999, model="kling-3"))
    assert "too long" in words(shown)
    for label in buttons(shown)[1:]:
        assert "credit" in label or label == "Another model"
    shown = refused(await stage.world.visitor.slash(stage.world.channel, "video", prompt="a boat", duration=999))
    assert buttons(shown) == ["Fix it"]


async def test_an_ending_offers_the_others(open_stage: OpenStage) -> None:
    """A film whose model is gone is one press from the ones that make the very same; the card stays for everyone."""
    async with open_stage(pace=replace(PACE, breaker=60_000)) as stage:
        you, channel = stage.world.visitor, stage.world.channel
        await you.slash(channel, "video", prompt="a gone boat", model="kling-3")

        def ended() -> list[discord.Message]:
            return [one for one in channel.history() if "can no longer be had" in one.content]

        message = (await eventually(ended))[0]
        assert buttons(message)[:2] == ["Fix and retry", "On Kling 3 Omni"]
        stranger = await stage.world.moderator.click(message, label="On Kling 3 Omni")
        assert "not yours" in words(refused(stranger)) or "member" in words(refused(stranger))
        answer = await you.click(message, label="On Kling 3 Omni")
        assert answer.response is not None
        row = await job(stage, 2)
        assert row["label"] == "Kling 3 Omni"
        assert (row["parent_id"], row["action"]) == ((await job(stage))["id"], "retry")


async def test_what_does_not_carry_over_is_said_first(stage: Stage) -> None:
    """Behind More…: each model with its price and what changes; choosing one starts it, and nothing else was asked."""
    you, place = stage.world.visitor, stage.world.thread
    message = await film(stage, place, duration=15, orientation="portrait")
    more = await you.click(message, label="More…")
    opened = await you.click(refused(more), label="Another model")
    said = {option["value"].split(":")[1]: option for option in await options_of(opened)}
    assert "sora-2" not in said
    assert said["sora-2-short"]["description"] == "15 s → 12 s"
    assert said["sora-2-pro"]["description"] == "all of it as it is"
    price = said["sora-2-short"]["label"].split(" · ")[1]
    answer = await you.select(refused(opened), values=[said["sora-2-short"]["value"]])
    assert answer.response is not None
    assert price in words(answer.response)
    row = await job(stage, 2)
    assert (row["label"], request_of(row)["duration"], row["action"]) == ("Sora 2 short", 12, "again")
    assert (await tasks(stage, 2)).request["duration"] == 12


async def test_a_price_that_rose_is_asked_for(open_stage: OpenStage) -> None:
    """An old button starts nothing dearer than it says: the new price is shown first."""
    async with open_stage(catalogue=PAUSED) as stage:
        you, channel = stage.world.visitor, stage.world.channel
        shown = refused(await you.slash(channel, "video", prompt="a boat", model="sora-2"))
        assert "Sora 2 Pro · 6 credits" in buttons(shown)
        (draft,) = await stage.rows("SELECT id FROM drafts")
        old = await posted(stage, f"run:draft:{draft['id']}:5:sora-2-pro")
        asked = await you.click(old, label="old")
        assert "costs 6 credits" in words(refused(asked))
        assert await stage.rows("SELECT * FROM jobs") == []


async def test_a_hostile_press(stage: Stage) -> None:
    """Ids that nobody made: a calm no, and nothing is begun."""
    you, place = stage.world.visitor, stage.world.thread
    await film(stage, place)
    row = await job(stage)
    for custom, says in (
        ("run:job:nothing:0:sora-2", "no longer known"),
        ("run:draft:nothing:5:sora-2", "no longer kept"),
        (f"run:job:{row['id']}:0:no-such-model", "no model called"),
        (f"run:job:{row['id']}:7:no-such-model", "no model called"),
    ):
        answer = await you.click(await posted(stage, custom), label="old")
        assert says in words(refused(answer))
    assert len(await stage.rows("SELECT * FROM jobs")) == 1


async def test_what_is_dearer_says_so_first(stage: Stage) -> None:
    """A button that names only a model starts nothing that costs more than its own model would."""
    you, place = stage.world.visitor, stage.world.thread
    await film(stage, place)
    row = await job(stage)
    asked = refused(await you.click(await posted(stage, f"run:job:{row['id']}:0:sora-2-pro"), label="old"))
    assert "All of it carries over, and it costs 6 credits." in words(asked)
    assert len(await stage.rows("SELECT * FROM jobs")) == 1
    await you.click(asked, label=buttons(asked)[0])
    assert (await job(stage, 2))["price"] == 6
