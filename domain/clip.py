"""A clip that shows a character: where it comes from, which part of it counts, and what a model makes of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from domain.faults import BadClip
from domain.model import Model
from domain.request import GenerationRequest

#: The largest clip, in bytes, and the longest, in seconds.
CLIP_MAX = 20_000_000
CLIP_SECONDS = 60.0
#: How far apart start and end are where they are seconds of the clip.
#: Source: https://platform.acedata.cloud/documents/sora-videos-integration
APART = (1.0, 3.0)


@dataclass(frozen=True)
class Clip:
    """A clip that is to be used: one of an attachment (`url`), a generation's film (`film`) or a kept one (`sha256`).

    `start` and `end` are as they were typed, in the unit that the model's row says.
    """

    name: str
    url: str = ""
    size: int = 0
    film: str = ""
    sha256: str = ""
    start: float | None = None
    end: float | None = None
    #: The generation that the saved character of a kept clip was taken from.
    origin: str = ""
    #: It comes from an age-restricted place, and is not carried out of such.
    restricted: bool = False
    #: It comes from a private film: nobody but its author makes films with it.
    private: bool = False
    #: The member who brought it, where that is not the one who uses it: nobody else gets to see it.
    owner_id: int = 0

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Clip:
        return cls(**json.loads(text))


def with_character(
    request: GenerationRequest, row: Model, clip: Clip, others: Iterable[Model] = ()
) -> GenerationRequest:
    """The request for a film with the character of a clip. Raises BadClip where the model cannot have it so.

    `others` are the models that could be taken instead.
    """
    if not row.character:
        can = [other.label for other in others if other.character]
        raise BadClip("no_character", model=row.label, others=can)
    if clip.size > CLIP_MAX:
        raise BadClip("clip_large", name=clip.name, size=clip.size, most=CLIP_MAX)
    start, end = _position(clip) if row.character == "position" else _seconds(clip)
    return replace(request, character=clip.name, character_start=start, character_end=end)


def _position(clip: Clip) -> tuple[float | None, float | None]:
    """Where in the frame, from 0 to 1; nothing typed is all of it, which the API takes for granted."""
    if clip.start is None and clip.end is None:
        return None, None
    start = 0.0 if clip.start is None else clip.start
    end = 1.0 if clip.end is None else clip.end
    if not 0 <= start < end <= 1:
        raise BadClip("span_position", start=start, end=end)
    return start, end


def _seconds(clip: Clip) -> tuple[float | None, float | None]:
    """Which seconds of the clip; an end that was not typed waits for the clip's length (see `within`)."""
    # In hundredths, and the span before its end: else what is checked here would not be what is sent.
    typed = clip.start or 0.0
    span = None if clip.end is None else round(clip.end - typed, 2)
    if not 0 <= typed <= CLIP_SECONDS or (span is not None and not APART[0] <= span <= APART[1]):
        raise BadClip("span_seconds", start=typed, end=clip.end)
    start = round(typed, 2)
    end = None if span is None else round(start + span, 2)
    return start, end


def within(request: GenerationRequest, seconds: float) -> GenerationRequest:
    """The request for a clip that is really so long, where start and end are seconds of it. Raises BadClip.

    An end that was not typed is as late as it may be.
    """
    start, end = request.character_start or 0.0, request.character_end
    # What is shown as 4.0 s may be 3.97 long: an end a little behind the last frame means the last frame.
    last = min(seconds, start + APART[1]) if end is None or seconds < end <= seconds + 0.1 else end
    last = math.floor(last * 100 + 1e-6) / 100  # rounded up, it would be behind the end, or too far from the start
    if last > seconds or round(last - start, 2) < APART[0]:
        raise BadClip("span_beyond", start=start, end=last if end is None else end, seconds=seconds)
    return replace(request, character_start=start, character_end=last)
