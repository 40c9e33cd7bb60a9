"""Which parts there are and what each is given: services, cogs and loops, built from what bot.py has opened."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from discord.ext import commands

from acedata.client import VideoClient
from cogs.client import Clapper
from cogs.decide import Decide
from cogs.forms import Forms
from cogs.generate import Generate
from cogs.jobs import Jobs
from cogs.manage import Manage
from cogs.manage_audit import Audit, AuditPages
from cogs.manage_check import Check
from cogs.manage_films import Films
from cogs.manage_money import Limit, Money
from cogs.manage_rules import Channels, ForbiddenWords, People
from cogs.manage_settings import ServerSettings
from cogs.quota import Quota
from cogs.results import Results as ResultButtons
from cogs.setup import SetUp, Setup
from cogs.starting import Starting
from cogs.transfer import Transfer
from domain.faults import Fault
from domain.job import Pace
from media.fetch import Fetcher
from service.accounts import Accounts
from service.again import Again
from service.approvals import Approvals
from service.auditlog import AuditLog
from service.blocks import Blocks
from service.breakers import Breakers
from service.cancel import Cancel
from service.censor import Censor
from service.copies import Copies
from service.decisions import Decisions
from service.delivery import Delivery
from service.dispatch import Caps, Dispatch
from service.doorman import Ceiling
from service.drafts import Drafts
from service.erase import Erase
from service.housekeeping import Housekeeping
from service.intake import Intake
from service.joining import Joining
from service.latecards import show_late_cards
from service.links import Links
from service.loops import Loop, now_ms
from service.notices import Notices
from service.parcels import Parcels
from service.patterns import WordRules, check_rule
from service.policies import Policies
from service.preparing import Preparing
from service.reconcile import Reconcile
from service.refusals import Refusals
from service.reports import Reports
from service.results import Results
from service.rights import Rights
from service.timekeeper import Timekeeper
from service.treasury import Treasury
from service.underway import UnderWay
from service.waiting import update_waiting_cards
from settings import Settings
from storage import memory
from storage.database import Database
from ui.courier import Courier
from ui.herald import Herald
from ui.operator import Operator
from ui.places import Places
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
        self._db, self._resources = db, r
        self.loops: list[Loop] = []
        self.operator = Operator(settings.operator_channel_id)
        self.breakers = Breakers(db, pace=pace, tell=self._tell, known=breakers)
        self.results = Results(db, pace=pace, on_change=self.wake)
        self.dispatch = Dispatch(
            db,
            client=r.client,
            prepare=Preparing(db, fetcher=r.fetcher, results=self.results, last_frame=self._last_frame).prepare,
            links=r.links,
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
        self.places = Places()
        self.policies = Policies(db)
        self.rights = Rights(self.policies)
        ceiling = Ceiling(daily=settings.daily_credits, server_daily=settings.server_daily_credits)
        censor = Censor(db, policies=self.policies, compile_rules=WordRules, on_notice=self.wake)
        self.intake = Intake(
            db,
            catalogue=settings.catalogue,
            breakers=self.breakers,
            policies=self.policies,
            censor=censor,
            ceiling=ceiling,
            allowed=settings.allowed_servers,
            total_in_flight=settings.total_in_flight,
            pace=pace,
            on_job=self.wake,
            log_prompts=settings.log_prompts,
        )
        self.cancel = Cancel(db, results=self.results, rights=self.rights)
        self.approvals = Approvals(db, rights=self.rights, results=self.results)
        self.decisions = Decisions(known=self.policies, rights=self.rights, check_rule=check_rule, on_notice=self.wake)
        self.treasury = Treasury(db, known=self.policies, rights=self.rights, on_notice=self.wake)
        self.blocks = Blocks(known=self.policies, rights=self.rights, results=self.results, on_notice=self.wake)
        labels = {row.key: row.label for row in settings.catalogue.models}
        self.bot = Clapper(
            commands=[self._manage(censor, ceiling)],
            check_server=self.intake.check_server,
            is_told=self._is_told,
            told=self._told,
        )
        self.operator.client = self.bot
        self.courier = Courier(self.bot, refusals=Refusals(db), clock=now_ms)
        parcels = Parcels(db, fetcher=r.fetcher)
        posts = Posts(self.bot)
        self.again = Again(db, allows_reuse=self._allows_reuse)
        self.copies = Copies(db, fetcher=r.fetcher, client=r.client, posted=posts, folder=r.folder)
        self.erase = Erase(db, rights=self.rights, posts=posts, courier=self.courier)
        self.joining = Joining(
            db,
            again=self.again,
            copies=self.copies,
            parcels=parcels,
            posts=posts,
            limits=self.courier,
            folder=r.folder,
        )
        self.delivery = Delivery(
            db,
            client=r.client,
            parcels=parcels,
            courier=self.courier,
            results=self.results,
            pace=pace,
            folder=r.folder,
        )
        self.reports = Reports(db, rights=self.rights, blocks=self.blocks, courier=self.courier, on_notice=self.wake)
        self.notices = Notices(
            db,
            policies=self.policies,
            herald=Herald(self.bot, labels=labels),
            approvals=self.approvals,
            pace=pace,
        )
        self.bot.parts = self._cogs()
        self.housekeeping = Housekeeping(
            db, retention_days=settings.retention_days, backup_days=settings.backup_keep_days
        )
        self._begun_at = now_ms()
        self.loops += [
            Loop("reconcile", self.reconcile.step, every=pace.look / 1000),
            Loop("dispatch", self.dispatch.step, every=5.0),
            Loop("delivery", self._deliver, every=30.0),
            Loop("notices", self._post_notices, every=60.0),
            Loop("housekeeping", self.housekeeping.step, every=3600.0),
            Loop("erase", self._erase, every=300.0),
        ]

    def _cogs(self) -> list[commands.Cog]:
        accounts = Accounts(self._db, intake=self.intake)
        drafts = Drafts(self._db)
        start = Starting(self.intake, drafts, self.places)
        forms = Forms(self.intake, self.again, drafts, start=start.start)
        cogs: list[commands.Cog] = [
            start,
            Generate(self.intake, start=start.start, open_form=forms.open_new),
            forms,
            ResultButtons(self.again, self.erase, self.joining, start=start.start),
            Quota(accounts, self.places),
            Jobs(self.cancel, accounts),
            Transfer(self.treasury),
            Decide(self.approvals, self.reports),
            AuditPages(self._audit),
            Setup(self._set_up, self.decisions, self.treasury),
        ]
        return cogs

    def _manage(self, censor: Censor, ceiling: Ceiling) -> Manage:
        catalogue = self._resources.settings.catalogue
        self._audit = Audit(AuditLog(self._db, rights=self.rights), catalogue)
        self._set_up = SetUp(self.decisions, daily=ceiling.daily)
        under_way = UnderWay(self._db, rights=self.rights, on_change=self.wake)
        return Manage(
            direct=[
                self._set_up,
                Money(self.treasury),
                People(self.blocks, self.decisions),
                Films(under_way, self.cancel),
                ServerSettings(self.decisions),
                self._audit,
                Check(self.decisions, self._probe),
            ],
            nested=[
                Limit(self.treasury, catalogue, daily=ceiling.daily, ceiling=ceiling.server_daily),
                Channels(self.decisions),
                ForbiddenWords(self.decisions, censor),
            ],
        )

    async def _last_frame(self, job_id: str) -> bytes:
        return await self.copies.last_frame(job_id)

    async def _allows_reuse(self, guild_id: int) -> bool:
        return (await self.policies.of(guild_id)).server.reuse

    async def _erase(self) -> float | None:
        await self.bot.logged_in.wait()
        return await self.erase.step()

    async def _probe(self) -> bool | None:
        return None

    async def _post_notices(self) -> float | None:
        await self.bot.logged_in.wait()
        return await self.notices.step()

    def wake(self) -> None:
        """Something happened that loops wait for."""
        for loop in self.loops:
            if loop.name not in ("housekeeping", "erase"):  # they have their own hours
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
