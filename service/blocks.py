"""Blocking a member: no new films, what waits is stopped, what is made goes to the member alone."""

from __future__ import annotations

from collections.abc import Callable

from domain.faults import Refused
from domain.job import Event
from domain.moderation import AuditEntry
from domain.people import Person
from domain.policy import Block
from service.loops import now_ms
from service.policies import Policies
from service.results import Results
from service.rights import Rights
from storage import audit, owners, policies

_DAY = 86_400_000
_DAYS_MOST = 3_650


class Blocks:
    """Every method asks anew whether the person may do it."""

    def __init__(
        self,
        *,
        known: Policies,
        rights: Rights,
        results: Results,
        on_notice: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._known = known
        self._rights = rights
        self._results = results
        self._on_notice = on_notice
        self._clock = clock

    async def block(self, person: Person, member_id: int, *, reason: str, days: int | None) -> tuple[int | None, int]:
        """Block a member for so many days, or until it is lifted: (its end or None, films that were stopped)."""
        await self._rights.check(person)
        if member_id == person.user_id:
            raise Refused("block_yourself")
        if days is not None and not 1 <= days <= _DAYS_MOST:
            raise Refused("days", most=_DAYS_MOST)
        now = self._clock()
        until = None if days is None else now + days * _DAY
        old = (await self._known.of(person.guild_id)).blocks.get(member_id)
        before = {"until": old.until} if old and old.holds(now) else {}
        async with self._known.changing(person.guild_id) as conn:
            await policies.block(conn, person.guild_id, Block(member_id, reason, until, person.user_id, now), now)
            waiting = await owners.block_author(conn, person.guild_id, member_id)
            entry = AuditEntry(
                person.guild_id, person.user_id, "block", member_id, "", before, {"until": until}, reason
            )
            await audit.write(conn, entry, now)
        stopped = 0
        for job_id in waiting:
            settled = await self._results.settle(job_id, Event.CANCEL, reason="blocked")
            stopped += settled is not None and settled.step.to is not None
        self._on_notice()
        return until, stopped

    async def unblock(self, person: Person, member_id: int, *, reason: str) -> None:
        """Lift a member's block; one's own only with the right to manage the server."""
        await self._rights.check(person)
        if member_id == person.user_id and not person.manager:
            raise Refused("unblock_yourself")
        found = (await self._known.of(person.guild_id)).blocks.get(member_id)
        now = self._clock()
        if found is None or not found.holds(now):
            raise Refused("not_blocked")
        async with self._known.changing(person.guild_id) as conn:
            await policies.unblock(conn, person.guild_id, member_id, now)
            await owners.unblock_author(conn, person.guild_id, member_id)
            entry = AuditEntry(
                person.guild_id, person.user_id, "unblock", member_id, before={"until": found.until}, reason=reason
            )
            await audit.write(conn, entry, now)
        self._on_notice()
