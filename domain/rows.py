"""How a row of the catalogue's TOML becomes a Model: what a mode does not say, its model says, else its provider."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from domain.model import CHARACTER_UNITS, MODES, PROMPT_MAX, SOUNDS, Mode, Model
from domain.said import only, table, text, texts, whole
from domain.wire import ADAPTIVE, BODY_VALUES, RATIOS, Part, Wire

Row = dict[str, Any]
#: What a form has where the value goes.
_VALUE = "$"
#: What only a model says, and what each of its modes may say in its own way.
_OF_MODEL = {"key", "label", "about", "provider", "usual_seconds", "paused", "character"}
_CAN = {"durations", "orientations", "sizes", "sound", "sound_sizes", "images_min", "images_max", "base64"}
_IS = {"negative_max", "prompt_max", "price", "price_sound", "body", "pixels", "spelled", "cite", "result"}
_OF_MODE = _CAN | _IS
#: Our values that take the pictures of a mode, where not all of them go to `images`.
_PLACES = {"first": {"first"}, "ends": {"first", "last"}, "references": {"references"}}
_TABLES = {"body", "pixels", "spelled", "result"}
_RESULT = {"films", "url", "id", "state", "task_id", "error", "cost", "task", "done", "failed"}


def model_of(row: Row, providers: Mapping[str, Row]) -> Model:
    """One [[model]] with its modes. KeyError for what is missing, ValueError or TypeError for what is wrong."""
    only(row, _OF_MODEL | _OF_MODE | set(MODES), "")
    _tables(row, "")
    if not re.fullmatch(r"[^:\s]{1,60}", str(row["key"])) or not 1 <= len(str(row["label"])) <= 60:
        raise ValueError("key and label (1-60 characters, in a key no colon or space) are needed")
    if row.get("character", "") not in CHARACTER_UNITS:
        raise ValueError('character must be "", "position" or "seconds"')
    if not re.fullmatch(r"[\w-]+", text(row["provider"], "provider")):
        raise ValueError("provider must be a word of the API's addresses, as in /sora/videos")
    provider = providers.get(row["provider"], {})
    modes = [_mode(name, _laid_over(provider, row, name)) for name in MODES if name in row]
    modes = modes or _plain_modes(_over({key: said for key, said in provider.items() if key not in MODES}, row))
    if row.get("character") and not all("character" in _named(mode.wire) for mode in modes):
        raise ValueError("character needs body.character")
    sizes = {size for mode in modes for size in mode.sizes}
    if strange := {size for mode in modes for size in mode.sound_sizes} - sizes:
        raise ValueError(f"sound_sizes: {min(strange)} is none of its sizes")
    return Model(
        key=text(row["key"], "key"),
        label=text(row["label"], "label"),
        about=text(row.get("about", ""), "about"),
        character=str(row.get("character", "")),
        usual_seconds=whole(row.get("usual_seconds", 120), "usual_seconds"),
        paused=text(row.get("paused", ""), "paused"),
        modes=tuple(modes),
    )


def check_provider(name: str, row: Row) -> None:
    """ValueError for what a [provider.…] cannot say."""
    table(row, f"provider.{name}")
    only(row, _OF_MODE | set(MODES), f"provider.{name}.")
    _tables(row, f"provider.{name}.")
    for mode in MODES:
        only(row.get(mode, {}), _OF_MODE, f"provider.{name}.{mode}.")


def _laid_over(provider: Row, row: Row, mode: str) -> Row:
    """All that is said about a mode: what is more special counts, and what its model says before its provider."""
    only(row[mode], _OF_MODE, f"{mode}.")
    said: Row = {}
    for level in (provider, row):
        said = _over(said, {key: value for key, value in level.items() if key not in MODES})
        said = _over(said, level.get(mode, {}))
    return said


def _plain_modes(row: Row) -> list[Mode]:
    """The modes of a row that names none: its `images_max` pictures all go to one field, whatever they are for."""
    most = whole(row.get("images_max", 0), "images_max", least=0)
    names = ("text", "first", "references")[: min(most, 2) + 1]
    return [_mode(name, {**row, "images_min": 2}) for name in names]


def _tables(row: Row, where: str) -> None:
    """What has to be a table wherever it is said."""
    for name in {*_TABLES, *MODES} & row.keys():
        table(row[name], f"{where}{name}")
    for mode in set(MODES) & row.keys():
        _tables(row[mode], f"{where}{mode}.")


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
    if not isinstance(row.get("base64", True), bool):
        raise ValueError("base64 must be true or false")
    mode = Mode(
        name=name,
        images_min=least,
        images_max=most,
        durations=durations,
        orientations=orientations,
        sizes=sizes,
        sound=sound,
        sound_sizes=sound_sizes,
        negative_max=whole(row.get("negative_max", 0), "negative_max", least=0),
        prompt_max=min(PROMPT_MAX, whole(row.get("prompt_max", PROMPT_MAX), "prompt_max")),
        base64=row.get("base64", True),
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
    least = whole(row.get("images_min", 1), "images_min")
    return least, whole(row["images_max"], "images_max", least=least)


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
        return whole(raw, name)
    by = cast("Row", raw)
    if "each" in by:
        each = by["each"]
        if isinstance(each, bool) or not isinstance(each, int | float) or not each > 0 or not seconds:
            raise ValueError(f"{name}.each must be a number of credits a second")
        return max(1, math.ceil(round(each * seconds, 6)))
    key = str(seconds)
    if "upto" in by:
        name, by = f"{name}.upto", cast("Row", by["upto"])
        key = next((k for k in sorted(filter(str.isdigit, by), key=int) if seconds <= int(k)), key)
    if strange := [k for k in by if not k.isdigit()]:
        raise ValueError(f"{name}.{strange[0]} is nothing that can be said there")
    if key not in by:
        raise ValueError(f"{name}.{seconds} is missing" if seconds else f"{name} must be a whole number")
    return whole(by[key], f"{name}.{key}")


def _wire(row: Row, sizes: tuple[str, ...], orientations: tuple[str, ...]) -> Wire:
    body = dict(row.get("body", {}))
    fixed, said = (table(body.pop(name, {}), f"body.{name}") for name in ("fixed", "lists"))
    lists = {name: tuple(_part(part, f"body.lists.{name}") for part in parts) for name, parts in said.items()}
    fields = {name: text(value, f"body.{name}") for name, value in body.items() if value != ""}
    for name in (*body, *(part.of for parts in lists.values() for part in parts)):
        if name not in BODY_VALUES:
            raise ValueError(f"body.{name} is none of {', '.join(BODY_VALUES)}")
    taken = [*fixed, *fields.values(), *lists, "callback_url", "async"]
    if twice := sorted({field for field in taken if taken.count(field) > 1}):
        raise ValueError(f"body has more than one value for the API's field {twice[0]}")
    result = dict(row.get("result", {}))
    only(result, _RESULT, "result.")
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
        raise ValueError(f"body.prompt is missing: neither the row says it nor a [provider.{wire.provider}]")
    if wire.cite and "{n}" not in wire.cite:
        raise ValueError("cite must say {n} where the number of a picture goes")
    try:
        wire.to_json()  # as each job keeps it
    except TypeError as error:
        raise ValueError(f"body holds what JSON has not, such as a date: {error}") from None
    return wire


def _named(wire: Wire) -> set[str]:
    """Our values that have a place in the body."""
    return {*wire.fields, *(part.of for parts in wire.lists.values() for part in parts)}


def _part(raw: object, where: str) -> Part:
    part = cast("Row", raw) if isinstance(raw, dict) else {}
    if part.keys() != {"of", "form"} or f'"{_VALUE}"' not in json.dumps(part["form"], default=str):
        raise ValueError(f'{where} must be a list of {{ of = …, form = … }} with "{_VALUE}" in the form')
    return Part(str(part["of"]), part["form"])


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
        only(span, {"from", "to", "default"}, "durations.")
        first, last = whole(span["from"], "durations.from"), whole(span["to"], "durations.to")
        default = whole(span.get("default", first), "durations.default")
        if not first <= default <= last:
            raise ValueError("durations must be like { from = 4, to = 15, default = 5 }")
        return (default, *(seconds for seconds in range(first, last + 1) if seconds != default))
    if not isinstance(raw, list) or len(set(map(str, cast("list[object]", raw)))) < len(cast("list[object]", raw)):
        raise ValueError("durations must be a list of different seconds")
    return tuple(whole(value, "durations") for value in cast("list[Any]", raw))


def _texts(raw: Any, name: str) -> tuple[str, ...]:
    values = texts(raw, name)
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
