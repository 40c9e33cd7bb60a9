"""/help says what this member may do here, and what it costs, and nothing else."""

from __future__ import annotations

from tests.conftest import Stage
from tests.moderation.people import manage, told


async def test_help_fits_who_asks(stage: Stage) -> None:
    """Models with their prices and what is left; only moderators read of /manage."""
    you, channel = stage.world.visitor, stage.world.channel
    text = await told(you, channel, "help")
    assert "You have 20 left" in text
    assert "from 2 credits" in text
    assert "/compare" in text
    assert "/manage" not in text
    assert "/transfer" not in text
    assert "/manage` is for moderators" in await told(stage.world.moderator, channel, "help")


async def test_help_says_why_nothing_goes_here(stage: Stage) -> None:
    """A closed channel, a block: the same words as a refusal."""
    you, channel = stage.world.visitor, stage.world.channel
    await manage(stage, "channels deny", channel=channel)
    assert "Films are not made in this channel" in await told(you, channel, "help")
    await manage(stage, "channels clear", channel=channel)
    await manage(stage, "block", member=you, reason="spam")
    text = await told(you, channel, "help")
    assert "You are blocked from making films here" in text
    assert "spam" in text


async def test_help_names_only_models_that_are_open(stage: Stage) -> None:
    """What a limit leaves out is not offered."""
    await manage(stage, "limit set", credits="9", models="sora-2-short")
    text = await told(stage.world.visitor, stage.world.channel, "help")
    assert "Sora 2 short" in text
    assert "Sora 2 Pro" not in text
    assert "/compare" not in text
    assert "You have 9 left" in text
