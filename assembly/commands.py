"""The commands and buttons: each cog given the services that it asks."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord.ext import commands

from assembly.services import Services
from cogs.characters import CharacterFilms
from cogs.compare import Compare
from cogs.confirming import Confirming
from cogs.decide import Decide
from cogs.forms import Forms
from cogs.generate import Generate
from cogs.help import Help
from cogs.history import History
from cogs.jobs import Jobs
from cogs.manage import Manage
from cogs.manage_audit import Audit, AuditPages
from cogs.manage_check import Check, Probe
from cogs.manage_films import Films
from cogs.manage_lists import ListPages
from cogs.manage_money import Limit, Money
from cogs.manage_pause import Pausing
from cogs.manage_rules import Channels, ForbiddenWords, People
from cogs.manage_settings import ServerSettings
from cogs.manage_usage import UsageGroup
from cogs.othermodels import RunElsewhere
from cogs.presets import PresetCommands
from cogs.privacy import PrivacyCommands
from cogs.quota import Quota
from cogs.reporting import Reporting
from cogs.results import Results
from cogs.setup import SetUp, Setup
from cogs.showcase import Stars
from cogs.starting import Starting
from cogs.transfer import Transfer
from domain.catalogue import Catalogue
from media.chart import usage_chart
from service.erase import Erase
from service.joining import Joining
from service.reports import Reports
from service.showcase import Showcase
from ui.places import Places, person_of


def manage(services: Services, catalogue: Catalogue, probe: Probe) -> tuple[Manage, list[commands.Cog]]:
    """/manage with all that is inside, and what answers its buttons."""
    s, daily = services, services.ceiling.daily
    audit, set_up = Audit(s.audit, catalogue), SetUp(s.decisions, daily=daily)
    limit = Limit(s.treasury, catalogue, daily=daily, ceiling=s.ceiling.server_daily)
    words = ForbiddenWords(s.decisions, s.censor)
    command = Manage(
        direct=[
            set_up,
            Money(s.treasury),
            People(s.blocks, s.decisions),
            Films(s.under_way, s.cancel),
            Pausing(s.halting),
            ServerSettings(s.decisions, catalogue),
            audit,
            Check(s.decisions, probe),
        ],
        nested=[
            limit,
            Channels(s.decisions),
            UsageGroup(s.accounting, usage_chart),
            words,
        ],
    )
    pages = ListPages({"limits": limit.page, "words": words.page})
    return command, [AuditPages(audit), pages, Setup(set_up, s.decisions, s.treasury)]


def cogs(
    services: Services,
    reports: Reports,
    erase: Erase,
    joining: Joining,
    showcase: Showcase,
    managing: Sequence[commands.Cog],
) -> list[commands.Cog]:
    """Everything that members type, and every button; `managing` answers those of /manage."""
    s, places = services, Places()
    start = Starting(s.intake, s.drafts, s.refusals, places, s.presets, s.others).start
    forms = Forms(s.intake, s.again, s.drafts, start=start)
    reporting = Reporting(reports)

    async def moderates(interaction: discord.Interaction) -> bool:
        return await s.rights.may_manage(person_of(interaction))

    characters = CharacterFilms(s.intake, s.characters, start=start, moderates=moderates)
    stars = Stars(showcase)
    elsewhere = RunElsewhere(s.others, s.intake, start=start)
    more = [stars.entry, elsewhere.entry, characters.offer_save, reporting.entry]
    return [
        Generate(s.intake, s.presets, start=start, open_form=forms.open_new),
        forms,
        Confirming(s.drafts, start=start),
        Results(s.again, erase, joining, start=start, moderates=moderates, more=more),
        elsewhere,
        Compare(s.intake, s.comparing, places),
        reporting,
        stars,
        characters,
        PresetCommands(s.intake, s.presets, moderates=moderates),
        PrivacyCommands(s.privacy),
        Quota(s.accounts, places),
        Jobs(s.cancel, s.accounts),
        History(s.accounts),
        Help(s.intake, s.policies, places, moderates=moderates),
        Transfer(s.treasury),
        Decide(s.approvals, reports, language=s.policies.language),
        *managing,
    ]
