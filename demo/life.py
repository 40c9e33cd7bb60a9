"""Knows how an accepted task goes on: it waits, its films are made, its result is shown, its callback is sent."""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from demo import answers
from demo.fields import NOTHING, Order, Refused
from demo.studio import Studio

CALLBACK_SECONDS = 10
LATE = 10  # a late callback comes this many times the film's seconds after the result

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Task:
    """One accepted generation."""

    id: str
    trace_id: str
    created_at: float  # unix seconds
    request: dict[str, Any]  # as it was sent
    words: frozenset[str]  # how it misbehaves: demo/moods.py
    origin: str  # where its films are served
    provider: str = "sora"
    order: Order = NOTHING  # what its request asks for
    response: dict[str, Any] | None = None  # None while pending
    callbacks: list[tuple[str, int | None]] = field(default_factory=list)  # body sent, status (None: no answer)
    films: list[str] = field(default_factory=list)  # their names
    ending: dict[str, Any] | None = None  # the response, when it is dictated by hand
    go: asyncio.Event = field(default_factory=asyncio.Event)  # ends the wait by hand
    answered: asyncio.Event = field(default_factory=asyncio.Event)  # the response is there
    settled: asyncio.Event = field(default_factory=asyncio.Event)  # and the callbacks that were due are sent
    recalled: asyncio.Event = field(default_factory=asyncio.Event)  # a late callback was sent by hand

    @property
    def pending(self) -> bool:
        return self.response is None

    def shown(self) -> dict[str, Any]:
        """The task as /{provider}/tasks shows it."""
        return answers.shown(self.provider, self.id, self.trace_id, self.created_at, self.request, self.response)

    def failure(self, code: str, message: str) -> dict[str, Any]:
        return answers.failure(self.provider, self.id, self.trace_id, code, message)


async def live(
    task: Task,
    studio: Studio,
    *,
    seconds: float | None,
    cost: dict[str, Any] | None,
    others: Iterable[str],
    tell: Callable[[], None],
) -> None:
    """The whole life of a task, telling each step by `tell`. `others` are the ids of all tasks.

    It pends for `seconds`, or until `task.go`; None: only until `task.go`.
    """
    making = asyncio.create_task(_make(task, studio, cost))
    try:
        wait = None if seconds is None or "never" in task.words else seconds * (5 if "slow" in task.words else 1)
        await _either(task.go, 0 if "early" in task.words else wait)
        task.response = await making if task.ending is None else task.ending
    finally:
        making.cancel()
    task.answered.set()
    tell()
    if "late" in task.words:
        task.settled.set()
        if await _either(task.recalled, None if seconds is None else LATE * seconds):
            return
    if "lost" not in task.words:
        await _send(task, studio, others)
    task.settled.set()
    tell()


async def _make(task: Task, studio: Studio, cost: dict[str, Any] | None) -> dict[str, Any]:
    """The task's response: its films, or why there are none."""
    try:
        pictures, first = await studio.pictures(task.order)
        if "fail" in task.words:
            raise Refused("api_error", "fetch failed")
        if "moderated" in task.words:
            raise Refused("forbidden", "the result was refused by moderation")
        for take in (1, 2) if "pair" in task.words else (1,):
            task.films.append(await studio.film(task, pictures, first, take))
    except Refused as refused:
        return task.failure(refused.code, refused.message)
    except Exception as error:  # the stand-in's own mistake: said, or the task would hang
        log.exception("task %s", task.id)
        return task.failure("api_error", f"the stand-in failed: {error!r}")
    before = "sora-2:" if task.provider == "sora" else ""
    films = [(before + name, studio.link(task.origin, name)) for name in task.films]
    return answers.success(task.provider, task.id, task.trace_id, task.order, films, cost=cost)


async def _send(task: Task, studio: Studio, others: Iterable[str]) -> None:
    """The callback, with the faults that the words ask for."""
    body = dict(task.response or {})
    if "stranger" in task.words and "task" not in body:
        body["task_id"] = next((other for other in reversed(list(others)) if other != task.id), str(uuid.uuid4()))
    text = json.dumps(body)
    if "garbage" in task.words:
        await post(task, studio, text[: len(text) // 2])
    for _ in range(2 if "twice" in task.words else 1):
        await post(task, studio, text)


async def post(task: Task, studio: Studio, text: str) -> int | None:
    """Send one callback; the status that it was answered with, or None for no answer. Never tried again."""
    url = task.request.get("callback_url")
    if url is None or _placeholder(url, task.origin):
        return None
    status = None
    headers, timeout = {"Content-Type": "application/json"}, aiohttp.ClientTimeout(total=CALLBACK_SECONDS)
    address = URL(url, encoded=True)  # as it was given, not tidied
    try:
        async with studio.session.post(
            address, data=text, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        log.warning("callback of %s failed: %r", task.id, error)
    task.callbacks.append((text, status))
    return status


def _placeholder(url: str, origin: str) -> bool:
    """Is this the address that the vendor's guide uses to get asynchronous answers without callbacks?"""
    parts = urlsplit(url)
    ours = parts.hostname == "api.acedata.cloud" or f"{parts.scheme}://{parts.netloc}" == origin
    return ours and parts.path.startswith("/health")


async def _either(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for the event, at most so long (None: for ever); did it come?"""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
