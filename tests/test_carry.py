"""Running a film on another model: what carries over, what does not, and that it is always within the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acedata.body import build_body
from domain.carry import WHAT, Carried, Change, carry
from domain.model import Mode, Model
from domain.request import GenerationRequest, plainest
from tests.rows import PICTURES
from tests.test_rows import CATALOGUE, ROWS, asked, name, taken
from ui.words_models import changed


def model(key: str) -> Model:
    found = CATALOGUE.get(key)
    assert found is not None
    return found


def made(key: str, **changes: Any) -> GenerationRequest:
    """A request of a model's first mode with defaults, changed."""
    row = model(key)
    return replace(asked(row, row.modes[0]), **changes)


def carried(request: GenerationRequest, key: str, *, links: bool = True) -> Carried:
    found = carry(request, model(key), source=CATALOGUE.get(request.model), links=links)
    assert found is not None
    return found


THREE = {"pictures": 3, "mode": "references", "orientation": "landscape"}
TABLE: list[tuple[GenerationRequest, str, list[Change], str]] = [
    # everything has its place; the sound that Sora always makes is asked for
    (made("sora-2"), "kling-3", [Change("size", "small", "standard")], "small → standard"),
    (made("sora-2"), "sora-2-pro", [], ""),
    # the nearest length; of two as near, the shorter
    (made("sora-2-pro", duration=25), "sora-2", [Change("duration", 25, 15)], "25 s → 15 s"),
    (made("sora-2"), "sora-2-short", [Change("duration", 10, 8)], "10 s → 8 s"),
    # nothing to choose there
    (
        made("wan-3", sound=True),
        "luma",
        [Change("duration", 5, 0), Change("size", "720p", ""), Change("sound", True, False)],
        "5 s → a length of its own · 720p → the only size · without sound",
    ),
    (
        made("kling-3"),
        "hailuo",
        [Change("duration", 5, 0), Change("size", "standard", ""), Change("orientation", "landscape", None)],
        "5 s → a length of its own · standard → the only size · landscape → a shape of its own",
    ),
    # a silent film on a model that always makes sound
    (made("kling-2.5-turbo"), "kling-3-turbo", [Change("sound", False, True)], "with sound"),
    # more pictures than it takes, and for two of them only its better size; pictures that mean something else there
    (
        made("kling-o1", **THREE),
        "kling-2.5-turbo",
        [Change("size", "standard", "pro"), Change("pictures", 3, 2)],
        "standard → pro · only the first 2 of 3 pictures",
    ),
    (
        made("kling-3", pictures=2, mode="ends", orientation="square"),
        "happyhorse-1.1",
        [Change("size", "standard", "720p"), Change("mode", "ends", "references")],
        "standard → 720p · with pictures to go by",
    ),
    (made("wan-3", negative="rain"), "seedance-2", [Change("negative", "rain", "")], "without the negative prompt"),
    (
        made("luma", orientation="21:9"),
        "veo-3.1",
        [
            Change("size", "", "standard"),
            Change("orientation", "21:9", "landscape"),
            Change("sound", False, True),
        ],
        "standard · 21:9 → landscape · with sound",
    ),
    (
        made("sora-2", character="Captain"),
        "sora-2-short",
        [Change("duration", 10, 8), Change("character", "Captain", "")],
        "10 s → 8 s · without the character",
    ),
]


@pytest.mark.parametrize(("request_", "key", "changes", "words"), TABLE, ids=lambda value: str(value)[:30])
def test_what_carries_over(request_: GenerationRequest, key: str, changes: list[Change], words: str) -> None:
    """What the other model can do as well stays; the rest is listed, in words."""
    found = carried(request_, key)
    assert list(found.changes) == changes
    assert (found.request.model, found.request.prompt) == (key, request_.prompt)
    if words:
        assert changed(found.changes) == words


def test_a_character_carries_over() -> None:
    """Where the other model has characters, the span goes along."""
    clip = {"character": "Captain", "character_start": 0.1, "character_end": 0.4}
    found = carried(made("sora-2", **clip), "sora-2-pro")
    assert {field: getattr(found.request, field) for field in clip} == clip
    assert found.changes == ()


def test_nothing_carries_over() -> None:
    """A prompt that is too long there is not cut, and leaves nothing to run."""
    assert carry(made("sora-2", prompt="x" * 1_001), model("seedance-2")) is None


def test_pictures_that_the_api_could_not_fetch() -> None:
    """Without a public address they stay behind where links are wanted, and go along where they need not be."""
    request = made("sora-2", pictures=2, mode="references", orientation="portrait")
    assert carried(request, "kling-3", links=False).request.pictures == 0
    assert carried(request, "seedance-2", links=False).request.pictures == 2


@pytest.mark.parametrize(("source", "mode"), ROWS, ids=name)
def test_every_row_to_every_model(source: Model, mode: Mode) -> None:
    """Whatever is carried over is within the other model's contract, has a price, and says what changed."""
    shape = next(iter(mode.wire.can_be_shaped), None)
    before = asked(source, mode)
    before = replace(before, orientation=before.orientation or shape)
    for target in CATALOGUE.models:
        for links in (True, False):
            found = carry(before, target, source=source, links=links)
            assert found is not None
            assert found.price > 0
            assert {change.what for change in found.changes} <= set(WHAT)
            after, into = found.request, target.mode(found.request.mode)
            assert into is not None
            images = PICTURES[mode.name][: after.pictures]
            shaped = replace(after, orientation=after.orientation or next(iter(into.wire.can_be_shaped), None))
            taken(into.wire.provider, build_body(into.wire, shaped, images=images, callback_url=None))
            if target is source and links:
                assert (found.changes, after) == ((), before)


@pytest.mark.parametrize("row", CATALOGUE.models, ids=name)
def test_the_plainest_recipe(row: Model) -> None:
    """Only a request for nothing but what a model does by itself counts as the plainest."""
    mode = row.modes[0]
    plain = asked(row, mode)
    assert plainest(row, plain)
    others = [replace(plain, orientation=shape) for shape in mode.orientations[1:]]
    others += [replace(plain, pictures=1, mode="first"), replace(plain, character="Captain")]
    others += [replace(plain, duration=seconds) for seconds in mode.durations[1:]]
    others += [replace(plain, size=size) for size in mode.sizes[1:]]
    others += [replace(plain, sound=not plain.sound)] if mode.sound_is_choice else []
    others += [replace(plain, negative="rain")]
    assert not any(plainest(row, other) for other in others)
