"""Presets and last choices: what fills in a command, and whose it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from demo.life import Task
from domain.catalogue import Catalogue
from domain.preset import filled, worded
from settings import Settings
from tests import clips
from tests.conftest import OpenWire, Stage, Wired
from tests.discordwire import DiscordWire
from tests.discordwire.interactions import Interaction
from tests.sim import words


async def task(w: Wired | Stage, n: int = 1) -> Task:
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 20)
    return list(w.api.tasks.values())[n - 1]


async def run(w: Wired, name: str, options: dict[str, Any] | None = None, **more: Any) -> Interaction:
    return await (await w.wire.command(name, options, **more)).response()


NOIR = {"name": "Noir", "text": "black and white, rain", "model": "sora-2-pro", "duration": 15}


@pytest.mark.parametrize(
    ("prompt", "text", "whole"),
    [
        ("a cat", "in the rain", "a cat\nin the rain"),
        ("a cat", "Once {prompt} was lost.", "Once a cat was lost."),
        ("", "in the rain", "in the rain"),
        ("a cat", "", "a cat"),
        (" a {cat} ", "{prompt}, at night", "a {cat}, at night"),
    ],
)
def test_a_presets_text_goes_around_the_prompt(prompt: str, text: str, whole: str) -> None:
    """After it, or where {prompt} stands; other braces are nobody's business."""
    assert worded(prompt, text) == whole


PRO = {"model": "sora-2-pro", "duration": 25}


@pytest.mark.parametrize(
    ("typed", "fallbacks", "whole"),
    [
        ({}, [PRO], PRO),
        ({"duration": 10}, [PRO], {"model": "sora-2-pro", "duration": 10}),
        # a length that the typed model does not make is left out
        ({"model": "sora-2"}, [PRO], {"model": "sora-2"}),
        # the first that has it, has it
        ({}, [{"duration": 15}, PRO], {"duration": 15, "model": "sora-2-pro"}),
        ({}, [{"duration": 25}], {}),
        # what was typed stays, even when it is wrong
        ({"duration": 7}, [PRO], {"duration": 7}),
        ({}, [{"model": "gone", "size": "large"}], {"size": "large"}),
    ],
)
def test_what_is_missing_is_filled_in(
    settings: Settings, typed: dict[str, Any], fallbacks: list[dict[str, Any]], whole: dict[str, Any]
) -> None:
    """By the first fallback that has it and goes with the rest."""
    assert filled(settings.catalogue, typed, *fallbacks) == whole


async def test_a_preset_fills_in_a_command(open_wire: OpenWire) -> None:
    """Its text and options hold where nothing was typed, after a restart too; it is suggested by name."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            assert "is saved" in (await run(w, "presets save", NOIR)).text
        async with open_wire(wire=wire, starts=2, daily_credits=500) as w:
            typed = await (await wire.autocomplete("video", "preset", "no", {"prompt": "x"})).response()
            (choice,) = typed.choices
            assert choice["name"] == "Noir · black and white, rain"
            await run(w, "video", {"prompt": "a cat", "preset": choice["value"], "size": "large"})
            request = (await task(w)).request
            assert request["prompt"] == "a cat\nblack and white, rain"
            assert (request["model"], request["duration"], request["size"]) == ("sora-2-pro", 15, "large")
            await run(w, "video", {"prompt": "a dog", "preset": " noir ", "model": "sora-2"})
            request = (await task(w, 2)).request
            assert (request["model"], request["duration"]) == ("sora-2", 15)
            refused = await run(w, "video", {"prompt": "a dog", "preset": "none"})
            assert refused.ephemeral
            assert "no such name" in refused.text


async def test_a_preset_without_a_prompt_opens_the_form(open_wire: OpenWire) -> None:
    """Nothing is begun with a preset's words alone: the form shows them, to be finished."""
    async with open_wire() as w:
        await run(w, "presets save", NOIR)
        opened = await run(w, "video", {"preset": "noir"})
        assert opened.modal is not None
        assert "black and white, rain" in str(opened.modal)
        assert await w.rows("SELECT * FROM jobs") == []
        await (await w.wire.submit_modal(opened, {"prompt": "a cat; black and white, rain"})).response()
        request = (await task(w)).request
        assert (request["model"], request["duration"]) == ("sora-2-pro", 15)


async def test_presets_are_checked(open_wire: OpenWire, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with nothing in it, one that no model can do, and one too many are refused; the same name replaces."""
    monkeypatch.setattr("service.presets.MOST", 2)
    async with open_wire() as w:
        assert "needs something" in (await run(w, "presets save", {"name": "x"})).text
        assert "does not make" in (await run(w, "presets save", {"name": "x", "model": "sora-2", "duration": 25})).text
        assert "too long" in (await run(w, "presets save", {"name": "x", "text": "y" * 2001}, force=True)).text
        await run(w, "presets save", NOIR)
        await run(w, "presets save", {"name": "Day", "text": "sunny"})
        assert "as many as fit" in (await run(w, "presets save", {"name": "Night", "text": "dark"})).text
        assert "is saved" in (await run(w, "presets save", {"name": "NOIR", "text": "only grey"})).text
        listed = (await run(w, "presets list")).text
        assert "**NOIR**\n-# only grey" in listed
        assert "sora-2-pro" not in listed


async def test_presets_are_shared_with_one_server(open_wire: OpenWire) -> None:
    """Others use a shared one in that server only; its owner, and moderators there, take it back."""
    async with open_wire() as w:
        bob = w.wire.add_member("bob")
        theatre = w.wire.add_guild("Theatre")
        stage = w.wire.add_channel("stage", guild=theatre)
        carl = w.wire.add_member("carl", guild=theatre)
        await run(w, "presets save", {"name": "Noir", "text": "black and white"})
        use = {"prompt": "a cat", "preset": "noir"}
        assert "no such name" in (await run(w, "video", use, member=bob)).text
        assert "can be used by everybody" in (await run(w, "presets share", {"name": "Noir"})).text
        assert "making a film" in (await run(w, "video", use, member=bob)).text
        assert f"<@{w.wire.member.id}>" in (await run(w, "presets list", member=bob)).text
        assert "no such name" in (await run(w, "video", use, member=carl, channel=stage)).text
        assert "not yours" in (await run(w, "presets forget", {"name": "Noir"}, member=bob)).text
        moderator = w.wire.add_member("mod", w.wire.add_role("mods", "MANAGE_GUILD"))
        back = await run(w, "presets share", {"name": "Noir", "shared": False}, member=moderator)
        assert "no longer shared" in back.text
        assert "no such name" in (await run(w, "video", use, member=bob)).text
        assert "deleted, everywhere" in (await run(w, "presets forget", {"name": "Noir"})).text


async def test_last_choices_are_the_next_defaults(open_wire: OpenWire) -> None:
    """What a member chose is taken again in the same server, with its price suggested, until it is forgotten."""
    async with open_wire(daily_credits=500) as w:
        bob = w.wire.add_member("bob")
        theatre = w.wire.add_guild("Theatre")
        stage = w.wire.add_channel("stage", guild=theatre)
        w.wire.add_member(w.wire.member.user, guild=theatre)
        await run(w, "video", {"prompt": "one", "model": "sora-2-pro", "size": "large"})
        await run(w, "video", {"prompt": "two", "duration": 25})
        await run(w, "video", {"prompt": "three"})
        rows = await w.rows("SELECT request FROM jobs ORDER BY created_at")
        assert ['"sora-2-pro"' in row["request"] for row in rows] == [True, True, True]
        assert ['"large"' in row["request"] for row in rows] == [True, True, True]
        assert ['"duration":25' in row["request"] for row in rows] == [False, True, True]
        typed = await (await w.wire.autocomplete("video", "duration", "1", {"prompt": "x"})).response()
        assert [choice["name"] for choice in typed.choices] == ["10 s (10 credits)", "15 s (15 credits)"]
        assert "sora-2-pro · 25 s · large" in (await run(w, "presets list")).text
        await run(w, "video", {"prompt": "theirs"}, member=bob)
        await run(w, "video", {"prompt": "elsewhere"}, channel=stage, member=w.wire.member)
        for row in (await w.rows("SELECT request FROM jobs ORDER BY created_at"))[3:]:
            assert '"model":"sora-2"' in row["request"]
        offered = await (await w.wire.autocomplete("presets forget", "name", "")).response()
        assert [choice["name"] for choice in offered.choices] == ["(my last choices)"]
        assert "forgotten" in (await run(w, "presets forget", {"name": offered.choices[0]["value"]})).text
        await run(w, "video", {"prompt": "four"})
        assert '"model":"sora-2"' in (await w.rows("SELECT request FROM jobs ORDER BY created_at"))[-1]["request"]


async def test_the_usual_is_a_choice_too(open_wire: OpenWire) -> None:
    """Who sets a form back to the usual length or shape is not asked about the earlier one again."""
    async with open_wire(daily_credits=500) as w:
        await run(w, "video", {"prompt": "one", "duration": 15, "orientation": "portrait"})
        form = await (await w.wire.command("video")).response()
        await (await w.wire.submit_modal(form, {"prompt": "two", "duration": ["usual"]})).response()
        assert json.loads((await w.rows("SELECT options FROM choices"))[0]["options"]) == {
            "model": "sora-2",
            "orientation": "portrait",
        }
        shapeless = await (await w.wire.command("video", attachments={"image1": ("x.png", clips.picture())})).response()
        await (await w.wire.submit_modal(shapeless, {"prompt": "three"})).response()
        assert "portrait" in (await w.rows("SELECT options FROM choices"))[0]["options"]  # nobody said otherwise


async def test_what_was_refused_is_not_remembered(open_wire: OpenWire) -> None:
    """A command that began nothing is no choice; a preset's options and a paused model are none either."""
    async with open_wire(daily_credits=500) as w:
        await run(w, "video", {"prompt": "x", "model": "sora-2", "duration": 25})
        await run(w, "presets save", NOIR)
        await run(w, "video", {"prompt": "a cat", "preset": "noir"})
        assert await w.rows("SELECT * FROM choices") == []


async def test_a_picture_says_its_own_shape(open_wire: OpenWire) -> None:
    """A remembered shape does not crop a picture of another one; a typed shape does."""
    async with open_wire() as w:
        await run(w, "video", {"prompt": "x", "orientation": "portrait"})
        wide = {"image1": ("wide.png", clips.picture(640, 360))}
        await run(w, "video", {"prompt": "y"}, attachments=wide)
        assert (await task(w, 2)).request["orientation"] == "landscape"


async def test_the_catalogue_may_lose_what_was_remembered(open_wire: OpenWire, settings: Settings) -> None:
    """A remembered model that the operator removed is passed over without a word."""
    async with open_wire(daily_credits=500) as w:
        await run(w, "video", {"prompt": "x", "model": "sora-2-pro", "duration": 25})
        assert len(await w.rows("SELECT * FROM choices")) == 1
    smaller = Catalogue(tuple(row for row in settings.catalogue.models if row.key != "sora-2-pro"))
    async with open_wire(daily_credits=500, catalogue=smaller) as w:
        assert "making a film" in (await run(w, "video", {"prompt": "y"})).text


async def test_a_moderator_gives_a_server_its_looks(stage: Stage) -> None:
    """In simcord: a moderator saves and shares a preset, a member finds and uses it."""
    channel, you, moderator = stage.world.channel, stage.world.visitor, stage.world.moderator
    await moderator.slash(channel, "presets save", name="House style", text="{prompt}, hand drawn")
    await moderator.slash(channel, "presets share", name="house style")
    (choice,) = await you.autocomplete(channel, "video", "preset", "house", prompt="x")
    assert choice["name"].startswith("House style")
    made = await you.slash(channel, "video", prompt="a boat", preset=choice["value"])
    assert made.response is not None
    assert "a boat, hand drawn" in words(made.response)
