"""Knows the contracts of Sora's siblings whose requests are flat: Veo, Kling, Luma, Hailuo, HappyHorse, Grok, Gemini.

Written from the vendor's description alone. Where it is silent, the strict reading is taken, and a comment says so.
"""

from typing import Any

from demo.fields import Order, choice, flag, link, links, none_of, number, only, refuse, text, whole

LINES = {"480p": 480, "720p": 720, "1080p": 1080, "480P": 480, "720P": 720, "1080P": 1080, "4k": 2160, "gif": 720}


def veo(body: dict[str, Any]) -> Order:
    """Sound is always there; a film takes 8 s, which nothing can change."""
    only(body, {"action", "model", "prompt", "image_urls", "resolution", "aspect_ratio", "translation", "video_id"})
    action = choice(body, "action", ("text2video", "image2video", "ingredients2video", "get1080p"), "")
    if not action:
        raise refuse("action is required")
    fused = "veo31-fast-ingredients"
    model = choice(body, "model", ("veo3", "veo3-fast", "veo31", "veo31-fast", fused), "veo3-fast")
    if action == "get1080p":
        text(body, "video_id")
        return Order("1080p", model, "1080p", (), 8, 1080)
    none_of(body, {"video_id"}, f"with {action}")
    prompt = text(body, "prompt")  # not marked as required; nothing can be made of none
    if action == "ingredients2video":
        model = body.get("model", fused)
    if (model == fused) != (action == "ingredients2video"):
        raise refuse(f"{model} does not go with {action}")
    most = {"text2video": 0, "image2video": 2, "ingredients2video": 3}[action]
    if not most:
        none_of(body, {"image_urls"}, f"with {action}")
    pictures = links(body, "image_urls", 1, most) if most else ()
    resolution = choice(body, "resolution", ("1080p", "4k", "gif"), "720p")
    if resolution == "4k" and (action, model) != ("text2video", "veo31"):
        raise refuse("4k needs text2video and veo31")
    flag(body, "translation")
    ratio = choice(body, "aspect_ratio", ("16:9", "9:16"), "16:9")
    return Order(prompt, model, resolution, pictures, 8, LINES[resolution], ratio)


_KLING = ("v1", "v1-6", "v2-master", "v2-1-master", "v2-5-turbo", "v2-6", "v3", "v3-turbo", "v3-omni")
KLING = (*(f"kling-{name}" for name in _KLING), "kling-o1")
_KLING_FIELDS = {"action", "model", "mode", "prompt", "negative_prompt", "cfg_scale", "duration", "aspect_ratio"}
_KLING_FIELDS |= {"start_image_url", "end_image_url", "generate_audio", "image_list", "video_id"}


def kling(body: dict[str, Any]) -> Order:
    """Without camera control, several shots, elements, voices and videos to go by: nobody here asks for them."""
    only(body, _KLING_FIELDS)
    action = choice(body, "action", ("text2video", "image2video", "extend"), "")
    if not action:
        raise refuse("action is required")
    model = choice(body, "model", KLING, "kling-v1")
    prompt = text(body, "prompt", 2500)  # described for the turbo; the strict reading takes it for all
    new, omni = model.startswith("kling-v3"), model in ("kling-v3-omni", "kling-o1")
    mode = choice(body, "mode", ("std", "pro", *(("4k",) if model in ("kling-v3", "kling-v3-omni") else ())), "std")
    length = body.get("duration", 5)
    if isinstance(length, float) and length.is_integer():
        length = int(length)  # the vendor's own client writes 5.0
    seconds = whole({"duration": length}, "duration", range(3, 16) if new else (5,) if omni else (5, 10), 5)
    frames = _kling_frames(body, action, model, mode, seconds)
    named = _kling_references(body, omni, mode, prompt, len(frames))
    if omni or model == "kling-v3-turbo" or named:
        none_of(body, {"negative_prompt", "cfg_scale"}, f"by {model}")
    if "negative_prompt" in body:
        text(body, "negative_prompt", 200)
    number(body.get("cfg_scale", 0.5), "cfg_scale", 0, 1)
    _kling_audio(body, model, mode)
    if action == "extend":
        if model not in ("kling-v1", "kling-v1-6", "kling-v2-5-turbo"):
            raise refuse(f"extend is not supported by {model}")
        text(body, "video_id")
    else:
        none_of(body, {"video_id"}, f"with {action}")
    ratio = choice(body, "aspect_ratio", ("16:9", "9:16", "1:1"), "16:9")
    return Order(prompt, model, mode, (*frames, *named), seconds, {"std": 720, "pro": 1080, "4k": 2160}[mode], ratio)


def _kling_frames(body: dict[str, Any], action: str, model: str, mode: str, seconds: int) -> tuple[str, ...]:
    given = [name for name in ("start_image_url", "end_image_url") if name in body]
    if action != "image2video":
        none_of(body, given, f"with {action}")
        return ()
    if "start_image_url" not in body:
        raise refuse("image2video needs start_image_url")
    if "end_image_url" in body:
        can = {"kling-v1": seconds == 5, "kling-v3": True, "kling-v3-omni": True, "kling-o1": True}
        can |= dict.fromkeys(("kling-v1-6", "kling-v2-5-turbo", "kling-v2-6"), mode == "pro")
        if not can.get(model, False):
            raise refuse(f"end_image_url is not supported by {model} {mode} {seconds} s")
    return tuple(link(body[name], name) for name in given)


def _kling_references(body: dict[str, Any], omni: bool, mode: str, prompt: str, frames: int) -> tuple[str, ...]:
    """The pictures to go by that the prompt names; those that it does not are ignored."""
    if "image_list" not in body:
        return ()
    items = body["image_list"]
    if not omni or mode == "4k":
        raise refuse("image_list needs kling-o1 or kling-v3-omni, and no 4k")
    if not isinstance(items, list) or not 1 <= len(items) <= 7 - frames:
        raise refuse("image_list holds 1 to 7 pictures, those of both ends included")
    for item in items:
        if not isinstance(item, dict) or set(item) != {"image_url"}:  # a type makes it a frame: that has its own field
            raise refuse("image_list holds objects with image_url")
        link(item["image_url"], "image_list")
    return tuple(item["image_url"] for n, item in enumerate(items, 1) if f"<<<image_{n}>>>" in prompt)


def _kling_audio(body: dict[str, Any], model: str, mode: str) -> None:
    sound = flag(body, "generate_audio", default=model == "kling-v3-turbo")
    if model == "kling-v3-turbo" and not sound:
        raise refuse("kling-v3-turbo always has sound")
    can = model in ("kling-v3", "kling-v3-omni", "kling-v3-turbo") or (model, mode) == ("kling-v2-6", "pro")
    if sound and not can:
        raise refuse(f"generate_audio is not supported by {model} {mode}")


def luma(body: dict[str, Any]) -> Order:
    """A film takes 5 s, which nothing can change."""
    only(
        body,
        {"action", "prompt", "aspect_ratio", "start_image_url", "end_image_url", "enhancement", "loop", "timeout"}
        | {"video_id", "video_url"},
    )
    action = choice(body, "action", ("generate", "extend"), "generate")
    if "prompt" not in body:
        raise refuse("prompt is required")
    prompt = text(body, "prompt")
    if action == "extend" and not {"video_id", "video_url"} & set(body):
        raise refuse("extend needs video_id or video_url")
    if action == "generate":
        none_of(body, {"video_id", "video_url"}, "with generate")
    if "video_url" in body:
        link(body["video_url"], "video_url")
    elif "video_id" in body:
        text(body, "video_id")
    for name in ("enhancement", "loop"):
        flag(body, name)
    number(body.get("timeout", 300), "timeout", 1, 3600)
    # Free in the description; these are what the vendor's own clients offer.
    ratio = choice(body, "aspect_ratio", ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21"), "16:9")
    pictures = tuple(link(body[name], name) for name in ("start_image_url", "end_image_url") if name in body)
    return Order(prompt, "luma", "720p", pictures, 5, 720, ratio)


def hailuo(body: dict[str, Any]) -> Order:
    """A film takes 6 s, which nothing can change."""
    only(body, {"action", "model", "prompt", "first_image_url"})
    if choice(body, "action", ("generate",), "") != "generate":
        raise refuse("action is required")
    model = choice(body, "model", ("minimax-t2v", "minimax-i2v", "minimax-i2v-director"), "minimax-t2v")
    prompt = text(body, "prompt")
    if ("first_image_url" in body) != (model != "minimax-t2v"):  # a picture that is not needed is refused, too
        raise refuse("first_image_url goes with minimax-i2v and minimax-i2v-director, which need it")
    pictures = (link(body["first_image_url"], "first_image_url"),) if model != "minimax-t2v" else ()
    return Order(prompt, model, "720p", pictures, 6, 720, "adaptive" if pictures else "16:9")


_HORSES = {
    "generate": ("happyhorse-1.0-t2v", "happyhorse-1.1-t2v"),
    "image_to_video": ("happyhorse-1.0-i2v", "happyhorse-1.1-i2v"),
    "reference_to_video": ("happyhorse-1.0-r2v", "happyhorse-1.1-r2v"),
    "video_edit": ("happyhorse-1.0-video-edit",),
}


def happyhorse(body: dict[str, Any]) -> Order:
    only(
        body,
        {"action", "model", "prompt", "image_url", "image_urls", "video_url", "resolution", "ratio", "duration"}
        | {"seed", "watermark", "audio_setting"},
    )
    action = choice(body, "action", tuple(_HORSES), "")
    if text(body, "model") not in _HORSES.get(action, ()):
        raise refuse("model and action must match")
    needs = {"image_to_video": "image_url", "reference_to_video": "image_urls", "video_edit": "video_url"}.get(action)
    none_of(body, {"image_url", "image_urls", "video_url"} - {needs}, f"with {action}")
    pictures: tuple[str, ...] = ()
    if needs == "image_urls":
        pictures = links(body, needs, 1, 9)
    elif needs:
        only_one = link(body.get(needs), needs)
        pictures = (only_one,) if needs == "image_url" else ()
    flag(body, "watermark")
    number(body.get("seed", 0), "seed", 0, 4294967295)
    resolution = choice(body, "resolution", ("720P", "1080P"), "1080P")
    seconds = whole(body, "duration", range(3, 16), 5)
    ratio = choice(body, "ratio", ("16:9", "9:16", "1:1", "4:3", "3:4"), "16:9")
    return Order(text(body, "prompt"), body["model"], resolution, pictures, seconds, LINES[resolution], ratio)


_GROK = "grok-imagine-video-1.5-fast:reverse"
_GROK_OFFICIAL = "grok-imagine-video-1.5:official"


def grok(body: dict[str, Any]) -> Order:
    only(
        body,
        {"model", "prompt", "image_url", "reference_image_urls", "aspect_ratio", "resolution", "duration"},
    )
    models = (_GROK, "grok-imagine-video:reverse", "grok-imagine-video:official", _GROK_OFFICIAL)
    model = choice(body, "model", models, _GROK)
    prompt = text(body, "prompt")
    if {"image_url", "reference_image_urls"} <= set(body):  # not described together
        raise refuse("image_url and reference_image_urls exclude each other")
    pictures = (link(body["image_url"], "image_url"),) if "image_url" in body else ()
    if "reference_image_urls" in body:
        pictures = links(body, "reference_image_urls", 1, 4)  # no number is described
    if model == _GROK_OFFICIAL and "image_url" not in body:
        raise refuse(f"{model} needs image_url")
    seconds = whole(body, "duration", range(6, 31) if model == _GROK else range(1, 16), 6)
    resolution = choice(body, "resolution", ("480p", "720p", "1080p"), "480p")
    ratio = choice(body, "aspect_ratio", ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"), "16:9")
    return Order(prompt, model, resolution, pictures, seconds, LINES[resolution], ratio)


def gemini(body: dict[str, Any]) -> Order:
    """A film takes 8 s, which nothing can change."""
    only(body, {"model", "prompt", "aspect_ratio", "resolution", "image_urls", "video_urls"})
    model = choice(body, "model", ("omni-flash",), "omni-flash")
    prompt = text(body, "prompt")
    pictures = links(body, "image_urls", 1, 4) if "image_urls" in body else ()
    if "video_urls" in body:
        links(body, "video_urls", 1, 1)
        if not pictures:
            raise refuse("video_urls needs image_urls")
    resolution = choice(body, "resolution", ("720p", "1080p"), "720p")
    ratio = choice(body, "aspect_ratio", ("16:9", "9:16"), "16:9")
    return Order(prompt, model, resolution, pictures, 8, LINES[resolution], ratio)


READ = {f.__name__: f for f in (veo, kling, luma, hailuo, happyhorse, grok, gemini)}
