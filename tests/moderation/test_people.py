"""Blocks, channels and words: who may ask for films, where, and with which prompts."""

from __future__ import annotations

from tests.conftest import OpenStage, Stage
from tests.moderation.people import add_another_server, found, manage, member, role, show_manage_to, told, video
from tests.sim import close_dms, eventually, films, seen_by


async def test_a_blocked_member_is_told_why_and_until_when(stage: Stage) -> None:
    """From the next command on, until a moment or until it is lifted."""
    you = stage.world.visitor
    assert "until <t:" in await manage(stage, "block", member=you, reason="spam", days=2)
    refused = await video(stage, you)
    assert "You are blocked from making films here" in refused
    assert "It ends <t:" in refused
    assert "spam" in refused
    assert await stage.rows("SELECT id FROM jobs") == []
    assert "may make films again" in await manage(stage, "unblock", member=you)
    assert "18 left" in await video(stage, you)
    assert "is not blocked" in await manage(stage, "unblock", member=you)
    assert "until it is lifted" in await manage(stage, "block", member=you)
    assert "until a moderator lifts it" in await video(stage, you, prompt="another")
    await manage(stage, "block", member=you, days=1)
    (row,) = await stage.rows("SELECT before, after FROM audit ORDER BY id DESC LIMIT 1")
    assert row["before"] == '{"until": null}'


async def test_a_blocked_moderator_by_role_stays_blocked(stage: Stage) -> None:
    """Their own block is for another one to lift."""
    helpers = role(stage, "Helpers")
    helper, channel = member(stage, "helper", helpers), stage.world.channel
    await manage(stage, "moderators", add=helpers)
    await show_manage_to(stage, helpers)
    await manage(stage, "block", member=helper)
    assert "cannot lift your own block" in await told(helper, channel, "manage unblock", member=helper)
    assert "You are blocked" in await video(stage, helper)
    await manage(stage, "unblock", member=helper)
    assert "18 left" in await video(stage, helper)


async def test_a_block_stops_what_waits_and_keeps_what_is_made_private(open_stage: OpenStage) -> None:
    """The waiting film is stopped and free; the running one comes by direct message, and the channel sees nothing."""
    async with open_stage(member_in_flight=1) as stage:
        you, channel = stage.world.visitor, stage.world.channel
        await video(stage, you, prompt="first")
        await stage.api.until(lambda: len(stage.api.tasks) == 1)
        await video(stage, you, prompt="second")
        assert "1 waiting film was stopped" in await manage(stage, "block", member=you)
        rows = await stage.rows("SELECT state, reason FROM jobs ORDER BY created_at, interaction_id")
        assert [row["state"] for row in rows] == ["rendering", "cancelled"]
        assert rows[1]["reason"] == "blocked"
        await stage.api.finish(next(iter(stage.api.tasks)))
        await eventually(lambda: films(you.user.dm_channel), within=20)
        assert films(channel) == []
        assert (await stage.rows("SELECT sum(amount) AS n FROM ledger WHERE kind = 'capture'"))[0]["n"] == 2


async def test_a_blocked_members_film_that_cannot_be_written_is_undelivered(stage: Stage) -> None:
    """With closed direct messages it is listed for moderators; lifted, it can be delivered again, in the channel."""
    you = stage.world.visitor
    await video(stage, you)
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await manage(stage, "block", member=you)
    close_dms(stage.env, you.user)
    await stage.api.finish(next(iter(stage.api.tasks)))
    row = await found(stage, "SELECT id FROM jobs WHERE undelivered = 1")
    assert row["id"] in await manage(stage, "jobs")
    await manage(stage, "unblock", member=you)
    assert "on its way again" in await manage(stage, "redeliver", job=row["id"])
    await eventually(lambda: [t for t in stage.world.channel.threads if films(t)], within=20)


async def test_a_failure_of_a_blocked_member_is_no_news(stage: Stage) -> None:
    """Nobody is told: there is nothing to give, and the member makes no films here."""
    you, channel = stage.world.visitor, stage.world.channel
    await video(stage, you, prompt="a boat, fail")
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await manage(stage, "block", member=you)
    before = len(channel.history())
    await stage.api.finish(next(iter(stage.api.tasks)))
    assert await found(stage, "SELECT state FROM jobs WHERE announced_at > 0") == {"state": "failed"}
    assert len(channel.history()) == before
    assert seen_by(you.user.dm_channel, you.user) == []


async def test_channels_count_with_their_threads_and_categories(stage: Stage) -> None:
    """An allowed category opens what is inside it; a denied channel stays closed, with its threads."""
    guild, you = stage.world.guild, stage.world.visitor
    await manage(stage, "channels deny", channel=stage.world.channel)
    refused = await video(stage, you)
    assert "Films are not made in this channel" in refused
    assert "Films are not made in this channel" in await video(stage, you, stage.world.thread)
    await manage(stage, "channels clear", channel=stage.world.channel)
    category = guild.create_category("Studio")
    inside = guild.create_text_channel("inside", category=category)
    await manage(stage, "channels allow", channel=category)
    assert "2 credits" in await video(stage, you, inside)
    refused = await video(stage, you)
    assert f"Use <#{category.id}>" in refused


async def test_a_spoiler_channel_hides_every_film(stage: Stage) -> None:
    """Whoever asks there, the film comes behind a spoiler."""
    await manage(stage, "channels spoiler", channel=stage.world.channel)
    await video(stage, stage.world.visitor)
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await stage.api.finish(next(iter(stage.api.tasks)))
    threads = await eventually(lambda: [t for t in stage.world.channel.threads if films(t)], within=20)
    assert films(threads[0])[0].filename.startswith("SPOILER_")


async def test_words_stop_prompts_from_every_door(stage: Stage) -> None:
    """The member learns which rule, the log channel who and where, and once only for the same word again and again."""
    log = stage.world.guild.create_text_channel("log")
    await manage(stage, "log-channel", channel=log)
    assert "is forbidden now" in await manage(stage, "words add", word="gun")
    for prompt in ("a G.U.N on a table", "a gún"):
        refused = await video(stage, stage.world.visitor, prompt=prompt)
        assert "does not allow “gun”" in refused
        assert "Nothing was charged" in refused
    assert "2 credits" in await video(stage, stage.world.visitor, prompt="a begun boat")
    posts = await eventually(lambda: [t for t in seen_by(log, stage.world.moderator) if "forbidden word" in t])
    assert len(posts) == 1
    assert f"<@{stage.world.visitor.id}>" in posts[0]
    assert f"<#{stage.world.channel.id}>" in posts[0]
    assert "✗ Rule" in await manage(stage, "words test", prompt="GUN!")
    assert "✓ This prompt passes" in await manage(stage, "words test", prompt="begun")
    assert "allowed again" in await manage(stage, "words remove", rule=1)
    assert "No forbidden words" in await manage(stage, "words list")


async def test_patterns_are_checked_before_they_count(stage: Stage) -> None:
    """A pattern that cannot be read, or that fits everything, is refused; a good one works."""
    assert "cannot be read" in await manage(stage, "words pattern", pattern="(")
    assert "every prompt" in await manage(stage, "words pattern", pattern="x*")
    assert "is forbidden now" in await manage(stage, "words pattern", pattern=r"\bkill(s|ed)?\b")
    assert "Rule 1 of this server" in await video(stage, stage.world.visitor, prompt="he KILLED the lights")
    assert "forbidden already" in await manage(stage, "words pattern", pattern=r"\bkill(s|ed)?\b")


async def test_another_servers_moderator_sees_and_changes_nothing(stage: Stage) -> None:
    """Blocks, words and typed ids open nothing elsewhere."""
    await manage(stage, "words add", word="gun")
    await video(stage, stage.world.visitor)
    (row,) = await stage.rows("SELECT id FROM jobs")
    actor, channel = add_another_server(stage)
    assert "No forbidden words" in await told(actor, channel, "manage words list")
    assert "no such rule" in await told(actor, channel, "manage words remove", rule=1)
    assert "no longer known" in await told(actor, channel, "manage cancel", job=row["id"])
    assert "Nothing waits" in await told(actor, channel, "manage jobs")
    assert "no such undelivered" in await told(actor, channel, "manage redeliver", job=row["id"])


async def test_everyone_cannot_be_named_as_moderators(stage: Stage) -> None:
    """The role that everybody has would open everything to everybody."""
    text = await manage(stage, "moderators", add=stage.world.guild.default_role)
    assert "Everyone would be a moderator" in text
