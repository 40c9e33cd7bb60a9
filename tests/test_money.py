"""Random histories of credits: rules, gifts, holds and their ends at any time, beside simple sums."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from domain.ask import Ask
from domain.credit import EVERYONE, Rule
from domain.job import Credits
from service.doorman import Ceiling
from service.policies import Policies
from storage import jobs, ledger, policies
from tests.onfile import (
    CHANNEL,
    DAY,
    GIVE,
    GUILD,
    PICK,
    OnFile,
    Row,
    T,
)
from tests.settled import make_intake


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
        self.daily = daily
        self.policies = Policies(self.db)
        self.intake = make_intake(self.db, Ceiling(daily, server_daily=25), lambda: self.now, self.policies)
        self.decide(policies.change, GUILD, self.now, timezone=zone)
        self.limits: dict[str, int | None] = {}
        self.holds: dict[str, Held] = {}

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.now / 1000, UTC).astimezone(self.zone)

    def spent(self, period: str, member: int) -> int:
        mine = [held for held in self.holds.values() if held.member == member and not held.given]
        return sum(held.part for held in mine if same(period, held.at, self.local()))

    def room(self, member: int) -> int | None:
        rules = self.limits or {"day": self.daily}
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
        if off:
            self.limits.clear()
            self.decide(policies.clear_rules, GUILD, EVERYONE, self.now)
        else:
            self.limits[period] = most
            self.decide(policies.set_rule, GUILD, Rule(EVERYONE, period, most), self.now, alone=False)

    def decide(self, act: Callable[..., Awaitable[T]], *values: Any, **named: Any) -> None:
        """What moderators decide, so that whoever asks next finds it."""

        async def decided() -> None:
            async with self.policies.changing(GUILD) as conn:
                await act(conn, *values, **named)

        self.run(decided())

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
        state = "ready" if held.captured else "failed"
        self.write(jobs.change, key, state=state, refunded=held.captured and held.given)

    def check(self) -> None:
        """What a member is shown is what the sums say, and nothing was made or lost on the way."""
        super().check()
        for member in (1, 2) if hasattr(self, "holds") else ():
            account = self.run(self.intake.account(Ask(0, "token", GUILD, CHANNEL, "text", member, "en-GB")))
            held = [h.price for h in self.holds.values() if h.member == member and not (h.captured or h.given)]
            gifts = [gift["left"] for gift in self.gifts(member)]
            assert (account.left, account.held, account.granted) == (self.room(member), sum(held), sum(gifts))
            assert account.spent == self.spent(account.rule.period, member)
            assert account.server_left == self.ceiling()


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
