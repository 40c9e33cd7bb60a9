"""The whole bot: services, Discord's side, and the loops that keep them going."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import aiohttp

from assembly.commands import cogs, manage
from assembly.health import Health
from assembly.probe import probe
from assembly.resources import Known, Resources
from assembly.services import Services
from cogs.client import Clapper
from domain.faults import Fault
from domain.job import Job
from service.alerts import Alerts
from service.copies import Copies
from service.delivery import Delivery
from service.erase import Erase
from service.joining import Joining
from service.latecards import LateCards
from service.loops import Loop, now_ms
from service.notices import Notices
from service.reports import Reports
from service.showcase import Showcase
from service.waiting import WaitingCards
from storage import memory
from ui.board import Board
from ui.clipposts import ClipPosts
from ui.courier import Courier
from ui.gallery import GalleryPosts
from ui.herald import Herald
from ui.operator import Operator
from ui.posts import Posts

log = logging.getLogger("clapper")


class Parts:
    """Every part. Nothing runs until bot.py starts it."""

    def __init__(self, r: Resources, known: Known) -> None:
        settings, db, pace = r.settings, r.db, r.pace
        self._db = db
        self._links, self._instance = r.links, r.instance
        self.loops: list[Loop] = []
        self.operator = Operator(settings.operator_channel_id)
        clip_posts = ClipPosts()
        self.services = services = Services(
            r,
            known,
            wake=self.wake,
            tell=self._tell,
            last_frame=self._last_frame,
            film_of=self._film_of,
            poster=clip_posts,
        )
        command, managing = manage(services, settings.catalogue, self._probe)
        self.bot = Clapper(
            commands=[command],
            check_server=services.intake.check_server,
            hear=services.policies.hear,
            is_told=self._is_told,
            told=self._told,
            http_trace=r.metrics.discord_calls(),
        )
        self.operator.client = clip_posts.client = self.bot
        board = Board(self.bot, clock=now_ms)
        self.late_cards = LateCards(db, board=board, turns=services.turns)
        self.waiting = WaitingCards(db, board=board, breakers=services.breakers, turns=services.turns, pace=pace)
        self.courier = Courier(self.bot, board=board, refusals=services.refusals)
        self.delivery = Delivery(
            db,
            client=r.client,
            parcels=services.parcels,
            courier=self.courier,
            results=services.results,
            pace=pace,
            folder=r.folder,
            meter=r.metrics,
        )
        posts = Posts(self.bot)
        self._copies = Copies(db, fetcher=r.fetcher, client=r.client, posted=posts, folder=r.folder)
        erase = Erase(db, posts=posts, courier=self.courier, on_erased=partial(self.wake, "showcase"))
        reports = Reports(
            db, rights=services.rights, blocks=services.blocks, films=erase, on_notice=partial(self.wake, "notices")
        )
        self.joining = Joining(
            db,
            again=services.again,
            copies=self._copies,
            parcels=services.parcels,
            posts=posts,
            limits=self.courier,
            folder=r.folder,
        )
        showcase = Showcase(
            db,
            policies=services.policies,
            copies=self._copies,
            parcels=services.parcels,
            gallery=GalleryPosts(self.bot, posts),
            pace=pace,
            folder=r.folder,
            on_change=partial(self.wake, "showcase"),
        )
        self.bot.parts = cogs(services, reports, erase, self.joining, showcase, managing)
        notices = Notices(
            db,
            policies=services.policies,
            herald=Herald(self.bot, labels={row.key: row.label for row in settings.catalogue.models}),
            approvals=services.approvals,
            pace=pace,
        )
        self.health = Health(r, self.bot, self.loops, services.balance)
        self.alerts = Alerts(
            db,
            models=[row.key for row in settings.catalogue.models],
            balance=services.balance,
            low_balance=settings.low_balance,
            disk_free=self.health.disk_free,
            tell=self.operator.tell,
            backup_fault=lambda: services.housekeeping.backup_fault,
        )
        self.loops += [
            Loop("reconcile", services.reconcile.step, every=pace.look / 1000),
            Loop("dispatch", services.dispatch.step, every=5.0),
            Loop("delivery", self._deliver, every=30.0),
            Loop("cards", self._change_cards, every=min(5.0, pace.card / 5_000)),
            Loop("notices", self._when_logged_in(notices.step), every=60.0),
            Loop("showcase", self._when_logged_in(showcase.step), every=600.0),
            Loop("erase", self._when_logged_in(erase.step), every=300.0),
            Loop("housekeeping", services.housekeeping.step, every=3600.0),
            Loop("privacy", services.privacy.step, every=600.0),
            Loop("alerts", self.alerts.step, every=60.0),
        ]

    def wake(self, *names: str) -> None:
        """Something happened that the loops of these names wait for; with none, that any may wait for."""
        for loop in self.loops:
            # Housekeeping, alerts, cards, erasing and privacy have their own hours.
            if loop.name in (names or ("reconcile", "dispatch", "delivery", "notices")):
                loop.wake()

    def _when_logged_in(self, step: Callable[[], Awaitable[float | None]]) -> Callable[[], Awaitable[float | None]]:
        async def stepped() -> float | None:
            await self.bot.logged_in.wait()
            return await step()

        return stepped

    async def _last_frame(self, job_id: str) -> bytes:
        return await self._copies.last_frame(job_id)

    async def _film_of(self, job: Job, path: Path) -> None:
        await self._copies.fetch(job, path)

    async def _probe(self) -> bool | None:
        """Whether the public address leads here; None without one."""
        if not self._links.public_url:
            return None
        try:
            return (await probe(self._links))[1] == self._instance
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _tell(self, reason: str, subject: str) -> None:
        next(loop for loop in self.loops if loop.name == "alerts").wake()

    async def _is_told(self, digest: bytes) -> bool:
        return await memory.get_meta(self._db.reader, "commands") == digest

    async def _told(self, digest: bytes) -> None:
        async with self._db.transaction() as conn:
            await memory.set_meta(conn, "commands", digest)

    async def _deliver(self) -> float | None:
        if not self.bot.logged_in.is_set():
            await self.bot.logged_in.wait()
            try:
                await self.late_cards.at_start()
            except Fault as fault:
                log.warning("cards of the last process could not be shown: %s", fault)
        return await self.delivery.step()

    async def _change_cards(self) -> float | None:
        if not self.bot.logged_in.is_set():
            return None
        await self.late_cards.step()
        return await self.waiting.step()
