"""Random histories of credits: rules, grants, gifts, resets, holds and their ends at any time, beside simple sums."""

from __future__ import annotations

from collections import Counter
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
from domain.faults import Refused
from domain.job import Credits, Job
from domain.people import Spot
from service.doorman import Ceiling
from service.orders import Order
from service.policies import Policies
from storage import grants, jobs, ledger, policies
from tests.onfile import CHANNEL, DAY, GUILD, PICK, OnFile, Row, T
from tests.settled import make_intake

MOST = 25
ZONES = st.sampled_from(["UTC", "Pacific/Apia", "Europe/Berlin", "America/Los_Angeles"])
#: Two channels of one category, a thread in the first, and one channel that stands alone.
SPOTS = (Spot(CHANNEL, category_id=90), Spot(8, category_id=90), Spot(70, parent_id=CHANNEL, category_id=90), Spot(6))
GIVING = ("everyone", "role:1", "role:2", "member:1", "member:2")
NARROWING = ("pot", "channel:7", "channel:90")
ROLES = st.frozensets(st.integers(1, 2))
Windows = dict[str, object]


@dataclass
class Held:
    """A hold as the test remembers it: by whom, where, when, and how much from the window and in all.

    `since` are the resets of the member's windows and of the pot's that came before it.
    """

    member: int
    places: tuple[int, ...]
    windows: Windows
    since: tuple[int, int]
    part: int
    price: int
    captured: bool = False
    given: bool = False


class Money(OnFile):
    """The credits of two members over months, in a server whose moderators change their mind all the time."""

    @initialize(zone=ZONES, daily=st.integers(0, 15), pot=st.none() | st.integers(3, 20))
    def begin(self, zone: str, daily: int, pot: int | None) -> None:
        # Apia had no 30th of December in 2011, and Berlin's 25th of October 2026 has 25 hours.
        self.now = int(datetime(2011 if "Apia" in zone else 2026, 10, 24, 12, tzinfo=UTC).timestamp() * 1000)
        self.daily = daily
        self.policies = Policies(self.db)
        self.intake = make_intake(self.db, Ceiling(daily, server_daily=MOST), lambda: self.now, self.policies)
        self.limits: dict[tuple[str, str], int | None] = {}
        self.resets: Counter[str] = Counter()
        self.holds: dict[str, Held] = {}
        self.move_zone(zone)
        self.change_rule("pot", "month", pot, off=False)

    def decide(self, act: Callable[..., Awaitable[T]], *values: Any, **named: Any) -> None:
        """What moderators decide, so that whoever asks next finds it."""

        async def decided() -> None:
            async with self.policies.changing(GUILD) as conn:
                await act(conn, *values, **named)

        self.run(decided())

    @rule(zone=ZONES)
    def move_zone(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.decide(policies.change, GUILD, self.now, timezone=zone)

    @rule(
        subject=st.sampled_from([*GIVING, *NARROWING, *NARROWING]),
        period=st.sampled_from(["day", "week", "month"]),
        most=st.none() | st.integers(0, 15),
        off=st.sampled_from([False, False, False, True]),
    )
    def change_rule(self, subject: str, period: str, most: int | None, off: bool) -> None:
        alone = subject in GIVING
        if off or alone:
            self.limits = {key: value for key, value in self.limits.items() if key[0] != subject}
        if off:
            self.decide(policies.clear_rules, GUILD, subject, self.now)
        else:
            self.limits[subject, period] = most
            self.decide(policies.set_rule, GUILD, Rule(subject, period, most), self.now, alone=alone)

    @rule(member=st.integers(1, 2), amount=st.integers(1, 6), days=st.none() | st.integers(1, 40))
    def give(self, member: int, amount: int, days: int | None) -> None:
        ends = None if days is None else self.now + days * DAY
        who = {"guild_id": GUILD, "member_id": member, "by_id": 9}
        self.write(grants.give, **who, amount=amount, reason="thanks", ends_at=ends, now=self.now)

    @rule(giver=st.integers(1, 2), amount=st.integers(1, 9))
    def transfer(self, giver: int, amount: int) -> None:
        """Granted credits change hands, each with the end it had, or none does."""
        mine, theirs = self.gifts(giver), self.gifts(3 - giver)
        who = {"guild_id": GUILD, "from_id": giver, "to_id": 3 - giver}
        moved = self.write(grants.move, **who, amount=amount, reason="", now=self.now)
        assert moved == (sum(gift["left"] for gift in mine) >= amount)
        before = Counter(gift["ends"] for gift in mine + theirs for _ in range(gift["left"]))
        after = self.gifts(giver) + self.gifts(3 - giver)
        assert before == Counter(gift["ends"] for gift in after for _ in range(gift["left"]))
        wanted = sum(gift["left"] for gift in theirs) + (amount if moved else 0)
        assert sum(gift["left"] for gift in self.gifts(3 - giver)) == wanted

    @rule(subject=st.sampled_from(["member:1", "member:2", "everyone", "server", "server"]))
    def reset(self, subject: str) -> None:
        self.resets[subject] += 1
        self.write(grants.reset, GUILD, subject, self.now)

    @rule(member=st.integers(1, 2), price=st.integers(1, 6), spot=st.sampled_from(SPOTS), roles=ROLES)
    def hold(self, member: int, price: int, spot: Spot, roles: frozenset[int]) -> None:
        """It is had exactly when there is room everywhere: from the window first, then from grants, by their ends."""
        room, gifts, narrow = self.room(member, roles), self.gifts(member), self.narrow(spot).values()
        total = None if room is None else room + sum(gift["left"] for gift in gifts)
        plain = self.order(member, str(self.count))
        order = replace(plain, ask=replace(plain.ask, spot=spot, roles=roles, channel_id=spot.channel_id), price=price)
        job, why, left = self.ask_for(order)
        if job is None:
            known = {"server_ceiling": [self.ceiling()], "place_ceiling": narrow, "no_credits": [total]}
            assert left in known[why]
            assert left < price
            return
        assert price <= self.ceiling()
        assert all(price <= have for have in narrow)
        assert total is None or price <= total
        self.write(jobs.change, job.id, state="rendering")
        part = price if room is None else min(price, room)
        places = (spot.parent_id or spot.channel_id, spot.category_id)
        self.holds[job.id] = Held(member, places, self.windows(), self.since(member), part, price)
        wanted: list[tuple[str, int]] = [("window", part)]
        for gift in gifts:
            if (taken := min(gift["left"], price - sum(amount for _, amount in wanted))) > 0:
                wanted.append((f"grant:{gift['id']}", taken))
        lines = self.rows("SELECT source, amount FROM ledger WHERE job_id = ? ORDER BY id", job.id)
        assert [(line["source"], line["amount"]) for line in lines] == wanted

    def ask_for(self, order: Order) -> tuple[Job | None, str, int]:
        """The job; or why there is none, and what the refusal says is left."""
        try:
            return self.run(self.intake.admit(order)).job, "", 0
        except Refused as refused:
            return None, refused.reason, int(str(refused.values["left"]))

    @precondition(lambda self: self.holds)
    @rule(n=PICK, keep=st.booleans())
    def end(self, n: int, keep: bool) -> None:
        key = list(self.holds)[n % len(self.holds)]
        held = self.holds[key]
        first = not (held.captured or held.given)
        what = Credits.REFUND if held.captured else Credits.CAPTURE if keep else Credits.RELEASE
        paid = self.write(ledger.finish, key, what, self.now)
        assert paid == (0 if held.given else held.price)
        held.captured, held.given = held.captured or (first and keep), held.given or not (first and keep)
        state = "ready" if held.captured else "failed"
        self.write(jobs.change, key, state=state, refunded=held.captured and held.given)

    @rule(member=st.integers(1, 2))
    def end_late(self, member: int) -> None:
        """A film fails when the grant that paid for it has ended."""
        self.change_rule(f"member:{member}", "day", 0, off=False)
        self.give(member, 4, 1)
        before = len(self.holds)
        self.hold(member, 3, SPOTS[-1], frozenset())
        self.now += 2 * DAY
        if len(self.holds) > before:
            self.end(before, keep=False)
        self.change_rule(f"member:{member}", "day", 0, off=True)

    # The same, by simple sums.

    def windows(self) -> Windows:
        """The local day, ISO week and month that it is now, and the operator's day."""
        utc = datetime.fromtimestamp(self.now / 1000, UTC)
        local = utc.astimezone(self.zone)
        periods: Windows = {"day": local.date(), "week": local.isocalendar()[:2], "month": (local.year, local.month)}
        return periods | {"operator": utc.date()}

    def since(self, member: int) -> tuple[int, int]:
        return self.resets[f"member:{member}"] + self.resets["everyone"], self.resets["server"]

    def kept(self, period: str) -> list[Held]:
        """What was held in this period and not given back."""
        return [h for h in self.holds.values() if not h.given and h.windows[period] == self.windows()[period]]

    def spent(self, period: str, member: int) -> int:
        mine = (held for held in self.kept(period) if held.member == member)
        return sum(held.part for held in mine if held.since[0] == self.since(member)[0])

    def room(self, member: int, roles: frozenset[int]) -> int | None:
        own = {key: most for key, most in self.limits.items() if key[0] == f"member:{member}"}
        mine = {"everyone", *(f"role:{role}" for role in roles)}
        rules = own or {key: most for key, most in self.limits.items() if key[0] in mine}
        if not own and not any(subject == EVERYONE for subject, _ in rules):
            rules |= {(EVERYONE, "day"): self.daily}
        left = [None if most is None else max(0, most - self.spent(at, member)) for (_, at), most in rules.items()]
        return None if None in left else max(one for one in left if one is not None)

    def narrow(self, spot: Spot) -> dict[tuple[str, str], int]:
        """What the pot and the rules of a place and its category leave."""
        left: dict[tuple[str, str], int] = {}
        for (subject, period), most in self.limits.items():
            _, _, place = subject.partition(":")
            if subject in NARROWING and most is not None and (not place or int(place) in spot.ids):
                held = [h for h in self.kept(period) if not place or int(place) in h.places]
                used = sum(h.price for h in held if place or h.since[1] == self.resets["server"])
                left[subject, period] = max(0, most - used)
        return left

    def ceiling(self) -> int:
        return max(0, MOST - sum(held.price for held in self.kept("operator")))

    def gifts(self, member: int) -> list[Row]:
        """A member's grants that can be used now, the one that ends first first."""
        sql = "SELECT id, amount - used AS left, coalesce(ends_at, 1e18) AS ends FROM grants WHERE member_id = ?"
        return self.rows(f"{sql} AND used < amount AND ends > ? ORDER BY ends, id", member, self.now)

    def check(self) -> None:
        """What a member is shown is what the sums say, and nothing was made or lost on the way."""
        super().check()
        for member in (1, 2) if hasattr(self, "holds") else ():
            spot, roles = SPOTS[(self.count + member) % len(SPOTS)], frozenset({member})
            ask = Ask(0, "token", GUILD, spot.channel_id, "text", member, "en-GB", spot=spot, roles=roles)
            account = self.run(self.intake.account(ask))
            held = [h.price for h in self.holds.values() if h.member == member and not (h.captured or h.given)]
            gifts = [gift["left"] for gift in self.gifts(member)]
            assert (account.left, account.held, account.granted) == (self.room(member, roles), sum(held), sum(gifts))
            assert account.spent == self.spent(account.rule.period, member)
            assert account.server_left == self.ceiling()
            assert {(rule.subject, rule.period): left for rule, left, _ in account.narrow} == self.narrow(spot)


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
