"""A Clapper that is built but does nothing: for who wants to know its commands, or to tell Discord about them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from acedata.client import VideoClient
from assembly import Known, Parts, Resources
from cogs.client import Clapper
from domain.pace import Pace
from media.fetch import Fetcher
from metrics import Metrics
from service.links import Links
from settings import Settings
from storage.database import open_database


@asynccontextmanager
async def idle_bot(settings: Settings) -> AsyncGenerator[Clapper]:
    """The bot with its cogs to load, over an empty database of its own: the real one is not touched.

    Whoever logs it in closes it.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clapper-")))
        db = await stack.enter_async_context(open_database(folder / "empty.db"))
        client = await stack.enter_async_context(
            VideoClient(base_url=settings.acedatacloud_api_base_url, token=settings.acedatacloud_api_token.reveal())
        )
        fetcher = await stack.enter_async_context(Fetcher(allow_private=settings.allow_private_urls))
        links = Links(await db.key("links"), settings.public_url)
        metrics = Metrics(models=(), providers=())
        parts = Parts(Resources(settings, Pace(), db, links, client, fetcher, folder, metrics), Known())
        yield parts.bot
