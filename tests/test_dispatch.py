"""Dispatch: fair turns, caps, slow-downs, breakers, and submissions that nobody knows the fate of."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from demo.life import Task
from service.loops import Crew
from storage import jobs
from tests import clips
from tests.conftest import PACE, OpenWire, Wired
from tests.discordwire import DiscordWire, Interaction, Member, Message


async def ask(w: Wired, prompt: str, member: Member | None = None, **options: Any) -> Interaction:
    """A command, answered."""
    command = await w.wire.command("video", {"prompt": prompt, **options}, member=member)
    return await command.response(timeout=10)


async def tasks(w: Wired, n: int) -> list[Task]:
    """All tasks that the API has accepted, once there are n."""
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 15)
    return list(w.api.tasks.values())


async def until_rows(w: Wired, sql: str, wanted: object) -> None:
    """Wait until a question to the database has this answer."""
    found: object = None
    for _ in range(1500):
        found = [tuple(row.values()) for row in await w.rows(sql)]
        if found == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{sql}: {found}")


async def until_idle(crew: Crew) -> None:
    """Wait until nothing is in hand."""
    for _ in range(1500):
        if not len(crew):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(crew.busy)


def films(w: Wired) -> list[Message]:
    return [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files]


async def test_turns_are_fair_within_caps(open_wire: OpenWire) -> None:
    """A member with many films waits behind one with a single film; no cap is ever exceeded."""
    async with open_wire(member_in_flight=2, server_in_flight=3, total_in_flight=3) as w:
        eager, modest = w.wire.add_member("eager"), w.wire.add_member("modest")
        said = [(await ask(w, f"eager {n}", eager)).text for n in range(2)]
        begun = await tasks(w, 2)
        said += [(await ask(w, f"eager {n}", eager)).text for n in range(2, 5)]
        assert ["the queue" in text for text in said] == [False, False, True, True, True]
        assert "Next in the queue" in said[2]
        assert "2 in front of it in the queue" in said[4]
        answer = await ask(w, "modest", modest)
        assert "the queue" not in answer.text, "nobody is before a member who has nothing in the making"
        begun = await tasks(w, 3)
        assert [task.request["prompt"] for task in begun] == ["eager 0", "eager 1", "modest"]
        await until_rows(w, "SELECT state, count(*) FROM jobs GROUP BY 1", [("queued", 3), ("rendering", 3)])
        await w.api.finish(begun[0].id)
        begun = await tasks(w, 4)
        assert begun[3].request["prompt"] == "eager 2"
        for task in begun[1:]:
            await w.api.finish(task.id)
        for n in (4, 5):
            await w.api.finish((await tasks(w, n + 1))[n].id)
        await until_rows(w, "SELECT state, count(*) FROM jobs GROUP BY 1", [("ready", 6)])


async def test_ten_may_wait_and_no_more(open_wire: OpenWire) -> None:
    """The eleventh waiting film of one member is refused, free."""
    async with open_wire(member_in_flight=1, daily_credits=100) as w:
        await ask(w, "running")
        await tasks(w, 1)
        answers = [await ask(w, f"film {n}") for n in range(11)]
        assert [answer.ephemeral for answer in answers] == [False] * 10 + [True]
        assert "already have 10 films waiting" in answers[-1].text


async def test_too_many_requests_slow_everything_down(open_wire: OpenWire) -> None:
    """After a 429 the job waits as long as the API says, and is then sent: no attempt is lost, none is doubled."""
    async with open_wire() as w:
        w.api.seconds = 0.01
        await ask(w, "a limited boat")
        await until_rows(w, "SELECT state, not_before > created_at FROM jobs", [("queued", 1)])
        await w.wire.wait_for(lambda: films(w), timeout=15)
        assert w.api.submissions == 2
        assert await w.rows("SELECT attempt FROM jobs") == [{"attempt": 1}]


async def test_a_pause_of_nothing_is_none(open_wire: OpenWire) -> None:
    """An API that says "later" and "in 0 seconds" is not asked every second: the pauses are the bot's own, and grow."""
    async with open_wire() as w:
        w.api.max_in_flight, w.api.retry_after = 0, 0
        await ask(w, "a boat")
        await until_rows(w, "SELECT state, not_before > sent_at + 9000 FROM jobs", [("queued", 1)])
        assert w.api.submissions == 1


async def test_the_accounts_breaker(open_wire: OpenWire) -> None:
    """Without balance: the job waits, new commands are refused free, the operator hears once, one trial goes on."""
    pace = replace(PACE, breaker=700)
    async with open_wire(pace=pace) as w:
        command = await w.wire.command(
            "video", {"prompt": "a broke boat"}, attachments={"image1": ("cat.png", clips.picture())}
        )
        first = await command.response(timeout=10)
        assert not first.ephemeral
        await until_rows(w, "SELECT subject, reason FROM breakers", [("account:sora", "account_balance")])
        await w.wire.wait_for(lambda: "takes no orders right now" in first.text, timeout=10)
        refused = await ask(w, "another boat")
        assert refused.ephemeral
        assert "Films cannot be made right now" in refused.text
        assert "Nothing was charged" in refused.text
        await until_rows(w, "SELECT state FROM jobs", [("queued",)])
        job = (await w.rows("SELECT id FROM jobs"))[0]["id"]
        async with w.app.db.transaction() as conn:  # the operator tops up
            await conn.execute("UPDATE jobs SET request = replace(request, 'broke', 'rich') WHERE id = ?", (job,))
        w.api.seconds = 0.01
        await w.wire.wait_for(lambda: films(w), timeout=15)
        await until_rows(w, "SELECT count(*) FROM breakers", [(0,)])
        again = await ask(w, "a third boat")
        assert not again.ephemeral


@pytest.mark.parametrize(
    "refusal",
    [
        (403, '{"error": {"code": "forbidden", "message": "no"}}'),
        (400, '{"error": {"code": "bad_request", "message": "no"}}'),
        (200, '{"success": false, "error": {"code": "api_error", "message": "no"}}'),
    ],
    ids=["declined", "wrong", "failed"],
)
@pytest.mark.parametrize(("status", "code", "open"), [(401, "invalid_token", 0), (403, "used_up", 1)])
async def test_a_trial_that_is_refused_for_what_it_asks(
    open_wire: OpenWire, status: int, code: str, open: int, refusal: tuple[int, str]
) -> None:
    """Its own film is refused: the token is right, and commands are taken again. Of the balance that says nothing."""
    async with open_wire(pace=replace(PACE, breaker=700)) as w:
        w.api.faults += [("/sora/videos", status, json.dumps({"error": {"code": code}})), ("/sora/videos", *refusal)]
        await ask(w, "a boat")
        await until_rows(w, "SELECT state FROM jobs", [("failed",)])
        await until_idle(w.app.parts.services.dispatch.sending)
        assert w.api.faults == []
        assert len(await w.rows("SELECT * FROM breakers")) == open
        assert (await ask(w, "another")).ephemeral is bool(open)


async def test_one_trial_at_a_time(open_wire: OpenWire) -> None:
    """Of all that wait one goes out when it is time, each after twice the pause of before; one success, and all go."""
    most = {"member_in_flight": 3, "server_in_flight": 3, "total_in_flight": 3}
    async with open_wire(pace=replace(PACE, breaker=500), **most) as w:
        for n in range(6):
            await ask(w, f"boat {n}")
        running = await tasks(w, 3)
        w.api.always = frozenset({"broke"})
        for task in running:
            await w.api.finish(task.id)
        sending = w.app.parts.services.dispatch.sending
        await until_rows(w, "SELECT count(*) FROM breakers", [(1,)])
        await until_idle(sending)
        first = w.api.submissions - (await w.rows("SELECT trials FROM breakers"))[0]["trials"]
        await until_rows(w, "SELECT trials FROM breakers WHERE trial_at - opened_at < 6000", [(2,)])  # 0.5 + 1 + 2 s
        await until_idle(sending)
        assert w.api.submissions == first + 2
        w.api.always = frozenset()
        await until_rows(w, "SELECT state, count(*) FROM jobs GROUP BY 1", [("ready", 3), ("rendering", 3)])
        assert await w.rows("SELECT * FROM breakers") == []


async def test_the_operator_hears_once(open_wire: OpenWire) -> None:
    """A breaker's trouble is posted in the operator's channel when it opens, not at every trial."""
    async with DiscordWire("token-of-the-bot") as wire:
        channel = wire.add_channel("operators", "text")
        async with open_wire(wire=wire, operator_channel_id=channel.id) as w:
            await ask(w, "a broke boat")
            await wire.wait_for(lambda: wire.messages(channel), timeout=15)
            await until_rows(w, "SELECT trials > 1 FROM breakers", [(1,)])
            assert len(wire.messages(channel)) == 1
            assert "balance is used up" in wire.messages(channel)[0].content


async def test_a_models_breaker_names_the_others(open_wire: OpenWire) -> None:
    """A model that the API no longer has fails its job free, and is refused to everyone with what else there is."""
    pace = replace(PACE, breaker=60_000)
    async with open_wire(pace=pace) as w:
        await ask(w, "a gone boat")
        (reply,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "can no longer be had" in m.content], timeout=15
        )
        assert "Nothing was charged" in reply.content
        assert "Choose Sora 2 Pro, " in reply.content
        refused = await ask(w, "another boat", model="sora-2")
        assert refused.ephemeral
        assert "Sora 2 cannot be had right now" in refused.text
        assert "Sora 2 Pro" in refused.text
        other = await ask(w, "a third boat")  # nobody named a model: the first that can be had
        assert not other.ephemeral
        assert "Sora 2 Pro" in other.text


async def test_a_lost_answer_is_found_among_the_recent_tasks(open_wire: OpenWire) -> None:
    """An answer that never came, with a callback that never comes: the job is adopted by its own address."""
    async with open_wire() as w:
        w.api.seconds = 0.01
        await ask(w, "a boat, reset and lost")
        await w.wire.wait_for(lambda: films(w), timeout=15)
        assert w.api.submissions == 1


async def test_a_request_that_never_arrived_is_sent_once_more(open_wire: OpenWire) -> None:
    """A 502 without acceptance: after three good looks without it, the next attempt goes out, with its own address."""
    async with open_wire() as w:
        w.api.faults.append(("/sora/videos", 502, "bad gateway"))
        await ask(w, "a boat")
        (task,) = await tasks(w, 1)
        assert ".2." in task.request["callback_url"]
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        assert await w.rows("SELECT attempt FROM jobs") == [{"attempt": 2}]


EMPTY = ("/sora/tasks", 200, '{"items": [], "count": 0}')


async def test_a_second_attempt_waits_with_the_others(open_wire: OpenWire) -> None:
    """While the API takes no orders, what it seems to have lost is not sent again; a callback makes that needless."""
    async with open_wire(total_in_flight=9) as w:
        w.api.faults += [EMPTY] * 8
        await ask(w, "a boat, reset and lost")
        await tasks(w, 1)
        w.api.max_in_flight, w.api.retry_after = 1, 600
        await ask(w, "one too many")
        await until_rows(w, "SELECT state, looks > 3 FROM jobs ORDER BY rowid", [("submitting", 1), ("queued", 0)])
        w.api.faults.clear()
        assert await w.rows("SELECT max(attempt) AS most FROM jobs") == [{"most": 1}]
        task = await w.api.finish((await tasks(w, 1))[0].id)
        await w.api.call_back(task.id)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        assert w.api.submissions == 2, "the lost one, and the one too many"


async def test_a_second_attempt_asks_once_more(open_wire: OpenWire) -> None:
    """A callback that came since the look is heard before the request goes out; no word of it is lost."""
    async with open_wire(pace=replace(PACE, look=60_000)) as w:
        await ask(w, "a boat, reset and lost")
        task = (await tasks(w, 1))[0]
        await until_rows(w, "SELECT state, hint_id FROM jobs", [("submitting", "")])
        async with w.app.db.transaction() as conn:
            (row,) = await conn.execute_fetchall("UPDATE jobs SET attempt = 2, hint_id = ? RETURNING id", (task.id,))
            job = await jobs.get(conn, row["id"])
        assert job is not None
        dispatch = w.app.parts.services.dispatch
        await until_idle(dispatch.sending)
        dispatch.resend(job)
        await until_idle(dispatch.sending)
        assert w.api.submissions == 1


async def test_an_older_attempts_failure_says_nothing(open_wire: OpenWire) -> None:
    """The first attempt arrived after all and failed: the second one's film comes, whatever calls back about it."""
    async with open_wire(pace=replace(PACE, look=600)) as w:
        w.api.faults += [EMPTY] * 3
        await ask(w, "a boat, reset and lost")
        first, second = await tasks(w, 2)
        await w.api.finish(first.id, error=("api_error", "no"))
        assert await w.api.call_back(first.id) == 200
        assert await w.api.call_back(first.id, json.dumps({"task_id": first.id})) == 200
        await until_rows(w, "SELECT state, task_id FROM jobs", [("rendering", second.id)])
        await w.api.finish(second.id)
        await w.wire.wait_for(lambda: films(w), timeout=15)


@pytest.mark.parametrize(
    ("hours", "set_back"), [(-2, False), (-2, True), (2, False)], ids=["ahead", "set back since", "behind"]
)
async def test_a_wrong_clock_hides_no_task(open_wire: OpenWire, hours: int, set_back: bool) -> None:
    """A lost submission is found, and not sent again, though by our clock the API took it hours before or after we sent
    it: also where another film was sent since, by the right clock."""
    async with open_wire(pace=replace(PACE, look=1_500)) as w:
        await ask(w, "a boat, reset and lost")
        (task,) = await tasks(w, 1)
        task.created_at += hours * 3600
        await until_idle(w.app.parts.services.dispatch.sending)
        if set_back:
            async with w.app.db.transaction() as conn:
                await conn.execute("UPDATE jobs SET sent_at = sent_at + 36000000")
            await ask(w, "another, by the right clock")
            await tasks(w, 2)
        await until_rows(w, "SELECT attempt, state FROM jobs", [(1, "rendering")] * (1 + set_back))
        assert w.api.submissions == 1 + set_back


async def test_lost_twice_is_given_up(open_wire: OpenWire) -> None:
    """A second loss ends the job: said, and free."""
    async with open_wire() as w:
        w.api.faults += [("/sora/videos", 502, "x")] * 2
        await ask(w, "a boat")
        await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "lost this film twice" in m.content], timeout=20
        )
        assert w.api.tasks == {}
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]


async def test_without_a_list_of_tasks_only_the_deadline_ends_it(open_wire: OpenWire) -> None:
    """When the API has no list of recent tasks, nothing is sent again; the deadline ends the job, free."""
    pace = replace(PACE, deadline=2_500)
    async with open_wire(pace=pace) as w:
        no_list = '{"error": {"code": "bad_request", "message": "ids is required"}}'
        w.api.faults.append(("/sora/videos", 502, "x"))
        w.api.faults += [("/sora/tasks", 400, no_list)] * 50
        await ask(w, "a boat")
        await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "never finished" in m.content], timeout=20
        )
        assert w.api.submissions == 0  # faults answer before it counts; one request, none again
        sent = [path for path, _ in w.api.requests if path == "/sora/videos"]
        assert len(sent) == 1


async def test_an_empty_list_is_not_believed_against_better_knowledge(open_wire: OpenWire) -> None:
    """An API that shows no recent tasks at all, though it has one of ours, proves nothing: nothing is sent twice."""
    async with open_wire() as w:
        await ask(w, "known")
        await tasks(w, 1)
        await until_rows(w, "SELECT state FROM jobs", [("rendering",)])
        w.api.faults += [("/sora/tasks", 200, '{"items": [], "count": 0}')] * 40
        await ask(w, "a boat, reset and lost")
        for _ in range(1_000):
            if len(w.api.faults) < 25:
                break
            await asyncio.sleep(0.01)
        assert w.api.submissions == 2
        w.api.faults.clear()
        await w.api.finish((await tasks(w, 2))[1].id)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        assert w.api.submissions == 2
        assert await w.rows("SELECT max(attempt) AS most FROM jobs") == [{"most": 1}]


async def test_a_contradiction_changes_nothing(open_wire: OpenWire, caplog: pytest.LogCaptureFixture) -> None:
    """A failure that is reported after the film came is noted in the log, and nothing else."""
    async with open_wire() as w:
        await ask(w, "a boat")
        (task,) = await tasks(w, 1)
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        before = await w.rows("SELECT state, reason, ended_at FROM jobs")
        assert await w.api.call_back(task.id, json.dumps(task.failure("api_error", "no"))) == 200
        assert "a failure came after its success" in caplog.text
        assert await w.rows("SELECT state, reason, ended_at FROM jobs") == before
        assert [row["kind"] for row in await w.rows("SELECT kind FROM ledger ORDER BY id")] == ["hold", "capture"]


async def test_a_pause_holds_everything(open_wire: OpenWire) -> None:
    """While the API asks for a pause nothing at all is sent to it, neither new jobs nor second attempts."""
    async with open_wire() as w:
        w.api.seconds = 0.01
        await ask(w, "a limited boat")
        await until_rows(w, "SELECT state, not_before > 0 FROM jobs", [("queued", 1)])
        (held,) = await w.rows("SELECT not_before FROM jobs")
        await ask(w, "another boat")
        assert w.api.submissions == 1
        await asyncio.wait_for(w.api.until(lambda: w.api.submissions > 1), 10)
        assert time.time() * 1000 >= held["not_before"] - 50
        await w.wire.wait_for(lambda: len(films(w)) == 2, timeout=15)


async def test_the_deadline_waits_for_an_answer(open_wire: OpenWire) -> None:
    """While the API is away nothing expires; the first answer after the deadline ends a job that is still pending."""
    pace = replace(PACE, deadline=800)
    async with open_wire(pace=pace) as w:
        away = [("/sora/tasks", 503, "")] * 4
        w.api.faults += away
        await ask(w, "a boat")
        await tasks(w, 1)
        await until_rows(w, "SELECT state FROM jobs", [("expired",)])
        assert w.api.faults == []
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
