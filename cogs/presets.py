"""/presets: texts and options that members keep, share with their server, and forget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from domain.model import Model
from domain.request import find_model
from service.intake import Intake
from service.presets import LAST, Presets
from ui import cards_characters, cards_presets, choosing
from ui.answers import Reply, answer_with
from ui.language import _

#: Whether whoever acts moderates the server.
Moderates = Callable[[discord.Interaction], Awaitable[bool]]


@app_commands.guild_only()
class PresetCommands(commands.GroupCog, group_name="presets", group_description="Texts and options that you keep"):
    """Each answer is for the member's eyes only."""

    def __init__(self, intake: Intake, presets: Presets, *, moderates: Moderates) -> None:
        self._intake = intake
        self._presets = presets
        self._moderates = moderates

    @app_commands.command(name="save", description="Keep a text and options under a name; the same name replaces them")
    @app_commands.describe(
        name="What it is called",
        text="What is added to a prompt; {prompt} in it is where the prompt goes",
        model="Who makes it",
        duration="How long it is, in seconds",
        orientation="Its shape",
        size="How fine it is",
    )
    async def save(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, 40],
        text: app_commands.Range[str, 1, 2000] | None = None,
        model: str | None = None,
        duration: int | None = None,
        orientation: Literal["landscape", "portrait", "square"] | None = None,
        size: str | None = None,
    ) -> None:
        async def keep() -> Reply:
            options = {"model": model, "duration": duration, "orientation": orientation, "size": size}
            shown = await self._presets.save(name, member_id=interaction.user.id, text=text or "", options=options)
            return Reply(cards_presets.saved(shown))

        await answer_with(interaction, keep())

    @app_commands.command(name="list", description="Your presets, those of this server, and your last choices")
    async def list(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            found = await self._presets.visible(**_who(interaction))
            me = interaction.user.id
            own = [(one.name, one.text, one.options, one.shared) for one in found if one.owner_id == me]
            others = [(one.name, one.text, one.options, one.owner_id) for one in found if one.owner_id != me]
            return Reply(cards_presets.presets(own, others, await self._presets.last(**_who(interaction))))

        await answer_with(interaction, look())

    @app_commands.command(name="share", description="Let everybody in this server use a preset, or take it back")
    @app_commands.describe(name="Which one", shared="Choose False to take it back")
    async def share(self, interaction: discord.Interaction, name: str, shared: bool = True) -> None:
        async def act() -> Reply:
            manager = await self._moderates(interaction)
            one = await self._presets.share(name, **_who(interaction), manager=manager, shared=shared)
            return Reply(cards_characters.shared(one.name, now=shared))

        await answer_with(interaction, act())

    @app_commands.command(name="forget", description="Delete a preset of yours, or forget your last choices")
    @app_commands.describe(name="Which one; your last choices are among the suggestions")
    async def forget(self, interaction: discord.Interaction, name: str) -> None:
        async def act() -> Reply:
            one = await self._presets.forget(name, **_who(interaction))
            return Reply(cards_characters.deleted(one.name) if one else cards_presets.forgotten())

        await answer_with(interaction, act())

    @share.autocomplete("name")
    @forget.autocomplete("name")
    async def complete_name(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._presets.visible(**_who(interaction))
        things = [(one.id, one.name, _beside(interaction, one.owner_id)) for one in found]
        if interaction.command and interaction.command.name == "forget":
            things = [(one.id, one.name, "") for one in found if one.owner_id == interaction.user.id]
            things.append((LAST, _("(my last choices)"), ""))
        return choosing.kept(things, typed)

    @save.autocomplete("model")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.models(self._intake.offered(), typed)

    @save.autocomplete("duration")
    async def complete_duration(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        return choosing.durations(self._chosen(interaction), getattr(interaction.namespace, "size", None), str(typed))

    @save.autocomplete("size")
    async def complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.sizes(self._chosen(interaction), typed)

    def _chosen(self, interaction: discord.Interaction) -> Model:
        try:
            typed = getattr(interaction.namespace, "model", None)
            return find_model(self._intake.catalogue, typed) if typed else self._intake.catalogue.default()
        except Refused:
            return self._intake.catalogue.default()


def _who(interaction: discord.Interaction) -> dict[str, int]:
    return {"guild_id": interaction.guild_id or 0, "member_id": interaction.user.id}


def _beside(interaction: discord.Interaction, owner_id: int) -> str:
    return "" if owner_id == interaction.user.id else _("shared")
