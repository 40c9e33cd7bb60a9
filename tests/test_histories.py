"""Random histories: whatever happens to jobs and credits, in whatever order, what must hold holds after each step."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.faults import Refused
from domain.job import Credits, Event, Job, JobState, Pace, Report, Verdict
from service.cancel import Cancel
from service.intake import Ask, Intake, Order
from service.results import Results
from storage import jobs, ledger, outbox
from storage.database import Database, open_database
from tests.test_table import FAILURE, FILMS, SUCCESS, make_intake

T = TypeVar("T")
Row = dict[str, Any]
FLYING = ("submitting", "rendering")
ACTIVE = ("awaiting", "queued", *FLYING)
FINAL = ("ready", "failed", "expired", "cancelled")
GUILD, CHANNEL = 1, 7
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
PICK = st.integers(0, 1_000)
WORDS = st.sampled_from(["film", "film", "failure", "blank", "pending", "nothing"])
VERDICTS = {"film": Verdict.SUCCEEDED, "blank": Verdict.SUCCEEDED, "pending": Verdict.PENDING}
BODIES: dict[str, Row] = {
    "film": SUCCESS,
    "failure": FAILURE,
    "blank": {"success": True, "data": []},
    "pending": {"success": True, "data": [{"id": "film", "state": "pending"}]},
    "nothing": {"data": 1},
}
ANSWERS = {"400": Event.REFUSED, "404": Event.MODEL_CLOSED, "401": Event.ACCOUNT_CLOSED, "429": Event.SLOWED}
GIVE = "INSERT INTO grants (guild_id, member_id, amount, ends_at, reason, created_at) VALUES (1, ?, ?, ?, 'gift', 0)"


def read(task: str, says: str) -> Report:
    return Report(task, VERDICTS.get(says, Verdict.FAILED), FILMS if says == "film" else ())


class OnFile(RuleBasedStateMachine):
    """One database file with a loop of its own, and a clock that the rules turn."""

    db: Database
    intake: Intake

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="clapper-")
        self.path = Path(self.folder.name) / "clapper.db"
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.count = 0
        self.now = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
        self.run(self.open())
        self.reader = sqlite3.connect(self.path)
        self.reader.row_factory = sqlite3.Row

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def open(self) -> None:
        self.db = await self.stack.enter_async_context(open_database(self.path))
        await self.db._writer.execute("PRAGMA synchronous = OFF")  # no power is cut here, and there are many commits

    def write(self, act: Callable[..., Awaitable[T]], *values: Any, **named: Any) -> T:
        async def written() -> T:
            async with self.db.transaction() as conn:
                return await act(conn, *values, **named)

        return self.run(written())

    def order(self, member: int, prompt: str, *, channel: int = CHANNEL, duration: int | None = None) -> Order:
        self.count += 1
        who = Ask(self.count, "token", GUILD, channel, "text", member, "en-GB")
        return self.intake.check(who, prompt=prompt, model=None, duration=duration, orientation=None, size=None)

    def attempt(self, act: Coroutine[Any, Any, T]) -> tuple[T | None, object]:
        """What it returns; or None, with the credits left, or else the reason of the refusal."""
        try:
            return self.run(act), None
        except Refused as refused:
            return None, refused.values.get("left", refused.reason)

    def sql(self, statement: str, *values: Any) -> None:
        self.write(lambda conn: conn.execute(statement, values))

    def rows(self, sql: str, *values: Any) -> list[Row]:
        return [dict(row) for row in self.reader.execute(sql, values)]

    def check(self) -> None:
        """Counters are holds less what came back, never below zero; so are gifts, but for what came after their end."""
        wanted: Counter[tuple[str, str]] = Counter()
        used: Counter[int] = Counter()
        grants = {row["id"]: row for row in self.rows("SELECT * FROM grants")}
        for line in self.rows("SELECT * FROM ledger"):
            sign = {"hold": 1, "capture": 0}.get(line["kind"], -1)
            for subject, window, amount in json.loads(line["windows"]):
                wanted[subject, window] += sign * amount
            if line["source"] != "window":
                grant = grants[int(line["source"].removeprefix("grant:"))]
                too_late = sign < 0 and grant["ends_at"] is not None and grant["ends_at"] <= line["at"]
                used[grant["id"]] += 0 if too_late else sign * line["amount"]
        counters = {(row["subject"], row["win"]): row["spent"] for row in self.rows("SELECT * FROM counters")}
        assert counters == {key: wanted[key] for key in counters | wanted}
        assert min(counters.values(), default=0) >= 0
        assert {key: grant["used"] for key, grant in grants.items()} == {key: used[key] for key in grants}

    @rule(ms=st.sampled_from([SECOND, 10 * SECOND, HOUR, 11 * HOUR, DAY, 6 * DAY, 26 * DAY, -5 * HOUR]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @invariant()
    def all_is_well(self) -> None:
        self.check()

    def teardown(self) -> None:
        self.reader.close()
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


@dataclass
class Story:
    """What the machine has seen of one job so far: its row, which messages were sent, and if the last had its film."""

    row: Row | None = None
    told: list[int] = field(default_factory=list[int])
    brought: bool = False


class Life(OnFile):
    """Members, the API, people at buttons and the loops do as they like with three members' jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.stories: dict[str, Story] = {}
        #: Jobs whose request is on its way, and announcements in hand: the process knows them, a restart forgets them.
        self.sending: set[str] = set()
        self.hands: dict[str, tuple[Job, int]] = {}
        self.sql(f"{GIVE}, (1, 2, 3, NULL, 'gift', 0)", 1, 4, self.now + 2 * DAY)

    async def open(self) -> None:
        await super().open()
        clock: Callable[[], int] = lambda: self.now  # noqa: E731 - one clock for all of them
        self.results = Results(self.db, pace=Pace(), on_change=lambda: None, clock=clock)
        self.cancel = Cancel(self.db, results=self.results)
        self.intake = make_intake(self.db, ledger.Terms(daily=7, server_daily=20), clock)

    def some(self, *states: str, idle: bool = True) -> list[Row]:
        """Jobs in these states; `idle` leaves out those that are being sent, which the loops leave alone."""
        found = self.rows("SELECT * FROM jobs ORDER BY interaction_id")
        return [row for row in found if row["state"] in states and not (idle and row["id"] in self.sending)]

    def pick(self, n: int, *states: str, idle: bool = True) -> Row:
        found = self.some(*states, idle=idle)
        return found[n % len(found)]

    @rule(member=st.integers(1, 3), prompt=st.sampled_from("abcd"), long=st.booleans(), ask=st.booleans())
    def command(self, member: int, prompt: str, long: bool, ask: bool) -> None:
        order = self.order(member, prompt, duration=15 if long else 10)
        before = self.rows("SELECT * FROM ledger"), self.some(*ACTIVE, *FINAL, idle=False)
        admitted, _ = self.attempt(self.intake.admit(order))
        if admitted and not admitted.double:
            self.stories[admitted.job.id] = Story()
            if ask:  # where moderators are asked first
                self.write(jobs.change, admitted.job.id, state="awaiting")
        else:
            assert before == (self.rows("SELECT * FROM ledger"), self.some(*ACTIVE, *FINAL, idle=False))

    @precondition(lambda self: self.stories)
    @rule(n=PICK, mine=st.booleans(), mute=st.booleans())
    def press(self, n: int, mine: bool, mute: bool) -> None:
        row = self.pick(n, *ACTIVE, *FINAL, idle=False)
        act = self.cancel.mute if mute and row["state"] in FLYING else self.cancel.cancel
        _, said = self.attempt(act(row["id"], guild_id=GUILD, user_id=row["author_id"] if mine else 99))
        assert said == "not_yours" if not mine else (said == "too_late") == (row["state"] in FINAL)

    @rule()
    def send(self) -> None:
        async def claim(conn: Any) -> Job | None:
            job = await jobs.next_queued(conn, now=self.now, member_most=2, server_most=4, total_most=5)
            return job and await jobs.move(conn, job.id, Event.SEND, JobState.SUBMITTING, sent_at=self.now)

        if job := self.write(claim):
            self.sending.add(job.id)

    @precondition(lambda self: self.sending)
    @rule(n=PICK, says=WORDS | st.sampled_from(["pending", *ANSWERS]))
    def answer(self, n: int, says: str) -> None:
        job_id = sorted(self.sending)[n % len(self.sending)]
        self.sending.remove(job_id)
        job = self.write(jobs.get, job_id)
        assert job
        report = read(f"{job_id}-{job.attempt}", says)
        if event := ANSWERS.get(says):
            self.run(self.results.settle(job_id, event, report=report if says in ("400", "404") else None))
        else:
            self.run(self.results.answered(job, report))

    @precondition(lambda self: self.some(*ACTIVE[1:], *FINAL, idle=False))
    @rule(n=PICK, older=st.booleans(), says=WORDS, task=st.sampled_from(["right", "right", "wrong", "none"]))
    def callback(self, n: int, older: bool, says: str, task: str) -> None:
        row = self.pick(n, *ACTIVE[1:], *FINAL, idle=False)
        attempt = 1 if older else row["attempt"]
        ids = {"right": {"task_id": f"{row['id']}-{attempt}"}, "wrong": {"task_id": "theirs"}, "none": {}}
        self.run(self.results.called_back(row["id"], attempt, BODIES[says] | ids[task]))

    @precondition(lambda self: self.some(*FLYING))
    @rule(n=PICK, says=st.sampled_from(["pending", "film", "failure", "blank", "absent", "absent"]))
    def look(self, n: int, says: str) -> None:
        row = self.pick(n, *FLYING)
        if says != "absent":
            report = read(row["task_id"] or f"{row['id']}-{row['attempt']}", says)
            self.run(self.results.looked(row["id"], report))
        elif row["attempt"] > 1:
            self.run(self.results.settle(row["id"], Event.NOT_SEEN_AGAIN, reason="never_arrived"))
        elif row["state"] == "submitting":
            self.run(self.results.settle(row["id"], Event.NOT_SEEN, attempt=2, sent_at=self.now, looks=0))
            self.sending.add(row["id"])

    @precondition(lambda self: self.some(*ACTIVE))
    @rule(n=PICK, event=st.sampled_from([Event.APPROVE, Event.DEADLINE, Event.BAD_INPUT]))
    def decide(self, n: int, event: Event) -> None:
        self.run(self.results.settle(self.pick(n, *ACTIVE)["id"], event, reason="why"))

    def due(self) -> list[Job]:
        return self.run(outbox.due(self.db.reader, self.now, 50, set(self.hands)))

    def take(self, job: Job, place: int) -> None:
        again = place == job.target_id
        number = self.write(outbox.begin, job.id, target_id=place, now=self.now, again=again)
        if number is None:  # its member does not want it posted: it ends quietly
            self.write(outbox.done, job, now=self.now, thread_id=0, message_id=0)
            self.stories[job.id].brought = True
        else:
            self.hands[job.id] = job, number

    def done(self, job: Job, number: int) -> None:
        self.write(outbox.done, job, now=self.now, thread_id=CHANNEL, message_id=number)
        self.stories[job.id].told.append(number)
        self.stories[job.id].brought = bool(job.films) and not job.refunded

    @precondition(lambda self: self.due())
    @rule(n=PICK, place=st.sampled_from([CHANNEL, CHANNEL, 8]))
    def begin_to_tell(self, n: int, place: int) -> None:
        self.take(self.due()[n % len(self.due())], place)

    @precondition(lambda self: self.hands)
    @rule(n=PICK, how=st.sampled_from(["told", "told", "told", "later", "never", "no film"]))
    def end_telling(self, n: int, how: str) -> None:
        job_id = sorted(self.hands)[n % len(self.hands)]
        job, number = self.hands.pop(job_id)
        if how == "told":
            self.done(job, number)
        elif how == "no film" and job.state is JobState.READY and not job.refunded:
            self.run(self.results.settle(job_id, Event.NO_FILM, reason="no_film"))
        else:
            self.write(outbox.later, job, at=None if how == "never" else self.now + MINUTE)

    @precondition(lambda self: self.some(*FINAL))
    @rule(n=PICK)
    def redeliver(self, n: int) -> None:
        self.write(outbox.reopen, self.pick(n, *FINAL)["id"])

    @rule()
    def restart(self) -> None:
        before = self.rows("SELECT * FROM jobs")
        self.sending.clear()
        self.hands.clear()
        self.run(self.stack.aclose())
        self.run(self.open())
        assert self.rows("SELECT * FROM jobs") == before

    def check(self) -> None:
        super().check()
        lines: dict[str, dict[str, list[str]]] = {}
        for line in self.rows("SELECT * FROM ledger ORDER BY id"):
            lines.setdefault(line["job_id"], {}).setdefault(line["source"], []).append(line["kind"])
        held = "(SELECT sum(amount) FROM ledger WHERE job_id = jobs.id AND kind = 'hold') AS held"
        films = "(SELECT count(*) FROM films WHERE job_id = jobs.id) AS films"
        for row in self.rows(f"SELECT *, {films}, {held} FROM jobs"):
            # Held with its whole price, and each hold ended once, as the state says; given back only once captured.
            assert row["held"] == row["price"]
            ready = row["state"] == "ready"
            ends = ["capture"] * ready + ["release"] * (row["state"] in FINAL[1:]) + ["refund"] * row["refunded"]
            assert all(kinds == ["hold", *ends] for kinds in lines[row["id"]].values()), (row["state"], lines)
            assert (row["films"] > 0) if ready else row["state"] in FINAL or not row["films"]
            assert (row["ended_at"] > 0) == (row["state"] in FINAL) >= (row["announced_at"] > 0)
            story = self.stories[row["id"]]
            # People are told once by each message, and whoever's film has come was not left with its failure.
            assert len(set(story.told)) == len(story.told) <= row["announcement"]
            assert story.brought or not (row["announced_at"] and row["films"] and not row["refunded"])
            if before := story.row:
                assert row["state"] == before["state"] or before["state"] not in FINAL
                assert before["attempt"] <= row["attempt"] <= 2
                # Only the film of an older attempt brings that attempt's id along: by it, the film's link is renewed.
                older = row["task_id"] == f"{row['id']}-1" and ready and before["state"] != "ready"
                assert before["task_id"] in ("", row["task_id"]) or older
            story.row = row

    def teardown(self) -> None:
        """However it went: brought to an end, every job is told about, and no credits are left held."""
        try:
            self.restart()
            for row in self.some(*ACTIVE):
                self.run(self.results.settle(row["id"], Event.CANCEL if row["state"] == "awaiting" else Event.DEADLINE))
            self.now += 60 * DAY
            for job in self.due():
                self.take(job, CHANNEL)
            for hand in self.hands.values():
                self.done(*hand)
            self.check()
            assert not self.some(*ACTIVE)
            assert not self.rows("SELECT 1 FROM jobs WHERE announced_at = 0 AND undelivered = 0")
        finally:
            super().teardown()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@dataclass
class Held:
    """A hold as the test remembers it: by whom, when, how much from the window and in all; `given` back or not."""

    member: int
    at: datetime
    part: int
    price: int
    captured: bool = False
    given: bool = False


def same(period: str, a: datetime, b: datetime) -> bool:
    """Whether two local times are of one day, ISO week or month."""
    one, two = ({"day": t.date(), "week": t.isocalendar()[:2], "month": (t.year, t.month)}[period] for t in (a, b))
    return one == two


class Money(OnFile):
    """The ledger alone, over months: rules, gifts, holds and their ends at any time, beside simple sums of its own."""

    @initialize(zone=st.sampled_from(["UTC", "Pacific/Apia", "Europe/Berlin"]), daily=st.integers(0, 9))
    def begin(self, zone: str, daily: int) -> None:
        self.zone = ZoneInfo(zone)
        # Apia had no 30th of December in 2011, and Berlin's 25th of October 2026 has 25 hours.
        self.now = int(datetime(2011 if "Apia" in zone else 2026, 10, 24, 12, tzinfo=UTC).timestamp() * 1000)
        self.terms = ledger.Terms(daily=daily, server_daily=25, zone=self.zone)
        self.intake = make_intake(self.db, self.terms, lambda: self.now)
        self.limits: dict[str, int | None] = {}
        self.holds: dict[str, Held] = {}

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.now / 1000, UTC).astimezone(self.zone)

    def spent(self, period: str, member: int) -> int:
        mine = [held for held in self.holds.values() if held.member == member and not held.given]
        return sum(held.part for held in mine if same(period, held.at, self.local()))

    def room(self, member: int) -> int | None:
        rules = self.limits or {"day": self.terms.daily}
        left = [None if most is None else max(0, most - self.spent(period, member)) for period, most in rules.items()]
        return None if None in left else max(one for one in left if one is not None)

    def ceiling(self) -> int:
        days = [(held.at.astimezone(UTC).date(), held.price) for held in self.holds.values() if not held.given]
        return max(0, 25 - sum(price for day, price in days if day == self.local().astimezone(UTC).date()))

    def gifts(self, member: int) -> list[Row]:
        """A member's gifts that can be used now, the one that ends first first."""
        sql = "SELECT id, amount - used AS left, coalesce(ends_at, 1e18) AS ends FROM grants WHERE member_id = ?"
        return self.rows(f"{sql} AND used < amount AND ends > ? ORDER BY ends, id", member, self.now)

    @rule(period=st.sampled_from(["day", "week", "month"]), most=st.none() | st.integers(0, 15), off=st.booleans())
    def change_rule(self, period: str, most: int | None, off: bool) -> None:
        self.sql("DELETE FROM rules WHERE period = ?", period)
        self.limits.pop(period, None)
        if not off:
            self.limits[period] = most
            self.sql("INSERT INTO rules (guild_id, subject, period, credits) VALUES (1,'everyone',?,?)", period, most)

    @rule(member=st.integers(1, 2), amount=st.integers(1, 6), days=st.none() | st.integers(1, 40))
    def give(self, member: int, amount: int, days: int | None) -> None:
        self.sql(GIVE, member, amount, None if days is None else self.now + days * DAY)

    @rule(member=st.integers(1, 2), price=st.integers(1, 8), channel=st.integers(7, 8))
    def hold(self, member: int, price: int, channel: int) -> None:
        """It is had exactly when there is room: from the window first, then from gifts, the first to end first."""
        room, gifts, ceiling = self.room(member), self.gifts(member), self.ceiling()
        total = None if room is None else room + sum(gift["left"] for gift in gifts)
        order = replace(self.order(member, str(self.count), channel=channel), price=price)
        admitted, left = self.attempt(self.intake.admit(order))
        if price > ceiling or (total is not None and price > total):
            assert (admitted, left) == (None, ceiling if price > ceiling else total)
            return
        assert admitted
        key = admitted.job.id
        self.write(jobs.change, key, state="rendering")
        self.holds[key] = Held(member, self.local(), price if room is None else min(price, room), price)
        wanted: list[tuple[str, int]] = [("window", self.holds[key].part)]
        for gift in gifts:
            if (taken := min(gift["left"], price - sum(amount for _, amount in wanted))) > 0:
                wanted.append((f"grant:{gift['id']}", taken))
        lines = self.rows("SELECT source, amount FROM ledger WHERE job_id = ? ORDER BY id", key)
        assert [(line["source"], line["amount"]) for line in lines] == wanted

    @precondition(lambda self: self.holds)
    @rule(n=PICK, keep=st.booleans())
    def end(self, n: int, keep: bool) -> None:
        key = sorted(self.holds)[n % len(self.holds)]
        held = self.holds[key]
        first = not (held.captured or held.given)
        what = Credits.REFUND if held.captured else Credits.CAPTURE if keep else Credits.RELEASE
        paid = self.write(ledger.finish, key, what, self.now)
        assert paid == (0 if held.given else held.price)
        held.captured, held.given = held.captured or (first and keep), held.given or not (first and keep)
        self.write(jobs.change, key, state="ready" if held.captured else "failed")

    def check(self) -> None:
        """What a member is shown is what the sums say, and nothing was made or lost on the way."""
        super().check()
        for member in (1, 2) if hasattr(self, "holds") else ():
            account = self.run(ledger.account(self.db.reader, GUILD, member, self.now, self.terms))
            held = [h.price for h in self.holds.values() if h.member == member and not (h.captured or h.given)]
            gifts = [gift["left"] for gift in self.gifts(member)]
            assert (account.left, account.held, account.granted) == (self.room(member), sum(held), sum(gifts))
            assert account.spent == self.spent(account.rule.period, member)
            assert account.server_left == self.ceiling()


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
