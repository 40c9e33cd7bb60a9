"""Pauses: new films are refused in somebody's words, what is queued waits, what runs finishes, and a restart knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.faults import Refused
from service.pauses import Pauses
from storage import pauses
from storage.database import open_database
from tests.conftest import OpenWire, Wired
from tests.discordwire import DiscordWire
from tests.test_dispatch import ask, films, tasks, until_rows


async def resumed(w: Wired, guild_id: int) -> None:
    assert await w.app.parts.services.pauses.resume(guild_id)


async def test_a_pause_of_everything(open_wire: OpenWire) -> None:
    """The running film comes, the queued one waits, a new one is refused free with the words; then all goes on."""
    async with open_wire(member_in_flight=1) as w:
        await ask(w, "running")
        (task,) = await tasks(w, 1)
        await ask(w, "queued")
        await w.app.parts.services.pauses.pause(0, "Back at *six* @everyone", by=7)
        refused = await ask(w, "new")
        assert refused.ephemeral
        assert "taking a break" in refused.text
        assert "six" in refused.text
        assert "*six*" not in refused.text.replace("\\*", "")
        assert not refused.message.pings.everyone
        assert "Nothing was charged" in refused.text
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        await until_rows(w, "SELECT state, count(*) FROM jobs GROUP BY 1 ORDER BY 1", [("queued", 1), ("ready", 1)])
        await w.app.parts.services.dispatch.step()
        assert len(w.api.tasks) == 1
        quota = await (await w.wire.command("quota")).response(timeout=10)
        assert "Your credits" in quota.text  # everything else works
        await resumed(w, 0)
        await tasks(w, 2)
        assert not (await ask(w, "newer")).ephemeral


async def test_a_pause_of_one_server(open_wire: OpenWire) -> None:
    """Only that server is refused and waits; no waiting time passes for its queued films."""
    async with open_wire(server_in_flight=1) as w:
        other = w.wire.add_guild("Other")
        place = w.wire.add_channel("films", guild=other)
        member = w.wire.add_member("bea", guild=other)
        await ask(w, "running")
        (task,) = await tasks(w, 1)
        await ask(w, "queued")
        await w.app.parts.services.pauses.pause(w.wire.guild.id, "Exams!", by=7)
        assert "Exams" in (await ask(w, "new")).text
        theirs = await (await w.wire.command("video", {"prompt": "theirs"}, member=member, channel=place)).response(
            timeout=10
        )
        assert not theirs.ephemeral
        begun = await tasks(w, 2)
        assert begun[1].request["prompt"] == "theirs"
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        w.app.parts.services.dispatch._last_step = 0.0
        await w.app.parts.services.dispatch.step()
        clocks = await w.rows("SELECT guild_id, ms FROM queue_clock ORDER BY guild_id")
        assert [clock["guild_id"] for clock in clocks] == [0, w.wire.guild.id]
        assert clocks[1]["ms"] > 0, "time passed for those who wait in a paused server"
        await resumed(w, w.wire.guild.id)
        assert (await tasks(w, 3))[2].request["prompt"] == "queued"


async def test_a_restart_knows_of_a_pause(open_wire: OpenWire) -> None:
    """What was paused before a restart is paused after it, in the same words."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            await w.app.parts.services.pauses.pause(0, "Moving house", by=7)
        async with open_wire(wire=wire, starts=2) as w:
            assert "Moving house" in (await ask(w, "new")).text
            pause = w.app.parts.services.pauses.of(12345)
            assert pause is not None
            assert (pause.guild_id, pause.by_id) == (0, 7)


async def test_checking_costs_no_question_and_everything_comes_first(tmp_path: Path) -> None:
    """A check asks the database nothing; the words of a pause of everything go before a server's own."""
    woken: list[bool] = []
    async with open_database(tmp_path / "clapper.db") as db:
        ours = Pauses(db, known={}, on_change=lambda: woken.append(True), clock=lambda: 5)
        await ours.pause(1, "theirs", by=7)
        await ours.pause(0, "  all  ", by=8)
        await ours.pause(1, "theirs again", by=9)
        asked: list[str] = []
        for conn in (db.reader, db._writer):
            await conn.set_trace_callback(asked.append)
        for guild_id, words in ((1, "all"), (2, "all")):
            with pytest.raises(Refused) as caught:
                ours.check(guild_id)
            assert caught.value.values["why"] == words
        assert ours.everywhere
        assert asked == []
        assert await ours.resume(0)
        assert not await ours.resume(0)
        ours.check(2)
        with pytest.raises(Refused, match="theirs again"):
            ours.check(1)
        assert ours.servers() == [1]
        assert woken == [True]
        assert list(await pauses.pauses(db.reader)) == [1]
