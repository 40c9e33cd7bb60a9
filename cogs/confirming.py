"""The button that says yes to a price."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import discord
from discord.ext import commands

from service.drafts import Drafts
from ui.answers import press, say_trouble

_BUTTON = re.compile(r"draft:make:([0-9a-z]{1,32})")


class Confirming(commands.Cog):
    """The wish is a row that is taken away with the press: pressed twice is once, also after a restart."""

    def __init__(self, drafts: Drafts, *, start: Callable[..., Awaitable[None]]) -> None:
        self._drafts = drafts
        self._start = start

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _BUTTON):
            try:
                wish = self._drafts.take(found[1], author_id=interaction.user.id)
                await self._start(interaction, wish, confirmed=True)
            except Exception as error:  # discord.py would only log it
                await say_trouble(interaction, error)
