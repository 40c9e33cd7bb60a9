"""Which parts there are and what each is given: services, cogs and loops, built from what bot.py has opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from discord.ext import commands

from acedata.client import VideoClient
from cogs.client import Clapper
from cogs.generate import Generate
from cogs.jobs import Jobs
from cogs.manage import Manage
from cogs.quota import Quota
from domain.faults import Fault
from domain.job import Pace
from media.fetch import Fetcher
from service.accounts import Accounts
from service.breakers import Breakers
from service.cancel import Cancel
from service.characters import Characters
from service.clips import Clips
from service.delivery import Delivery
from service.dispatch import Caps, Dispatch
from service.housekeeping import Housekeeping
from service.intake import Intake
from service.latecards import show_late_cards
from service.links import Links
from service.loops import Loop, now_ms
from service.parcels import Parcels
from service.reconcile import Reconcile
from service.redeliver import Redeliver
from service.refusals import Refusals
from service.results import Results
from service.timekeeper import Timekeeper
from service.waiting import update_waiting_cards
from settings import Settings
from storage import memory
from storage.database import Database
from storage.ledger import Terms
from ui.clipposts import ClipPosts
from ui.courier import Courier
from ui.operator import Operator

log = logging.getLogger("clapper")


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


class Parts:
    """Every service, the bot with its cogs, and the loops. Nothing runs until bot.py starts it."""

    def __init__(self, r: Resources, breakers: dict[str, memory.Breaker]) -> None:
        """`breakers` are those that were open before the start."""
        settings, db, pace = r.settings, r.db, r.pace
        self._db = db
        self.loops: list[Loop] = []
        self.operator = Operator(settings.operator_channel_id)
        self.breakers = Breakers(db, pace=pace, tell=self._tell, known=breakers)
        self.results = Results(db, pace=pace, on_change=self.wake)
        self.clip_posts = ClipPosts()
        self.clips = Clips(
            db, fetcher=r.fetcher, links=r.links, film_of=self._film_of, poster=self.clip_posts, folder=r.folder
        )
        self.dispatch = Dispatch(
            db,
            client=r.client,
            fetcher=r.fetcher,
            links=r.links,
            clips=self.clips,
            results=self.results,
            breakers=self.breakers,
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
            terms=terms,
            allowed=settings.allowed_servers,
            total_in_flight=settings.total_in_flight,
            pace=pace,
            on_job=self.wake,
            log_prompts=settings.log_prompts,
        )
        self.bot = Clapper(
            self._cogs(terms), check_server=self.intake.check_server, is_told=self._is_told, told=self._told
        )
        self.operator.client = self.clip_posts.client = self.bot
        self.courier = Courier(self.bot, refusals=Refusals(db), clock=now_ms)
        self.delivery = Delivery(
            db,
            client=r.client,
            parcels=Parcels(db, fetcher=r.fetcher),
            courier=self.courier,
            results=self.results,
            pace=pace,
            folder=r.folder,
        )
        self.housekeeping = Housekeeping(
            db, retention_days=settings.retention_days, backup_days=settings.backup_keep_days
        )
        self._begun_at = now_ms()
        self.loops += [
            Loop("reconcile", self.reconcile.step, every=pace.look / 1000),
            Loop("dispatch", self.dispatch.step, every=5.0),
            Loop("delivery", self._deliver, every=30.0),
            Loop("housekeeping", self.housekeeping.step, every=3600.0),
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
            if loop.name != "housekeeping":  # it has its own hours
                loop.wake()

    def health(self) -> list[str]:
        """Why the bot is not ready; empty when it is."""
        reasons = [] if self.bot.is_ready() else ["not connected to Discord"]
        return reasons + [f"{loop.name} does not get on" for loop in self.loops if loop.stuck()]

    async def _tell(self, reason: str, subject: str) -> None:
        await self.operator.tell(reason, subject)
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
