"""The doctor's look at this machine: database, disk, a running bot, clock of the file system, encoder."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from domain.faults import BadFilm
from media import films
from media.child import run_in_child
from operate.checks import Check, bad, good, none
from service.alerts import DISK_LEAST
from settings import Settings
from storage.database import fault_of, known_version, owner_of

_TRIAL_MEMORY = films.FIT_MEMORY
_TRIAL_BYTES = 400_000


@dataclass(frozen=True)
class Stored:
    """What the database says, as far as it can be read."""

    #: The key of our links; b"" when there is none yet.
    key: bytes = b""
    #: The id of the bot's last run, or of the one that goes on.
    instance: str = ""
    #: Subject → reason of each open breaker.
    breakers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Home:
    """What was found on this machine."""

    checks: list[Check]
    database: Stored
    #: Who holds the database now; "" when no bot runs on it.
    owner: str


async def look(settings: Settings) -> Home:
    """Database, disk, and whether a bot runs."""
    path = settings.database_path
    owner = await asyncio.to_thread(owner_of, path)
    check, stored = await asyncio.to_thread(_database, path)
    checks = [check, await asyncio.to_thread(_disk, path), await _running(settings, owner)]
    return Home(checks, stored, owner)


def _database(path: Path) -> tuple[Check, Stored]:
    name = "database"
    if not path.exists():
        return none(name, f"not there yet: the first start makes {path}"), Stored()
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as conn:
            conn.execute("PRAGMA query_only = 1")
            version = int(conn.execute("PRAGMA user_version").fetchone()[0])
            wrong = str(conn.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if wrong != "ok":
                return bad(name, f"damaged: {wrong}", "Stop the bot, and `python bot.py restore` a backup."), Stored()
            meta = dict(conn.execute("SELECT key, value FROM meta WHERE key IN ('links', 'instance')").fetchall())
            size = conn.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").fetchone()
            breakers = dict(conn.execute("SELECT subject, reason FROM breakers").fetchall())
    except sqlite3.Error as error:
        todo, fault = "Check DATABASE_URL and the file's owner.", fault_of(error)
        if fault and fault.reason == "database_corrupt":
            todo = "Check DATABASE_URL. If that is the file, stop the bot, and `python bot.py restore` a backup."
        return bad(name, f"{path} cannot be read ({error})", todo), Stored()
    stored = Stored(bytes(meta.get("links", b"")), bytes(meta.get("instance", b"")).decode(), breakers)
    if version > known_version():
        todo = "Use the newer version again, or restore an older backup."
        return bad(name, f"schema {version}; this version knows {known_version()}", todo), stored
    older = (
        f" (this version's is {known_version()}: the next start brings it there)" if version < known_version() else ""
    )
    return good(name, f"{path}: schema {version}{older}, whole, {size[0] / 1e6:.1f} MB"), stored


def _disk(path: Path) -> Check:
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        todo = "Let the bot's user write there (in a container: a volume that belongs to user 10001)."
        return bad("disk", f"nothing can be written in {folder} ({error.strerror})", todo)
    told = f"{free / 1e9:.1f} GB free in {folder}"
    return good("disk", told) if free >= DISK_LEAST else bad("disk", told, "Make room: the bot needs 1 GB at least.")


async def _running(settings: Settings, owner: str) -> Check:
    """What a running bot says about itself."""
    if not owner:
        return none("bot", "does not run now")
    if not settings.admin_port:
        return good("bot", f"runs as {owner}; ADMIN_PORT=0 does not say where to ask it")
    host = "127.0.0.1" if settings.admin_host in ("0.0.0.0", "::", "") else settings.admin_host  # noqa: S104 - compared
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.admin_port}/readyz"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.get(url) as answer,
        ):
            reasons = (await answer.json()).get("reasons", [])
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        todo = "Check ADMIN_HOST and ADMIN_PORT; a bot on another machine is asked there."
        return bad("bot", f"runs as {owner}, but {url} does not answer ({type(error).__name__})", todo)
    if reasons:
        return bad("bot", f"runs as {owner}, but is not ready: {'; '.join(map(str, reasons))}", "Look into its log.")
    return good("bot", f"runs as {owner} and is ready")


async def encoder() -> list[Check]:
    """A second of film is made and fitted, in children with the limits of real work."""
    with tempfile.TemporaryDirectory(prefix="clapper-") as folder:
        source, target = Path(folder) / "trial.mp4", Path(folder) / "fitted.mp4"
        try:
            await run_in_child(
                "trial",
                {"path": str(source)},
                memory_bytes=_TRIAL_MEMORY,
                seconds=30,
                fault=BadFilm,
                died="film_cannot_fit",
                file_bytes=10 * _TRIAL_BYTES,
            )
            film = await films.fit(source, target, limit=_TRIAL_BYTES)
        except BadFilm as fault:
            todo = "Give the process 2 GB of address space (ulimit -v), and install requirements.txt anew."
            return [bad("encoder", f"a trial film failed: {fault}", todo)]
    return [good("encoder", f"{film.video_codec} and {film.audio_codec or 'no sound'} work")]
