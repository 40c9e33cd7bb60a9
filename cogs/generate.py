"""/video: from a line of text and a few pictures to a card that says what it costs and when it is ready."""

from __future__ import annotations

import contextlib
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from domain.catalogue import Model
from domain.faults import DeliveryFault, Refused
from domain.request import find_model
from service.intake import Admitted, Ask, Attachment, Intake, Order
from ui import cards, places
from ui.answers import Reply, answer_with
from ui.meanings import TROUBLES, translated
from ui.words import credits


class Generate(commands.Cog):
    """Starts films."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    @app_commands.command(name="video", description="Make a film from words, and from pictures if you like")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What should happen in the film?",
        image1="A picture to start from (JPEG, PNG, WebP, GIF or AVIF)",
        image2="Another picture",
        image3="Another picture",
        image4="Another picture",
        model="Who makes it (if you leave this out: the first in the list)",
        duration="How long it is, in seconds",
        orientation="Its shape (if you leave this out: the first picture's, else landscape)",
        size="How fine it is: large costs more",
        private="Send it to you alone, as a direct message",
    )
    async def video(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 4000],
        image1: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        model: str | None = None,
        duration: int | None = None,
        orientation: Literal["landscape", "portrait", "square"] | None = None,
        size: str | None = None,
        private: bool = False,
    ) -> None:
        images = [image for image in (image1, image2, image3, image4) if image]
        ask = _ask(interaction, images, private=private)

        def check() -> Order:
            kind = places.kind_of(interaction)
            order = self._intake.check(
                ask, prompt=prompt, model=model, duration=duration, orientation=orientation, size=size
            )
            if not private:
                places.check_rights(interaction, kind)
            return order

        async def start() -> Reply:
            order = check()
            return await (self._start_private(interaction, order) if private else self._start(interaction, order))

        shown = await answer_with(interaction, start())
        job_id: str | None = interaction.extras.get("job")
        if job_id and shown.message_id:
            await self._intake.shown(job_id, channel_id=shown.channel_id, message_id=shown.message_id)

    async def _start(self, interaction: discord.Interaction, order: Order) -> Reply:
        admitted = await self._intake.admit(order)
        if admitted.double:
            return Reply(_card(admitted))
        interaction.extras["job"] = admitted.job.id
        return Reply(_card(admitted), public=True)

    async def _start_private(self, interaction: discord.Interaction, order: Order) -> Reply:
        """The card goes to the member's direct messages before anything is charged: if it cannot, nothing is."""
        nobody = discord.AllowedMentions.none()
        try:
            async with translated():
                message = await interaction.user.send(view=cards.note("🎬 Your film is about to start…"))
        except DeliveryFault as fault:
            if fault.final:
                raise Refused("dm_closed") from fault
            raise
        try:
            admitted = await self._intake.admit(order, card=(message.channel.id, message.id))
        except BaseException:
            with contextlib.suppress(*TROUBLES):
                await message.delete()
            raise
        if admitted.double:
            with contextlib.suppress(*TROUBLES):
                await message.delete()
            return Reply(_card(admitted))
        with contextlib.suppress(*TROUBLES):  # it is admitted: the film comes, whatever its card says
            await message.edit(view=_card(admitted), allowed_mentions=nobody)
        return Reply(cards.note(f"🎬 Started, for you alone: it comes to [our conversation]({message.jump_url})."))

    @video.autocomplete("model")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        rows = [row for row in self._intake.offered() if typed.casefold() in f"{row.label} {row.key}".casefold()]
        return [
            app_commands.Choice(name=f"{r.label}: {r.about}, from {credits(r.cheapest)}"[:100], value=r.key)
            for r in rows
        ][:25]

    @video.autocomplete("duration")
    async def complete_duration(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        row, size = self._chosen(interaction)
        return [
            app_commands.Choice(name=f"{seconds} s ({credits(row.price(size, seconds))})", value=seconds)
            for seconds in row.durations
            if str(seconds).startswith(str(typed).strip())
        ][:25]

    @video.autocomplete("size")
    async def complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        row, _ = self._chosen(interaction)
        return [
            app_commands.Choice(
                name=f"{size} (from {credits(min(row.price(size, d) for d in row.durations))})", value=size
            )
            for size in row.sizes
            if size.startswith(typed.casefold().strip())
        ][:25]

    def _chosen(self, interaction: discord.Interaction) -> tuple[Model, str]:
        """The model and size that the member has typed so far; defaults where they are not (yet) valid."""
        model, size = getattr(interaction.namespace, "model", None), getattr(interaction.namespace, "size", None)
        try:
            row = find_model(self._intake.catalogue, model)
        except Refused:
            row = self._intake.catalogue.default()
        return row, size if size in row.sizes else row.sizes[0]


def _ask(interaction: discord.Interaction, images: list[discord.Attachment], *, private: bool) -> Ask:
    return Ask(
        interaction_id=interaction.id,
        token=interaction.token,
        guild_id=interaction.guild_id or 0,
        channel_id=interaction.channel_id or 0,
        place="dm" if private else places.kind_or_unknown(interaction),
        author_id=interaction.user.id,
        locale=str(interaction.locale),
        private=private,
        pictures=tuple(Attachment(a.filename, a.url, a.size) for a in images),
    )


def _card(admitted: Admitted) -> cards.Card:
    return cards.waiting(admitted.job, left=admitted.left, ready_at=admitted.ready_at, ahead=admitted.ahead)
