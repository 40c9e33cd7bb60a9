"""Knows the contract of the Sora Videos Generation API, and where its siblings' are: what a request may hold.

Written from the vendor's description alone. Where it is silent, the strict reading is taken, and a comment says so.
"""

import math
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from demo import contents, siblings
from demo.fields import Order, Refused, choice, link, number, only, picture, refuse, text

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
PICTURE_PIXELS = 50_000_000

Read = Callable[[dict[str, Any]], Order]
# provider → what reads a body of POST /{provider}/videos, or raises Refused
SIBLINGS: dict[str, Read] = {**siblings.READ, **contents.READ}
PROVIDERS = ("sora", *SIBLINGS)


def read_videos(provider: str, body: dict[str, Any], *, images_max: int, character: str) -> Order:
    """What a body of POST /{provider}/videos asks for. Raises Refused unless it is one."""
    if provider == "sora":
        return _sora(body, images_max, character)
    try:
        return SIBLINGS[provider](body)
    except Refused as refused:
        # Sora's word for a wrong parameter; the others have another.
        code = "bad_request" if refused.code == "token_mismatched" else refused.code
        raise Refused(code, refused.message) from refused


def _sora(body: dict[str, Any], images_max: int, character: str) -> Order:
    """`character` is the unit of character_start and character_end: "position" (0-1) or "seconds" (1 to 3 apart)."""
    fields = {"model", "prompt", "version", "size", "duration", "orientation", "image_urls"}
    only(body, fields | {"character_url", "character_start", "character_end"})
    model = text(body, "model")
    if model not in MODELS:
        raise refuse(f"model {model!r} is not one of {', '.join(MODELS)}", "api_not_implemented")
    prompt = text(body, "prompt")
    version = choice(body, "version", ("1.0", "2.0"), "1.0")
    choice(body, "size", ("small", "large") if version == "1.0" else tuple(PIXELS_2), "")
    choice(body, "orientation", ("landscape", "portrait", "square"), "")  # 2.0 ignores it, but it must still be one
    _duration(body, model, version)
    pictures = _images(body, images_max)
    _character(body, version, character)
    # What is left out is not described; the smallest and shortest is taken.
    if version == "2.0":
        pixels, seconds, pictures = PIXELS_2[body.get("size", "720x1280")], body.get("duration", 4), pictures[:1]
    else:
        pixels = PIXELS[body.get("size", "small"), body.get("orientation", "landscape")]
        seconds = body.get("duration", 10)
    grade = body.get("size", "small")
    return Order(prompt, model, grade, pictures, seconds, size=pixels, exact=version == "2.0")


def check_tasks(body: dict[str, Any]) -> None:
    """Raise Refused unless this is a body of POST /{provider}/tasks."""
    match body.get("action"):
        case "retrieve":
            _just(body, {"action", "id"})
            text(body, "id")
        case "retrieve_batch" if "ids" in body:
            _just(body, {"action", "ids"})
            ids = body["ids"]
            if not isinstance(ids, list) or not ids or not all(isinstance(i, str) and i for i in ids):
                raise refuse("ids must be a list of task ids")
            if len(ids) > BATCH:
                raise refuse(f"{len(ids)} ids, at most {BATCH} are allowed")
        case "retrieve_batch":
            _just(body, {"action", "created_at_min", "created_at_max", "limit", "offset"})
            for name in ("created_at_min", "created_at_max"):
                number(body.get(name, 0), name, 0, math.inf)
            for name, low, high in (("limit", 1, BATCH), ("offset", 0, math.inf)):
                if type(body.get(name, low)) is not int:
                    raise refuse(f"{name} must be a whole number")
                number(body.get(name, low), name, low, high)
        case action:
            raise refuse(f"action {action!r} is not retrieve or retrieve_batch", "api_not_implemented")


def check_picture(data: bytes, order: Order) -> tuple[int, int]:
    """The pixels of a picture. Raise Refused unless it decodes and fits the order. Blocks: it decodes all of it."""
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
    if order.exact and order.size and size != order.size:
        wanted = "x".join(map(str, order.size))
        raise Refused("api_error", f"picture is {size[0]}x{size[1]}, it must match the requested size {wanted}")
    return size


def _just(body: dict[str, Any], fields: set[str]) -> None:
    if unknown := sorted(set(body) - fields):
        raise refuse(f"unknown parameter: {', '.join(map(repr, unknown))}")


def _duration(body: dict[str, Any], model: str, version: str) -> None:
    allowed = (4, 8, 12) if version == "2.0" else (10, 15, 25)
    value = body.get("duration", allowed[0])
    if type(value) is not int or value not in allowed:  # True and 10.0 equal whole numbers, but are none
        raise refuse(f"duration must be one of {', '.join(map(str, allowed))}")
    if value == 25 and model != "sora-2-pro":
        raise refuse("a duration of 25 is supported by sora-2-pro only", "api_not_implemented")


def _images(body: dict[str, Any], images_max: int) -> tuple[str, ...]:
    if "image_urls" not in body:
        return ()
    urls = body["image_urls"]
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
        raise refuse("image_urls must be a list of links or Base64 images")
    if len(urls) > images_max:  # the description says "several"
        raise refuse(f"{len(urls)} image_urls, at most {images_max} are allowed")
    return tuple(picture(url, "image_urls") for url in urls)


def _character(body: dict[str, Any], version: str, unit: str) -> None:
    given = [name for name in ("character_url", "character_start", "character_end") if name in body]
    if not given:
        return
    if version == "2.0":
        raise refuse("version 2.0 has no character", "api_not_implemented")
    if "character_url" not in body:
        raise refuse(f"{given[0]} needs character_url")
    link(body["character_url"], "character_url")
    if unit == "seconds" and len(given) < 3:
        raise refuse("character_url needs character_start and character_end")
    high = 1 if unit == "position" else 3600
    start = number(body.get("character_start", 0), "character_start", 0, high)
    end = number(body.get("character_end", high), "character_end", 0, high)
    if start >= end:
        raise refuse("character_start must be less than character_end")
    if unit == "seconds" and not 1 <= round(end - start, 6) <= 3:
        raise refuse("character_start and character_end must be 1 to 3 seconds apart")
