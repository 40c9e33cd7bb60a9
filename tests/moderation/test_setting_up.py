"""Setting a server up: the offer, the card, each setting by its command, and what /manage check finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import discord
import simcord

from tests.conftest import OpenStage, Stage
from tests.moderation.people import found, manage, member, role, show_manage_to, told, video
from tests.sim import buttons, content, eventually, films, seen_by, words


async def finished(stage: Stage, n: int = 1) -> None:
    """The n-th film is made."""
    await stage.api.until(lambda: len(stage.api.tasks) >= n)
    await stage.api.finish(list(stage.api.tasks)[n - 1])


async def opened(stage: Stage) -> simcord.ResponseMessage:
    """The card of /manage setup."""
    answer = await stage.world.moderator.slash(stage.world.channel, "manage setup")
    assert answer.response is not None
    assert answer.ephemeral
    return answer.response


async def test_setting_up_is_offered_once_to_a_moderator(stage: Stage) -> None:
    """After the first command of a moderator, for their eyes only; never to members, never twice."""
    you, moderator, channel = stage.world.visitor, stage.world.moderator, stage.world.channel
    await you.slash(channel, "quota")
    assert not any("Clapper is new here" in text for text in seen_by(channel, you))
    await moderator.slash(channel, "quota")
    offers = [m for m in channel.history(viewer=moderator) if "Clapper is new here" in words(m)]
    assert len(offers) == 1
    assert not any("Clapper is new here" in text for text in seen_by(channel, you))
    pressed = await moderator.click(offers[0], label="Set it up")
    assert pressed.acknowledged
    await moderator.slash(channel, "quota")
    assert sum("Clapper is new here" in text for text in seen_by(channel, moderator)) <= 1


async def test_the_card_sets_everything_up(stage: Stage) -> None:
    """Each choice counts at once and is shown; a second page has what costs more."""
    moderator, guild = stage.world.moderator, stage.world.guild
    log, staff = guild.create_text_channel("log"), role(stage, "Staff")
    card = await opened(stage)
    await moderator.select(card, [log], custom_id="setup:log_channel_id:1")
    await moderator.select(card, [stage.world.channel], custom_id="setup:allowed:1")
    await moderator.select(card, ["channel"], custom_id="setup:delivery:1")
    await moderator.select(card, ["de"], custom_id="setup:language:1")
    form = await moderator.click(card, label="Everyone's limit")
    await moderator.submit_modal(form, {"credits": "9", "period": "week"})
    form = await moderator.click(card, label="Time zone")
    await moderator.submit_modal(form, {"zone": "Asia/Tokyo"})
    text = words(card)
    for part in (
        f"<#{log.id}>",
        "9 a week",
        "the channel itself",
        "Deutsch",
        "Asia/Tokyo",
        f"<#{stage.world.channel.id}>",
    ):
        assert part in text, part
    await moderator.click(card, label="More…")
    await moderator.select(card, ["5"], custom_id="setup:confirm_above:2")
    await moderator.select(card, ["10"], custom_id="setup:approval_above:2")
    await moderator.select(card, [staff], custom_id="setup:moderators:2")
    text = words(card)
    for part in ("5 credits", "10 credits", f"<@&{staff.id}>"):
        assert part in text, part
    row = await found(stage, "SELECT * FROM servers")
    assert (row["timezone"], row["language"], row["delivery"]) == ("Asia/Tokyo", "de", "channel")
    assert (row["confirm_above"], row["approval_above"], row["log_channel_id"]) == (5, 10, log.id)


async def test_a_wrong_entry_in_a_form_says_what_would_be_right(stage: Stage) -> None:
    """Nothing changes, and the card stays."""
    card = await opened(stage)
    form = await stage.world.moderator.click(card, label="Time zone")
    wrong = await stage.world.moderator.submit_modal(form, {"zone": "Berlin"})
    assert wrong.response is not None
    assert "There is no time zone “Berlin”" in words(wrong.response)
    form = await stage.world.moderator.click(card, label="Everyone's limit")
    wrong = await stage.world.moderator.submit_modal(form, {"credits": "many", "period": "day"})
    assert wrong.response is not None
    assert "“many” is no number of credits" in words(wrong.response)
    assert await stage.rows("SELECT * FROM rules") == []


async def test_what_else_everyones_limit_says_stays(stage: Stage) -> None:
    """The form asks for credits and a period; the models and lengths of a limit that was typed go on."""
    await manage(stage, "limit set", credits="5", models="sora-2", longest=10, in_flight=1)
    card = await opened(stage)
    form = await stage.world.moderator.click(card, label="Everyone's limit")
    await stage.world.moderator.submit_modal(form, {"credits": "unlimited", "period": "month"})
    assert "no limit · 1 at once · up to 10 s · only Sora 2" in await manage(stage, "limit list")
    assert "is not open to you" in await video(stage, stage.world.visitor, model="sora-2-pro")


async def test_what_a_choice_has_no_room_for_stays(stage: Stage) -> None:
    """Many channels and roles, named by commands: a choice on the card changes those that it shows."""
    guild, moderator = stage.world.guild, stage.world.moderator
    channels = [guild.create_text_channel(f"c{n}") for n in range(27)]
    roles = [role(stage, f"r{n}") for n in range(12)]
    for channel in channels:
        await manage(stage, "channels allow", channel=channel)
    for one in roles:
        await manage(stage, "moderators", add=one)
    card = await opened(stage)
    await moderator.select(card, [channels[0]], custom_id="setup:allowed:1")
    await moderator.click(card, label="More…")
    await moderator.select(card, [roles[0]], custom_id="setup:moderators:2")
    listed = await stage.rows("SELECT channel_id AS id FROM channel_lists UNION ALL SELECT role_id FROM moderators")
    assert {row["id"] for row in listed} == {one.id for one in (channels[0], *channels[25:], roles[0], *roles[10:])}


async def test_the_card_works_after_a_restart(stage: Stage) -> None:
    """Its buttons hold nothing but what they are for."""
    card = await opened(stage)
    await stage.restart()
    pressed = await stage.world.moderator.click(card, label="More…")
    assert pressed.acknowledged
    assert "More choices" in words(card)


async def test_a_film_above_the_price_is_confirmed_first(stage: Stage) -> None:
    """The member reads what it costs of what is left; yes makes it, once; a cheap one is not asked about."""
    you, channel = stage.world.visitor, stage.world.channel
    card = await opened(stage)
    await stage.world.moderator.click(card, label="More…")
    await stage.world.moderator.select(card, ["3"], custom_id="setup:confirm_above:2")
    answer = await you.slash(channel, "video", prompt="a large boat", size="large")
    assert answer.ephemeral
    assert answer.response is not None
    text = words(answer.response)
    assert "This film costs 4 credits" in text
    assert "4 of your 20" in text
    assert "Nothing was charged" in text
    assert await stage.rows("SELECT id FROM jobs") == []
    made = await you.click(answer.response, label="Make it")
    assert made.response is not None
    assert "16 left" in words(made.response)
    again = await you.click(answer.response, label="Make it")
    assert again.response is not None
    assert "4 credits" not in words(again.response)
    assert len(await stage.rows("SELECT id FROM jobs")) == 1
    assert "18 left" not in await video(stage, you)


async def test_films_go_where_the_server_wants_them(stage: Stage) -> None:
    """In the channel itself; or one thread for each member, which the next film uses too."""
    you, channel = stage.world.visitor, stage.world.channel
    assert "the channel itself" in await manage(stage, "delivery", where="channel")
    await video(stage, you)
    await finished(stage)
    await eventually(lambda: films(channel), within=20)
    await found(stage, "SELECT id FROM jobs WHERE announced_at > 0")
    await manage(stage, "delivery", where="member")
    for n in (2, 3):
        await video(stage, you, prompt=f"film {n}")
        await finished(stage, n)
        await found(stage, f"SELECT 1 FROM (SELECT count(*) AS n FROM jobs WHERE announced_at > 0) WHERE n = {n}")
    threads = [thread for thread in channel.threads if films(thread)]
    assert [len(films(thread)) for thread in threads] == [2]
    assert content(stage.env, films(threads[0])[0])


async def test_days_begin_in_the_servers_zone(stage: Stage) -> None:
    """The counters' keys are local dates."""
    await manage(stage, "timezone", zone="Pacific/Kiritimati")
    await video(stage, stage.world.visitor)
    row = await found(stage, "SELECT win FROM counters WHERE subject LIKE 'member:%' AND win LIKE 'd:%'")
    assert row["win"].startswith(f"d:{(datetime.now(UTC) + timedelta(hours=14)).date()}")
    assert "There is no time zone" in await manage(stage, "timezone", zone="Mars/Olympus")


async def test_a_pause_refuses_new_films_with_the_moderators_words(stage: Stage) -> None:
    """Free of charge; what is made already comes, and off lets films be made again."""
    you = stage.world.visitor
    await video(stage, you)
    assert "Films are paused" in await manage(stage, "pause", state="on", words="Movie night first!")
    refused = await video(stage, you, prompt="another")
    assert "Clapper is taking a break" in refused
    assert "Movie night first!" in refused
    await finished(stage)
    await eventually(lambda: [t for t in stage.world.channel.threads if films(t)], within=20)
    assert "made again" in await manage(stage, "pause", state="off")
    assert "Nothing is paused" in await manage(stage, "pause", state="off")
    assert "2 credits" in await video(stage, you, prompt="another")


async def test_everything_is_paused_only_in_the_operators_channel(open_stage: OpenStage) -> None:
    """Elsewhere it is refused, whoever asks."""
    async with open_stage() as stage:
        text = await manage(stage, "pause", state="on", everywhere=True)
        assert "Only the operator can pause everything" in text
        assert "2 credits" in await video(stage, stage.world.visitor)


async def test_check_names_what_is_missing_channel_by_channel(stage: Stage) -> None:
    """✓ where all is well; ✗ with what to do; whether moderators' roles can see the command is read back."""
    staff = role(stage, "Staff")
    assert "Everything works here" in await manage(stage, "check")
    me = stage.env.bot.user
    assert me is not None
    mute = stage.world.guild.create_text_channel(
        "mute", overwrites={me: discord.PermissionOverwrite(send_messages=False, attach_files=False)}
    )
    await manage(stage, "log-channel", channel=mute)
    await manage(stage, "moderators", add=staff)
    text = await manage(stage, "check")
    assert "Something needs a hand" in text
    assert f"<#{mute.id}>: Send Messages and Attach Files" in text
    assert "cannot post in the log channel" in text
    assert f"<@&{staff.id}> cannot see `/manage`" in text
    assert "reaches Clapper" in text
    await show_manage_to(stage, staff)
    helpers = role(stage, "Helpers", manage_guild=True)  # sees it by its rights
    await manage(stage, "moderators", add=helpers)
    assert "✓ Moderators' roles see `/manage`" in await manage(stage, "check")
    await manage(stage, "channels allow", channel=stage.world.channel)
    await manage(stage, "log-channel")
    text = await manage(stage, "check")
    assert "✓ Films can be posted in 1 channel" in text


async def test_check_asks_for_no_more_than_is_needed(stage: Stage) -> None:
    """Posts for moderators need no threads, nor do films that go to the channel; where none may be made is said."""
    me, guild = stage.env.bot.user, stage.world.guild
    assert me is not None
    no_threads = discord.PermissionOverwrite(create_public_threads=False)
    quiet = guild.create_text_channel("quiet", overwrites={me: no_threads})
    await manage(stage, "log-channel", channel=quiet)
    text = await manage(stage, "check")
    assert f"✓ Log channel: <#{quiet.id}>" in text
    assert f"<#{quiet.id}>: Create Public Threads" in text
    await manage(stage, "delivery", where="channel")
    assert "Everything works here" in await manage(stage, "check")
    gone = guild.create_text_channel("gone")
    await manage(stage, "channels allow", channel=gone)
    stage.env.backend.delete_channel(gone.id)
    assert "✗ There is no channel for films" in await manage(stage, "check")


async def test_check_says_when_the_way_back_is_closed(open_stage: OpenStage) -> None:
    """An address where nobody answers; without one there is nothing to reach."""
    async with open_stage(public_url="http://127.0.0.1:9") as stage:
        assert "✗ The video service cannot reach Clapper" in await manage(stage, "check")
    async with open_stage(public_url="") as stage:
        assert "✓ The video service is asked every minute" in await manage(stage, "check")


async def test_members_see_and_stop_their_own_films(stage: Stage) -> None:
    """/jobs lists what is under way with a button for each; moderators' /manage cancel stops anybody's."""
    you, channel = stage.world.visitor, stage.world.channel
    assert "Nothing is under way" in await told(you, channel, "jobs")
    await manage(stage, "pause", state="on")
    await manage(stage, "pause", state="off")
    await video(stage, you, prompt="first")
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    answer = await you.slash(channel, "jobs")
    assert answer.response is not None
    assert any(state in words(answer.response) for state in ("Starting", "Being made"))
    assert buttons(answer.response) == ["Don't post 1"]
    job = await found(stage, "SELECT id FROM jobs")
    cancelled = await stage.world.moderator.slash(channel, "manage cancel", job=job["id"])
    assert cancelled.response is not None
    assert "being made already" in words(cancelled.response)
    await stage.world.moderator.click(cancelled.response, label="Don't post it")
    assert f"kept <@{you.id}>'s film `{job['id']}` from being posted" in await manage(stage, "audit")
    assert "Nothing is under way" in await told(member(stage, "ada"), channel, "jobs")


async def test_a_moderator_stops_a_waiting_film(open_stage: OpenStage) -> None:
    """Its credits are back, its card says who did it, and the log has it."""
    async with open_stage(member_in_flight=1) as stage:
        await video(stage, stage.world.visitor, prompt="first")
        await stage.api.until(lambda: len(stage.api.tasks) == 1)
        await video(stage, stage.world.visitor, prompt="second")
        job = await found(stage, "SELECT id FROM jobs WHERE state = 'queued'")
        assert "Its credits are back" in await manage(stage, "cancel", job=job["id"])
        await eventually(
            lambda: any("A moderator stopped this film" in words(m) for m in stage.world.channel.history())
        )
        assert "stopped <@" in await manage(stage, "audit")
