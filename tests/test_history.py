"""/history: one's own films with links, states and costs, page by page, with a search; nobody else's."""

from __future__ import annotations

from tests.conftest import Stage
from tests.moderation.people import found, member, told, video
from tests.sim import buttons, words


async def test_an_empty_history_says_how_to_begin(stage: Stage) -> None:
    """And a search that finds nothing says that."""
    you, channel = stage.world.visitor, stage.world.channel
    assert "`/video` begins" in await told(you, channel, "history")
    assert "No film of yours has these words" in await told(you, channel, "history", search="boat")


async def test_made_failed_and_running_films_are_told_apart(stage: Stage) -> None:
    """Each with what it cost and, where it stands, a link; a private one only to its author."""
    you, channel = stage.world.visitor, stage.world.channel
    await video(stage, you, prompt="a made boat")
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await stage.api.finish(next(iter(stage.api.tasks)))
    await video(stage, you, prompt="a boat, fail")
    await stage.api.until(lambda: len(stage.api.tasks) == 2)
    await stage.api.finish(list(stage.api.tasks)[1])
    await found(stage, "SELECT 1 FROM (SELECT count(*) AS n FROM jobs WHERE announced_at > 0) WHERE n = 2")
    await video(stage, you, prompt="a secret", private=True)
    text = await told(you, channel, "history")
    row = await found(stage, "SELECT thread_id, message_id FROM jobs WHERE state = 'ready'")
    assert f"/{row['thread_id']}/{row['message_id']})" in text
    assert "🎬 made" in text
    assert "✖️ no film" in text
    assert "given back" in text
    assert "a secret" in text
    assert "2 credits held" in text
    assert "a made boat" not in await told(member(stage, "ada"), channel, "history")
    assert "a boat, fail" not in await told(you, channel, "history", search="made BOAT")
    assert "a made boat" not in await told(you, channel, "history", search="%")


async def test_pages_are_turned_after_a_restart_too(stage: Stage) -> None:
    """A button holds where its page begins, and what is searched for."""
    you, channel = stage.world.visitor, stage.world.channel
    for n in range(8):
        await video(stage, you, prompt=f"film {n:02} of many", duration=10)
        await stage.api.until(lambda n=n: len(stage.api.tasks) == n + 1)
        await stage.api.finish(list(stage.api.tasks)[n])
    answer = await you.slash(channel, "history", search="of many")
    assert answer.response is not None
    assert buttons(answer.response) == ["Older"]
    assert "film 07" in words(answer.response)
    await stage.restart()
    turned = await you.click(answer.response, label="Older")
    assert turned.acknowledged
    assert "film 00" in words(answer.response)
    assert buttons(answer.response) == ["Newest"]


async def test_a_search_knows_capitals_of_every_script(stage: Stage) -> None:
    """É is é, and full-width letters are the usual ones; signs that mean something to SQL mean themselves."""
    you, channel = stage.world.visitor, stage.world.channel
    await video(stage, you, prompt="ÉTÉ über 100% Ｂｏａｔ")
    for search in ("été", "ÜBER", "0% boat"):
        assert "No film" not in await told(you, channel, "history", search=search), search
    assert "No film" in await told(you, channel, "history", search="10_%")
