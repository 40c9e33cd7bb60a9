"""What a look at the whole database shows: a handful of counts, each from an index that holds only what is open."""

from __future__ import annotations

from dataclasses import dataclass, field

import aiosqlite

from domain.job import FINAL
from storage.database import every, one

_FINAL = ", ".join(f"'{state.value}'" for state in FINAL)


@dataclass(frozen=True)
class Figures:
    """Counts at one moment; times are unix ms, 0 where there is nothing."""

    #: (state, model) → jobs that are not final.
    active: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    #: Credits that these hold.
    held: int = 0
    #: When the oldest job that waits to be sent was begun.
    oldest_queued_at: int = 0
    #: Final jobs that people are still to be told about, and those that nobody could be told about.
    outbox: int = 0
    undelivered: int = 0
    #: Subjects of the open breakers.
    breakers: tuple[str, ...] = ()
    #: Servers under a pause; 0 among them means everything.
    paused: tuple[int, ...] = ()
    #: Bytes of the database.
    size: int = 0


async def figures(conn: aiosqlite.Connection) -> Figures:
    """Read them all; costs as much as there are open jobs, however many there were before."""
    # Two questions, as each has an index of its own; one question would read every job there ever was.
    active = [
        *await every(
            conn,
            "SELECT state, model, count(*) AS n, sum(price) AS held, min(created_at) AS oldest FROM jobs"
            " WHERE state IN ('queued', 'awaiting') GROUP BY state, model",
        ),
        *await every(
            conn,
            "SELECT state, model, count(*) AS n, sum(price) AS held, 0 AS oldest FROM jobs"
            " WHERE state IN ('submitting', 'rendering') GROUP BY state, model",
        ),
    ]
    sql = f"SELECT count(*) FROM jobs WHERE announced_at = 0 AND undelivered = 0 AND state IN ({_FINAL})"  # noqa: S608 - our own words
    outbox = await one(conn, sql)
    undelivered = await one(conn, "SELECT count(*) FROM jobs WHERE undelivered = 1")
    size = await one(conn, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return Figures(
        active={(row["state"], row["model"]): int(row["n"]) for row in active},
        held=sum(int(row["held"]) for row in active),
        oldest_queued_at=min((int(row["oldest"]) for row in active if row["state"] == "queued"), default=0),
        outbox=int(outbox[0]) if outbox else 0,
        undelivered=int(undelivered[0]) if undelivered else 0,
        breakers=tuple(row["subject"] for row in await every(conn, "SELECT subject FROM breakers")),
        paused=tuple(row["guild_id"] for row in await every(conn, "SELECT guild_id FROM pauses")),
        size=int(size[0]) if size else 0,
    )
