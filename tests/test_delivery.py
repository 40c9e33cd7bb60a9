"""Delivery: where the film goes when its place is lost, what a too large one becomes, and that it comes once."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from dataclasses import replace
from typing import Any

import pytest

from demo.life import Task
from domain.links import ends_at
from domain.pace import HOUR, Pace
from storage import outbox
from tests import clips
from tests.conftest import PACE, OpenWire, Wired
from tests.discordwire import Call, Channel, Message


async def task_of(w: Wired, n: int = 1) -> Task:
    """The n-th task that the API has accepted."""
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 15)
    return list(w.api.tasks.values())[n - 1]


async def begin(w: Wired, place: Channel | None = None, *, number: int = 1, **options: Any) -> Message:
    """A command that was taken as the n-th, and its card."""
    command = await w.wire.command("video", {"prompt": "a boat", **options}, channel=place or w.wire.channel)
    await command.response(timeout=10)
    await task_of(w, number)
    assert command.message is not None
    return command.message


def films_in(w: Wired, place: Channel) -> list[Message]:
    return [message for message in w.wire.messages(place) if message.files]


async def wait_row(w: Wired, sql: str) -> dict[str, Any]:
    """The first row that a question finds, within some seconds."""
    for _ in range(1500):
        if rows := await w.rows(sql):
            return rows[0]
        await asyncio.sleep(0.01)
    raise AssertionError(await w.rows("SELECT * FROM jobs"))


async def test_a_generation_costs_two_calls(open_wire: OpenWire) -> None:
    """On Discord's global limit a film costs its thread and its message; a server's tier is asked for once a day."""
    async with open_wire() as w:
        for n in (1, 2):
            before = len(w.wire.counted)
            command = await w.wire.command("video", {"prompt": f"boat {n}"})
            await command.response(timeout=10)
            await w.api.finish((await task_of(w, n)).id)
            await w.wire.wait_for(lambda command=command: "is ready" in command.text, timeout=15)
        calls = [f"{call.method} {call.template}" for call in w.wire.counted[before:]]
        assert calls == ["POST /channels/{channel}/messages/{message}/threads", "POST /channels/{channel}/messages"]


MESSAGES = "/channels/{channel}/messages"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"drop": True},
        {"status": 503, "after": True},  # it was sent, and the answer is an error
        {"drop": True, "after": True},  # it was sent, and the connection drops
    ],
    ids=["500", "503", "drop", "sent-503", "sent-drop"],
)
async def test_a_failing_send_is_tried_again_once(open_wire: OpenWire, fault: dict[str, Any]) -> None:
    """Whatever happens to the first sending, one film stands in the thread in the end."""
    async with open_wire() as w:
        await begin(w)
        hit = w.wire.fail("POST", r"/channels/\d+/messages$", times=1, **fault)
        await w.api.finish((await task_of(w)).id)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        assert len(hit.hits) == 1
        (film,) = [m for t in w.wire.threads() for m in films_in(w, t)]
        # A discord.File that was sent once is empty the next time, and Discord takes that without a word.
        assert film.files[0].sha256 == hashlib.sha256(clips.film()).hexdigest()
        nonces = {call.payload["nonce"] for call in w.wire.calls("POST", MESSAGES) if call.payload}
        assert len(nonces) == 1, "the same message keeps its number"


async def test_sent_long_ago_is_found_again(open_wire: OpenWire) -> None:
    """When the nonce no longer protects, the place's history does: our own message with the job's id is adopted."""
    async with open_wire() as w:
        w.wire.nonce_seconds = 0
        await begin(w)
        w.wire.fail("POST", r"/channels/\d+/messages$", times=1, drop=True, after=True)
        await w.api.finish((await task_of(w)).id)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        assert len([m for t in w.wire.threads() for m in films_in(w, t)]) == 1


async def test_a_pause_that_discord_asks_for_is_kept(open_wire: OpenWire) -> None:
    """Also where the answer does not look like Discord's own, for which discord.py does not wait."""
    async with open_wire() as w:
        await begin(w)
        w.wire.fail("POST", r"/channels/\d+/messages$", retry_after=1.5, via=False)
        await w.api.finish((await task_of(w)).id)
        await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in films_in(w, t)], timeout=15)
        first, second = (call.at for call in w.wire.calls("POST", MESSAGES))
        assert second - first >= 1.5


async def test_each_message_has_its_number(open_wire: OpenWire) -> None:
    """A lower rung and a redelivery are other messages: with the same number Discord would drop them without a word."""
    async with open_wire() as w:
        await begin(w)
        w.wire.deny(w.wire.channel, "SEND_MESSAGES_IN_THREADS", "SEND_MESSAGES")
        w.wire.close_dms(w.wire.member)
        await w.api.finish((await task_of(w)).id)
        row = await wait_row(w, "SELECT id FROM jobs WHERE undelivered = 1")
        nonces = [call.payload["nonce"] for call in w.wire.calls("POST", MESSAGES)]
        assert nonces == [f"{row['id']}.{n}" for n in (1, 2, 3)]
        w.wire.open_dms(w.wire.member)
        async with w.app.db.transaction() as conn:
            await outbox.reopen(conn, row["id"])
            await conn.execute("DELETE FROM remembered WHERE key LIKE 'refused:%'")
        w.app.parts.wake("delivery")
        await w.wire.wait_for(lambda: films_in(w, w.wire.dm(w.wire.member)), timeout=40)
        last = w.wire.calls("POST", MESSAGES)[-1].payload["nonce"]
        assert int(last.rpartition(".")[2]) > 3


async def test_a_message_that_is_not_ours_does_not_count(open_wire: OpenWire) -> None:
    """When Discord answers with another message of the same number, the film goes out with the next one."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        await begin(w, thread)
        (job,) = await w.rows("SELECT id FROM jobs")
        other = w.wire.messages(thread)[0]
        w.wire.nonces[thread.id, w.wire.bot.id, f"{job['id']}.1"] = (other, w.wire.now())
        await w.api.finish((await task_of(w)).id)
        (film,) = await w.wire.wait_for(lambda: films_in(w, thread), timeout=15)
        assert film.nonce == f"{job['id']}.2"
        row = await wait_row(w, "SELECT message_id FROM jobs WHERE announced_at > 0")
        assert row["message_id"] == film.id


async def test_three_films_at_once(open_wire: OpenWire) -> None:
    """However many are finished, three are fetched and posted at a time, and all of them come."""
    async with open_wire(member_in_flight=9, server_in_flight=9, total_in_flight=9) as w:
        w.api.max_in_flight = 9
        for n in range(1, 8):
            await begin(w, number=n, prompt=f"boat {n}")
        held: list[str] = []
        go_on = asyncio.Event()

        async def hold(call: Call) -> None:
            if call.template == MESSAGES:
                held.append(call.path)
                await go_on.wait()

        w.wire.on_request(hold)
        for task in list(w.api.tasks.values()):
            await w.api.finish(task.id)
        await w.wire.wait_for(lambda: len(held) == 3, timeout=15)
        await wait_row(w, "SELECT count(*) FROM jobs WHERE state = 'ready' HAVING count(*) = 7")
        assert len(held) == 3
        go_on.set()
        await w.wire.wait_for(lambda: sum(len(films_in(w, t)) for t in w.wire.threads()) == 7, timeout=30)


async def test_what_a_conversation_takes_says_nothing_about_the_server(
    open_wire: OpenWire, footage: dict[str, bytes]
) -> None:
    """A direct message that refuses a size is no reason to squeeze the server's next films."""
    async with open_wire() as w:
        footage["film"] = clips.film(640, 360, 4.0, fps=24, noise=True)
        w.wire.guild.upload_limit = 20 * 1024 * 1024
        await begin(w)
        w.wire.deny(w.wire.channel, "SEND_MESSAGES_IN_THREADS", "SEND_MESSAGES")
        await w.api.finish((await task_of(w)).id)
        dm = w.wire.dm(w.wire.member)
        (film,) = await w.wire.wait_for(lambda: films_in(w, dm), timeout=100)
        assert film.files[0].size <= w.wire.dm_limit < len(footage["film"])
        (learned,) = await w.rows("SELECT value FROM remembered WHERE key LIKE 'limit:%'")
        assert learned["value"] == 20 * 1024 * 1024


async def test_too_large_is_fitted_and_learned(open_wire: OpenWire, footage: dict[str, bytes]) -> None:
    """A server that refuses the size teaches its limit: the film is encoded to fit, and the next one at once."""
    big = clips.film(640, 360, 4.0, fps=24, noise=True)
    async with open_wire() as w:
        footage["film"] = big
        limit = w.wire.guild.upload_limit = 10 * 1024 * 1024
        assert limit < len(big) < 20 * 1024 * 1024
        await begin(w)
        await w.api.finish((await task_of(w)).id)
        (film,) = await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in films_in(w, t)], timeout=100)
        assert 0.9 * limit <= film.files[0].size <= limit
        (learned,) = await w.rows("SELECT value FROM remembered WHERE key LIKE 'limit:%'")
        assert learned["value"] == limit


async def test_what_cannot_be_fitted_is_a_link(open_wire: OpenWire) -> None:
    """Where no file is taken at all, the message has the film's link, with the day that it dies."""
    async with open_wire() as w:
        w.wire.guild.upload_limit = 1000
        await begin(w)
        task = await task_of(w)
        await w.api.finish(task.id)
        (message,) = await w.wire.wait_for(
            lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if "Too large" in m.content], timeout=60
        )
        assert task.response is not None
        link = task.response["data"][0]["video_url"]
        assert link in message.content
        assert f"works until <t:{(ends_at(link) or 0) // 1000}:D>" in message.content
        assert not message.files


async def test_a_dead_link_is_renewed(open_wire: OpenWire) -> None:
    """When the link is dead, the tasks are asked for a fresh one, and the film comes, also days after its end."""
    async with open_wire() as w:
        await begin(w)
        task = await task_of(w)
        await w.api.finish(task.id)
        job = await wait_row(w, "SELECT id FROM jobs WHERE announced_at > 0")
        async with w.app.db.transaction() as conn:
            await conn.execute("UPDATE films SET url = url || 'x'")
            await conn.execute("UPDATE jobs SET undelivered = 1, ended_at = ended_at - 9 * 86400000")
        moderator = w.wire.add_member("mod", w.wire.add_role("Moderators", "MANAGE_GUILD"))
        await w.wire.command("manage redeliver", {"job": job["id"]}, member=moderator)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0 AND undelivered = 0")
        assert len([m for t in w.wire.threads() for m in films_in(w, t)]) == 2


def test_a_day_of_tries() -> None:
    """A film is fetched in vain for a day, by the pauses that were made: neither less nor much more."""
    tries = next(n for n in itertools.count(1) if Pace().next_fetch(0, n) is None)
    assert 24 * HOUR <= sum(Pace().deliver[: tries - 1]) <= 25 * HOUR


@pytest.mark.parametrize("word", ["deadlink", "notvideo", "cut"])
async def test_no_film_for_a_day_is_refunded(open_wire: OpenWire, word: str) -> None:
    """A success whose film never can be had gives its credits back, and says so."""
    pace = replace(PACE, film=300)
    async with open_wire(pace=pace) as w:
        await begin(w, prompt=f"a boat, {word}")
        trouble = w.wire.fail("POST", r"/channels/\d+/messages$", status=503, times=1)  # saying so has tries of its own
        await w.api.finish((await task_of(w)).id)
        (reply,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "could not be fetched" in m.content], timeout=20
        )
        assert trouble.hits
        assert "Nothing was charged" in reply.content
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
        kinds = [row["kind"] for row in await w.rows("SELECT kind FROM ledger ORDER BY id")]
        assert kinds == ["hold", "capture", "refund"]


@pytest.mark.parametrize("public_url", [True, False], ids=["called back", "looked at"])
async def test_a_film_that_comes_late_is_free(open_wire: OpenWire, *, public_url: bool) -> None:
    """A success after the end is delivered all the same, and nothing is charged for it: also where only looks tell."""
    pace = replace(PACE, deadline=500)
    async with open_wire(pace=pace, **({} if public_url else {"public_url": ""})) as w:
        await begin(w)
        await wait_row(w, "SELECT 1 FROM jobs WHERE state = 'expired' AND announced_at > 0")
        await w.api.finish((await task_of(w)).id)
        (film,) = await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in films_in(w, t)], timeout=15)
        assert "came after all, and is free" in film.content
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
        if not public_url:
            await wait_row(w, "SELECT 1 FROM jobs WHERE state = 'expired' AND next_look_at = 0")  # never again


async def test_an_end_does_not_overtake_its_card(open_wire: OpenWire) -> None:
    """Refused at once while the card is on its way: the reply comes after it, to it, and the card says so."""
    async with open_wire() as w:
        shown = asyncio.Event()

        async def hold(call: Call) -> None:
            if call.template.endswith("/callback"):
                await shown.wait()

        w.wire.on_request(hold, "before")
        command = await w.wire.command("video", {"prompt": "a boat, refuse"})
        await wait_row(w, "SELECT 1 FROM jobs WHERE state = 'failed'")
        assert w.wire.messages(w.wire.channel) == []
        shown.set()
        card = await command.response(timeout=10)
        (reply,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "declined" in m.content], timeout=10
        )
        assert reply.reference is not None
        await w.wire.wait_for(lambda: "No film" in card.text, timeout=10)
        assert "Cancel" not in card.text
