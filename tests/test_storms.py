"""Many at once, over the wire: credits are exact, every answer comes in time, nobody is charged twice."""

from __future__ import annotations

import asyncio

from domain.credit import POT, Rule
from storage import grants, policies
from tests.conftest import OpenWire


async def test_a_thousand_commands_against_room_for_five(open_wire: OpenWire) -> None:
    """Many members at once, and a server's ceiling with room for five films, give exactly five."""
    async with open_wire(server_daily_credits=11) as w:
        w.wire.ack_seconds = 60  # the stand-in shares this process, so its clock says nothing about the bot's speed
        members = [w.wire.add_member(f"m{n}") for n in range(1000)]
        sent = [await w.wire.command("video", {"prompt": f"film {n}"}, member=m) for n, m in enumerate(members)]
        answers = await asyncio.gather(*(command.response(timeout=60) for command in sent))
        await w.wire.wait_for(lambda: all(answer.text for answer in answers), timeout=60)
        assert len(await w.rows("SELECT id FROM jobs")) == 5
        spent = await w.rows("SELECT spent FROM counters WHERE subject = 'server' AND win LIKE 'u:%'")
        assert spent == [{"spent": 10}]
        public = [answer for answer in answers if not answer.ephemeral]
        assert len(public) <= 5
        assert w.wire.unexpected == []


async def test_a_hundred_commands_of_one_member(open_wire: OpenWire) -> None:
    """One member with room for five films gets exactly five, however fast."""
    async with open_wire(daily_credits=11) as w:
        sent = [await w.wire.command("video", {"prompt": f"film {n}"}) for n in range(100)]
        await asyncio.gather(*(command.response(timeout=60) for command in sent))
        assert len(await w.rows("SELECT id FROM jobs")) == 5
        assert await w.rows("SELECT DISTINCT spent FROM counters") == [{"spent": 10}]


async def test_a_slow_answer_is_deferred_and_still_public(open_wire: OpenWire) -> None:
    """When the database is busy for longer than 1.5 s, the answer is deferred, and the card follows for everyone."""
    async with open_wire() as w:
        async with w.app.db.transaction():
            command = await w.wire.command("video", {"prompt": "a boat"})
            answer = await command.response(timeout=10)
            assert (answer.kind, answer.ephemeral) == ("defer", True)
            assert answer.seconds is not None
            assert answer.seconds < 3
        (card,) = await w.wire.wait_for(lambda: command.followups)
        assert "a boat" in card.text
        assert not card.ephemeral
        assert "Started" in command.text


async def test_a_slow_refusal_stays_private(open_wire: OpenWire) -> None:
    """A refusal that took long fills the deferred answer, which only the member sees."""
    async with open_wire(daily_credits=1) as w:
        async with w.app.db.transaction():
            command = await w.wire.command("video", {"prompt": "a boat"})
            await command.response(timeout=10)
        await w.wire.wait_for(lambda: "not have enough credits" in command.text)
        assert command.followups == []
        assert command.ephemeral


async def test_pots_and_grants_in_a_storm(open_wire: OpenWire) -> None:
    """A thousand members with grants of their own against a pot of 41: twenty films, and every sum agrees."""
    async with open_wire(daily_credits=1, total_in_flight=1) as w:
        w.wire.ack_seconds = 60
        members = [w.wire.add_member(f"m{n}") for n in range(1000)]
        async with w.app.db.transaction() as conn:
            await policies.set_rule(conn, w.wire.guild.id, Rule(POT, "month", 41), 1, alone=False)
            for member in members:
                await grants.give(
                    conn,
                    guild_id=w.wire.guild.id,
                    member_id=member.id,
                    amount=1,
                    reason="storm",
                    ends_at=None,
                    by_id=1,
                    now=1,
                )
        sent = [await w.wire.command("video", {"prompt": f"film {n}"}, member=m) for n, m in enumerate(members)]
        answers = await asyncio.gather(*(command.response(timeout=60) for command in sent))
        await w.wire.wait_for(lambda: all(answer.text for answer in answers), timeout=60)
        assert len(await w.rows("SELECT id FROM jobs")) == 20
        assert await w.rows("SELECT spent FROM counters WHERE subject = 'server' AND win LIKE 'm:%'") == [{"spent": 40}]
        sources = await w.rows(
            "SELECT source LIKE 'grant:%' AS granted, sum(amount) AS n FROM ledger"
            " WHERE kind = 'hold' GROUP BY 1 ORDER BY 1"
        )
        assert sources == [{"granted": 0, "n": 20}, {"granted": 1, "n": 20}]
        assert (await w.rows("SELECT sum(used) AS n FROM grants")) == [{"n": 20}]
