"""The thread that a film goes to: made from its card, or its member's own, or the newest where none can be made."""

from __future__ import annotations

import re
from typing import Protocol

import discord

from domain.faults import DeliveryFault
from domain.job import Job
from ui.language import _, speaking
from ui.meanings import translated
from ui.words import plain

THREAD_MINUTES = 1440


class Refusals(Protocol):
    """Remembers which places said no, to messages or ("threads") to threads of their messages."""

    async def said_no(self, place: int, to: str = "messages") -> int | None:
        """Discord's code of a refusal that still counts."""
        ...

    async def remember(self, place: int, code: int, to: str = "messages") -> None:
        """This place said no."""
        ...


class Threads:
    """Needs a client that is logged in, and no cache of it."""

    def __init__(self, client: discord.Client, *, refusals: Refusals) -> None:
        self._client = client
        self._refusals = refusals

    async def of(self, job: Job, spare: int) -> list[int]:
        """The threads for a film, the best first. None where the channel itself is the place."""
        if job.place not in ("text", "announcement") or job.private or job.blocked or not job.card_message_id:
            return []
        if job.delivery == "channel":
            return []
        if job.thread_id == job.card_message_id:
            return [job.thread_id]
        if job.delivery == "member" and spare:
            return [spare]
        if await self._refusals.said_no(job.card_channel_id, "threads"):
            return []
        try:
            with speaking(job.told_in):
                name = thread_name(job.request.prompt, _film_of(job))
            await self._start_thread(job, name)
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
            with speaking(job.told_in):
                name = _film_of(job)
            try:
                await self._start_thread(job, name)
            except DeliveryFault:
                return []
        return [job.card_message_id]  # a thread from a message has the message's id

    async def _start_thread(self, job: Job, name: str) -> None:
        """Without any intent no server is cached, and PartialMessage.create_thread wants one: so by its route."""
        try:
            async with translated():
                await self._client.http.start_thread_with_message(
                    job.card_channel_id, job.card_message_id, name=name, auto_archive_duration=THREAD_MINUTES
                )
        except DeliveryFault as fault:
            if fault.values.get("code") != 160004:  # this message has its thread already: ours, from an earlier try
                raise


def _film_of(job: Job) -> str:
    return _("{model} film").format(model=job.label)


def thread_name(prompt: str, otherwise: str) -> str:
    """The prompt's beginning where it is harmless words: titles are seen by everyone."""
    text = re.sub(r"\s+", " ", prompt).strip()
    if not re.fullmatch(r"[\w ,.!?'’&()-]+", text) or re.search(r"\w\.\w", text):
        return otherwise
    return plain(text, 80).replace("\\", "") or otherwise
