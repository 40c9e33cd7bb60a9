"""Thin helpers around simcord: what a person sees in a message, and waiting for what the bot does on its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import discord
import simcord

T = TypeVar("T")


async def eventually(look: Callable[[], T], *, within: float = 10.0) -> T:
    """The first thing that `look` finds (anything true). The bot's loops live in real time, so tests wait, briefly."""
    until = time.time() + within
    while not (found := look()):
        if time.time() > until:
            raise AssertionError(f"nothing was found within {within} s")
        await asyncio.sleep(0.01)
    return found


def words(message: discord.Message | simcord.ResponseMessage) -> str:
    """Everything in a message that can be read: content, embeds, texts of its components, labels of its buttons."""
    raw = message.message if isinstance(message, simcord.ResponseMessage) else message
    parts = [raw.content]
    for embed in raw.embeds:
        parts += [embed.title or "", embed.description or ""]
        parts += [f"{item.name}: {item.value}" for item in embed.fields]
    for item in _components(raw):
        parts += [str(item[key]) for key in ("content", "label", "placeholder") if item.get(key)]
    return "\n".join(filter(None, parts))


def buttons(message: discord.Message | simcord.ResponseMessage) -> list[str]:
    """The labels of the buttons that can be pressed."""
    raw = message.message if isinstance(message, simcord.ResponseMessage) else message
    return [item.get("label") or "" for item in _components(raw) if item["type"] == 2 and not item.get("disabled")]


def films(place: simcord.ChannelHandle) -> list[discord.Attachment]:
    """The films in a channel, thread or DM, oldest first."""
    files = (file for message in place.history() for file in message.attachments)
    return [file for file in files if (file.content_type or "").startswith("video/")]


def content(env: simcord.Env, file: discord.Attachment) -> bytes:
    """The bytes of an attachment, as they were uploaded."""
    stored = env.backend.cdn.get(file.url)
    assert stored is not None, f"{file.filename} was never uploaded"
    return stored


def seen_by(place: simcord.ChannelHandle, viewer: simcord.MemberActor | simcord.UserHandle) -> list[str]:
    """What this person reads in this place, message by message, answers for their eyes only included."""
    return [words(message) for message in place.history(viewer=viewer)]


def close_dms(env: simcord.Env, user: simcord.UserHandle) -> None:
    """From now on Discord refuses the bot's direct messages to this user."""
    env.inject_error(
        "POST",
        f"/channels/{user.dm_channel.id}/messages",
        status=403,
        code=50007,
        message="Cannot send messages to this user",
        times=None,
    )


def _components(message: discord.Message) -> Iterator[dict[str, Any]]:
    waiting: list[Any] = [component.to_dict() for component in message.components]
    while waiting:
        item = waiting.pop(0)
        yield item
        nested = [*item.get("components", []), *filter(None, [item.get("accessory"), item.get("component")])]
        waiting[:0] = nested


async def at_once(
    env: simcord.Env, presses: Iterable[Awaitable[simcord.InteractionResult]], *, within: float = 60.0
) -> list[simcord.InteractionResult]:
    """Everything that these people do reaches the bot before it answers any of it: `at_once(env, (m.slash(…), …))`.

    simcord lets the bot finish after each thing, and refuses two at a time; here it waits once, at the end.
    """

    async def not_yet(**_: Any) -> None:
        return None

    env._settle_internal = not_yet  # type: ignore[method-assign]  # the only place where all of them wait
    try:
        results = [await press for press in presses]
    finally:
        del env._settle_internal
    await env.settle(timeout=within)
    return results
