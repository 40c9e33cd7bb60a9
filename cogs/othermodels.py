"""Buttons and choices that run a film on another model, with its words and pictures."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from domain.job import Job
from domain.wish import Wish
from service.again import Who
from service.intake import Intake
from service.othermodels import OtherModels
from ui import othermodels, results
from ui.answers import Reply, answer_with, press, say_trouble
from ui.places import person_of

_LIST = re.compile(r"(job|draft):on:([0-9a-z]{1,32})")
#: A key as a catalogue may have it.
_KEY = r"[^:\s]{1,60}"
_RUN = re.compile(rf"run:(job|draft):([0-9a-z]{{1,32}}):(\d{{1,9}}):({_KEY})")
_CHOOSE = re.compile(r"run:(job|draft):([0-9a-z]{1,32})")
_CHOICE = re.compile(rf"(\d{{1,9}}):({_KEY})")


class RunElsewhere(commands.Cog):
    """What a press starts has said its price, or costs no more than the film it began from says by its model."""

    def __init__(self, others: OtherModels, intake: Intake, *, start: Callable[..., Awaitable[None]]) -> None:
        self._others = others
        self._intake = intake
        self._start = start

    async def entry(self, interaction: discord.Interaction, job: Job) -> ui.Button[Any] | None:
        """*Another model*, behind More…, for whom it would not refuse."""
        return results.another_model("job", job.id) if await self._others.may(job.id, _who(interaction)) else None

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        try:
            if found := press(interaction, _LIST):
                await answer_with(interaction, self._list(interaction, found[1], found[2]))
            elif found := press(interaction, _RUN):
                await self._run(interaction, found[1], found[2], int(found[3]), found[4])
            elif found := press(interaction, _CHOOSE):
                values = (interaction.data or {}).get("values") or [""]
                if chosen := _CHOICE.fullmatch(str(values[0])):
                    await self._run(interaction, found[1], found[2], int(chosen[1]), chosen[2])
        except Exception as error:  # discord.py would only log it, and the member would see "interaction failed"
            await say_trouble(interaction, error)

    async def _list(self, interaction: discord.Interaction, kind: str, key: str) -> Reply:
        wish = await self._others.source(kind, key, _who(interaction))
        offered = await self._intake.offered_to(person_of(interaction), interaction.channel_id or 0)
        return Reply(othermodels.offers(kind, key, _prompt(wish), self._others.offers(wish, offered)))

    async def _run(self, interaction: discord.Interaction, kind: str, key: str, said: int, model: str) -> None:
        if not said:
            wish = await self._others.source(kind, key, _who(interaction))
            _there, carried = self._others.on(wish, model)
            if not self._others.is_plain(wish, carried):

                async def ask() -> Reply:
                    return Reply(othermodels.ask(kind, key, _prompt(wish), carried))

                await answer_with(interaction, ask())
                return

        async def wished() -> Wish:
            there, _carried = self._others.on(await self._others.source(kind, key, _who(interaction)), model)
            return there

        await self._start(interaction, wished(), said=said or None)


def _prompt(wish: Wish) -> str:
    return str(wish.options.get("prompt") or "")


def _who(interaction: discord.Interaction) -> Who:
    return Who(interaction.guild_id or 0, interaction.user.id)
