"""/compare: the price of all first, one thread, each film with its own card, its own buttons and its own end."""

from __future__ import annotations

import pytest
import simcord

from tests import clips
from tests.conftest import OpenStage, Stage
from tests.making import posted, results, tasks
from tests.sim import buttons, eventually, seen_by, words


def shown(answer: simcord.InteractionResult) -> simcord.ResponseMessage:
    assert answer.response is not None
    assert answer.ephemeral
    return answer.response


async def offered(stage: Stage, **options: object) -> simcord.InteractionResult:
    asked = {"prompt": "a paper boat", "first": "sora-2", "second": "kling-3"} | options
    return await stage.world.visitor.slash(stage.world.channel, "compare", **asked)


async def spent(stage: Stage) -> int:
    (row,) = await stage.rows("SELECT max(spent) AS n FROM counters WHERE subject LIKE 'member:%'")
    return int(row["n"] or 0)


async def test_films_side_by_side(stage: Stage) -> None:
    """One price, one thread, and each film comes there by itself, with its ping and its buttons."""
    you, channel = stage.world.visitor, stage.world.channel
    card = shown(await offered(stage, third="luma", duration=10))
    said = words(card)
    assert "Compare 3 models" in said
    assert "Sora 2 · 10 s · landscape · small · " in said
    assert "not as asked: 10 s → a length of its own" in said
    assert await stage.rows("SELECT * FROM jobs") == []
    (label,) = buttons(card)
    total = int(label.split(" · ")[1].split()[0])
    assert said.count(" credits") >= 4
    pressed = await you.click(card, label=label)
    assert pressed.acknowledged
    rows = await stage.rows("SELECT * FROM jobs ORDER BY rowid")
    assert [row["label"] for row in rows] == ["Sora 2", "Kling 3", "Luma"]
    assert await spent(stage) == total == sum(row["price"] for row in rows)
    (thread,) = (one for one in channel.threads if one.name == "a paper boat")
    assert {row["channel_id"] for row in rows} == {thread.id}
    heads = [text for text in seen_by(channel, stage.world.moderator) if "compares 3 models" in text]
    assert len(heads) == 1
    assert f"{total} credits" in heads[0]
    assert sum("is making a film" in text for text in seen_by(thread, you)) == 3
    for n in range(1, 4):
        await stage.api.finish((await tasks(stage, n)).id)
    films = await eventually(lambda: results(thread) if len(results(thread)) == 3 else [], within=20)
    assert all(buttons(film)[0] == "Again" for film in films)
    assert all(f"<@{you.id}>" in film.content for film in films)


async def test_a_part_that_fails_gives_its_part_back(stage: Stage) -> None:
    """The others go on; only what failed is free."""
    stage.api.withdrawn = {"luma/"}
    card = shown(await offered(stage, second="luma"))
    await stage.world.visitor.click(card, label=buttons(card)[0])
    first = await tasks(stage, 1)
    await stage.api.finish(first.id)
    thread = next(one for one in stage.world.channel.threads if one.name == "a paper boat")
    await eventually(lambda: results(thread), within=20)
    await eventually(lambda: [text for text in seen_by(thread, stage.world.visitor) if "Nothing was charged" in text])
    rows = await stage.rows("SELECT state, price FROM jobs ORDER BY rowid")
    assert sorted(row["state"] for row in rows) == ["failed", "ready"]
    assert await spent(stage) == next(row["price"] for row in rows if row["state"] == "ready")


async def test_all_or_nothing(open_stage: OpenStage) -> None:
    """What all of them cost has to be there; where it is not, nothing is begun and nothing is posted."""
    async with open_stage(daily_credits=8) as stage:
        before = len(stage.world.channel.history())
        said = words(shown(await offered(stage, third="sora-2-pro")))
        assert "Together they cost 13 credits" in said
        assert "You have 8" in said
        assert await stage.rows("SELECT * FROM jobs") == []
        assert len(stage.world.channel.history()) == before


async def test_said_yes_twice(stage: Stage) -> None:
    """The second press of the same button finds nothing to begin."""
    you = stage.world.visitor
    card = shown(await offered(stage))
    (draft,) = await stage.rows("SELECT * FROM drafts")
    await you.click(card, label=buttons(card)[0])
    assert await stage.rows("SELECT * FROM drafts WHERE id = ?", draft["id"]) == []
    old = await posted(stage, f"compare:make:{draft['id']}")
    again = await you.click(old, label="old")
    assert "no longer kept" in words(shown(again))
    assert len(await stage.rows("SELECT * FROM jobs")) == 2


async def test_what_cannot_be_compared(stage: Stage) -> None:
    """The same model twice, one that there is not, pictures that one cannot take: a clear no."""
    assert "named twice" in words(shown(await offered(stage, second="Sora 2")))
    assert "There is no model called" in words(shown(await offered(stage, second="nothing")))
    picture = ("a.png", clips.picture())
    card = words(shown(await offered(stage, image1=picture, image2=picture)))
    assert "Compare 2 models" in card
    assert await stage.rows("SELECT * FROM jobs") == []


async def test_nothing_is_asked_for_that_nobody_said(stage: Stage) -> None:
    """What the default model would have done is no wish: each makes its own usual film, for its usual price."""
    picture = ("a.png", clips.picture())
    said = words(shown(await offered(stage, first="kling-3", second="hailuo", third="sora-2")))
    assert "Kling 3 · 5 s · landscape · standard · silent · 5 credits" in said
    assert "not as asked" not in said
    said = words(shown(await offered(stage, second="wan-3", image1=picture, image2=picture)))
    assert "720p · silent · 2 pictures as its first and last frame · 6 credits" in said
    assert "not as asked" not in said


async def test_in_a_thread_they_come_right_there(stage: Stage) -> None:
    """No thread of a thread: the cards and films come below."""
    you, place = stage.world.visitor, stage.world.thread
    answer = await you.slash(place, "compare", prompt="a boat", first="sora-2", second="luma")
    await you.click(shown(answer), label=buttons(shown(answer))[0])
    assert {row["channel_id"] for row in await stage.rows("SELECT channel_id FROM jobs")} == {place.id}
    texts = seen_by(place, stage.world.moderator)
    assert any("They come below." in text for text in texts)
    assert sum("is making a film" in text for text in texts) == 2


async def test_a_refusal_at_the_last_moment(stage: Stage) -> None:
    """Credits that went meanwhile: nothing is begun, and no card is left behind."""
    you, channel = stage.world.visitor, stage.world.channel
    card = shown(await offered(stage))
    await stage.world.moderator.slash(channel, "manage block", member=you)
    pressed = await you.click(card, label=buttons(card)[0])
    assert pressed.acknowledged
    assert await stage.rows("SELECT * FROM jobs") == []
    assert await spent(stage) == 0
    assert not any("compares" in text for text in seen_by(channel, stage.world.moderator))


async def test_a_yes_that_came_to_nothing_can_be_said_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the begin itself is refused, the button is not used up: it works once there is room again."""
    you = stage.world.visitor
    card = shown(await offered(stage))
    (label,) = buttons(card)
    with monkeypatch.context() as full:
        full.setattr("service.intake.WAITING_MAX", 0)
        await you.click(card, label=label)
    assert await stage.rows("SELECT * FROM jobs") == []
    (draft,) = await stage.rows("SELECT * FROM drafts")
    pressed = await you.click(await posted(stage, f"compare:make:{draft['id']}"), label="old")
    assert pressed.acknowledged
    assert len(await stage.rows("SELECT * FROM jobs")) == 2
