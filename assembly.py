"""Which parts there are and what each is given: services, cogs and loops, built from what bot.py has opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import discord
from discord.ext import commands

from acedata.client import VideoClient
from cogs.characters import CharacterFilms
from cogs.client import Clapper
from cogs.forms import Forms
from cogs.generate import Generate
from cogs.jobs import Jobs
from cogs.manage import Manage
from cogs.quota import Quota
from cogs.results import Results as ResultButtons
from cogs.starting import Starting
from domain.faults import Fault
from domain.job import Job, Pace
from media.fetch import Fetcher
from service.accounts import Accounts
from service.again import Again
from service.breakers import Breakers
from service.cancel import Cancel
from service.characters import Characters
from service.clips import Clips
from service.copies import Copies
from service.delivery import Delivery
from service.dispatch import Caps, Dispatch
from service.drafts import Drafts
from service.erase import Erase
from service.housekeeping import Housekeeping
from service.intake import Intake
from service.joining import Joining
from service.latecards import show_late_cards
from service.links import Links
from service.loops import Loop, now_ms
from service.parcels import Parcels
from service.preparing import Preparing
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
from ui.posts import Posts

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
        preparing = Preparing(
            db, fetcher=r.fetcher, clips=self.clips, results=self.results, last_frame=self._last_frame
        )
        self.dispatch = Dispatch(
            db,
            client=r.client,
            prepare=preparing.prepare,
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
        self.cogs: list[commands.Cog] = []
        self.bot = Clapper(self.cogs, check_server=self.intake.check_server, is_told=self._is_told, told=self._told)
        self.operator.client = self.clip_posts.client = self.bot
        self.courier = Courier(self.bot, refusals=Refusals(db), clock=now_ms)
        parcels = Parcels(db, fetcher=r.fetcher)
        posts = Posts(self.bot)
        self.again = Again(db, allows_reuse=self._allows_reuse)
        self.copies = Copies(db, fetcher=r.fetcher, client=r.client, posted=posts, folder=r.folder)
        self.erase = Erase(db, posts=posts, courier=self.courier)
        self.joining = Joining(
            db,
            again=self.again,
            copies=self.copies,
            parcels=parcels,
            posts=posts,
            limits=self.courier,
            folder=r.folder,
        )
        self.cogs += self._cogs(terms)
        self.delivery = Delivery(
            db,
            client=r.client,
            parcels=parcels,
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
            Loop("erase", self._erase, every=300.0),
        ]

    def _cogs(self, terms: Terms) -> list[commands.Cog]:
        drafts = Drafts(self._db)
        start = Starting(self.intake, drafts).start
        forms = Forms(self.intake, self.again, drafts, start=start)
        characters = CharacterFilms(self.intake, Characters(self._db, clips=self.clips), start=start)
        more = (characters.offer_save,)
        return [
            Generate(self.intake, start=start, open_form=forms.open_new),
            forms,
            ResultButtons(self.again, self.erase, self.joining, start=start, moderates=self._moderates, more=more),
            characters,
            Quota(Accounts(self._db, terms=terms)),
            Jobs(Cancel(self._db, results=self.results)),
            Manage(Redeliver(self._db, on_change=self.wake)),
        ]

    def wake(self) -> None:
        """Something happened that loops wait for."""
        for loop in self.loops:
            if loop.name not in ("housekeeping", "erase"):  # they have their own hours
                loop.wake()

    def health(self) -> list[str]:
        """Why the bot is not ready; empty when it is."""
        reasons = [] if self.bot.is_ready() else ["not connected to Discord"]
        return reasons + [f"{loop.name} does not get on" for loop in self.loops if loop.stuck()]

    async def _last_frame(self, job_id: str) -> bytes:
        return await self.copies.last_frame(job_id)

    async def _film_of(self, job: Job, path: Path) -> None:
        await self.copies.fetch(job, path)

    async def _allows_reuse(self, guild_id: int) -> bool:
        return True

    async def _moderates(self, interaction: discord.Interaction) -> bool:
        return interaction.guild_id is not None and interaction.permissions.manage_guild

    async def _erase(self) -> float | None:
        await self.bot.logged_in.wait()
        return await self.erase.step()

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
