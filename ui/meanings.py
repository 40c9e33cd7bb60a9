"""What Discord's errors mean for a message: one fault in place of six families of errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import discord

from domain.faults import DeliveryFault

#: Discord's error codes → what they mean for a message.
#: Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_MEANINGS: dict[int, tuple[str, bool]] = {
    10003: ("place_lost", True),
    10004: ("place_lost", True),
    10008: ("place_lost", True),
    10015: ("place_lost", True),
    10062: ("place_lost", True),
    50027: ("place_lost", True),
    50001: ("no_rights", True),
    50013: ("no_rights", True),
    160002: ("no_rights", True),
    160005: ("no_rights", True),
    160006: ("no_rights", True),
    160007: ("no_rights", True),
    50083: ("no_rights", True),
    50007: ("dm_closed", True),
    50278: ("dm_closed", True),
    40005: ("too_large", False),
    50045: ("too_large", False),
    # Written too much or too fast, or switched off for a while: whatever the status is, it passes.
    20028: ("try_later", False),
    20029: ("try_later", False),
    40003: ("try_later", False),
    40004: ("try_later", False),
    40006: ("try_later", False),
    40062: ("try_later", False),
    40333: ("try_later", False),
    130000: ("try_later", False),
    50006: ("bad_form", True),
    50008: ("bad_form", True),
    50024: ("bad_form", True),
    50035: ("bad_form", True),
    40058: ("bad_form", True),
    200000: ("text_blocked", True),
    200001: ("text_blocked", True),
    240000: ("text_blocked", True),
}


#: The longest pause that is kept (s): a film must not wait for years because a header says so.
_WAIT_MOST = 3_600.0

#: Everything that a call may raise through no fault of ours, for those who only note that it failed.
TROUBLES = (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError)


@asynccontextmanager
async def translated() -> AsyncGenerator[None]:
    """Turn the six families of errors that a call may raise into one DeliveryFault."""
    try:
        yield
    except discord.HTTPException as error:
        if error.status == 413:
            raise DeliveryFault("too_large", final=False, code=error.code) from error
        if error.status == 429:
            # Raised at once, and not waited for, where the answer bears no sign of Discord's own servers.
            raise DeliveryFault("try_later", final=False, status=429, **wait_of(error)) from error
        reason, final = _MEANINGS.get(error.code, ("try_later", False))
        if error.code not in _MEANINGS and error.status in (403, 404) and error.code:
            reason, final = ("no_rights" if error.status == 403 else "place_lost"), True
        raise DeliveryFault(reason, final=final, status=error.status, code=error.code) from error
    except discord.RateLimited as error:
        raise DeliveryFault("try_later", final=False, retry_after=min(error.retry_after, _WAIT_MOST)) from error
    except TROUBLES as error:
        raise DeliveryFault("try_later", final=False, error=type(error).__name__) from error
    except RuntimeError as error:
        if "closed" not in str(error).lower():
            raise
        raise DeliveryFault("try_later", final=False, error="closing") from error


def wait_of(error: discord.HTTPException) -> dict[str, float]:
    """The seconds that a 429 asks for, where it says so."""
    try:
        seconds = float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return {}
    return {"retry_after": min(seconds, _WAIT_MOST)} if seconds >= 0 else {}
