"""Our own messages: looked at again, removed, and joined films posted; by stored ids, with the bot's own token."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord

from domain.faults import DeliveryFault
from domain.job import Job, Sent
from ui import results
from ui.language import speaking
from ui.meanings import translated

log = logging.getLogger("clapper.posts")

_ARCHIVED = 50083


class Posts:
    """Fits `service.copies.Posted`, `service.erase.Removes` and `service.joining.Posts`. Needs a logged-in client."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def films(self, job: Job) -> list[str]:
        """Fresh links to the films in the job's message: Discord signs them anew each time that it is asked."""
        if not job.message_id:
            return []
        try:
            message = await self._get(job.thread_id, job.message_id)
        except DeliveryFault as fault:
            if fault.final:
                return []
            raise
        files = message.get("attachments") or []
        return [file["url"] for file in files if str(file.get("filename", "")).endswith(".mp4")]

    async def stands(self, place: int, message_id: int) -> bool:
        """Whether a message is still there."""
        try:
            await self._get(place, message_id)
        except DeliveryFault as fault:
            if fault.final:
                return False
            raise
        return True

    async def remove(self, place: int, message_id: int) -> None:
        """Delete a message of ours, also in an archived thread; one that is gone already is fine."""
        http = self._client.http
        try:
            try:
                async with translated():
                    await http.delete_message(place, message_id)
            except DeliveryFault as fault:
                if fault.values.get("code") != _ARCHIVED:
                    raise
                async with translated():
                    await http.edit_channel(place, archived=False)
                    await http.delete_message(place, message_id)
        except DeliveryFault as fault:
            if not fault.final:
                raise
            log.info("message %d is not there to be removed: %s", message_id, fault)

    async def post_joined(self, job: Job, place: int, path: Path, *, by: int, parts: Sequence[Job]) -> Sent:
        """A film joined of several, as a reply to the last one's message. Raises DeliveryFault."""
        guild = None if job.private else job.guild_id
        channel = self._client.get_partial_messageable(place, guild_id=guild)
        reference: discord.MessageReference | None = None
        if place == job.thread_id and job.message_id:
            reference = discord.MessageReference(
                message_id=job.message_id, channel_id=place, guild_id=guild, fail_if_not_exists=False
            )
        with speaking(job.told_in):
            text = results.joined_text(by, parts)
        async with translated():
            message = await channel.send(
                text,
                file=discord.File(path, filename=path.name, spoiler=any(part.spoiler for part in parts)),
                reference=reference,  # type: ignore[arg-type] - None means no reply
                allowed_mentions=discord.AllowedMentions.none(),
            )
        return Sent(place, message.id, direct=job.private)

    async def _get(self, place: int, message_id: int) -> dict[str, Any]:
        async with translated():
            return dict(await self._client.http.get_message(place, message_id))
