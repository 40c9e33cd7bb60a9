"""Places: whatever happens to where a film was asked for, the member gets it in the best place that is left, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from storage import memory
from tests.conftest import OpenWire, Wired
from tests.discordwire import Call, Channel, DiscordWire, Message
from tests.test_delivery import begin, films_in, task_of, wait_row

#: What a test does to the world, given the thread (or the card's channel) and the card.
Act = Callable[[Wired, Channel, Message], object]


@dataclass(frozen=True)
class Row:
    """What happens to a place, and where the film comes: "there", "thread" (its own), "channel", "dm" or "nowhere"."""

    happens: Act
    where: str
    #: An earlier film of the same member has its thread there.
    spare: bool = False
    #: Whom the message reaches; nobody who has left the server.
    pings: bool = True


def _archive(w: Wired, place: Channel, card: Message) -> None:
    place.archived = True


def _lock(w: Wired, place: Channel, card: Message) -> None:
    place.archived = place.locked = True


def _delete(w: Wired, place: Channel, card: Message) -> None:
    w.wire.delete_channel(place)


def _delete_card(w: Wired, place: Channel, card: Message) -> None:
    w.wire.delete_message(card)


def _deny(*names: str) -> Act:
    return lambda w, place, card: w.wire.deny(place.parent or place, *names)


def _remove(w: Wired, place: Channel, card: Message) -> None:
    w.wire.remove_bot(w.wire.guild)


def _member_leaves(w: Wired, place: Channel, card: Message) -> None:
    del w.wire.guild.members[w.wire.member.id]
    w.wire.close_dms(w.wire.member, 50278)


def _close_dms(then: Act) -> Act:
    def both(w: Wired, place: Channel, card: Message) -> None:
        w.wire.close_dms(w.wire.member)
        then(w, place, card)

    return both


def _automod(w: Wired, place: Channel, card: Message) -> None:
    """Discord's own moderator takes no message of the bot in this server."""
    dm = w.wire.dm(w.wire.member)
    w.wire.fail("POST", rf"/channels/(?!{dm.id}/)\d+/messages$", status=400, code=200000, times=None)


def _once(path: str, code: int, then: Act = lambda *_: None) -> Act:
    """One call is refused for a reason that passes."""

    def fail(w: Wired, place: Channel, card: Message) -> None:
        w.wire.fail("POST", path, status=403, code=code)
        then(w, place, card)

    return fail


def _threads_fail(**how: object) -> Act:
    def fail(w: Wired, place: Channel, card: Message) -> None:
        w.wire.fail("POST", rf"/channels/{place.id}/messages/\d+/threads", times=None, **how)  # type: ignore[arg-type]

    return fail


def _later_in_its_thread(then: Act) -> Act:
    """Right after the bot has made the film's thread."""

    def plan(w: Wired, place: Channel, card: Message) -> None:
        async def after(call: Call) -> None:
            if call.template.endswith("/threads"):
                then(w, w.wire.channels[card.id], card)

        w.wire.on_request(after, "after")

    return plan


_LIMITED = _threads_fail(retry_after=250, scope="shared")

#: Asked for in a thread.
IN_A_THREAD = {
    "nothing": Row(lambda *_: None, "there"),
    "archived": Row(_archive, "there"),  # sending opens it again
    "locked": Row(_lock, "dm"),  # only moderators may open it
    "deleted": Row(_delete, "dm"),
    "its channel deleted": Row(lambda w, place, card: _delete(w, w.wire.channel, card), "dm"),
    "its channel hidden": Row(_deny("VIEW_CHANNEL"), "dm"),
    "no posting in threads": Row(_deny("SEND_MESSAGES_IN_THREADS"), "dm"),
    "no files": Row(_deny("ATTACH_FILES"), "dm"),
    "no history": Row(_deny("READ_MESSAGE_HISTORY"), "there"),  # then it is no reply
    "card deleted": Row(_delete_card, "there"),
    "automod": Row(_automod, "dm"),
    "bot removed": Row(_remove, "dm"),
    "member left": Row(_member_leaves, "there", pings=False),
    "locked, and DMs closed": Row(_close_dms(_lock), "nowhere"),
}

#: Asked for in a channel.
IN_A_CHANNEL = {
    "nothing": Row(lambda *_: None, "thread"),
    "card deleted": Row(_delete_card, "channel"),
    "no threads allowed": Row(_deny("CREATE_PUBLIC_THREADS"), "channel"),
    "no posting in threads": Row(_deny("SEND_MESSAGES_IN_THREADS"), "channel"),
    "no posting in the channel": Row(_deny("SEND_MESSAGES"), "thread"),
    "no history": Row(_deny("READ_MESSAGE_HISTORY", "CREATE_PUBLIC_THREADS"), "channel"),  # then it is no reply
    "no files": Row(_deny("ATTACH_FILES"), "dm"),
    "threads too often": Row(_LIMITED, "channel"),
    "threads too often, by who knows whom": Row(_threads_fail(retry_after=250, via=False), "channel"),
    "threads too often, and one is there": Row(_LIMITED, "spare", spare=True),
    "too many threads": Row(_threads_fail(status=400, code=160006), "channel"),
    "no threads on this message": Row(_threads_fail(status=400, code=50024), "channel"),
    "a reason without a name": Row(_threads_fail(status=400, code=99_999), "channel"),
    "hidden": Row(_deny("VIEW_CHANNEL"), "dm"),
    "deleted": Row(_delete, "dm"),
    "automod": Row(_automod, "dm"),
    "bot removed": Row(_remove, "dm"),
    "member left": Row(_member_leaves, "thread", pings=False),
    "hidden, and the member left": Row(_close_dms(_deny("VIEW_CHANNEL")), "nowhere"),
    "hidden, and DMs opened too fast": Row(_once("/users/@me/channels", 40003, _deny("VIEW_CHANNEL")), "dm"),
    "sending switched off for a moment": Row(_once(r"/channels/\d+/messages$", 40004), "thread"),
    "removed, and DMs closed": Row(_close_dms(_remove), "nowhere"),
    "its thread archived": Row(_later_in_its_thread(_archive), "thread"),
    "its thread locked": Row(_later_in_its_thread(_lock), "channel"),
    "its thread deleted": Row(_later_in_its_thread(_delete), "channel"),
    "its thread hidden": Row(_later_in_its_thread(_deny("SEND_MESSAGES_IN_THREADS")), "channel"),
}


def _found(w: Wired, where: str, asked: Channel, spare: Channel | None) -> list[Message]:
    places = {
        "there": [asked],
        "thread": [one for one in w.wire.threads() if one is not spare],
        "spare": [spare] if spare else [],
        "channel": [w.wire.channel],
        "dm": [w.wire.dm(w.wire.member)],
    }[where]
    return [message for place in places for message in films_in(w, place)]


async def _walk(w: Wired, row: Row, asked: Channel) -> None:
    w.wire.add_member(w.wire.member.user, guild=w.wire.add_guild("Elsewhere"))  # where bot and member still meet
    spare: Channel | None = None
    number = 1
    if row.spare:
        await begin(w, asked, prompt="an earlier film")
        await w.api.finish((await task_of(w)).id)
        (spare,) = await w.wire.wait_for(lambda: w.wire.threads(), timeout=15)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        number = 2
    card = await begin(w, asked, number=number)
    row.happens(w, asked, card)
    before = len(_all_films(w))
    await w.api.finish((await task_of(w, number)).id)
    if row.where == "nowhere":
        await wait_row(w, "SELECT 1 FROM jobs WHERE undelivered = 1")
        assert _all_films(w) == []
        return
    await w.wire.wait_for(lambda: len(_all_films(w)) > before, timeout=15)
    await wait_row(w, f"SELECT count(*) FROM jobs WHERE announced_at > 0 HAVING count(*) = {number}")
    film = _found(w, row.where, asked, spare)[-1]
    assert film.pings.users == ({w.wire.member.id} if row.pings else set())
    assert len(_all_films(w)) == before + 1, "it came more than once"


async def test_a_refusal_ends_with_its_cause(open_wire: OpenWire) -> None:
    """Rights that are back, and direct messages that are open again, are seen at the next command, over a restart."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            thread = wire.add_thread(wire.channel, "films")
            await begin(w, thread)
            wire.deny(wire.channel, "SEND_MESSAGES_IN_THREADS")
            wire.close_dms(wire.member)
            await w.api.finish((await task_of(w)).id)
            await wait_row(w, "SELECT 1 FROM jobs WHERE undelivered = 1")
            assert len(await w.rows("SELECT 1 FROM remembered WHERE key LIKE 'refused:%'")) == 2
        wire.allow(wire.channel, "SEND_MESSAGES_IN_THREADS")
        wire.open_dms(wire.member)
        async with open_wire(wire=wire, starts=2) as w:
            await begin(w, thread, number=2, prompt="another")
            await w.api.finish((await task_of(w, 2)).id)
            await wire.wait_for(lambda: films_in(w, thread), timeout=15)
            await (await wire.command("video", {"prompt": "a secret", "private": True})).response()
            await w.api.finish((await task_of(w, 3)).id)
            await wire.wait_for(lambda: films_in(w, wire.dm(wire.member)), timeout=15)


def _all_films(w: Wired) -> list[Message]:
    return [message for place in w.wire.channels.values() for message in films_in(w, place)]


@pytest.mark.parametrize("name", IN_A_THREAD)
async def test_asked_for_in_a_thread(open_wire: OpenWire, name: str) -> None:
    """The film comes to the thread where it was asked for, else by direct message: once, with a ping."""
    async with open_wire() as w:
        await _walk(w, IN_A_THREAD[name], w.wire.add_thread(w.wire.channel, "films"))
        assert w.wire.unexpected == []


@pytest.mark.parametrize("name", IN_A_CHANNEL)
async def test_asked_for_in_a_channel(open_wire: OpenWire, name: str) -> None:
    """The film comes in a thread of its card, else in the channel, else by direct message: once, with a ping."""
    async with open_wire() as w:
        await _walk(w, IN_A_CHANNEL[name], w.wire.channel)
        assert w.wire.unexpected == []


@pytest.mark.parametrize(("kind", "where"), [("announcement", "thread"), ("voice", "there"), ("stage", "there")])
async def test_other_kinds_of_channels(open_wire: OpenWire, kind: str, where: str) -> None:
    """An announcement channel has its threads, voice and stage chat none: there it is a reply."""
    async with open_wire() as w:
        place = w.wire.add_channel("place", kind)
        await _walk(w, Row(lambda *_: None, where), place)


async def test_in_a_post_of_a_forum(open_wire: OpenWire) -> None:
    """A forum's post is a thread: the film comes there."""
    async with open_wire() as w:
        post = w.wire.add_thread(w.wire.add_channel("ideas", "forum"), "a post")
        await _walk(w, Row(lambda *_: None, "there"), post)


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
        mine = await (await w.wire.command("history", channel=elsewhere)).response(timeout=10)
        assert "found no place: a moderator can send it again" in mine.text
        again = {"job": row["id"]}
        outsider = await w.wire.command("manage redeliver", again, channel=elsewhere, force=True)
        assert "This is for moderators" in (await outsider.response(timeout=10)).text
        sent = await w.wire.command("manage redeliver", again, member=moderator, channel=elsewhere)
        assert "on its way again" in (await sent.response(timeout=10)).text
        conversation = w.wire.dm(w.wire.member)
        await w.wire.wait_for(lambda: films_in(w, conversation), timeout=15)
        await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
        mine = await (await w.wire.command("history", channel=elsewhere)).response(timeout=10)
        assert f"https://discord.com/channels/@me/{conversation.id}/" in mine.text
        twice = await w.wire.command("manage redeliver", again, member=moderator, channel=elsewhere)
        assert "no such undelivered film" in (await twice.response(timeout=10)).text


@pytest.mark.parametrize("word", ["", ", fail"], ids=["film", "failure"])
async def test_a_private_film_has_one_place(open_wire: OpenWire, word: str) -> None:
    """When direct messages close meanwhile, a private film and its failure are said nowhere else, nor listed."""
    async with open_wire() as w:
        await (await w.wire.command("video", {"prompt": f"a secret{word}", "private": True})).response(timeout=10)
        task = await task_of(w)
        w.wire.close_dms(w.wire.member)
        await w.api.finish(task.id)
        await wait_row(w, "SELECT 1 FROM jobs WHERE undelivered = 1")
        assert [m for m in w.wire.messages(w.wire.channel) if "secret" in m.text + m.content] == []
        assert w.wire.threads() == _all_films(w) == []
        moderator = w.wire.add_member("mod", w.wire.add_role("Moderators", "MANAGE_GUILD"))
        listed = await (await w.wire.command("manage jobs", member=moderator)).response(timeout=10)
        (job,) = await w.rows("SELECT id FROM jobs")
        assert job["id"] not in listed.text


@pytest.mark.parametrize("known", [False, True])
async def test_removed_from_the_server(open_wire: OpenWire, known: bool) -> None:
    """When a delivery learns that the bot was removed, what still waits there is not begun, and its credits go back:
    also where the server's limit is known, so that nobody need ask about it."""
    async with open_wire(member_in_flight=1) as w:
        if known:
            async with w.app.db.transaction() as conn:
                await memory.remember(conn, f"limit:{w.wire.guild.id}", 20 * 1024 * 1024, 2 * 10**12)
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
