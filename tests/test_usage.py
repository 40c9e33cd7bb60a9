"""What was used: sums that agree with the ledger, in the server's own days, from indexes alone."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from domain.credit import local_date
from domain.job import Credits, JobState
from domain.usage import Cost, Day, Spender, Spent, start_of
from service.usage import UsageBook
from storage import database, jobs, ledger, usage
from storage.database import Database, open_database
from tests.test_words import a_job

BERLIN = ZoneInfo("Europe/Berlin")
#: A Wednesday.
NOON = int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
TODAY = date(2026, 11, 25)
DAY = 86_400_000


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "clapper.db") as opened:
        yield opened


@pytest.fixture
def book(db: Database) -> UsageBook:
    return UsageBook(db, clock=lambda: NOON)


async def film(
    db: Database,
    state: str = "ready",
    price: int = 2,
    *,
    at: int = NOON,
    author: int = 42,
    model: str = "Sora 2",
    guild: int = 1,
    refunded: bool = False,
    **said: object,
) -> None:
    """A job that was asked for at a moment, in the state that it has now."""
    async with db.transaction() as conn:
        row = await conn.execute_fetchall("SELECT count(*) FROM jobs")
        number = next(iter(row))[0]
        job = a_job(
            id=f"job{number}",
            interaction_id=number,
            guild_id=guild,
            author_id=author,
            label=model,
            price=price,
            created_at=at,
            state=JobState(state),
        )
        await jobs.begin(conn, job, fold="")
        await jobs.change(conn, job.id, refunded=refunded, **said)


async def test_outcomes_are_told_apart(db: Database, book: UsageBook) -> None:
    """Films cost, what failed or was paid back is given back, what is under way is held; other servers do not count."""
    for state in JobState:
        await film(db, state.value, 10)
    await film(db, "ready", 100, refunded=True)
    await film(db, "ready", 1_000, guild=2)
    found = await book.of_member(1, 42, TODAY, TODAY, UTC)
    assert found.total == Spent(ready=10, given_back=130, held=40, films=1, asked=9)
    assert found.periods["day"] == found.total
    assert await book.days(1, TODAY, TODAY, UTC) == [Day(TODAY, "Sora 2", found.total)]
    assert await book.top(1, TODAY, TODAY, UTC) == [Spender(42, found.total)]


async def test_a_member_sees_periods_and_models(db: Database, book: UsageBook) -> None:
    """Today, this week from Monday on, this month from its first day on, in the server's zone."""
    midnight = start_of(TODAY, BERLIN)
    for back, price in ((0, 1), (1, 10), (2 * DAY, 100), (2 * DAY + 1, 1_000), (24 * DAY, 10_000), (24 * DAY + 1, 99)):
        await film(db, price=price, at=midnight - back, model="Sora 2" if price < 100 else "Veo")
    await film(db, price=5, author=43)
    found = await book.of_member(1, 42, TODAY - timedelta(days=1), TODAY, BERLIN)
    assert {period: spent.ready for period, spent in found.periods.items()} == {"day": 1, "week": 111, "month": 11_111}
    assert {model: spent.ready for model, spent in found.models.items()} == {"Sora 2": 11}


async def test_days_are_the_servers_own(db: Database, book: UsageBook) -> None:
    """A film counts on the local day of its command; days without any are left out."""
    late = start_of(TODAY, BERLIN) - 1
    await film(db, at=late)
    await film(db, at=late + 1, model="Veo")
    await film(db, "queued", at=late + 1)
    first = TODAY - timedelta(days=9)
    made, held = Spent(ready=2, films=1, asked=1), Spent(held=2, asked=1)
    assert await book.days(1, first, TODAY, BERLIN) == [
        Day(TODAY - timedelta(days=1), "Sora 2", made),
        Day(TODAY, "Sora 2", held),
        Day(TODAY, "Veo", made),
    ]
    assert [day.day for day in await book.days(1, first, TODAY, UTC)] == [TODAY - timedelta(days=1)] * 2
    assert await book.days(1, TODAY, first, UTC) == []
    assert book.last_days(10, UTC) == (TODAY - timedelta(days=9), TODAY)


async def test_the_top_is_in_order(db: Database, book: UsageBook) -> None:
    """Whoever spent the most is first; who has only begun comes last, if there is room."""
    for author, state, price in (
        (1, "ready", 5),
        (2, "ready", 9),
        (2, "queued", 1),
        (3, "failed", 7),
        (4, "queued", 50),
        (5, "ready", 5),
    ):
        await film(db, state, price, author=author)
    top = await book.top(1, TODAY, TODAY, UTC)
    assert [spender.member_id for spender in top] == [2, 1, 5, 3, 4]
    assert top[0].spent == Spent(ready=9, held=1, films=1, asked=2)
    assert [spender.member_id for spender in await book.top(1, TODAY, TODAY, UTC, 2)] == [2, 1]


async def test_what_the_api_said_stands_beside_what_was_charged(db: Database, book: UsageBook) -> None:
    """Of films that were paid for and whose cost is known, by model and unit, for one member and for all."""
    for price, cost in ((2, 2.5), (3, 2.6)):
        await film(db, price=price, cost=cost, currency="credit")
    await film(db, price=4, cost=0.5, currency="usd", model="Veo")
    await film(db, price=100)
    await film(db, "failed", 100, cost=9.0, currency="credit")
    await film(db, "ready", 100, cost=9.0, currency="credit", refunded=True)
    await film(db, price=100, cost=9.0, currency="credit", guild=2)
    await film(db, price=100, cost=9.0, currency="credit", at=NOON - DAY)
    await film(db, price=7, cost=0.0, currency="usd", author=43)
    sora, veo = Cost("Sora 2", "credit", 2, 5, 5.1), Cost("Veo", "usd", 1, 4, 0.5)
    assert (await book.of_member(1, 42, TODAY, TODAY, UTC)).costs == [sora, veo]
    assert await book.costs(1, TODAY, TODAY, UTC) == [sora, Cost("Sora 2", "usd", 1, 7, 0.0), veo]
    assert (sora.more, sora.rate, veo.more, veo.rate) == (0.1, 1.02, None, 0.125)
    assert Cost("Sora 2", "Credits", 1, 0, 1.0).rate is None


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        ("2026-11-25", "UTC", "2026-11-25T00:00:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00"),
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00"),  # after a day of 23 hours
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00"),  # without midnight
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00"),  # was never there
        ("2026-11-01", "America/Havana", "2026-11-01T04:00:00"),  # has midnight twice
    ],
)
def test_where_days_begin(day: str, zone: str, begins: str) -> None:
    """At the first moment of the local date, whatever the zone's clocks do."""
    assert start_of(date.fromisoformat(day), ZoneInfo(zone)) == int(
        datetime.fromisoformat(begins).replace(tzinfo=UTC).timestamp() * 1000
    )


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo"])


@given(st.dates(date(2012, 1, 1), date(2035, 1, 1)), ZONES.map(ZoneInfo))
def test_a_day_begins_where_the_one_before_ends(day: date, zone: tzinfo) -> None:
    """Its first moment has its date, and the moment before has not: as in the windows of credits."""
    begins = start_of(day, zone)
    assert local_date(begins, zone) == day
    assert local_date(begins - 1, zone) == day - timedelta(days=1)


async def test_nothing_is_read_but_indexes(db: Database) -> None:
    """However much a server has behind it, a look costs what the range has, and one member's what the member has."""
    seen: list[str] = []
    conn = sqlite3.connect(db.path)

    async def explain(_: object, sql: str, values: object = ()) -> list[sqlite3.Row]:
        conn.row_factory = sqlite3.Row
        rows = conn.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()  # pyright: ignore[reportArgumentType]
        seen.append(next(row["detail"] for row in rows))
        return []

    span = usage.Span(1, 0, NOON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage, "every", explain)
        await usage.by_model(db.reader, span)
        await usage.by_model_of(db.reader, span, 42)
        await usage.by_member(db.reader, span, 10)
        await usage.costs(db.reader, span)
        await usage.costs_of(db.reader, span, 42)
        await usage.ledger_page(db.reader, span, (0, 0), 10)
        await usage.jobs_page(db.reader, span, (0, 0), 10)
    ended = "SEARCH jobs USING COVERING INDEX jobs_spent (guild_id=? AND created_at>? AND created_at<?)"
    members = "SEARCH jobs USING INDEX jobs_author (guild_id=? AND author_id=? AND created_at>? AND created_at<?)"
    active = "SEARCH jobs USING INDEX jobs_active (guild_id=?)"
    assert seen == [
        ended,
        active,
        members,
        ended,
        active,
        "SEARCH jobs USING COVERING INDEX jobs_cost (guild_id=? AND created_at>? AND created_at<?)",
        members,
        "SEARCH ledger USING INDEX ledger_at (guild_id=? AND at>? AND at<?)",
        "SEARCH jobs USING INDEX jobs_recent (guild_id=? AND created_at>? AND created_at<?)",
    ]
    conn.close()


async def test_the_indexes_come_to_a_database_that_has_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older file gets them, and they know what was there before."""
    files = sorted(database.MIGRATIONS.glob("[0-9]*.sql"))
    older = tmp_path / "older"
    older.mkdir()
    for file in files:
        if file.name < "0010":
            (older / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", older)
        async with open_database(tmp_path / "clapper.db") as db:
            await film(db, "ready", 7)
            await film(db, "queued", 3)
            async with db.transaction() as conn:
                await ledger.finish(conn, "job0", Credits.CAPTURE, NOON)
    async with open_database(tmp_path / "clapper.db") as db:
        found = await usage.by_model(db.reader, usage.Span(1, 0, NOON + 1))
    assert found == {"Sora 2": Spent(ready=7, held=3, films=1, asked=2)}
