"""The services: what happens, each given the others that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from acedata.platform import balance
from assembly.resources import Known, Resources
from domain.job import Job, Report
from domain.turns import Caps
from service.accounting import Accounting
from service.accounts import Accounts
from service.again import Again
from service.approvals import Approvals
from service.auditlog import AuditLog
from service.availability import Availability
from service.balance import Balance
from service.blocks import Blocks
from service.breakers import Breakers, Tell
from service.cancel import Cancel
from service.censor import Censor
from service.characters import Characters
from service.clips import Clips, FilmOf, Poster
from service.comparing import Comparing
from service.decisions import Decisions
from service.dispatch import Dispatch
from service.doorman import Ceiling
from service.drafts import Drafts
from service.exports import Exports
from service.halting import Halting
from service.housekeeping import Housekeeping
from service.intake import Intake
from service.othermodels import OtherModels
from service.parcels import Parcels
from service.patterns import WordRules, check_rule
from service.pauses import Pauses
from service.policies import Policies
from service.preparing import Preparing
from service.presets import Presets
from service.privacy import Privacy
from service.recents import Recents
from service.reconcile import Reconcile
from service.refusals import Refusals
from service.results import Results
from service.rights import Rights
from service.timekeeper import Timekeeper
from service.treasury import Treasury
from service.turns import Turns
from service.underway import UnderWay
from service.usage import UsageBook
from settings import Settings


class Services:
    """Every service that knows nothing of Discord. `wake` takes names of loops; `tell` is for the operator."""

    def __init__(
        self,
        r: Resources,
        known: Known,
        *,
        wake: Callable[..., None],
        tell: Tell,
        last_frame: Callable[[str], Awaitable[bytes]],
        film_of: FilmOf,
        poster: Poster,
    ) -> None:
        """`last_frame` cuts the picture with which a continued film begins from the film of a job, `film_of` has it
        whole, and `poster` shows clips where the API can read them.
        """
        settings, db, pace = r.settings, r.db, r.pace
        told = partial(wake, "notices")
        self.breakers = Breakers(db, pace=pace, tell=tell, known=known.breakers)
        self.availability = Availability(settings.catalogue, self.breakers, links=bool(r.links.public_url))
        self.pauses = Pauses(db, known=known.pauses, on_change=partial(wake, "dispatch"))
        self.results = Results(db, pace=pace, on_change=wake, meter=r.metrics, on_gone=self._gone)
        caps = Caps(settings.member_in_flight, settings.server_in_flight, settings.total_in_flight)
        self.turns = Turns(caps, paused=self.pauses.servers)
        self.clips = Clips(db, fetcher=r.fetcher, links=r.links, film_of=film_of, poster=poster, folder=r.folder)
        preparing = Preparing(db, fetcher=r.fetcher, clips=self.clips, results=self.results, last_frame=last_frame)
        self.dispatch = Dispatch(
            db,
            client=r.client,
            prepare=preparing.prepare,
            links=r.links,
            clips=self.clips,
            results=self.results,
            breakers=self.breakers,
            availability=self.availability,
            pauses=self.pauses,
            caps=caps,
            pace=pace,
        )
        self.reconcile = Reconcile(
            db,
            client=r.client,
            recents=Recents(client=r.client, links=r.links),
            results=self.results,
            dispatch=self.dispatch,
            timekeeper=Timekeeper(db, deadline=pace.deadline),
            pace=pace,
        )
        self.policies = Policies(db)
        self.rights = Rights(self.policies)
        self.ceiling = Ceiling(daily=settings.daily_credits, server_daily=settings.server_daily_credits)
        self.censor = Censor(db, policies=self.policies, compile_rules=WordRules, on_notice=told)
        self.intake = Intake(
            db,
            availability=self.availability,
            policies=self.policies,
            censor=self.censor,
            ceiling=self.ceiling,
            pauses=self.pauses,
            allowed=settings.allowed_servers,
            turns=self.turns,
            pace=pace,
            on_job=wake,
            meter=r.metrics,
            log_prompts=settings.log_prompts,
        )
        self.accounts = Accounts(db, intake=self.intake)
        self.cancel = Cancel(db, results=self.results, rights=self.rights)
        self.under_way = UnderWay(db, rights=self.rights, on_change=partial(wake, "delivery", "notices"))
        self.audit = AuditLog(db, rights=self.rights)
        self.approvals = Approvals(db, rights=self.rights, results=self.results)
        self.decisions = Decisions(known=self.policies, rights=self.rights, check_rule=check_rule, on_notice=told)
        self.treasury = Treasury(db, known=self.policies, rights=self.rights, on_notice=told)
        self.accounting = Accounting(
            UsageBook(db), Exports(db), rights=self.rights, policies=self.policies, folder=r.folder
        )
        self.halting = Halting(
            db,
            rights=self.rights,
            pauses=self.pauses,
            operator_channel_id=settings.operator_channel_id,
            on_notice=told,
        )
        self.blocks = Blocks(known=self.policies, rights=self.rights, results=self.results, on_notice=told)
        self.characters = Characters(db, clips=self.clips)
        self.presets = Presets(db, catalogue=settings.catalogue, can_be_had=self.availability.has)
        self.privacy = Privacy(db, results=self.results, on_erased=partial(wake, "showcase"))
        self.drafts = Drafts(db)
        self.again = Again(db, allows_reuse=self._allows_reuse)
        self.others = OtherModels(self.availability, self.again, self.drafts)
        self.comparing = Comparing(self.intake, self.others, self.drafts)
        self.parcels = Parcels(db, fetcher=r.fetcher)
        self.refusals = Refusals(db, known=known.refusals)
        self.housekeeping = Housekeeping(
            db, retention_days=settings.retention_days, backup_days=settings.backup_keep_days
        )
        self.balance = Balance(_asking(settings))

    async def _gone(self, job: Job, report: Report) -> None:
        await self.dispatch.gone(job, report)

    async def _allows_reuse(self, guild_id: int) -> bool:
        return (await self.policies.of(guild_id)).server.reuse


def _asking(settings: Settings) -> Callable[[], Awaitable[float]] | None:
    """How to ask for the API's balance, when the operator gave the means."""
    token = settings.acedatacloud_platform_token
    if token is None:
        return None
    return partial(balance, settings.acedatacloud_platform_url, token.reveal(), settings.acedatacloud_application_id)
