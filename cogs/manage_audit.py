"""/manage audit: what moderators did, page by page."""

from __future__ import annotations

import re

import discord
from discord import app_commands
from discord.ext import commands

from domain.catalogue import Catalogue
from service.auditlog import AuditLog
from ui import cards_moderation
from ui.answers import Reply, answer_press, answer_with, press
from ui.places import person_of

_PAGE = re.compile(r"audit:(\d{1,18}):(\d{1,20}):(\d{1,20})")


class Audit(app_commands.Group):
    """This command stands directly under /manage."""

    def __init__(self, audit: AuditLog, catalogue: Catalogue) -> None:
        super().__init__(name="log", description="Log")
        self._audit = audit
        self._labels = {row.key: row.label for row in catalogue.models}

    @app_commands.command(name="audit", description="What moderators did")
    @app_commands.describe(member="What concerns this member", moderator="What this moderator did")
    async def audit(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        moderator: discord.User | None = None,
    ) -> None:
        ids = (member.id if member else 0, moderator.id if moderator else 0)
        await answer_with(interaction, self.page(interaction, 0, *ids))

    async def page(self, interaction: discord.Interaction, before: int, member_id: int, actor_id: int) -> Reply:
        """A page of the log, for whoever may read it."""
        entries = await self._audit.page(
            person_of(interaction),
            member_id=member_id,
            actor_id=actor_id,
            before=before,
            limit=cards_moderation.PAGE + 1,
        )
        return Reply(
            cards_moderation.audit_page(
                entries, self._labels, member_id=member_id, actor_id=actor_id, first=before == 0
            )
        )


class AuditPages(commands.Cog):
    """Turns the log's pages: a button holds nothing but where the page begins."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _PAGE):
            before, member_id, actor_id = (int(part) for part in found.groups())
            await answer_press(interaction, self._audit.page(interaction, before, member_id, actor_id), turn=True)
