"""What a member wants, before it is checked: what was typed, with which pictures, and what it began from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from domain.clip import Clip
from domain.preset import typed

#: How a film can begin from another generation. Stored with each job: they never change their meaning.
ACTIONS = ("again", "edit", "continue", "retry")
_FRAME = "frame:"


@dataclass(frozen=True)
class Attachment:
    """A picture as Discord describes it: file name, address, bytes. Nothing of it is believed.

    One that is stored already has a `sha256`, and neither address nor size.
    """

    name: str
    url: str = ""
    size: int = 0
    sha256: str = ""


def frame_of(job_id: str) -> Attachment:
    """The last frame of a generation's film, to be cut once it is needed."""
    return Attachment(f"last frame of {job_id}", f"{_FRAME}{job_id}")


def framed(url: str) -> str | None:
    """The generation whose last frame an address means; None for any other address."""
    return url.removeprefix(_FRAME) if url.startswith(_FRAME) else None


@dataclass(frozen=True)
class Wish:
    """One film that somebody wants. `options` are the arguments of `domain.request.parse`, each perhaps wrong."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: Those of them that the member chose themselves: remembered, once a film was begun. None is the model's usual.
    chosen: Mapping[str, Any] = field(default_factory=dict[str, Any])
    pictures: tuple[Attachment, ...] = ()
    #: The clip of a character, where the film is to have one.
    clip: Clip | None = None
    private: bool = False
    spoiler: bool = False
    #: The generation that it begins from, how (one of ACTIONS), and its author where that is somebody else.
    parent_id: str = ""
    action: str = ""
    credit: int = 0
    #: The generation whose last frame is its first picture.
    continues: str = ""
    #: The server and channel that a wish uttered in a direct message belongs to.
    home: tuple[int, int] | None = None

    def filled_in(self, options: Mapping[str, Any], uploaded: Sequence[Attachment]) -> Wish:
        """The wish as a form says it now. What the form did not hold stays as it was.

        No new pictures keep the earlier ones; new ones replace them, but for the frame that a continued film begins
        with.
        """
        # What a film was made with that this one begins from is no choice of whoever runs it again.
        chosen = {} if self.action else {**self.chosen, **typed(options), **_reset(self.options, options)}
        wish = replace(self, options={**self.options, **options}, chosen=chosen)
        if not uploaded:
            return wish
        if self.action == "continue":
            return replace(wish, pictures=(*self.pictures[:1], *uploaded))
        return replace(wish, pictures=tuple(uploaded), continues="")

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Wish:
        raw = json.loads(text)
        raw["pictures"] = tuple(Attachment(**picture) for picture in raw["pictures"])
        raw["clip"] = Clip(**raw["clip"]) if raw.get("clip") else None
        raw["home"] = tuple(raw["home"]) if raw["home"] else None
        return cls(**raw)


def _reset(shown: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, None]:
    """The options that a form showed with a value, and that were set back to the usual."""
    before = typed(shown)
    return {name: None for name, value in options.items() if value is None and name in before}
