"""The door for every command that makes a film: checked, then admitted, charged and written in one transaction."""

from __future__ import annotations

import hashlib
import logging
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from domain.catalogue import Catalogue, Model
from domain.faults import Refused
from domain.job import Job, JobState, Pace
from domain.request import GenerationRequest, parse
from domain.turns import Caps, Standing
from service.breakers import Breakers
from service.loops import now_ms
from service.turns import Turns
from storage import inputs, jobs, ledger, turns
from storage.database import Database

log = logging.getLogger("clapper.intake")

#: Bytes of one attached picture.
ATTACHMENT_MAX = 20_000_000
#: Jobs of one member in one server that may wait to be sent.
WAITING_MAX = 10
# No letters that look like a digit: people read these to one another.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class Attachment:
    """A picture as Discord describes it: file name, address, bytes. Nothing of it is believed."""

    name: str
    url: str
    size: int


@dataclass(frozen=True)
class Ask:
    """Who asks for a film, where, and with which pictures. Ids are Discord's; `place` is the kind of the channel."""

    interaction_id: int
    token: str
    guild_id: int
    channel_id: int
    place: str
    author_id: int
    locale: str
    private: bool = False
    spoiler: bool = False
    pictures: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Order:
    """A checked request with its price: what `admit` takes."""

    ask: Ask
    request: GenerationRequest
    label: str
    price: int


@dataclass(frozen=True)
class Admitted:
    """A job that was written, with the credits left (None: no limit). `double` is the first of two equal commands."""

    job: Job
    left: int | None
    #: When to expect the film, unix ms.
    ready_at: int
    #: Jobs whose turn comes before its own; None where it need not wait.
    ahead: int | None = None
    double: bool = False


class Intake:
    """Admits commands. `allowed` are the servers that may spend (empty: every one)."""

    def __init__(
        self,
        db: Database,
        *,
        catalogue: Catalogue,
        breakers: Breakers,
        terms: ledger.Terms,
        allowed: frozenset[int],
        caps: Caps,
        pace: Pace,
        on_job: Callable[[], None],
        log_prompts: bool = False,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self.catalogue = catalogue
        self._breakers = breakers
        self._terms = terms
        self._allowed = allowed
        self._turns = Turns(caps, clock=clock)
        self._pace = pace
        self._on_job = on_job
        self._log_prompts = log_prompts
        self._clock = clock
        self._stopping = False

    def stop(self) -> None:
        """Take no new work; said to whoever asks."""
        self._stopping = True

    def offered(self) -> list[Model]:
        """The models that can be had now."""
        return [
            row
            for row in self.catalogue.models
            if not row.paused and self._breakers.open_for(row.wire.provider, row.key) is None
        ]

    def check_server(self, guild_id: int) -> None:
        """Raise Refused for a server that the operator has not named."""
        if self._allowed and guild_id not in self._allowed:
            raise Refused("server_not_allowed", server=guild_id)

    def check(
        self,
        ask: Ask,
        *,
        prompt: str,
        model: str | None,
        duration: int | None,
        orientation: str | None,
        size: str | None,
    ) -> Order:
        """Everything that can be known without touching the database. Raises Refused; nothing is charged."""
        if self._stopping:
            raise Refused("stopping")
        self.check_server(ask.guild_id)
        for n, picture in enumerate(ask.pictures, 1):
            if picture.size > ATTACHMENT_MAX:
                raise Refused("attachment_large", position=n, name=picture.name, size=picture.size, most=ATTACHMENT_MAX)
        request = parse(
            self.catalogue,
            prompt=prompt,
            model=model,
            duration=duration,
            orientation=orientation,
            size=size,
            pictures=len(ask.pictures),
        )
        row = self.catalogue.get(request.model)
        assert row is not None
        others = [other.label for other in self.offered() if other.key != row.key]
        self._breakers.check(row.wire.provider, row.key, row.label, others)
        return Order(ask, request, row.label, row.price(request.size, request.duration))

    async def admit(self, order: Order, *, card: tuple[int, int] = (0, 0)) -> Admitted:
        """Write the job and hold its credits, both or neither. Raises Refused when there is no room for it.

        `card` is the (channel, message) of a card that is already shown. The same command twice is one job.
        """
        ask, now = order.ask, self._clock()
        fold = _fold(order)
        row = self.catalogue.get(order.request.model)
        assert row is not None
        job = Job(
            id="".join(secrets.choice(_ALPHABET) for _ in range(10)),
            interaction_id=ask.interaction_id,
            guild_id=ask.guild_id,
            channel_id=ask.channel_id,
            place=ask.place,
            author_id=ask.author_id,
            locale=ask.locale,
            request=order.request,
            wire=row.wire,
            label=row.label,
            price=order.price,
            usual_seconds=row.usual_seconds,
            private=ask.private,
            spoiler=ask.spoiler,
            state=JobState.QUEUED,
            attempt=1,
            created_at=now,
            card_channel_id=card[0],
            card_message_id=card[1],
            card_token="" if card[1] else ask.token,
        )
        try:
            admitted = await self._write(job, fold, order)
        except sqlite3.IntegrityError:
            raise Refused("already_taken") from None
        if not admitted.double:
            prompt = f": {order.request.prompt}" if self._log_prompts and not job.private else ""
            log.info("job %s: admitted for %d credits%s", job.id, job.price, prompt)
        self._on_job()
        return admitted

    async def _write(self, job: Job, fold: str, order: Order) -> Admitted:
        ask, now = order.ask, job.created_at
        async with self._db.transaction() as conn:
            double = await jobs.recent_double(
                conn, guild_id=ask.guild_id, author_id=ask.author_id, fold=fold, since=now - self._pace.double
            )
            if double:
                ahead = int(double.card_says.partition(":")[2]) if double.card_says.startswith("waits:") else None
                ready_at = double.card_ready_at or double.created_at + double.usual_seconds * 1000
                return Admitted(double, None, ready_at, ahead, double=True)
            waiting = await jobs.count_waiting(conn, ask.guild_id, ask.author_id)
            if waiting >= WAITING_MAX:
                raise Refused("waiting_full", waiting=waiting)
            await jobs.begin(conn, job, fold=fold)
            left = await ledger.hold(
                conn,
                guild_id=ask.guild_id,
                member_id=ask.author_id,
                channel_id=ask.channel_id,
                job_id=job.id,
                price=order.price,
                now=now,
                terms=self._terms,
            )
            await inputs.attach(conn, job.id, [(picture.name, picture.url) for picture in ask.pictures])
            said = await self._turns.of_newest(conn, job)
            if said.standing is not Standing.WAITS:
                return Admitted(job, left, said.ready_at)
            await turns.said(conn, job.id, said, now=now)
        return Admitted(job, left, said.ready_at, said.ahead)

    async def shown(self, job_id: str, *, channel_id: int, message_id: int) -> None:
        """The job's card is this message."""
        async with self._db.transaction() as conn:
            await jobs.change(conn, job_id, card_channel_id=channel_id, card_message_id=message_id)
        self._on_job()


def _fold(order: Order) -> str:
    ask = order.ask
    pictures = [(picture.name, picture.size) for picture in ask.pictures]
    parts = (ask.channel_id, ask.private, ask.spoiler, order.request.to_json(), pictures)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
