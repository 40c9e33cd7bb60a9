"""The main job, end to end: a command becomes a film in a thread, in every place and with every end."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import discord
import pytest
import simcord

from demo.life import Task
from tests import clips
from tests.conftest import OpenStage, Stage
from tests.sim import at_once, buttons, close_dms, content, eventually, films, seen_by, words


async def started(stage: Stage, n: int = 1) -> Task:
    """The n-th task that the API has accepted."""
    await stage.api.until(lambda: len(stage.api.tasks) >= n)
    return list(stage.api.tasks.values())[n - 1]


def made_threads(stage: Stage) -> list[simcord.ChannelHandle]:
    """Threads that the bot made."""
    return [thread for thread in stage.world.channel.threads if thread.id != stage.world.thread.id]


async def made_thread(stage: Stage) -> simcord.ChannelHandle:
    """The thread that the bot makes for a film, once it is there."""
    return (await eventually(lambda: made_threads(stage), within=20))[0]


async def ended(stage: Stage) -> dict[str, object]:
    """The only job, once people were told about it."""
    for _ in range(1000):
        if rows := await stage.rows("SELECT * FROM jobs WHERE announced_at > 0"):
            return rows[0]
        await asyncio.sleep(0.01)
    raise AssertionError(f"nobody was told: {await stage.rows('SELECT * FROM jobs')}")


async def test_a_command_becomes_a_film_in_a_thread(stage: Stage) -> None:
    """The card says what it costs; the film comes in a thread made from it, mentions the member, and plays."""
    you, channel = stage.world.visitor, stage.world.channel
    answer = await you.slash(channel, "video", prompt="a paper boat in the rain")
    assert answer.acknowledged
    assert not answer.ephemeral
    card = answer.response
    assert card is not None
    text = words(card)
    assert "a paper boat in the rain" in text
    assert "2 credits" in text
    assert "18 left" in text
    assert "<t:" in text
    assert buttons(card) == ["Cancel"]
    task = await started(stage)
    await stage.api.finish(task.id)
    thread = await made_thread(stage)
    (film,) = await eventually(lambda: films(thread))
    assert content(stage.env, film) == clips.film()
    assert film.filename.endswith(".mp4")
    message = next(m for m in thread.history() if m.attachments)
    assert f"<@{you.id}>" in message.content
    assert "Sora 2 · 10 s · landscape · small" in message.content
    assert thread.name == "a paper boat in the rain"
    await eventually(lambda: any("is ready" in words(m) for m in channel.history()))
    assert (await stage.rows("SELECT state, trace_id, task_id FROM jobs"))[0] == {
        "state": "ready",
        "trace_id": task.trace_id,
        "task_id": task.id,
    }
    assert (await stage.rows("SELECT vendor_id FROM films"))[0]["vendor_id"].startswith("sora-2:")
    assert [row["kind"] for row in await stage.rows("SELECT kind FROM ledger ORDER BY id")] == ["hold", "capture"]


async def test_in_a_thread_the_film_comes_there(stage: Stage) -> None:
    """Card and film stand one under the other, and no further thread is made."""
    await stage.world.visitor.slash(stage.world.thread, "video", prompt="a lighthouse")
    await stage.api.finish((await started(stage)).id)
    await eventually(lambda: films(stage.world.thread))
    assert made_threads(stage) == []


async def test_in_voice_chat_it_is_a_reply(stage: Stage) -> None:
    """Where no thread can be, the film is a reply in the channel."""
    voice = stage.world.guild.create_voice_channel("Lounge")
    answer = await stage.world.visitor.slash(voice, "video", prompt="a lighthouse")
    assert answer.response is not None
    await stage.api.finish((await started(stage)).id)
    await eventually(lambda: films(voice))
    message = next(m for m in voice.history() if m.attachments)
    assert message.reference is not None
    assert message.reference.message_id == answer.response.message.id


async def test_private_comes_by_direct_message(stage: Stage) -> None:
    """A private film's card and film are direct messages, and the channel sees nothing of it."""
    you = stage.world.visitor
    before = len(stage.world.channel.history())
    answer = await you.slash(stage.world.channel, "video", prompt="a secret", private=True)
    assert answer.ephemeral
    conversation = you.user.dm_channel
    assert any("a secret" in text for text in seen_by(conversation, you.user))
    await stage.api.finish((await started(stage)).id)
    await eventually(lambda: films(conversation))
    assert len(stage.world.channel.history()) == before
    assert made_threads(stage) == []


async def test_private_with_closed_messages_is_free(stage: Stage) -> None:
    """Who cannot be written to is told so, and nothing is charged or sent."""
    you = stage.world.visitor
    close_dms(stage.env, you.user)
    answer = await you.slash(stage.world.channel, "video", prompt="a secret", private=True)
    assert answer.ephemeral
    assert answer.response is not None
    assert "cannot send you direct messages" in words(answer.response)
    assert await stage.rows("SELECT id FROM jobs") == []
    assert stage.api.submissions == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prompt": "x", "duration": 25}, "Sora 2 does not make 25 s films"),
        ({"prompt": "x", "model": "dall-e"}, "There is no model called"),
        ({"prompt": "x", "model": "sora-2-short", "orientation": "square"}, "Sora 2 short does not make square films"),
        ({"prompt": "x", "size": "gigantic"}, "Sora 2 has no size"),
        ({"prompt": "   "}, "What should happen in the film?"),
    ],
)
async def test_what_does_not_go_together_is_refused(stage: Stage, options: dict[str, object], says: str) -> None:
    """A refusal is for the member's eyes only, says what would go, and charges nothing."""
    answer = await stage.world.visitor.slash(stage.world.channel, "video", **options)
    assert answer.ephemeral
    assert answer.response is not None
    assert says in words(answer.response)
    assert "Nothing was charged" in words(answer.response)
    assert await stage.rows("SELECT * FROM ledger") == []


async def test_a_channel_where_the_bot_may_not_post(stage: Stage) -> None:
    """The bot's rights are checked before anything is charged: a perfect card would prove nothing."""
    me = stage.env.bot.user
    assert me is not None
    closed = stage.world.guild.create_text_channel(
        "closed", overwrites={me: discord.PermissionOverwrite(send_messages=False, attach_files=False)}
    )
    answer = await stage.world.visitor.slash(closed, "video", prompt="x")
    assert answer.ephemeral
    assert answer.response is not None
    assert "Send Messages and Attach Files" in words(answer.response)
    assert stage.api.submissions == 0


async def test_a_strangers_server_spends_nothing(open_stage: OpenStage) -> None:
    """A server that the operator has not named gets one sentence with its id."""
    async with open_stage(allowed_servers=frozenset({1})) as stage:
        for command in ("video", "quota"):
            options = {"prompt": "x"} if command == "video" else {}
            answer = await stage.world.visitor.slash(stage.world.channel, command, **options)
            assert answer.ephemeral
            assert answer.response is not None
            assert str(stage.world.guild.id) in words(answer.response)
        assert await stage.rows("SELECT * FROM jobs") == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (("api_error", "fetch failed"), "could not make this film"),
        (("forbidden", "content policy violation"), "declined this prompt"),
        (("api_error", "the image contains a real person"), "saw a real person"),
    ],
)
async def test_a_failure_is_a_reply_and_free(stage: Stage, error: tuple[str, str], says: str) -> None:
    """It says what went wrong and what to do, the credits are back, and no thread is made."""
    await stage.world.visitor.slash(stage.world.channel, "video", prompt="a storm")
    await stage.api.finish((await started(stage)).id, error=error)
    (reply,) = await eventually(lambda: [m for m in stage.world.channel.history() if says in m.content])
    assert "Nothing was charged" in reply.content
    assert reply.reference is not None
    assert made_threads(stage) == []
    assert "fetch failed" not in reply.content
    counters = await stage.rows("SELECT sum(spent) AS spent FROM counters")
    assert counters == [{"spent": 0}]


@pytest.mark.parametrize("word", ["early", "twice", "garbage", "stranger", "lost", "vanish", "reset", "late"])
async def test_a_misbehaving_api_costs_no_film(stage: Stage, word: str) -> None:
    """Callbacks early, twice, broken, about another task, or never; answers lost: one film comes, charged once."""
    stage.api.seconds = 0.05
    await stage.world.visitor.slash(stage.world.channel, "video", prompt=f"a boat, {word}")
    thread = await made_thread(stage)
    await eventually(lambda: films(thread))
    await ended(stage)
    assert len(films(thread)) == 1
    assert stage.api.submissions == 1
    assert [row["kind"] for row in await stage.rows("SELECT kind FROM ledger ORDER BY id")] == ["hold", "capture"]


@pytest.mark.parametrize(
    ("word", "says"), [("refuse", "declined this prompt"), ("fail", "could not make"), ("moderated", "declined")]
)
async def test_a_refusing_api(stage: Stage, word: str, says: str) -> None:
    """What the API refuses, at once or later, ends in a calm reply, free of charge."""
    stage.api.seconds = 0.05
    await stage.world.visitor.slash(stage.world.channel, "video", prompt=f"a boat, {word}")
    await eventually(lambda: any(says in m.content for m in stage.world.channel.history()))
    assert await stage.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]


async def test_several_films_come_in_one_message(stage: Stage) -> None:
    """Every finished entry of the result is posted, in one announcement."""
    stage.api.seconds = 0.05
    await stage.world.visitor.slash(stage.world.thread, "video", prompt="a pair of boats")
    await eventually(lambda: films(stage.world.thread))
    message = next(m for m in stage.world.thread.history() if m.attachments)
    assert len(message.attachments) == 2
    assert "your 2 films are ready" in message.content


async def test_forged_and_malformed_callbacks_change_nothing(stage: Stage) -> None:
    """A wrong MAC is 404, nonsense is 4xx, and the job goes on as if nothing had been."""
    await stage.world.visitor.slash(stage.world.channel, "video", prompt="a boat")
    task = await started(stage)
    url = str(task.request["callback_url"])
    done = {"success": True, "task_id": task.id, "data": [{"id": "x", "video_url": "https://evil.example/a.mp4"}]}
    forged = url[:-4] + ("0000" if not url.endswith("0000") else "1111")
    async with aiohttp.ClientSession() as session:
        for address, body, status in [
            (forged, json.dumps(done), 404),
            (url.replace(".1.", ".2."), json.dumps(done), 404),
            (url, "not json", 400),
            (url, "[1, 2]", 400),
            (url, "{}", 400),
            (url, '{"hello": "there"}', 400),
            (url, "\ud83d".encode("utf-16-le", "surrogatepass"), 400),
            (url, "x" * 70_000, 413),
            (url, json.dumps({"task_id": task.id}), 200),  # says nothing, and is a callback all the same
        ]:
            async with session.post(address, data=body) as answer:
                assert answer.status == status, (address[-30:], body[:40])
        async with session.get(url) as answer:
            assert answer.status == 405
    assert await stage.rows("SELECT state FROM jobs") == [{"state": "rendering"}]
    assert stage.app.public.counts["forged"] == 2


async def test_the_card_is_cancelled_while_it_waits(open_stage: OpenStage) -> None:
    """Cancel on a waiting card gives all credits back; on a running one it offers not to post it."""
    async with open_stage(member_in_flight=1) as stage:
        you, channel = stage.world.visitor, stage.world.channel
        running = (await you.slash(channel, "video", prompt="first")).response
        await started(stage)
        waiting = (await you.slash(channel, "video", prompt="second")).response
        assert running is not None
        assert waiting is not None
        stranger = stage.world.guild.add_member(stage.env.create_user("stranger"))
        refused = await stranger.click(waiting, label="Cancel")
        assert refused.response is not None
        assert "not your film" in words(refused.response)
        pressed = await you.click(waiting, label="Cancel")
        assert pressed.acknowledged
        assert pressed.ephemeral
        await eventually(lambda: any("Cancelled" in words(m) for m in channel.history()))
        assert (await stage.rows("SELECT max(spent) AS spent FROM counters")) == [{"spent": 2}]
        offered = await you.click(running, label="Cancel")
        assert offered.response is not None
        assert "being made already" in words(offered.response)
        muted = await you.click(offered.response, label="Don't post it")
        assert muted.acknowledged
        (task,) = stage.api.tasks.values()
        await stage.api.finish(task.id)
        await ended(stage)
        assert made_threads(stage) == []


async def test_quota_tells_what_is_left(stage: Stage) -> None:
    """What I have, what is held, when it renews: for my eyes only."""
    you = stage.world.visitor
    await you.slash(stage.world.channel, "video", prompt="a boat")
    answer = await you.slash(stage.world.channel, "quota")
    assert answer.ephemeral
    assert answer.response is not None
    text = words(answer.response)
    assert "18 of 20 left today" in text
    assert "2 of what is spent are held" in text
    assert "<t:" in text


async def test_the_same_command_twice_is_one_film(stage: Stage) -> None:
    """Enter pressed twice makes one job; the second answer is the first's card, for the presser only."""
    you, channel = stage.world.visitor, stage.world.channel
    first, second = await at_once(stage.env, (you.slash(channel, "video", prompt="a boat") for _ in range(2)))
    assert [first.ephemeral, second.ephemeral] == [False, True]
    assert len(await stage.rows("SELECT id FROM jobs")) == 1


async def test_completion_follows_the_catalogue(stage: Stage) -> None:
    """Models come with what they do and cost, lengths and sizes with the price of the model chosen."""
    you, channel = stage.world.visitor, stage.world.channel
    models = await you.autocomplete(channel, "video", "model", "sora 2 pro", prompt="x")
    assert [choice["value"] for choice in models] == ["sora-2-pro", "sora-2-pro-short"]
    lengths = await you.autocomplete(channel, "video", "duration", "", prompt="x", model="sora-2-pro")
    assert [choice["name"] for choice in lengths] == ["10 s (6 credits)", "15 s (9 credits)", "25 s (15 credits)"]
    sizes = await you.autocomplete(channel, "video", "size", "l", prompt="x")
    assert [choice["value"] for choice in sizes] == ["large"]


async def test_an_unexpected_error_is_answered_calmly(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever breaks inside, the member gets one sentence with a reference that the log has too."""
    async with stage.app.db.transaction() as conn:
        await conn.execute("DROP TABLE counters")
    answer = await stage.world.visitor.slash(stage.world.channel, "video", prompt="a boat")
    assert answer.ephemeral
    assert answer.response is not None
    text = words(answer.response)
    assert "Something went wrong" in text
    reference = text.rpartition(" ")[2].strip()
    assert reference in caplog.text
    assert "counters" not in text
    stage.env.errors.clear()
