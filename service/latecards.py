"""After a start: commands that were taken, but whose answer the last process did not show, get one plain card."""

from __future__ import annotations

import logging
from typing import Protocol

from domain.job import Job, Sent
from storage import jobs, outbox
from storage.database import Database

log = logging.getLogger("clapper.latecards")


class ShowsCards(Protocol):
    """Who finds or posts the card of a job."""

    async def show_card(self, job: Job, ready_at: int) -> Sent | None:
        """Where the card stands; None where the channel does not take it."""
        ...


async def show_late_cards(db: Database, courier: ShowsCards, *, before: int) -> None:
    """Find or post the card of each active job that was begun before this process (unix ms) and has none."""
    async with db.transaction() as conn:
        unshown = await outbox.unshown(conn, before)
    for job in unshown:
        ready_at = job.created_at + job.usual_seconds * 1000
        sent = await courier.show_card(job, ready_at)
        if sent is None:
            continue
        async with db.transaction() as conn:
            await jobs.change(
                conn, job.id, card_channel_id=sent.thread_id, card_message_id=sent.message_id, card_token=""
            )
        log.info("job %s: its card was shown after a restart", job.id)
