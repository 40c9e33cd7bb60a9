"""What a member gets who asks for what is written down about them: ZIP files with JSON, recipes and pictures."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.job import Job
from ui.results import command_line
from ui.words import recipe

#: Bytes of one file, which every conversation takes.
PART = 8_000_000


def name(n: int, of: int) -> str:
    """The file name of a part."""
    return "clapper.zip" if of == 1 else f"clapper-{n}-of-{of}.zip"


def zipped(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], jobs: Sequence[Job], stills: Sequence[tuple[str, bytes]]
) -> list[bytes]:
    """The ZIP files, each of at most about PART bytes. Blocks: it compresses all of it."""
    parts: list[bytes] = []
    entries = list(_entries(rows, jobs, stills))
    while entries:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as part:
            while entries and (not part.filelist or buffer.tell() + len(entries[0][1]) // 2 < PART):
                part.writestr(*entries.pop(0))
        parts.append(buffer.getvalue())
    return parts


def _entries(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], jobs: Sequence[Job], stills: Sequence[tuple[str, bytes]]
) -> Iterator[tuple[str, bytes]]:
    yield "data.json", json.dumps(rows, indent=1, ensure_ascii=False).encode("utf-8", "replace")
    for job in jobs:
        day = datetime.fromtimestamp(job.created_at / 1000, UTC).date().isoformat()
        text = f"{command_line(job)}\n\n{recipe(job)}\n{job.state.value}\n"
        yield f"recipes/{day}-{job.id}.txt", text.encode("utf-8", "replace")
    for n, (called, data) in enumerate(stills, 1):
        plain = re.sub(r"[^\w-]+", "-", called)
        yield f"characters/{n}-{plain}.jpg", data
