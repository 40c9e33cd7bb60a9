"""Reads the fields of a request strictly: whatever is not described is refused, with the contract's error."""

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PICTURE_BYTES = 20 * 2**20
# error code → HTTP status
STATUS = {
    "token_mismatched": 400,
    "bad_request": 400,
    "api_not_implemented": 400,
    "disabled": 400,
    "invalid_token": 401,
    "used_up": 403,
    "forbidden": 403,
    "not_allowed": 403,
    "no_api": 404,
    "request_too_large": 413,
    "sensitive": 422,
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


@dataclass(frozen=True)
class Order:
    """What a checked request asks for, whichever model's it is: enough to draw a film of it."""

    prompt: str
    model: str
    grade: str  # how fine, in the request's own word
    pictures: tuple[str, ...]  # links or data: URIs
    seconds: int
    lines: int = 720  # of the shorter side
    ratio: str = "16:9"  # "adaptive": the first picture's
    size: tuple[int, int] | None = None  # pixels, where the request names them
    exact: bool = False  # pictures have to have just these pixels

    def pixels(self, first: tuple[int, int] | None) -> tuple[int, int]:
        """Width and height of its film, with the pixels of its first picture. Never more than 1080 lines are drawn."""
        if self.size:
            return self.size
        across, down = first or (16, 9)
        if self.ratio != "adaptive":
            across, down = map(int, self.ratio.split(":"))
        scale = min(self.lines, 1080) / min(across, down)
        return round(across * scale / 2) * 2, round(down * scale / 2) * 2


NOTHING = Order("", "", "", (), 1)


def refuse(message: str, code: str = "token_mismatched") -> Refused:
    return Refused(code, message)


def only(body: dict[str, Any], fields: Collection[str]) -> None:
    """Fields of the body, besides the two that every request may have."""
    if unknown := sorted(set(body) - set(fields) - {"callback_url", "async"}):
        raise refuse(f"unknown parameter: {', '.join(map(repr, unknown))}")
    if "callback_url" in body:
        link(body["callback_url"], "callback_url")
    if not isinstance(body.get("async", False), bool):
        raise refuse("async must be true or false")


def text(body: dict[str, Any], name: str, most: int = 100_000) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise refuse(f"{name} is required, as text")
    if len(value) > most:
        raise refuse(f"{name} has {len(value)} characters, at most {most} are allowed")
    return value


def choice(body: dict[str, Any], name: str, choices: Collection[str], default: str) -> str:
    value = body.get(name, default)
    if name in body and value not in choices:  # also a refusal for null: a field is given or left out
        raise refuse(f"{name} must be one of {', '.join(choices)}")
    return value


def number(value: Any, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise refuse(f"{name} must be a number from {low} to {high}")
    return value


def whole(body: dict[str, Any], name: str, choices: Collection[int], default: int) -> int:
    value = body.get(name, default)
    if type(value) is not int or value not in choices:  # True and 10.0 equal whole numbers, but are none
        raise refuse(f"{name} must be one of {', '.join(map(str, choices))}")
    return value


def flag(body: dict[str, Any], name: str, default: bool = False) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise refuse(f"{name} must be true or false")
    return value


def none_of(body: dict[str, Any], names: Collection[str], why: str) -> None:
    if given := sorted(set(names) & set(body)):
        raise refuse(f"{given[0]} is not supported {why}")


def link(value: Any, name: str) -> str:
    try:
        url = urlsplit(value) if isinstance(value, str) and len(value) <= 4096 else urlsplit("")
        good = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 80) > 0
    except ValueError:
        good = False
    if not good or re.search(r"[^!-~]|\\", value):
        raise refuse(f"{name} holds no http(s) link")
    return value


def links(body: dict[str, Any], name: str, low: int, high: int) -> tuple[str, ...]:
    """A list of so many links."""
    urls = body.get(name)
    if not isinstance(urls, list) or not low <= len(urls) <= high:
        raise refuse(f"{name} must be a list of {low} to {high} links")
    return tuple(link(url, name) for url in urls)


def picture(value: Any, name: str) -> str:
    """A link or a data: URI of a picture."""
    data = inline_picture(value) if isinstance(value, str) else b""
    if data == b"":
        raise refuse(f"{name} holds Base64 that is not data:image/(jpeg|png|webp);base64,...")
    if data is None:
        return link(value, name)
    if len(data) > PICTURE_BYTES:
        raise refuse(f"a picture is over {PICTURE_BYTES} bytes", "request_too_large")
    return value


def inline_picture(url: str) -> bytes | None:
    """The bytes of a `data:image/...;base64,...` URL; None for a link."""
    if not url.startswith("data:"):
        return None
    match = re.fullmatch(r"data:image/(?:jpeg|png|webp);base64,([A-Za-z0-9+/]+={0,2})", url)
    try:
        return base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        return b""
