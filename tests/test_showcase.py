"""Stars and the showcase: shown once with credit, never against anyone's will, gone with the film."""

from __future__ import annotations

import discord
import simcord

from tests.conftest import Stage
from tests.moderation.people import found, member, video
from tests.sim import buttons, eventually, films, words


async def showcase(stage: Stage, stars: str = "1") -> simcord.ChannelHandle:
    """A channel that is named for it, on the card of /manage setup."""
    place = stage.world.guild.create_text_channel("showcase")
    moderator = stage.world.moderator
    opened = await moderator.slash(stage.world.channel, "manage setup")
    assert opened.response is not None
    await moderator.click(opened.response, label="More…")
    await moderator.click(opened.response, label="Showcase…")
    await moderator.select(opened.response, [place], custom_id="setup:showcase_channel_id:3")
    await moderator.select(opened.response, [stars], custom_id="setup:showcase_stars:3")
    assert f"<#{place.id}>" in words(opened.response)
    return place


async def film(stage: Stage) -> discord.Message:
    """A film of the visitor's, in its thread."""
    before = len(stage.api.tasks)
    await video(stage, stage.world.visitor)
    await stage.api.until(lambda: len(stage.api.tasks) > before)
    await stage.api.finish(list(stage.api.tasks)[-1])
    threads = await eventually(lambda: [t for t in stage.world.channel.threads if films(t)], within=20)
    await found(stage, f"SELECT 1 FROM (SELECT count(*) AS n FROM jobs WHERE announced_at > 0) WHERE n > {before}")
    return next(m for m in threads[-1].history() if m.attachments)


async def star(stage: Stage, actor: simcord.MemberActor, message: discord.Message) -> str:
    """Press ⭐ behind More…; what the member reads."""
    more = await actor.click(message, label="More…")
    assert more.response is not None
    label = next(label for label in buttons(more.response) if "tar" in label)
    pressed = await actor.click(more.response, label=label)
    assert pressed.response is not None
    return words(pressed.response)


async def test_a_film_with_enough_stars_is_shown_once(stage: Stage) -> None:
    """With credit and a link back, without a ping; taking a star back and giving it again shows nothing anew."""
    place = await showcase(stage, "2")
    message = await film(stage)
    ada, bob = member(stage, "ada"), member(stage, "bob")
    assert "It has 1 star now" in await star(stage, ada, message)
    assert films(place) == []
    assert "It has 2 stars now" in await star(stage, bob, message)
    await eventually(lambda: films(place), within=20)
    shown = place.history()[-1]
    assert f"<@{stage.world.visitor.id}>" in shown.content
    assert str(message.id) in shown.content
    await star(stage, bob, message)
    assert "It has 2 stars now" in await star(stage, bob, message)
    assert len(films(place)) == 1


async def test_without_a_showcase_there_are_no_stars(stage: Stage) -> None:
    """And nobody stars their own film."""
    message = await film(stage)
    more = await member(stage, "ada").click(message, label="More…")
    assert more.response is not None
    assert not any("tar" in label for label in buttons(more.response))
    await showcase(stage)
    more = await stage.world.visitor.click(message, label="More…")
    assert more.response is not None
    assert "Keep my films out of the showcase" in buttons(more.response)
    assert not any(label.startswith("Star") for label in buttons(more.response))


async def test_a_deleted_film_leaves_the_showcase(stage: Stage) -> None:
    """Its message there goes with it."""
    place = await showcase(stage)
    message = await film(stage)
    await star(stage, member(stage, "ada"), message)
    await eventually(lambda: films(place), within=20)
    more = await stage.world.visitor.click(message, label="More…")
    assert more.response is not None
    sure = await stage.world.visitor.click(more.response, label="Delete")
    assert sure.response is not None
    await stage.world.visitor.click(sure.response, label=buttons(sure.response)[0])
    await eventually(lambda: not films(place), within=20)


async def test_an_author_who_says_no_is_not_shown(stage: Stage) -> None:
    """Those that stand are taken down, and no star brings one back."""
    place = await showcase(stage)
    message = await film(stage)
    await star(stage, member(stage, "ada"), message)
    await eventually(lambda: films(place), within=20)
    more = await stage.world.visitor.click(message, label="More…")
    assert more.response is not None
    await stage.world.visitor.click(more.response, label="Keep my films out of the showcase")
    await eventually(lambda: not films(place), within=20)
    assert "It has 2 stars now" in await star(stage, member(stage, "bob"), message)
    assert films(place) == []
