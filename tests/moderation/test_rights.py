"""Who may: each command of /manage as a stranger, a named role and a moderator; rights are asked again each time."""

from __future__ import annotations

from typing import Any

import pytest
import simcord
from discord import AppCommandOptionType, app_commands

from tests.conftest import Stage
from tests.moderation.people import add_another_server, all_commands, manage, member, role, show_manage_to, told, video
from tests.sim import buttons, words
from tests.test_house import ROOT

#: What only those who manage the server may do.
MONEY = {"limit set", "limit clear", "pot", "grant", "reset"}


def filled(stage: Stage, command: app_commands.Command[Any, ..., Any]) -> dict[str, Any]:
    """Something for each option that has to be there; /manage reset wants one of several."""
    options: dict[str, Any] = {"everyone": True} if command.name == "reset" else {}
    for option in command.parameters:
        if not option.required:
            continue
        if option.choices:
            options[option.name] = option.choices[0].value
        else:
            options[option.name] = {
                AppCommandOptionType.string: "5",
                AppCommandOptionType.integer: 5,
                AppCommandOptionType.user: stage.world.visitor,
                AppCommandOptionType.channel: stage.world.channel,
            }[option.type]
    return options


async def test_each_command_asks_who_it_is(stage: Stage) -> None:
    """Discord showing it opens nothing: a stranger is refused by all of them, a named role by what touches credits."""
    helpers = role(stage, "Helpers")
    helper, outsider, channel = member(stage, "helper", helpers), member(stage, "outsider"), stage.world.channel
    await manage(stage, "moderators", add=helpers)
    await show_manage_to(stage, helpers, outsider)
    before = await stage.rows("SELECT * FROM audit")
    commands = all_commands(stage)
    assert commands.keys() >= MONEY
    for name, command in commands.items():
        options = filled(stage, command)
        said = await told(outsider, channel, f"manage {name}", **options)
        assert "This is for moderators" in said, name
    assert await stage.rows("SELECT * FROM audit") == before
    for name, command in commands.items():
        answer = await helper.slash(channel, f"manage {name}", **filled(stage, command))
        assert answer.acknowledged, name
        said = words(answer.response) if answer.response else ""
        assert ("Only those who manage the server" in said) == (name in MONEY), name
        assert "This is for moderators" not in said, name
    assert [row["action"] for row in await stage.rows("SELECT action FROM audit WHERE actor_id = ?", helper.id)] != []
    with pytest.raises(Exception, match="manage"):
        await stage.world.visitor.slash(channel, "manage setup")


async def test_each_command_is_on_the_moderators_page(stage: Stage) -> None:
    """And in the README's list of them."""
    page = (ROOT / "docs" / "moderators.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8").partition("## For moderators")[2].partition("\n## ")[0]
    for name in {name.split()[0] for name in all_commands(stage)}:
        assert f"/manage {name}" in page or f"`{name}`" in page.partition("## When something is stuck")[2], name
        assert f"`{name}`" in readme or f"/manage {name}" in readme, name


async def test_a_role_that_was_taken_away_decides_nothing_more(stage: Stage) -> None:
    """Each choice, button and form of the card is asked about again; a named role's form does not touch credits."""
    helpers = role(stage, "Helpers")
    helper, channel = member(stage, "helper", helpers), stage.world.channel
    await manage(stage, "moderators", add=helpers)
    await show_manage_to(stage, helpers)
    card = (await helper.slash(channel, "manage setup")).response
    assert card is not None
    limit = await helper.click(card, label="Everyone's limit")
    await refused(await helper.submit_modal(limit, {"credits": "99", "period": "day"}), "Only those who manage")
    zone = await helper.click(card, label="Time zone")
    stage.env.backend.remove_member_role(stage.world.guild.id, helper.id, helpers.id)
    await refused(await helper.submit_modal(zone, {"zone": "Asia/Tokyo"}))
    for label in buttons(card):
        await refused(await helper.click(card, label=label))
    await refused(await helper.select(card, ["channel"], custom_id="setup:delivery:1"))
    await refused(await helper.select(card, [channel], custom_id="setup:log_channel_id:1"))
    assert await stage.rows("SELECT * FROM rules") == []
    (server,) = await stage.rows("SELECT * FROM servers")
    assert (server["timezone"], server["delivery"], server["log_channel_id"]) == ("UTC", "thread", 0)


async def refused(answer: simcord.InteractionResult, why: str = "This is for moderators") -> None:
    """Said to whoever pressed, and to nobody else."""
    assert answer.response is not None
    assert answer.ephemeral
    assert why in words(answer.response)


@pytest.mark.parametrize("name", ["transfers", "reuse"])
async def test_a_second_page_asks_who_presses(stage: Stage, name: str) -> None:
    """What lets credits go is for those who manage the server; the rest for a named role too."""
    helpers = role(stage, "Helpers")
    helper = member(stage, "helper", helpers)
    await manage(stage, "moderators", add=helpers)
    await show_manage_to(stage, helpers)
    card = (await helper.slash(stage.world.channel, "manage setup")).response
    assert card is not None
    await helper.click(card, label="More…")
    pressed = await helper.click(card, label="Allow gifts" if name == "transfers" else "Forbid running others' films")
    if name == "transfers":
        await refused(pressed, "Only those who manage the server")
        for choice, value in (("confirm_above", "5"), ("approval_above", "never"), ("approval_role_id", helpers)):
            chosen = await helper.select(card, [value], custom_id=f"setup:{choice}:2")
            await refused(chosen, "Only those who manage the server")
    (server,) = await stage.rows("SELECT transfers, reuse FROM servers")
    assert server == {"transfers": 0, "reuse": int(name == "transfers")}


async def test_suggestions_tell_strangers_nothing(stage: Stage) -> None:
    """While somebody types an id, only moderators of that server see what there is."""
    outsider, channel = member(stage, "outsider"), stage.world.channel
    await show_manage_to(stage, outsider)
    await manage(stage, "words add", word="gun")
    await video(stage, stage.world.visitor)
    for command, option in (("cancel", "job"), ("words remove", "rule")):
        mine = await stage.world.moderator.autocomplete(channel, f"manage {command}", option, "")
        assert len(mine) == 1
        assert list(await outsider.autocomplete(channel, f"manage {command}", option, "")) == []
        actor, elsewhere = add_another_server(stage)
        assert list(await actor.autocomplete(elsewhere, f"manage {command}", option, "")) == []
