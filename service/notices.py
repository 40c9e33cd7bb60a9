"""Posts for moderators on their way: to the log channel, and what is urgent to somebody in any case."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Protocol

from domain.faults import DeliveryFault
from domain.job import Sent
from domain.moderation import About, Notice, WordHit
from domain.pace import Pace
from service.approvals import Approvals
from service.loops import now_ms
from service.policies import Policies
from storage import approvals, audit, notices, reports
from storage.database import Database
from storage.notices import Due

log = logging.getLogger("clapper.notices")

#: Posts taken in hand by one step, and tries before one is given up.
_AT_ONCE, _TRIES = 10, 30
_DAY = 86_400_000


class Herald(Protocol):
    """Who posts for moderators. Raises DeliveryFault."""

    async def post(self, notice: Notice, channel_id: int, language: str) -> Sent:
        """A new message in this channel."""
        ...

    async def post_anywhere(self, notice: Notice, language: str) -> Sent:
        """A new message in the server's system channel, else to its owner."""
        ...

    async def redraw(self, notice: Notice, language: str) -> None:
        """Change the message that stands; one that is gone is no fault."""
        ...


class Notices:
    """Posts what is due, one after the other: a log is read in its order."""

    def __init__(
        self,
        db: Database,
        *,
        policies: Policies,
        herald: Herald,
        approvals: Approvals,
        pace: Pace,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._policies = policies
        self._herald = herald
        self._approvals = approvals
        self._pace = pace
        self._clock = clock

    async def step(self) -> float | None:
        """Post what is due, and end what waited too long for a moderator; the seconds until more is due."""
        late = await self._approvals.expire()
        for due in await notices.due(self._db.reader, self._clock(), _AT_ONCE):
            await self._draw(due)
        upcoming = await notices.next_due(self._db.reader)
        pauses = [late] if late is not None else []
        if upcoming is not None:
            pauses.append(max(0.05, (upcoming - self._clock()) / 1000))
        return min(pauses, default=None)

    async def _draw(self, due: Due) -> None:
        about = await self._about(due)
        if about is None:
            await self._drop(due)
            return
        notice = Notice(due.id, due.guild_id, due.kind, about, due.tries, due.channel_id, due.message_id)
        try:
            sent = await self._send(notice)
        except DeliveryFault as fault:
            log.warning("a post for moderators of %d was not made: %s", due.guild_id, fault)
            at = None if fault.final else self._pace.next_try(self._clock(), min(due.tries, _TRIES) + 1)
            if at is None:
                await self._drop(due)
                return
            if isinstance(wait := fault.values.get("retry_after"), int | float):
                at = max(at, self._clock() + int(wait * 1000))
            async with self._db.transaction() as conn:
                await notices.later(conn, due, at)
            return
        if sent is None:
            await self._drop(due)
            return
        async with self._db.transaction() as conn:
            await notices.posted(conn, due, channel_id=sent.thread_id, message_id=sent.message_id)

    async def _send(self, notice: Notice) -> Sent | None:
        server = (await self._policies.of(notice.guild_id)).server
        if notice.message_id:
            await self._herald.redraw(notice, server.spoken)
            return Sent(notice.channel_id, notice.message_id)
        if server.log_channel_id:
            try:
                return await self._herald.post(notice, server.log_channel_id, server.spoken)
            except DeliveryFault as fault:
                if not fault.final:
                    raise
                log.info("the log channel of %d takes no posts: %s", notice.guild_id, fault)
        return await self._herald.post_anywhere(notice, server.spoken) if notice.urgent else None

    async def _drop(self, due: Due) -> None:
        async with self._db.transaction() as conn:
            await notices.dropped(conn, due)

    async def _about(self, due: Due) -> About | None:
        conn = self._db.reader
        if due.kind == "audit":
            return await audit.get(conn, int(due.about))
        if due.kind == "approval":
            return await approvals.get(conn, due.about)
        if due.kind == "report":
            return await reports.get(conn, int(due.about))
        raw = json.loads(due.about)
        return WordHit(due.guild_id, raw["member"], raw["channel"], raw["rule"], raw["text"])
