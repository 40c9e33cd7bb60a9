"""How a row of the catalogue's TOML becomes a Model: what a mode does not say, its model says, else its provider."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from domain.model import CHARACTER_UNITS, MODES, PROMPT_MAX, SOUNDS, Mode, Model
from domain.wire import ADAPTIVE, BODY_VALUES, RATIOS, Part, Wire

Row = dict[str, Any]
#: What only a model says, and what each of its modes may say in its own way.
_OF_MODEL = {"key", "label", "about", "provider", "usual_seconds", "paused", "character"}
_CAN = {"durations", "orientations", "sizes", "sound", "sound_sizes", "images_min", "images_max", "base64"}
_IS = {"negative_max", "prompt_max", "price", "price_sound", "body", "pixels", "spelled", "cite", "result"}
_OF_MODE = _CAN | _IS
#: Our values that take the pictures of a mode, where not all of them go to `images`.
_PLACES = {"first": {"first"}, "ends": {"first", "last"}, "references": {"references"}}
_RESULT = {"films", "url", "id", "state", "task_id", "error", "cost", "task", "done", "failed"}


def model_of(row: Row, providers: Mapping[str, Row]) -> Model:
    """One [[model]] with its modes. KeyError for what is missing, ValueError or TypeError for what is wrong."""
    _only(row, _OF_MODEL | _OF_MODE | set(MODES), "")
    if not re.fullmatch(r"[^:\s]{1,60}", str(row["key"])) or not 1 <= len(str(row["label"])) <= 60:
        raise ValueError("key and label (1-60 characters, in a key no colon or space) are needed")
    if row.get("character", "") not in CHARACTER_UNITS:
        raise ValueError('character must be "", "position" or "seconds"')
    provider = providers.get(str(row["provider"]), {})
    modes = [_mode(name, _laid_over(provider, row, name)) for name in MODES if name in row] or _plain_modes(row)
    return Model(
        key=str(row["key"]),
        label=str(row["label"]),
        about=str(row.get("about", "")),
        character=str(row.get("character", "")),
        usual_seconds=_whole(row.get("usual_seconds", 120), "usual_seconds"),
        paused=str(row.get("paused", "")),
        modes=tuple(modes),
    )


def check_provider(name: str, row: Row) -> None:
    """ValueError for what a [provider.…] cannot say."""
    _only(row, _OF_MODE | set(MODES), f"provider.{name}.")
    for mode in MODES:
        _only(row.get(mode, {}), _OF_MODE, f"provider.{name}.{mode}.")


def _laid_over(provider: Row, row: Row, mode: str) -> Row:
    """All that is said about a mode: what is more special counts, and what its model says before its provider."""
    _only(row[mode], _OF_MODE, f"{mode}.")
    said: Row = {}
    for level in (provider, row):
        said = _over(said, {key: value for key, value in level.items() if key not in MODES})
        said = _over(said, level.get(mode, {}))
    return said


def _plain_modes(row: Row) -> list[Mode]:
    """The modes of a row that names none: its `images_max` pictures all go to one field, whatever they are for."""
    most = _whole(row.get("images_max", 0), "images_max", least=0)
    names = ("text", "first", "references")[: min(most, 2) + 1]
    return [_mode(name, {**row, "images_min": 2}) for name in names]


def _only(row: Row, known: set[str], where: str) -> None:
    if unknown := sorted(set(row) - known):
        raise ValueError(f"{where}{unknown[0]} is nothing that can be said there")


def _mode(name: str, row: Row) -> Mode:
    least, most = _pictures(name, row)
    durations, sizes = _durations(row.get("durations", [])), _texts(row.get("sizes", []), "sizes")
    orientations = _texts(row.get("orientations", []), "orientations")
    sound = str(row.get("sound", ""))
    if sound not in SOUNDS:
        raise ValueError('sound must be "", "always", "off" or "on"')
    wire = _wire(row, sizes, orientations)
    named = _named(wire)
    if bool(durations) != ("duration" in named) or bool(sizes) != (bool(wire.pixels) or "size" in named):
        raise ValueError("durations and sizes need at least one value, and a field of the body each")
    if bool(orientations) != (bool(wire.pixels) or bool({"orientation", "ratio"} & named)):
        raise ValueError(f"orientations must be some of {', '.join(RATIOS)}, with a field of the body for them")
    if sound in ("off", "on") and "sound" not in named:
        raise ValueError('a sound that can be chosen ("off", "on") needs body.sound')
    sound_sizes = _texts(row.get("sound_sizes", list(sizes)), "sound_sizes")
    mode = Mode(
        name=name,
        images_min=least,
        images_max=most,
        durations=durations,
        orientations=orientations,
        sizes=sizes,
        sound=sound,
        sound_sizes=sound_sizes,
        negative_max=_whole(row.get("negative_max", 0), "negative_max", least=0),
        prompt_max=min(PROMPT_MAX, _whole(row.get("prompt_max", PROMPT_MAX), "prompt_max")),
        base64=bool(row.get("base64", True)),
        prices=_prices(row, sizes, durations, sound, sound_sizes),
        wire=wire,
    )
    if mode.negative_max and "negative" not in named:
        raise ValueError("negative_max needs body.negative")
    if most and "images" not in named and not _PLACES[name] <= named:
        raise ValueError(f"body says nowhere where the pictures of {name} go: {' and '.join(sorted(_PLACES[name]))}")
    return mode


def _pictures(name: str, row: Row) -> tuple[int, int]:
    if name != "references":
        return {"text": (0, 0), "first": (1, 1), "ends": (2, 2)}[name]
    least = _whole(row.get("images_min", 1), "images_min")
    return least, _whole(row["images_max"], "images_max", least=least)


def _prices(
    row: Row, sizes: tuple[str, ...], durations: tuple[int, ...], sound: str, sound_sizes: tuple[str, ...]
) -> dict[tuple[str, int, bool], int]:
    prices: dict[tuple[str, int, bool], int] = {}
    for size in sizes or ("",):
        choices = (False, True) if sound in ("off", "on") and (not sizes or size in sound_sizes) else (False,)
        for with_sound in choices:
            name = "price_sound" if with_sound and "price_sound" in row else "price"
            for seconds in durations or (0,):
                prices[size, seconds, with_sound] = _price(row[name], name, size, seconds)
    return prices


def _price(raw: Any, name: str, size: str, seconds: int) -> int:
    """Credits, as a number or by seconds: { 10 = 2, 15 = 3 }, { upto = { 10 = 2, 30 = 5 } } or { each = 0.3 } a second.

    Any of these may stand in a table of sizes.
    """
    if size and isinstance(raw, dict) and not ({"each", "upto", str(seconds)} & set(cast("Row", raw))):
        name = f"{name}.{size}"
        raw = cast("Row", raw).get(size, {})
    if not isinstance(raw, dict):
        return _whole(raw, name)
    table = cast("Row", raw)
    if "each" in table:
        each = table["each"]
        if isinstance(each, bool) or not isinstance(each, int | float) or not each > 0 or not seconds:
            raise ValueError(f"{name}.each must be a number of credits a second")
        return max(1, math.ceil(round(each * seconds, 6)))
    key = str(seconds)
    if "upto" in table:
        name, table = f"{name}.upto", cast("Row", table["upto"])
        key = next((k for k in sorted(table, key=int) if seconds <= int(k)), key)
    if key not in table:
        raise ValueError(f"{name}.{seconds} is missing" if seconds else f"{name} must be a whole number")
    return _whole(table[key], f"{name}.{key}")


def _wire(row: Row, sizes: tuple[str, ...], orientations: tuple[str, ...]) -> Wire:
    body = dict(row["body"])
    fixed = dict(body.pop("fixed", {}))
    lists = {name: tuple(_part(part) for part in parts) for name, parts in dict(body.pop("lists", {})).items()}
    fields = {name: str(value) for name, value in body.items() if value != ""}
    for name in (*body, *(part.of for parts in lists.values() for part in parts)):
        if name not in BODY_VALUES:
            raise ValueError(f"body.{name} is none of {', '.join(BODY_VALUES)}")
    result = dict(row.get("result", {}))
    _only(result, _RESULT, "result.")
    done, failed = (_texts(result.pop(name, []), name) for name in ("done", "failed"))
    paths = {name: str(value) for name, value in result.items()}
    wire = Wire(
        provider=str(row["provider"]),
        fixed=fixed,
        fields=fields,
        pixels=_pixels(row, sizes, orientations),
        lists=lists,
        spelled={str(ours): str(theirs) for ours, theirs in dict(row.get("spelled", {})).items()},
        shapes=tuple(shape for shape in orientations if shape != ADAPTIVE),
        cite=str(row.get("cite", "")),
        done=done,
        failed=failed,
        **paths,
    )
    if "prompt" not in _named(wire):
        raise ValueError("body.prompt is missing")
    return wire


def _named(wire: Wire) -> set[str]:
    """Our values that have a place in the body."""
    return {*wire.fields, *(part.of for parts in wire.lists.values() for part in parts)}


def _part(raw: Row) -> Part:
    return Part(str(raw["of"]), raw["form"])


def _pixels(row: Row, sizes: tuple[str, ...], orientations: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    pixels: dict[str, tuple[int, int]] = {}
    for name, value in dict(row.get("pixels", {})).items():
        width, cross, height = str(value).partition("x")
        if not cross or not width.isdigit() or not height.isdigit():
            raise ValueError(f'pixels."{name}" must be like "1280x720"')
        pixels[name] = (int(width), int(height))
    missing = [f"{s} {o}" for s in sizes for o in orientations if pixels and f"{s} {o}" not in pixels]
    if missing:
        raise ValueError(f'pixels."{missing[0]}" is missing')
    return pixels


def _durations(raw: Any) -> tuple[int, ...]:
    """Seconds: a list whose first is the default, or { from = 4, to = 15, default = 5 }."""
    if isinstance(raw, dict):
        span = cast("Row", raw)
        first, last = _whole(span["from"], "durations.from"), _whole(span["to"], "durations.to")
        default = _whole(span.get("default", first), "durations.default")
        if not first <= default <= last:
            raise ValueError("durations must be like { from = 4, to = 15, default = 5 }")
        return (default, *(seconds for seconds in range(first, last + 1) if seconds != default))
    return tuple(_whole(value, "durations") for value in cast("list[Any]", raw))


def _texts(raw: Any, name: str) -> tuple[str, ...]:
    values = tuple(str(value) for value in cast("list[Any]", raw))
    if name == "orientations":
        known = (*RATIOS, ADAPTIVE)
        wrong = [v for v in values if v not in known and not all(side.isdigit() for side in v.split(":", 1))]
        if wrong or any(":" not in v for v in values if v not in known):
            raise ValueError(f'orientations must be some of {", ".join(known)}, or ratios such as "4:3"')
    return values


def _over(below: Row, above: Row) -> Row:
    """`above` laid over `below`: tables are laid over each other key by key, all else replaces."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _over(cast("Row", merged[key]), cast("Row", value))
        else:
            merged[key] = value
    return merged


def _whole(value: Any, name: str, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}")
    return value
