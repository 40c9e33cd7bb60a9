"""The way from outside to this bot: a signed question to its own public address, and who answers it."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp

from service.links import Links


async def probe(links: Links, *, seconds: float = 20) -> tuple[int, str | None]:
    """(HTTP status, instance that answered or None). Raises aiohttp.ClientError, OSError, TimeoutError."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
        session.post(links.probe(int(time.time()) % 1_000_000_000), json={}, allow_redirects=False) as answer,
    ):
        return answer.status, _instance(await answer.content.read(10_000))


def _instance(raw: bytes) -> str | None:
    try:
        answer: Any = json.loads(raw)
        return str(answer["instance"])
    except (ValueError, KeyError, TypeError):
        return None
