"""How one model's requests are built and its answers are read: data, frozen into each job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

#: Shapes that have a name of their own; others are written as their ratio ("4:3"), or are "adaptive": the picture's.
RATIOS = {"landscape": "16:9", "portrait": "9:16", "square": "1:1"}
ADAPTIVE = "adaptive"
#: Our values that a row may place in a field of the request body. `images` are all pictures; `first`, `last` and
#: `references` are those of a request in such a mode.
BODY_VALUES = (
    "prompt",
    "duration",
    "orientation",
    "ratio",
    "size",
    "sound",
    "negative",
    "images",
    "first",
    "last",
    "references",
    "character",
    "character_start",
    "character_end",
)


@dataclass(frozen=True)
class Part:
    """One item of a list in the body, or one for each picture: `form` is JSON in which "$" stands for the value."""

    of: str
    form: Any


@dataclass(frozen=True)
class Wire:
    """How one model's request is built and its answer read; frozen into each job as JSON.

    Paths are dotted; "*" is each of a list, "|" stands between ways that are tried in turn.
    """

    provider: str
    fixed: Mapping[str, Any]
    #: Our value (see BODY_VALUES) → the API's field.
    fields: Mapping[str, str]
    #: "size orientation" → (width, height), where the API wants its size in pixels.
    pixels: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    #: Path to the films in a finished answer, and the keys in each film.
    films: str = "data.*"
    url: str = "video_url"
    id: str = "id"
    state: str = "state"
    # Jobs of earlier versions lack what follows: its defaults are a contract, too.
    #: The API's field → what its list is made of.
    lists: Mapping[str, tuple[Part, ...]] = field(default_factory=dict[str, tuple[Part, ...]])
    #: Our word for a size or a shape → the API's; "" leaves the field out.
    spelled: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Shapes that a picture may decide between.
    shapes: tuple[str, ...] = ()
    #: How the prompt has to name each picture ("{n}" is its number), where the API ignores it otherwise.
    cite: str = ""
    #: The API's words for one end and the other, beside the usual ones.
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    task_id: str = "task_id"
    error: str = "error"
    cost: str = "cost"
    #: Where a task stands in an answer whose tasks hold their result themselves, and do not repeat their request.
    task: str = ""

    @property
    def reading(self) -> tuple[object, ...]:
        """All that decides how an answer is read: jobs that have the same can be asked about together."""
        paths = (self.films, self.url, self.id, self.state, self.task_id, self.error, self.cost, self.task)
        return (self.provider, *paths, self.done, self.failed)

    @property
    def can_be_shaped(self) -> tuple[str, ...]:
        """The shapes that the first picture of a request without one decides between; empty where it has no say."""
        if self.shapes:
            return self.shapes
        if self.pixels:
            return tuple(dict.fromkeys(name.split()[1] for name in self.pixels))
        return tuple(RATIOS) if "orientation" in self.fields else ()

    def to_json(self) -> str:
        return self._json

    @cached_property  # the catalogue's few are written with every job
    def _json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Wire:
        raw = json.loads(text)
        raw["pixels"] = {key: (int(w), int(h)) for key, (w, h) in raw["pixels"].items()}
        lists = raw.get("lists", {})
        raw["lists"] = {name: tuple(Part(**part) for part in parts) for name, parts in lists.items()}
        for name in ("shapes", "done", "failed"):
            raw[name] = tuple(raw.get(name, ()))
        return cls(**raw)
