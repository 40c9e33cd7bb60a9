"""The doctor's look at the public address: a signed question goes out to it and has to come back to this bot."""

from __future__ import annotations

import secrets
import time
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from assembly.probe import probe
from operate.at_home import Home
from operate.checks import Check, bad, good, none
from service.links import Links
from settings import Settings
from web import PublicApp, serve

_NAME = "public address"


async def look(settings: Settings, home: Home) -> list[Check]:
    """The way from outside to CALLBACK_PORT; when no bot runs, the doctor answers there in its place."""
    if not settings.public_url:
        return [none(_NAME, "PUBLIC_URL is not set: the bot asks the API every minute")]
    links = Links(home.database.key or secrets.token_bytes(32), settings.public_url)
    instance = home.database.instance if home.owner else secrets.token_hex(8)
    async with AsyncExitStack() as stack:
        if not home.owner:
            app = PublicApp(
                read_link=links.read,
                on_callback=_ignore,
                get_picture=_no_picture,
                get_clip=_no_clip,
                instance=instance,
            )
            try:
                await serve(stack, app.app(), settings.callback_host, settings.callback_port)
            except OSError as error:
                what = f"port {settings.callback_port} cannot be served ({error.strerror or error})"
                return [bad(_NAME, what, "Another program has it: end it, or choose another CALLBACK_PORT.")]
        return [await _round_trip(settings.public_url, links, instance)]


async def _round_trip(url: str, links: Links, instance: str) -> Check:
    began = time.monotonic()
    try:
        status, answered = await probe(links)
    except aiohttp.ClientConnectorCertificateError:
        return bad(_NAME, f"{url}: its certificate is not valid", "Let the proxy get one for this name (Caddy does).")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        todo = "Check the name's DNS, the firewall, and that the proxy leads to CALLBACK_PORT."
        return bad(_NAME, f"{url} does not answer ({type(error).__name__})", todo)
    if 300 <= status < 400:
        return bad(
            _NAME, f"{url} leads elsewhere ({status})", "The API follows nobody: set PUBLIC_URL to the last address."
        )
    if status != 200 or answered is None:
        todo = "Let the proxy hand /callback/ and /media/ to CALLBACK_PORT unchanged, POST included."
        return bad(_NAME, f"{url} is answered by something else ({status})", todo)
    if answered != instance:
        return bad(_NAME, f"{url} leads to another Clapper", "Stop that one, or point the proxy at this one.")
    return good(_NAME, f"{url} leads here ({1000 * (time.monotonic() - began):.0f} ms)")


async def _ignore(job_id: str, attempt: int, payload: dict[str, Any]) -> None:
    """A callback of a job that came meanwhile: the bot asks about it when it starts."""


async def _no_picture(job_id: str, n: int) -> None:
    return None


async def _no_clip(job_id: str) -> None:
    return None
