"""The real Clapper with settings of its own for the demo: a new database in a temporary folder, and an API to call."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from bot import App, open_app
from demo.videoapi import VideoAPI
from domain.pace import Pace
from settings import Settings


@asynccontextmanager
async def home(environment: Mapping[str, str], *, seconds: float) -> AsyncGenerator[App]:
    """Clapper, built but not logged in; a film of the stand-in takes about `seconds`. Leaves nothing behind.

    Of `environment` it looks at PUBLIC_URL and, when both are set, at ACEDATACLOUD_API_BASE_URL and …_API_TOKEN, which
    name an API to use in place of the stand-in. Raises SettingsError for what is wrong with them.
    """
    async with AsyncExitStack() as stack:
        # A database may still be written to while it closes, and Windows keeps open files.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="clapper-demo-", ignore_cleanup_errors=True))
        url = environment.get("ACEDATACLOUD_API_BASE_URL", "").strip()
        token = environment.get("ACEDATACLOUD_API_TOKEN", "").strip()
        stand_in = not (url and token)
        if stand_in:
            token = secrets.token_urlsafe()
            url = await stack.enter_async_context(VideoAPI(token=token, seconds=seconds).serve())
        public_url, port = _reached_at(environment.get("PUBLIC_URL", "").strip(), url)
        settings = Settings.from_env(
            {
                "DISCORD_TOKEN": "none-is-needed",
                "ALLOWED_SERVERS": "*",
                "ACEDATACLOUD_API_TOKEN": token,
                "ACEDATACLOUD_API_BASE_URL": url,
                "PUBLIC_URL": public_url,
                "CALLBACK_HOST": "127.0.0.1",
                "CALLBACK_PORT": str(port),
                "ADMIN_PORT": "0",
                "DATABASE_URL": f"sqlite:///{folder}/clapper.db",
                "DAILY_CREDITS": "60",
                "SERVER_DAILY_CREDITS": "100000",
                "ALLOW_PRIVATE_URLS": "true",  # the simulated Discord's files are on loopback, as is the stand-in
            }
        )
        pace = Pace(look=15_000)
        if stand_in:
            # Its cards promise a film for a moment from now, and a lost callback costs seconds.
            rows = tuple(replace(row, usual_seconds=round(seconds) + 3) for row in settings.catalogue.models)
            settings = replace(settings, catalogue=replace(settings.catalogue, models=rows))
            pace = Pace(look=5_000)
        yield await stack.enter_async_context(open_app(settings, pace=pace))


def _reached_at(public_url: str, api_url: str) -> tuple[str, int]:
    """Where the API reaches the bot ("": nowhere), and the port at which the bot listens for it."""
    if public_url:
        try:
            parts = urlsplit(public_url)
            port = parts.port if parts.hostname and _loopback(parts.hostname) else None
        except ValueError:
            port = None  # the settings say what is wrong with it
        return public_url, port or 8080  # a tunnel or proxy leads to CALLBACK_PORT's default
    if _loopback(urlsplit(api_url).hostname or ""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        return f"http://127.0.0.1:{port}", port
    return "", 0


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
