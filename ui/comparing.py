"""A comparison as people see it: its price first, then one thread with a card for each film."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import discord
from discord import ui

from domain.comparison import Comparison, Entry
from domain.faults import DeliveryFault
from ui import cards
from ui.cards import BLUE, GREY, Card
from ui.language import _, _n, number, speaking
from ui.meanings import TROUBLES, translated
from ui.threads import THREAD_MINUTES, thread_name
from ui.words import credits, nothing_charged, plain, recipe_of, when
from ui.words_models import changed

_NOBODY = discord.AllowedMentions.none()


def offer(plan: Comparison, draft_id: str) -> Card:
    """What it would cost altogether, and what each film would be; nothing is charged yet."""
    n = len(plan.entries)
    if plan.left is None:
        rest = _("Your credits have no limit here.")
    else:
        rest = _("{price} of your {left}; they renew {when}.").format(
            price=number(plan.total), left=number(plan.left), when=when(plan.renews_at)
        )
    make: ui.Button[Any] = ui.Button(
        label=_n("Make {n} film", "Make {n} films", n).format(n=n) + f" · {credits(plan.total)}",
        style=discord.ButtonStyle.primary,
        custom_id=f"compare:make:{draft_id}",
    )
    return Card(
        BLUE,
        f"### {_('Compare {n} models').format(n=n)}\n> {plain(plan.prompt)}",
        "\n".join(_line(entry) for entry in plan.entries),
        rest,
        f"-# {nothing_charged()}",
        buttons=(make,),
    )


def head(plan: Comparison, *, threaded: bool) -> Card:
    """The message that everyone sees first; the thread hangs on it."""
    where = _("They come in the thread, each as soon as it is ready.") if threaded else _("They come below.")
    member = f"<@{plan.author_id}>"
    title = _("{member} compares {n} models").format(member=member, n=len(plan.entries))
    return Card(
        BLUE,
        f"### 🎬 {title}\n> {plain(plan.prompt)}",
        "\n".join(_line(entry) for entry in plan.entries),
        f"**{credits(plan.total)}** · {where}",
    )


def _line(entry: Entry) -> str:
    line = f"{recipe_of(entry.request, entry.label)} · {credits(entry.price)}"
    return (
        f"{line}\n-# {_('not as asked: {changes}').format(changes=changed(entry.changes))}" if entry.changes else line
    )


class Showing:
    """The messages of one comparison, posted before it is begun, so that no film is without its card."""

    def __init__(self, interaction: discord.Interaction, plan: Comparison, kind: str) -> None:
        """`kind` is the kind of the channel that it was asked in."""
        self._client = interaction.client
        self._channel_id = interaction.channel_id or 0
        self._plan = plan
        self._head: discord.Message | None = None
        self._cards: list[discord.Message] = []
        #: The kind of place where the films come, and its id.
        self.place, self.place_id = kind, self._channel_id

    @property
    def cards(self) -> list[tuple[int, int]]:
        """(channel, message) of each film's card."""
        return [(self.place_id, card.id) for card in self._cards]

    async def open(self) -> None:
        """Post the head, make its thread where there can be one, and a card for each film. Raises DeliveryFault."""
        with speaking(self._plan.server_locale):
            self._head = await self._send(self._channel_id)
            if self.place in ("text", "announcement"):
                await self._open_thread(self._head)
            for _entry in self._plan.entries:
                self._cards.append(await self._send(self.place_id))

    async def show(self, made: Sequence[Callable[[], Card]]) -> str:
        """Say what was begun; returns the address of where it comes. Whatever a card says, its film comes."""
        assert self._head is not None
        with speaking(self._plan.server_locale), contextlib.suppress(*TROUBLES):
            first = head(self._plan, threaded=self.place_id != self._channel_id)
            await self._head.edit(view=first, allowed_mentions=_NOBODY)
            for message, card in zip(self._cards, made, strict=True):
                await message.edit(view=card(), allowed_mentions=_NOBODY)
        return f"https://discord.com/channels/{self._plan.guild_id}/{self.place_id}"

    async def close(self) -> None:
        """Nothing was begun after all: say so, and take the cards away."""
        with speaking(self._plan.server_locale):
            for message in self._cards:
                with contextlib.suppress(*TROUBLES):
                    await message.delete()
            if self._head:
                with contextlib.suppress(*TROUBLES):
                    nothing = Card(GREY, f"🎬 {_('Nothing was begun.')}")
                    await self._head.edit(view=nothing, allowed_mentions=_NOBODY)

    async def _send(self, channel_id: int) -> discord.Message:
        channel = self._client.get_partial_messageable(channel_id)
        async with translated():
            note = cards.note(f"🎬 {_('Your film is about to start…')}")
            return await channel.send(view=note, allowed_mentions=_NOBODY)

    async def _open_thread(self, message: discord.Message) -> None:
        name = thread_name(self._plan.prompt, _("Models side by side"))
        try:
            async with translated():
                await self._client.http.start_thread_with_message(
                    self._channel_id, message.id, name=name, auto_archive_duration=THREAD_MINUTES
                )
        except DeliveryFault:
            return  # the films come in the channel itself
        self.place, self.place_id = "thread", message.id
