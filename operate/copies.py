"""`backup` and `restore`: a copy of the database while the bot runs, and back again while it does not."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from domain.faults import StorageFault
from storage import database
from storage import restore as copies
from storage.database import known_version


async def backup(path: Path, target: Path) -> int:
    """Copy the database at `path` to a new file. Raises StorageFault. Returns the exit status."""
    if not await asyncio.to_thread(path.exists):
        return _no(f"There is no database at {path} yet: it is made when the bot first starts.")
    if await asyncio.to_thread(target.exists):
        return _no(f"{target} exists already, and a backup replaces nothing. Choose another name.")
    if not await asyncio.to_thread(target.parent.is_dir):
        return _no(f"There is no folder {target.parent}. Make it first.")
    try:
        await database.backup(path, target)
    except StorageFault as fault:
        if fault.reason != "disk_full":
            raise
        return _no(f"{target} cannot be written ({fault.values['detail']}). Check its disk's space, and its folder.")
    found = await asyncio.to_thread(copies.look_into, target)
    print(f"{target}: {_size(target)}, schema {found.version}, {found.jobs:,} films; read through and whole.")
    return 0


async def restore(path: Path, source: Path) -> int:
    """Put a copy in the place of the database at `path`. Raises StorageFault. Returns the exit status."""
    if not await asyncio.to_thread(source.is_file):
        return _no(f"There is no file {source}.")
    try:
        found, kept = await copies.restore(source, path)
    except StorageFault as fault:
        if fault.reason != "database_corrupt":
            raise
        return _no(f"{source} is damaged. Nothing was changed; take another copy.")
    print(f"{path}: {found.jobs:,} films, schema {found.version}, restored from {source}.")
    if found.version < known_version():
        print("It is brought up to date when the bot starts.")
    if kept:
        print(f"What was there before is kept as {kept}. Delete it when all is well.")
    print("What happened after the copy was made is not known any more; docs/operators.md says what follows from that.")
    return 0


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"


def _no(text: str) -> int:
    print(text, file=sys.stderr)
    return 1
