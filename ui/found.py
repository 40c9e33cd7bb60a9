"""Pictures that stand in somebody's message: attached, forwarded, linked, or shown in its components."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import discord

from domain.wish import Attachment

_ENDINGS = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".avif", ".heic", ".heif")
_MOST = 10


def pictures_in(message: discord.Message) -> list[Attachment]:
    """The pictures of a message in their order, each once, at most ten. Sizes of linked ones are not known: 0."""
    found: dict[str, Attachment] = {}
    for part in (message, *message.message_snapshots):
        for file in part.attachments:
            if (file.content_type or "").startswith("image/") or file.filename.lower().endswith(_ENDINGS):
                found.setdefault(file.url, Attachment(file.filename, file.url, file.size))
        for link in (*_embedded(part.embeds), *_shown(part.components)):
            found.setdefault(link, Attachment(_name(link), link))
    return list(found.values())[:_MOST]


def _embedded(embeds: list[discord.Embed]) -> Iterator[str]:
    """Links of pictures in previews, by Discord's own proxy where it has one."""
    for embed in embeds:
        for media in (embed.image, embed.thumbnail):
            if link := media.proxy_url or media.url:
                yield link
                break


def _shown(components: list[Any]) -> Iterator[str]:
    """Links of pictures that components show."""
    waiting = list(components)
    while waiting:
        part = waiting.pop(0)
        media = [item.media for item in getattr(part, "items", None) or []] + [getattr(part, "media", None)]
        for item in filter(None, media):
            if (item.content_type or "").startswith("image/"):
                yield item.url
        waiting[:0] = [*(getattr(part, "children", None) or []), *filter(None, [getattr(part, "accessory", None)])]


def _name(link: str) -> str:
    return PurePosixPath(urlsplit(link).path).name[:100] or "picture"
