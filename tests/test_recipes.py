"""Behind More… and a right-click: recipes with their chain, deleting, and films made from anybody's pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import clips
from tests.conftest import OpenStage, Stage
from tests.making import beside, film, held, job, results, submit, tasks, told
from tests.sim import at_once, buttons, content, eventually, seen_by, words
from tests.test_words import a_job
from ui import results as results_of

PICTURE = clips.picture()


async def test_a_recipe_can_be_copied(stage: Stage) -> None:
    """More… shows the command line as plain text that a phone can copy, whoever presses; a stranger gets no Delete."""
    message = await film(stage, stage.world.thread, model="sora-2-pro", image1=("b.png", PICTURE))
    shown = await stage.world.visitor.click(message, label="More…")
    assert shown.ephemeral
    assert shown.response is not None
    text = shown.response.content
    assert "```\n/video prompt:a paper boat model:sora-2-pro duration:10 orientation:landscape size:small\n```" in text
    assert "It began with a picture" in text
    assert buttons(shown.response)[:2] == ["Keep it to myself", "Delete"]
    stranger = stage.world.guild.add_member(stage.env.create_user("stranger"))
    shown = await stranger.click(message, label="More…")
    assert shown.response is not None
    assert "/video prompt:a paper boat" in shown.response.content
    assert not {"Keep it to myself", "Delete"} & set(buttons(shown.response))
    shown = await stage.world.moderator.click(message, label="More…")
    assert shown.response is not None
    assert buttons(shown.response)[0] == "Delete"


@pytest.mark.parametrize("prompt", ["a boat " * 300, "```js\nboat\n```"], ids=["long", "fenced"])
async def test_what_cannot_be_shown_is_a_file(stage: Stage, prompt: str) -> None:
    """A recipe over 1,800 characters, or one that would break out of its box, comes as a text file."""
    message = await film(stage, stage.world.thread, prompt=prompt)
    shown = await stage.world.visitor.click(message, label="More…")
    assert shown.response is not None
    (file,) = shown.response.attachments
    assert file.filename.endswith(".txt")
    assert content(stage.env, file).decode() == (
        f"/video prompt:{prompt.strip()} model:sora-2 duration:10 orientation:landscape size:small"
    )
    assert "```" not in shown.response.content


async def test_the_chain_is_told(stage: Stage) -> None:
    """Each generation knows its parent: the recipe lists the steps with links, and what changed between them."""
    you, other, place = stage.world.visitor, stage.world.moderator, stage.world.thread
    first = await film(stage, place, prompt="a boat in the rain at night")
    opened = await other.click(first, label="Edit")
    await submit(other, opened, prompt="a boat in the snow at night", duration=["15"], shape=["portrait"])
    await stage.api.finish((await tasks(stage, 2)).id)
    second = (await eventually(lambda: results(place)[1:], within=20))[0]
    await you.click(second, label="Again")
    await stage.api.finish((await tasks(stage, 3)).id)
    third = (await eventually(lambda: results(place)[2:], within=20))[0]
    await told(stage, 3)
    shown = await you.click(third, label="More…")
    assert shown.response is not None
    lines = shown.response.content.splitlines()
    steps = lines[lines.index("**How it came to be**") + 1 :]
    link = f"https://discord.com/channels/{stage.world.guild.id}/{place.id}"
    assert steps[0] == f"1. [begun]({link}/{first.id}) · <@{you.id}> · Sora 2 · 10 s · landscape · small"
    assert steps[1] == (
        f"2. [changed]({link}/{second.id}) · <@{other.id}> · 10 s → 15 s, landscape → portrait, ~~rain~~ **snow**"
    )
    assert steps[2] == f"3. [run again]({link}/{third.id}) · <@{you.id}>"


async def test_a_chain_links_nobody_into_anothers_messages(stage: Stage) -> None:
    """A step whose film had to come by direct message is a link for its author alone, and leads there."""
    you, other, place = stage.world.visitor, stage.world.moderator, stage.world.thread
    first = await film(stage, place, prompt="a first boat")
    await you.click(first, label="Again")
    await stage.api.finish((await tasks(stage, 2)).id)
    await told(stage, 2)
    async with stage.app.db.transaction() as conn:
        await conn.execute("UPDATE jobs SET thread_id = 77 WHERE id = ?", ((await job(stage, 1))["id"],))
    second = results(place)[-1]
    mine = (await you.click(second, label="More…")).response
    theirs = (await other.click(second, label="More…")).response
    assert mine is not None
    assert theirs is not None
    assert f"1. [begun](https://discord.com/channels/@me/77/{first.id}) ·" in mine.content
    assert f"1. begun · <@{you.id}>" in theirs.content
    here = f"https://discord.com/channels/{stage.world.guild.id}/{place.id}"
    assert f"2. [run again]({here}/{second.id})" in theirs.content


async def test_a_chain_hides_what_is_not_for_everyone(stage: Stage) -> None:
    """A private step of a chain is in its author's recipe only; a removed one in nobody's."""
    you, other, place = stage.world.visitor, stage.world.moderator, stage.world.thread
    message = await film(stage, place, prompt="a first boat")
    for n in (2, 3):
        opened = await you.click(message, label="Edit")
        await submit(you, opened, prompt=f"boat number {n}")
        await stage.api.finish((await tasks(stage, n)).id)
        await told(stage, n)
        message = results(place)[-1]
    async with stage.app.db.transaction() as conn:
        await conn.execute("UPDATE jobs SET private = 1 WHERE id = ?", ((await job(stage, 2))["id"],))
        await conn.execute("UPDATE jobs SET hidden = 1 WHERE id = ?", ((await job(stage, 1))["id"],))
    mine = (await you.click(message, label="More…")).response
    theirs = (await other.click(message, label="More…")).response
    assert mine is not None
    assert theirs is not None
    assert "How it came to be" in mine.content
    assert "How it came to be" not in theirs.content
    assert "first boat" not in mine.content


async def test_deleting_takes_the_message_and_the_pictures(stage: Stage) -> None:
    """The author asks, is asked once more, and film, card's words and stored pictures go; the ledger stays."""
    you, place = stage.world.visitor, stage.world.thread
    message = await film(stage, place, image1=("b.png", PICTURE))
    before = await stage.rows("SELECT count(*) AS n FROM ledger")
    menu = await you.click(message, label="More…")
    assert menu.response is not None
    ask = await you.click(menu.response, label="Delete")
    assert ask.response is not None
    assert "Delete this film?" in words(ask.response)
    assert results(place) == [message]
    presses = (you.click(ask.response, label="Delete it") for _ in range(2))
    done = [answer.response for answer in await at_once(stage.env, presses)]
    assert sorted("Deleted" in words(one) for one in done if one) == [False, True]
    assert results(place) == []
    assert not any("a paper boat" in text for text in seen_by(place, stage.world.moderator))
    assert await stage.rows("SELECT * FROM pictures") == []
    assert await stage.rows("SELECT * FROM inputs") == []
    assert await stage.rows("SELECT count(*) AS n FROM ledger") == before
    assert (await job(stage))["deleted_at"] > 0


async def test_pictures_of_other_films_stay(stage: Stage) -> None:
    """What another generation needs is not taken from it."""
    you, place = stage.world.visitor, stage.world.thread
    message = await film(stage, place, image1=("b.png", PICTURE))
    await you.click(message, label="Again")
    menu = await you.click(message, label="More…")
    assert menu.response is not None
    ask = await you.click(menu.response, label="Delete")
    assert ask.response is not None
    await you.click(ask.response, label="Delete it")
    assert await stage.rows("SELECT count(*) AS n FROM pictures") == [{"n": 1}]
    await stage.api.finish((await tasks(stage, 2)).id)
    await eventually(lambda: results(place), within=20)


async def test_a_moderator_may_delete(stage: Stage) -> None:
    """A moderator may, too; a menu that still stands open afterwards is asked anew."""
    other, place = stage.world.moderator, stage.world.thread
    message = await film(stage, place)
    menu = await other.click(message, label="More…")
    assert menu.response is not None
    ask = await other.click(menu.response, label="Delete")
    assert ask.response is not None
    await other.click(ask.response, label="Delete it")
    assert results(place) == []
    for pressed in (
        await other.click(menu.response, label="Delete"),
        await other.click(ask.response, label="Delete it"),
    ):
        assert pressed.response is not None
        assert "no longer known" in words(pressed.response)
    (entry,) = await stage.rows("SELECT * FROM audit")
    assert (entry["actor_id"], entry["action"], entry["member_id"]) == (other.id, "hide", stage.world.visitor.id)


async def test_animate_a_picture_of_anybody(stage: Stage) -> None:
    """A right-click on any message with pictures opens the form with them, several in their order."""
    you, place = stage.world.visitor, stage.world.thread
    files = [("one.png", PICTURE), ("notes.txt", b"words"), ("two.png", PICTURE)]
    message = await stage.world.moderator.send(place, "look", attachments=files)
    opened = await you.context_menu(place, "Animate this image", message)
    assert "keep the 2 pictures" in beside(opened.modal, "pictures")
    await submit(you, opened, prompt="they move")
    assert len((await tasks(stage, 1)).request["image_urls"]) == 2


async def test_animate_needs_a_picture(stage: Stage) -> None:
    """A message of words is no picture: said, for the member's eyes only."""
    message = await stage.world.moderator.send(stage.world.thread, "only words")
    answer = await stage.world.visitor.context_menu(stage.world.thread, "Animate this image", message)
    assert answer.modal is None
    assert answer.ephemeral
    assert answer.response is not None
    assert "no picture in that message" in words(answer.response)


async def test_right_clicks_on_the_bots_messages(stage: Stage) -> None:
    """Continue this film and Show the recipe work on the film and on its card, and say so on anything else."""
    you, place = stage.world.visitor, stage.world.thread
    message = await film(stage, place)
    card = next(m for m in place.history() if "is ready" in words(m) and not m.attachments)
    for target in (message, card):
        opened = await you.context_menu(place, "Continue this film", target)
        assert held(opened.modal)["prompt"] == "a paper boat"
        shown = await you.context_menu(place, "Show the recipe", target)
        assert shown.response is not None
        assert "/video prompt:a paper boat" in shown.response.content
    other = await stage.world.moderator.send(place, "hello")
    for name in ("Continue this film", "Show the recipe"):
        answer = await you.context_menu(place, name, other)
        assert answer.ephemeral
        assert answer.response is not None
        assert "no film of mine" in words(answer.response)


async def test_a_film_in_the_making_cannot_be_continued(stage: Stage) -> None:
    """A right-click on a waiting card says to wait."""
    you, place = stage.world.visitor, stage.world.thread
    card = (await you.slash(place, "video", prompt="a boat")).response
    assert card is not None
    answer = await you.context_menu(place, "Continue this film", card)
    assert answer.response is not None
    assert "still being made" in words(answer.response)


async def test_a_restart_between_deleting_and_removing(open_stage: OpenStage) -> None:
    """Discord does not take the removal: the message goes at the next try, by another process."""
    async with open_stage() as stage:
        you, place = stage.world.visitor, stage.world.thread
        message = await film(stage, place)
        path = f"/channels/{place.id}/messages/{message.id}"
        stage.env.inject_error("DELETE", path, status=500, message="down", times=1)
        menu = await you.click(message, label="More…")
        assert menu.response is not None
        ask = await you.click(menu.response, label="Delete")
        assert ask.response is not None
        await you.click(ask.response, label="Delete it")
        assert results(place) == [message]
        await stage.restart()
        await eventually(lambda: results(place) == [])
        await eventually(lambda: any("film was deleted" in words(m) for m in place.history()))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a boat in the rain at night", "a boat in the snow at night", "~~rain~~ **snow**"),
        ("a boat", "a boat, at night", "~~boat~~ **boat, at night**"),
        ("a red boat", "a boat", "~~red~~"),
        ("boat boat", "boat boat boat", "**boat**"),
        ("a boat", "the sea", "**the sea**"),
        ("雨の中の船", "雪の中の船", "~~雨~~ **雪**"),
        ("a **bold** boat", "a **bald** boat", r"~~\*\*bold\*\*~~ **\*\*bald\*\***"),
    ],
)
def test_what_changed_in_a_prompt(old: str, new: str, said: str) -> None:
    """Only what differs is shown; another prompt as a whole; signs of its own stay harmless."""
    before, after = (a_job(request=replace(a_job().request, prompt=prompt)) for prompt in (old, new))
    assert results_of.changes(before, after) == said


def test_the_command_line_says_what_can_be_chosen() -> None:
    """What a model leaves no choice in is left out; what was chosen is there."""
    plain = replace(a_job().request, duration=0, size="", orientation=None)
    assert results_of.command_line(a_job(request=plain)) == "/video prompt:a boat model:sora-2"
    rich = replace(a_job().request, sound=False, negative="rain")
    assert results_of.command_line(a_job(request=rich)).endswith("size:small sound:off negative:rain")
    luna = replace(plain, character="Luna", character_start=0.25, character_end=1.0)
    assert results_of.command_line(a_job(request=luna)) == "/character prompt:a boat model:sora-2 start:0.25 end:1.0"


def test_a_chain_that_is_cut_short() -> None:
    """What is shown first of it is not called its beginning."""
    last, before = a_job(parent_id="b", action="again"), a_job(parent_id="a", action="continue")
    text = results_of.recipe_message(last, [last, before], [], results_of.Places(1)).text
    assert "1. continued · <@42> · Sora 2 · 10 s · landscape · small\n2. run again · <@42>" in text


def test_whose_films_were_joined() -> None:
    """One member's own films need no names but one; others are credited."""
    own, other = a_job(author_id=1), a_job(author_id=2)
    assert results_of.joined_text(1, [own, own]) == "2 films joined by <@1>\n-# about 20 s"
    assert results_of.joined_text(1, [own, other]).endswith("about 20 s · made by <@1> <@2>")


@pytest.mark.parametrize(("change", "says"), [("reserved = 1", "keeps"), ("hidden = 1", "no longer")])
@pytest.mark.parametrize("kept", [False, True], ids=["form", "draft"])
async def test_taken_back_while_a_form_was_open(stage: Stage, change: str, says: str, *, kept: bool) -> None:
    """What may be built on is asked again at the moment of writing; what was typed is kept, without the film."""
    other, place = stage.world.moderator, stage.world.thread
    message = await film(stage, place)
    opened = await other.click(message, label="Edit")
    if kept:  # a draft that knows its parent
        refused = await submit(other, opened, duration=["25"])
        assert refused.response is not None
        opened = await other.click(refused.response, label="Fix it")
    async with stage.app.db.transaction() as conn:
        await conn.execute(f"UPDATE jobs SET {change}")
    refused = await submit(other, opened, prompt="a boat of my own", duration=["10"])
    assert refused.response is not None
    assert refused.ephemeral
    assert says in words(refused.response)
    assert len(await stage.rows("SELECT * FROM jobs")) == 1
    again = await other.click(refused.response, label="Fix it")
    assert held(again.modal)["prompt"] == "a boat of my own"
    sent = await submit(other, again)
    assert not sent.ephemeral
    assert (await job(stage, 2))["parent_id"] == ""
