"""What moderators did, for moderators to read: nothing in it can be changed from here."""

from __future__ import annotations

from domain.moderation import AuditEntry
from domain.people import Person
from service.rights import Rights
from storage import audit
from storage.database import Database


class AuditLog:
    """Asks anew for every page whether the person may read it."""

    def __init__(self, db: Database, *, rights: Rights) -> None:
        self._db = db
        self._rights = rights

    async def page(self, person: Person, *, member_id: int, actor_id: int, before: int, limit: int) -> list[AuditEntry]:
        """A server's entries, newest first; see `storage.audit.page`."""
        await self._rights.check(person)
        return await audit.page(
            self._db.reader, person.guild_id, member_id=member_id, actor_id=actor_id, before=before, limit=limit
        )
