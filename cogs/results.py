"""Buttons under a result: run it again, join its chain, and what is behind More…: the recipe, and what one may do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from domain.job import Job
from service.again import Again, Who
from service.erase import Erase
from service.joining import Joining
from ui import cards, results
from ui.answers import Reply, answer_with, say_trouble
from ui.language import _

_BUTTON = re.compile(r"job:(again|more|join|delete|erase|reserve|share):([0-9a-z]{1,32})")

#: A further button behind More… for whoever looks at a generation; None where it is nothing for them.
Entry = Callable[[discord.Interaction, Job], Awaitable[ui.Button[Any] | None]]
#: Whether who presses moderates the server.
Moderates = Callable[[discord.Interaction], Awaitable[bool]]


class Results(commands.Cog):
    """Who may press is asked at the press: a button holds an id, and is there for years."""

    def __init__(
        self,
        again: Again,
        erase: Erase,
        joining: Joining,
        *,
        start: Callable[..., Awaitable[None]],
        moderates: Moderates,
        more: Sequence[Entry] = (),
    ) -> None:
        self._again = again
        self._erase = erase
        self._joining = joining
        self._start = start
        self._moderates = moderates
        self._more = more
        menu = app_commands.ContextMenu(name="Show the recipe", callback=self.show_recipe)
        menu.guild_only = True
        self.context_menus = [menu]

    async def show_recipe(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """*Show the recipe*, on a message of ours."""

        async def look() -> Reply:
            job = await self._again.of_message(message.id, _who(interaction))
            return await self._recipe(interaction, job)

        await answer_with(interaction, look())

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is not discord.InteractionType.component:
            return
        pressed = _BUTTON.fullmatch(str((interaction.data or {}).get("custom_id", "")))
        if pressed is None:
            return
        try:
            await self._press(interaction, *pressed.groups())
        except Exception as error:  # discord.py would only log it, and the member would see "interaction failed"
            await say_trouble(interaction, error)

    async def _press(self, interaction: discord.Interaction, action: str, job_id: str) -> None:
        if action == "again":
            await self._start(interaction, self._again.wish(job_id, "again", _who(interaction)))
            return
        answers: dict[str, Callable[[discord.Interaction, str], Awaitable[Reply]]] = {
            "more": self._show,
            "join": self._join,
            "delete": self._ask,
            "erase": self._delete,
            "reserve": self._reserve,
            "share": self._share,
        }
        await answer_with(interaction, answers[action](interaction, job_id))

    async def _show(self, interaction: discord.Interaction, job_id: str) -> Reply:
        return await self._recipe(interaction, await self._again.see(job_id, _who(interaction)))

    async def _recipe(self, interaction: discord.Interaction, job: Job) -> Reply:
        own = job.author_id == interaction.user.id
        buttons = results.menu(job, own=own, may_delete=own or await self._moderates(interaction))
        for entry in self._more:
            if made := await entry(interaction, job):
                buttons.append(made)
        chain = await self._again.chain(job, _who(interaction))
        places = results.Places(interaction.user.id, await self._again.direct(chain))
        return Reply(results.recipe_message(job, chain, buttons, places, kept=await self._again.keeps(job)))

    async def _join(self, interaction: discord.Interaction, job_id: str) -> Reply:
        who = _who(interaction)
        join = await self._joining.join(job_id, who)
        link = f"https://discord.com/channels/{who.guild_id or '@me'}/{join.place_id}/{join.message_id}"
        return Reply(cards.note(_("🎬 Joined into [one film]({link}).").format(link=link)))

    async def _ask(self, interaction: discord.Interaction, job_id: str) -> Reply:
        moderator = await self._moderates(interaction)
        return Reply(cards.ask_delete(await self._erase.check(job_id, _who(interaction), moderator=moderator)))

    async def _delete(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._erase.erase(job_id, _who(interaction), moderator=await self._moderates(interaction))
        return Reply(cards.note(_("🎬 Deleted, with what was attached to it. What it cost stays spent.")))

    async def _reserve(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._again.reserve(job_id, _who(interaction), reserved=True)
        return Reply(cards.note(_("🎬 Nobody else can run, edit or continue it now. More… undoes that.")))

    async def _share(self, interaction: discord.Interaction, job_id: str) -> Reply:
        await self._again.reserve(job_id, _who(interaction), reserved=False)
        return Reply(cards.note(_("🎬 Others can build on it again; credit is given to you.")))


def _who(interaction: discord.Interaction) -> Who:
    return Who(interaction.guild_id or 0, interaction.user.id)
