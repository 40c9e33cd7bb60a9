"""What a member has: credits left, held and granted, when they renew, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ask import Ask
from domain.job import Job
from domain.people import Person
from service.intake import Intake
from storage import history, ledger, owners
from storage.database import Database


@dataclass(frozen=True)
class Quota:
    """A member's account in a place, and the films in the making that hold some of it."""

    account: ledger.Account
    making: list[Job]


class Accounts:
    """Answers questions about credits; changes nothing."""

    def __init__(self, db: Database, *, intake: Intake) -> None:
        self._db = db
        self._intake = intake

    async def quota(self, ask: Ask) -> Quota:
        """What whoever asks may spend there, by the same rules that admit a film."""
        account = await self._intake.account(ask)
        return Quota(account, await owners.active_of(self._db.reader, ask.guild_id, ask.author_id))

    async def under_way(self, person: Person) -> list[Job]:
        """A member's own films that are not finished, oldest first."""
        return await owners.active_of(self._db.reader, person.guild_id, person.user_id)

    async def history(
        self, person: Person, *, after: tuple[int, int] | None, search: str, limit: int
    ) -> list[history.Entry]:
        """A member's own films in a server, newest first; see `storage.history.page`."""
        return await history.page(
            self._db.reader, person.guild_id, person.user_id, after=after, search=search, limit=limit
        )
