"""The pages of /manage's lists: limits and forbidden words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

import discord
from discord.ext import commands

from ui.answers import Reply, answer_press, press

_PAGE = re.compile(r"(limits|words):(\d{1,4})")
#: A list's page from a number on, for whoever may read it.
Page = Callable[[discord.Interaction, int], Awaitable[Reply]]


class ListPages(commands.Cog):
    """Turns the pages: a button holds nothing but where its page begins."""

    def __init__(self, lists: Mapping[str, Page]) -> None:
        """`lists` makes the pages, by the name in a button's id."""
        self._lists = lists

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _PAGE):
            await answer_press(interaction, self._lists[found[1]](interaction, int(found[2])), turn=True)
