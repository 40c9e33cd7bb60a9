"""Late cards: commands that were taken, but whose answer was never shown, get one plain card."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from domain.faults import DeliveryFault
from domain.job import IN_FLIGHT, Job, Sent
from domain.turns import Outlook
from service.loops import now_ms
from service.turns import Turns
from storage import outbox
from storage import turns as storage
from storage.database import Database

log = logging.getLogger("clapper.latecards")


#: A command's answer is shown within so many milliseconds, or it is lost.
_ANSWERED_BY = 60_000


class ShowsCards(Protocol):
    """Who finds or posts the card of a job."""

    async def show(self, job: Job, outlook: Outlook) -> tuple[Sent, bool]:
        """Where the card stands, and whether it was posted just now. Raises DeliveryFault."""
        ...


class LateCards:
    """A job without a known card: its answer was lost on the way, or with the process that was giving it."""

    def __init__(self, db: Database, *, board: ShowsCards, turns: Turns, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._board = board
        self._turns = turns
        self._clock = clock
        self._begun_at = clock()
        #: Jobs whose channel takes no card: their films find their way all the same.
        self._refused: set[str] = set()
        self._next_at = 0

    async def at_start(self) -> None:
        """Show the cards that the last process did not."""
        await self._show_all(before=self._begun_at)

    async def step(self) -> None:
        """Show the cards that this process did not."""
        now = self._clock()
        if now >= self._next_at:
            await self._show_all(before=now - _ANSWERED_BY)

    async def _show_all(self, *, before: int) -> None:
        unshown = await outbox.unshown(self._db.reader, before)
        self._refused &= {job.id for job in unshown}
        for job in unshown:
            if job.id in self._refused:
                continue
            try:
                await self._show(job)
            except DeliveryFault as fault:
                log.info("job %s: its card could not be shown: %s", job.id, fault)
                if fault.final:
                    self._refused.add(job.id)
                else:
                    self._next_at = self._clock() + _ANSWERED_BY
                    return

    async def _show(self, job: Job) -> None:
        conn = self._db.reader
        sent_already = job.state in IN_FLIGHT
        outlook = await (self._turns.of_sent(conn, job) if sent_already else self._turns.of_newest(conn, job))
        sent, posted = await self._board.show(job, outlook)
        async with self._db.transaction() as conn:
            await outbox.card_found(conn, job.id, sent)
            if posted:  # one that was found says what it said before
                await storage.said(conn, job.id, outlook, now=outlook.seen_at)
        log.info("job %s: its card was shown late", job.id)
