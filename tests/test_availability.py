"""Which models can be had: learned from the API's refusals, paused by hand, ordered by moderators, tried again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.catalogue import Catalogue
from domain.faults import Refused
from domain.request import find_model, options_of, parse
from domain.wish import Attachment, Wish
from service.availability import Availability
from service.breakers import Breakers
from storage.database import open_database
from tests.conftest import PACE, OpenStage, OpenWire, Stage, Wired
from tests.discordwire import Interaction, Message
from tests.settled import quiet
from tests.sim import words
from tests.test_dispatch import until_rows

TEXT = (Path(__file__).parent.parent / "catalogue.toml").read_text("utf-8")
#: No trial comes due in a test's time, but where one is wanted.
CLOSED = replace(PACE, breaker=60_000)


async def ask(w: Wired, prompt: str, **options: Any) -> Interaction:
    command = await w.wire.command("video", {"prompt": prompt, **options})
    return await command.response(timeout=10)


async def told(w: Wired, says: str) -> Message:
    found = await w.wire.wait_for(lambda: [m for m in w.wire.messages(w.wire.channel) if says in m.content], timeout=15)
    return found[0]


@pytest.mark.parametrize("word", ["gone", "disabled", "barred"])
async def test_a_model_closes_after_one_answer(open_wire: OpenWire, word: str) -> None:
    """No API, switched off, or no access: free of charge, with what else there is, as words and as keys."""
    async with open_wire(pace=CLOSED) as w:
        await ask(w, f"a {word} boat", model="kling-3", duration=7)
        reply = await told(w, "This model can no longer be had")
        assert "Nothing was charged" in reply.content
        (job,) = await w.rows("SELECT state, reason, detail FROM jobs")
        said = json.loads(job["detail"])
        assert (job["state"], job["reason"], len(said["keys"])) == ("failed", "model_gone", 5)
        assert said["keys"][0] == "kling-3-omni"  # it makes the very same
        assert said["others"][0] == "Kling 3 Omni"
        refused = await ask(w, "a boat", model="kling-3")
        assert refused.ephemeral
        assert "Kling 3 cannot be had right now" in refused.text
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
        assert w.api.submissions == 1


async def test_not_implemented_is_the_recipes_fault_first(open_wire: OpenWire) -> None:
    """It is also the API's word for wrong parameters: only the plainest recipe that gets it closes the model."""
    async with open_wire(pace=CLOSED, daily_credits=100) as w:
        for options in ({"duration": 15}, {"orientation": "square"}, {"size": "480p"}, {"sound": "on"}):
            await ask(w, f"an unmade boat {options}", model="seedance-2", **options)
        await until_rows(w, "SELECT reason, count(*) FROM jobs GROUP BY 1", [("not_implemented", 4)])
        assert await w.rows("SELECT * FROM breakers") == []
        somebody = w.wire.add_member("somebody")  # whose last choices are not filled in
        command = await w.wire.command("video", {"prompt": "an unmade boat", "model": "seedance-2"}, member=somebody)
        await command.response(timeout=10)
        await until_rows(w, "SELECT subject FROM breakers", [("model:seedance-2",)])
        await told(w, "This model can no longer be had")
        refused = await ask(w, "a boat", model="seedance-2")
        assert refused.ephemeral


async def test_a_closed_model_is_no_longer_taken_by_itself(open_wire: OpenWire) -> None:
    """Who names no model gets the first that can be had; the closed one is tried by who names it, and then opens."""
    async with open_wire(pace=replace(PACE, breaker=1)) as w:  # its trial is due at once
        w.api.withdrawn = {"sora-2"}
        await ask(w, "a boat")
        await told(w, "can no longer be had")
        answer = await ask(w, "another boat")
        assert "Sora 2 Pro · 10 s" in answer.text
        w.api.withdrawn = set()
        answer = await ask(w, "a third boat", model="sora-2")
        assert not answer.ephemeral
        await until_rows(w, "SELECT count(*) FROM breakers", [(0,)])
        answer = await ask(w, "a fourth boat")
        assert "Sora 2 · 10 s" in answer.text


async def test_a_remembered_model_that_is_gone(open_wire: OpenWire) -> None:
    """What a member chose last is taken again, unless it cannot be had any more."""
    async with open_wire(pace=CLOSED) as w:
        answer = await ask(w, "a boat", model="luma")
        answer = await ask(w, "another boat")
        assert "Luma · landscape" in answer.text
        w.api.withdrawn = {"luma/"}
        await ask(w, "a third boat")
        await told(w, "can no longer be had")
        answer = await ask(w, "a fourth boat")
        assert not answer.ephemeral
        assert "Sora 2 · 10 s" in answer.text


async def test_on_the_day_sora_ends(open_wire: OpenWire) -> None:
    """A service that is gone closes model by model, each at its first film; films go on being made by the others."""
    async with open_wire(pace=CLOSED) as w:
        w.api.withdrawn = {"sora/"}
        w.api.seconds = 0.01
        for label in ("Sora 2", "Sora 2 Pro", "Sora 2 short", "Sora 2 Pro short"):
            answer = await ask(w, f"for {label}")
            assert f"{label} · " in answer.text
            await w.wire.wait_for(
                lambda label=label: [m for m in w.wire.messages(w.wire.channel) if f"-# {label} · " in m.content],
                timeout=15,
            )
        answer = await ask(w, "at last")
        assert "Veo 3.1 fast · " in answer.text
        await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files], timeout=15)


async def test_paused_by_hand(open_stage: OpenStage) -> None:
    """`paused` refuses at once with its own words and what does the same; it is neither offered nor taken."""
    text = TEXT.replace('paused = ""', 'paused = "It is being repaired"', 1)
    async with open_stage(catalogue=Catalogue.parse(text)) as stage:
        you, channel = stage.world.visitor, stage.world.channel
        answer = await you.slash(channel, "video", prompt="a boat", model="sora-2")
        assert answer.response is not None
        said = words(answer.response)
        assert "It is being repaired." in said
        assert "Try Sora 2 Pro, Sora 2 short" in said
        offered = await you.autocomplete(channel, "video", "model", "sora 2", prompt="x")
        assert [choice["value"] for choice in offered] == ["sora-2-pro", "sora-2-short", "sora-2-pro-short"]
        card = (await you.slash(channel, "video", prompt="a boat")).response
        assert card is not None
        assert "Sora 2 Pro" in words(card)
        assert await stage.rows("SELECT count(*) AS n FROM jobs") == [{"n": 1}]


async def test_moderators_say_what_comes_first(stage: Stage) -> None:
    """The order of a server: what is offered first, and what is taken where no model is named."""
    boss, you, channel = stage.world.moderator, stage.world.visitor, stage.world.channel
    answer = await boss.slash(channel, "manage models", first="Kling 3", second="luma")
    assert answer.response is not None
    assert "models in front: kling-3, luma" in words(answer.response).replace("*", "")
    offered = await you.autocomplete(channel, "video", "model", "", prompt="x")
    assert [choice["value"] for choice in offered][:3] == ["kling-3", "luma", "sora-2"]
    assert len(offered) == 25
    card = (await you.slash(channel, "video", prompt="a boat")).response
    assert card is not None
    assert "Kling 3 · 5 s" in words(card)
    wrong = await boss.slash(channel, "manage models", first="nothing")
    assert wrong.response is not None
    assert "There is no model called" in words(wrong.response)
    await boss.slash(channel, "manage models")
    card = (await you.slash(channel, "video", prompt="another boat")).response
    assert card is not None
    assert "Sora 2 · 10 s" in words(card)


async def test_rules_decide_what_is_taken(stage: Stage) -> None:
    """Where a rule leaves only some models, the first of these is taken, and no other is offered or named."""
    async with stage.app.db.transaction() as conn:
        await conn.execute(
            "INSERT INTO rules (guild_id, subject, period, credits, models) VALUES (?, 'everyone', 'day', 50, ?)",
            (stage.world.guild.id, json.dumps(["luma", "hailuo"])),
        )
    you, channel = stage.world.visitor, stage.world.channel
    offered = await you.autocomplete(channel, "video", "model", "", prompt="x")
    assert [choice["value"] for choice in offered] == ["luma", "hailuo"]
    card = (await you.slash(channel, "video", prompt="a boat")).response
    assert card is not None
    assert "Luma · landscape" in words(card)
    refused = (await you.slash(channel, "video", prompt="a boat", model="hailuo", orientation="square")).response
    assert refused is not None
    assert "For that shape, choose Luma." in words(refused)


async def test_on_another_model(tmp_path: Path) -> None:
    """A wish on another model, with its price and what changes there; those that cannot be had are not offered."""
    catalogue = Catalogue.parse(TEXT.replace('paused = ""', 'paused = "It is being repaired"', 1))
    request = parse(catalogue, prompt="a boat", model="kling-3", duration=12, pictures=2)
    async with open_database(tmp_path / "a.db") as db:
        breakers = Breakers(db, pace=CLOSED, tell=quiet)
        models = Availability(catalogue, breakers, links=True)
        pictures = (Attachment("a.png"), Attachment("b.png"))
        carried = models.on(Wish(options=options_of(request), pictures=pictures), find_model(catalogue, "luma"))
        assert carried is not None
        assert (carried.request.model, carried.request.pictures, carried.price) == ("luma", 2, 2)
        assert [change.what for change in carried.changes] == ["duration", "size"]
        found = models.alternatives(request)
        assert [len(one.changes) for one in found] == sorted(len(one.changes) for one in found)
        assert found[0].model.key == "kling-3-omni"
        assert "sora-2" not in [one.model.key for one in found]
        await breakers.trip("model:luma", "model_gone")
        assert models.on(Wish(options={"prompt": "x" * 1_001}), find_model(catalogue, "seedance-2")) is None
        with pytest.raises(Refused) as caught:
            models.parse(prompt="a boat", model="luma")
        assert caught.value.reason == "model_closed"
        assert not models.has("luma")
        assert models.has("hailuo")
        assert "luma" not in [one.model.key for one in models.alternatives(request)]


async def test_those_that_wait_end_with_their_model(open_wire: OpenWire) -> None:
    """A queue of films for a model that turns out to be gone: all of them end at once, free, each with what else."""
    async with open_wire(pace=CLOSED, daily_credits=100, member_in_flight=1) as w:
        await ask(w, "a boat", model="luma")
        await w.api.until(lambda: w.api.submissions == 1)  # held by the stand-in: the others wait behind it
        w.api.withdrawn = {"luma/"}
        for n in range(3):
            await ask(w, f"boat {n}", model="luma")
        await ask(w, "a boat of another kind", model="hailuo")
        await w.api.finish(next(iter(w.api.tasks)))
        await until_rows(
            w,
            "SELECT model, state, reason, count(*) FROM jobs WHERE state != 'rendering' GROUP BY 1, 2, 3 ORDER BY 1, 2",
            [("luma", "failed", "model_gone", 3), ("luma", "ready", "", 1)],
        )
        assert w.api.submissions == 3  # one of the three was sent, and the other model's
        for row in await w.rows("SELECT detail FROM jobs WHERE reason = 'model_gone'"):
            assert json.loads(row["detail"])["keys"]


async def test_some_say_it_with_a_good_status(open_wire: OpenWire) -> None:
    """`success: false` with the code of a withdrawn API closes the model like a 404 does."""
    async with open_wire(pace=CLOSED) as w:
        await ask(w, "a shut boat", model="hailuo")
        await told(w, "This model can no longer be had")
        refused = await ask(w, "another boat", model="hailuo")
        assert "cannot be had right now" in refused.text


@pytest.mark.parametrize("calls_back", [True, False])
async def test_some_say_it_when_the_film_is_due(open_wire: OpenWire, calls_back: bool) -> None:
    """So does the task of a film that was taken, by its callback or as the list shows it; those that wait end, too."""
    public_url = {} if calls_back else {"public_url": ""}
    async with open_wire(pace=CLOSED, daily_credits=100, member_in_flight=1, **public_url) as w:
        await ask(w, "a boat", model="hailuo")
        await w.api.until(lambda: w.api.submissions == 1)
        await ask(w, "a boat that waits", model="hailuo")
        ((task_id, _),) = w.api.tasks.items()
        await w.api.finish(task_id, error=("no_api", "no channel for this model"))
        await told(w, "This model can no longer be had")
        ended = "SELECT state, reason, count(*) FROM jobs GROUP BY 1, 2"
        await until_rows(w, ended, [("failed", "model_gone", 2)])
        await until_rows(w, "SELECT subject FROM breakers", [("model:hailuo",)])
        for row in await w.rows("SELECT detail FROM jobs"):
            assert json.loads(row["detail"])["others"][0] == "Luma"
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
        assert "cannot be had right now" in (await ask(w, "another boat", model="hailuo")).text
        assert w.api.submissions == 1


async def test_where_taking_proves_nothing_a_film_does(open_wire: OpenWire) -> None:
    """Who tries such a model again does not open it by being taken, but by getting a film."""
    async with open_wire(pace=replace(PACE, breaker=1), daily_credits=100) as w:  # its trial is due at once
        for n in (1, 2):
            await ask(w, f"boat {n}", model="hailuo")
            await w.api.until(lambda n=n: w.api.submissions == n)
            taken = list(w.api.tasks)[-1]
            await until_rows(w, "SELECT count(*) FROM jobs WHERE state = 'rendering'", [(1,)])
            await w.api.finish(taken, error=("no_api", "no channel for this model"))
            await until_rows(w, "SELECT count(*) FROM jobs WHERE reason = 'model_gone'", [(n,)])
            # opened once: its trial did not shut it
            closed = [("model:hailuo", "model_gone_later", n > 1)]
            await until_rows(w, "SELECT subject, reason, trials > 0 FROM breakers", closed)
        await ask(w, "boat 3", model="hailuo")
        await w.api.until(lambda: w.api.submissions == 3)
        await w.api.finish(list(w.api.tasks)[-1])
        await until_rows(w, "SELECT count(*) FROM breakers", [(0,)])


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(403, "token_expired", "account_token"), (400, "no_token", "account_token"), (200, "used_up", "account_balance")],
)
async def test_the_accounts_fault_closes_no_model(open_wire: OpenWire, status: int, code: str, reason: str) -> None:
    """A code that blames token or balance is the account's with any status: its films wait, and the model stays."""
    async with open_wire(pace=CLOSED) as w:
        said = {"success": False, "error": {"code": code, "message": "no"}, "trace_id": "x"}
        w.api.faults.append(("/luma/videos", status, json.dumps(said)))
        await ask(w, "a boat", model="luma")
        await until_rows(w, "SELECT subject, reason FROM breakers", [("account:luma", reason)])
        await until_rows(w, "SELECT state, reason FROM jobs", [("queued", "")])
        refused = await ask(w, "another boat", model="luma")
        assert "cannot be had" not in refused.text
        assert refused.ephemeral
