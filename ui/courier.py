"""The courier: brings a finished job to people in Discord, by stored ids, down a ladder of places."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import discord

from domain.faults import DeliveryFault
from domain.job import Job, JobState, Note, Sent
from domain.links import ends_at
from ui import cards, results
from ui.language import speaking, to_its_readers
from ui.meanings import translated
from ui.threads import Threads

log = logging.getLogger("clapper.courier")

MIB = 1024 * 1024
#: Bytes that every server takes, by Discord's announcement of September 2026; the first refusal teaches otherwise.
DEFAULT_LIMIT = 20 * MIB
#: Boosted servers by tier. Source: https://discord.com/developers/docs/reference#uploading-files
_TIER_LIMITS = {2: 50 * MIB, 3: 100 * MIB}
#: Faults that send a message down to the next place.
_NEXT_PLACE = ("place_lost", "no_rights", "text_blocked")
#: An interaction's token works for 15 minutes; a minute less, for clocks that differ.
_TOKEN_MS = 14 * 60_000
#: How far our clock may be ahead of Discord's when a place is searched, and how many pages of 100 are read.
_SKEW_MS = 10 * 60_000
_PAGES = 10

#: Makes a message, in the language that is spoken when it is called.
Text = Callable[[], str]


class Refusals(Protocol):
    """Remembers which places said no."""

    async def said_no(self, place: int) -> int | None:
        """Discord's code of a refusal that still counts."""
        ...

    async def remember(self, place: int, code: int) -> None:
        """This place said no."""
        ...


class Courier:
    """Fits `service.delivery.Courier`. Needs a client that is logged in, and no cache of it."""

    def __init__(self, client: discord.Client, *, refusals: Refusals, clock: Callable[[], int]) -> None:
        self._client = client
        self._refusals = refusals
        self._clock = clock
        self._threads = Threads(client)

    async def upload_limit(self, job: Job) -> int:
        """Bytes of one file that the job's server takes, by its tier; Discord's answer to a film may correct it.

        Raises DeliveryFault, `final` when the bot is no longer in the server.
        """
        if job.private:
            return DEFAULT_LIMIT
        async with translated():
            guild = await self._client.http.get_guild(job.guild_id, with_counts=False)
        return _TIER_LIMITS.get(int(guild.get("premium_tier") or 0), DEFAULT_LIMIT)

    async def find(self, job: Job) -> Sent | None:
        """Our own message with the job's id, in the place where the last try was going."""
        film = bool(job.films) and not job.refunded

        def fits(message: dict[str, Any]) -> bool:
            content = message["content"].rstrip()
            return content.endswith(job.id) and (bool(message["attachments"]) or "http" in content or not film)

        found = await self._search(job.target_id, job.target_at, fits)
        return Sent(job.target_id, found) if found else None

    @to_its_readers
    async def show_card(self, job: Job, ready_at: int) -> Sent | None:
        """The card of a job whose answer was never shown, or is not known to be: found, or posted plainly.

        None where the channel does not take it: the film finds its way by itself.
        """
        mark = f"job:cancel:{job.id}"
        try:
            found = await self._search(
                job.channel_id, job.created_at, lambda message: mark in str(message["components"])
            )
            if found:
                return Sent(job.channel_id, found)
            channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
            async with translated():
                message = await channel.send(
                    view=cards.waiting(job, left=None, ready_at=ready_at, ahead=0),
                    nonce=f"{job.id}.card",
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except DeliveryFault as fault:
            log.info("job %s: its card could not be shown: %s", job.id, fault)
            return None
        return Sent(job.channel_id, message.id)

    async def _search(self, place: int, since: int, fits: Callable[[dict[str, Any]], bool]) -> int:
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

    @to_its_readers
    async def bring(self, job: Job, files: list[Path], links: list[str], note: Note, *, spare: int) -> Sent:
        """Post the films where people look for them: thread, else channel, else a direct message."""
        ends = min((e for e in map(ends_at, links) if e), default=None)
        text = functools.partial(cards.film_text, job, links, ends)
        # A member's own thread may be gone: then this film begins another.
        for known in (spare, 0) if job.delivery == "member" and spare else (spare,):
            for place in await self._threads.of(job, known):
                try:
                    return await self._post(job, place, text(), files, note, reply=False)
                except DeliveryFault as fault:
                    if fault.reason not in _NEXT_PLACE:
                        raise
        return await self._anywhere(job, text, files, note)

    @to_its_readers
    async def tell(self, job: Job, note: Note) -> Sent | None:
        """A reply that says why there is no film; nothing more than the card where the member cancelled it."""
        if job.state is JobState.CANCELLED:
            await self._edit_card(job, cards.without_film(job))
            return None
        return await self._anywhere(job, functools.partial(cards.ending_text, job), [], note)

    @to_its_readers
    async def finish_card(self, job: Job, sent: Sent) -> None:
        """Let the card say how it ended. Discord's own troubles are only noted: the message itself is there."""
        if job.films and not job.refunded:
            server = "@me" if job.private or sent.direct else job.guild_id
            link = f"https://discord.com/channels/{server}/{sent.thread_id}/{sent.message_id}"
            await self._edit_card(job, cards.done(job, link))
        else:
            await self._edit_card(job, cards.without_film(job))

    @to_its_readers
    async def take_away(self, job: Job) -> bool:
        """Delete a film's message and let its card say so; false when it could not be. Never raises."""
        try:
            async with translated():
                channel = self._client.get_partial_messageable(job.thread_id)
                await channel.get_partial_message(job.message_id).delete()
        except DeliveryFault as fault:
            if fault.values.get("code") != 10008:  # gone already
                log.info("job %s: its film could not be taken away: %s", job.id, fault)
                return False
        await self._edit_card(job, cards.taken_away(job))
        return True

    @to_its_readers
    async def say_waiting(self, job: Job, *, held_up: bool) -> None:
        """Let a waiting card say that the video service takes no orders, or that it goes on."""
        ready_at = self._clock() + job.usual_seconds * 1000
        await self._edit_card(job, cards.waiting(job, left=None, ready_at=ready_at, ahead=0, held_up=held_up))

    @to_its_readers
    async def say_unreachable(self, job: Job) -> None:
        """Let the card say that the film is made, but cannot be fetched yet."""
        await self._edit_card(job, cards.unreachable(job))

    @to_its_readers
    async def say_deleted(self, job: Job) -> None:
        """Let the card say that the film was deleted."""
        await self._edit_card(job, cards.deleted(job))

    async def _anywhere(self, job: Job, text: Text, files: list[Path], note: Note) -> Sent:
        """The channel where it was asked for, as a reply to its card; else a direct message, in the member's words."""
        if not job.blocked or job.private:  # a blocked member's film is for the member alone
            try:
                return await self._post(job, job.card_channel_id or job.channel_id, text(), files, note, reply=True)
            except DeliveryFault as fault:
                if fault.reason not in _NEXT_PLACE or job.private:
                    raise
        async with translated():
            dm = await self._client.http.start_private_message(job.author_id)
        with speaking(job.locale):
            return replace(await self._post(job, int(dm["id"]), text(), files, note, reply=False), direct=True)

    async def _post(self, job: Job, place: int, text: str, files: list[Path], note: Note, *, reply: bool) -> Sent:
        """One new, classic message: it notifies, and its films play in place. Written down before it goes out."""
        if code := await self._refusals.said_no(place):
            raise DeliveryFault("no_rights", final=True, code=code, remembered=True)
        number = await note(place)
        guild = None if job.private else job.guild_id
        channel = self._client.get_partial_messageable(place, guild_id=guild)
        reference: discord.MessageReference | None = None
        if reply and job.card_message_id and place == job.card_channel_id:
            reference = discord.MessageReference(
                message_id=job.card_message_id, channel_id=place, guild_id=guild, fail_if_not_exists=False
            )
        row = results.under_film(job) if job.films and not job.refunded else results.under_ending(job)
        mention = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.author_id)], replied_user=False
        )
        try:
            async with translated():
                message = await channel.send(
                    text,
                    files=[discord.File(path, filename=path.name, spoiler=job.spoiler) for path in files],
                    nonce=f"{job.id}.{number}",
                    reference=reference,  # type: ignore[arg-type] - None means no reply
                    view=row,  # pyright: ignore[reportArgumentType] - None means no buttons
                    allowed_mentions=mention,
                )
        except DeliveryFault as fault:
            if fault.values.get("status") == 403:
                await self._refusals.remember(place, int(str(fault.values.get("code") or 0)))
            raise
        if not message.content.rstrip().endswith(job.id) or len(message.attachments) < len(files):
            # Discord folded it into another one with the same nonce: the next try finds ours, or sends it anew.
            raise DeliveryFault("try_later", final=False, folded=message.id)
        return Sent(place, message.id)

    async def _edit_card(self, job: Job, card: cards.Card) -> None:
        """Through the interaction while it lives, outside the global rate limit; after that with the bot's token."""
        if not job.card_message_id:
            return
        nobody = discord.AllowedMentions.none()
        try:
            async with translated():
                if job.card_token and self._clock() - job.created_at < _TOKEN_MS and self._client.application_id:
                    hook = discord.Webhook.partial(self._client.application_id, job.card_token, client=self._client)
                    await hook.edit_message(job.card_message_id, view=card, allowed_mentions=nobody)
                    return
        except DeliveryFault as fault:
            log.info("job %s: its interaction is over: %s", job.id, fault)
        try:
            async with translated():
                channel = self._client.get_partial_messageable(job.card_channel_id)
                await channel.get_partial_message(job.card_message_id).edit(view=card, allowed_mentions=nobody)
        except DeliveryFault as fault:
            log.info("job %s: its card could not be changed: %s", job.id, fault)
