"""A state machine on a real database file, with a loop of its own and a clock that its rules turn."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.ask import Ask
from domain.faults import Refused
from domain.job import Event, Verdict
from domain.usage import Spent
from service.intake import Intake
from service.orders import Order
from storage import usage
from storage.database import Database, open_database
from tests.settled import FAILURE, SUCCESS

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
EVER = usage.Span(GUILD, 0, 1 << 60)
#: What each kind of a ledger's row does to the counters and grants that it names.
USES = {"hold": 1, "adjust": 1, "capture": 0, "grant": 0, "release": -1, "refund": -1}
#: What each kind of a ledger's row makes of its credits: ready, given back, held.
MEANS = {"hold": (0, 0, 1), "capture": (1, 0, -1), "release": (0, 1, -1), "refund": (-1, 1, 0)}
GIVE = "INSERT INTO grants (guild_id, member_id, amount, ends_at, reason, created_at) VALUES (1, ?, ?, ?, 'gift', 0)"


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
        return self.run(
            self.intake.check(who, prompt=prompt, model=None, duration=duration, orientation=None, size=None)
        )

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
        """Counters are holds less what came back, never below zero; so are grants, but for what came late."""
        wanted: Counter[tuple[str, str]] = Counter()
        used: Counter[int] = Counter()
        late: Counter[int] = Counter()
        grants = {row["id"]: row for row in self.rows("SELECT * FROM grants")}
        for line in self.rows("SELECT * FROM ledger"):
            sign = USES[line["kind"]]
            for subject, window, amount in json.loads(line["windows"]):
                wanted[subject, window] += sign * amount
            if line["source"].startswith("grant:"):
                grant = grants[int(line["source"].removeprefix("grant:"))]
                too_late = sign < 0 and grant["ends_at"] is not None and grant["ends_at"] <= line["at"]
                used[grant["id"]] += 0 if too_late else sign * line["amount"]
                late[grant["member_id"]] += line["amount"] if too_late else 0
        counters = {(row["subject"], row["win"]): row["spent"] for row in self.rows("SELECT * FROM counters")}
        assert counters == {key: wanted[key] for key in counters | wanted}
        assert min(counters.values(), default=0) >= 0
        assert {key: grant["used"] for key, grant in grants.items()} == {key: used[key] for key in grants}
        # Whatever came back too late lives on for a week, in a grant of its own.
        anew = [grant for grant in grants.values() if grant["reason"].startswith("returned from")]
        assert all(grant["ends_at"] == grant["created_at"] + 7 * DAY for grant in anew)
        assert late == sum((Counter({grant["member_id"]: grant["amount"]}) for grant in anew), Counter[int]())
        self.check_usage()

    def check_usage(self) -> None:
        """What moderators are shown is what the ledger says, member by member and in all."""
        wanted: dict[int, list[int]] = {}
        for line in self.rows("SELECT member_id, kind, amount FROM ledger WHERE job_id IS NOT NULL"):
            sums = wanted.setdefault(line["member_id"], [0, 0, 0])
            for n, sign in enumerate(MEANS[line["kind"]]):
                sums[n] += sign * line["amount"]
        found = {who: [s.ready, s.given_back, s.held] for who, s in self.run(usage.by_member(self.db.reader, EVER, 99))}
        assert found == wanted
        total = sum(self.run(usage.by_model(self.db.reader, EVER)).values(), Spent())
        sums = [sum(part) for part in zip(*wanted.values(), strict=True)] or [0, 0, 0]
        assert [total.ready, total.given_back, total.held] == sums

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
