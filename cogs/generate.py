"""/video: a line of text and a few pictures, or nothing at all, which opens a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from domain.model import Model
from domain.preset import typed
from domain.request import find_model
from domain.wish import Attachment, Wish
from service.intake import Intake
from service.presets import Presets
from ui import choosing

#: Answers an interaction with a film: see cogs/starting.py.
Start = Callable[..., Awaitable[None]]
#: Answers an interaction that brought a wish.
Handle = Callable[[discord.Interaction, Wish], Awaitable[None]]


class Generate(commands.Cog):
    """Starts films: `start` makes a wish come true, `open_form` asks for the rest of it."""

    def __init__(self, intake: Intake, presets: Presets, *, start: Start, open_form: Handle) -> None:
        self._intake = intake
        self._presets = presets
        self._start = start
        self._open = open_form

    @app_commands.command(name="video", description="Make a film from words, and from pictures if you like")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What should happen in the film? (Leave everything out, and a form opens)",
        image1="A picture to start from (JPEG, PNG, WebP, GIF or AVIF)",
        image2="Another picture",
        image3="Another picture",
        image4="Another picture",
        model="Who makes it (if you leave this out: the first in the list)",
        duration="How long it is, in seconds",
        orientation="Its shape (if you leave this out: the first picture's, else landscape)",
        size="How fine it is: large costs more",
        private="Send it to you alone, as a direct message",
        preset="A text and options that somebody saved",
        spoiler="Hide it behind a spoiler",
    )
    async def video(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 4000] | None = None,
        image1: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        model: str | None = None,
        duration: int | None = None,
        orientation: Literal["landscape", "portrait", "square"] | None = None,
        size: str | None = None,
        preset: str | None = None,
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        images = [image for image in (image1, image2, image3, image4) if image]
        options = {"model": model, "duration": duration, "orientation": orientation, "size": size}
        wish = Wish(
            options={"prompt": prompt or "", **options},
            chosen=typed(options),
            pictures=tuple(Attachment(image.filename, image.url, image.size) for image in images),
            private=private,
            spoiler=spoiler,
        )
        completed = self._presets.complete(wish, preset, **_who(interaction))
        if prompt is None:
            await self._open(interaction, await completed)
        else:
            await self._start(interaction, completed, otherwise=wish)

    @video.autocomplete("model")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.models(self._intake.offered(), typed)

    @video.autocomplete("duration")
    async def complete_duration(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        row, size = await self._chosen(interaction)
        return choosing.durations(row, size, str(typed))

    @video.autocomplete("size")
    async def complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        row, _size = await self._chosen(interaction)
        return choosing.sizes(row, typed)

    @video.autocomplete("preset")
    async def complete_preset(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._presets.visible(**_who(interaction))
        return choosing.kept([(one.id, one.name, one.text[:40]) for one in found], typed)

    async def _chosen(self, interaction: discord.Interaction) -> tuple[Model, str]:
        """The model and size that a film would have now, as far as they are typed, preset or remembered."""
        so_far = {name: getattr(interaction.namespace, name, None) for name in ("model", "size")}
        preset = getattr(interaction.namespace, "preset", None)
        try:
            wish = await self._presets.complete(Wish(options=so_far), preset, **_who(interaction))
            model, size = wish.options.get("model"), wish.options.get("size")
            row = find_model(self._intake.catalogue, model) if model else self._intake.catalogue.default()
        except Refused:
            row, size = self._intake.catalogue.default(), None
        return row, size if size in row.sizes else row.sizes[0]


def _who(interaction: discord.Interaction) -> dict[str, int]:
    return {"guild_id": interaction.guild_id or 0, "member_id": interaction.user.id}
