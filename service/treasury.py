"""Who may spend how much: limits, the pot, grants, resets and gifts between members; each change is audited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.credit import POT, Rule
from domain.faults import Refused
from domain.moderation import AuditEntry
from domain.people import Person
from service.loops import now_ms
from service.policies import Policies
from service.rights import Rights
from storage import audit, grants, policies
from storage.database import Database

#: Rules of one server, and credits of one rule or grant.
RULES_MOST, CREDITS_MOST = 200, 1_000_000_000
_DAY = 86_400_000
_DAYS_MOST = 3_650


class Treasury:
    """Every method asks anew whether the person may do it."""

    def __init__(
        self,
        db: Database,
        *,
        known: Policies,
        rights: Rights,
        on_notice: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._known = known
        self._rights = rights
        self._on_notice = on_notice
        self._clock = clock

    async def rules(self, person: Person) -> tuple[Rule, ...]:
        """A server's rules, for moderators to read."""
        await self._rights.check(person)
        return (await self._known.of(person.guild_id)).rules

    async def set_rule(self, person: Person, rule: Rule, *, reason: str = "") -> Sequence[Rule]:
        """Set a subject's rule; those that it replaces.

        Everyone, a role and a member have one rule each, since of several the most generous would count. The pot and
        a channel may have one for each period, since there all of them must have room.
        """
        await self._rights.check(person, money=True)
        if rule.credits is not None and not 0 <= rule.credits <= CREDITS_MOST:
            raise Refused("amount", least=0, most=CREDITS_MOST)
        known = (await self._known.of(person.guild_id)).rules
        alone = rule.subject != POT and not rule.subject.startswith("channel:")
        before = [old for old in known if old.subject == rule.subject and (alone or old.period == rule.period)]
        if len(known) - len(before) >= RULES_MOST:
            raise Refused("list_full", most=RULES_MOST)
        if before == [rule]:
            return before
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            await policies.set_rule(conn, person.guild_id, rule, now, alone=alone)
            entry = self._entry(
                person, "limit_set", rule.subject, before=_said(before), after=_said([rule]), reason=reason
            )
            await audit.write(conn, entry, now)
        self._on_notice()
        return before

    async def clear_rules(self, person: Person, subject: str, period: str = "", *, reason: str = "") -> Sequence[Rule]:
        """Remove a subject's rules, or only that of one period; what they were."""
        await self._rights.check(person, money=True)
        known = (await self._known.of(person.guild_id)).rules
        before = [rule for rule in known if rule.subject == subject and period in ("", rule.period)]
        if not before:
            raise Refused("no_such_rule")
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            await policies.clear_rules(conn, person.guild_id, subject, now, period)
            entry = self._entry(person, "limit_clear", subject, before=_said(before), reason=reason)
            await audit.write(conn, entry, now)
        self._on_notice()
        return before

    async def grant(self, person: Person, member_id: int, amount: int, *, reason: str, days: int | None) -> int | None:
        """Give a member credits that are used after their own; when they end, unix ms."""
        await self._rights.check(person, money=True)
        if not 1 <= amount <= CREDITS_MOST:
            raise Refused("amount", least=1, most=CREDITS_MOST)
        if days is not None and not 1 <= days <= _DAYS_MOST:
            raise Refused("days", most=_DAYS_MOST)
        now = self._clock()
        ends_at = None if days is None else now + days * _DAY
        async with self._db.transaction() as conn:
            await grants.give(
                conn,
                guild_id=person.guild_id,
                member_id=member_id,
                amount=amount,
                reason=reason,
                ends_at=ends_at,
                by_id=person.user_id,
                now=now,
            )
            after = {"amount": amount, "ends_at": ends_at}
            await audit.write(conn, self._entry(person, "grant", "", member_id, after=after, reason=reason), now)
        self._on_notice()
        return ends_at

    async def reset(self, person: Person, subject: str, *, reason: str = "") -> None:
        """Let the windows of 'member:ID', 'everyone' or the pot ('server') begin anew; films in the making go on."""
        await self._rights.check(person, money=True)
        now = self._clock()
        member_id = int(subject.removeprefix("member:")) if subject.startswith("member:") else 0
        zone = (await self._known.of(person.guild_id)).server.zone
        async with self._db.transaction() as conn:
            before = await grants.spent(conn, person.guild_id, subject, now, zone)
            await grants.reset(conn, person.guild_id, subject, now)
            entry = self._entry(person, "reset", subject, member_id, before=before, reason=reason)
            await audit.write(conn, entry, now)
        self._on_notice()

    async def transfer(self, person: Person, to_id: int, amount: int) -> int:
        """Give another member some of one's own granted credits; what is left of them."""
        policy, now = await self._known.of(person.guild_id), self._clock()
        if not policy.server.transfers:
            raise Refused("no_transfers")
        block = policy.blocks.get(person.user_id)
        if block and block.holds(now):  # else another account would go on with them
            raise Refused("blocked", until=block.until, why=block.reason)
        if to_id == person.user_id:
            raise Refused("to_yourself")
        if not 1 <= amount <= CREDITS_MOST:
            raise Refused("amount", least=1, most=CREDITS_MOST)
        async with self._db.transaction() as conn:
            has = await grants.left(conn, person.guild_id, person.user_id, now)
            moved = await grants.move(
                conn, guild_id=person.guild_id, from_id=person.user_id, to_id=to_id, amount=amount, reason="", now=now
            )
            if not moved:
                raise Refused("too_few_granted", left=has, asked=amount)
            await audit.write(conn, self._entry(person, "transfer", "", to_id, after={"amount": amount}), now)
        self._on_notice()
        return has - amount

    def _entry(
        self,
        person: Person,
        action: str,
        subject: str,
        member_id: int = 0,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str = "",
    ) -> AuditEntry:
        if not member_id and subject.startswith("member:"):
            member_id = int(subject.removeprefix("member:"))
        return AuditEntry(
            person.guild_id, person.user_id, action, member_id, subject, before or {}, after or {}, reason
        )


def _said(rules: Sequence[Rule]) -> dict[str, Any]:
    """Rules as an audit row keeps them."""
    return {
        "rules": [
            {
                "credits": rule.credits,
                "period": rule.period,
                "in_flight": rule.in_flight,
                "models": None if rule.models is None else sorted(rule.models),
                "longest": rule.longest,
            }
            for rule in rules
        ]
    }
