"""Every event in every state, against real storage: what the design's table says, and nothing beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from domain.faults import Refused
from domain.job import Event, Job, JobState, Report, Verdict
from domain.people import Person
from service.cancel import Cancel, Cancelled
from service.doorman import Ceiling
from service.meter import Meter
from service.policies import Policies
from service.results import Results, Settled
from service.rights import Rights
from storage.database import open_database
from tests.settled import (
    BEGUN,
    BROKEN,
    DATA,
    FAILURE,
    FILMS,
    FINAL,
    FLYING,
    MINUTE,
    NO_ID,
    PACE,
    SUCCESS,
    WHOLE,
    House,
    Rows,
    in_order,
    make_intake,
)

STATES = ("awaiting", "queued", "submitting", "rendering", "ready", "failed", "expired", "cancelled")

# The design's table, written down by hand and not read from the domain's own, so that an error there shows here.
# A state: it goes there, credits follow. "." nothing changes. "look": asked about at once, by the doors that can.
# "id": the task's id is kept where none is known. "free": the film is kept and people are told (again), at no charge.
# "no": said to the one who pressed.
TABLE = """
event           awaiting  queued    submitting rendering ready    failed   expired  cancelled
send            .         submitting .         .         .        .        .        .
accepted        .         .         rendering  .         id       id       id       id
succeeded       .         ready     ready      ready     .        free     free     free
refused         .         .         failed     .         .        .        .        .
slowed          .         .         queued     .         .        .        .        .
account_closed  .         .         queued     .         .        .        .        .
model_closed    .         failed    failed     .         .        .        .        .
not_seen        .         .         submitting .         .        .        .        .
not_seen_again  .         .         failed     .         .        .        .        .
bad_input       failed    failed    .          .         .        .        .        .
no_film         .         .         .          .         refund   .        .        .
unclear         .         .         .          .         .        .        .        .
failed          .         .         failed     failed    .        .        .        .
failed_old      .         .         .          .         .        .        .        .
stranger        .         look      look       look      .        .        .        .
cancel          cancelled cancelled no         no        no       no       no       no
deadline        .         expired   expired    expired   .        .        .        .
approve         queued    .         .          .         .        .        .        .
"""
ROWS = {line.split()[0]: dict(zip(STATES, line.split()[1:], strict=True)) for line in TABLE.strip().splitlines()[1:]}


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    now, woken = [1_800_000_000_000], list[str]()
    async with open_database(tmp_path / "clapper.db") as db:
        await db._writer.execute("PRAGMA synchronous = OFF")  # no power is cut here, and there are many commits
        clock = lambda: now[0]  # noqa: E731 - one clock for all of them
        results = Results(db, pace=PACE, on_change=lambda *names: woken.extend(names), meter=Meter(), clock=clock)
        intake = make_intake(db, Ceiling(daily=20, server_daily=1_000), clock)
        yield House(
            db, now, woken, results, intake, Cancel(db, results=results, rights=Rights(Policies(db)), clock=clock)
        )


Act = Callable[[House, Job], Awaitable[object]]


@dataclass(frozen=True)
class Door:
    """One way in which an event comes to a job, and what it may leave beside the table's own step."""

    event: str
    name: str
    act: Act
    attempt: int = 1
    #: Columns that this way writes when the job moves, with their values.
    writes: dict[str, Any] = field(default_factory=dict[str, Any])
    #: States from which this way does not lead to that event: it is walked as another door.
    not_from: tuple[str, ...] = ()
    #: Whether the final job that it meets knows its task.
    known: bool = True


def settle(event: Event, report: Report | None = None, **more: Any) -> Act:
    async def act(house: House, job: Job) -> object:
        return await house.results.settle(job.id, event, report=report, **more)

    return act


def answered(report: Report) -> Act:
    return lambda house, job: house.results.answered(job, report)


def called_back(attempt: int, payload: dict[str, Any]) -> Act:
    return lambda house, job: house.results.called_back(job.id, attempt, payload)


def looked(report: Report) -> Act:
    return lambda house, job: house.results.looked(job.id, report)


async def pressed(house: House, job: Job) -> object:
    """The author's button; a finished job is refused by its words, and one that runs by offering something else."""
    try:
        return await house.cancel.cancel(job.id, Person(job.guild_id, job.author_id))
    except Refused as refused:
        return refused.reason


#: What the author's press is answered with; anything else is over.
PRESSED = {
    "awaiting": Cancelled.DONE,
    "queued": Cancelled.DONE,
    "submitting": Cancelled.RUNNING,
    "rendering": Cancelled.RUNNING,
}
VENDOR = {"task_id": "task-1", "trace_id": "trace-2"}
FAULT = VENDOR | {"reason": "vendor_failed", "detail": "api_error: fetch failed"}
AGAIN = {"attempt": 2, "sent_at": 5, "next_look_at": 6, "looks": 0}
DOORS = (
    Door("send", "dispatch", settle(Event.SEND, sent_at=4, next_look_at=5), writes={"sent_at": 4, "next_look_at": 5}),
    Door(
        "accepted", "another id", settle(Event.ACCEPTED, replace(BEGUN, task_id="b")), writes=VENDOR | {"task_id": "b"}
    ),
    Door("accepted", "settle, id unknown", settle(Event.ACCEPTED, BEGUN), writes=VENDOR, known=False),
    Door("accepted", "answered", answered(BEGUN), writes=VENDOR, known=False),
    Door("succeeded", "settle", settle(Event.SUCCEEDED, WHOLE), writes=VENDOR),
    Door("succeeded", "answered", answered(WHOLE), writes=VENDOR),
    Door("succeeded", "looked", looked(WHOLE), writes=VENDOR),
    Door(
        "succeeded",
        "callback",
        called_back(1, SUCCESS | {"task_id": "task-1"}),
        writes=VENDOR,
        not_from=("submitting",),
    ),  # whose task that is, only the API can say: see `stranger`
    Door("succeeded", "callback without id", called_back(1, SUCCESS), writes={"trace_id": "trace-2"}),
    Door("succeeded", "callback of an older attempt", called_back(1, SUCCESS), 2, {"trace_id": "trace-2"}),
    Door(
        "refused",
        "settle",
        settle(Event.REFUSED, NO_ID, reason="moderation"),
        writes={"trace_id": "trace-2", "reason": "moderation", "detail": "bad_request: no"},
    ),
    Door("refused", "answered", answered(BROKEN), writes=FAULT),
    Door("slowed", "settle", settle(Event.SLOWED, not_before=9), writes={"not_before": 9}),
    Door("account_closed", "settle", settle(Event.ACCOUNT_CLOSED)),
    Door(
        "model_closed",
        "settle",
        settle(Event.MODEL_CLOSED, NO_ID, reason="model_gone"),
        writes={"trace_id": "trace-2", "reason": "model_gone", "detail": "bad_request: no"},
    ),
    Door("not_seen", "settle", settle(Event.NOT_SEEN, None, **AGAIN), writes=AGAIN),
    Door(
        "not_seen_again", "settle", settle(Event.NOT_SEEN_AGAIN, reason="never_arrived"), 2, {"reason": "never_arrived"}
    ),
    Door(
        "bad_input",
        "settle",
        settle(Event.BAD_INPUT, reason="picture_gone", detail="{}"),
        writes={"reason": "picture_gone", "detail": "{}"},
    ),
    Door("no_film", "settle", settle(Event.NO_FILM, reason="no_film"), writes={"reason": "no_film", "refunded": 1}),
    Door("unclear", "settle", settle(Event.UNCLEAR)),
    Door("unclear", "answered", answered(Report("", Verdict.UNCLEAR))),
    Door("failed", "settle", settle(Event.FAILED, BROKEN), writes=FAULT),
    Door("failed", "looked", looked(BROKEN), writes=FAULT),
    Door("failed", "callback", called_back(1, FAILURE | {"task_id": "task-1"}), writes=FAULT, not_from=("submitting",)),
    Door(
        "failed",
        "callback without id",
        called_back(2, FAILURE),
        2,
        {name: value for name, value in FAULT.items() if name != "task_id"},
    ),
    Door("failed_old", "settle", settle(Event.FAILED_OLD, BROKEN)),
    Door("failed_old", "callback of an older attempt", called_back(1, FAILURE), 2),
    Door("failed_old", "its task too", called_back(1, FAILURE | {"task_id": "task-0"}), 2),
    Door("failed_old", "no success", called_back(1, {"task_id": "task-1"}), not_from=("submitting",)),
    Door("failed_old", "neither word nor id", called_back(1, {"data": "thanks"})),
    Door("failed_old", "unknown state", called_back(1, {"success": True, "data": [DATA[0] | {"state": "dreaming"}]})),
    Door("stranger", "settle", settle(Event.STRANGER, WHOLE)),
    # A queued job waits for an answer of nobody, and a submitted one cannot know yet which task is its own.
    Door(
        "stranger",
        "callback",
        called_back(1, SUCCESS | {"task_id": "theirs"}),
        not_from=("awaiting", "queued", "cancelled"),
    ),
    Door("cancel", "settle", settle(Event.CANCEL), writes={"reason": "cancel"}),
    Door("cancel", "button", pressed, writes={"reason": "cancel"}),
    Door("deadline", "settle", settle(Event.DEADLINE, reason="expired"), writes={"reason": "expired"}),
    Door("approve", "settle", settle(Event.APPROVE)),
)


def expected(before: Rows, job: Job, door: Door, cell: str, now: int) -> Rows:
    """What the file holds when the table's cell has happened to the job, and nothing else."""
    after = {table: [dict(row) for row in rows] for table, rows in before.items()}
    (row,) = [row for row in after["jobs"] if row["id"] == job.id]
    if cell in STATES:
        row |= {"state": cell} | door.writes
        if cell == "rendering" or (door.name == "looked" and job.state is JobState.SUBMITTING):
            row |= {"next_look_at": now + PACE.look}
        if cell in FINAL:
            row |= {"ended_at": now}
        if cell == "expired":
            row |= {"next_look_at": now + PACE.look if job.task_id else 0}
    elif cell == "refund" or (cell == "id" and not job.task_id):
        row |= door.writes
    elif cell == "free":
        row |= {"announced_at": 0, "undelivered": 0, "tries": 0, "next_try_at": 0, "target_id": 0, "message_id": 0}
        row["reopened"] += 1  # there is something new to tell
        row["task_id"] = door.writes.get("task_id", row["task_id"])  # whose links can be renewed
    elif cell == "look" and door.name == "callback":
        row |= {"next_look_at": now} | ({"hint_id": "theirs"} if job.state is JobState.SUBMITTING else {})
    if cell in ("ready", "free"):
        films = [{"job_id": job.id, "n": n, "vendor_id": f.vendor_id, "url": f.url} for n, f in enumerate(FILMS)]
        after["films"] = in_order([*after["films"], *films])
    kind = {"ready": "capture", "refund": "refund"}.get(cell, "release" if cell in FINAL else "")
    if kind:
        held = [line for line in before["ledger"] if line["job_id"] == job.id and line["kind"] == "hold"]
        after["ledger"] = in_order([*after["ledger"], *(line | {"kind": kind, "at": now} for line in held)])
    if kind in ("release", "refund"):
        for counter in after["counters"]:
            counter["spent"] *= counter["guild_id"] != job.guild_id
        for grant in after["grants"]:
            grant["used"] *= grant["guild_id"] != job.guild_id
    return after


def difference(found: Rows, wanted: Rows) -> list[tuple[str, object, object]]:
    """The rows that are not as they should be."""
    return [
        (table, [row for row in found[table] if row not in wanted[table]], [r for r in wanted[table] if r not in rows])
        for table, rows in found.items()
        if rows != wanted[table]
    ]


def test_the_table_and_its_doors_are_whole() -> None:
    """The table has every event and every state, and there is a door to each of its cells."""
    assert set(ROWS) == set(Event)
    assert set(STATES) == set(JobState)
    walked = {(door.event, state) for door in DOORS for state in STATES if state not in door.not_from}
    assert walked == {(event, state) for event in Event for state in JobState}


def waiting_loops(before: Rows, after: Rows, job: Job, now: int) -> set[str]:
    """The loops that have something to do now, by what changed in the job's row."""
    ((old, new),) = [(o, n) for o, n in zip(before["jobs"], after["jobs"], strict=True) if n["id"] == job.id]
    told = new["state"] in FINAL and (old["state"] != new["state"] or old["reopened"] != new["reopened"])
    turn = new["state"] not in FLYING and (old["state"] in FLYING or new["state"] == "queued" != old["state"])
    look = new["state"] == "rendering" and new["next_look_at"] != old["next_look_at"] and new["next_look_at"] <= now
    return {name for name, due in (("delivery", told), ("dispatch", turn), ("reconcile", look)) if due}


async def test_every_event_in_every_state(house: House) -> None:
    """By every door: state, ledger, counters, grants, films and outbox are as the table says; all else is as it was.

    A job of each state looks on and is not touched, and the same event a second time changes nothing but when to look.
    """
    for state in JobState:
        await house.begin(state)
    wrong: list[object] = []
    for door in DOORS:
        for state in JobState:
            if state.value in door.not_from:
                continue
            job = await house.begin(state, attempt=door.attempt, known=door.known)
            assert job.state is state
            before, _ = await house.rows(), house.woken.clear()
            held = [row for row in before["ledger"] if row["job_id"] == job.id and row["kind"] == "hold"]
            assert [(row["source"].split(":")[0], row["amount"]) for row in held] == [("grant", 1), ("window", 1)]
            house.now[0] += 7 * MINUTE
            cell = ROWS[door.event][state.value]
            wanted = expected(before, job, door, cell, house.now[0])
            returned = await door.act(house, job)
            found = await house.rows()
            if found != wanted:
                wrong.append((door.event, door.name, state.value, cell, difference(found, wanted)))
            if asleep := waiting_loops(before, found, job, house.now[0]) - set(house.woken):
                wrong.append((door.event, door.name, state.value, "not woken", asleep))
            if isinstance(returned, Settled) and returned.job != await house.job(job.id):
                wrong.append((door.event, door.name, state.value, "settle returned another job"))
            if door.act is pressed and returned != PRESSED.get(state.value, "too_late"):
                wrong.append((door.event, door.name, state.value, returned))
            house.now[0] += 7 * MINUTE
            await door.act(house, job)
            if cell == "look" and door.name == "callback":  # asked for anew, at this moment
                next(row for row in found["jobs"] if row["id"] == job.id)["next_look_at"] = house.now[0]
            if found != (twice := await house.rows()):
                wrong.append((door.event, door.name, state.value, "a second time", difference(twice, found)))
            await house.forget(job)
    assert not wrong, "\n".join(map(str, wrong))


async def test_what_it_cost_is_kept(house: House) -> None:
    """What the API says that it charged stands beside the price, also for a film that came late; silence keeps it."""
    for state in (JobState.SUBMITTING, JobState.RENDERING, JobState.EXPIRED):
        job = await house.begin(state)
        assert (job.cost, job.currency) == (None, "")
        await house.results.settle(job.id, Event.SUCCEEDED, report=replace(WHOLE, cost=1.5, currency="credit"))
        await house.results.looked(job.id, WHOLE)
        job = await house.job(job.id)
        assert (job.cost, job.currency) == (1.5, "credit")


@pytest.mark.parametrize("end", [JobState.RENDERING, JobState.FAILED, JobState.EXPIRED])
async def test_the_film_of_any_attempt_is_ours(house: House, end: JobState) -> None:
    """The first attempt was found after all, and did not make it: the film that the second one calls back with comes,
    free where the job had ended. A film that came stays; without a second attempt another task is a stranger's."""
    twice, once = await house.begin(JobState.SUBMITTING, attempt=2), await house.begin(JobState.SUBMITTING)
    for job in (twice, once):
        await house.results.looked(job.id, BEGUN)
        if end is JobState.FAILED:
            await house.results.looked(job.id, BROKEN)
        elif end is JobState.EXPIRED:
            await house.results.settle(job.id, Event.DEADLINE)
        assert (await house.job(job.id)).state is end
        house.woken.clear()
        await house.results.called_back(job.id, job.attempt, SUCCESS | {"task_id": "task-2"})
        found = await house.job(job.id)
        came = job is twice
        assert found.films == (FILMS if came else ())
        assert found.task_id == ("task-2" if came else "task-1"), "whose links can be renewed"
        assert ("delivery" in house.woken) is came
        assert found.state is (JobState.READY if came and end is JobState.RENDERING else end)
    kinds = [line["kind"] for line in (await house.rows())["ledger"] if line["job_id"] == twice.id]
    assert kinds == ["capture", "capture", "hold", "hold"] if end is JobState.RENDERING else "capture" not in kinds
    other = DATA[0] | {"video_url": "https://cdn.example/other.mp4"}
    await house.results.called_back(twice.id, 2, {"success": True, "task_id": "task-3", "data": [other]})
    assert (await house.job(twice.id)).films == FILMS
