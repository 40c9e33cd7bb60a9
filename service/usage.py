"""Who used what: sums for members and moderators, in the server's own days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta, tzinfo

from domain.credit import PERIODS, local_date, renews_at
from domain.usage import Cost, Day, Spender, Spent, Usage, start_of
from service.loops import now_ms
from storage import usage
from storage.database import Database

#: The days that one look may take in: a chart of more says nothing.
DAYS_MOST = 3_660
TOP_MOST = 25


class UsageBook:
    """Answers questions about what was used; changes nothing, and asks nobody's rights: its callers do.

    All days are of `zone`, the server's own; `first` and `last` both count.
    """

    def __init__(self, db: Database, *, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._clock = clock

    async def of_member(self, guild_id: int, member_id: int, first: date, last: date, zone: tzinfo) -> Usage:
        """What one member used in this day, week and month, and by model in a range."""
        conn, now = self._db.long_reader, self._clock()
        periods: dict[str, Spent] = {}
        for period in PERIODS:
            begun = usage.Span(guild_id, _start_of_period(period, now, zone), renews_at(period, now, zone))
            models = await usage.by_model_of(conn, begun, member_id)
            periods[period] = sum(models.values(), Spent())
        span = _span(guild_id, first, last, zone)
        models, costs = await usage.by_model_of(conn, span, member_id), await usage.costs_of(conn, span, member_id)
        return Usage(periods, models, costs)

    async def top(self, guild_id: int, first: date, last: date, zone: tzinfo, most: int = 10) -> list[Spender]:
        """Those who spent the most, the first first."""
        found = await usage.by_member(self._db.long_reader, _span(guild_id, first, last, zone), min(most, TOP_MOST))
        return [Spender(member_id, spent) for member_id, spent in found]

    async def costs(self, guild_id: int, first: date, last: date, zone: tzinfo) -> list[Cost]:
        """What the API said that the films of each model cost, beside what was charged for them."""
        return await usage.costs(self._db.long_reader, _span(guild_id, first, last, zone))

    async def days(self, guild_id: int, first: date, last: date, zone: tzinfo) -> list[Day]:
        """Credits of each day and model, without the days on which nothing was asked for.

        Day by day, so that no query holds up the others that only show something.
        """
        found: list[Day] = []
        for n in range(min((last - first).days + 1, DAYS_MOST)):
            day = first + timedelta(days=n)
            models = await usage.by_model(self._db.long_reader, _span(guild_id, day, day, zone))
            found += [Day(day, model, models[model]) for model in sorted(models)]
        return found

    def last_days(self, count: int, zone: tzinfo) -> tuple[date, date]:
        """The range of so many days that ends today."""
        today = local_date(self._clock(), zone)
        return today - timedelta(days=count - 1), today


def _span(guild_id: int, first: date, last: date, zone: tzinfo) -> usage.Span:
    return usage.Span(guild_id, start_of(first, zone), start_of(last + timedelta(days=1), zone))


def _start_of_period(period: str, now: int, zone: tzinfo) -> int:
    day = local_date(now, zone)
    if period == "week":
        day -= timedelta(days=day.weekday())
    return start_of(day.replace(day=1) if period == "month" else day, zone)
