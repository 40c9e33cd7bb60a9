"""What Discord sends may lack what discord.py reads: no command is lost over it, and the process never."""

from __future__ import annotations

import pytest

from tests.conftest import OpenWire
from tests.test_dispatch import ask, films, tasks


@pytest.mark.parametrize("kind", ["text", "announcement", "voice", "stage", "thread"])
async def test_a_partial_channel_is_enough(open_wire: OpenWire, kind: str) -> None:
    """An interaction that says only id and type of its channel makes a film there."""
    async with open_wire() as w:
        parent = w.wire.channel
        place = w.wire.add_thread(parent, "talk") if kind == "thread" else w.wire.add_channel("talk", kind)
        w.wire.partial_channels = True
        command = await w.wire.command("video", {"prompt": "a boat"}, channel=place)
        await command.response(timeout=10)
        assert "is making a film" in command.text
        await w.api.finish((await tasks(w, 1))[0].id)
        await w.wire.wait_for(lambda: films(w) or [m for m in w.wire.messages(place) if m.files])


async def test_an_event_that_cannot_be_read_is_lost_alone(open_wire: OpenWire) -> None:
    """What comes after it is answered, over the same connection."""
    async with open_wire() as w:
        for broken in ({}, {"id": "1", "type": 2}, {"id": "x", "type": 3, "token": "t", "application_id": "1"}):
            assert await w.wire.gateway.dispatch("INTERACTION_CREATE", broken, w.wire.guild.id) == 1
        assert "is making a film" in (await ask(w, "a boat")).text
        assert len(w.wire.gateway.identifies) == 1


async def test_an_answer_taken_without_a_word_is_looked_up(open_wire: OpenWire) -> None:
    """Where Discord takes the card and says nothing of it, the card is found, and the film gets its thread."""
    async with open_wire() as w:
        w.wire.fail("POST", r"/interactions/", status=204, after=True)
        command = await ask(w, "a boat")
        await w.api.finish((await tasks(w, 1))[0].id)
        await w.wire.wait_for(lambda: films(w))
        (thread,) = w.wire.threads()
        assert thread.id == command.message.id
        assert "went wrong" not in "".join(m.text for m in command.followups)


async def test_an_answer_that_has_to_wait_a_moment_is_given(open_wire: OpenWire) -> None:
    """A 429 of something before Discord, for less than a second: the card comes all the same, in time."""
    async with open_wire() as w:
        w.wire.fail("POST", r"/interactions/", retry_after=0.2, via=False)
        command = await ask(w, "a boat")
        assert "is making a film" in command.text
        assert command.seconds is not None
        assert 0.2 <= command.seconds < 3


async def test_an_ended_session_begins_anew_where_discord_said(open_wire: OpenWire) -> None:
    """When Discord knows the session no more, the bot identifies again at the gateway that it was given."""
    async with open_wire() as w:
        await w.wire.gateway.ask_to_reconnect()
        w.wire.gateway.sessions.clear()
        await w.wire.wait_for(lambda: len(w.wire.gateway.identifies) == 2, timeout=15)
        assert "is making a film" in (await ask(w, "a boat")).text
        assert w.wire.gateway.resumes == 0


async def test_a_bot_that_a_member_brought_makes_no_film(open_wire: OpenWire) -> None:
    """In a server that has no Clapper of its own a film could not be posted: refused, for the member's eyes, free."""
    async with open_wire() as w:
        w.wire.user_installed = True
        refused = await ask(w, "a boat")
        assert refused.ephemeral
        assert "a server that has Clapper" in refused.text
        assert await w.rows("SELECT id FROM jobs") == []
        assert {tuple(one["integration_types"]) for one in w.wire.commands[None]} == {(0,)}
