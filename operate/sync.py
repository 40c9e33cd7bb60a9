"""`sync`: tells Discord about the commands, whether they have changed or not."""

from __future__ import annotations

from discord.http import Route

from operate.parts import idle_bot
from settings import Settings


async def sync(settings: Settings) -> int:
    """Log in, replace the commands that Discord knows, log out. Raises discord's errors. Returns the exit status."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    async with idle_bot(settings) as bot:
        try:
            # Its setup tells Discord, as its database knows of no earlier time.
            await bot.login(settings.discord_token.reveal())
            names = sorted(command.name for command in bot.tree.get_commands())
        finally:
            await bot.close()
    print(f"Discord knows {len(names)} commands now: {', '.join(names)}.")
    return 0
