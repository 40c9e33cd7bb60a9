"""Why moderators did something, and what was there before: in the row, on the log's pages, and in its post."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.moderation import AuditEntry
from storage import audit
from tests.conftest import OpenStage, Stage
from tests.moderation.people import all_commands, found, manage, role, video
from tests.sim import buttons, close_dms, eventually, films, seen_by, words

#: What only shows something, or opens what is chosen by pressing.
ONLY_LOOK = {
    *("setup", "audit", "check", "jobs", "limit list", "channels list", "words list", "words test"),
    *(f"usage {name}" for name in ("member", "top", "chart", "export")),
}


async def pages(stage: Stage) -> str:
    """All of /manage audit."""
    answer = await stage.world.moderator.slash(stage.world.channel, "manage audit")
    assert answer.response is not None
    texts = [words(answer.response)]
    while "Older" in buttons(answer.response):
        assert (await stage.world.moderator.click(answer.response, label="Older")).acknowledged
        texts.append(words(answer.response))
    return "\n".join(texts)


async def about_films(stage: Stage) -> list[str]:
    """What moderators do to members and their films, each with its reason; the commands."""
    you = stage.world.visitor
    await video(stage, you, prompt="first")
    await stage.api.until(lambda: len(stage.api.tasks) == 1)
    await video(stage, you, prompt="second")
    waiting = await found(stage, "SELECT id FROM jobs WHERE state = 'queued'")
    await manage(stage, "cancel", job=waiting["id"], reason="why cancel")
    await manage(stage, "block", member=you, days=1, reason="why block")
    close_dms(stage.env, you.user)
    await stage.api.finish(next(iter(stage.api.tasks)))
    homeless = await found(stage, "SELECT id FROM jobs WHERE undelivered = 1")
    await manage(stage, "unblock", member=you, reason="why unblock")
    await manage(stage, "redeliver", job=homeless["id"], reason="why redeliver")
    await eventually(lambda: [thread for thread in stage.world.channel.threads if films(thread)], within=20)
    return ["cancel", "block", "unblock", "redeliver"]


async def test_every_change_can_say_why(open_stage: OpenStage) -> None:
    """Whatever command makes it: its row has the reason, the log's page shows it, and so does the post."""
    async with open_stage(member_in_flight=1) as stage:
        log, place = stage.world.guild.create_text_channel("log"), stage.world.channel
        steps: list[tuple[str, dict[str, Any]]] = [
            ("limit set", {"credits": "50"}),
            ("limit clear", {}),
            ("pot", {"credits": "9", "period": "day"}),
            ("pot", {"credits": "unlimited", "period": "day"}),
            ("pot", {"credits": "9"}),
            ("pot", {"credits": "unlimited"}),
            ("grant", {"member": stage.world.visitor, "credits": 3}),
            ("reset", {"everyone": True}),
            ("moderators", {"add": role(stage, "Helpers")}),
            ("delivery", {"where": "member"}),
            ("timezone", {"zone": "Europe/Berlin"}),
            ("language", {"language": "de"}),
            ("models", {"first": "sora-2-pro"}),
            ("channels allow", {"channel": place}),
            ("channels deny", {"channel": place}),
            ("channels spoiler", {"channel": place}),
            ("channels clear", {"channel": place}),
            ("words add", {"word": "gun"}),
            ("words pattern", {"pattern": "gu+n"}),
            ("words remove", {"rule": 1}),
            ("pause", {"state": "on"}),
            ("pause", {"state": "off"}),
        ]
        await manage(stage, "log-channel", channel=log, reason="why log-channel")
        said = ["log-channel", *await about_films(stage)]
        for name, options in steps:
            why = "words" if name == "pause" else "reason"  # members read a pause's
            await manage(stage, name, **options, **{why: f"why {name}"})
            said += [name] * (3 if name == "channels clear" else 1)  # one for each list that it was on
        assert set(said) == all_commands(stage).keys() - ONLY_LOOK
        rows = await stage.rows("SELECT reason FROM audit ORDER BY id")
        assert [row["reason"] for row in rows] == [f"why {name}" for name in said]
        text = await pages(stage)
        await eventually(lambda: len(seen_by(log, stage.world.moderator)) >= len(said), within=20)
        posts = seen_by(log, stage.world.moderator)
        for name in set(said):
            assert text.count(f"\n-# why {name}\n") == said.count(name), name
            assert sum(post.endswith(f"\n-# why {name}") for post in posts) == said.count(name), name


async def test_what_is_removed_was_there_before(stage: Stage) -> None:
    """The row keeps it as what was, and has nothing after it; a choice on the setup card does the same."""
    place = stage.world.channel
    await manage(stage, "limit set", credits="5")
    await manage(stage, "limit clear")
    await manage(stage, "words pattern", pattern="gu+n")
    await manage(stage, "words remove", rule=1)
    await manage(stage, "channels deny", channel=place)
    await manage(stage, "channels clear", channel=place)
    await manage(stage, "channels allow", channel=place)
    opened = await stage.world.moderator.slash(place, "manage setup")
    assert opened.response is not None
    other = stage.world.guild.create_text_channel("other")
    chosen = await stage.world.moderator.select(opened.response, [other], custom_id="setup:allowed:1")
    assert chosen.acknowledged
    rows = await stage.rows(
        "SELECT before, after FROM audit WHERE action IN ('limit_clear', 'word_remove', 'channel_unlist') ORDER BY id"
    )
    before = [json.loads(row["before"]) for row in rows]
    assert before[0]["rules"][0]["credits"] == 5
    assert before[1:] == [{"kind": "pattern", "text": "gu+n"}, {"list": "deny"}, {"list": "allow"}]
    assert {row["after"] for row in rows} == {"{}"}
    text = await pages(stage)
    for part in (
        "removed the limit of everyone: 5 a day",
        "allowed ||gu+n|| again",
        f"unlisted <#{place.id}>: no films",
        f"unlisted <#{place.id}>: films allowed",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("action", "subject", "kept", "said"),
    [
        ("word_remove", "1", {"kind": "word", "text": "gun"}, "allowed ||gun|| again"),
        ("channel_unlist", "channel:7", {"list": "spoiler"}, "unlisted <#7>: always a spoiler"),
    ],
)
async def test_rows_of_earlier_versions_are_read(
    stage: Stage, action: str, subject: str, kept: dict[str, Any], said: str
) -> None:
    """They had what was removed as what came after, and nobody changes a row."""
    async with stage.app.db.transaction() as conn:
        await audit.write(conn, AuditEntry(stage.world.guild.id, 7, action, subject=subject, after=kept), 1)
    assert said in await manage(stage, "audit")
