"""How a picture from a stranger is decoded and drawn again; runs only in a child process."""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import Image, ImageCms, ImageOps

from domain.faults import BadPicture

#: What shines through transparent places: as far from white text as from black.
BACKGROUND = (128, 128, 128)
#: Qualities tried, best first. Below the last one a smaller picture looks better than a worse one.
QUALITIES = (90, 84, 78, 70, 60, 50)
ROUGH = (40, 30, 20, 10, 5)


def normalise(arguments: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer {width, height} and the JPEG; see media.pictures.normalise for what is asked and refused."""
    limit = int(arguments["max_pixels"])
    if arguments["kind"] == "webp":
        # libwebp allots the whole canvas as soon as it is opened, so this size is read by hand.
        _refuse_giant(_webp_size(data), limit)
    # Our own comparison comes first, because it knows the numbers; Pillow's stays on for what it finds while decoding.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(data), formats=[arguments["kind"].upper()]) as image:
            _refuse_giant(image.size, limit)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            Image.MAX_IMAGE_PIXELS = limit
            image.load()
            drawn = _upright_rgb(image)
    except (BadPicture, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture("picture_broken", how="bomb") from None
    except Exception as error:  # Pillow's plugins raise every kind there is for bytes that make no sense
        raise BadPicture("picture_broken", how=type(error).__name__) from None
    exact = arguments["exact"]
    drawn = _sized(drawn, tuple(exact) if exact else None, int(arguments["max_side"]))
    drawn, jpeg = _squeezed(drawn, int(arguments["max_bytes"]), exact is not None)
    return {"width": drawn.width, "height": drawn.height}, jpeg


def _refuse_giant(size: tuple[int, int], limit: int) -> None:
    width, height = size
    if width * height > limit:
        raise BadPicture("picture_giant", width=width, height=height, limit=limit)


def _webp_size(data: bytes) -> tuple[int, int]:
    """The canvas of a WebP file. Source: https://developers.google.com/speed/webp/docs/riff_container"""
    head = data[:30].ljust(30, b"\0")
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def _upright_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        # 16 bits of grey: converting straight to 8 bits would clip instead of scaling.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, BACKGROUND)
        image.paste(layer, mask=layer.getchannel("A"))
    if image.mode not in ("RGB", "CMYK", "L"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        result = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that cannot be read, or is for another kind of colours, is no reason to refuse the picture.
        return image
    return result or image


def _sized(image: Image.Image, exact: tuple[int, int] | None, max_side: int) -> Image.Image:
    if exact:
        return ImageOps.fit(image, exact, Image.Resampling.LANCZOS)
    longest = max(image.size)
    return image if longest <= max_side else _shrunk(image, max_side / longest)


def _shrunk(image: Image.Image, factor: float) -> Image.Image:
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _squeezed(image: Image.Image, max_bytes: int, keep_size: bool) -> tuple[Image.Image, bytes]:
    """The picture, smaller if it had to be, and its JPEG of at most `max_bytes`."""
    # A new image: whatever Pillow would write along (EXIF, comments, profile) stays behind.
    image = Image.frombytes("RGB", image.size, image.tobytes())
    while True:
        out = io.BytesIO()
        for quality in QUALITIES + ROUGH if keep_size else QUALITIES:
            out = io.BytesIO()
            image.save(out, "JPEG", quality=quality, optimize=True, progressive=False)
            if out.tell() <= max_bytes:
                return image, out.getvalue()
        if keep_size or max(image.size) <= 16:
            raise BadPicture("picture_large", bytes=out.tell(), limit=max_bytes)
        image = _shrunk(image, 0.8)
