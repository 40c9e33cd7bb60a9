"""Alerts: what the operator has to hear of, each trouble once, and once more when it has been over for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service.balance import Balance
from service.loops import now_ms
from storage import alerts, memory
from storage.database import Database

#: Says it to the operator: (key of the words, what they need); false when it has to be said again later.
Tell = Callable[[str, Mapping[str, object]], Awaitable[bool]]

_MINUTE, _HOUR = 60_000, 3_600_000
#: What counts as a failure of the service: not what members asked for, and no picture of theirs.
FAILURES = ("vendor_failed", "vendor_timeout", "no_link", "expired", "never_arrived", "not_implemented")
#: In the last hour at least so many failures, which are at least this share of all films.
_LEAST, _SHARE = 5, 0.5
#: How long an undelivered film is news.
_NEWS = 48 * _HOUR
DISK_LEAST = 1024**3


@dataclass(frozen=True)
class Trouble:
    """Something that is the case now; `key` begins with its kind, `reason` is the key of its words."""

    key: str
    reason: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class _Kind:
    """How long a trouble must be gone before it counts as over (ms), and the key of the words for that, if any."""

    calm: int
    over: str = ""


_KINDS = {
    "breaker": _Kind(10 * _MINUTE, "breaker_shut"),
    "failures": _Kind(30 * _MINUTE, "failures_over"),
    "undelivered": _Kind(_HOUR),
    "disk": _Kind(_HOUR, "disk_over"),
    "backup": _Kind(_MINUTE, "backup_over"),
    "balance": _Kind(_HOUR, "balance_over"),
}


class Alerts:
    """Looks for troubles, and remembers in the database which were told: a restart tells none of them again."""

    def __init__(
        self,
        db: Database,
        *,
        models: Sequence[str],
        balance: Balance,
        low_balance: float,
        disk_free: Callable[[], int],
        tell: Tell,
        backup_fault: Callable[[], str | None] = lambda: "",
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`models` are the catalogue's keys; `disk_free` says how many bytes are, and may take its time;
        `backup_fault` says why the last daily copy could not be made, "" when it could, None while nobody knows."""
        self._db = db
        self._models = models
        self._balance = balance
        self._low_balance = low_balance
        self._disk_free = disk_free
        self._tell = tell
        self._backup_fault = backup_fault
        self._clock = clock

    async def step(self) -> float | None:
        """Look, and tell what is new or over; returns the seconds until something untold is tried again."""
        now = self._clock()
        troubles = {trouble.key: trouble for trouble in await self._look(now)}
        async with self._db.transaction() as conn:
            told = await alerts.told(conn)
            await alerts.still(conn, [key for key in troubles if key in told], now)
        untold = False
        for key, trouble in troubles.items():
            if key in told:
                continue
            if await self._tell(trouble.reason, trouble.values):
                async with self._db.transaction() as conn:
                    await alerts.begin(conn, key, now)
            else:
                untold = True
        unknown = {"backup"} if self._backup_fault() is None else set[str]()
        known = {*troubles, *told}
        for key, seen_at in told.items():
            if key not in troubles.keys() | unknown and now - seen_at >= _KINDS[_kind(key)].calm:
                known.discard(key)
                untold |= not await self._over(key, last=_subject(key) not in map(_subject, known))
        return 5.0 if untold else None

    async def _over(self, key: str, *, last: bool) -> bool:
        """A cause is gone; that all is well again is only said with the `last` one of its subject."""
        words = _KINDS[_kind(key)].over
        if words and last and not await self._tell(words, {"subject": _subject(key).partition(":")[2]}):
            return False
        async with self._db.transaction() as conn:
            await alerts.end(conn, key)
        return True

    async def _look(self, now: int) -> list[Trouble]:
        async with self._db.transaction() as conn:
            found = [
                Trouble(f"breaker:{one.subject}:{one.reason}", one.reason, {"subject": one.subject})
                for one in (await memory.breakers(conn)).values()
            ]
            failed = await alerts.unmade(conn, FAILURES, now - _HOUR)
            made = await alerts.made(conn, self._models, now - _HOUR) if failed >= _LEAST else 0
            lost = await alerts.undelivered(conn, now - _NEWS)
        if failed >= _LEAST and failed >= _SHARE * (failed + made):
            found.append(Trouble("failures", "failures", {"failed": failed, "all": failed + made}))
        if lost:
            found.append(Trouble("undelivered", "undelivered", {"count": lost}))
        free = await asyncio.to_thread(self._disk_free)
        if free < DISK_LEAST:
            found.append(Trouble("disk", "disk", {"free": free}))
        if why := self._backup_fault():
            found.append(Trouble("backup", "backup", {"why": why}))
        left = await self._balance.look()
        if left is not None and left < self._low_balance:
            found.append(Trouble("balance", "balance", {"left": left}))
        return found


def _subject(key: str) -> str:
    """What a trouble is about, with its kind: a breaker may be open for one cause, and soon after for another."""
    return ":".join(key.split(":", 3)[:3])


def _kind(key: str) -> str:
    kind = key.partition(":")[0]
    return kind if kind in _KINDS else "undelivered"  # written by another version: it ends without a word
