"""Waiting cards: when a breaker opens or shuts, the cards of the jobs behind it say why they wait."""

from __future__ import annotations

from typing import Protocol

from domain.job import Job
from storage import jobs
from storage.database import Database

#: Cards changed at one time: the newest waiting ones; older ones lie far up in their channels.
_MOST = 25


class ChangesCards(Protocol):
    """Who changes the card of a waiting job."""

    async def say_waiting(self, job: Job, *, held_up: bool) -> None:
        """Let the card say that the job waits for the video service, or that it goes on. Never raises."""
        ...


async def update_waiting_cards(db: Database, courier: ChangesCards, *, subject: str, held_up: bool) -> None:
    """Change the cards of the queued jobs behind a breaker ('account:PROVIDER', 'model:KEY')."""
    async with db.transaction() as conn:
        waiting = await jobs.queued_behind(conn, subject, _MOST)
    for job in waiting:
        await courier.say_waiting(job, held_up=held_up)
