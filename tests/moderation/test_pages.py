"""Lists and logs of any length: every page fits into a card, leads on, and asks again who turns it."""

from __future__ import annotations

from pathlib import Path

import pytest
import simcord

from domain.catalogue import Catalogue
from domain.credit import Rule
from domain.moderation import AuditEntry
from storage import audit, policies
from tests.conftest import Stage
from tests.moderation.people import manage, member, role, show_manage_to
from tests.sim import buttons, words

MODELS = frozenset(row.key for row in Catalogue.parse(Path("catalogue.toml").read_text("utf-8")).models)


async def opened(stage: Stage, command: str, **options: object) -> simcord.ResponseMessage:
    """A first page, as the moderator sees it."""
    answer = await stage.world.moderator.slash(stage.world.channel, f"manage {command}", **options)
    assert answer.acknowledged, command
    assert answer.response is not None
    return answer.response


async def read(stage: Stage, page: simcord.ResponseMessage, further: str) -> list[str]:
    """All pages of a list, turned one by one."""
    texts = [words(page)]
    while further in buttons(page):
        turned = await stage.world.moderator.click(page, label=further)
        assert turned.acknowledged
        assert words(page) != texts[-1]
        texts.append(words(page))
    return texts


async def fill(stage: Stage) -> None:
    """The longest limits, words and log entries that there can be, and more than one page of each."""
    guild_id, now = stage.world.guild.id, 1
    async with stage.app.db.transaction() as conn:
        for n in range(30):
            rule = Rule(f"role:{10**18 + n}", "month", 10**9, 100, MODELS, 600)
            await policies.set_rule(conn, guild_id, rule, now, alone=True)
            await policies.add_word(conn, guild_id, "pattern", f"{n:02}" + "_*" * 99, 1, now)
            said = {"credits": n, "period": "month", "in_flight": 100, "models": sorted(MODELS), "longest": 600}
            entry = AuditEntry(
                guild_id, 7, "limit_set", 0, "everyone", {"rules": [said]}, {"rules": [said]}, reason="_*" * 100
            )
            await audit.write(conn, entry, now)


@pytest.mark.parametrize(
    ("command", "further", "marks"),
    [
        ("limit list", "More…", [f"<@&{10**18 + n}>" for n in range(30)]),
        ("words list", "More…", [f"||{n:02}" for n in range(30)]),
        ("audit", "Older", [f"→ {n} a month" for n in range(30)]),
    ],
)
async def test_every_entry_is_on_one_page(stage: Stage, command: str, further: str, marks: list[str]) -> None:
    """However long they are, none is left out, none is shown twice, and no page is too long for Discord."""
    await fill(stage)
    texts = await read(stage, await opened(stage, command), further)
    assert len(texts) > 1
    assert all(sum(mark in text for text in texts) == 1 for mark in marks)


async def test_a_page_from_before_a_restart_is_turned(stage: Stage) -> None:
    """A filter goes with the page; the way back is there."""
    await fill(stage)
    for n in range(12):
        await manage(stage, "limit set", credits=str(n + 1), member=stage.world.visitor)
    page = await opened(stage, "audit", member=stage.world.visitor, moderator=stage.world.moderator.user)
    await stage.restart()
    texts = await read(stage, page, "Older")
    assert sum(text.count("the limit of") for text in texts) == 12
    assert "set the limit of" in texts[-1]
    assert buttons(page) == ["Newest"]


@pytest.mark.parametrize("command", ["limit list", "words list", "audit"])
async def test_who_turns_a_page_is_asked_again(stage: Stage, command: str) -> None:
    """A named role that was taken away meanwhile reads no further."""
    helpers = role(stage, "Helpers")
    helper, channel = member(stage, "helper", helpers), stage.world.channel
    await fill(stage)
    await manage(stage, "moderators", add=helpers)
    await show_manage_to(stage, helpers)
    answer = await helper.slash(channel, f"manage {command}")
    assert answer.response is not None
    before = words(answer.response)
    stage.env.backend.remove_member_role(stage.world.guild.id, helper.id, helpers.id)
    further = "Older" if command == "audit" else "More…"
    refused = await helper.click(answer.response, label=further)
    assert refused.response is not None
    assert "This is for moderators" in words(refused.response)
    assert words(answer.response) == before
