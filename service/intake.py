"""The door for every command that makes a film: checked, then admitted, charged and written in one transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

import aiosqlite

from domain import trail
from domain.ask import Ask
from domain.clip import with_character
from domain.faults import BadClip, Refused
from domain.job import FINAL, Job, JobState
from domain.model import Mode, Model
from domain.pace import Pace
from domain.people import Person
from domain.request import GenerationRequest
from domain.turns import Standing
from service import doorman
from service.again import Who, still_open
from service.availability import Availability
from service.censor import Censor
from service.doorman import Ceiling
from service.loops import now_ms
from service.meter import Meter
from service.orders import Admitted, Order, fold, new_job
from service.pauses import Pauses
from service.policies import Policies
from service.turns import Turns
from storage import approvals, clips, inputs, jobs, ledger, owners
from storage.database import Database

log = logging.getLogger("clapper.intake")

#: Bytes of one attached picture.
ATTACHMENT_MAX = 20_000_000
#: Jobs of one member in one server that may wait to be sent.
WAITING_MAX = 10


class Intake:
    """Admits commands. `allowed` are the servers that may spend (empty: every one)."""

    def __init__(
        self,
        db: Database,
        *,
        availability: Availability,
        policies: Policies,
        censor: Censor,
        ceiling: Ceiling,
        pauses: Pauses,
        allowed: frozenset[int],
        turns: Turns,
        pace: Pace,
        on_job: Callable[..., None],
        meter: Meter,
        log_prompts: bool = False,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self.catalogue = availability.catalogue
        self._availability = availability
        self._policies = policies
        self._censor = censor
        self._ceiling = ceiling
        self._pauses = pauses
        self._allowed = allowed
        self._turns = turns
        self._pace = pace
        self._on_job = on_job
        self._meter = meter
        self._log_prompts = log_prompts
        self._clock = clock
        self._stopping = False

    def stop(self) -> None:
        """Take no new work; said to whoever asks."""
        self._stopping = True

    def offered(self) -> list[Model]:
        """The models that can be had now by anyone."""
        return self._availability.offered()

    async def offered_to(self, person: Person, channel_id: int) -> list[Model]:
        """The models that this person can have now in a channel, the one first that is taken where none is named."""
        policy = await self._policies.of(person.guild_id)
        order, among = policy.server.order, doorman.standing_in((channel_id,), person, policy, self._ceiling).models
        first = self._availability.default(order, among)
        return sorted(self._availability.offered(order, among), key=lambda row: row.key != first.key)

    def check_server(self, guild_id: int) -> None:
        """Raise Refused for a server that the operator has not named."""
        if self._allowed and guild_id not in self._allowed:
            raise Refused("server_not_allowed", server=guild_id)

    async def check(
        self,
        ask: Ask,
        *,
        prompt: str = "",
        model: str | None = None,
        duration: int | None = None,
        orientation: str | None = None,
        size: str | None = None,
        resolution: str | None = None,
        sound: bool | str | None = None,
        negative: str = "",
    ) -> Order:
        """Everything that can be known before credits are looked at. Raises Refused; nothing is charged.

        The options are those of `domain.request.parse`.
        """
        if self._stopping:
            raise Refused("stopping")
        self.check_server(ask.guild_id)
        self._pauses.check(ask.guild_id)
        for n, picture in enumerate(ask.pictures, 1):
            if picture.size > ATTACHMENT_MAX:
                raise Refused("attachment_large", position=n, name=picture.name, size=picture.size, most=ATTACHMENT_MAX)
        policy = await self._policies.of(ask.guild_id)
        standing = doorman.standing_of(ask, policy, self._ceiling)
        order, among = policy.server.order, standing.models
        request = self._availability.parse(
            order=order,
            among=among,
            prompt=prompt,
            model=model,
            duration=duration,
            orientation=orientation,
            size=size,
            resolution=resolution,
            sound=sound,
            negative=negative,
            pictures=len(ask.pictures),
        )
        row, mode = self._row(request)
        if ask.clip:
            request = with_character(request, row, ask.clip, self._availability.offered(order, among))
            if ask.clip.restricted and not (ask.private or ask.spot.restricted):
                raise BadClip("clip_restricted")
        doorman.check(ask, policy, now=self._clock())
        doorman.check_request(request, standing, self.catalogue)
        await self._censor.check(ask, request.prompt)
        spoiler = ask.spoiler or policy.spoils(ask.spot.ids)
        spoken = policy.server.language or ask.server_locale or policy.server.guild_locale
        if (spoiler, spoken) != (ask.spoiler, ask.server_locale):
            ask = replace(ask, spoiler=spoiler, server_locale=spoken)
        price = mode.price(request.size, request.duration, request.sound)
        unit = row.character if ask.clip else ""
        return Order(ask, request, row.label, price, unit, confirm=doorman.needs_confirming(policy, price))

    def _row(self, request: GenerationRequest) -> tuple[Model, Mode]:
        """The model and mode of a request that was parsed by this catalogue."""
        row = self.catalogue.get(request.model)
        mode = row.mode(request.mode) if row else None
        assert row is not None
        assert mode is not None
        return row, mode

    async def welcome(self, ask: Ask) -> None:
        """Raise Refused where whoever asks could make no film at all now."""
        self.check_server(ask.guild_id)
        self._pauses.check(ask.guild_id)
        doorman.check(ask, await self._policies.of(ask.guild_id), now=self._clock())

    async def account(self, ask: Ask) -> ledger.Account:
        """What whoever asks may spend there now."""
        policy = await self._policies.of(ask.guild_id)
        terms = doorman.terms_of(ask, policy, self._ceiling)
        return await ledger.account(self._db.reader, doorman.payer_of(ask), self._clock(), terms)

    async def admit(
        self,
        order: Order,
        *,
        card: tuple[int, int] = (0, 0),
        meanwhile: Callable[[Admitted], None] = lambda _admitted: None,
    ) -> Admitted:
        """Write the job and hold its credits, both or neither. Raises Refused when there is no room for it.

        `card` is the (channel, message) of a card that is already shown. The same command twice is one job.
        `meanwhile` is called while the disk is waited for: for what will be said of it, if it is written.
        """
        (admitted,) = await self.admit_all([(order, card)], meanwhile=meanwhile)
        return admitted

    async def admit_all(
        self,
        orders: Sequence[tuple[Order, tuple[int, int]]],
        *,
        meanwhile: Callable[[Admitted], None] = lambda _admitted: None,
    ) -> list[Admitted]:
        """As `admit`, for several orders with their cards: all of them, or none."""
        now = self._clock()
        folded = [fold(order) for order, _card in orders]
        servers = {order.ask.guild_id for order, _card in orders}
        try:
            async with self._db.transaction() as conn:
                admitted = [
                    await self._write(conn, order, text, card=card, now=now)
                    for (order, card), text in zip(orders, folded, strict=True)
                ]
                for guild_id in servers:
                    await self._policies.write_heard(conn, guild_id)
                for one in admitted:
                    asyncio.get_running_loop().call_soon(meanwhile, one)
        except sqlite3.IntegrityError:
            raise Refused("already_taken") from None
        for guild_id in servers:
            self._policies.wrote(guild_id)
        for one, (order, _card) in zip(admitted, orders, strict=True):
            if not one.double:
                self._begun(one.job, order, only=len(admitted) == 1)
        return admitted

    def _begun(self, job: Job, order: Order, *, only: bool) -> None:
        if only:
            trail.note(job=job.id)
        self._meter.credits("hold", job.price)
        prompt = f": {order.request.prompt}" if self._log_prompts and not job.private else ""
        log.info("job %s: admitted for %d credits%s", job.id, job.price, prompt)
        self._on_job("dispatch", *(("notices",) if job.state is JobState.AWAITING else ()))

    async def _write(
        self, conn: aiosqlite.Connection, order: Order, folded: str, *, card: tuple[int, int], now: int
    ) -> Admitted:
        ask = order.ask
        double = await jobs.recent_double(
            conn,
            guild_id=ask.guild_id,
            author_id=ask.author_id,
            fold=folded,
            since=now - self._pace.double,
            until=now + self._pace.double,
        )
        if double:
            ahead = int(double.card_says.partition(":")[2]) if double.card_says.startswith("waits:") else None
            ready_at = double.card_ready_at or double.created_at + double.usual_seconds * 1000
            return Admitted(double, None, ready_at, ahead, double=True)
        waiting = await owners.count_waiting(conn, ask.guild_id, ask.author_id)
        if waiting >= WAITING_MAX:
            raise Refused("waiting_full", waiting=waiting)
        # Once more, and by what holds now: a block or a rule may have come since the order was checked, and a film
        # may have been taken away or kept back since its recipe was put behind a button.
        policy = await self._policies.of(ask.guild_id)
        doorman.check(ask, policy, now=now)
        restricted = ask.spot.restricted
        if ask.parent_id:
            parent = await jobs.get(conn, ask.parent_id)
            still_open(parent, Who(ask.guild_id, ask.author_id), reuse=policy.server.reuse)
            # What comes of an age-restricted film stays that, even where the channel was opened to all since.
            restricted = restricted or (parent is not None and parent.restricted)
        terms = doorman.terms_of(ask, policy, self._ceiling)
        job = new_job(
            order,
            *self._row(order.request),
            card=card,
            state=JobState.AWAITING if doorman.needs_approval(ask, policy, order.price) else JobState.QUEUED,
            delivery=policy.server.delivery,
            member_most=terms.standing.in_flight or 0,
            restricted=restricted,
            now=now,
        )
        said = await self._turns.of_newest(conn, job, written=False)
        await jobs.begin(conn, job, fold=folded, said=said)
        held = await ledger.hold(conn, doorman.payer_of(ask), job_id=job.id, price=order.price, now=now, terms=terms)
        if job.state is JobState.AWAITING:
            await approvals.ask(conn, job.guild_id, job.id, now)
        if not await inputs.attach(conn, job.id, ask.pictures, now):
            raise Refused("pictures_forgotten")
        if ask.clip and await clips.taken_away(conn, ask.clip):
            raise BadClip("clip_taken_away")
        if ask.clip and not await clips.attach(conn, job.id, ask.clip, order.unit, now):
            raise BadClip("clip_forgotten")
        return Admitted(job, held.left, said.ready_at, None if said.standing is Standing.AT_ONCE else said.ahead)

    async def shown(self, job_id: str, *, channel_id: int, message_id: int) -> None:
        """The job's card is this message."""
        async with self._db.transaction() as conn:
            state = await jobs.change(conn, job_id, card_channel_id=channel_id, card_message_id=message_id)
        if state in FINAL:
            self._on_job("delivery")  # its end has waited for its card
