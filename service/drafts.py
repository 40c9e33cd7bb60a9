"""Drafts: a refused wish waits a day behind a button, so that nothing has to be typed or attached again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from domain.faults import Fault, Refused
from domain.wish import Wish
from service.loops import now_ms
from storage import drafts
from storage.database import Database
from storage.drafts import Draft

#: Milliseconds that a draft is kept. The links of its pictures die after a day, too.
DRAFT_LIFE = 86_400_000


class Drafts:
    """Keeps wishes for their authors alone."""

    def __init__(self, db: Database, *, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._clock = clock

    async def keep(
        self, wish: Wish, *, author_id: int, fault: Fault | None = None, values: Mapping[str, Any] | None = None
    ) -> Draft:
        """Write a wish down, with why it was refused if it was, or with `values` of whoever keeps it."""
        values = dict(fault.values) if fault else dict(values or {})
        draft = Draft(secrets.token_hex(8), author_id, wish, fault.reason if fault else "", values)
        async with self._db.transaction() as conn:
            await drafts.keep(conn, draft, self._clock())
        return draft

    async def get(self, draft_id: str, *, author_id: int) -> Draft:
        """A member's own draft. Raises Refused when it is gone, or somebody else's."""
        draft = await drafts.get(self._db.reader, draft_id, since=self._clock() - DRAFT_LIFE)
        if draft is None or draft.author_id != author_id:
            raise Refused("draft_gone")
        return draft

    async def give_back(self, draft: Draft) -> None:
        """Put back what was taken for nothing: its button works again."""
        async with self._db.transaction() as conn:
            await drafts.keep(conn, draft, self._clock())

    async def take(self, draft_id: str, *, author_id: int) -> Wish:
        """A member's own draft, for once: a second press finds it gone. Raises Refused then."""
        draft = await self.get(draft_id, author_id=author_id)
        async with self._db.transaction() as conn:
            if not await drafts.take(conn, draft_id, author_id):
                raise Refused("draft_gone")
        return draft.wish
