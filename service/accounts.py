"""What a member has: credits left, held and granted, and when they renew."""

from __future__ import annotations

from collections.abc import Callable

from domain.job import Job
from service.loops import now_ms
from storage import jobs, ledger
from storage.database import Database


class Accounts:
    """Answers questions about credits; changes nothing."""

    def __init__(self, db: Database, *, terms: ledger.Terms, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._terms = terms
        self._clock = clock

    async def quota(self, guild_id: int, member_id: int) -> tuple[ledger.Account, list[Job]]:
        """A member's account in a server, and the films in the making that hold some of it."""
        conn = self._db.reader
        account = await ledger.account(conn, guild_id, member_id, self._clock(), self._terms)
        return account, await jobs.active_of(conn, guild_id, member_id)
