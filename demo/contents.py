"""Knows the contracts of Sora's siblings whose pictures stand in lists with roles: Seedance, Wan and MiniMax.

Written from the vendor's description alone. Where it is silent, the strict reading is taken, and a comment says so.
"""

import re
from collections.abc import Callable
from typing import Any

from demo.fields import Order, choice, flag, link, links, none_of, number, only, picture, refuse, text, whole

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16")
LINES = {"480p": 480, "720p": 720, "1080p": 1080, "4k": 2160}
LINES |= {"480P": 480, "720P": 720, "768P": 768, "1080P": 1080, "2K": 1440}

_VERSIONS = {
    "2-5-260628": "2.5",
    "2-0-260128": "2.0",
    "2-0-fast-260128": "2.0 fast",
    "2-0-mini-260615": "2.0 mini",
    "1-5-pro-251215": "1.5",
    "1-0-pro-250528": "1.0",
    "1-0-pro-fast-251015": "1.0",
    "1-0-lite-t2v-250428": "1.0 t2v",
    "1-0-lite-i2v-250428": "1.0 i2v",
}
_SEEDANCE = {"model", "content", "resolution", "ratio", "duration", "frames", "generate_audio", "seed", "camerafixed"}
_SEEDANCE |= {"watermark", "return_last_frame", "execution_expires_after"}
_NEWEST = {"omni_reference_task_type", "output_format", "tools", "priority", "safety_identifier"}


def seedance(body: dict[str, Any]) -> Order:
    """Of what only 2.5 has, the fields are known and not what is in them: nobody here sends them."""
    only(body, _SEEDANCE | _NEWEST)
    model = text(body, "model")
    version = _VERSIONS.get(model.removeprefix("doubao-seedance-"), "")
    if not version or not model.startswith("doubao-seedance-"):
        raise refuse(f"there is no model {model!r}")
    if version != "2.5":
        none_of(body, _NEWEST, f"by {model}")
    most = {"2.5": 30, "2.0": 9}.get(version[:3], 0)
    prompt, pictures = _content(body, 1000, most, picture)
    if (version == "1.0 t2v" and pictures) or (version == "1.0 i2v" and not pictures):
        raise refuse("of the lite models t2v takes no picture, and i2v needs one")
    sizes = {"2.5": ("480p", "720p", "1080p"), "2.0": ("480p", "720p", "1080p", "4k")}
    sizes |= dict.fromkeys(("2.0 fast", "2.0 mini"), ("480p", "720p"))
    usual = "480p" if "lite" in model else "720p"
    resolution = choice(body, "resolution", sizes.get(version, ("480p", "720p", "1080p")), usual)
    ratio = choice(body, "ratio", (*RATIOS, "21:9", *(("adaptive",) if pictures else ())), "16:9")
    longest = {"1.0": range(2, 13), "1.5": range(4, 13), "2.0": range(4, 16), "2.5": range(4, 31)}[version[:3]]
    seconds = whole(body, "duration", longest if version[:3] == "1.0" else (-1, *longest), 5)
    if "frames" in body and ("duration" in body or version[:3] != "1.0" or body["frames"] not in range(29, 290, 4)):
        raise refuse("frames is 25 + 4n, instead of duration, and of 1.0 only")
    for name in ("generate_audio", "camerafixed", "watermark", "return_last_frame"):
        flag(body, name)
    number(body.get("seed", -1), "seed", -1, 4294967295)
    number(body.get("execution_expires_after", 172800), "execution_expires_after", 3600, 259200)
    return Order(prompt, model, resolution, pictures, 5 if seconds < 0 else seconds, LINES[resolution], ratio)


def minimax(body: dict[str, Any]) -> Order:
    only(body, {"model", "content", "resolution", "duration", "ratio"})
    if text(body, "model") != "MiniMax-H3":
        raise refuse("model must be MiniMax-H3")
    prompt, pictures = _content(body, 7000, 4, picture)  # no number of pictures is described
    if not {"resolution", "duration"} <= set(body):
        raise refuse("resolution and duration are required")
    resolution = choice(body, "resolution", ("480P", "768P", "2K"), "")
    seconds = whole(body, "duration", range(4, 16), 0)
    if not pictures and "ratio" not in body:
        raise refuse("ratio is required for text only")
    ratio = choice(body, "ratio", (*RATIOS, "21:9", *(("adaptive",) if pictures else ())), "adaptive")
    return Order(prompt, "MiniMax-H3", resolution, pictures, seconds, LINES[resolution], ratio)


_WAN = ("wan2.6-t2v", "wan2.6-i2v", "wan2.6-i2v-flash", "wan2.6-r2v", "wan3.0-video")
_WAN_FIELDS = {"model", "prompt", "negative_prompt", "duration", "resolution", "audio", "prompt_extend", "audio_url"}
_WAN_FIELDS |= {"shot_type"}
_WAN_2 = {"action", "image_url", "reference_video_urls", "size"}
_WAN_3 = {"media", "ratio", "seed", "watermark"}


def wan(body: dict[str, Any]) -> Order:
    only(body, _WAN_FIELDS | _WAN_2 | _WAN_3)
    model = choice(body, "model", _WAN, "")
    if not model:
        raise refuse("model is required")
    prompt = text(body, "prompt")
    if "negative_prompt" in body:
        text(body, "negative_prompt", 500)
    newest = model == "wan3.0-video"
    none_of(body, _WAN_2 if newest else _WAN_3, f"by {model}")
    pictures, ratio = _wan_3(body) if newest else (_wan_2(body, model), "16:9")
    seconds = whole(body, "duration", (-1, *range(2, 31)) if newest else (5, 10, 15), 5)
    resolution = choice(body, "resolution", ("480P", "720P", "1080P"), "720P")
    for name in ("audio", "prompt_extend"):
        flag(body, name)
    flag(body, "watermark")
    number(body.get("seed", 0), "seed", -1, 4294967295)
    if not re.fullmatch(
        r"\d+[*x]\d+", str(body.get("size", "1x1"))
    ):  # the vendor's pages have one, its client the other
        raise refuse("size must be like 1280*720")
    if "audio_url" in body:
        link(body["audio_url"], "audio_url")
    if choice(body, "shot_type", ("single", "multi"), "") and not body.get("prompt_extend"):
        raise refuse("shot_type needs prompt_extend")
    if pictures and not newest:
        ratio = "adaptive"
    return Order(prompt, model, resolution, pictures, 5 if seconds < 0 else seconds, LINES[resolution], ratio)


def _wan_2(body: dict[str, Any], model: str) -> tuple[str, ...]:
    kind = model.removeprefix("wan2.6-")
    can = {"t2v": ("text2video",), "r2v": ("text2video", "image2video")}.get(kind, ("image2video",))
    if choice(body, "action", ("text2video", "image2video"), "text2video") not in can:
        raise refuse(f"{model} needs action {' or '.join(can)}")
    needs = {"t2v": "", "r2v": "reference_video_urls"}.get(kind, "image_url")
    none_of(body, {"image_url", "reference_video_urls"} - {needs}, f"by {model}")
    if needs == "reference_video_urls":
        links(body, needs, 1, 3)  # no number is described
    return (link(body.get(needs), needs),) if needs == "image_url" else ()


def _wan_3(body: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    kinds = ("first_frame", "last_frame", "reference_image", "reference_video", "reference_audio", "file", "link")
    items = body.get("media", [])
    if not isinstance(items, list) or len(items) > 10 or ("media" in body and not items):
        raise refuse("media holds 1 to 10 items")
    found: list[tuple[str, str]] = []
    for item in items:
        if not isinstance(item, dict) or set(item) != {"type", "url"} or item["type"] not in kinds:
            raise refuse("an item of media has a type and a url")
        found.append((item["type"], link(item["url"], "media")))
    pictures = _in_order(found)
    return pictures, choice(body, "ratio", (*RATIOS, "adaptive"), "16:9")


def _content(
    body: dict[str, Any], prompt_max: int, references: int, read: Callable[[Any, str], str]
) -> tuple[str, tuple[str, ...]]:
    """The text and the pictures of a list of typed items; `references` pictures to go by are the most."""
    items = body.get("content")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise refuse("content must be a list of objects")
    texts = [item for item in items if item.get("type") == "text"]
    if len(texts) != 1 or set(texts[0]) != {"type", "text"}:  # more than one is not described
        raise refuse("content holds one text, as {type, text}")
    found: list[tuple[str, str]] = []
    for item in items:
        if item.get("type") == "text":
            continue
        if item.get("type") != "image_url":
            raise refuse("items of content are text or image_url")  # videos and sounds: nobody here sends them
        inner = item.get("image_url")
        if set(item) != {"type", "role", "image_url"} or not isinstance(inner, dict) or set(inner) != {"url"}:
            raise refuse("a picture of content is {type, role, image_url: {url}}")
        if item["role"] not in ("first_frame", "last_frame", "reference_image"):
            raise refuse(f"role {item['role']!r} is none of a picture")
        found.append((item["role"], read(inner["url"], "content")))
    if sum(role == "reference_image" for role, _ in found) > references:
        raise refuse(f"at most {references} pictures to go by are allowed")
    return text(texts[0], "text", prompt_max), _in_order(found)


def _in_order(found: list[tuple[str, str]]) -> tuple[str, ...]:
    """Pictures by their roles: one first frame, one last that needs it, or those to go by."""
    roles = [role for role, _ in found]
    if len(set(roles)) != len(roles) - max(0, roles.count("reference_image") - 1):
        raise refuse("each frame can be given once")
    if {"first_frame", "last_frame"} & set(roles) and any(role.startswith("reference") for role in roles):
        raise refuse("frames and references exclude each other")
    if "last_frame" in roles and "first_frame" not in roles:  # not described alone
        raise refuse("a last frame needs a first one")
    ranks = {"first_frame": 0, "reference_image": 0, "last_frame": 1}
    return tuple(url for role, url in sorted(found, key=lambda one: ranks.get(one[0], 2)) if role in ranks)


READ = {f.__name__: f for f in (seedance, minimax, wan)}
