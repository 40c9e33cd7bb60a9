"""/quota: what a member has left, what is held, and when it renews."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from service.accounts import Accounts
from ui import cards, places
from ui.answers import Reply, answer_with


class Quota(commands.Cog):
    """Shows a member's own credits."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @app_commands.command(name="quota", description="Your credits: what is left, what is held, when they renew")
    @app_commands.guild_only()
    async def quota(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            places.kind_of(interaction)
            account, making = await self._accounts.quota(interaction.guild_id or 0, interaction.user.id)
            return Reply(
                cards.account(
                    left=account.left,
                    of=account.rule.credits,
                    period=account.rule.period,
                    granted=account.granted,
                    held=account.held,
                    renews_at=account.renews_at,
                    server_left=account.server_left,
                    making=making,
                )
            )

        await answer_with(interaction, look())
