"""What moderators decide holds at every door that a film can be asked for at, and for whoever comes by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
import pytest
import simcord

from tests.conftest import Stage
from tests.making import decided, film, submit
from tests.moderation.people import manage
from tests.sim import buttons, words

Door = Callable[[Stage, discord.Message], Awaitable[simcord.InteractionResult]]


async def by_form(stage: Stage, message: discord.Message) -> simcord.InteractionResult:
    opened = await stage.world.visitor.slash(stage.world.thread, "video")
    return await submit(stage.world.visitor, opened, prompt="a large gun")


async def by_a_preset(stage: Stage, message: discord.Message) -> simcord.InteractionResult:
    you, place = stage.world.visitor, stage.world.thread
    await you.slash(place, "presets save", name="mine", text="{prompt} and a gun")
    (choice,) = await you.autocomplete(place, "video", "preset", "mine", prompt="x")
    return await you.slash(place, "video", prompt="a boat", preset=choice["value"])


async def by_comparing(stage: Stage, message: discord.Message) -> simcord.InteractionResult:
    asked = {"prompt": "a gun", "first": "sora-2", "second": "sora-2-short"}
    offered = await stage.world.visitor.slash(stage.world.channel, "compare", **asked)
    if offered.response is not None and buttons(offered.response):
        return await stage.world.visitor.click(offered.response, label=buttons(offered.response)[0])
    return offered


async def again(stage: Stage, message: discord.Message) -> simcord.InteractionResult:
    return await stage.world.visitor.click(message, label="Again")


async def edited(stage: Stage, message: discord.Message) -> simcord.InteractionResult:
    return await submit(stage.world.visitor, await stage.world.visitor.click(message, label="Edit"))


async def continued(stage: Stage, message: discord.Message) -> simcord.InteractionResult:
    opened = await stage.world.visitor.click(message, label="Continue")
    return await submit(stage.world.visitor, opened, prompt="a gun")


DOORS = [by_form, by_a_preset, by_comparing, again, edited, continued]


@pytest.mark.parametrize("door", DOORS)
async def test_words_are_looked_for_at_every_door(stage: Stage, door: Door) -> None:
    """Also in what was made before the word was forbidden, and in what a preset says around a prompt."""
    message = await film(stage, stage.world.thread, prompt="a gun")
    await manage(stage, "words add", word="gun")
    answer = await door(stage, message)
    assert answer.response is not None
    assert "does not allow “gun”" in words(answer.response)
    assert len(await stage.rows("SELECT id FROM jobs")) == 1


@pytest.mark.parametrize("door", DOORS)
async def test_dear_films_wait_for_approval_at_every_door(stage: Stage, door: Door) -> None:
    """Nothing is sent before a moderator has said yes, also where it comes of a moderator's own film."""
    await decided(stage, approval_above=0)
    message = await film(stage, stage.world.thread, by=stage.world.moderator, prompt="a gun")
    assert (await door(stage, message)).acknowledged
    rows = await stage.rows("SELECT state FROM jobs ORDER BY rowid")
    assert len(rows) > 1
    assert {row["state"] for row in rows[1:]} == {"awaiting"}


@pytest.mark.parametrize("door", DOORS)
async def test_a_blocked_member_finds_every_door_closed(stage: Stage, door: Door) -> None:
    """They are told so, and nothing is charged."""
    message = await film(stage, stage.world.thread, prompt="a gun")
    await manage(stage, "block", member=stage.world.visitor)
    answer = await door(stage, message)
    assert answer.response is not None
    assert "You are blocked" in words(answer.response)
    assert len(await stage.rows("SELECT id FROM jobs")) == 1
