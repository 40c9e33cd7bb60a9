"""Limits, the pot, grants, resets and gifts: who may spend how much, and which rule says so."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.conftest import OpenStage, Stage
from tests.moderation.people import add_another_server, manage, member, role, show_manage_to, told, video
from tests.sim import at_once, words


async def test_everyones_limit_counts_from_the_next_command(stage: Stage) -> None:
    """A rule set by a moderator replaces the one that was installed, and /quota names it."""
    you, channel = stage.world.visitor, stage.world.channel
    assert "Everyone: 3 a week" in await manage(stage, "limit set", credits="3", period="week")
    assert "1 left" in await video(stage, you)
    refused = await video(stage, you, prompt="another")
    assert "You do not have enough credits" in refused
    assert "3 a week, from everyone" in refused
    assert "1 of 3 left this week" in await told(you, channel, "quota")
    assert "everyone**: 3 a week" in await manage(stage, "limit list")


async def test_a_role_gives_more_and_is_named(stage: Stage) -> None:
    """Of everyone's and the roles' rules the one with the most room gives it; a change of role counts at once."""
    booster = role(stage, "Booster")
    you = member(stage, "ada", booster)
    await manage(stage, "limit set", credits="2")
    await manage(stage, "limit set", credits="30", period="week", role=booster)
    assert f"30 a week, from <@&{booster.id}>" in await told(you, stage.world.channel, "quota")
    assert "28 left" in await video(stage, you)
    stage.env.backend.remove_member_role(stage.world.guild.id, you.id, booster.id)
    assert "You do not have enough credits" in await video(stage, you, prompt="now without the role")


async def test_a_members_own_limit_replaces_the_others(stage: Stage) -> None:
    """Also when it is smaller."""
    you = stage.world.visitor
    await manage(stage, "limit set", credits="50")
    await manage(stage, "limit set", credits="1", member=you)
    assert "You do not have enough credits" in await video(stage, you)
    await manage(stage, "limit clear", member=you)
    assert "48 left" in await video(stage, you)


async def test_a_channel_and_the_pot_only_narrow(stage: Stage) -> None:
    """What is spent there by all together counts, also in threads of the channel and what a grant pays."""
    you, other, channel = stage.world.visitor, member(stage, "ada"), stage.world.channel
    await manage(stage, "limit set", credits="3", channel=channel)
    assert "2 credits" in await video(stage, you)
    refused = await video(stage, other, stage.world.thread)
    assert f"<#{channel.id}> has spent its credits" in refused
    assert "1 are left of 3 a day" in refused
    quiet = stage.world.guild.create_text_channel("quiet")
    assert "2 credits" in await video(stage, other, quiet)
    await manage(stage, "pot", credits="5", period="month")
    await manage(stage, "grant", member=other, credits=100)
    refused = await video(stage, other, quiet, prompt="the pot has one left")
    assert "This server has spent its credits" in refused
    await manage(stage, "pot", credits="unlimited")
    assert "2 credits" in await video(stage, other, quiet, prompt="now it goes")


async def test_a_pot_is_lifted_for_one_period_or_for_all(stage: Stage) -> None:
    """What was not named stays; without a period there is no pot any more."""
    for credits, period in (("5", "day"), ("50", "month")):
        await manage(stage, "pot", credits=credits, period=period)
    assert "It was: 5 a day" in await manage(stage, "pot", credits="unlimited", period="day")
    text = await manage(stage, "limit list")
    assert "whole server**: 50 a month" in text
    assert "5 a day" not in text
    assert "no limit for that" in await manage(stage, "pot", credits="unlimited", period="week")
    await manage(stage, "pot", credits="5", period="day")
    assert "no limit any more" in await manage(stage, "pot", credits="unlimited")
    assert "whole server" not in (await manage(stage, "limit list")).replace("whole server can only", "")


async def test_models_and_lengths_can_be_barred(stage: Stage) -> None:
    """A refusal says which models are open, and the longest film; nothing is charged."""
    you = stage.world.visitor
    await manage(stage, "limit set", credits="90", models="sora-2, sora-2-short", longest=10)
    refused = await video(stage, you, model="sora-2-pro")
    assert "Sora 2 Pro is not open to you here" in refused
    assert "Sora 2" in refused
    assert "15 s is longer than you may go here" in await video(stage, you, duration=15)
    assert await stage.rows("SELECT id FROM jobs") == []


async def test_grants_are_used_after_the_window_and_can_end(stage: Stage) -> None:
    """The answer says until when; /quota lists what is left of them."""
    you, channel = stage.world.visitor, stage.world.channel
    await manage(stage, "limit set", credits="1")
    assert "5 credits more, until <t:" in await manage(stage, "grant", member=you, credits=5, days=7, reason="contest")
    assert "4 left" in await video(stage, you)
    text = await told(you, channel, "quota")
    assert "0 of 1 left" in text
    assert "4 credits, until <t:" in text
    assert [(row["kind"], row["source"], row["amount"]) for row in await stage.rows("SELECT * FROM ledger")] == [
        ("grant", "grant:1", 5),
        ("hold", "window", 1),
        ("hold", "grant:1", 1),
    ]


async def test_a_reset_begins_anew_and_films_in_the_making_go_on(stage: Stage) -> None:
    """What a running film holds goes back to the window it came from, so nothing is given twice."""
    you = stage.world.visitor
    await manage(stage, "limit set", credits="2")
    card = await you.slash(stage.world.channel, "video", prompt="a boat, slow")
    assert "You do not have enough credits" in await video(stage, you, prompt="no")
    assert "counts no more" in await manage(stage, "reset", member=you)
    assert "0 left" in await video(stage, you, prompt="again")
    assert card.response is not None
    spent = await stage.rows("SELECT win, spent FROM counters WHERE subject LIKE 'member:%' AND win LIKE 'd:%'")
    assert [row["spent"] for row in spent] == [2, 2]
    assert "counts no more" in await manage(stage, "reset", everyone=True)
    assert "0 left" in await video(stage, you, prompt="and again")
    await manage(stage, "reset", member=you)
    await manage(stage, "reset", pot=True)
    text = await manage(stage, "audit")
    assert text.count(f"reset what <@{you.id}> had spent: 2 that day, 2 that week, 2 that month") == 2
    assert "reset what everyone had spent" in text
    assert "reset what the whole server had spent: 6 that day" in text


async def test_a_reset_of_everyone_says_what_counts_no_more(stage: Stage) -> None:
    """The sum of what all members had spent since their own last reset; the next one finds nothing."""
    you, ada = stage.world.visitor, member(stage, "ada")
    await video(stage, you)
    await manage(stage, "reset", member=you)
    await video(stage, you, prompt="another", size="large")
    await video(stage, ada)
    for _ in range(2):
        await manage(stage, "reset", everyone=True)
    rows = await stage.rows("SELECT subject, before FROM audit WHERE action = 'reset' ORDER BY id")
    assert [(row["subject"], set(json.loads(row["before"]).values())) for row in rows] == [
        (f"member:{you.id}", {2}),
        ("everyone", {6}),
        ("everyone", {0}),
    ]
    text = await manage(stage, "audit")
    assert "reset what everyone had spent: 6 that day, 6 that week, 6 that month" in text
    await video(stage, ada, prompt="a third")
    await manage(stage, "reset", member=ada)
    assert f"reset what <@{ada.id}> had spent: 2 that day" in await manage(stage, "audit")


@pytest.mark.parametrize("options", [{}, {"everyone": True, "pot": True}])
async def test_a_reset_wants_one_thing(stage: Stage, options: dict[str, object]) -> None:
    """Nothing, or two things, is asked about and not guessed."""
    assert "Whose spending" in await manage(stage, "reset", **options)


async def test_granted_credits_are_passed_on_where_it_is_allowed(stage: Stage) -> None:
    """Only what was granted, each part with its end; the ledger has both sides."""
    you, ada, channel = stage.world.visitor, member(stage, "ada"), stage.world.channel
    assert "cannot be passed on here" in await told(you, channel, "transfer", member=ada, credits=1)
    opened = await stage.world.moderator.slash(channel, "manage setup")
    assert opened.response is not None
    second = await stage.world.moderator.click(opened.response, label="More…")
    assert second.acknowledged
    pressed = await stage.world.moderator.click(opened.response, label="Allow gifts")
    assert pressed.acknowledged
    await manage(stage, "grant", member=you, credits=5, days=3)
    assert "You have 5 granted credits" in await told(you, channel, "transfer", member=ada, credits=6)
    said = await told(you, channel, "transfer", member=ada, credits=2)
    assert "has 2 credits of yours now. You have 3 granted left." in said
    assert "yours already" in await told(you, channel, "transfer", member=you, credits=1)
    await manage(stage, "block", member=you)
    assert "You are blocked" in await told(you, channel, "transfer", member=ada, credits=1)
    rows = await stage.rows("SELECT member_id, amount - used AS left, ends_at FROM grants ORDER BY id")
    assert [(row["member_id"], row["left"]) for row in rows] == [(you.id, 3), (ada.id, 2)]
    assert rows[0]["ends_at"] == rows[1]["ends_at"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("limit set", {"credits": "1"}),
        ("limit clear", {}),
        ("pot", {"credits": "1"}),
        ("reset", {"everyone": True}),
    ],
)
async def test_a_named_role_may_not_touch_money(stage: Stage, command: str, options: dict[str, object]) -> None:
    """Moderators by a role do everything else; members nothing, also where Discord shows them the command."""
    helpers = role(stage, "Helpers")
    helper, you, channel = member(stage, "helper", helpers), stage.world.visitor, stage.world.channel
    await manage(stage, "moderators", add=helpers)
    await show_manage_to(stage, helpers, you)
    assert "Only those who manage the server" in await told(helper, channel, f"manage {command}", **options)
    assert "This is for moderators" in await told(you, channel, f"manage {command}", **options)


async def test_nothing_crosses_servers(stage: Stage) -> None:
    """A rule of one server counts in no other."""
    await manage(stage, "limit set", credits="0")
    assert "You do not have enough credits" in await video(stage, stage.world.visitor)
    actor, channel = add_another_server(stage)
    assert "18 left" in await video(stage, actor, channel)
    assert "everyone**: 20 a day" in await told(actor, channel, "manage limit list")


async def test_a_storm_gets_exactly_the_limit(open_stage: OpenStage) -> None:
    """Fifty commands at once against a limit of twelve: six films, not one more, and the sums agree."""
    async with open_stage(total_in_flight=1) as stage:
        people = [member(stage, f"m{n}") for n in range(10)]
        await manage(stage, "pot", credits="12", period="day")
        asked = [person.slash(stage.world.channel, "video", prompt=f"film {n}") for n in range(5) for person in people]
        results = await at_once(stage.env, asked)
        assert all(result.acknowledged for result in results)
        assert (await stage.rows("SELECT count(*) AS n FROM jobs"))[0]["n"] == 6
        assert (await stage.rows("SELECT spent FROM counters WHERE subject = 'server' AND win LIKE 'd:%'"))[0] == {
            "spent": 12
        }
        said = [words(result.response) for result in results if result.response]
        assert sum("has spent its credits" in text for text in said) == 44
        await asyncio.sleep(0)
