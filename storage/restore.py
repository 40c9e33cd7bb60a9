"""Putting a copy of the database back in its place: checked, doubted where time has passed, and swapped in at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from domain.faults import StorageFault
from storage.database import backup, damage, fault_of, known_version, process_lock

#: What the world may have done since the copy was made. A job that was waiting then may have been sent: it is looked
#: for first, as after a crash, and sent again only when the API does not have it. A film that was still to be posted
#: may have been: its place is searched for it first.
_DOUBT = """
    UPDATE jobs SET state = 'submitting', sent_at = created_at, next_look_at = 0, looks = 0
        WHERE state = 'queued' AND prepared_at > 0;
    UPDATE jobs SET target_id = CASE WHEN state = 'ready' AND place IN ('text', 'announcement') AND private = 0
            THEN card_message_id ELSE card_channel_id END, target_at = ended_at
        WHERE state IN ('ready', 'failed', 'expired') AND announced_at = 0 AND target_id = 0 AND card_message_id <> 0;
"""


@dataclass(frozen=True)
class Copy:
    """What a copy holds."""

    version: int
    jobs: int


def look_into(path: Path) -> Copy:
    """Check a copy that nobody writes, and say what it holds. Raises StorageFault when it is no whole one of ours."""
    if wrong := damage(path):
        raise StorageFault("database_corrupt", detail=wrong)
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as conn:
        version = int(conn.execute("PRAGMA user_version").fetchone()[0])
        tables = {row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if version < 1 or not {"meta", "jobs", "ledger"} <= tables:
            raise StorageFault("database_strange")
        if version > known_version():
            raise StorageFault("database_newer", found=version, known=known_version())
        return Copy(version, int(conn.execute("SELECT count(*) FROM jobs").fetchone()[0]))


async def restore(source: Path, path: Path) -> tuple[Copy, Path | None]:
    """Put the copy at `source` in the place of the database at `path`; returns what it holds, and where the old one is.

    Raises StorageFault, and has changed nothing then: "database_in_use" while a bot runs on it, "database_newer",
    "database_corrupt" or "database_strange" for a copy that cannot be used.
    """
    async with process_lock(path, 0):
        part = path.with_name(f"{path.name}.restored")
        await backup(source, part)
        try:
            found = await asyncio.to_thread(look_into, part)
            return found, await asyncio.to_thread(_swap, part, path)
        except sqlite3.Error as error:
            raise fault_of(error) or StorageFault("database_corrupt") from error
        except OSError as error:
            raise StorageFault("disk_full", detail=error.strerror or type(error).__name__) from error
        finally:
            part.unlink(missing_ok=True)


def _swap(part: Path, path: Path) -> Path | None:
    with contextlib.closing(sqlite3.connect(part)) as conn:
        conn.executescript(f"BEGIN IMMEDIATE; {_DOUBT} COMMIT;")
    kept = path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%d-%H%M%S}") if path.exists() else None
    if kept:
        _fold(path)
        # Its log must be gone before another file has its name: SQLite would apply one to the other.
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + ending).rename(kept.with_name(kept.name + ending))
        try:
            os.link(path, kept)
        except OSError:  # no links on this disk
            shutil.copy2(path, kept)
    part.replace(path)
    return kept


def _fold(path: Path) -> None:
    """Bring what stands in the log of the old database into its file, where it is not damaged."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
