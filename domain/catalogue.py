"""Which models there are, what each can do, what it costs, and how its requests are built: data, not code."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

ORIENTATIONS = ("landscape", "portrait", "square")
CHARACTER_UNITS = ("", "position", "seconds")
#: Our values that a row may place in a field of the request body.
BODY_VALUES = (
    "prompt",
    "duration",
    "orientation",
    "size",
    "images",
    "character",
    "character_start",
    "character_end",
)


class CatalogueError(ValueError):
    """The catalogue file has faults; `faults` names each one, row by row."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Wire:
    """How one model's request is built and its answer read; frozen into each job as JSON."""

    provider: str
    fixed: Mapping[str, Any]
    #: Our value (see BODY_VALUES) → the API's field.
    fields: Mapping[str, str]
    #: "size orientation" → (width, height), where the API wants its size in pixels.
    pixels: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    #: Path to the list of films in a finished answer ("*" = each), and the keys in each film.
    films: str = "data.*"
    url: str = "video_url"
    id: str = "id"
    state: str = "state"

    def to_json(self) -> str:
        # Not asdict, which copies deeply: every field is what json takes.
        return json.dumps(vars(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Wire:
        raw = json.loads(text)
        raw["pixels"] = {key: (int(w), int(h)) for key, (w, h) in raw["pixels"].items()}
        return cls(**raw)


@dataclass(frozen=True)
class Model:
    """One row: what a member may choose, and its price in credits."""

    key: str
    label: str
    about: str
    durations: tuple[int, ...]
    orientations: tuple[str, ...]
    sizes: tuple[str, ...]
    images_max: int
    character: str
    usual_seconds: int
    paused: str
    #: (size, seconds) → credits.
    prices: Mapping[tuple[str, int], int]
    wire: Wire

    def price(self, size: str, duration: int) -> int:
        """Credits for one film of this size and length; KeyError for what the row does not have."""
        return self.prices[size, duration]

    @property
    def cheapest(self) -> int:
        """Credits of the least that this model can be asked for."""
        return min(self.prices.values())


@dataclass(frozen=True)
class Catalogue:
    """All rows, in the order in which members see them."""

    models: tuple[Model, ...]

    def get(self, key: str) -> Model | None:
        """The row of this key, or None."""
        return next((model for model in self.models if model.key == key), None)

    def default(self) -> Model:
        """The first row that is not paused; the first of all when every one is."""
        return next((model for model in self.models if not model.paused), self.models[0])

    @classmethod
    def parse(cls, text: str) -> Catalogue:
        """Read the TOML text of a catalogue. Raises CatalogueError that names every fault at once."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError([f"not TOML: {error}"]) from None
        rows = raw.get("model")
        if not isinstance(rows, list) or not rows:
            raise CatalogueError(["no [[model]] row"])
        faults: list[str] = []
        models: list[Model] = []
        for number, row in enumerate(cast("list[dict[str, Any]]", rows), 1):
            try:
                models.append(_model(row))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                name = row.get("key") or f"row {number}"
                what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
                faults.append(f"{name}: {what}")
        keys = [model.key for model in models]
        faults += [f"{key}: stands twice" for key in sorted({key for key in keys if keys.count(key) > 1})]
        if faults:
            raise CatalogueError(faults)
        return cls(tuple(models))


def _model(row: dict[str, Any]) -> Model:
    durations = tuple(_whole(value, "durations") for value in row["durations"])
    sizes = tuple(str(value) for value in row["sizes"])
    orientations = tuple(str(value) for value in row["orientations"])
    unknown = [value for value in orientations if value not in ORIENTATIONS]
    if unknown or not orientations:
        raise ValueError(f"orientations must be some of {', '.join(ORIENTATIONS)}")
    if not durations or not sizes:
        raise ValueError("durations and sizes need at least one value")
    if row.get("character", "") not in CHARACTER_UNITS:
        raise ValueError('character must be "", "position" or "seconds"')
    if not str(row["key"]).strip() or len(str(row["key"])) > 100 or len(str(row["label"])) > 60:
        raise ValueError("key (1-100 characters) and label (up to 60) are needed")
    return Model(
        key=str(row["key"]),
        label=str(row["label"]),
        about=str(row.get("about", "")),
        durations=durations,
        orientations=orientations,
        sizes=sizes,
        images_max=_whole(row.get("images_max", 0), "images_max", least=0),
        character=str(row.get("character", "")),
        usual_seconds=_whole(row.get("usual_seconds", 120), "usual_seconds"),
        paused=str(row.get("paused", "")),
        prices=_prices(row["price"], sizes, durations),
        wire=_wire(row, sizes, orientations),
    )


def _prices(raw: dict[str, Any], sizes: tuple[str, ...], durations: tuple[int, ...]) -> dict[tuple[str, int], int]:
    prices: dict[tuple[str, int], int] = {}
    for size in sizes:
        for duration in durations:
            try:
                value = raw[size][str(duration)]
            except (KeyError, TypeError):
                raise ValueError(f"price.{size}.{duration} is missing") from None
            prices[size, duration] = _whole(value, f"price.{size}.{duration}")
    return prices


def _wire(row: dict[str, Any], sizes: tuple[str, ...], orientations: tuple[str, ...]) -> Wire:
    body = dict(row["body"])
    fixed = dict(body.pop("fixed", {}))
    unknown = [name for name in body if name not in BODY_VALUES]
    if unknown:
        raise ValueError(f"body.{unknown[0]} is none of {', '.join(BODY_VALUES)}")
    if "prompt" not in body:
        raise ValueError("body.prompt is missing")
    pixels: dict[str, tuple[int, int]] = {}
    for name, value in dict(row.get("pixels", {})).items():
        width, cross, height = str(value).partition("x")
        if not cross or not width.isdigit() or not height.isdigit():
            raise ValueError(f'pixels."{name}" must be like "1280x720"')
        pixels[name] = (int(width), int(height))
    missing = [f"{s} {o}" for s in sizes for o in orientations if pixels and f"{s} {o}" not in pixels]
    if missing:
        raise ValueError(f'pixels."{missing[0]}" is missing')
    result = dict(row.get("result", {}))
    return Wire(
        provider=str(row["provider"]),
        fixed=fixed,
        fields={name: str(value) for name, value in body.items()},
        pixels=pixels,
        films=str(result.get("films", "data.*")),
        url=str(result.get("url", "video_url")),
        id=str(result.get("id", "id")),
        state=str(result.get("state", "state")),
    )


def _whole(value: Any, name: str, *, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}")
    return value
