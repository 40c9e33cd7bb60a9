"""Knows the contract of the Sora Videos Generation API: what a request may hold, and why others are refused.

Written from the vendor's description alone. Where it is silent, the strict reading is taken, and a comment says so.
"""

import base64
import binascii
import math
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

MODELS = ("sora-2", "sora-2-pro")
# size and orientation → pixels, for version 1.0; version 2.0 names its pixels.
PIXELS = {
    ("small", "landscape"): (1280, 720),
    ("small", "portrait"): (720, 1280),
    ("small", "square"): (720, 720),
    ("large", "landscape"): (1920, 1080),
    ("large", "portrait"): (1080, 1920),
    ("large", "square"): (1080, 1080),
}
PIXELS_2 = {"720x1280": (720, 1280), "1280x720": (1280, 720), "1024x1792": (1024, 1792), "1792x1024": (1792, 1024)}
BATCH = 50
PICTURE_BYTES = 20 * 2**20
PICTURE_PIXELS = 50_000_000
# error code → HTTP status
STATUS = {
    "token_mismatched": 400,
    "api_not_implemented": 400,
    "invalid_token": 401,
    "used_up": 403,
    "forbidden": 403,
    "no_api": 404,
    "request_too_large": 413,
    "too_many_requests": 429,
    "api_error": 500,
    "timeout": 504,
}


@dataclass
class Refused(Exception):
    """An error of the contract: its code (a key of STATUS) and a message for people."""

    code: str
    message: str
    retry_after: float | None = None  # seconds


def check_videos(body: dict[str, Any], *, images_max: int, character: str) -> None:
    """Raise Refused unless this is a body of POST /sora/videos.

    `character` is the unit of character_start and character_end: "position" (0-1) or "seconds" (1 to 3 apart).
    """
    fields = {"model", "prompt", "version", "size", "duration", "orientation", "image_urls"}
    fields |= {"character_url", "character_start", "character_end", "callback_url", "async"}
    _only(body, fields)
    model = _text(body, "model")
    if model not in MODELS:
        raise Refused("api_not_implemented", f"model {model!r} is not one of {', '.join(MODELS)}")
    _text(body, "prompt")
    version = _choice(body, "version", ("1.0", "2.0"), "1.0")
    _choice(body, "size", ("small", "large") if version == "1.0" else tuple(PIXELS_2), "")
    _choice(body, "orientation", ("landscape", "portrait", "square"), "")  # 2.0 ignores it, but it must still be one
    _duration(body, model, version)
    _images(body, images_max)
    _character(body, version, character)
    if "callback_url" in body:
        _link(body["callback_url"], "callback_url")
    if not isinstance(body.get("async", False), bool):
        raise Refused("token_mismatched", "async must be true or false")


def check_tasks(body: dict[str, Any]) -> None:
    """Raise Refused unless this is a body of POST /sora/tasks."""
    match body.get("action"):
        case "retrieve":
            _only(body, {"action", "id"})
            _text(body, "id")
        case "retrieve_batch" if "ids" in body:
            _only(body, {"action", "ids"})
            ids = body["ids"]
            if not isinstance(ids, list) or not ids or not all(isinstance(i, str) and i for i in ids):
                raise Refused("token_mismatched", "ids must be a list of task ids")
            if len(ids) > BATCH:
                raise Refused("token_mismatched", f"{len(ids)} ids, at most {BATCH} are allowed")
        case "retrieve_batch":
            _only(body, {"action", "created_at_min", "created_at_max", "limit", "offset"})
            for name in ("created_at_min", "created_at_max"):
                _number(body.get(name, 0), name, 0, math.inf)
            for name, low, high in (("limit", 1, BATCH), ("offset", 0, math.inf)):
                if type(body.get(name, low)) is not int:
                    raise Refused("token_mismatched", f"{name} must be a whole number")
                _number(body.get(name, low), name, low, high)
        case action:
            raise Refused("api_not_implemented", f"action {action!r} is not retrieve or retrieve_batch")


def film_shape(body: dict[str, Any]) -> tuple[int, int, int]:
    """Width, height (pixels) and seconds of the film that a checked request asks for."""
    # What is left out is not described; the smallest and shortest is taken.
    if body.get("version") == "2.0":
        return *PIXELS_2[body.get("size", "720x1280")], body.get("duration", 4)
    return *PIXELS[body.get("size", "small"), body.get("orientation", "landscape")], body.get("duration", 10)


def inline_picture(url: str) -> bytes | None:
    """The bytes of a `data:image/...;base64,...` URL; None for a link."""
    if not url.startswith("data:"):
        return None
    match = re.fullmatch(r"data:image/(?:jpeg|png|webp);base64,([A-Za-z0-9+/]+={0,2})", url)
    try:
        return base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        return b""


def check_picture(data: bytes, body: dict[str, Any]) -> None:
    """Raise Refused unless these bytes decode to a picture that fits the request. Blocks: it decodes all of it."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > PICTURE_PIXELS:
                raise Refused("api_error", f"picture of {image.width}x{image.height} is too large")
            size = image.size
            image.load()
    except Refused:
        raise
    except Exception as error:  # Pillow raises many kinds for broken pictures
        raise Refused("api_error", f"picture could not be decoded: {error}") from error
    width, height, _ = film_shape(body)
    if body.get("version") == "2.0" and size != (width, height):
        raise Refused("api_error", f"picture is {size[0]}x{size[1]}, it must match the requested size {width}x{height}")


def _only(body: dict[str, Any], fields: set[str]) -> None:
    if unknown := sorted(set(body) - fields):
        raise Refused("token_mismatched", f"unknown parameter: {', '.join(map(repr, unknown))}")


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused("token_mismatched", f"{name} is required, as text")
    return value


def _choice(body: dict[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    value = body.get(name, default)
    if name in body and value not in choices:  # also a refusal for null: a field is given or left out
        raise Refused("token_mismatched", f"{name} must be one of {', '.join(choices)}")
    return value


def _number(value: Any, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refused("token_mismatched", f"{name} must be a number from {low} to {high}")
    return value


def _duration(body: dict[str, Any], model: str, version: str) -> None:
    allowed = (4, 8, 12) if version == "2.0" else (10, 15, 25)
    value = body.get("duration", allowed[0])
    if type(value) is not int or value not in allowed:  # True and 10.0 equal whole numbers, but are none
        raise Refused("token_mismatched", f"duration must be one of {', '.join(map(str, allowed))}")
    if value == 25 and model != "sora-2-pro":
        raise Refused("api_not_implemented", "a duration of 25 is supported by sora-2-pro only")


def _images(body: dict[str, Any], images_max: int) -> None:
    if "image_urls" not in body:
        return
    urls = body["image_urls"]
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
        raise Refused("token_mismatched", "image_urls must be a list of links or Base64 images")
    if len(urls) > images_max:  # the description says "several"
        raise Refused("token_mismatched", f"{len(urls)} image_urls, at most {images_max} are allowed")
    for url in urls:
        data = inline_picture(url)
        if data == b"":
            raise Refused(
                "token_mismatched", "image_urls holds Base64 that is not data:image/(jpeg|png|webp);base64,..."
            )
        if data is None:
            _link(url, "image_urls")
        elif len(data) > PICTURE_BYTES:
            raise Refused("request_too_large", f"a picture is over {PICTURE_BYTES} bytes")


def _character(body: dict[str, Any], version: str, unit: str) -> None:
    given = [name for name in ("character_url", "character_start", "character_end") if name in body]
    if not given:
        return
    if version == "2.0":
        raise Refused("api_not_implemented", "version 2.0 has no character")
    if "character_url" not in body:
        raise Refused("token_mismatched", f"{given[0]} needs character_url")
    _link(body["character_url"], "character_url")
    if unit == "seconds" and len(given) < 3:
        raise Refused("token_mismatched", "character_url needs character_start and character_end")
    high = 1 if unit == "position" else 3600
    start = _number(body.get("character_start", 0), "character_start", 0, high)
    end = _number(body.get("character_end", high), "character_end", 0, high)
    if start >= end:
        raise Refused("token_mismatched", "character_start must be less than character_end")
    if unit == "seconds" and not 1 <= end - start <= 3:
        raise Refused("token_mismatched", "character_start and character_end must be 1 to 3 seconds apart")


def _link(value: Any, name: str) -> None:
    try:
        url = urlsplit(value) if isinstance(value, str) and len(value) <= 4096 else urlsplit("")
        good = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 80) > 0
    except ValueError:
        good = False
    if not good or re.search(r"[^!-~]|\\", value):
        raise Refused("token_mismatched", f"{name} holds no http(s) link")
