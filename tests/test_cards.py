"""Waiting cards, over the wire: their places are true, the turn is said, and what is newest stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from domain.turns import Caps
from service.latecards import LateCards
from service.turns import Turns
from tests.conftest import PACE, OpenWire, Wired
from tests.discordwire import Call, Interaction
from tests.discordwire.model import walk
from tests.test_dispatch import ask, films, tasks, until_rows
from ui.board import Board

MADE = "Being made now"
EDIT = "/webhooks/{application}/{token}/messages/{message}"


def buttons(card: Interaction) -> list[str]:
    """The labels of what can be pressed."""
    return [part["label"] for part in walk(card.components) if part.get("custom_id")]


def changes(w: Wired, card: Interaction) -> list[Call]:
    """Every change of a card through its interaction."""
    return [call for call in w.wire.calls("PATCH", EDIT) if card.token in call.path]


def late_cards(w: Wired, clock: Callable[[], int]) -> LateCards:
    """Another one beside the bot's own, with a clock of the test's."""
    return LateCards(w.app.db, board=Board(w.app.bot, clock=clock), turns=Turns(Caps(1, 1, 1)), clock=clock)


async def test_the_card_says_that_its_turn_has_come(open_wire: OpenWire) -> None:
    """After a wait it says that the film is being made, and offers not to post it, at no cost to the global limit."""
    async with open_wire(member_in_flight=1) as w:
        first = await ask(w, "first")
        (task,) = await tasks(w, 1)
        second = await ask(w, "second")
        assert "the queue" not in first.text
        assert "Next in the queue, as of <t:" in second.text
        assert buttons(second) == ["Cancel"]
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: MADE in second.text)
        assert buttons(second) == ["Don't post it"]
        assert len(await tasks(w, 2)) == 2
        await w.api.finish((await tasks(w, 2))[1].id)
        await w.wire.wait_for(lambda: "is ready" in first.text and "is ready" in second.text)
        assert len(changes(w, first)) == 1, "a film that need not wait has its card changed once: at its end"
        assert w.wire.calls("PATCH", "/channels/{channel}/messages/{message}") == []


async def test_places_move_up(open_wire: OpenWire) -> None:
    """Each end moves the others up, and no card is changed more often than the pace says."""
    async with open_wire(member_in_flight=1) as w:
        cards = [await ask(w, f"film {n}") for n in range(4)]
        await tasks(w, 1)
        assert "2 in front of it" in cards[3].text
        for n in range(2):
            await w.api.finish((await tasks(w, n + 1))[n].id)
        await w.wire.wait_for(lambda: MADE in cards[2].text and "Next in the queue" in cards[3].text)
        times = [call.at for call in changes(w, cards[3])]
        assert all(later - sooner >= PACE.card / 1000 for sooner, later in pairwise(times))


async def test_an_estimate_that_passes_is_made_anew(open_wire: OpenWire) -> None:
    """When the queue does not move, the moment that the card expects moves instead of lying in the past."""
    async with open_wire(member_in_flight=1) as w:
        await ask(w, "first")
        await tasks(w, 1)
        second = await ask(w, "second")
        async with w.app.db.transaction() as conn:
            await conn.execute("UPDATE jobs SET card_ready_at = card_ready_at - 3600000")
        await w.wire.wait_for(lambda: changes(w, second))
        assert "Next in the queue" in second.text


async def test_not_posted_as_asked(open_wire: OpenWire) -> None:
    """Pressed while it is made, "Don't post it" keeps the film out, and the card says so at the end."""
    async with open_wire(member_in_flight=1) as w:
        await ask(w, "first")
        (task,) = await tasks(w, 1)
        second = await ask(w, "second")
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: MADE in second.text)
        name = next(name for name in second.message.custom_ids if name.startswith("job:mute:"))
        pressed = await (await w.wire.press(second.message, name)).response()
        assert "will not be posted" in pressed.text
        await w.wire.wait_for(lambda: films(w))
        await w.api.finish((await tasks(w, 2))[1].id)
        await w.wire.wait_for(lambda: "was not posted" in second.text)
        await until_rows(w, "SELECT muted, announced_at > 0 FROM jobs ORDER BY created_at", [(0, 1), (1, 1)])
        assert len(films(w)) == 1
        assert second.message.custom_ids == []


async def test_not_posted_at_the_last_moment(open_wire: OpenWire) -> None:
    """Until its message goes out a film can be kept back; after that the member hears that it is too late."""
    async with open_wire() as w:
        card = await ask(w, "a boat")
        (task,) = await tasks(w, 1)
        offered = await (await w.wire.press(card.message, card.message.custom_ids[0])).response()
        mute = offered.message.custom_ids[0]
        said: list[str] = []

        async def press(call: Call) -> None:
            if call.template.endswith("/threads"):
                said.append((await (await w.wire.press(offered.message, mute)).response()).text)

        w.wire.on_request(press)
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: "was not posted" in card.text)
        assert "will not be posted" in said[0]
        assert films(w) == []
        w.wire.clear_hooks()

        other = await ask(w, "another")
        offered = await (await w.wire.press(other.message, other.message.custom_ids[0])).response()
        await w.api.finish((await tasks(w, 2))[1].id)
        await w.wire.wait_for(lambda: films(w))
        late = await (await w.wire.press(offered.message, offered.message.custom_ids[0])).response()
        assert "posted already" in late.text


async def test_the_newest_state_stays(open_wire: OpenWire) -> None:
    """A slow word about the turn does not overwrite the end that comes meanwhile, and holds up no other film."""
    async with open_wire(member_in_flight=1) as w:
        # discord.py itself lets nothing overtake by one interaction: here the bot's own calls are raced.
        w.wire.token_seconds = 0
        earlier = await ask(w, "earlier")
        await make_old(w)
        await w.api.finish((await tasks(w, 1))[0].id)
        await w.wire.wait_for(lambda: "is ready" in earlier.text)
        await ask(w, "first")
        second = await ask(w, "second")
        await make_old(w)
        held, go_on = list[Call](), asyncio.Event()

        async def hold(call: Call) -> None:
            if call.method == "PATCH" and str(second.message.id) in call.path and not held:
                held.append(call)
                await go_on.wait()

        w.wire.on_request(hold)
        await w.api.finish((await tasks(w, 2))[1].id)
        await w.wire.wait_for(lambda: held)
        await w.api.finish((await tasks(w, 3))[2].id)
        await ask(w, "third")
        await tasks(w, 4)
        await w.wire.wait_for(lambda: len(films(w)) == 3)
        await until_rows(w, "SELECT count(*) FROM jobs WHERE state = 'ready'", [(3,)])
        go_on.set()
        await w.wire.wait_for(lambda: "is ready" in second.text)
        await until_rows(w, "SELECT count(*) FROM jobs WHERE announced_at > 0", [(3,)])
        assert "is ready" in second.text


async def make_old(w: Wired) -> None:
    """Their interactions are over."""
    async with w.app.db.transaction() as conn:
        await conn.execute("UPDATE jobs SET created_at = created_at - 900000")


async def test_after_the_interactions_end(open_wire: OpenWire) -> None:
    """A card that outlives its interaction keeps its dated place, and still hears of its turn, by one common call."""
    async with open_wire(member_in_flight=1) as w:
        w.wire.token_seconds = 0.5
        cards = [await ask(w, f"film {n}") for n in range(3)]
        await make_old(w)
        await w.api.finish((await tasks(w, 1))[0].id)
        await w.wire.wait_for(lambda: MADE in cards[1].text)
        assert "1 in front of it in the queue, as of <t:" in cards[2].text
        edits = w.wire.calls("PATCH", "/channels/{channel}/messages/{message}")
        assert len([call for call in edits if str(cards[1].message.id) in call.path]) == 1
        assert [call for call in edits if str(cards[2].message.id) in call.path] == []


async def test_a_card_that_is_gone_is_let_be(open_wire: OpenWire) -> None:
    """A deleted card costs one refusal, not one every few seconds, and the film comes all the same."""
    async with open_wire(member_in_flight=1) as w:
        await ask(w, "first")
        second = await ask(w, "second")
        w.wire.delete_message(second.message)
        await w.api.finish((await tasks(w, 1))[0].id)
        await until_rows(w, "SELECT card_says FROM jobs WHERE card_says <> ''", [("made",)])
        before = len(w.wire.refused)
        await w.api.finish((await tasks(w, 2))[1].id)
        await w.wire.wait_for(lambda: [m for m in w.wire.messages(w.wire.channel) if m.files])
        assert before <= 2


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_lost_answer_is_given_again(open_wire: OpenWire, arrived: bool) -> None:
    """When the line breaks around the first answer, the member still gets one card, and the film its thread."""
    async with open_wire() as w:
        w.wire.fail("POST", r"/interactions/", drop=True, after=arrived)
        command = await w.wire.command("video", {"prompt": "a boat"})
        await w.api.finish((await tasks(w, 1))[0].id)
        await w.wire.wait_for(lambda: films(w))
        (card,) = [message for message in w.wire.messages(w.wire.channel) if "🎬" in message.text]
        assert card is command.message
        assert w.wire.threads()[0].id == card.id
        assert "went wrong" not in command.text


@pytest.mark.parametrize("shown", [False, True])
async def test_a_card_that_never_came_comes_late(open_wire: OpenWire, shown: bool) -> None:
    """A minute after a lost answer a plain card takes its place; where it was shown after all, it is found."""
    async with open_wire() as w:
        lost = [w.wire.fail("POST", r"/interactions/", drop=True, after=shown, times=None)]
        lost.append(w.wire.fail("GET", r"/webhooks/", drop=True, times=None))
        await w.wire.command("video", {"prompt": "a boat"})
        (task,) = await tasks(w, 1)
        await w.wire.wait_for(lambda: lost[0].hits[1:] or lost[1].hits)
        (job,) = await w.rows("SELECT created_at FROM jobs")
        now = [job["created_at"] + 59_000]
        late = late_cards(w, lambda: now[0])
        await late.step()
        assert len(w.wire.messages(w.wire.channel)) == int(shown)
        now[0] += 2_000
        await late.step()
        await late.step()
        (card,) = w.wire.messages(w.wire.channel)
        assert "a boat" in card.text
        assert (MADE in card.text) is not shown
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: films(w))
        await w.wire.wait_for(lambda: "is ready" in card.text)


async def test_a_channel_that_takes_no_card_is_asked_once(open_wire: OpenWire) -> None:
    """Where a late card is refused, it is not offered again; its film goes down the ladder."""
    async with open_wire() as w:
        w.wire.fail("POST", r"/interactions/", drop=True, times=None)
        await w.wire.command("video", {"prompt": "a boat"})
        await tasks(w, 1)
        w.wire.deny(w.wire.channel, "SEND_MESSAGES")
        late = late_cards(w, lambda: 2 * 10**12)
        for _ in range(3):
            await late.step()
        assert len(w.wire.calls("POST", "/channels/{channel}/messages")) == 1


async def test_the_second_of_two_equal_commands_shows_the_same_place(open_wire: OpenWire) -> None:
    """The presser's own copy of the card says the place that the first one says."""
    async with open_wire(member_in_flight=1, pace=replace(PACE, card=60_000)) as w:
        await ask(w, "first")
        await tasks(w, 1)
        card = await ask(w, "second")
        copy = await ask(w, "second")
        assert copy.ephemeral
        assert "Next in the queue" in card.text
        assert "Next in the queue" in copy.text
