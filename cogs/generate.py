"""/video: a line of text and a few pictures, or nothing at all, which opens a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from domain.model import Model
from domain.request import find_model
from domain.wish import Attachment, Wish
from service.intake import Intake
from ui.words import size_name
from ui.words_models import duration_line, model_line, size_line

#: Answers an interaction that brought a wish.
Handle = Callable[[discord.Interaction, Wish], Awaitable[None]]


class Generate(commands.Cog):
    """Starts films: `start` makes a wish come true, `open_form` asks for the rest of it."""

    def __init__(self, intake: Intake, *, start: Handle, open_form: Handle) -> None:
        self._intake = intake
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
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        images = [image for image in (image1, image2, image3, image4) if image]
        wish = Wish(
            options={
                "prompt": prompt or "",
                "model": model,
                "duration": duration,
                "orientation": orientation,
                "size": size,
            },
            pictures=tuple(Attachment(image.filename, image.url, image.size) for image in images),
            private=private,
            spoiler=spoiler,
        )
        await (self._open(interaction, wish) if prompt is None else self._start(interaction, wish))

    @video.autocomplete("model")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        rows = [row for row in self._intake.offered() if typed.casefold() in f"{row.label} {row.key}".casefold()]
        return [_choice(model_line(row), row.key) for row in rows][:25]

    @video.autocomplete("duration")
    async def complete_duration(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        row, size = self._chosen(interaction)
        return [
            app_commands.Choice(name=duration_line(seconds, row.price(size, seconds)), value=seconds)
            for seconds in row.durations
            if str(seconds).startswith(str(typed).strip())
        ][:25]

    @video.autocomplete("size")
    async def complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        row, _size = self._chosen(interaction)
        start = typed.casefold().strip()
        return [
            _choice(size_line(size, min(row.price(size, seconds) for seconds in row.durations)), size)
            for size in row.sizes
            if size.startswith(start) or size_name(size).casefold().startswith(start)
        ][:25]

    def _chosen(self, interaction: discord.Interaction) -> tuple[Model, str]:
        """The model and size that the member has typed so far; defaults where they are not (yet) valid."""
        model, size = getattr(interaction.namespace, "model", None), getattr(interaction.namespace, "size", None)
        try:
            row = find_model(self._intake.catalogue, model) if model else self._intake.catalogue.default()
        except Refused:
            row = self._intake.catalogue.default()
        return row, size if size in row.sizes else row.sizes[0]


def _choice(name: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=name[:100], value=value)
