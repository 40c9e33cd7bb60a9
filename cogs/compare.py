"""/compare: one prompt on two to four models, for one price, side by side in one thread."""

from __future__ import annotations

import re
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from domain.faults import DeliveryFault, Refused
from domain.wish import Attachment, Wish
from service.comparing import Comparing
from service.intake import Intake
from service.orders import Admitted
from ui import cards, choosing, comparing
from ui.answers import Reply, answer_press, answer_with, press
from ui.language import _
from ui.places import Places, check_rights, kind_of, person_of

_MAKE = re.compile(r"compare:make:([0-9a-z]{1,32})")


class Compare(commands.Cog):
    """The price is said before anything is charged; the button that says yes works once, also after a restart."""

    def __init__(self, intake: Intake, comparison: Comparing, where: Places) -> None:
        self._intake = intake
        self._comparison = comparison
        self._places = where

    @app_commands.command(name="compare", description="The same film by two to four models, side by side")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What should happen in the film?",
        first="A model",
        second="Another model",
        third="Another model",
        fourth="Another model",
        image1="A picture to start from",
        image2="Another picture",
        duration="How long they are, in seconds; a model that has no such length takes the nearest",
        orientation="Their shape",
        spoiler="Hide them behind a spoiler",
    )
    async def compare(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 4000],
        first: str,
        second: str,
        third: str | None = None,
        fourth: str | None = None,
        image1: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        duration: int | None = None,
        orientation: str | None = None,
        spoiler: bool = False,
    ) -> None:
        images = [image for image in (image1, image2) if image]
        wish = Wish(
            options={"prompt": prompt, "duration": duration, "orientation": orientation},
            pictures=tuple(Attachment(image.filename, image.url, image.size) for image in images),
            spoiler=spoiler,
        )
        models = [name for name in (first, second, third, fourth) if name]
        await answer_with(interaction, self._offer(interaction, wish, models))

    @compare.autocomplete("first")
    @compare.autocomplete("second")
    @compare.autocomplete("third")
    @compare.autocomplete("fourth")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        offered = await self._intake.offered_to(person_of(interaction), interaction.channel_id or 0)
        said = {option.get("value") for option in (interaction.data or {}).get("options", []) if option.get("value")}
        return choosing.models([row for row in offered if row.key not in said or row.key == typed], typed)

    @compare.autocomplete("orientation")
    async def complete_shape(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        offered = await self._intake.offered_to(person_of(interaction), interaction.channel_id or 0)
        return choosing.shapes(offered, typed)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if found := press(interaction, _MAKE):
            await answer_press(interaction, self._make(interaction, found[1]), turn=True)

    async def _offer(self, interaction: discord.Interaction, wish: Wish, models: list[str]) -> Reply:
        check_rights(interaction, kind_of(interaction))
        plan = await self._comparison.plan(await self._places.ask(interaction, wish), wish, models)
        return Reply(comparing.offer(plan.shown, await self._comparison.keep(plan)))

    async def _make(self, interaction: discord.Interaction, draft_id: str) -> Reply:
        kind = kind_of(interaction)
        check_rights(interaction, kind)
        wish, models, said = await self._comparison.kept(draft_id, author_id=interaction.user.id)
        plan = await self._comparison.plan(await self._places.ask(interaction, wish), wish, models)
        draft = await self._comparison.take(draft_id, author_id=interaction.user.id)
        if plan.shown.total > said:
            return Reply(comparing.offer(plan.shown, await self._comparison.keep(plan)))
        showing = comparing.Showing(interaction, plan.shown, kind)
        try:
            await showing.open()
            admitted = await self._comparison.begin(plan, place=showing.place, cards=showing.cards)
        except BaseException as error:
            await showing.close()
            if isinstance(error, Refused | DeliveryFault):
                await self._comparison.give_back(draft)
            raise
        link = await showing.show([partial(_card, one) for one in admitted])
        return Reply(cards.note("🎬 " + _("Started: all of them come [side by side]({link}).").format(link=link)))


def _card(one: Admitted) -> cards.Card:
    return cards.waiting(one.job, left=one.left, ready_at=one.ready_at, ahead=one.ahead)
