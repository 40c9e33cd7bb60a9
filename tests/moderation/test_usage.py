"""Usage: what moderators see of what was used, as cards, a picture and tables."""

from __future__ import annotations

import csv
import io

import simcord
from PIL import Image

from tests.conftest import Stage
from tests.moderation.people import add_another_server, found, manage, member, video
from tests.sim import content, words


async def some_use(stage: Stage) -> simcord.MemberActor:
    """One film made, one that failed, one under way: by two members."""
    ada = member(stage, "ada")
    await video(stage, stage.world.visitor, prompt="=1+1", duration=15)
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await stage.api.finish(next(iter(stage.api.tasks)))
    await video(stage, ada, prompt="a boat, fail")
    await stage.api.until(lambda: len(stage.api.tasks) == 2)
    await stage.api.finish(list(stage.api.tasks)[1])
    await found(stage, "SELECT 1 FROM (SELECT count(*) AS n FROM jobs WHERE announced_at > 0) WHERE n = 2")
    await video(stage, ada, prompt="under way")
    return ada


async def test_a_members_use_is_summed_up(stage: Stage) -> None:
    """By day, week, month and model; what was given back and what is held stand apart."""
    ada = await some_use(stage)
    text = await manage(stage, "usage member", member=stage.world.visitor)
    assert f"<@{stage.world.visitor.id}>: 3 credits spent" in text
    assert "Sora 2: 3 credits for 1 film" in text
    text = await manage(stage, "usage member", member=ada)
    assert "0 credits for 0 films · 2 given back · 2 held" in text


async def test_those_who_spend_most_are_listed(stage: Stage) -> None:
    """The first first; a server where nothing was spent says so, and another server sees nothing of it."""
    assert "Nothing was spent" in await manage(stage, "usage top")
    await some_use(stage)
    text = await manage(stage, "usage top", days=7)
    assert f"**1.** <@{stage.world.visitor.id}> 3 credits for 1 film" in text
    actor, channel = add_another_server(stage)
    answer = await actor.slash(channel, "manage usage top")
    assert answer.response is not None
    assert "Nothing was spent" in words(answer.response)


async def test_what_the_api_took_stands_beside_the_credits(stage: Stage) -> None:
    """In its own unit, with the difference, where it said anything: for one member, and for all."""
    stage.api.cost = {"amount": 3.75, "currency": "credit"}
    await some_use(stage)
    said = "Sora 2: 3 credits for 1 film, the video service took 3.75 credit (+0.75)"
    assert said in await manage(stage, "usage member", member=stage.world.visitor)
    assert said in await manage(stage, "usage top")
    assert "video service" not in await manage(stage, "usage member", member=member(stage, "bob"))


async def test_the_chart_is_a_picture(stage: Stage) -> None:
    """Also in a server without any use."""
    for _ in range(2):
        answer = await stage.world.moderator.slash(stage.world.channel, "manage usage chart", days=14)
        assert answer.ephemeral
        message = next(m for m in reversed(stage.world.channel.history(viewer=stage.world.moderator)) if m.attachments)
        picture = Image.open(io.BytesIO(content(stage.env, message.attachments[0])))
        assert (picture.format, picture.width) == ("PNG", 1080)
        if not await stage.rows("SELECT 1 FROM jobs"):
            await some_use(stage)


async def test_tables_are_safe_and_complete(stage: Stage) -> None:
    """Every change of credits, every film; a prompt that a spreadsheet would run is text."""
    await some_use(stage)
    tables = {}
    for what in ("ledger", "films"):
        answer = await stage.world.moderator.slash(stage.world.channel, "manage usage export", what=what)
        assert answer.acknowledged
        message = next(m for m in reversed(stage.world.channel.history(viewer=stage.world.moderator)) if m.attachments)
        raw = content(stage.env, message.attachments[0]).decode("utf-8-sig")
        tables[what] = list(csv.reader(io.StringIO(raw)))
    kinds = [row[3] for row in tables["ledger"][1:]]
    assert kinds == ["hold", "capture", "hold", "release", "hold"]
    prompts = [row[-1] for row in tables["films"][1:]]
    assert prompts[0] != "=1+1"
    assert prompts[0].endswith("=1+1")
    assert len(prompts) == 3
