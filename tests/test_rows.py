"""Every row of the catalogue against the vendor's contract: what is sent, what is read, what is refused."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from acedata.body import build_body
from acedata.client import VideoClient
from acedata.wire import read_report, read_task
from demo import answers, contract
from demo.videoapi import VideoAPI
from domain.catalogue import Catalogue
from domain.clip import Clip, with_character, within
from domain.faults import Refused, VendorFault
from domain.job import Verdict
from domain.model import Mode, Model
from domain.request import Asked, GenerationRequest, fit, orientation_of, parse
from tests import modelsheet
from tests.rows import BODIES, CHOICES, HOOK, PICTURES, PROMPT, Body

CATALOGUE = Catalogue.parse((Path(__file__).parent.parent / "catalogue.toml").read_text("utf-8"))
ROWS = [(model, mode) for model in CATALOGUE.models for mode in model.modes]
FIRSTS = {model.wire.provider: model for model in reversed(CATALOGUE.models)}


def name(value: object) -> str:
    return value.key if isinstance(value, Model) else value.name if isinstance(value, Mode) else str(value)


def asked(model: Model, mode: Mode, **options: Any) -> GenerationRequest:
    """A request for this mode; where modes overlap, by the number of pictures that asks for it."""
    pictures = len(PICTURES[mode.name])
    return parse(CATALOGUE, prompt=PROMPT, model=model.key, pictures=pictures, **options)


def body_of(request: GenerationRequest, mode: Mode) -> Body:
    images = PICTURES[mode.name][: request.pictures]
    return build_body(mode.wire, request, images=images, callback_url=HOOK)


def taken(provider: str, body: Body, character: str = "position") -> contract.Order:
    """What the vendor makes of a body. Raises its refusal of what is outside the contract."""
    return contract.read_videos(provider, body, images_max=10, character=character)


# ---- what is sent


def test_the_page_of_models_is_what_the_catalogue_says() -> None:
    """docs/models.md has one row for each model, as it is now (`python -m tests.modelsheet` writes it anew)."""
    text = modelsheet.PAGE.read_text("utf-8")
    assert modelsheet.page(text) == text
    assert text.count("| `") == len(CATALOGUE.models)


def test_every_row_is_described() -> None:
    """The table of bodies has each model and mode of the catalogue, and no other."""
    assert {(model.key, mode.name) for model, mode in ROWS} == {(key, mode) for key in BODIES for mode in BODIES[key]}


@pytest.mark.parametrize(("model", "mode"), ROWS, ids=name)
def test_body(model: Model, mode: Mode) -> None:
    """A request with defaults is, field by field, what the contract wants, and its stand-in reads the same from it."""
    request = asked(model, mode)
    assert request.mode == mode.name
    body = body_of(request, mode)
    assert body == BODIES[model.key][mode.name] | {"callback_url": HOOK}
    order = taken(mode.wire.provider, body)
    assert order.prompt.startswith(PROMPT)
    assert list(order.pictures) == PICTURES[mode.name]
    assert order.seconds == request.duration or not request.duration


@pytest.mark.parametrize(("key", "options", "fields"), CHOICES, ids=name)
def test_choices(key: str, options: dict[str, Any], fields: Body) -> None:
    """What a member chooses stands in its field, in the contract's own word."""
    model = CATALOGUE.get(key)
    assert model is not None
    mode = model.modes[0]
    body = body_of(asked(model, mode, **options), mode)
    assert {field: body[field] for field in fields} == fields
    taken(mode.wire.provider, body)


def near(limits: Iterable[int]) -> list[int]:
    """Where something may end: just below, at, and just above each limit."""
    return sorted({max(0, limit + step) for limit in limits for step in (-1, 0, 1)})


def values(model: Model) -> dict[str, list[Any]]:
    """For each thing that can be asked of a model: leaving it out, all that it can do, and what lies just outside."""
    ends = [end(mode.durations, default=0) for mode in model.modes for end in (min, max)]
    return {
        "duration": [None, *near(ends)],
        "orientation": [None, *model.orientations, "adaptive", "5:4"],
        "size": [None, *model.sizes, "4k", "small"],
        "sound": [None, False, True],
        "negative": ["", *("y" * n for n in near(mode.negative_max for mode in model.modes))],
        "prompt": ["x", *("x" * n for n in near(mode.prompt_max for mode in model.modes))],
        "pictures": [0, 1, 2, 3, *near(mode.images_max for mode in model.modes)],
        "links": [True, False],
    }


def check(
    model: Model, wish: Asked, side: tuple[int, int], clip: Clip | None = None, clip_seconds: float = 10.0
) -> bool:
    """Whether the wish was let through; if so, its body is within the contract. Its clip is really so long."""
    try:
        request = fit(model, wish)
        if clip:
            request = with_character(request, model, clip)
            request = within(request, clip_seconds) if model.character == "seconds" else request
    except Refused:
        return False
    mode = model.mode(request.mode)
    assert mode is not None
    assert mode.price(request.size, request.duration, request.sound) > 0
    if request.orientation is None and mode.wire.can_be_shaped:
        request = replace(request, orientation=orientation_of(*side, mode.wire.can_be_shaped))
    link = "https://pictures.example/{}.jpg" if wish.links else "data:image/jpeg;base64,AAA{}"
    images = [link.format(f"{n % 10}") for n in range(request.pictures)]
    if clip:
        request = replace(request, character_url="https://pictures.example/clip.mp4")
    body = build_body(mode.wire, request, images=images, callback_url=None)
    order = taken(mode.wire.provider, body, character=model.character or "position")
    assert list(order.pictures) == images
    assert ("character_url" in body) == bool(clip)
    assert order.prompt.startswith(wish.prompt)
    return True


@pytest.mark.parametrize("model", CATALOGUE.models, ids=name)
def test_no_pair_of_choices_leads_outside_the_contract(model: Model) -> None:
    """With any number of pictures, any two choices are refused before they cost anything, or make a body it has."""
    every = values(model)
    through = 0
    for pictures in every.pop("pictures"):
        for one, other in itertools.combinations(every, 2):
            for first, second in itertools.product(every[one], every[other]):
                wish = replace(Asked("x", pictures=pictures), **{one: first, other: second})
                through += check(model, wish, (1920, 1080))
    assert through > 100


@settings(max_examples=300)
@given(data=st.data(), side=st.tuples(*[st.integers(50, 4000)] * 2))
def test_nothing_outside_the_contract_is_sent(data: st.DataObject, side: tuple[int, int]) -> None:
    """Nor does any other combination, with pictures of any shape and prompts in any script."""
    model = data.draw(st.sampled_from(CATALOGUE.models))
    chosen = {key: data.draw(st.sampled_from([*some[:1] * 3, *some]), key) for key, some in values(model).items()}
    chosen["prompt"] += data.draw(st.text(st.characters(codec="utf-8"), max_size=9).filter(str.strip) | st.just(""))
    check(model, Asked(**chosen), side)


#: Where a part of a clip may begin: left out, at every limit, and anywhere; and how much later it ends.
STARTS = st.none() | st.sampled_from([-1.0, 0.0, 0.5, 1.0, 1.3, 3.724, 59.0, 60.0]) | st.floats(-1, 61)
SPANS = st.none() | st.sampled_from([0.0, 0.2, 0.5, 1.0, 2.0, 3.0]) | st.floats(-1, 4)


@settings(max_examples=500)
@given(
    data=st.data(), start=STARTS, span=SPANS, long=st.floats(0.01, 60), unit=st.sampled_from(["position", "seconds"])
)
def test_no_character_leads_outside_the_contract(
    data: st.DataObject, start: float | None, span: float | None, long: float, unit: str
) -> None:
    """Any part of any clip, in either unit and with anything else asked for, is refused or makes a body it has."""
    end = None if span is None else (start or 0.0) + span
    model = data.draw(st.sampled_from(CATALOGUE.models[:4]) | st.sampled_from(CATALOGUE.models))
    chosen = {key: data.draw(st.sampled_from([*some[:1] * 9, *some]), key) for key, some in values(model).items()}
    row = replace(model, character=model.character and unit)
    through = check(row, Asked(**chosen), (1920, 1080), Clip("luna.mp4", start=start, end=end), long)
    assert model.character or not through


def test_a_part_that_is_just_long_enough() -> None:
    """One second and three seconds are what their numbers say, wherever they begin."""
    row = replace(CATALOGUE.models[0], character="seconds")
    for start, span in itertools.product((n / 1000 for n in range(0, 5_000, 37)), (1.0, 3.0)):
        for end in (start + span, None):
            assert check(row, Asked("x"), (16, 9), Clip("luna.mp4", start=start, end=end)), (start, end)


# ---- what is read


@pytest.mark.parametrize(("model", "mode"), ROWS, ids=name)
def test_results(model: Model, mode: Mode) -> None:
    """A result, a failure and a task in the making are read for what they are, in the shape of each service."""
    wire = mode.wire
    provider = wire.provider
    order = taken(provider, body_of(asked(model, mode), mode))
    url = "https://films.example/1.mp4?sig=1"
    cost = {"amount": 1.4, "currency": "credit", "list_amount": 2.0}
    done = answers.success(provider, "t1", "x1", order, [("v1", url)], cost=cost)
    failed = answers.failure(provider, "t1", "x1", "api_error", "fetch failed")
    for response, verdict, links in ((done, Verdict.SUCCEEDED, [url]), (failed, Verdict.FAILED, [])):
        task = answers.shown(provider, "t1", "x1", 1_763_142_607, {"callback_url": HOOK}, response)
        for report in (read_report(wire, response), read_task(wire, task)):
            assert report is not None
            assert (report.task_id, report.verdict) == ("t1", verdict)
            assert [film.url for film in report.films] == links
            assert all(film.vendor_id for film in report.films)
    assert (read_report(wire, failed).code, read_report(wire, failed).message) == ("api_error", "fetch failed")
    if provider != "minimax":  # it reports none
        assert (read_report(wire, done).cost, read_report(wire, done).currency) == (1.4, "credit")
    pending = read_task(wire, answers.shown(provider, "t1", "x1", 1_763_142_607, {"callback_url": HOOK}, None))
    assert pending is not None
    assert (pending.verdict, pending.created_at) == (Verdict.PENDING, 1_763_142_607_000)
    assert pending.callback_url == ("" if provider == "minimax" else HOOK)


# ---- over the wire


@pytest_asyncio.fixture
async def api() -> AsyncIterator[tuple[VideoAPI, VideoClient]]:
    made = VideoAPI(token="secret", seconds=None, render=lambda request, pictures: b"film")
    async with made.serve() as url, aiohttp.ClientSession() as session:
        yield made, VideoClient(base_url=url, token="secret", session=session)


@pytest.mark.parametrize("model", FIRSTS.values(), ids=name)
async def test_a_film_over_the_wire(api: tuple[VideoAPI, VideoClient], model: Model) -> None:
    """Each service takes a request, shows it pending, then done, alone and among others; and knows no strange task."""
    vendor, client = api
    mode = model.modes[0]
    sent = await client.submit(mode.wire, body_of(asked(model, mode), mode) | {"callback_url": "http://127.0.0.1:9/x"})
    assert sent.verdict is Verdict.PENDING
    assert sent.task_id
    before = await client.task(mode.wire, sent.task_id)
    assert before is not None
    assert before.verdict is Verdict.PENDING
    await vendor.finish(sent.task_id)
    after = await client.task(mode.wire, sent.task_id)
    assert after is not None
    (film,) = after.films
    assert film.url.startswith("http://127.0.0.1")
    assert (await client.tasks(mode.wire, [sent.task_id, "nobody"]))[sent.task_id].films == (film,)
    assert await client.task(mode.wire, "nobody") is None
    if mode.wire.task:
        with pytest.raises(VendorFault) as caught:
            await client.recent(mode.wire, since=0)
        assert (caught.value.reason, caught.value.status) == ("bad_request", 200)
    else:
        (recent,) = await client.recent(mode.wire, since=0)
        assert recent.callback_url == "http://127.0.0.1:9/x"


ERRORS = [
    ("broke", "account_balance"),
    ("refuse", "moderation"),
    ("gone", "model_gone"),
    ("disabled", "model_gone"),
    ("barred", "model_gone"),
    ("unmade", "not_implemented"),
    ("limited", "slow_down"),
    ("vanish", "unknown"),
]


@pytest.mark.parametrize("model", FIRSTS.values(), ids=name)
async def test_errors_over_the_wire(api: tuple[VideoAPI, VideoClient], model: Model) -> None:
    """Each service's refusals are read for what they mean, with their code and message."""
    _, client = api
    mode = model.modes[0]
    for word, reason in ERRORS:
        body = build_body(
            mode.wire, replace(asked(model, mode), prompt=f"a boat, {word}"), images=[], callback_url=None
        )
        with pytest.raises(VendorFault) as caught:
            await client.submit(mode.wire, body)
        assert caught.value.reason == reason, word
        assert caught.value.code, word
        assert caught.value.message, word
        assert caught.value.trace_id, word
