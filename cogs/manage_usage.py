"""/manage usage member, top, chart, export: what was used, by whom, when and for what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from service.accounting import Accounting
from ui import cards_usage
from ui.answers import Reply, answer_with
from ui.language import calendar_day, speaking
from ui.places import person_of
from ui.results import Classic

#: Draws the chart: see media/chart.py.
Draw = Callable[..., Awaitable[bytes]]
_Days = app_commands.Range[int, 1, 3660]
_MOST_FILES = 10
_NOBODY = discord.AllowedMentions.none()


class UsageGroup(app_commands.Group):
    """Numbers of one's own server only."""

    def __init__(self, accounting: Accounting, draw: Draw) -> None:
        super().__init__(name="usage", description="What was used")
        self._accounting = accounting
        self._draw = draw

    @app_commands.command(name="member", description="What one member used, by model")
    @app_commands.describe(member="Who", days="The last so many days (if you leave this out: 30)")
    async def member(self, interaction: discord.Interaction, member: discord.User, days: _Days = 30) -> None:
        async def look() -> Reply:
            span, used = await self._accounting.of_member(person_of(interaction), member.id, days)
            return Reply(cards_usage.of_member(member.id, used, span.first, span.last))

        await answer_with(interaction, look())

    @app_commands.command(name="top", description="Who spent the most")
    @app_commands.describe(days="The last so many days (if you leave this out: 30)")
    async def top(self, interaction: discord.Interaction, days: _Days = 30) -> None:
        async def look() -> Reply:
            span, spenders, costs = await self._accounting.top(person_of(interaction), days)
            return Reply(cards_usage.top(spenders, costs, span.first, span.last))

        await answer_with(interaction, look())

    @app_commands.command(name="chart", description="Credits a day, by model, as a picture")
    @app_commands.describe(days="The last so many days (if you leave this out: 30)")
    async def chart(self, interaction: discord.Interaction, days: _Days = 30) -> None:
        async def draw() -> Reply:
            span, used = await self._accounting.days(person_of(interaction), days)
            words = cards_usage.chart_words()
            with speaking(""):
                plainer = cards_usage.chart_words()
            png = await self._draw(
                used,
                first=span.first,
                last=span.last,
                title=words["title"],
                labels=words,
                plainer=plainer,
                say_date=calendar_day,
            )
            return Reply(Classic(words["title"], file=("usage.png", png)))

        await answer_with(interaction, draw())

    @app_commands.command(name="export", description="The ledger or the films as a table (CSV)")
    @app_commands.describe(what="Which table", days="The last so many days (if you leave this out: 30)")
    @app_commands.choices(
        what=[
            app_commands.Choice(name="ledger: every change of credits", value="ledger"),
            app_commands.Choice(name="films: everything that was asked for", value="films"),
        ]
    )
    async def export(self, interaction: discord.Interaction, what: str, days: _Days = 30) -> None:
        # A long table takes a while, and its files are sent from the disk, not from memory.
        await interaction.response.defer(ephemeral=True, thinking=True)
        with speaking(str(interaction.locale)):
            async with self._accounting.export(person_of(interaction), what, days) as export:
                said = cards_usage.exported(export.rows)
                files = [discord.File(path) for path in export.files[:_MOST_FILES]] if export.rows else []
                await interaction.edit_original_response(content=said, attachments=files, allowed_mentions=_NOBODY)
