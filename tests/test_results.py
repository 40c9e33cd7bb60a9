"""Buttons under a result: pressed by its author, by another member, twice at once, after a restart, months later."""

from __future__ import annotations

import json

import pytest

from service.housekeeping import Housekeeping
from tests import clips
from tests.conftest import OpenStage, Stage
from tests.making import a_post, beside, decided, film, held, job, results, submit, tasks
from tests.sim import at_once, buttons, eventually, films, seen_by, words


async def test_a_result_has_its_buttons(stage: Stage) -> None:
    """Again, Edit, Continue and More… under a film; they hold its id and nothing else."""
    message = await film(stage, stage.world.thread)
    assert buttons(message) == ["Again", "Edit", "Continue", "More…"]
    number = (await job(stage))["id"]
    ids = [item.custom_id for row in message.components for item in row.children]  # type: ignore[union-attr]
    assert ids == [f"job:{action}:{number}" for action in ("again", "edit", "continue", "more")]


@pytest.mark.parametrize("where", ["channel", "thread", "post"])
async def test_again_in_every_place(stage: Stage, where: str) -> None:
    """Again makes the same film once more, charged once more, right where the button stands; it knows its parent."""
    world = stage.world
    place = {"channel": world.channel, "thread": world.thread}.get(where) or await a_post(stage)
    await world.visitor.slash(place, "video", prompt="a paper boat", image1=("b.png", clips.picture()))
    await stage.api.finish((await tasks(stage, 1)).id)
    if where == "channel":  # the film made a thread of its own
        place = (await eventually(lambda: [t for t in place.threads if t.id != world.thread.id], within=20))[0]
    message = (await eventually(lambda: results(place), within=20))[0]
    pressed = await world.visitor.click(message, label="Again")
    assert pressed.response is not None
    assert not pressed.ephemeral
    assert pressed.response.channel_id == place.id
    assert "1 picture" in words(pressed.response)
    second = await tasks(stage, 2)
    assert {k: v for k, v in second.request.items() if k not in ("callback_url", "image_urls")} == {
        k: v for k, v in (await tasks(stage, 1)).request.items() if k not in ("callback_url", "image_urls")
    }
    assert len(second.request["image_urls"]) == 1
    first, again = await job(stage, 1), await job(stage, 2)
    assert (again["parent_id"], again["action"], again["credit"]) == (first["id"], "again", 0)
    assert await stage.rows("SELECT count(*) AS n FROM pictures") == [{"n": 1}]
    await stage.api.finish(second.id)
    await eventually(lambda: len(films(place)) == 2, within=20)


async def test_again_twice_at_once_is_one_film(stage: Stage) -> None:
    """The second press is answered with the first's card, for the presser alone."""
    message = await film(stage, stage.world.thread)
    first, second = await at_once(stage.env, (stage.world.visitor.click(message, label="Again") for _ in range(2)))
    assert [first.ephemeral, second.ephemeral] == [False, True]
    assert len(await stage.rows("SELECT id FROM jobs")) == 2


async def test_anothers_film_with_credit(stage: Stage) -> None:
    """Another member runs it again as their own: they pay, and both card and film name whose it was, without a ping."""
    message = await film(stage, stage.world.thread)
    author, other = stage.world.visitor, stage.world.moderator
    pressed = await other.click(message, label="Again")
    assert pressed.response is not None
    assert f"<@{other.id}> is making a film" in words(pressed.response)
    assert f"after <@{author.id}>'s film" in words(pressed.response)
    await stage.api.finish((await tasks(stage, 2)).id)
    await eventually(lambda: len(results(stage.world.thread)) == 2, within=20)
    text = results(stage.world.thread)[1].content
    assert text.startswith(f"<@{other.id}>")
    assert f"after <@{author.id}>'s film" in text
    assert (await job(stage, 2))["credit"] == author.id
    spent = await stage.rows("SELECT member_id, sum(amount) AS n FROM ledger WHERE kind = 'capture' GROUP BY 1")
    assert sorted((row["member_id"], row["n"]) for row in spent) == sorted([(author.id, 2), (other.id, 2)])


async def test_the_author_may_say_no(stage: Stage) -> None:
    """Keep it to myself, behind More…: others are told so, the author goes on; it can be undone."""
    message = await film(stage, stage.world.thread)
    author, other = stage.world.visitor, stage.world.moderator
    menu = await author.click(message, label="More…")
    assert menu.response is not None
    assert "Keep it to myself" in buttons(menu.response)
    await author.click(menu.response, label="Keep it to myself")
    for label in ("Again", "Edit", "Continue"):
        refused = await other.click(message, label=label)
        assert refused.ephemeral
        assert refused.response is not None
        assert "keeps this film to themselves" in words(refused.response)
    for person, offered in ((author, True), (other, False)):
        menu = await person.click(message, label="More…")
        assert menu.response is not None
        assert ("Another model" in buttons(menu.response)) is offered, "nothing is offered that would refuse"
    assert (await author.click(message, label="Again")).ephemeral is False
    menu = await author.click(message, label="More…")
    assert menu.response is not None
    await author.click(menu.response, label="Let others use it")
    assert (await other.click(message, label="Again")).ephemeral is False


async def test_the_server_may_say_no(stage: Stage) -> None:
    """Where moderators decided so, members build on their own films only."""
    await decided(stage, reuse=0)
    message = await film(stage, stage.world.thread)
    refused = await stage.world.moderator.click(message, label="Again")
    assert refused.response is not None
    assert "their own films only" in words(refused.response)
    menu = await stage.world.moderator.click(message, label="More…")
    assert menu.response is not None
    assert "Another model" not in buttons(menu.response)
    assert not (await stage.world.visitor.click(message, label="Again")).ephemeral


async def test_edit_opens_the_form_filled_in(stage: Stage) -> None:
    """Edit shows what the film was made of; what is changed is changed, the rest stays, its pictures included."""
    you, place = stage.world.visitor, stage.world.thread
    message = await film(
        stage, place, image1=("b.png", clips.picture()), model="sora-2-pro", size="large", orientation="portrait"
    )
    opened = await you.click(message, label="Edit")
    assert held(opened.modal) == {
        "prompt": "a paper boat",
        "model": ["sora-2-pro"],
        "duration": ["10"],
        "shape": ["portrait"],
    }
    assert "keep the 1 picture" in beside(opened.modal, "pictures")
    sent = await submit(you, opened, prompt="a paper ship", model=["sora-2"])
    assert sent.response is not None
    assert "Sora 2 · 10 s · portrait · large · 1 picture" in words(sent.response)
    second = await job(stage, 2)
    assert (second["parent_id"], second["action"]) == ((await job(stage))["id"], "edit")
    assert json.loads(second["request"])["prompt"] == "a paper ship"


async def test_edit_with_a_model_that_has_no_such_size(stage: Stage) -> None:
    """What the form cannot show must not stand in the way: the new model's usual size is taken."""
    message = await film(stage, stage.world.thread)
    async with stage.app.db.transaction() as conn:
        await conn.execute("UPDATE jobs SET request = json_set(request, '$.size', 'gigantic')")
    opened = await stage.world.visitor.click(message, label="Edit")
    sent = await submit(stage.world.visitor, opened)
    assert sent.response is not None
    assert "small" in words(sent.response)


async def test_pictures_past_their_time(open_stage: OpenStage) -> None:
    """When retention has removed them, Again says so and offers the form; nothing is charged."""
    async with open_stage() as stage:
        you = stage.world.visitor
        message = await film(stage, stage.world.thread, image1=("b.png", clips.picture()))
        await Housekeeping(stage.app.db, retention_days=30, backup_days=0, clock=lambda: 10**14).step()
        refused = await you.click(message, label="Again")
        assert refused.response is not None
        assert "no longer kept" in words(refused.response)
        shown = await you.click(message, label="More…")
        assert shown.response is not None
        assert "Its picture is no longer kept." in shown.response.content
        assert len(await stage.rows("SELECT id FROM jobs")) == 1
        opened = await you.click(refused.response, label="Fix it")
        assert "Attach them again" in beside(opened.modal, "pictures")
        sent = await submit(you, opened, pictures=[("again.png", clips.picture(200, 200))])
        assert sent.response is not None
        assert len((await tasks(stage, 2)).request["image_urls"]) == 1


async def test_a_failure_offers_a_fix(stage: Stage) -> None:
    """Declined: the form, filled in, says at the prompt what is kept out; only its author may."""
    you, other, place = stage.world.visitor, stage.world.moderator, stage.world.thread
    await you.slash(place, "video", prompt="a fight", image1=("b.png", clips.picture()))
    await stage.api.finish((await tasks(stage, 1)).id, error=("forbidden", "content policy violation"))
    reply = (await eventually(lambda: [m for m in place.history() if "declined" in m.content]))[0]
    assert buttons(reply) == ["Fix and retry"]
    refused = await other.click(reply, label="Fix and retry")
    assert refused.response is not None
    assert "not your film" in words(refused.response)
    opened = await you.click(reply, label="Fix and retry")
    assert held(opened.modal)["prompt"] == "a fight"
    assert "say it differently" in beside(opened.modal, "prompt")
    sent = await submit(you, opened, prompt="a dance")
    assert sent.response is not None
    row = await job(stage, 2)
    assert (row["parent_id"], row["action"]) == ((await job(stage))["id"], "retry")
    assert len((await tasks(stage, 2)).request["image_urls"]) == 1


async def test_a_passing_failure_can_be_run_again(stage: Stage) -> None:
    """Where the same recipe may well work the next time, one press is enough."""
    you, place = stage.world.visitor, stage.world.thread
    await you.slash(place, "video", prompt="a boat")
    await stage.api.finish((await tasks(stage, 1)).id, error=("api_error", "fetch failed"))
    reply = (await eventually(lambda: [m for m in place.history() if "could not make" in m.content]))[0]
    assert buttons(reply) == ["Again", "Fix and retry"]
    pressed = await you.click(reply, label="Again")
    assert not pressed.ephemeral
    assert (await tasks(stage, 2)).request["prompt"] == "a boat"


async def test_a_bad_picture_is_left_out_of_the_fix(stage: Stage) -> None:
    """The second picture was broken: the form keeps the first, and says which one is missing."""
    you, place = stage.world.visitor, stage.world.thread
    await you.slash(place, "video", prompt="x", image1=("a.png", clips.picture()), image2=("b.png", b"nonsense" * 50))
    reply = (await eventually(lambda: [m for m in place.history() if "Nothing was charged" in m.content], within=20))[0]
    opened = await you.click(reply, label="Fix and retry")
    assert "Picture 2 could not be used" in beside(opened.modal, "pictures")
    await submit(you, opened)
    assert len((await tasks(stage, 1)).request["image_urls"]) == 1


async def test_buttons_outlive_a_restart(open_stage: OpenStage) -> None:
    """Everything is answered by another process, in a thread that was archived meanwhile."""
    async with open_stage() as stage:
        you, place = stage.world.visitor, stage.world.thread
        message = await film(stage, place)
        await stage.restart()
        await stage.app.bot.http.edit_channel(place.id, archived=True)
        assert (await you.click(message, label="Again")).acknowledged
        assert held((await you.click(message, label="Edit")).modal)["prompt"] == "a paper boat"
        menu = await you.click(message, label="More…")
        assert menu.response is not None
        assert "Recipe" in words(menu.response)
        assert len(await stage.rows("SELECT id FROM jobs")) == 2


async def test_a_private_film_stays_ones_own(stage: Stage) -> None:
    """Its buttons work in the direct messages, for its author, and what is made there is private again."""
    you = stage.world.visitor
    await you.slash(stage.world.channel, "video", prompt="a secret", private=True)
    await stage.api.finish((await tasks(stage, 1)).id)
    conversation = you.user.dm_channel
    message = (await eventually(lambda: results(conversation), within=20))[0]
    pressed = await you.user.click(message, label="Again")
    assert pressed.acknowledged
    assert pressed.response is not None
    assert "for you alone" in words(pressed.response)
    second = await job(stage, 2)
    assert (second["private"], second["guild_id"], second["place"]) == (1, stage.world.guild.id, "dm")
    opened = await you.user.click(message, label="Edit")
    await submit(you.user, opened, prompt="another secret")  # type: ignore[arg-type]
    assert (await job(stage, 3))["private"] == 1
    await stage.api.finish((await tasks(stage, 3)).id)
    third = (await eventually(lambda: results(conversation)[1:], within=20))[0]
    shown = await you.user.click(third, label="More…")
    assert shown.response is not None
    assert f"1. [begun](https://discord.com/channels/@me/{conversation.id}/{message.id})" in shown.response.content
    assert not any("secret" in text for text in seen_by(stage.world.channel, stage.world.moderator))


async def test_spoiler(stage: Stage) -> None:
    """The film is hidden behind a spoiler, and so is what is made of it."""
    place = stage.world.thread
    message = await film(stage, place, spoiler=True)
    assert message.attachments[0].is_spoiler()
    await stage.world.moderator.click(message, label="Again")
    await stage.api.finish((await tasks(stage, 2)).id)
    await eventually(lambda: len(results(place)) == 2, within=20)
    assert results(place)[1].attachments[0].is_spoiler()
