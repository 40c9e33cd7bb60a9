"""Report, behind More… of a film: what is wrong with it, told to moderators in a form."""

from __future__ import annotations

import re
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from domain.job import Job
from service.reports import REASON_MOST, Reports
from ui import cards
from ui.answers import Reply, answer_press, press, say_trouble
from ui.dialogs import Dialog, submitted, text_field, texts
from ui.language import _
from ui.places import person_of

_BUTTON = re.compile(r"job:report:([0-9a-z]{1,32})")
_FORM = re.compile(r"form:report:([0-9a-z]{1,32}):[0-9a-f]+")


class Reporting(commands.Cog):
    """The form holds the film's id alone, so it survives a restart."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    async def entry(self, interaction: discord.Interaction, job: Job) -> ui.Button[Any] | None:
        """The button behind More…, for everybody but the film's own author."""
        if job.private or job.author_id == interaction.user.id or not job.message_id:
            return None
        return ui.Button(label=_("Report"), style=discord.ButtonStyle.secondary, custom_id=f"job:report:{job.id}")

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _BUTTON):
            await self._open(interaction, found[1])
        elif found := submitted(interaction, _FORM):
            await answer_press(interaction, self._report(interaction, found[1]))

    async def _open(self, interaction: discord.Interaction, job_id: str) -> None:
        form = Dialog(
            _("Report this film"),
            f"form:report:{job_id}",
            text_field(
                _("What is wrong with it?"),
                "reason",
                description=_("Moderators read it, with your name and the film."),
                most=REASON_MOST,
                paragraph=True,
            ),
        )
        try:
            await interaction.response.send_modal(form)
        except Exception as error:
            await say_trouble(interaction, error)

    async def _report(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._reports.report(person_of(interaction), job_id, texts(interaction).get("reason", ""))
        return Reply(cards.note(_("Thank you. Moderators have your report.")))
