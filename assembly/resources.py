"""What bot.py opens for the parts, and what was so before the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import metrics
from acedata.client import VideoClient
from domain.pace import Pace
from media.fetch import Fetcher
from service import refusals
from service.links import Links
from settings import Settings
from storage import memory, pauses
from storage.database import Database


@dataclass(frozen=True)
class Resources:
    """What has to be opened and closed; `folder` is for films on their way."""

    settings: Settings
    pace: Pace
    db: Database
    links: Links
    client: VideoClient
    fetcher: Fetcher
    folder: Path
    metrics: metrics.Metrics
    #: Tells this bot from another that has a copy of our database.
    instance: str = ""


@dataclass(frozen=True)
class Known:
    """What was so before the start: open breakers, pauses, and places that take no messages."""

    breakers: dict[str, memory.Breaker] = field(default_factory=dict[str, memory.Breaker])
    pauses: dict[int, pauses.Pause] = field(default_factory=dict[int, pauses.Pause])
    refusals: dict[int, int] = field(default_factory=dict[int, int])

    @classmethod
    async def read(cls, db: Database) -> Known:
        """From the database."""
        conn = db.reader
        return cls(await memory.breakers(conn), await pauses.pauses(conn), await refusals.known(conn))
