"""The courier: brings a finished job to people in Discord, by stored ids, down a ladder of places."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import discord

from domain.faults import DeliveryFault
from domain.job import Job, JobState, Note, Sent
from domain.links import ends_at
from ui import cards
from ui.board import Board
from ui.meanings import translated
from ui.words import plain

log = logging.getLogger("clapper.courier")

MIB = 1024 * 1024
#: Bytes that every server takes, by Discord's announcement of September 2026; the first refusal teaches otherwise.
DEFAULT_LIMIT = 20 * MIB
#: Boosted servers by tier. Source: https://discord.com/developers/docs/reference#uploading-files
_TIER_LIMITS = {2: 50 * MIB, 3: 100 * MIB}
_THREAD_MINUTES = 1440
#: Faults that send a message down to the next place.
_NEXT_PLACE = ("place_lost", "no_rights", "text_blocked", "bad_form")
#: Discord's code for a reply by somebody who may not read what he replies to.
_NO_HISTORY = 160002


class Refusals(Protocol):
    """Remembers which places said no, to messages or ("threads") to threads of their messages."""

    async def said_no(self, place: int, to: str = "messages") -> int | None:
        """Discord's code of a refusal that still counts."""
        ...

    async def remember(self, place: int, code: int, to: str = "messages") -> None:
        """This place said no."""
        ...


class Courier:
    """Fits `service.delivery.Courier`. Needs a client that is logged in, and no cache of it."""

    def __init__(self, client: discord.Client, *, board: Board, refusals: Refusals) -> None:
        self._client = client
        self._board = board
        self._refusals = refusals

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

    async def bring(self, job: Job, files: list[Path], links: list[str], note: Note, *, spare: int) -> Sent:
        """Post the films where people look for them: thread, else channel, else a direct message."""
        text = cards.film_text(job, links, min((e for e in map(ends_at, links) if e), default=None))
        for place in await self._threads(job, spare):
            try:
                return await self._post(job, place, text, files, note, reply=False)
            except DeliveryFault as fault:
                if fault.reason not in _NEXT_PLACE:
                    raise
        return await self._anywhere(job, text, files, note)

    async def tell(self, job: Job, note: Note) -> Sent | None:
        """A reply that says why there is no film; nothing more than the card where the member cancelled it."""
        if job.state is JobState.CANCELLED:
            await self._board.edit(job, cards.without_film(job))
            return None
        return await self._anywhere(job, cards.ending_text(job), [], note)

    async def finish_card(self, job: Job, sent: Sent) -> None:
        """Let the card say how it ended. Discord's own troubles are only noted: the message itself is there."""
        if job.films and not job.refunded:
            server = "@me" if job.private or sent.direct else job.guild_id
            link = f"https://discord.com/channels/{server}/{sent.thread_id}/{sent.message_id}"
            await self._board.edit(job, cards.done(job, link))
        else:
            await self._board.edit(job, cards.without_film(job))

    async def keep_quiet(self, job: Job) -> None:
        """Let the card alone say how a job ended that its member does not want posted."""
        made = job.state is JobState.READY and not job.refunded
        await self._board.edit(job, cards.kept_back(job) if made else cards.without_film(job))

    async def say_unreachable(self, job: Job) -> None:
        """Let the card say that the film is made, but cannot be fetched yet."""
        await self._board.edit(job, cards.unreachable(job))

    async def _anywhere(self, job: Job, text: str, files: list[Path], note: Note) -> Sent:
        """The channel where it was asked for, as a reply to its card; else a direct message."""
        try:
            return await self._post(job, job.card_channel_id or job.channel_id, text, files, note, reply=True)
        except DeliveryFault as fault:
            if fault.reason not in _NEXT_PLACE or job.private:
                raise
        async with translated():
            dm = await self._client.http.start_private_message(job.author_id)
        try:
            return replace(await self._post(job, int(dm["id"]), text, files, note, reply=False), direct=True)
        except DeliveryFault as fault:
            fault.values["direct"] = True  # what a conversation takes says nothing about the server
            raise

    async def _threads(self, job: Job, spare: int) -> list[int]:
        """The threads for a film, the best first. None where the channel itself is the place."""
        if job.place not in ("text", "announcement") or job.private or not job.card_message_id:
            return []
        if job.thread_id == job.card_message_id:
            return [job.thread_id]
        if await self._refusals.said_no(job.card_channel_id, "threads"):
            return []
        try:
            await self._start_thread(job, _thread_name(job))
        except DeliveryFault as fault:
            status = int(str(fault.values.get("status") or 0))
            if "retry_after" in fault.values:
                return [spare] if spare else []  # made too often just now, for minutes
            if fault.reason == "try_later" and not 400 <= status < 500:
                raise  # nobody knows whether it was made: the next try finds out
            if status == 403:
                await self._refusals.remember(job.card_channel_id, int(str(fault.values.get("code") or 0)), "threads")
            if fault.reason != "text_blocked":
                return []
            try:
                await self._start_thread(job, f"{job.label} film")
            except DeliveryFault:
                return []
        return [job.card_message_id]  # a thread from a message has the message's id

    async def _start_thread(self, job: Job, name: str) -> None:
        """Without any intent no server is cached, and PartialMessage.create_thread wants one: so by its route."""
        try:
            async with translated():
                await self._client.http.start_thread_with_message(
                    job.card_channel_id, job.card_message_id, name=name, auto_archive_duration=_THREAD_MINUTES
                )
        except DeliveryFault as fault:
            if fault.values.get("code") != 160004:  # this message has its thread already: ours, from an earlier try
                raise

    async def _post(self, job: Job, place: int, text: str, files: list[Path], note: Note, *, reply: bool) -> Sent:
        """One new, classic message: it notifies, and its films play in place. Written down before it goes out."""
        if code := await self._refusals.said_no(place):
            raise DeliveryFault("no_rights", final=True, code=code, remembered=True)
        number = await note(place)
        reply = reply and bool(job.card_message_id) and place == job.card_channel_id
        try:
            message = await self._send(job, place, text, files, number, reply=reply)
        except DeliveryFault as fault:
            if fault.values.get("code") == _NO_HISTORY:
                message = await self._send(job, place, text, files, number, reply=False)
            else:
                if fault.values.get("status") == 403 and fault.reason != "text_blocked":
                    await self._refusals.remember(place, int(str(fault.values.get("code") or 0)))
                raise
        if not message.content.rstrip().endswith(job.id) or len(message.attachments) < len(files):
            # Discord folded it into another one with the same nonce: the next try takes the next number.
            raise DeliveryFault("try_later", final=False, folded=message.id)
        return Sent(place, message.id)

    async def _send(
        self, job: Job, place: int, text: str, files: list[Path], number: int, *, reply: bool
    ) -> discord.Message:
        guild = None if job.private else job.guild_id
        reference = discord.MessageReference(
            message_id=job.card_message_id, channel_id=place, guild_id=guild, fail_if_not_exists=False
        )
        mention = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.author_id)], replied_user=False
        )
        async with translated():
            return await self._client.get_partial_messageable(place, guild_id=guild).send(
                text,
                files=[discord.File(path, filename=path.name, spoiler=job.spoiler) for path in files],
                nonce=f"{job.id}.{number}",
                reference=reference if reply else None,  # type: ignore[arg-type] - None means no reply
                allowed_mentions=mention,
            )


def _thread_name(job: Job) -> str:
    """The prompt's beginning where it is harmless words, else the model's name: titles are seen by everyone."""
    text = re.sub(r"\s+", " ", job.request.prompt).strip()
    if not re.fullmatch(r"[\w ,.!?'’&()-]+", text) or re.search(r"\w\.\w", text):
        return f"{job.label} film"
    return plain(text, 80).replace("\\", "") or f"{job.label} film"
