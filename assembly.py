"""Which parts there are and what each is given: services, cogs and loops, built from what bot.py has opened."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from discord.ext import commands

import metrics
from acedata.client import VideoClient
from acedata.platform import balance
from cogs.client import Clapper
from cogs.generate import Generate
from cogs.jobs import Jobs
from cogs.manage import Manage
from cogs.quota import Quota
from domain.faults import Fault, StorageFault
from domain.job import Pace
from media.fetch import Fetcher
from service.accounts import Accounts
from service.alerts import Alerts
from service.balance import Balance
from service.breakers import Breakers
from service.cancel import Cancel
from service.delivery import Delivery
from service.dispatch import Caps, Dispatch
from service.housekeeping import Housekeeping
from service.intake import Intake
from service.latecards import show_late_cards
from service.links import Links
from service.loops import Loop, now_ms
from service.parcels import Parcels
from service.pauses import Pauses
from service.reconcile import Reconcile
from service.redeliver import Redeliver
from service.refusals import Refusals
from service.results import Results
from service.timekeeper import Timekeeper
from service.waiting import update_waiting_cards
from settings import Settings
from storage import memory, pauses
from storage.database import Database, one
from storage.figures import figures
from storage.ledger import Terms
from ui.courier import Courier
from ui.operator import Operator

log = logging.getLogger("clapper")

#: Seconds in which the database has to answer a health check.
_PATIENCE = 3.0


@dataclass(frozen=True)
class Resources:
    """What has to be opened and closed; `folder` is for films on their way."""

    settings: Settings
    pace: Pace
    db: Database
    links: Links
    client: VideoClient
    fetcher: Fetcher
    folder: Path
    metrics: metrics.Metrics


@dataclass(frozen=True)
class Known:
    """What was so before the start: open breakers, and pauses."""

    breakers: dict[str, memory.Breaker] = field(default_factory=dict[str, memory.Breaker])
    pauses: dict[int, pauses.Pause] = field(default_factory=dict[int, pauses.Pause])

    @classmethod
    async def read(cls, db: Database) -> Known:
        """From the database."""
        return cls(await memory.breakers(db.reader), await pauses.pauses(db.reader))


class Parts:
    """Every service, the bot with its cogs, and the loops. Nothing runs until bot.py starts it."""

    def __init__(self, r: Resources, known: Known) -> None:
        settings, db, pace = r.settings, r.db, r.pace
        self._db = db
        self._metrics = r.metrics
        self.loops: list[Loop] = []
        self.operator = Operator(settings.operator_channel_id)
        self.breakers = Breakers(db, pace=pace, tell=self._tell, known=known.breakers)
        self.pauses = Pauses(db, known=known.pauses, on_change=self.wake)
        self.results = Results(db, pace=pace, on_change=self.wake, meter=r.metrics)
        self.dispatch = Dispatch(
            db,
            client=r.client,
            fetcher=r.fetcher,
            links=r.links,
            results=self.results,
            breakers=self.breakers,
            pauses=self.pauses,
            caps=Caps(settings.member_in_flight, settings.server_in_flight, settings.total_in_flight),
            pace=pace,
        )
        self.reconcile = Reconcile(
            db,
            client=r.client,
            links=r.links,
            results=self.results,
            dispatch=self.dispatch,
            timekeeper=Timekeeper(db, deadline=pace.deadline),
            pace=pace,
        )
        terms = Terms(daily=settings.daily_credits, server_daily=settings.server_daily_credits)
        self.intake = Intake(
            db,
            catalogue=settings.catalogue,
            breakers=self.breakers,
            pauses=self.pauses,
            terms=terms,
            allowed=settings.allowed_servers,
            total_in_flight=settings.total_in_flight,
            pace=pace,
            on_job=self.wake,
            meter=r.metrics,
            log_prompts=settings.log_prompts,
        )
        self.bot = Clapper(
            self._cogs(terms),
            check_server=self.intake.check_server,
            is_told=self._is_told,
            told=self._told,
            http_trace=r.metrics.discord_calls(),
        )
        self.operator.client = self.bot
        self.courier = Courier(self.bot, refusals=Refusals(db), clock=now_ms)
        self.delivery = Delivery(
            db,
            client=r.client,
            parcels=Parcels(db, fetcher=r.fetcher),
            courier=self.courier,
            results=self.results,
            pace=pace,
            folder=r.folder,
            meter=r.metrics,
        )
        self.housekeeping = Housekeeping(
            db, retention_days=settings.retention_days, backup_days=settings.backup_keep_days
        )
        self.balance = Balance(_asking(settings))
        self.alerts = Alerts(
            db,
            models=[row.key for row in settings.catalogue.models],
            balance=self.balance,
            low_balance=settings.low_balance,
            disk_free=self._disk_free,
            tell=self.operator.tell,
        )
        self._begun_at = now_ms()
        self.loops += [
            Loop("reconcile", self.reconcile.step, every=pace.look / 1000),
            Loop("dispatch", self.dispatch.step, every=5.0),
            Loop("delivery", self._deliver, every=30.0),
            Loop("housekeeping", self.housekeeping.step, every=3600.0),
            Loop("alerts", self.alerts.step, every=60.0),
        ]

    def _cogs(self, terms: Terms) -> list[commands.Cog]:
        return [
            Generate(self.intake),
            Quota(Accounts(self._db, terms=terms)),
            Jobs(Cancel(self._db, results=self.results)),
            Manage(Redeliver(self._db, on_change=self.wake)),
        ]

    def wake(self) -> None:
        """Something happened that loops wait for."""
        for loop in self.loops:
            if loop.name not in ("housekeeping", "alerts"):  # these have their own hours
                loop.wake()

    async def health(self) -> list[str]:
        """Why the bot is not ready; empty when it is."""
        reasons = [f"gateway: {why}"] if (why := self._gateway()) else []
        if (fault := await self._database()) is not None:
            reasons.append(f"database: {fault}")
        return reasons + [f"loop {loop.name}: it does not get on" for loop in self.loops if loop.stuck()]

    async def figures(self) -> tuple[bytes, str]:
        """What /metrics shows, and its content type."""
        reasons = await self.health()
        try:
            read = await figures(self._db.reader)
        except (sqlite3.Error, ValueError):  # ValueError: the connection is closed
            read = None
        now = time.monotonic()
        seen = metrics.Seen(
            figures=read,
            reasons=reasons,
            loops={loop.name: now - loop.last_good for loop in self.loops},
            disk_free=await asyncio.to_thread(self._disk_free),
            latency=self.bot.latency,
            balance=self.balance.last,
        )
        return self._metrics.show(seen), metrics.CONTENT_TYPE

    def _gateway(self) -> str:
        if self.bot.is_closed() or not self.bot.is_ready():
            return "not connected to Discord"
        away = ", ".join(map(str, sorted(self.bot.away)))
        return f"shard {away} lost its connection to Discord" if away else ""

    async def _database(self) -> str | None:
        try:
            async with asyncio.timeout(_PATIENCE), self._db.transaction() as conn:
                await one(conn, "SELECT 1 FROM meta")
        except TimeoutError:
            return f"no answer in {_PATIENCE:.0f} s"
        except (StorageFault, sqlite3.Error, ValueError) as fault:
            return str(fault)
        return None

    def _disk_free(self) -> int:
        return shutil.disk_usage(self._db.path.parent).free

    async def _tell(self, reason: str, subject: str) -> None:
        next(loop for loop in self.loops if loop.name == "alerts").wake()
        if self.bot.logged_in.is_set():
            held_up = reason != "breaker_shut"
            await update_waiting_cards(self._db, self.courier, subject=subject, held_up=held_up)

    async def _is_told(self, digest: bytes) -> bool:
        return await memory.get_meta(self._db.reader, "commands") == digest

    async def _told(self, digest: bytes) -> None:
        async with self._db.transaction() as conn:
            await memory.set_meta(conn, "commands", digest)

    async def _deliver(self) -> float | None:
        if not self.bot.logged_in.is_set():
            await self.bot.logged_in.wait()
            try:
                await show_late_cards(self._db, self.courier, before=self._begun_at)
            except Fault as fault:
                log.warning("cards of the last process could not be shown: %s", fault)
        return await self.delivery.step()


def _asking(settings: Settings) -> Callable[[], Awaitable[float]] | None:
    """How to ask for the API's balance, when the operator gave the means."""
    token = settings.acedatacloud_platform_token
    if token is None:
        return None
    return partial(balance, settings.acedatacloud_platform_url, token.reveal(), settings.acedatacloud_application_id)
