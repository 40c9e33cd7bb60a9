"""Random histories of generations: whatever happens, in whatever order, what must hold holds after each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.job import Event, Job, JobState, Report, Verdict
from domain.pace import Pace
from domain.people import Person
from service.cancel import Cancel
from service.doorman import Ceiling
from service.meter import Meter
from service.policies import Policies
from service.results import Results
from service.rights import Rights
from storage import jobs, outbox
from tests.onfile import (
    ACTIVE,
    ANSWERS,
    BODIES,
    CHANNEL,
    DAY,
    FINAL,
    FLYING,
    GIVE,
    GUILD,
    MINUTE,
    PICK,
    VERDICTS,
    WORDS,
    OnFile,
    Row,
)
from tests.settled import FILMS, make_intake


def read(task: str, says: str) -> Report:
    return Report(task, VERDICTS.get(says, Verdict.FAILED), FILMS if says == "film" else ())


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
        self.sending: dict[str, None] = {}
        self.hands: dict[str, tuple[Job, int]] = {}
        self.sql(f"{GIVE}, (1, 2, 3, NULL, 'gift', 0)", 1, 4, self.now + 2 * DAY)

    async def open(self) -> None:
        await super().open()
        clock: Callable[[], int] = lambda: self.now  # noqa: E731 - one clock for all of them
        self.results = Results(self.db, pace=Pace(), on_change=lambda *_: None, meter=Meter(), clock=clock)
        self.cancel = Cancel(self.db, results=self.results, rights=Rights(Policies(self.db)), clock=clock)
        self.intake = make_intake(self.db, Ceiling(daily=7, server_daily=20), clock)

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
        _, said = self.attempt(act(row["id"], Person(GUILD, row["author_id"] if mine else 99)))
        assert said == "not_yours" if not mine else (said == "too_late") == (row["state"] in FINAL)

    @rule()
    def send(self) -> None:
        async def claim(conn: Any) -> Job | None:
            job = await jobs.next_queued(conn, now=self.now, member_most=2, server_most=4, total_most=5)
            return job and await jobs.move(conn, job.id, Event.SEND, JobState.SUBMITTING, sent_at=self.now)

        if job := self.write(claim):
            self.sending[job.id] = None

    @precondition(lambda self: self.sending)
    @rule(n=PICK, says=WORDS | st.sampled_from(["pending", *ANSWERS]))
    def answer(self, n: int, says: str) -> None:
        job_id = list(self.sending)[n % len(self.sending)]
        del self.sending[job_id]
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
            self.sending[row["id"]] = None

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
        job_id = list(self.hands)[n % len(self.hands)]
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
