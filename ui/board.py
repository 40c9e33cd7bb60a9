"""The board: cards in their places, posted, found again, and changed, one change of a card at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

import discord

from domain.faults import DeliveryFault
from domain.job import Job, Sent
from domain.turns import Outlook, Standing
from ui import cards
from ui.language import speaking
from ui.meanings import translated

log = logging.getLogger("clapper.board")

#: An interaction's token works for 15 minutes; a minute less, for clocks that differ.
_TOKEN_MS = 14 * 60_000
#: Seconds that one change by an interaction's token may take: discord.py waits there without an end of its own.
_TOKEN_SECONDS = 10
#: How far our clock may be ahead of Discord's when a place is searched, and how many pages of 100 are read.
_SKEW_MS = 10 * 60_000
_PAGES = 10
_NOBODY = discord.AllowedMentions.none()


class Board:
    """Needs a client that is logged in, and no cache of it."""

    def __init__(self, client: discord.Client, *, clock: Callable[[], int]) -> None:
        self._client = client
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, place: int, since: int, fits: Callable[[dict[str, Any]], bool]) -> int:
        """The id of our own message that fits, among those after `since` (unix ms); 0 when there is none."""
        after = max(0, since - _SKEW_MS - discord.utils.DISCORD_EPOCH) << 22
        me = self._client.user.id if self._client.user else 0
        for _page in range(_PAGES):
            try:
                async with translated():
                    messages: list[Any] = await self._client.http.logs_from(place, 100, after=after)
            except DeliveryFault as fault:
                if not fault.final:
                    raise
                return 0  # the place is gone or silent: the ladder finds out which
            for message in messages:
                if int(message["author"]["id"]) == me and fits(message):
                    return int(message["id"])
            if len(messages) < 100:
                return 0
            after = max(int(message["id"]) for message in messages)
        return 0

    async def find_card(self, job: Job) -> Sent | None:
        """The card of a job whose answer was shown without our hearing of it. Raises DeliveryFault."""
        found = await self.find(
            job.channel_id,
            job.created_at,
            # Cards have no content of their own; the films' messages do, and buttons with the same id.
            lambda message: not message.get("content") and f":{job.id}" in str(message.get("components")),
        )
        return Sent(job.channel_id, found) if found else None

    async def show(self, job: Job, outlook: Outlook) -> tuple[Sent, bool]:
        """The card of a job whose answer was never shown, or is not known to be, and whether it was posted just now.

        Raises DeliveryFault.
        """
        if found := await self.find_card(job):
            return found, False
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        async with translated():
            message = await channel.send(view=_active(job, outlook), nonce=f"{job.id}.card", allowed_mentions=_NOBODY)
        return Sent(job.channel_id, message.id), True

    async def update(self, job_id: str, look: Callable[[], Awaitable[tuple[Job, Outlook] | None]]) -> Outlook | None:
        """Let a card say what `look` finds, asked when no other change of this card is under way; None: nothing.

        A mere place in the queue is said through the interaction only, while that lives; the rest by any way. Raises
        DeliveryFault, `final` when this card cannot be changed any more.
        """
        async with self._lock(job_id):
            if (found := await look()) is None:
                return None
            job, outlook = found
            async with translated(), asyncio.timeout(2 * _TOKEN_SECONDS):
                await self._change(job, _active(job, outlook), spare=outlook.standing is not Standing.WAITS)
            return outlook

    async def edit(self, job: Job, make: Callable[[Job], cards.Card]) -> None:
        """Let a card say how its job ended. Discord's own troubles are only noted."""
        with speaking(job.told_in):
            card = make(job)
        async with self._lock(job.id):
            try:
                await self._change(job, card, spare=True)
            except DeliveryFault as fault:
                log.info("job %s: its card could not be changed: %s", job.id, fault)

    def _lock(self, job_id: str) -> asyncio.Lock:
        """One lock for each card, as long as anybody holds it: who comes last says what is newest."""
        return self._locks.setdefault(job_id, asyncio.Lock())

    async def _change(self, job: Job, card: cards.Card, *, spare: bool) -> None:
        """Through the interaction while it lives, outside the global rate limit; else, if `spare`, as the bot."""
        if not job.card_message_id:
            return
        alive = job.card_token and self._clock() - job.created_at < _TOKEN_MS
        if alive and (application := self._client.application_id):
            hook = discord.Webhook.partial(application, job.card_token, client=self._client)
            try:
                async with translated(), asyncio.timeout(_TOKEN_SECONDS):
                    await hook.edit_message(job.card_message_id, view=card, allowed_mentions=_NOBODY)
                return
            except DeliveryFault as fault:
                log.info("job %s: its interaction is over: %s", job.id, fault)
                if not spare:
                    raise
        if spare:
            async with translated():
                channel = self._client.get_partial_messageable(job.card_channel_id)
                await channel.get_partial_message(job.card_message_id).edit(view=card, allowed_mentions=_NOBODY)


def _active(job: Job, outlook: Outlook) -> cards.Card:
    """The card of a job that has not ended."""
    ahead = outlook.ahead if outlook.standing is Standing.WAITS else None
    held_up = outlook.standing is Standing.HELD
    with speaking(job.told_in):
        if outlook.standing is Standing.MADE:
            return cards.making(job, ready_at=outlook.ready_at)
        return cards.waiting(
            job, left=None, ready_at=outlook.ready_at, ahead=ahead, seen_at=outlook.seen_at, held_up=held_up
        )
