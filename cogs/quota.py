"""/quota: what a member has left, what is held, and when it renews."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from service.accounts import Accounts
from ui import cards_account, places
from ui.answers import Reply, answer_with
from ui.places import Places


class Quota(commands.Cog):
    """Shows a member's own credits."""

    def __init__(self, accounts: Accounts, places: Places) -> None:
        self._accounts = accounts
        self._places = places

    @app_commands.command(name="quota", description="Your credits: what is left, what is held, when they renew")
    @app_commands.guild_only()
    async def quota(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            places.kind_of(interaction)
            quota = await self._accounts.quota(await self._places.ask(interaction))
            account = quota.account
            return Reply(
                cards_account.account(
                    rule=account.rule,
                    left=account.left,
                    granted=account.grants,
                    held=account.held,
                    renews_at=account.renews_at,
                    narrow=account.narrow,
                    server_left=account.server_left,
                    making=quota.making,
                )
            )

        await answer_with(interaction, look())
