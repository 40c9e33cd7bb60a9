"""What a picture must be before the video API sees it: a known kind, of bearable size, upright, without metadata."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from domain.faults import BadPicture

from .child import run_in_child

#: The largest file taken, in bytes.
MAX_BYTES = 20 * 1024 * 1024
#: The largest area taken, in pixels; read from the header, before anything is decoded.
MAX_PIXELS = 40_000_000
#: Address space of the child: 40 megapixels with transparency, twice, and the libraries.
MEMORY = 1024 * 1024 * 1024
SECONDS = 20.0

_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})


@dataclass(frozen=True)
class Picture:
    """A JPEG ready to be sent: bytes, their SHA-256 (hex), and the size in pixels."""

    data: bytes
    mime: str
    width: int
    height: int
    sha256: str


def sniff(head: bytes) -> str | None:
    """The kind of picture that these first bytes (64 are plenty) begin: jpeg, png, webp, gif, avif, heic, or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        end = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
        # A file may carry the general brand of the family beside its own: AVIF is the one that we can read.
        if brands & _AVIF:
            return "avif"
        if brands & _HEIC:
            return "heic"
    return None


async def normalise(
    data: bytes, *, exact: tuple[int, int] | None = None, max_bytes: int = 1_000_000, max_side: int = 1920
) -> Picture:
    """Turn a JPEG, PNG, WebP, GIF or AVIF (first frame) into an upright sRGB JPEG of at most `max_bytes`.

    `exact` (width, height) crops to that shape and resizes to just those pixels; otherwise the longest side becomes at
    most `max_side`, never more than it was. Transparency becomes a neutral grey. Raises BadPicture: picture_empty,
    picture_unknown, picture_heic, picture_broken (values: how), picture_large (values: bytes, limit), picture_giant
    (values: width, height, limit).
    """
    if not data:
        raise BadPicture("picture_empty")
    if len(data) > MAX_BYTES:
        raise BadPicture("picture_large", bytes=len(data), limit=MAX_BYTES)
    kind = sniff(data[:256])
    if kind is None:
        raise BadPicture("picture_unknown")
    if kind == "heic":
        raise BadPicture("picture_heic")
    answer, jpeg = await run_in_child(
        "picture",
        {"kind": kind, "exact": exact, "max_bytes": max_bytes, "max_side": max_side, "max_pixels": MAX_PIXELS},
        payload=data,
        memory_bytes=MEMORY,
        seconds=SECONDS,
        fault=BadPicture,
        died="picture_broken",
    )
    return Picture(jpeg, "image/jpeg", answer["width"], answer["height"], hashlib.sha256(jpeg).hexdigest())
