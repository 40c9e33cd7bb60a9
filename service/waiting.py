"""Waiting cards: while a job waits, its card says its true place; when its turn comes, the card says that, too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from domain.faults import DeliveryFault
from domain.job import IN_FLIGHT, Job, JobState
from domain.pace import Pace
from domain.turns import Outlook, Standing
from service.breakers import Breakers, account_of, model_of
from service.loops import now_ms
from service.turns import Turns
from storage import jobs
from storage import turns as storage
from storage.database import Database

log = logging.getLogger("clapper.waiting")

#: Jobs of a service whose places are followed, cards that one step changes, and so many of them at a time.
_QUEUE_MOST, _STEP_MOST, _AT_ONCE = 100, 30, 10
#: Cards beyond their interaction's life that are changed when the service closes or opens: each costs a common call.
_NEWEST = 25
#: An interaction's token works for 15 minutes; a minute less, for clocks that differ.
TOKEN_MS = 14 * 60_000

Look = Callable[[], Awaitable[tuple[Job, Outlook] | None]]


class ChangesCards(Protocol):
    """Who changes the card of a job that has not ended."""

    async def update(self, job_id: str, look: Look) -> Outlook | None:
        """Let the card say what `look` finds, asked when no other change of this card is under way; None: nothing.

        Raises DeliveryFault, `final` when this card cannot be changed any more.
        """
        ...


class WaitingCards:
    """Follows the cards of jobs that had to wait. A card is changed through its interaction, outside Discord's global
    limit, at most once in `pace.card`; the turn itself is said at once, and by whatever way is left."""

    def __init__(
        self,
        db: Database,
        *,
        board: ChangesCards,
        breakers: Breakers,
        turns: Turns,
        pace: Pace,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._board = board
        self._breakers = breakers
        self._turns = turns
        self._pace = pace
        self._clock = clock
        #: Cards whose change failed, and when they are tried again.
        self._later: dict[str, int] = {}

    async def step(self) -> float | None:
        """Change the cards that are no longer true; returns the seconds until the next look, None for no hurry."""
        now = self._clock()
        self._later = {job_id: at for job_id, at in self._later.items() if at > now}
        conn = self._db.reader
        changed = await storage.unsaid(conn, _STEP_MOST)
        known: dict[str, Outlook] = {}
        for provider in await storage.providers(conn):
            newest = await storage.newest(conn, provider, _NEWEST)
            for job, said in await self._turns.of_all(conn, provider, _QUEUE_MOST):
                known[job.id] = said = self._held(provider, job, said)
                if self._untrue(job, said, now, newest):
                    changed.append(job.id)
        todo = [job_id for job_id in changed if job_id not in self._later][:_STEP_MOST]
        places = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._update(job_id, known, places) for job_id in todo))
        return self._pace.card / 10_000 if known or changed else None

    def _held(self, provider: str, job: storage.Waiting, said: Outlook) -> Outlook:
        closed = self._breakers.closed()
        held = account_of(provider) in closed or model_of(job.model) in closed
        return Outlook(Standing.HELD, 0, 0, said.seen_at) if held else said

    def _untrue(self, job: storage.Waiting, said: Outlook, now: int, newest: set[str]) -> bool:
        """Whether a waiting job's card says something else than what is so, and may be changed now."""
        # Of a time that has not come yet: by a clock that was wrong.
        if not job.card_message_id or 0 <= now - max(job.card_at, job.created_at) < self._pace.card:
            return False
        was_held, is_held = job.card_says == Standing.HELD, said.standing is Standing.HELD
        if job.card_says == said.mark:
            moved = abs(said.ready_at - job.card_ready_at) >= 3 * self._pace.card
            if said.standing is not Standing.WAITS or not moved:
                return False
        elif said.standing is Standing.AT_ONCE and not was_held:
            return False  # its turn is just coming, and then the card says that
        alive = bool(job.card_token) and now - job.created_at < TOKEN_MS
        return alive or (is_held != was_held and job.id in newest)

    async def _update(self, job_id: str, known: dict[str, Outlook], places: asyncio.Semaphore) -> None:
        seen: Outlook | None = None

        async def look() -> tuple[Job, Outlook] | None:
            nonlocal seen
            job = await jobs.get(self._db.reader, job_id)
            if job is None:
                return None
            if job.state in IN_FLIGHT:
                seen = await self._turns.of_sent(self._db.reader, job)
            elif job.state is JobState.QUEUED:
                seen = known.get(job_id)
            return (job, seen) if seen else None

        async with places:
            try:
                await self._board.update(job_id, look)
            except DeliveryFault as fault:
                log.info("job %s: its card could not be changed: %s", job_id, fault)
                if not fault.final:
                    self._later[job_id] = self._clock() + self._pace.card
                    return
            if seen:  # also after a final refusal: nobody can change that card any more
                async with self._db.transaction() as conn:
                    await storage.said(conn, job_id, seen, now=self._clock())
