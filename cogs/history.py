"""/history: a member's own films, page by page, with a search."""

from __future__ import annotations

import re

import discord
from discord import app_commands
from discord.ext import commands

from service.accounts import Accounts
from ui import cards_history, places
from ui.answers import Reply, answer_press, answer_with, press
from ui.places import person_of

_PAGE = re.compile(r"history:(\d{1,18}):(\d{1,18}):(.{0,40})", re.DOTALL)


class History(commands.Cog):
    """For the member's eyes only; a button holds where its page begins and what is searched for."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @app_commands.command(name="history", description="Your films, also those that failed or found no place")
    @app_commands.guild_only()
    @app_commands.describe(search="Only films with these words in their prompt")
    async def history(
        self, interaction: discord.Interaction, search: app_commands.Range[str, 1, 40] | None = None
    ) -> None:
        places.kind_of(interaction)
        words = " ".join((search or "").split())[: cards_history.SEARCH_MOST]
        await answer_with(interaction, self._page(interaction, None, words))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _PAGE):
            after = (int(found[1]), int(found[2]))
            await answer_press(interaction, self._page(interaction, after if any(after) else None, found[3]), turn=True)

    async def _page(self, interaction: discord.Interaction, after: tuple[int, int] | None, search: str) -> Reply:
        size = cards_history.PAGE
        entries = await self._accounts.history(person_of(interaction), after=after, search=search, limit=size + 1)
        shown = entries[:size]
        return Reply(
            cards_history.history(
                [(entry.job, entry.undelivered, entry.direct) for entry in shown],
                search=search,
                first=after is None,
                older=shown[-1].cursor if len(entries) > size else None,
            )
        )
