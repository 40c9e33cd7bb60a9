"""What the vendor's contracts want of each row of the catalogue, written down by hand: model, mode, and the body."""

from __future__ import annotations

from typing import Any

#: The pictures of a request, in order.
A, B, C = (f"https://pictures.example/{name}.jpg" for name in "abc")
PICTURES = {"text": [], "first": [A], "ends": [A, B], "references": [A, B, C]}
#: What every request of these tests asks for beside its defaults, and where it is answered.
PROMPT, HOOK = "A paper boat", "https://bot.example/callback/1"

Body = dict[str, Any]


def _content(*items: tuple[str, str]) -> Body:
    """Seedance's and MiniMax's list: the prompt, then pictures with their roles."""
    pictures = [{"type": "image_url", "role": role, "image_url": {"url": url}} for role, url in items]
    return {"content": [{"type": "text", "text": PROMPT}, *pictures]}


def _media(*items: tuple[str, str]) -> Body:
    return {"prompt": PROMPT, "media": [{"type": kind, "url": url} for kind, url in items]}


_FIRST, _ENDS = ("first_frame", A), (("first_frame", A), ("last_frame", B))
_TO_GO_BY = tuple(("reference_image", url) for url in (A, B, C))


def _veo(model: str, *, fused: str = "") -> dict[str, Body]:
    rows = {
        "text": {"action": "text2video", "model": model, "aspect_ratio": "16:9"},
        "first": {"action": "image2video", "model": model, "image_urls": [A]},
        "ends": {"action": "image2video", "model": model, "image_urls": [A, B]},
    }
    if fused:
        rows["references"] = {"action": "ingredients2video", "model": fused, "image_urls": [A, B, C]}
    return {name: {"prompt": PROMPT, **body} for name, body in rows.items()}


def _kling(model: str, modes: str, **more: Any) -> dict[str, Body]:
    same = {"model": model, "prompt": PROMPT, "mode": "std", "duration": 5, **more}
    cited = f"{PROMPT} <<<image_1>>> <<<image_2>>> <<<image_3>>>"
    listed = [{"image_url": url} for url in (A, B, C)]
    rows = {
        "text": {**same, "action": "text2video", "aspect_ratio": "16:9"},
        "first": {**same, "action": "image2video", "start_image_url": A},
        "ends": {**same, "action": "image2video", "start_image_url": A, "end_image_url": B},
        "references": {**same, "action": "text2video", "prompt": cited, "image_list": listed},
    }
    return {name: rows[name] for name in modes.split()}


def _seedance(version: str, modes: str) -> dict[str, Body]:
    same = {"model": f"doubao-seedance-{version}", "duration": 5, "resolution": "720p", "generate_audio": False}
    rows = {
        "text": {**same, "ratio": "16:9", **_content()},
        "first": {**same, "ratio": "adaptive", **_content(_FIRST)},
        "ends": {**same, "ratio": "adaptive", **_content(*_ENDS)},
        "references": {**same, "ratio": "adaptive", **_content(*_TO_GO_BY)},
    }
    return {name: rows[name] for name in modes.split()}


def _sora(model: str, seconds: int, *, size: str, most: int = 4, **more: Any) -> dict[str, Body]:
    same = {"model": model, "prompt": PROMPT, "duration": seconds, "size": size, **more}
    shape = {} if "version" in more else {"orientation": "landscape"}
    rows = {"text": same | shape, "first": {**same, "image_urls": [A]}}
    if "version" in more:
        del rows["first"]["size"]  # by its shape, which is the picture's
    return {**rows, "references": {**same, "image_urls": [A, B, C]}} if most > 1 else rows


_WAN_3 = {"model": "wan3.0-video", "duration": 5, "resolution": "720P", "audio": False, "prompt_extend": False}
_WAN_2 = {"prompt": PROMPT, "duration": 5, "resolution": "720P", "audio": False, "prompt_extend": False}
_HORSE = {"prompt": PROMPT, "duration": 5, "resolution": "720P"}
_GROK = {"model": "grok-imagine-video-1.5-fast:reverse", "prompt": PROMPT, "duration": 6, "resolution": "480p"}
_GEMINI = {"model": "omni-flash", "prompt": PROMPT, "resolution": "720p"}
_MINIMAX = {"model": "MiniMax-H3", "duration": 5, "resolution": "768P"}
_LUMA = {"action": "generate", "prompt": PROMPT}
_PRO = {"mode": "pro"}

#: Model → mode → the body of a request with defaults, without its callback.
BODIES: dict[str, dict[str, Body]] = {
    "sora-2": _sora("sora-2", 10, size="small"),
    "sora-2-pro": _sora("sora-2-pro", 10, size="small"),
    "sora-2-short": _sora("sora-2", 4, size="1280x720", most=1, version="2.0"),
    "sora-2-pro-short": _sora("sora-2-pro", 4, size="1280x720", most=1, version="2.0"),
    "veo-3.1-fast": _veo("veo31-fast", fused="veo31-fast-ingredients"),
    "veo-3.1": _veo("veo31"),
    "veo-3-fast": _veo("veo3-fast"),
    "kling-3": _kling("kling-v3", "text first ends", generate_audio=False),
    "kling-3-turbo": _kling("kling-v3-turbo", "text first"),
    "kling-3-omni": _kling("kling-v3-omni", "text first ends references", generate_audio=False),
    "kling-o1": _kling("kling-o1", "text first ends references"),
    "kling-2.6": _kling("kling-v2-6", "text first", generate_audio=False)
    | {"ends": _kling("kling-v2-6", "ends", generate_audio=False)["ends"] | _PRO},
    "kling-2.5-turbo": _kling("kling-v2-5-turbo", "text first")
    | {"ends": _kling("kling-v2-5-turbo", "ends")["ends"] | _PRO},
    "luma": {
        "text": {**_LUMA, "aspect_ratio": "16:9"},
        "first": {**_LUMA, "start_image_url": A},
        "ends": {**_LUMA, "start_image_url": A, "end_image_url": B},
    },
    "seedance-2.5": _seedance("2-5-260628", "text first ends references"),
    "seedance-2": _seedance("2-0-260128", "text first ends references"),
    "seedance-2-fast": _seedance("2-0-fast-260128", "text first ends references"),
    "seedance-1.5-pro": _seedance("1-5-pro-251215", "text first ends"),
    "hailuo": {
        "text": {"action": "generate", "model": "minimax-t2v", "prompt": PROMPT},
        "first": {"action": "generate", "model": "minimax-i2v", "prompt": PROMPT, "first_image_url": A},
    },
    "wan-3": {
        "text": {**_WAN_3, "prompt": PROMPT, "ratio": "16:9"},
        "first": {**_WAN_3, "ratio": "adaptive", **_media(_FIRST)},
        "ends": {**_WAN_3, "ratio": "adaptive", **_media(*_ENDS)},
        "references": {**_WAN_3, "ratio": "adaptive", **_media(*_TO_GO_BY)},
    },
    "wan-2.6": {
        "text": {**_WAN_2, "action": "text2video", "model": "wan2.6-t2v"},
        "first": {**_WAN_2, "action": "image2video", "model": "wan2.6-i2v", "image_url": A},
    },
    "happyhorse-1.1": {
        "text": {**_HORSE, "action": "generate", "model": "happyhorse-1.1-t2v", "ratio": "16:9"},
        "first": {**_HORSE, "action": "image_to_video", "model": "happyhorse-1.1-i2v", "image_url": A},
        "references": {
            **_HORSE,
            "action": "reference_to_video",
            "model": "happyhorse-1.1-r2v",
            "image_urls": [A, B, C],
        },
    },
    "grok-imagine": {
        "text": {**_GROK, "aspect_ratio": "16:9"},
        "first": {**_GROK, "image_url": A},
        "references": {**_GROK, "reference_image_urls": [A, B, C]},
    },
    "gemini-omni-flash": {
        "text": {**_GEMINI, "aspect_ratio": "16:9"},
        "references": {**_GEMINI, "image_urls": [A, B, C]},
    },
    "minimax-h3": {
        "text": {**_MINIMAX, "ratio": "16:9", **_content()},
        "first": {**_MINIMAX, "ratio": "adaptive", **_content(_FIRST)},
        "ends": {**_MINIMAX, "ratio": "adaptive", **_content(*_ENDS)},
        "references": {**_MINIMAX, "ratio": "adaptive", **_content(*_TO_GO_BY)},
    },
}

#: What the member may change, and which field says it then: model, options, what stands in the body.
CHOICES: list[tuple[str, dict[str, Any], Body]] = [
    ("sora-2-pro", {"duration": 25, "size": "large", "orientation": "square"}, {"duration": 25, "size": "large"}),
    ("sora-2-short", {"size": "large", "orientation": "portrait"}, {"size": "1024x1792"}),
    ("veo-3.1", {"size": "4k"}, {"resolution": "4k"}),
    ("veo-3.1-fast", {"size": "1080p", "orientation": "portrait"}, {"resolution": "1080p", "aspect_ratio": "9:16"}),
    ("kling-3", {"size": "4K", "sound": True, "duration": 15}, {"mode": "4k", "generate_audio": True, "duration": 15}),
    ("kling-3", {"negative": "rain"}, {"negative_prompt": "rain"}),
    ("kling-3-turbo", {"size": "pro", "orientation": "1:1", "sound": True}, {"mode": "pro", "aspect_ratio": "1:1"}),
    # sound is to be had in pro alone, so it is pro
    ("kling-2.6", {"sound": True}, {"mode": "pro", "generate_audio": True}),
    ("luma", {"orientation": "21:9"}, {"aspect_ratio": "21:9"}),
    ("seedance-2", {"size": "4k", "sound": True}, {"resolution": "4k", "generate_audio": True}),
    ("wan-3", {"size": "1080p", "negative": "fog"}, {"resolution": "1080P", "negative_prompt": "fog"}),
    ("wan-2.6", {"sound": True, "duration": 15}, {"audio": True, "duration": 15}),
    ("happyhorse-1.1", {"size": "1080p", "orientation": "3:4"}, {"resolution": "1080P", "ratio": "3:4"}),
    ("grok-imagine", {"duration": 30, "orientation": "2:3"}, {"duration": 30, "aspect_ratio": "2:3"}),
    ("gemini-omni-flash", {"size": "1080p"}, {"resolution": "1080p"}),
    ("minimax-h3", {"size": "2k", "orientation": "21:9"}, {"resolution": "2K", "ratio": "21:9"}),
]
