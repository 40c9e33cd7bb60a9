"""Delivery: where the film goes when its place is lost, what a too large one becomes, and that it comes once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from demo.life import Task
from tests import clips
from tests.conftest import PACE, OpenWire, Wired
from tests.discordwire import Call, Channel, Message


async def task_of(w: Wired, n: int = 1) -> Task:
    """The n-th task that the API has accepted."""
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 15)
    return list(w.api.tasks.values())[n - 1]


async def begin(w: Wired, place: Channel | None = None, **options: Any) -> Message:
    """A command that was taken, and its card."""
    command = await w.wire.command("video", {"prompt": "a boat", **options}, channel=place or w.wire.channel)
    await command.response(timeout=10)
    await task_of(w)
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


def _archive(w: Wired, thread: Channel) -> None:
    thread.archived = True


def _lock(w: Wired, thread: Channel) -> None:
    thread.archived = thread.locked = True


#: What happens in a thread while its film is made → where the film comes.
IN_A_THREAD: list[tuple[str, Callable[[Wired, Channel], None], str]] = [
    ("archived", _archive, "thread"),  # sending opens it again
    ("locked", _lock, "dm"),  # only moderators may open it
    ("deleted", lambda w, thread: w.wire.delete_channel(thread), "dm"),
    ("forbidden", lambda w, thread: w.wire.deny(w.wire.channel, "SEND_MESSAGES_IN_THREADS"), "dm"),
]


@pytest.mark.parametrize(("name", "happens", "where"), IN_A_THREAD, ids=[row[0] for row in IN_A_THREAD])
async def test_asked_for_in_a_thread(
    open_wire: OpenWire, name: str, happens: Callable[[Wired, Channel], None], where: str
) -> None:
    """The film comes to the thread where it was asked for, else by direct message."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        await begin(w, thread)
        happens(w, thread)
        await w.api.finish((await task_of(w)).id)
        place = thread if where == "thread" else w.wire.dm(w.wire.member)
        (film,) = await w.wire.wait_for(lambda: films_in(w, place), timeout=15)
        assert film.pings.users == {w.wire.member.id}
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        assert w.wire.unexpected == []


def _limit_threads(w: Wired, card: Message) -> None:
    w.wire.fail("POST", r"/channels/\d+/messages/\d+/threads", status=429, retry_after=250, scope="shared", times=None)


def _remove(w: Wired, card: Message) -> None:
    w.wire.remove_bot(w.wire.guild)


#: What happens in a channel while a film is made → where the film comes.
IN_A_CHANNEL: list[tuple[str, Callable[[Wired, Message], None], str]] = [
    ("nothing", lambda w, card: None, "thread"),
    ("card deleted", lambda w, card: w.wire.delete_message(card), "channel"),
    ("no threads allowed", lambda w, card: w.wire.deny(w.wire.channel, "CREATE_PUBLIC_THREADS"), "channel"),
    ("threads too often", _limit_threads, "channel"),
    ("no posting allowed", lambda w, card: w.wire.deny(w.wire.channel, "VIEW_CHANNEL"), "dm"),
    ("channel deleted", lambda w, card: w.wire.delete_channel(w.wire.channel), "dm"),
    ("bot removed", _remove, "dm"),
]


@pytest.mark.parametrize(("name", "happens", "where"), IN_A_CHANNEL, ids=[row[0] for row in IN_A_CHANNEL])
async def test_asked_for_in_a_channel(
    open_wire: OpenWire, name: str, happens: Callable[[Wired, Message], None], where: str
) -> None:
    """The film comes in a thread of its card, else in the channel, else by direct message: once, with a ping."""
    async with open_wire() as w:
        other = w.wire.add_guild("Elsewhere")  # where the bot and the member still meet
        w.wire.add_member(w.wire.member.user, guild=other)
        card = await begin(w)
        happens(w, card)
        await w.api.finish((await task_of(w)).id)

        def found() -> list[Message]:
            places = {
                "thread": w.wire.threads(),
                "channel": [w.wire.channel],
                "dm": [w.wire.dm(w.wire.member)],
            }[where]
            return [message for place in places for message in films_in(w, place)]

        (film,) = await w.wire.wait_for(found, timeout=15)
        assert film.pings.users == {w.wire.member.id}
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        assert len(found()) == 1


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


async def test_automod_on_the_title(open_wire: OpenWire) -> None:
    """When the server's rules refuse the prompt as a title, the thread gets the model's name."""
    async with open_wire() as w:
        await begin(w)
        w.wire.fail("POST", r"/channels/\d+/messages/\d+/threads", status=400, code=200001, times=1)
        await w.api.finish((await task_of(w)).id)
        (thread,) = await w.wire.wait_for(lambda: w.wire.threads(), timeout=15)
        assert thread.name == "Sora 2 film"
        await w.wire.wait_for(lambda: films_in(w, thread), timeout=15)


async def test_nowhere_to_go_is_listed(open_wire: OpenWire) -> None:
    """No channel and no direct message: it counts as undelivered, stays paid for, and is not tried for ever."""
    async with open_wire() as w:
        await begin(w)
        w.wire.delete_channel(w.wire.channel)
        w.wire.close_dms(w.wire.member)
        await w.api.finish((await task_of(w)).id)
        row = await wait_row(w, "SELECT id, state, announced_at FROM jobs WHERE undelivered = 1")
        assert (row["state"], row["announced_at"]) == ("ready", 0)

        moderator = w.wire.add_member("mod", w.wire.add_role("Moderators", "MANAGE_GUILD"))
        w.wire.open_dms(w.wire.member)
        elsewhere = w.wire.add_channel("elsewhere", "text")
        listed = await (await w.wire.command("manage jobs", member=moderator, channel=elsewhere)).response(timeout=10)
        assert row["id"] in listed.text
        again = {"job": row["id"]}
        outsider = await w.wire.command("manage redeliver", again, channel=elsewhere, force=True)
        assert "This is for moderators" in (await outsider.response(timeout=10)).text
        sent = await w.wire.command("manage redeliver", again, member=moderator, channel=elsewhere)
        assert "on its way again" in (await sent.response(timeout=10)).text
        await w.wire.wait_for(lambda: films_in(w, w.wire.dm(w.wire.member)), timeout=15)
        twice = await w.wire.command("manage redeliver", again, member=moderator, channel=elsewhere)
        assert "no such undelivered film" in (await twice.response(timeout=10)).text


async def test_removed_from_the_server(open_wire: OpenWire) -> None:
    """When a delivery learns that the bot was removed, what still waits there is not begun, and its credits go back."""
    async with open_wire(member_in_flight=1) as w:
        w.wire.add_member(w.wire.member.user, guild=w.wire.add_guild("Elsewhere"))
        await begin(w)
        for prompt in ("the next in turn", "one that waits"):
            await (await w.wire.command("video", {"prompt": prompt})).response(timeout=10)
        w.wire.remove_bot(w.wire.guild)
        await w.api.finish((await task_of(w)).id)
        await wait_row(w, "SELECT 1 FROM jobs WHERE state = 'cancelled' AND reason = 'bot_removed'")
        await w.wire.wait_for(lambda: films_in(w, w.wire.dm(w.wire.member)), timeout=15)


async def test_a_refusal_is_remembered(open_wire: OpenWire) -> None:
    """A channel that said no is not asked again for the next film."""
    async with open_wire(member_in_flight=2) as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        for n in (1, 2):
            command = await w.wire.command("video", {"prompt": f"boat {n}"}, channel=thread)
            await command.response(timeout=10)
            await task_of(w, n)
        w.wire.deny(w.wire.channel, "SEND_MESSAGES_IN_THREADS")
        for n in (1, 2):
            await w.api.finish((await task_of(w, n)).id)
            dm = w.wire.dm(w.wire.member)
            await w.wire.wait_for(lambda dm=dm, n=n: len(films_in(w, dm)) == n, timeout=15)
        asked = [
            call for call in w.wire.log if call.method == "POST" and f"/channels/{thread.id}/messages" in call.path
        ]
        assert len(asked) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"drop": True},
        {"status": 503, "after": True},  # it was sent, and the answer is an error
        {"drop": True, "after": True},  # it was sent, and the connection drops
    ],
    ids=["503", "drop", "sent-503", "sent-drop"],
)
async def test_a_failing_send_is_tried_again_once(open_wire: OpenWire, fault: dict[str, Any]) -> None:
    """Whatever happens to the first sending, one film stands in the thread in the end."""
    async with open_wire() as w:
        await begin(w)
        hit = w.wire.fail("POST", r"/channels/\d+/messages$", times=1, **fault)
        await w.api.finish((await task_of(w)).id)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        assert len(hit.hits) == 1
        assert len([m for t in w.wire.threads() for m in films_in(w, t)]) == 1


async def test_sent_long_ago_is_found_again(open_wire: OpenWire) -> None:
    """When the nonce no longer protects, the place's history does: our own message with the job's id is adopted."""
    async with open_wire() as w:
        w.wire.nonce_seconds = 0
        await begin(w)
        w.wire.fail("POST", r"/channels/\d+/messages$", times=1, drop=True, after=True)
        await w.api.finish((await task_of(w)).id)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        assert len([m for t in w.wire.threads() for m in films_in(w, t)]) == 1


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
    """Where no file is taken at all, the message has the film's link, and says that links end."""
    async with open_wire() as w:
        w.wire.guild.upload_limit = 1000
        await begin(w)
        task = await task_of(w)
        await w.api.finish(task.id)
        (message,) = await w.wire.wait_for(
            lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if "Too large" in m.content], timeout=60
        )
        assert task.response is not None
        assert task.response["data"][0]["video_url"] in message.content
        assert not message.files


async def test_a_dead_link_is_renewed(open_wire: OpenWire) -> None:
    """When the film's link is dead, the tasks are asked for a fresh one, and the film comes."""
    async with open_wire() as w:
        await begin(w)
        task = await task_of(w)
        await w.api.finish(task.id)
        job = await wait_row(w, "SELECT id FROM jobs WHERE announced_at > 0")
        async with w.app.db.transaction() as conn:
            await conn.execute("UPDATE films SET url = url || 'x'")
            await conn.execute("UPDATE jobs SET undelivered = 1")
        moderator = w.wire.add_member("mod", w.wire.add_role("Moderators", "MANAGE_GUILD"))
        await w.wire.command("manage redeliver", {"job": job["id"]}, member=moderator)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0 AND undelivered = 0")
        assert len([m for t in w.wire.threads() for m in films_in(w, t)]) == 2


async def test_no_film_for_a_day_is_refunded(open_wire: OpenWire) -> None:
    """A success whose film never can be fetched gives its credits back, and says so."""
    pace = replace(PACE, film=300)
    async with open_wire(pace=pace) as w:
        await begin(w, prompt="a boat, deadlink")
        await w.api.finish((await task_of(w)).id)
        (reply,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "could not be fetched" in m.content], timeout=20
        )
        assert "Nothing was charged" in reply.content
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
        kinds = [row["kind"] for row in await w.rows("SELECT kind FROM ledger ORDER BY id")]
        assert kinds == ["hold", "capture", "refund"]


async def test_a_film_that_comes_late_is_free(open_wire: OpenWire) -> None:
    """A success after the end is delivered all the same, and nothing is charged for it."""
    pace = replace(PACE, deadline=500)
    async with open_wire(pace=pace) as w:
        await begin(w)
        await wait_row(w, "SELECT 1 FROM jobs WHERE state = 'expired' AND announced_at > 0")
        await w.api.finish((await task_of(w)).id)
        (film,) = await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in films_in(w, t)], timeout=15)
        assert "came after all, and is free" in film.content
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]


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
