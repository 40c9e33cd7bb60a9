"""Knows how a request's body is read: JSON, or multipart with files that are really read to the end."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from .errors import ApiError, refusal
from .model import Json

CHUNK = 256 * 1024
FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True)
class Upload:
    filename: str
    size: int
    sha256: str
    data: bytes | None


@dataclass
class Body:
    """`files` are keyed by the number n of the field `files[n]`."""

    payload: Json = field(default_factory=dict)
    files: dict[int, Upload] = field(default_factory=dict)


def parse(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise refusal(50109) from None


async def read_body(request: web.Request, *, keep_bytes: bool, limit: int | None) -> Body:
    if request.content_type.startswith("multipart/"):
        return await _read_multipart(request, keep_bytes, limit)
    raw = await request.read()
    if not raw:
        return Body()
    if request.content_type != "application/json":
        raise ApiError(400, 50035, "Invalid Form Body")
    value = parse(raw)
    return Body(value if isinstance(value, dict) else {"": value})


async def _read_multipart(request: web.Request, keep_bytes: bool, limit: int | None) -> Body:
    body = Body()
    total = 0
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.name == "payload_json":
            body.payload = parse(await part.text(encoding="utf-8"))
        elif found := FILE_FIELD.fullmatch(part.name or ""):
            body.files[int(found[1])] = upload = await _read_file(part, keep_bytes)
            total += upload.size
        else:
            raise ApiError(400, 50035, "Invalid Form Body", {"_errors": [{"code": "?", "message": str(part.name)}]})
    if limit is not None and total > limit:
        raise refusal(40005)
    return body


async def _read_file(part: BodyPartReader, keep_bytes: bool) -> Upload:
    digest = hashlib.sha256()
    kept = bytearray()
    size = 0
    while chunk := await part.read_chunk(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if keep_bytes:
            kept += chunk
    return Upload(part.filename or "unnamed", size, digest.hexdigest(), bytes(kept) if keep_bytes else None)
