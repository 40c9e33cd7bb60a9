"""What a member can ask about their own data: all of it in their hands, or their words gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.job import Event, Job
from service.loops import now_ms
from service.results import Results
from storage import jobs, privacy
from storage.database import Database

log = logging.getLogger("clapper.privacy")


@dataclass(frozen=True)
class Kept:
    """Everything that is stored about a member: rows by table, their generations, pictures of their characters."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    jobs: Sequence[Job]
    stills: Sequence[tuple[str, bytes]]


class Privacy:
    """For a member as a whole, in whichever server."""

    def __init__(
        self,
        db: Database,
        *,
        results: Results,
        on_erased: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`on_erased` wakes who shows a member's films elsewhere."""
        self._db = db
        self._results = results
        self._on_erased = on_erased
        self._clock = clock

    async def export(self, member_id: int) -> Kept:
        """All that is stored about a member."""
        reader = self._db.long_reader
        return Kept(
            await privacy.export(reader, member_id),
            await jobs.all_of(reader, member_id),
            await privacy.stills(reader, member_id),
        )

    async def delete(self, member_id: int) -> int:
        """Remove a member's words and what they attached or saved; how many of their films still need theirs.

        What was not sent yet is stopped, free. What is being made loses its words once it is at its end.
        """
        async with self._db.transaction() as conn:
            await privacy.ask(conn, member_id, self._clock())
            waiting = await privacy.waiting(conn, member_id)
        for job_id in waiting:
            await self._results.settle(job_id, Event.CANCEL)
        async with self._db.transaction(heavy=True) as conn:
            left = await privacy.erase(conn, member_id, self._clock())
        self._on_erased()
        log.info("a member's words were removed; %d films still need theirs", left)
        return left

    async def step(self) -> float | None:
        """Go on for members whose films were still being made when they asked."""
        async with self._db.transaction(heavy=True) as conn:
            for member_id, asked_at in await privacy.asked(conn):
                await privacy.erase(conn, member_id, asked_at)
        return None
