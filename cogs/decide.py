"""The buttons of posts for moderators: yes or no to a film, and what becomes of a report."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import discord
from discord.ext import commands

from domain.faults import Refused
from domain.moderation import About
from domain.people import Person
from service.approvals import Approvals
from service.reports import Reports
from ui import cards, cards_moderation
from ui.answers import Reply, answer_press, press
from ui.language import _, speaking
from ui.places import owner_of, person_of

_APPROVE = re.compile(r"approve:(yes|no):([0-9a-z]{1,32})")
_REPORT = re.compile(r"report:(hide|block|dismiss|block1|block7|block30|blockx):(\d{1,18})")
_DAYS = {"block1": 1, "block7": 7, "block30": 30, "blockx": None}


class Decide(commands.Cog):
    """Who may press is asked at each press; the post itself is drawn anew by whoever settles it."""

    def __init__(self, approvals: Approvals, reports: Reports, *, language: Callable[[int], Awaitable[str]]) -> None:
        """`language` says what a server speaks: the post that is drawn anew is everyone's."""
        self._approvals = approvals
        self._reports = reports
        self._language = language

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _APPROVE):
            await answer_press(interaction, self._approve(interaction, found[1] == "yes", found[2]), turn=True)
        elif found := press(interaction, _REPORT):
            turn = found[1] in ("hide", "dismiss")
            await answer_press(interaction, self._settle(interaction, found[1], int(found[2])), turn=turn)

    async def _approve(self, interaction: discord.Interaction, yes: bool, job_id: str) -> Reply:
        person = await self._acting(interaction, await self._approvals.guild_of(job_id))
        return await self._drawn(person, await self._approvals.decide(person, job_id, yes=yes))

    async def _settle(self, interaction: discord.Interaction, action: str, report_id: int) -> Reply:
        person = await self._acting(interaction, await self._reports.guild_of(report_id))
        if action == "block":
            await self._reports.check(person, report_id)
            return Reply(cards_moderation.block_lengths(report_id))
        if action in _DAYS:
            with speaking(await self._language(person.guild_id)):
                why = _("A film of yours was reported.")  # not in the words of whoever did: moderators alone read these
            await self._reports.block(person, report_id, days=_DAYS[action], why=why)
            return Reply(cards.note(_("Blocked. The film stays where it is.")))
        settle = self._reports.hide if action == "hide" else self._reports.dismiss
        return await self._drawn(person, await settle(person, report_id))

    async def _drawn(self, person: Person, about: About) -> Reply:
        locale = await self._language(person.guild_id)
        return Reply(lambda: cards_moderation.notice(about, {}), public=True, locale=locale)

    async def _acting(self, interaction: discord.Interaction, guild_id: int) -> Person:
        """Who presses: a member in the server, or the server's owner in their conversation with the bot."""
        if interaction.guild_id is not None:
            return person_of(interaction)
        if not guild_id or await owner_of(interaction.client, guild_id) != interaction.user.id:
            raise Refused("not_moderator")
        return Person(guild_id, interaction.user.id, manager=True)
