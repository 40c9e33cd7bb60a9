"""Alerts: the operator hears of each trouble once, of its end once, and never again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from acedata.platform import balance
from domain.faults import VendorFault
from domain.job import Event, JobState
from service.alerts import DISK_LEAST, FAILURES, Alerts
from service.balance import Balance
from storage import jobs, memory
from storage.database import Database, open_database
from tests.conftest import OpenWire
from tests.discordwire import DiscordWire
from tests.standin import served
from tests.test_dispatch import ask, until_rows
from tests.test_words import a_job
from ui.words_alerts import ALERTS
from ui.words_ended import ENDED

MINUTE, HOUR = 60_000, 3_600_000


@dataclass
class House:
    """Alerts over a real database, with a clock, a disk and a balance of the test's own."""

    db: Database
    now: int = 1_800_000_000_000
    free: int = 10 * DISK_LEAST
    left: float | None = None
    backup_fault: str | None = ""
    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    #: False while the operator cannot be told.
    open: bool = True
    alerts: Alerts = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As after a restart: only the database is the same."""

        async def ask_balance() -> float:
            assert self.left is not None
            return self.left

        self.alerts = Alerts(
            self.db,
            models=["sora-2"],
            balance=Balance(ask_balance if self.left is not None else None, steady=lambda: self.now / 1000),
            low_balance=10,
            disk_free=lambda: self.free,
            tell=self.tell,
            backup_fault=lambda: self.backup_fault,
            clock=lambda: self.now,
        )

    async def tell(self, reason: str, values: Mapping[str, object]) -> bool:
        if self.open:
            self.heard.append((reason, dict(values)))
        return self.open

    async def look(self, after: int = 0) -> list[str]:
        """What is said by a look after so many ms."""
        self.now += after
        self.heard.clear()
        await self.alerts.step()
        return [reason for reason, _ in self.heard]

    async def job(self, number: int, state: JobState, reason: str = "", undelivered: int = 0) -> None:
        async with self.db.transaction() as conn:
            await jobs.begin(conn, a_job(id=f"job{number}", interaction_id=number), fold=str(number))
            await jobs.move(conn, f"job{number}", Event.SEND, JobState.SUBMITTING)
            await jobs.change(
                conn, f"job{number}", state=state.value, ended_at=self.now, reason=reason, undelivered=undelivered
            )


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_database(tmp_path / "clapper.db") as db:
        yield House(db)


async def test_a_failed_backup_is_told_once(house: House) -> None:
    """Once while it fails, and once when a copy is made again."""
    house.backup_fault = "disk_full (detail=SQLITE_FULL)"
    assert await house.look() == ["backup"]
    assert "SQLITE_FULL" in ALERTS["backup"](house.heard[0][1]).text
    assert await house.look(HOUR) == []
    house.backup_fault = None  # as after a restart, before the first try
    assert await house.look(HOUR) == []
    house.backup_fault = ""
    assert await house.look(MINUTE) == ["backup_over"]
    assert await house.look(HOUR) == []


async def test_a_full_disk_is_told_once(house: House) -> None:
    """Once when it begins, not at every look nor after a restart, and once when it has been over for an hour."""
    assert await house.look() == []
    house.free = DISK_LEAST - 1
    assert await house.look(MINUTE) == ["disk"]
    assert house.heard[0][1] == {"free": DISK_LEAST - 1}
    for _ in range(5):
        assert await house.look(HOUR) == []
    house.start()
    assert await house.look(MINUTE) == []
    house.free = 2 * DISK_LEAST
    assert await house.look(30 * MINUTE) == []
    house.free = 1  # it comes and goes: that is the same trouble
    assert await house.look(20 * MINUTE) == []
    house.free = 2 * DISK_LEAST
    assert await house.look(59 * MINUTE) == []
    assert await house.look(2 * MINUTE) == ["disk_over"]
    assert await house.look(MINUTE) == []
    house.free = 1
    assert await house.look(MINUTE) == ["disk"]


async def test_breakers(house: House) -> None:
    """Each breaker is a trouble of its own; one that flaps is told once, and its end after ten calm minutes."""
    for subject, reason in (("account:sora", "account_balance"), ("model:veo", "model_gone")):
        async with house.db.transaction() as conn:
            await memory.open_breaker(conn, subject, reason, house.now, MINUTE)
    assert sorted(await house.look()) == ["account_balance", "model_gone"]
    assert {values["subject"] for _, values in house.heard} == {"account:sora", "model:veo"}
    for _ in range(4):
        async with house.db.transaction() as conn:
            await memory.shut_breaker(conn, "account:sora")
        assert await house.look(5 * MINUTE) == []
        async with house.db.transaction() as conn:
            await memory.open_breaker(conn, "account:sora", "account_balance", house.now, MINUTE)
        assert await house.look(MINUTE) == []
    async with house.db.transaction() as conn:
        await memory.shut_breaker(conn, "account:sora")
    assert await house.look(9 * MINUTE) == []
    assert await house.look(2 * MINUTE) == ["breaker_shut"]
    assert house.heard[0][1] == {"subject": "account:sora"}


async def test_another_cause_is_told(house: House) -> None:
    """Filled up, and then the token is refused: the operator hears of that too; that all is well, once."""

    async def opened(reason: str) -> None:
        async with house.db.transaction() as conn:
            await memory.open_breaker(conn, "account:sora", reason, house.now, MINUTE)

    async def shut() -> None:
        async with house.db.transaction() as conn:
            await memory.shut_breaker(conn, "account:sora")

    await opened("account_balance")
    assert await house.look() == ["account_balance"]
    await shut()
    await opened("account_token")
    assert await house.look(MINUTE) == ["account_token"]
    await opened("account_balance")  # while it is open: the trial met the first cause again
    assert await house.look(MINUTE) == []
    await shut()
    assert await house.look(9 * MINUTE) == []
    assert await house.look(HOUR) == ["breaker_shut"]
    assert house.heard[0][1] == {"subject": "account:sora"}
    assert await house.look(HOUR) == []


async def test_failures(house: House) -> None:
    """Five failures of the service that are half of all films; what members asked for does not count."""
    for number in range(20):
        await house.job(number, JobState.FAILED, reason="moderation")
        await house.job(100 + number, JobState.CANCELLED, reason="cancel")
    for number in range(200, 204):
        await house.job(number, JobState.FAILED, reason="vendor_failed")
    assert await house.look() == []
    await house.job(204, JobState.EXPIRED, reason="expired")
    for number in range(300, 306):
        await house.job(number, JobState.READY)
    assert await house.look() == []  # 5 of 11
    await house.job(205, JobState.FAILED, reason="vendor_timeout")
    assert await house.look() == ["failures"]
    assert house.heard[0][1] == {"failed": 6, "all": 12}
    assert await house.look(61 * MINUTE) == ["failures_over"]


async def test_undelivered_films(house: House) -> None:
    """The first is told; those that follow within the same two days are not, later ones are."""
    await house.job(1, JobState.READY, undelivered=1)
    assert await house.look() == ["undelivered"]
    assert house.heard[0][1] == {"count": 1}
    await house.job(2, JobState.READY, undelivered=1)
    assert await house.look(MINUTE) == []
    assert await house.look(72 * HOUR) == []  # its end is no news
    await house.job(3, JobState.READY, undelivered=1)
    assert await house.look(MINUTE) == ["undelivered"]


async def test_a_low_balance(house: House) -> None:
    """Asked every ten minutes, told once below the least, and once when it is filled up."""
    house.left = 12.0
    house.start()
    assert await house.look() == []
    house.left = 9.5
    assert await house.look(9 * MINUTE) == []
    assert await house.look(2 * MINUTE) == ["balance"]
    assert house.heard[0][1] == {"left": 9.5}
    house.left = 100.0
    assert await house.look(30 * MINUTE) == []
    assert await house.look(31 * MINUTE) == ["balance_over"]


async def test_an_operator_who_cannot_be_told_is_told_later(house: House) -> None:
    """What Discord did not take is said again soon, and then only once."""
    house.free, house.open = 1, False
    house.heard.clear()
    assert await house.alerts.step() == 5.0
    house.open = True
    assert await house.look() == ["disk"]
    assert await house.look() == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, {"error": {"code": "invalid_token"}}, "account_token"),
        (200, {"remaining_amount": "many"}, "unknown"),
        (200, [], "unknown"),
        (500, {}, "unknown"),
    ],
)
async def test_an_answer_without_a_balance(status: int, body: object, reason: str) -> None:
    """Whatever the vendor's console answers, there is a number or one fault, and the last number stays."""

    async def application(request: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    async with served(web.get("/api/v1/applications/{id}/", application)) as url:
        with pytest.raises(VendorFault) as caught:
            await balance(url, "platform-token", "an id/with a slash")
        assert caught.value.reason == reason
        assert "platform-token" not in str(caught.value)
        asked = Balance(lambda: balance(url, "platform-token", "x"))
        assert await asked.look() is None


async def test_the_channel_hears_of_it(open_wire: OpenWire) -> None:
    """In the operator's channel: a breaker at once, and not again after a restart; nobody is pinged."""
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(DiscordWire("token-of-the-bot"))
        channel = wire.add_channel("operators")
        async with open_wire(wire=wire, operator_channel_id=channel.id) as w:
            await ask(w, "a broke boat")
            (said,) = await wire.wait_for(lambda: wire.messages(channel), timeout=15)
            assert "balance is used up" in said.content
            assert not said.pings.users
            await until_rows(w, "SELECT key FROM alerts", [("breaker:account:sora:account_balance",)])
        async with open_wire(wire=wire, starts=2, operator_channel_id=channel.id) as w:
            await w.app.parts.alerts.step()
            await ask(w, "another boat")
            assert len(wire.messages(channel)) == 1


async def test_a_channel_that_takes_no_messages(open_wire: OpenWire) -> None:
    """Without rights in the operator's channel, it is asked once and no more: the log has the words."""
    async with DiscordWire("token-of-the-bot") as wire:
        channel = wire.add_channel("operators")
        wire.deny(channel, "SEND_MESSAGES")
        async with open_wire(wire=wire, operator_channel_id=channel.id) as w:
            await ask(w, "a broke boat")
            await until_rows(w, "SELECT key FROM alerts", [("breaker:account:sora:account_balance",)])
            await asyncio.gather(*(w.app.parts.alerts.step() for _ in range(3)))
        assert len([call for call in wire.log if call.path == f"/channels/{channel.id}/messages"]) == 1


def test_every_reason_has_words() -> None:
    """What is said has words, and what counts as a failure is a reason that jobs end with."""
    kinds = ("breaker", "failures", "failures_over", "undelivered", "disk", "disk_over", "balance", "balance_over")
    kinds += ("backup", "backup_over")
    assert set(kinds) == set(ALERTS)
    assert set(FAILURES) <= set(ENDED)
    values = {"failed": 6, "all": 12, "count": 3, "free": 5e8, "left": 3.25, "subject": "model:x", "why": "x"}
    for maker in ALERTS.values():
        said = maker(values)
        assert not said.title.endswith(".")
        assert said.text.endswith(".")
        assert "{" not in said.title + said.text
