"""Forms: opened for a command, a button or a right-click, and answered by their ids alone, also after a restart."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import Refused
from domain.model import Model
from domain.request import had_by
from domain.wish import Wish
from service.again import Again, Opening, Who
from service.drafts import Drafts
from service.intake import Intake
from ui import forms, places
from ui.answers import say_trouble
from ui.found import pictures_in

_OPENS = re.compile(r"(draft|job):(fix|edit|continue|retry):([0-9a-z]{1,32})")

#: Answers an interaction with a film, or with a refusal that keeps `otherwise`: see cogs/starting.py.
Start = Callable[..., Awaitable[None]]


class Forms(commands.Cog):
    """Opens forms and takes them back; none is kept in memory."""

    def __init__(self, intake: Intake, again: Again, drafts: Drafts, *, start: Start) -> None:
        self._intake = intake
        self._again = again
        self._drafts = drafts
        self._start = start
        self.context_menus = [
            app_commands.ContextMenu(name="Animate this image", callback=self.animate),
            app_commands.ContextMenu(name="Continue this film", callback=self.continue_film),
        ]
        for menu in self.context_menus:
            menu.guild_only = True

    async def open_new(self, interaction: discord.Interaction, wish: Wish) -> None:
        """A form for a wish that still lacks its words."""
        self._check(interaction, private=wish.private)
        key = forms.NOTHING
        if wish != Wish(options=wish.options) or any(wish.options.values()):
            key = (await self._drafts.keep(wish, author_id=interaction.user.id)).id
        await self._show(interaction, "new", key, Opening(wish))

    async def animate(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """*Animate this image*, on any message with pictures: the form, with them."""
        pictures = pictures_in(message)
        if not pictures:
            raise Refused("no_pictures")
        most = max((row.images_max for row in await self._models(interaction)), default=1)
        await self.open_new(interaction, Wish(pictures=tuple(pictures[:most])))

    async def continue_film(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """*Continue this film*, on a message of ours: the form of its button."""
        job = await self._again.of_message(message.id, _who(interaction))
        await self._open(interaction, "continue", job.id)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        try:
            if interaction.type is discord.InteractionType.component and (pressed := _OPENS.fullmatch(custom_id)):
                await self._open(interaction, pressed[2], pressed[3])
            if interaction.type is discord.InteractionType.modal_submit and (sent := forms.FORM.fullmatch(custom_id)):
                await self._submitted(interaction, sent[1], sent[2])
        except Exception as error:  # discord.py would only log it, and the member would see "interaction failed"
            await say_trouble(interaction, error)

    async def _open(self, interaction: discord.Interaction, action: str, key: str) -> None:
        opening = await self._opening(interaction, action, key)
        self._check(interaction, private=opening.wish.private)
        await self._show(interaction, action, key, opening)

    async def _opening(self, interaction: discord.Interaction, action: str, key: str) -> Opening:
        """What fills a form in. Raises Refused when that is no longer to be had, or not by this person."""
        if action not in ("new", "fix"):
            return await self._again.opening(key, action, _who(interaction))
        if key == forms.NOTHING:
            return Opening(Wish())
        draft = await self._drafts.get(key, author_id=interaction.user.id)
        return await self._again.opened(draft.wish, draft.reason, draft.values)

    async def _show(self, interaction: discord.Interaction, action: str, key: str, opening: Opening) -> None:
        """A form has to be the first answer: it cannot follow a defer."""
        models = await self._models(interaction)
        form = forms.form(action, key, opening.wish, models, reason=opening.reason, values=opening.values)
        await interaction.response.send_modal(form)

    async def _submitted(self, interaction: discord.Interaction, action: str, key: str) -> None:
        filled = forms.read(interaction.data or {})

        async def wished() -> Wish:
            opening = await self._opening(interaction, action, key)
            wish = opening.wish.filled_in(filled.options, filled.uploaded)
            row = self._intake.catalogue.get(str(wish.options.get("model"))) or self._intake.catalogue.default()
            return replace(wish, options=had_by(row, wish.options, pictures=len(wish.pictures)))

        # Whatever became of what it began from: what was typed is kept.
        await self._start(interaction, wished(), otherwise=Wish().filled_in(filled.options, filled.uploaded))

    async def _models(self, interaction: discord.Interaction) -> list[Model]:
        offered = await self._intake.offered_to(places.person_of(interaction), interaction.channel_id or 0)
        return offered or list(self._intake.catalogue.models)

    def _check(self, interaction: discord.Interaction, *, private: bool) -> None:
        """Say no before anything is typed where no film could be posted."""
        if interaction.guild_id is None:
            return  # a direct message of ours: what belongs there is private
        self._intake.check_server(interaction.guild_id)
        kind = places.kind_of(interaction)
        if not private:
            places.check_rights(interaction, kind)


def _who(interaction: discord.Interaction) -> Who:
    return Who(interaction.guild_id or 0, interaction.user.id)
