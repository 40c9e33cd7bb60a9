"""The form of /video: opened with nothing typed, answered by its id alone, and never losing what was typed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import discord
import pytest

from domain.catalogue import Catalogue
from domain.faults import BadPicture, Refused
from domain.wish import Wish
from tests import clips
from tests.conftest import OpenStage, Stage
from tests.making import a_post, beside, decided, held, job, submit, tasks
from tests.sim import at_once, buttons, close_dms, eventually, films, words
from tests.test_words import any_values
from ui import forms, words_making
from ui.words_ended import ENDED


async def test_nothing_typed_opens_a_form(stage: Stage) -> None:
    """/video alone opens a form: prompt, model, duration, shape, pictures in one field; sent, it is the same film."""
    you, place = stage.world.visitor, stage.world.thread
    opened = await you.slash(place, "video")
    form = opened.modal
    assert form is not None
    assert [label["label"] for label in form["components"]] == [
        "What should happen in the film?",
        "Model",
        "Duration",
        "Shape",
        "Pictures",
    ]
    assert held(form) == {"prompt": "", "model": ["sora-2"], "duration": ["usual"], "shape": ["usual"]}
    pictures = [("one.png", clips.picture()), ("two.jpg", clips.picture(kind="JPEG"))]
    sent = await submit(you, opened, prompt="a boat", duration=["15"], shape=["portrait"], pictures=pictures)
    assert sent.response is not None
    assert not sent.ephemeral
    assert "Sora 2 · 15 s · portrait · small · 2 pictures" in words(sent.response)
    task = await tasks(stage, 1)
    assert task.request["prompt"] == "a boat"
    assert len(task.request["image_urls"]) == 2
    await stage.api.finish(task.id)
    await eventually(lambda: films(place))


@pytest.mark.parametrize("where", ["channel", "thread", "post"])
async def test_in_every_place(stage: Stage, where: str) -> None:
    """In a channel, a thread and a forum post: the card stands where the form was sent."""
    place = {"channel": stage.world.channel, "thread": stage.world.thread}.get(where) or await a_post(stage)
    opened = await stage.world.visitor.slash(place, "video")
    sent = await submit(stage.world.visitor, opened, prompt="a boat")
    assert sent.response is not None
    assert sent.response.channel_id == place.id


async def test_what_was_typed_beside_it_is_kept(stage: Stage) -> None:
    """Options without a prompt fill the form in; what it cannot hold (size, private, spoiler) stays as it was."""
    you, place = stage.world.visitor, stage.world.thread
    picture = ("boat.png", clips.picture())
    opened = await you.slash(
        place, "video", image1=picture, model="sora-2-pro", duration=15, size="large", spoiler=True
    )
    assert held(opened.modal)["model"] == ["sora-2-pro"]
    assert held(opened.modal)["duration"] == ["15"]
    assert "keep the 1 picture" in beside(opened.modal, "pictures")
    sent = await submit(you, opened, prompt="a boat")
    assert sent.response is not None
    row = await job(stage)
    assert json.loads(row["request"])["size"] == "large"
    assert row["spoiler"] == 1
    task = await tasks(stage, 1)
    assert len(task.request["image_urls"]) == 1


async def test_a_form_outlives_a_restart(open_stage: OpenStage) -> None:
    """A form that was open while the bot restarted is sent to the new one, and becomes a film there, once."""
    async with open_stage() as stage:
        you, place = stage.world.visitor, stage.world.thread
        opened = await you.slash(place, "video", image1=("boat.png", clips.picture()))
        app = stage.app
        await stage.restart()
        assert stage.app is not app
        sent = await submit(you, opened, prompt="a boat")
        assert sent.acknowledged
        assert len(await stage.rows("SELECT id FROM jobs")) == 1


async def test_a_refused_form_keeps_everything(stage: Stage) -> None:
    """Sora 2 makes no 25 s: Fix opens the form as it was, with a word beside the length, and keeps the pictures."""
    you, place = stage.world.visitor, stage.world.thread
    opened = await you.slash(place, "video")
    refused = await submit(you, opened, prompt="a long boat", duration=["25"], pictures=[("b.png", clips.picture())])
    assert refused.ephemeral
    assert refused.response is not None
    assert "Sora 2 does not make 25 s films" in words(refused.response)
    offered = buttons(refused.response)
    assert offered[0] == "Fix it"
    assert offered[1].startswith("Sora 2 Pro · ")
    again = await you.click(refused.response, label="Fix it")
    assert held(again.modal) == {"prompt": "a long boat", "model": ["sora-2"], "duration": ["25"], "shape": ["usual"]}
    assert beside(again.modal, "duration") == "This model makes 10 or 15 s."
    assert "keep the 1 picture" in beside(again.modal, "pictures")
    sent = await submit(you, again, duration=["15"])
    assert sent.response is not None
    assert "15 s · shaped like your picture · small · 1 picture" in words(sent.response)
    assert len((await tasks(stage, 1)).request["image_urls"]) == 1


async def test_a_refused_command_has_a_fix_too(stage: Stage) -> None:
    """What was typed as options is not lost either; only its author's press opens it."""
    you = stage.world.visitor
    refused = await you.slash(stage.world.thread, "video", prompt="a boat", duration=25)
    assert refused.response is not None
    opened = await you.click(refused.response, label="Fix it")
    assert held(opened.modal)["prompt"] == "a boat"


async def test_a_draft_is_kept_for_a_day(stage: Stage) -> None:
    """After a day the button says so, calmly; what is typed into an old form is kept all the same."""
    you = stage.world.visitor
    refused = await you.slash(stage.world.thread, "video", prompt="a boat", duration=25)
    assert refused.response is not None
    opened = await you.click(refused.response, label="Fix it")
    async with stage.app.db.transaction() as conn:
        await conn.execute("UPDATE drafts SET created_at = created_at - 86400001")
    late = await you.click(refused.response, label="Fix it")
    assert late.response is not None
    assert "no longer kept" in words(late.response)
    sent = await submit(you, opened, prompt="a new boat", duration=["10"])
    assert sent.response is not None
    assert "no longer kept" in words(sent.response)
    kept = await you.click(sent.response, label="Fix it")
    assert held(kept.modal)["prompt"] == "a new boat"
    made = await submit(you, kept)
    assert made.response is not None
    assert "a new boat" in words(made.response)


async def test_a_form_sent_twice_at_once_is_one_film(stage: Stage) -> None:
    """Two equal forms within seconds are one job, answered twice, the second time for the sender alone."""
    you, place = stage.world.visitor, stage.world.thread
    forms = [await you.slash(place, "video") for _ in range(2)]
    first, second = await at_once(stage.env, (submit(you, form, prompt="a boat") for form in forms))
    assert [first.ephemeral, second.ephemeral] == [False, True]
    assert len(await stage.rows("SELECT id FROM jobs")) == 1


async def test_forms_are_not_kept_in_memory(stage: Stage) -> None:
    """discord.py keeps every form that waits for an answer: ours do not wait."""
    for _ in range(20):
        await stage.world.visitor.slash(stage.world.thread, "video")
    store = stage.app.bot._connection._view_store
    assert store._modals == {}


async def test_a_place_without_rights_is_said_before_typing(stage: Stage) -> None:
    """No form is opened where no film could be posted."""
    me = stage.env.bot.user
    assert me is not None
    closed = stage.world.guild.create_text_channel(
        "closed", overwrites={me: discord.PermissionOverwrite(attach_files=False)}
    )
    answer = await stage.world.visitor.slash(closed, "video")
    assert answer.modal is None
    assert answer.response is not None
    assert "Attach Files" in words(answer.response)


async def test_a_private_form_with_closed_messages(stage: Stage) -> None:
    """Refused free of charge, and the draft is kept."""
    you = stage.world.visitor
    close_dms(stage.env, you.user)
    opened = await you.slash(stage.world.channel, "video", private=True)
    sent = await submit(you, opened, prompt="a secret")
    assert sent.response is not None
    assert "cannot send you direct messages" in words(sent.response)
    assert buttons(sent.response) == ["Fix it"]
    assert await stage.rows("SELECT id FROM jobs") == []


async def test_an_unusable_picture_leaves_the_draft_without_it(stage: Stage) -> None:
    """A picture over 20 MB is refused at once; Fix keeps the other one."""
    you = stage.world.visitor
    opened = await you.slash(stage.world.thread, "video")
    files = [("large.png", bytes(20_000_001)), ("small.png", clips.picture())]
    refused = await submit(you, opened, prompt="a boat", pictures=files)
    assert refused.response is not None
    assert "is too large" in words(refused.response)
    again = await you.click(refused.response, label="Fix it")
    assert "keep the 1 picture" in beside(again.modal, "pictures") or "too large" in beside(again.modal, "pictures")
    await submit(you, again)
    assert len((await tasks(stage, 1)).request["image_urls"]) == 1


async def test_a_price_is_confirmed_first(stage: Stage) -> None:
    """Above the server's price the member is asked, with what is left; one press makes the film, or opens the form."""
    await decided(stage, confirm_above=3)
    you, place = stage.world.visitor, stage.world.thread
    cheap = await you.slash(place, "video", prompt="a cheap boat")
    assert not cheap.ephemeral
    asked = await you.slash(place, "video", prompt="a dear boat", model="sora-2-pro", image1=("b.png", clips.picture()))
    assert asked.ephemeral
    assert asked.response is not None
    assert "This film costs 6 credits" in words(asked.response)
    assert "6 of your 18" in words(asked.response)
    assert buttons(asked.response) == ["Make it", "Change it"]
    assert len(await stage.rows("SELECT id FROM jobs")) == 1
    opened = await you.click(asked.response, label="Change it")
    assert held(opened.modal)["prompt"] == "a dear boat"
    presses = (you.click(asked.response, label="Make it") for _ in range(2))
    first, second = await at_once(stage.env, presses)
    assert [first.ephemeral, second.ephemeral] == [False, True]
    assert len((await tasks(stage, 2)).request["image_urls"]) == 1
    assert len(await stage.rows("SELECT id FROM jobs")) == 2


def test_what_is_chosen_has_room() -> None:
    """Discord shows 25 choices: among more, the model and the length that are chosen are always there."""
    one = Catalogue.parse((Path(__file__).parent.parent / "catalogue.toml").read_text("utf-8")).models[0]
    mode = replace(one.modes[0], durations=tuple(range(1, 61)))
    models = [replace(one, key=f"m{n}", label=f"M {n}", modes=(mode,)) for n in range(40)]
    wish = Wish(options={"prompt": "x", "model": "m33", "duration": 37})
    assert held(forms.form("edit", "x", wish, models).to_dict()) == {
        "prompt": "x",
        "model": ["m33"],
        "duration": ["37"],
        "shape": ["usual"],
    }


def test_hints_are_short_and_stand_beside_a_field() -> None:
    """Whatever a form may be opened for: a hint fits Discord's 100 characters, and says nothing half."""
    reasons = Refused.REASONS | BadPicture.REASONS | set(ENDED)
    said = {reason: words_making.hint(reason, any_values()) for reason in sorted(reasons)}
    assert {"moderation", "duration", "pictures_forgotten", "film_gone", "no_credits"} <= {
        r for r, h in said.items() if h
    }
    for field, text in filter(None, said.values()):
        assert field in words_making.FIELDS
        assert 10 <= len(text) <= 100
        assert text.endswith(".")
        assert not set("{}") & set(text)
