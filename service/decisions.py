"""What moderators decide for their server: settings, channels, words, who is a moderator; each decision is audited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.credit import local_date, window
from domain.faults import Refused
from domain.moderation import AuditEntry
from domain.people import Person
from domain.policy import DELIVERIES, Policy, zone_of
from domain.wordrules import WordRule
from service.loops import now_ms
from service.policies import Policies
from service.rights import Rights
from storage import audit, policies

#: Channels that one list may hold.
CHANNELS_MOST = 200
_STARS_MOST = 1_000
#: Settings that decide about credits, or about who may spend them unasked.
_MONEY = ("transfers", "confirm_above", "approval_above", "approval_role_id")


class Decisions:
    """Every method asks anew whether the person may do it. `check_rule` raises Refused for a rule that cannot be."""

    def __init__(
        self,
        *,
        known: Policies,
        rights: Rights,
        check_rule: Callable[[WordRule, Sequence[WordRule]], None],
        on_notice: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._known = known
        self._rights = rights
        self._check_rule = check_rule
        self._on_notice = on_notice
        self._clock = clock

    async def policy(self, person: Person) -> Policy:
        """What was decided, for moderators to read."""
        await self._rights.check(person)
        return await self._known.of(person.guild_id)

    async def offer(self, person: Person) -> bool:
        """Whether setting up is to be offered to this moderator: once in a server where nobody has decided anything."""
        server = (await self._known.of(person.guild_id)).server
        if server.offered_at or server.set_up_at:
            return False
        async with self._known.changing(person.guild_id) as conn:
            return await policies.offered(conn, person.guild_id, self._clock())

    async def set(self, person: Person, name: str, value: Any, *, reason: str = "") -> None:
        """Change one setting by its name in `domain.policy.Server`."""
        await self._rights.check(person, money=name in _MONEY)
        if name == "timezone" and zone_of(str(value)) is None:
            raise Refused("zone_unknown", asked=str(value))
        if name == "delivery" and value not in DELIVERIES:
            raise Refused("delivery_unknown", asked=str(value))
        if name == "showcase_stars" and not 1 <= int(value) <= _STARS_MOST:
            raise Refused("stars_many")
        before = getattr((await self._known.of(person.guild_id)).server, name)
        if before == value:
            return
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            await policies.change(conn, person.guild_id, now, **{name: value})
            if name == "digest" and value:  # the first look back is on the week that begins now
                zone = (await self._known.of(person.guild_id)).server.zone
                await policies.change(conn, person.guild_id, now, digest_week=window("week", local_date(now, zone)))
            entry = AuditEntry(
                person.guild_id,
                person.user_id,
                "setting",
                subject=name,
                before={"value": before},
                after={"value": value},
                reason=reason,
            )
            await audit.write(conn, entry, now)
        self._on_notice()

    async def list_channel(self, person: Person, channel_id: int, kind: str, *, reason: str = "") -> None:
        """Allow, deny or always spoil a channel or category."""
        await self._rights.check(person)
        policy = await self._known.of(person.guild_id)
        listed = {"allow": policy.allowed, "deny": policy.denied, "spoiler": policy.spoilered}[kind]
        if channel_id in listed:
            return
        if len(listed) >= CHANNELS_MOST:
            raise Refused("list_full", most=CHANNELS_MOST)
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            await policies.list_channel(conn, person.guild_id, channel_id, kind, now)
            await audit.write(conn, _listed(person, channel_id, kind, reason), now)
        self._on_notice()

    async def unlist_channel(self, person: Person, channel_id: int, *, reason: str = "") -> list[str]:
        """Take a channel off every list; the lists it was on."""
        await self._rights.check(person)
        policy = await self._known.of(person.guild_id)
        lists = {"allow": policy.allowed, "deny": policy.denied, "spoiler": policy.spoilered}
        on = [kind for kind, listed in lists.items() if channel_id in listed]
        if on:
            now = self._clock()
            async with self._known.changing(person.guild_id) as conn:
                for kind in on:
                    await policies.unlist_channels(conn, person.guild_id, [channel_id], kind, now)
                    await audit.write(conn, _unlisted(person, channel_id, kind, reason), now)
            self._on_notice()
        return on

    async def set_allowed(self, person: Person, channels: Sequence[int]) -> None:
        """Allow exactly these channels; none means all."""
        await self._rights.check(person)
        policy = await self._known.of(person.guild_id)
        more, less = set(channels) - policy.allowed, policy.allowed - set(channels)
        if not more and not less:
            return
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            await policies.unlist_channels(conn, person.guild_id, sorted(less), "allow", now)
            for channel_id in sorted(more):
                await policies.list_channel(conn, person.guild_id, channel_id, "allow", now)
                await audit.write(conn, _listed(person, channel_id, "allow"), now)
            for channel_id in sorted(less):
                await audit.write(conn, _unlisted(person, channel_id, "allow"), now)
        self._on_notice()

    async def set_moderators(self, person: Person, roles: Sequence[int], *, reason: str = "") -> None:
        """Name the roles whose members are moderators. Only for those who may manage the server itself."""
        await self._rights.check(person, money=True)
        before = (await self._known.of(person.guild_id)).moderators
        if set(before) == set(roles):
            return
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            await policies.set_moderators(conn, person.guild_id, roles, now)
            entry = AuditEntry(
                person.guild_id,
                person.user_id,
                "moderators",
                before={"roles": sorted(before)},
                after={"roles": sorted(set(roles))},
                reason=reason,
            )
            await audit.write(conn, entry, now)
        self._on_notice()

    async def add_word(self, person: Person, kind: str, text: str, *, reason: str = "") -> int:
        """Forbid a word, a phrase or a pattern in prompts; its number."""
        await self._rights.check(person)
        text = " ".join(text.split()) if kind == "word" else text.strip()
        self._check_rule(WordRule(0, kind, text), (await self._known.of(person.guild_id)).words)
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            number = await policies.add_word(conn, person.guild_id, kind, text, person.user_id, now)
            if number is None:
                raise Refused("word_known", text=text)
            entry = AuditEntry(
                person.guild_id,
                person.user_id,
                "word_add",
                subject=str(number),
                after={"kind": kind, "text": text},
                reason=reason,
            )
            await audit.write(conn, entry, now)
        self._on_notice()
        return number

    async def remove_word(self, person: Person, number: int, *, reason: str = "") -> WordRule:
        """Forbid it no more; what it was."""
        await self._rights.check(person)
        now = self._clock()
        async with self._known.changing(person.guild_id) as conn:
            gone = await policies.remove_word(conn, person.guild_id, number, now)
            if gone is None:
                raise Refused("word_unknown")
            entry = AuditEntry(
                person.guild_id,
                person.user_id,
                "word_remove",
                subject=str(number),
                before={"kind": gone.kind, "text": gone.text},
                reason=reason,
            )
            await audit.write(conn, entry, now)
        self._on_notice()
        return gone


def _listed(person: Person, channel_id: int, kind: str, reason: str = "") -> AuditEntry:
    subject, after = f"channel:{channel_id}", {"list": kind}
    return AuditEntry(person.guild_id, person.user_id, "channel_list", subject=subject, after=after, reason=reason)


def _unlisted(person: Person, channel_id: int, kind: str, reason: str = "") -> AuditEntry:
    subject, before = f"channel:{channel_id}", {"list": kind}
    return AuditEntry(person.guild_id, person.user_id, "channel_unlist", subject=subject, before=before, reason=reason)
