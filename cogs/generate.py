"""/video: a line of text and a few pictures, or nothing at all, which opens a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from domain.model import Model
from domain.preset import OPTIONS, typed
from domain.request import find_model
from domain.wish import Attachment, Wish
from service.intake import Intake
from service.presets import Presets
from ui import choosing, completions
from ui.places import person_of

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
        size="How fine it is: finer costs more",
        resolution="The same, for models whose sizes are resolutions such as 1080p",
        sound="With sound or without, for models that let you choose",
        negative="What should not be in it, for models that can be told",
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
        orientation: str | None = None,
        size: str | None = None,
        resolution: str | None = None,
        sound: str | None = None,
        negative: app_commands.Range[str, 1, 500] | None = None,
        preset: str | None = None,
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        images = [image for image in (image1, image2, image3, image4) if image]
        options = {"model": model, "duration": duration, "orientation": orientation, "size": size or resolution}
        options |= {"resolution": resolution if size else None, "sound": sound, "negative": negative or ""}
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
        return choosing.models(await self._offered(interaction), typed)

    @video.autocomplete("duration")
    async def complete_duration(self, interaction: discord.Interaction, typed: str) -> completions.Choices:
        return completions.durations(await self._chosen(interaction), typed)

    @video.autocomplete("orientation")
    async def complete_orientation(self, interaction: discord.Interaction, typed: str) -> completions.Choices:
        return completions.shapes(await self._chosen(interaction), typed)

    @video.autocomplete("size")
    @video.autocomplete("resolution")
    async def complete_size(self, interaction: discord.Interaction, typed: str) -> completions.Choices:
        return completions.sizes(await self._chosen(interaction), typed)

    @video.autocomplete("sound")
    async def complete_sound(self, interaction: discord.Interaction, typed: str) -> completions.Choices:
        return completions.sounds(await self._chosen(interaction), typed)

    @video.autocomplete("preset")
    async def complete_preset(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._presets.visible(**_who(interaction))
        return choosing.kept([(one.id, one.name, one.text[:40]) for one in found], typed)

    async def _offered(self, interaction: discord.Interaction) -> list[Model]:
        return await self._intake.offered_to(person_of(interaction), interaction.channel_id or 0)

    async def _chosen(self, interaction: discord.Interaction) -> completions.Chosen:
        """What a film would be like now, as far as it is typed, preset or remembered."""
        said, pictures = completions.typed(interaction.data or {})
        options: Mapping[str, Any] = {name: said.get(name) for name in (*OPTIONS, "resolution")}
        try:
            wish = await self._presets.complete(Wish(options=options), said.get("preset"), **_who(interaction))
            options = wish.options
            row = find_model(self._intake.catalogue, options.get("model") or "?")
        except Refused:  # nothing yet, or nothing that there is
            row = next(iter(await self._offered(interaction)), self._intake.catalogue.default())
        return completions.chosen(options, row, pictures=pictures)


def _who(interaction: discord.Interaction) -> dict[str, int]:
    return {"guild_id": interaction.guild_id or 0, "member_id": interaction.user.id}
