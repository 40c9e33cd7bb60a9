"""The least that a discord.py bot can do for the same promise: `/video` commits one row and answers with a card."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import aiosqlite
import discord
from discord import app_commands, ui
from discord.ext import commands
from discord.http import Route

PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
TABLE = "CREATE TABLE rows (id INTEGER PRIMARY KEY, who INTEGER, prompt TEXT);"


#: As light as discord.py gets: no intents, no caches.
LIGHT: dict[str, Any] = {
    "intents": discord.Intents.none(),
    "member_cache_flags": discord.MemberCacheFlags.none(),
    "chunk_guilds_at_startup": False,
    "max_messages": None,
    "help_command": None,
}
#: What its first page of documentation says.
USUAL: dict[str, Any] = {"intents": discord.Intents.default()}


class Bare(commands.AutoShardedBot):
    """The light one, or with BARE_DEFAULTS in the environment the usual one."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        super().__init__(commands.when_mentioned, **(USUAL if os.environ.get("BARE_DEFAULTS") else LIGHT))
        self.db = db
        self.lock = asyncio.Lock()

    async def setup_hook(self) -> None:
        self.tree.add_command(app_commands.Command(name="video", description="Make a film", callback=video))
        await self.tree.sync()

    async def write(self, who: int, prompt: str) -> None:
        async with self.lock:
            await self.db.execute("BEGIN IMMEDIATE")
            await self.db.execute("INSERT INTO rows (who, prompt) VALUES (?, ?)", (who, prompt))
            await self.db.commit()


class Card(ui.LayoutView):
    """As many parts as Clapper's card has; stopped, so that nothing of it is kept."""

    def __init__(self, who: int, prompt: str) -> None:
        super().__init__(timeout=None)
        button: ui.Button[Any] = ui.Button(
            label="Cancel", style=discord.ButtonStyle.secondary, custom_id="job:cancel:abc"
        )
        self.add_item(
            ui.Container(
                ui.TextDisplay(f"### 🎬 <@{who}> is making a film\n> {prompt}"),
                ui.TextDisplay("Sora 2 · 10 s · landscape · small\n**2 credits** · 18 left"),
                ui.TextDisplay("Expected <t:1800000000:R>, in a thread here, with a ping."),
                ui.ActionRow(button),
                accent_colour=discord.Colour(0x5865F2),
            )
        )
        self.stop()


async def video(interaction: discord.Interaction[Any], prompt: app_commands.Range[str, 1, 4000]) -> None:
    await interaction.client.write(interaction.user.id, prompt)
    await interaction.response.send_message(view=Card(interaction.user.id, prompt))


async def main() -> None:
    """Run until SIGTERM."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    path = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
    async with aiosqlite.connect(path, isolation_level=None) as db:
        await db.executescript(PRAGMAS + TABLE)
        bot = Bare(db)
        running = asyncio.create_task(bot.start(os.environ["DISCORD_TOKEN"]))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(bot.close()))
        await running


if __name__ == "__main__":
    asyncio.run(main())
