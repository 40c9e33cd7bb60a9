"""Stars and the showcase: shown once with credit, never against anyone's will, gone with the film."""

from __future__ import annotations

import discord
import simcord

from storage import stars
from storage.stars import Showing
from tests.conftest import OpenStage, Stage
from tests.moderation.people import found, manage, member, told, video
from tests.sim import at_once, buttons, eventually, films, words


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


async def film(stage: Stage, prompt: str = "a boat") -> discord.Message:
    """A film of the visitor's, in its thread."""
    before = len(stage.api.tasks)
    await video(stage, stage.world.visitor, prompt=prompt)
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
    recipe = await bob.context_menu(place, "Show the recipe", shown)
    assert recipe.response is not None
    assert "/video prompt:a boat" in recipe.response.content
    await star(stage, bob, message)
    assert "It has 2 stars now" in await star(stage, bob, message)
    assert len(films(place)) == 1


async def test_a_showcase_behind_spoilers(stage: Stage) -> None:
    """Where every film is to be hidden until it is clicked, shown ones are, too."""
    place = await showcase(stage)
    await manage(stage, "channels spoiler", channel=place)
    await star(stage, member(stage, "ada"), await film(stage))
    (shown,) = await eventually(lambda: films(place), within=20)
    assert shown.is_spoiler()


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


async def test_a_star_pressed_twice_is_one_star(stage: Stage) -> None:
    """A button gives or takes back, however often it is pressed."""
    await showcase(stage)
    message, ada = await film(stage), member(stage, "ada")
    for label, said in (("Star (0)", "It has 1 star now"), ("Take the star back (1)", "It has 0 stars now")):
        more = (await ada.click(message, label="More…")).response
        assert more is not None
        for pressed in await at_once(stage.env, (ada.click(more, label=label) for _ in range(2))):
            assert pressed.response is not None
            assert said in words(pressed.response)


async def test_a_no_while_it_is_being_shown(stage: Stage) -> None:
    """The film is on its way to the showcase when its author says no: it does not stay there."""
    place = await showcase(stage)
    message = await film(stage)
    await star(stage, member(stage, "ada"), message)
    await eventually(lambda: films(place), within=20)
    await found(stage, "SELECT 1 FROM showcases WHERE done = 1")
    job = (await found(stage, "SELECT id FROM jobs"))["id"]
    async with stage.app.db.transaction() as conn:  # in the order in which it happens then
        await stars.take_down(conn, job)
        under_way = Showing(job, stage.world.guild.id, wanted=True, tries=0, channel_id=0, message_id=0)
        await stars.done(conn, under_way, channel_id=place.id, message_id=place.history()[-1].id)
    stage.app.parts.wake("showcase")
    await eventually(lambda: not films(place), within=20)


async def test_erased_words_leave_the_showcase(stage: Stage) -> None:
    """/privacy delete takes the films down at once; the history has them still, without words."""
    place = await showcase(stage)
    message, you = await film(stage), stage.world.visitor
    await star(stage, member(stage, "ada"), message)
    await eventually(lambda: films(place), within=20)
    asked = await you.slash(stage.world.channel, "privacy delete")
    assert asked.response is not None
    await you.click(asked.response, label="Delete it all")
    await eventually(lambda: not films(place), within=20)
    assert "**(its words were removed)**" in await told(you, stage.world.channel, "history")


async def test_the_weeks_best(open_stage: OpenStage) -> None:
    """Where moderators want it: once after each week, the three with the most stars, and none that is not for all."""
    async with open_stage(daily_credits=100) as stage:
        place = await showcase(stage, "5")
        you, moderator = stage.world.visitor, stage.world.moderator
        for n in range(6):
            await film(stage, f"film {n}")
        made = await stage.rows("SELECT id, message_id FROM jobs ORDER BY created_at")
        ids = [row["id"] for row in made]
        opened = await moderator.slash(stage.world.channel, "manage setup")
        assert opened.response is not None
        await moderator.click(opened.response, label="More…")
        await moderator.click(opened.response, label="Showcase…")
        await moderator.click(opened.response, label="Weekly best")
        assert place.history() == []  # the first look back is on the week that begins now
        given = {0: [1], 1: [1, 2], 2: [1, 2, 3], 3: [1, 2, 3, 4], 4: [you.id, 9], 5: [1, 2, 3, 4, 5]}
        async with stage.app.db.transaction() as conn:
            for n, members in given.items():
                for member_id in members:
                    await stars.give(conn, ids[n], member_id, 1_000_000_000_000 + n)
            await conn.execute("UPDATE stars SET at = (unixepoch() - 7 * 86400) * 1000")
            await conn.execute("UPDATE stars SET at = at + 1 WHERE job_id = ?", (ids[4],))  # one that counts, but later
            await conn.execute("UPDATE jobs SET restricted = 1 WHERE id = ?", (ids[3],))
            await conn.execute("UPDATE jobs SET hidden = 1 WHERE id = ?", (ids[5],))
            await conn.execute("UPDATE servers SET digest_week = 'w:2020-W01'")
        for _ in range(2):
            await stage.restart()
            await eventually(lambda: place.history(), within=20)
        (best,) = place.history()
        links = [line.split("](")[1].split(")")[0].split("/")[-1] for line in best.content.splitlines()[1:]]
        assert links == [str(made[n]["message_id"]) for n in (2, 1, 0)]
        assert "3 stars" in best.content
