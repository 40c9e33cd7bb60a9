"""Posts that ask moderators: approvals and reports, in the log channel or wherever one of them reads it."""

from __future__ import annotations

import sqlite3
from typing import Any

import discord
import pytest
import simcord

from domain.faults import Refused
from domain.people import Person
from service.approvals import Approvals
from service.policies import Policies
from service.rights import Rights
from storage import lineage
from tests.conftest import OpenStage, Stage
from tests.moderation.people import add_another_server, found, manage, member, role, told, video
from tests.sim import at_once, buttons, eventually, films, seen_by, words

#: Approvals that are refused before anything is settled.
NOBODY: Any = None


async def log_channel(stage: Stage) -> simcord.ChannelHandle:
    """A channel that only the bot and moderators care about, named as the log channel."""
    log = stage.world.guild.create_text_channel("log")
    await manage(stage, "log-channel", channel=log)
    return log


async def setup_choice(stage: Stage, custom_id: str, values: list[object]) -> None:
    """Choose something on the second page of /manage setup."""
    moderator = stage.world.moderator
    opened = await moderator.slash(stage.world.channel, "manage setup")
    assert opened.response is not None
    await moderator.click(opened.response, label="More…")
    chosen = await moderator.select(opened.response, values, custom_id=custom_id)
    assert chosen.acknowledged


async def post(place: simcord.ChannelHandle, text: str) -> discord.Message:
    """The newest message of a place that says this."""
    return (await eventually(lambda: [m for m in place.history() if text in words(m)], within=20))[-1]


async def test_an_expensive_film_waits_for_a_moderator(stage: Stage) -> None:
    """Credits are held, the log channel asks, ✓ lets it go on, and the post says who said yes."""
    log = await log_channel(stage)
    await setup_choice(stage, "setup:approval_above:2", ["3"])
    card = await video(stage, stage.world.visitor, size="large")
    assert "Waiting for a moderator to say yes" in card
    assert "16 left" in card
    assert stage.api.submissions == 0
    asked = await post(log, "asks for a film of 4 credits")
    assert buttons(asked) == ["✓ Make it", "✗ Decline"]
    colleague = member(stage, "colleague", role(stage, "Staff", manage_guild=True))
    presses = (stage.world.moderator.click(asked, label="✓ Make it"), colleague.click(asked, label="✗ Decline"))
    first, second = await at_once(stage.env, presses)
    assert first.acknowledged
    assert second.response is not None
    assert "decided already" in words(second.response)
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await eventually(lambda: any("said yes" in text for text in seen_by(log, stage.world.moderator)))
    await stage.api.finish(next(iter(stage.api.tasks)))
    await eventually(lambda: [t for t in stage.world.channel.threads if films(t)], within=20)


async def test_a_declined_film_gives_its_credits_back(stage: Stage) -> None:
    """The card says so; a cheap film, and one of a trusted role, never wait."""
    log = await log_channel(stage)
    trusted = role(stage, "Trusted")
    await setup_choice(stage, "setup:approval_above:2", ["3"])
    await setup_choice(stage, "setup:approval_role_id:2", [trusted])
    await video(stage, stage.world.visitor, size="large")
    asked = await post(log, "asks for a film")
    await stage.world.moderator.click(asked, label="✗ Decline")
    assert (await found(stage, "SELECT state, reason FROM jobs WHERE announced_at > 0")) == {
        "state": "cancelled",
        "reason": "declined",
    }
    await post(stage.world.channel, "A moderator declined this film")
    assert "20 of 20 left" in await told(stage.world.visitor, stage.world.channel, "quota")
    assert "Waiting for a moderator" not in await video(stage, stage.world.visitor, size="small")
    assert "Waiting for a moderator" not in await video(stage, member(stage, "ada", trusted), size="large")


async def test_a_waiting_film_can_be_cancelled_by_its_author(stage: Stage) -> None:
    """The question in the log channel then says that it is over, and nobody can say yes any more."""
    log = await log_channel(stage)
    await setup_choice(stage, "setup:approval_above:2", ["0"])
    answer = await stage.world.visitor.slash(stage.world.channel, "video", prompt="a boat")
    assert answer.response is not None
    await post(log, "asks for a film")
    await stage.world.visitor.click(answer.response, label="Cancel")
    await eventually(lambda: any("Ended before anyone answered" in words(m) for m in log.history()), within=20)
    assert buttons(await post(log, "Ended before")) == []
    approvals = Approvals(stage.app.db, rights=Rights(Policies(stage.app.db)), results=NOBODY)
    with pytest.raises(Refused, match="decided"):
        await approvals.decide(Person(stage.world.guild.id, 1, manager=True), await job_id(stage), yes=True)
    assert (await found(stage, "SELECT state FROM jobs"))["state"] == "cancelled"


async def test_a_film_that_nobody_answers_for_is_given_back_after_a_day(stage: Stage) -> None:
    """Not a moment before; its card and its question say so, and the credits are there again."""
    log = await log_channel(stage)
    await setup_choice(stage, "setup:approval_above:2", ["0"])
    await video(stage, stage.world.visitor)
    await post(log, "asks for a film")
    results, began = stage.app.parts.services.results, (await found(stage, "SELECT created_at FROM jobs"))["created_at"]
    rights = Rights(Policies(stage.app.db))
    for early, state in ((1, "awaiting"), (-1, "cancelled")):
        now = began + 24 * 3_600_000 - early
        await Approvals(stage.app.db, rights=rights, results=results, clock=lambda now=now: now).expire()
        assert (await found(stage, "SELECT state FROM jobs"))["state"] == state
    stage.app.parts.wake()
    await post(stage.world.channel, "No moderator answered within a day")
    assert buttons(await post(log, "Ended before")) == []
    assert "20 of 20 left" in await told(stage.world.visitor, stage.world.channel, "quota")


async def test_of_a_private_film_moderators_read_no_prompt(stage: Stage) -> None:
    """Neither where they are asked, nor in their list, nor while they type: what it costs and where it is, no more."""
    log, moderator = await log_channel(stage), stage.world.moderator
    await setup_choice(stage, "setup:approval_above:2", ["0"])
    await video(stage, stage.world.visitor, prompt="my secret", private=True)
    asked = words(await post(log, "asks for a film of 2 credits"))
    listed = await manage(stage, "jobs")
    (choice,) = await moderator.autocomplete(stage.world.channel, "manage cancel", "job", "")
    for text in (asked, listed, choice["name"]):
        assert "(private)" in text
        assert "secret" not in text
    assert "waits for a moderator" in listed


async def test_members_and_strangers_cannot_approve(stage: Stage) -> None:
    """A button in a channel that others can see is asked about at each press, also after a restart."""
    log, helpers = await log_channel(stage), role(stage, "Helpers")
    helper = member(stage, "helper", helpers)
    await manage(stage, "moderators", add=helpers)
    await setup_choice(stage, "setup:approval_above:2", ["0"])
    await video(stage, stage.world.visitor)
    asked = await post(log, "asks for a film")
    await stage.restart()
    stage.env.backend.remove_member_role(stage.world.guild.id, helper.id, helpers.id)
    for nobody in (stage.world.visitor, helper):
        refused = await nobody.click(asked, label="✓ Make it")
        assert refused.response is not None
        assert "This is for moderators" in words(refused.response)
    assert (await found(stage, "SELECT state FROM jobs"))["state"] == "awaiting"
    stage.env.backend.add_member_role(stage.world.guild.id, helper.id, helpers.id)
    await helper.click(asked, label="✓ Make it")
    assert (await found(stage, "SELECT state FROM jobs"))["state"] != "awaiting"


async def test_a_moderator_by_role_does_not_approve_their_own(stage: Stage) -> None:
    """Another one has to."""
    log = await log_channel(stage)
    helpers = role(stage, "Helpers")
    helper = member(stage, "helper")
    await setup_choice(stage, "setup:approval_above:2", ["0"])
    await video(stage, helper)
    await manage(stage, "moderators", add=helpers)
    stage.env.backend.add_member_role(stage.world.guild.id, helper.id, helpers.id)
    refused = await helper.click(await post(log, "asks for a film"), label="✓ Make it")
    assert refused.response is not None
    assert "your own film" in words(refused.response)


async def job_id(stage: Stage) -> str:
    """The only generation there is."""
    return str((await found(stage, "SELECT id FROM jobs"))["id"])


async def delivered(stage: Stage) -> tuple[simcord.ChannelHandle, discord.Message]:
    """A film in its thread, and the message that has it."""
    await video(stage, stage.world.visitor)
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await stage.api.finish(next(iter(stage.api.tasks)))
    threads = await eventually(lambda: [t for t in stage.world.channel.threads if films(t)], within=20)
    await found(stage, "SELECT id FROM jobs WHERE announced_at > 0")
    return threads[0], next(m for m in threads[0].history() if m.attachments)


async def reported(stage: Stage, actor: simcord.MemberActor, film: discord.Message, reason: str) -> str:
    """Report a film by More… and its form; what the member is told."""
    more = await actor.click(film, label="More…")
    assert more.response is not None
    form = await actor.click(more.response, label="Report")
    sent = await actor.submit_modal(form, {"reason": reason})
    assert sent.response is not None
    return words(sent.response)


async def test_a_report_reaches_moderators_and_the_film_is_taken_away(stage: Stage) -> None:
    """They see film, member, prompt and reason; hiding deletes the message, and the record stays."""
    log = await log_channel(stage)
    thread, film = await delivered(stage)
    ada = member(stage, "ada")
    assert "Moderators have your report" in await reported(stage, ada, film, "it is rude @everyone")
    asked = await post(log, "reports a film")
    text = words(asked)
    assert f"<@{ada.id}>" in text
    assert "a boat" in text
    assert "@everyone" not in text
    assert "reported this film already" in await reported(stage, ada, film, "again")
    pressed = await stage.world.moderator.click(asked, label="Take it away")
    assert pressed.acknowledged
    await eventually(lambda: not films(thread))
    await post(stage.world.channel, "was taken away by a moderator")
    assert (await found(stage, "SELECT hidden, state FROM jobs")) == {"hidden": 1, "state": "ready"}
    await eventually(lambda: any("took it away" in words(m) for m in log.history()))


async def test_taking_away_is_tried_again(open_stage: OpenStage) -> None:
    """Discord did not take the removal: another process sees to it, and nobody can report the film meanwhile."""
    async with open_stage() as stage:
        log = await log_channel(stage)
        thread, film = await delivered(stage)
        await reported(stage, member(stage, "ada"), film, "rude")
        bob = member(stage, "bob")
        more = await bob.click(film, label="More…")
        assert more.response is not None
        form = await bob.click(more.response, label="Report")
        path = f"/channels/{thread.id}/messages/{film.id}"
        stage.env.inject_error("DELETE", path, status=500, message="down", times=1)
        await stage.world.moderator.click(await post(log, "reports a film"), label="Take it away")
        assert films(thread)
        late = await bob.submit_modal(form, {"reason": "rude"})
        assert late.response is not None
        assert "no longer known" in words(late.response)
        await stage.restart()
        await eventually(lambda: not films(thread), within=20)
        await post(stage.world.channel, "was taken away by a moderator")


async def test_a_reported_member_is_blocked_for_a_while(stage: Stage) -> None:
    """The lengths are offered, and the film stays where it is."""
    log = await log_channel(stage)
    thread, film = await delivered(stage)
    await reported(stage, member(stage, "ada"), film, "rude")
    offered = await stage.world.moderator.click(await post(log, "reports a film"), label="Block member")
    assert offered.response is not None
    assert buttons(offered.response) == ["1 day", "1 week", "30 days", "Until lifted"]
    done = await stage.world.moderator.click(offered.response, label="1 week")
    assert done.acknowledged
    refused = await video(stage, stage.world.visitor, prompt="another")
    assert "You are blocked" in refused
    assert "A film of yours was reported." in refused
    assert "rude" not in refused, "those are the words of whoever reported it"
    assert films(thread)
    await eventually(lambda: any("blocked its member" in words(m) for m in log.history()), within=20)


async def owners_post(stage: Stage, text: str) -> discord.Message:
    """What the server's owner reads in their conversation with the bot."""
    return await post(stage.world.guild.owner.dm_channel, text)


async def test_a_report_without_a_log_channel_reaches_the_owner(stage: Stage) -> None:
    """In a direct message, whose buttons work for the owner, also after a restart, and for nobody else."""
    thread, film = await delivered(stage)
    await reported(stage, member(stage, "ada"), film, "rude")
    asked = await owners_post(stage, "reports a film")
    await stage.restart()
    owner = stage.world.guild.owner
    lengths = await owner.click(asked, label="Block member")
    assert lengths.response is not None
    assert buttons(lengths.response) == ["1 day", "1 week", "30 days", "Until lifted"]
    stage.env.backend.get_guild(stage.world.guild.id).owner_id = stage.world.visitor.id
    refused = await owner.click(asked, label="Take it away")
    assert refused.response is not None
    assert "This is for moderators" in words(refused.response)
    assert films(thread)
    stage.env.backend.get_guild(stage.world.guild.id).owner_id = owner.id
    assert (await owner.click(asked, label="Take it away")).acknowledged
    await eventually(lambda: not films(thread))
    await owners_post(stage, "took it away")


async def test_a_report_without_a_log_channel_is_read_in_the_system_channel(stage: Stage) -> None:
    """Where there is one; an approval likewise. Who may press is asked there as everywhere."""
    hall = stage.world.guild.create_text_channel("hall")
    stage.env.backend.get_guild(stage.world.guild.id).system_channel_id = hall.id
    _thread, film = await delivered(stage)
    await reported(stage, member(stage, "ada"), film, "rude")
    asked = await post(hall, "reports a film")
    for label in ("Take it away", "Block member", "Dismiss"):
        refused = await stage.world.visitor.click(asked, label=label)
        assert refused.response is not None
        assert "This is for moderators" in words(refused.response)
    assert (await stage.world.moderator.click(asked, label="Dismiss")).acknowledged
    await post(hall, "found nothing wrong")


async def test_a_film_that_cannot_be_taken_away_at_once_goes_later(open_stage: OpenStage) -> None:
    """Discord does not take the removal: it is tried again, by another process, and what it was joined into goes."""
    async with open_stage() as stage:
        log = await log_channel(stage)
        thread, film = await delivered(stage)
        joined = await stage.env.bot.get_partial_messageable(thread.id).send("joined of it")
        async with stage.app.db.transaction() as conn:
            parts = [await job_id(stage)]
            await lineage.keep_join(conn, lineage.Join(parts[0], 1, thread.id, joined.id), parts, 1)
        await reported(stage, member(stage, "ada"), film, "rude")
        path = f"/channels/{thread.id}/messages/{joined.id}"
        stage.env.inject_error("DELETE", path, status=500, message="down", times=1)
        await stage.world.moderator.click(await post(log, "reports a film"), label="Take it away")
        assert films(thread)
        await stage.restart()
        await eventually(lambda: not films(thread))
        assert joined.id not in [message.id for message in thread.history()]
        await post(stage.world.channel, "was taken away by a moderator")


async def test_a_moderator_by_role_does_not_dismiss_a_report_of_their_own(stage: Stage) -> None:
    """Another one has to; they may still take it away."""
    log, helpers = await log_channel(stage), role(stage, "Helpers")
    await manage(stage, "moderators", add=helpers)
    thread, film = await delivered(stage)
    await reported(stage, member(stage, "ada"), film, "rude")
    stage.env.backend.add_member_role(stage.world.guild.id, stage.world.visitor.id, helpers.id)
    asked = await post(log, "reports a film")
    refused = await stage.world.visitor.click(asked, label="Dismiss")
    assert refused.response is not None
    assert "your own film" in words(refused.response)
    assert (await stage.world.visitor.click(asked, label="Take it away")).acknowledged
    await eventually(lambda: not films(thread))


async def test_nobody_reports_their_own_or_private_films(stage: Stage) -> None:
    """More… does not offer it to the author."""
    _thread, film = await delivered(stage)
    more = await stage.world.visitor.click(film, label="More…")
    assert more.response is not None
    assert "Report" not in buttons(more.response)


async def test_the_log_has_every_change_and_nobody_can_edit_it(stage: Stage) -> None:
    """Who, what, before, after and why, page by page, by member or moderator, and posted in the log channel."""
    log = await log_channel(stage)
    you = stage.world.visitor
    await manage(stage, "limit set", credits="5")
    await manage(stage, "limit set", credits="7", period="week")
    await manage(stage, "grant", member=you, credits=3, reason="contest")
    await manage(stage, "block", member=you, reason="spam", days=1)
    await manage(stage, "unblock", member=you)
    await manage(stage, "timezone", zone="Europe/Berlin")
    text = await manage(stage, "audit")
    for part in (
        "changed the limit of everyone: 5 a day → 7 a week",
        f"gave <@{you.id}> 3 credits",
        "contest",
        f"blocked <@{you.id}> until",
        "lifted the block",
        "changed “time zone”: UTC → Europe/Berlin",
    ):
        assert part in text, part
    mine = await manage(stage, "audit", member=you)
    assert "changed the limit" not in mine
    assert "lifted the block" in mine
    await eventually(lambda: sum("set the limit" in text for text in seen_by(log, stage.world.moderator)) == 1)
    for sql in ("DELETE FROM audit", "UPDATE audit SET reason = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="audit rows are never"):
            async with stage.app.db.transaction() as conn:
                await conn.execute(sql)


async def test_another_servers_moderator_presses_in_vain(stage: Stage) -> None:
    """An id from elsewhere opens nothing: its server is asked of the database, not of the button."""
    await log_channel(stage)
    await setup_choice(stage, "setup:approval_above:2", ["0"])
    await video(stage, stage.world.visitor)
    approvals = Approvals(stage.app.db, rights=Rights(Policies(stage.app.db)), results=NOBODY)
    with pytest.raises(Refused, match="job_gone"):
        await approvals.decide(Person(77, 1, manager=True), await job_id(stage), yes=True)
    actor, channel = add_another_server(stage)
    assert "Nothing here" in await told(actor, channel, "manage audit")
