"""Buttons under a result: run it again, join its chain, and what is behind More…: the recipe, and what one may do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from domain.job import Job
from service.again import Again
from service.erase import Erase
from service.joining import Joining
from ui import cards, cards_results, results
from ui.answers import Reply, answer_press, answer_with, press
from ui.language import _
from ui.places import person_of

_BUTTON = re.compile(r"job:(again|more|join|delete|erase|reserve|share):([0-9a-z]{1,32})")

#: A further button behind More… for whoever looks at a generation; None where it is nothing for them.
Entry = Callable[[discord.Interaction, Job], Awaitable[ui.Button[Any] | None]]


class Results(commands.Cog):
    """Who may press is asked at the press: a button holds an id, and is there for years."""

    def __init__(
        self,
        again: Again,
        erase: Erase,
        joining: Joining,
        *,
        start: Callable[..., Awaitable[None]],
        more: Sequence[Entry] = (),
    ) -> None:
        self._again = again
        self._erase = erase
        self._joining = joining
        self._start = start
        self._more = more
        menu = app_commands.ContextMenu(name="Show the recipe", callback=self.show_recipe)
        menu.guild_only = True
        self.context_menus = [menu]

    async def show_recipe(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """*Show the recipe*, on a message of ours."""

        async def look() -> Reply:
            job = await self._again.of_message(message.id, person_of(interaction))
            return await self._recipe(interaction, job)

        await answer_with(interaction, look())

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        found = press(interaction, _BUTTON)
        if found is None:
            return
        action, job_id = found.groups()
        if action == "again":
            await self._start(interaction, self._again.wish(job_id, "again", person_of(interaction)))
            return
        answers: dict[str, Callable[[discord.Interaction, str], Awaitable[Reply]]] = {
            "more": self._show,
            "join": self._join,
            "delete": self._ask,
            "erase": self._delete,
            "reserve": self._reserve,
            "share": self._share,
        }
        await answer_press(interaction, answers[action](interaction, job_id))

    async def _show(self, interaction: discord.Interaction, job_id: str) -> Reply:
        return await self._recipe(interaction, await self._again.see(job_id, person_of(interaction)))

    async def _recipe(self, interaction: discord.Interaction, job: Job) -> Reply:
        own = job.author_id == interaction.user.id
        buttons = results.menu(job, own=own, may_delete=await self._erase.may(job, person_of(interaction)))
        for entry in self._more:
            if made := await entry(interaction, job):
                buttons.append(made)
        return Reply(results.recipe_message(job, await self._again.chain(job, person_of(interaction)), buttons))

    async def _join(self, interaction: discord.Interaction, job_id: str) -> Reply:
        who = person_of(interaction)
        join = await self._joining.join(job_id, who)
        link = f"https://discord.com/channels/{who.guild_id or '@me'}/{join.place_id}/{join.message_id}"
        return Reply(cards.note(_("🎬 Joined into [one film]({link}).").format(link=link)))

    async def _ask(self, interaction: discord.Interaction, job_id: str) -> Reply:
        return Reply(cards_results.ask_delete(await self._erase.check(job_id, person_of(interaction))))

    async def _delete(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._erase.erase(job_id, person_of(interaction))
        return Reply(cards.note(_("🎬 Deleted, with what was attached to it. What it cost stays spent.")))

    async def _reserve(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._again.reserve(job_id, person_of(interaction), reserved=True)
        return Reply(cards.note(_("🎬 Nobody else can run, edit or continue it now. More… undoes that.")))

    async def _share(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._again.reserve(job_id, person_of(interaction), reserved=False)
        return Reply(cards.note(_("🎬 Others can build on it again; credit is given to you.")))
