"""Breakers: when the account or a model cannot be used, nothing is sent or charged until one trial goes through."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from domain.faults import Refused
from domain.job import Job
from domain.model import Model
from domain.pace import HOUR, Pace
from service.loops import now_ms
from storage import memory
from storage.database import Database

log = logging.getLogger("clapper.breakers")

#: Why a model is closed that the API takes films for, only to say in their tasks that it is gone: being taken proves
#: nothing there, so a film has to be made before it opens.
GONE_LATER = "model_gone_later"

#: Refusals (of VendorFault) by whoever has read what a job asks for, and so has taken its token.
_OF_WHAT_IT_ASKS = ("moderation", "bad_request", "vendor_said_no")

#: Tells the operator once: (reason key of the words, subject).
Tell = Callable[[str, str], Awaitable[None]]


def account_of(provider: str) -> str:
    """The subject of an account's breaker."""
    return f"account:{provider}"


def model_of(key: str) -> str:
    """The subject of a model's breaker."""
    return f"model:{key}"


class Breakers:
    """The open breakers, kept in the database and here, so that a command costs no query to check them."""

    def __init__(
        self,
        db: Database,
        *,
        pace: Pace,
        tell: Tell,
        known: dict[str, memory.Breaker] | None = None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`known` are those that were open before a restart."""
        self._db = db
        self._pace = pace
        self._tell = tell
        self._clock = clock
        self._open: dict[str, memory.Breaker] = dict(known or {})

    def open_for(self, provider: str, model: str) -> memory.Breaker | None:
        """The breaker that stands in the way of a model now; None when it may be sent, or tried."""
        if not self._open:  # nearly always; it is asked for each model at each command
            return None
        now = self._clock()
        for subject in (account_of(provider), model_of(model)):
            breaker = self._open.get(subject)
            if breaker and _waits(breaker, now):
                return breaker
        return None

    def doubted(self, model: str) -> bool:
        """Whether a model was closed and has not been had since, even if it may be tried again."""
        return model_of(model) in self._open

    def check(self, model: Model, **others: object) -> None:
        """Raise Refused when this model cannot be had now; `others` say what can (see domain.request.named)."""
        breaker = self.open_for(model.wire.provider, model.key)
        if breaker is None:
            return
        if breaker.subject.startswith("account:"):
            raise Refused("account_closed", again_at=breaker.trial_at)
        raise Refused("model_closed", model=model.label, again_at=breaker.trial_at, **others)

    def closed(self) -> list[str]:
        """Subjects whose jobs wait: open, and their trial is not due."""
        now = self._clock()
        return [subject for subject, breaker in self._open.items() if _waits(breaker, now)]

    def account_closed(self) -> bool:
        """Whether the account cannot be used: no job's waiting is its own then."""
        return any(subject.startswith("account:") for subject in self.closed())

    def next_trial(self) -> int | None:
        """When the next trial is due, unix ms."""
        return min((breaker.trial_at for breaker in self._open.values()), default=None)

    async def sending(self, job: Job) -> None:
        """This job goes out: where a breaker stands open, it is the trial, and the others go on waiting."""
        for subject in (account_of(job.wire.provider), model_of(job.request.model)):
            if breaker := self._open.get(subject):
                await self._trip(subject, breaker.reason)

    async def trip(self, subject: str, reason: str) -> bool:
        """Open a breaker; true when it was shut, and people are to be told by `say`.

        One that waits for its trial stays as it is: a trial puts off the next one when it is sent, and what else was
        under way says nothing new.
        """
        if (breaker := self._open.get(subject)) and _waits(breaker, self._clock()):
            return False
        new = await self._trip(subject, reason)
        if new:
            log.warning("breaker open: %s (%s)", subject, reason)
        return new

    async def say(self, subject: str, reason: str) -> None:
        """Tell the operator, once for each opening."""
        await self._tell(reason, subject)

    async def heal(self, job: Job) -> None:
        """The API took a job: whatever was open for it is shut, where that proves anything."""
        for subject in (account_of(job.wire.provider), model_of(job.request.model)):
            breaker = self._open.get(subject)
            if breaker and breaker.reason != GONE_LATER:
                await self._shut(subject)

    async def refused(self, job: Job, reason: str) -> None:
        """The API said no to a job: for what it asks, its token is right; of the balance that says nothing."""
        subject = account_of(job.wire.provider)
        breaker = self._open.get(subject)
        if breaker and breaker.reason == "account_token" and reason in _OF_WHAT_IT_ASKS:
            await self._shut(subject)

    def unproven(self) -> dict[str, int]:
        """Models that only a film opens, by their keys, and since when they are closed (unix ms)."""
        late = [breaker for breaker in self._open.values() if breaker.reason == GONE_LATER]
        return {breaker.subject.partition(":")[2]: breaker.opened_at for breaker in late}

    async def prove(self, model: str) -> None:
        """A film of this model was made."""
        await self._shut(model_of(model))

    async def _shut(self, subject: str) -> None:
        async with self._db.transaction() as conn:
            shut = await memory.shut_breaker(conn, subject)
        self._open.pop(subject, None)
        if shut:
            log.info("breaker shut: %s", subject)
            await self._tell("breaker_shut", subject)

    async def _trip(self, subject: str, reason: str) -> bool:
        async with self._db.transaction() as conn:
            new = await memory.open_breaker(conn, subject, reason, self._clock(), self._pace.breaker)
            self._open = await memory.breakers(conn)
        return new


def _waits(breaker: memory.Breaker, now: int) -> bool:
    """Whether its trial is still to come. No pause is longer than an hour: one that is was made by a wrong clock."""
    return now < breaker.trial_at <= now + 2 * HOUR
