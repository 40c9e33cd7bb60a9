"""The showcase's posts: a film with credit and a link back, and the week's best."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import discord

from domain.job import Job, Sent
from ui.language import _, _n, number, speaking
from ui.meanings import translated
from ui.posts import Posts
from ui.words import plain, recipe

_NOBODY = discord.AllowedMentions.none()


class GalleryPosts:
    """Fits `service.showcase.Gallery`. Nobody is pinged: who made it was pinged when it was ready."""

    def __init__(self, client: discord.Client, posts: Posts) -> None:
        self._client = client
        self._posts = posts

    async def show(self, job: Job, channel_id: int, path: Path, stars: int, language: str) -> Sent:
        """A new message with the film, its prompt, and the way to where it was made."""
        with speaking(language):
            head = _n("{n} star for [a film by {who}]({link})", "{n} stars for [a film by {who}]({link})", stars)
            head = head.format(n=number(stars), who=f"<@{job.author_id}>", link=link_to(job))
            text = f"⭐ {head}\n> {plain(job.request.prompt)}\n-# {recipe(job)} · {job.id}"
        channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        async with translated():
            message = await channel.send(
                text,
                file=discord.File(path, filename=path.name, spoiler=job.spoiler),
                nonce=f"{job.id}.star",
                allowed_mentions=_NOBODY,
            )
        return Sent(channel_id, message.id)

    async def digest(
        self, guild_id: int, channel_id: int, best: Sequence[tuple[Job, int]], week: str, language: str
    ) -> None:
        """The most starred films of a week, by links."""
        with speaking(language):
            lines = [f"### ⭐ {_('The most starred films of last week')}"]
            for n, (job, stars) in enumerate(best, 1):
                text = _n("[{prompt}]({link}) by {who}: {n} star", "[{prompt}]({link}) by {who}: {n} stars", stars)
                shown = text.format(
                    prompt=plain(job.request.prompt, 80), link=link_to(job), who=f"<@{job.author_id}>", n=number(stars)
                )
                lines.append(f"**{n}.** {shown}")
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        nonce = hashlib.sha256(f"{guild_id} {week}".encode()).hexdigest()[:24]
        async with translated():
            await channel.send("\n".join(lines), nonce=nonce, suppress_embeds=True, allowed_mentions=_NOBODY)

    async def remove(self, place: int, message_id: int) -> None:
        """Delete a message of ours; one that is gone is fine."""
        await self._posts.remove(place, message_id)


def link_to(job: Job) -> str:
    """Where a film stands."""
    return f"https://discord.com/channels/{job.guild_id}/{job.thread_id}/{job.message_id}"
