"""The courier: brings a finished job to people in Discord, by stored ids, down a ladder of places."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord

from domain.faults import DeliveryFault
from domain.job import Job, JobState, Note, Sent
from domain.links import ends_at
from ui import cards, results
from ui.board import Board
from ui.language import speaking
from ui.meanings import translated
from ui.threads import Refusals, Threads

log = logging.getLogger("clapper.courier")

MIB = 1024 * 1024
#: Bytes that every server takes, by Discord's announcement of September 2026; the first refusal teaches otherwise.
DEFAULT_LIMIT = 20 * MIB
#: Boosted servers by tier. Source: https://discord.com/developers/docs/reference#uploading-files
_TIER_LIMITS = {2: 50 * MIB, 3: 100 * MIB}
#: Faults that send a message down to the next place.
_NEXT_PLACE = ("place_lost", "no_rights", "text_blocked", "bad_form")
#: Discord's code for a reply by somebody who may not read what he replies to.
_NO_HISTORY = 160002

#: Makes a message, in the language that is spoken when it is called.
Text = Callable[[], str]


@dataclass(frozen=True)
class _Parts:
    """What a message is made of; its files are opened anew for each sending, as a sent one is empty."""

    content: str
    files: list[Path]
    row: discord.ui.View | None
    nonce: str


class Courier:
    """Fits `service.delivery.Courier`. Needs a client that is logged in, and no cache of it."""

    def __init__(self, client: discord.Client, *, board: Board, refusals: Refusals) -> None:
        self._client = client
        self._board = board
        self._refusals = refusals
        self._threads = Threads(client, refusals=refusals)

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
            content = str(message.get("content") or "").rstrip()
            return content.endswith(job.id) and (bool(message.get("attachments")) or "http" in content or not film)

        found = await self._board.find(job.target_id, job.target_at, fits)
        return Sent(job.target_id, found) if found else None

    async def find_card(self, job: Job) -> Sent | None:
        """The job's card, where it stands although nobody noted it."""
        return await self._board.find_card(job)

    async def bring(self, job: Job, files: list[Path], links: list[str], note: Note, *, spare: int) -> Sent:
        """Post the films where people look for them: thread, else channel, else a direct message."""
        ends = min((e for e in map(ends_at, links) if e), default=None)

        def text() -> str:
            return cards.film_text(job, links, ends)

        # A member's own thread may be gone: then this film begins another.
        for known in (spare, 0) if job.delivery == "member" and spare else (spare,):
            for place in await self._threads.of(job, known):
                try:
                    return await self._post(job, place, text, files, note, reply=False)
                except DeliveryFault as fault:
                    if fault.reason not in _NEXT_PLACE:
                        raise
        return await self._anywhere(job, text, files, note)

    async def tell(self, job: Job, note: Note) -> Sent | None:
        """A reply that says why there is no film; nothing more than the card where the member cancelled it."""
        if job.state is JobState.CANCELLED:
            await self._board.edit(job, cards.without_film)
            return None
        return await self._anywhere(job, lambda: cards.ending_text(job), [], note)

    async def finish_card(self, job: Job, sent: Sent) -> None:
        """Let the card say how it ended. Discord's own troubles are only noted: the message itself is there."""
        if job.films and not job.refunded:
            server = "@me" if job.private or sent.direct else job.guild_id
            link = f"https://discord.com/channels/{server}/{sent.thread_id}/{sent.message_id}"
            await self._board.edit(job, lambda job: cards.done(job, link))
        else:
            await self._board.edit(job, cards.without_film)

    async def keep_quiet(self, job: Job) -> None:
        """Let the card alone say how a job ended that its member does not want posted."""
        made = job.state is JobState.READY and not job.refunded
        await self._board.edit(job, cards.kept_back if made else cards.without_film)

    async def say_unreachable(self, job: Job) -> None:
        """Let the card say that the film is made, but cannot be fetched yet."""
        await self._board.edit(job, cards.unreachable)

    async def say_gone(self, job: Job) -> None:
        """Let the card say that the film was deleted, or taken away by a moderator."""
        await self._board.edit(job, cards.taken_away if job.hidden and not job.deleted_at else cards.deleted)

    async def _anywhere(self, job: Job, text: Text, files: list[Path], note: Note) -> Sent:
        """The channel where it was asked for, as a reply to its card; else a direct message."""
        if not job.blocked or job.private:  # a blocked member's film is for the member alone
            try:
                return await self._post(job, job.card_channel_id or job.channel_id, text, files, note, reply=True)
            except DeliveryFault as fault:
                if fault.reason not in _NEXT_PLACE or job.private:
                    raise
        async with translated():
            dm = await self._client.http.start_private_message(job.author_id)
        place = int(dm["id"])
        try:
            sent = await self._post(job, place, text, files, note, reply=False, locale=job.locale)
        except DeliveryFault as fault:
            fault.values["direct"] = True  # what a conversation takes says nothing about the server
            raise
        return replace(sent, direct=True)

    async def _post(
        self, job: Job, place: int, text: Text, files: list[Path], note: Note, *, reply: bool, locale: str = ""
    ) -> Sent:
        """One new, classic message: it notifies, and its films play in place. Written down before it goes out."""
        with speaking(locale or job.told_in):
            content = text()
        if code := await self._refusals.said_no(place):
            raise DeliveryFault("no_rights", final=True, code=code, remembered=True)
        number = await note(place)
        reply = reply and bool(job.card_message_id) and place == job.card_channel_id
        with speaking(locale or job.told_in):
            row = results.under_film(job) if job.films and not job.refunded else results.under_ending(job)
        parts = _Parts(content, files, row, f"{job.id}.{number}")
        try:
            message = await self._send(job, place, parts, reply=reply)
        except DeliveryFault as fault:
            if fault.values.get("code") == _NO_HISTORY:
                message = await self._send(job, place, parts, reply=False)
            else:
                if fault.final and fault.values.get("status") == 403 and fault.reason != "text_blocked":
                    await self._refusals.remember(place, int(str(fault.values.get("code") or 0)))
                raise
        if not message.content.rstrip().endswith(job.id) or len(message.attachments) < len(files):
            # Discord folded it into another one with the same nonce: the next try takes the next number.
            raise DeliveryFault("try_later", final=False, folded=message.id)
        return Sent(place, message.id)

    async def _send(self, job: Job, place: int, parts: _Parts, *, reply: bool) -> discord.Message:
        guild = None if job.private else job.guild_id
        reference = discord.MessageReference(
            message_id=job.card_message_id, channel_id=place, guild_id=guild, fail_if_not_exists=False
        )
        mention = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.author_id)], replied_user=False
        )
        async with translated():
            return await self._client.get_partial_messageable(place, guild_id=guild).send(
                parts.content,
                files=[discord.File(path, filename=path.name, spoiler=job.spoiler) for path in parts.files],
                nonce=parts.nonce,
                reference=reference if reply else None,  # type: ignore[arg-type] - None means no reply
                view=parts.row,  # pyright: ignore[reportArgumentType] - None means no buttons
                allowed_mentions=mention,
            )
