"""/manage pause: no new films for a while, with a word to members."""

from __future__ import annotations

import discord
from discord import app_commands

from service.halting import Halting
from ui import cards
from ui.answers import Reply, answer_with
from ui.language import _, sentences
from ui.places import person_of
from ui.reasons import Reason


class Pausing(app_commands.Group):
    """This command stands directly under /manage."""

    def __init__(self, halting: Halting) -> None:
        super().__init__(name="halt", description="Pause")
        self._halting = halting

    @app_commands.command(name="pause", description="Take no new films for a while; what is made already comes")
    @app_commands.describe(
        state="on or off", words="What members read who ask for a film", everywhere="For the operator: all servers"
    )
    @app_commands.choices(
        state=[app_commands.Choice(name="on", value="on"), app_commands.Choice(name="off", value="off")]
    )
    async def pause(
        self,
        interaction: discord.Interaction,
        state: str,
        words: Reason = "",
        everywhere: bool = False,
    ) -> None:
        async def act() -> Reply:
            person, channel_id = person_of(interaction), interaction.channel_id or 0
            if state == "off":
                await self._halting.resume(person, words=words, channel_id=channel_id, everywhere=everywhere)
                return Reply(cards.note(_("Films are made again.")))
            await self._halting.pause(person, words=words, channel_id=channel_id, everywhere=everywhere)
            paused = _("Everything is paused.") if everywhere else _("Films are paused on this server.")
            return Reply(cards.note(sentences(paused, _("New ones are refused, free; what waits goes on later."))))

        await answer_with(interaction, act())
