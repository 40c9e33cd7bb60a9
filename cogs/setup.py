"""/manage setup: one card on which a server is set up, and its offer to the first moderator who comes by."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from domain.credit import EVERYONE, Rule
from domain.faults import Fault, Refused
from service.decisions import Decisions
from service.treasury import Treasury
from ui import cards_setup
from ui.answers import Reply, answer_press, answer_with, press, say_trouble
from ui.dialogs import Dialog, chosen, submitted, text_field, texts
from ui.language import _
from ui.places import person_of
from ui.words_rules import LANGUAGES

log = logging.getLogger("clapper.setup")

_PRESS = re.compile(r"setup:(\w+):([0-9])")
_FORM = re.compile(r"form:setup-(limit|timezone):[0-9a-f]+")
_ONE_ID = ("log_channel_id", "approval_role_id", "showcase_channel_id")
_FLAGS = ("transfers", "reuse", "digest")
#: On which page of the card a choice stands; the first where nothing is said.
_PAGES = {
    **dict.fromkeys(("transfers", "reuse", "moderators", "approval_role_id", "confirm_above", "approval_above"), "2"),
    **dict.fromkeys(("showcase_channel_id", "showcase_stars", "digest"), "3"),
}


class SetUp(app_commands.Group):
    """This command stands directly under /manage."""

    def __init__(self, decisions: Decisions, *, daily: int) -> None:
        super().__init__(name="start", description="Setting up")
        self._decisions = decisions
        self._daily = daily

    @app_commands.command(name="setup", description="Set Clapper up for this server, on one card")
    async def setup(self, interaction: discord.Interaction) -> None:
        await answer_with(interaction, self.page(interaction, "1"))

    async def page(self, interaction: discord.Interaction, number: str) -> Reply:
        """A page of the card, as things are now."""
        policy = await self._decisions.policy(person_of(interaction))
        if number == "3":
            return Reply(cards_setup.third_page(policy))
        return Reply(
            cards_setup.second_page(policy) if number == "2" else cards_setup.first_page(policy, daily=self._daily)
        )


class Setup(commands.Cog):
    """Answers the card's choices; each press asks anew whether the member may decide."""

    def __init__(self, pages: SetUp, decisions: Decisions, treasury: Treasury) -> None:
        self._pages = pages
        self._decisions = decisions
        self._treasury = treasury

    @commands.Cog.listener()
    async def on_app_command_completion(
        self, interaction: discord.Interaction, command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu
    ) -> None:
        """After a command: setting up is offered to a server's first moderator."""
        person = person_of(interaction)
        if not person.guild_id or not person.manager:
            return
        try:
            news = await self._decisions.offer(person)
            if news and command.qualified_name != "manage setup":
                await interaction.followup.send(view=cards_setup.offer(), ephemeral=True)
        except (Fault, discord.DiscordException, OSError, TimeoutError) as error:
            log.info("setting up could not be offered: %s", type(error).__name__)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _PRESS):
            if found[1] in ("limit", "timezone"):
                await self._open(interaction, found[1])
            else:
                await answer_press(interaction, self._choose(interaction, found[1], found[2]), turn=True)
        elif found := submitted(interaction, _FORM):
            await answer_press(interaction, self._filled(interaction, found[1]), turn=True)

    async def _open(self, interaction: discord.Interaction, name: str) -> None:
        try:
            policy = await self._decisions.policy(person_of(interaction))
            await interaction.response.send_modal(
                _limit_form() if name == "limit" else _zone_form(policy.server.timezone)
            )
        except Exception as error:
            await say_trouble(interaction, error)

    async def _choose(self, interaction: discord.Interaction, name: str, page: str) -> Reply:
        person, values = person_of(interaction), chosen(interaction)
        ids = [int(value) for value in values if value.isdecimal()]
        if name == "allowed":  # those that the choice had no room for stay
            rest = sorted((await self._decisions.policy(person)).allowed)[cards_setup.CHANNELS :]
            await self._decisions.set_allowed(person, [*ids, *rest])
        elif name == "moderators":
            rest = sorted((await self._decisions.policy(person)).moderators)[cards_setup.ROLES :]
            await self._decisions.set_moderators(person, [role for role in (*ids, *rest) if role != person.guild_id])
        elif name in _ONE_ID:
            await self._decisions.set(person, name, ids[0] if ids else 0)
        elif name in _FLAGS:
            await self._decisions.set(person, name, page == "1")
        elif name in ("confirm_above", "approval_above"):
            await self._decisions.set(person, name, ids[0] if ids else None)
        elif name == "delivery" and values:
            await self._decisions.set(person, name, values[0])
        elif name == "language" and values:
            await self._decisions.set(person, name, values[0] if values[0] in LANGUAGES else "")
        elif name == "showcase_stars" and ids:
            await self._decisions.set(person, name, ids[0])
        return await self._pages.page(interaction, page if name == "open" else _PAGES.get(name, "1"))

    async def _filled(self, interaction: discord.Interaction, name: str) -> Reply:
        person, typed = person_of(interaction), texts(interaction)
        if name == "timezone":
            await self._decisions.set(person, "timezone", typed.get("zone", "").strip())
        else:
            amount = typed.get("credits", "").strip().casefold()
            period = typed.get("period", "").strip().casefold() or "day"
            if period not in ("day", "week", "month"):
                raise Refused("period_unknown")
            unlimited = amount in ("unlimited", _("unlimited").casefold())
            if not unlimited and not (amount.isascii() and amount.isdigit() and len(amount) <= 12):
                raise Refused("credits_unreadable", asked=amount)
            rules = await self._treasury.rules(person)  # what else everyone's limit says stays
            before = next((rule for rule in rules if rule.subject == EVERYONE), Rule(EVERYONE, period, None))
            after = replace(before, period=period, credits=None if unlimited else int(amount))
            await self._treasury.set_rule(person, after)
        return await self._pages.page(interaction, "1")


def _limit_form() -> Dialog:
    return Dialog(
        _("Everyone's limit"),
        "form:setup-limit",
        text_field(_("Credits"), "credits", description=_("A whole number, or unlimited"), most=12),
        text_field(_("For a"), "period", description=_("day, week or month"), value="day", most=10),
    )


def _zone_form(now: str) -> Dialog:
    return Dialog(
        _("Time zone"),
        "form:setup-timezone",
        text_field(
            _("Time zone"), "zone", description=_("Such as Europe/Berlin or America/New_York"), value=now, most=60
        ),
    )
