"""The domain: requests checked against the catalogue, windows of credits, pace, the ends of links."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import Catalogue, CatalogueError
from domain.credit import Grant, Rule, best_room, local_date, renews_at, split, window
from domain.faults import Refused
from domain.job import TABLE, Effect, Event, JobState, credits_after, step
from domain.links import ends_at
from domain.pace import MINUTE, Pace
from domain.request import orientation_of, parse
from domain.wire import Wire

TEXT = (Path(__file__).parent.parent / "catalogue.toml").read_text("utf-8")
CATALOGUE = Catalogue.parse(TEXT)


def ms(text: str, zone: tzinfo = UTC) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def test_defaults_are_filled_in() -> None:
    """Only a prompt is needed."""
    request = parse(CATALOGUE, prompt="  a boat \r\n at sea ")
    assert (request.prompt, request.model, request.duration) == ("a boat \n at sea", "sora-2", 10)
    assert (request.size, request.orientation) == ("small", "landscape")


def test_the_first_picture_decides_the_shape() -> None:
    """With pictures and no orientation, the shape is left to the first picture."""
    assert parse(CATALOGUE, prompt="x", pictures=2).orientation is None


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"prompt": "  "}, "prompt_empty"),
        ({"prompt": "x" * 4001}, "prompt_long"),
        ({"model": "dall-e"}, "model_unknown"),
        ({"duration": 25}, "duration"),  # only Pro makes 25 s
        ({"duration": -1}, "duration"),
        ({"size": "huge"}, "size"),
        ({"model": "sora-2-short", "orientation": "square"}, "orientation"),  # version 2.0 has no square
        ({"model": "sora-2-short", "pictures": 2}, "pictures_many"),  # and takes one picture
        ({"pictures": 5}, "pictures_many"),
    ],
)
def test_what_does_not_go_together(asked: dict[str, Any], reason: str) -> None:
    """A recipe that no model makes is refused with its reason."""
    with pytest.raises(Refused) as caught:
        parse(CATALOGUE, **{"prompt": "a boat", **asked})
    assert caught.value.reason == reason


def test_a_refusal_names_what_would_go() -> None:
    """25 seconds are offered with the models that make them, by the names that people read and by their keys."""
    with pytest.raises(Refused) as caught:
        parse(CATALOGUE, prompt="x", duration=25)
    assert caught.value.values["others"] == ["Sora 2 Pro", "Seedance 2.5", "Wan 3", "Grok Imagine"]
    assert caught.value.values["keys"] == ["sora-2-pro", "seedance-2.5", "wan-3", "grok-imagine"]


def test_a_paused_model_is_refused_and_not_the_default() -> None:
    """`paused` in the catalogue closes a model with its own words, and the next one becomes the default."""
    paused = Catalogue.parse(TEXT.replace('paused = ""', 'paused = "It is being repaired"', 1))
    assert paused.default().key == "sora-2-pro"
    with pytest.raises(Refused) as caught:
        parse(paused, prompt="x", model="sora-2")
    assert caught.value.reason == "model_paused"
    assert caught.value.values["why"] == "It is being repaired"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("small = { 10 = 2, 15 = 3 }", "small = { 10 = 2 }", "price.small.15 is missing"),
        ("small = { 10 = 2, 15 = 3 }", "small = { 10 = 2, 15 = 1.5 }", "price.small.15 must be a whole number"),
        ("small = { 10 = 2, 15 = 3 }", "small = { 10 = 2, 15 = true }", "price.small.15 must be a whole number"),
        ('"small portrait" = "720x1280", ', "", 'pixels."small portrait" is missing'),
        ("durations = [10, 15]", "durations = []", "need at least one value"),
        ('character = "position"', 'character = "inches"', "character must be"),
        ('prompt = "prompt", ', "", "body.prompt is missing"),
        ('key = "sora-2-pro"', 'key = "sora-2"', "sora-2: stands twice"),
    ],
)
def test_a_wrong_catalogue_says_where(old: str, new: str, says: str) -> None:
    """Each fault of a catalogue is named with its row."""
    assert old in TEXT
    with pytest.raises(CatalogueError) as caught:
        Catalogue.parse(TEXT.replace(old, new, 1))
    assert says in "\n".join(caught.value.faults)


def test_a_frozen_wire_is_the_same_again() -> None:
    """How a request is built survives its way through the database."""
    for row in CATALOGUE.models:
        assert Wire.from_json(row.wire.to_json()) == row.wire


@pytest.mark.parametrize(
    ("width", "height", "all_three", "two"),
    [
        (1920, 1080, "landscape", "landscape"),
        (1080, 1920, "portrait", "portrait"),
        (1000, 1000, "square", "landscape"),
        (1000, 950, "square", "landscape"),  # nearly square
        (950, 1000, "square", "portrait"),
    ],
)
def test_orientation_of_a_picture(width: int, height: int, all_three: str, two: str) -> None:
    """The longer side decides, and nearly equal sides are square where the model has it."""
    assert orientation_of(width, height, ("landscape", "portrait", "square")) == all_three
    assert orientation_of(width, height, ("landscape", "portrait")) == two


def test_every_event_meets_every_state() -> None:
    """The table is complete, and what it moves ends in a state."""
    for event in Event:
        for state in JobState:
            what = step(event, state)
            assert (what.to is not None) == (what.effect is Effect.MOVE)
    assert set(TABLE) == set(Event)


def test_final_states_are_left_by_nothing() -> None:
    """No event moves a job out of ready, failed, expired or cancelled."""
    for event in Event:
        for state in (JobState.READY, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED):
            assert step(event, state).to is None


def test_only_final_states_settle_credits() -> None:
    """Ready captures, the other ends release, and a film that never came refunds."""
    settled = {(event, state): credits_after(step(event, state)) for event in Event for state in JobState}
    for (event, state), credits in settled.items():
        to = step(event, state).to
        if to is JobState.READY:
            assert credits == "capture"
        elif to in (JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED):
            assert credits == "release"
        elif step(event, state).effect is Effect.REFUND:
            assert credits == "refund"
        else:
            assert credits is None


@pytest.mark.parametrize(
    ("period", "now", "zone", "key", "renews"),
    [
        ("day", "2026-11-24T23:59:59", "UTC", "d:2026-11-24#0", "2026-11-25T00:00:00+00:00"),
        ("week", "2026-11-24T12:00:00", "UTC", "w:2026-W48#0", "2026-11-30T00:00:00+00:00"),
        ("month", "2026-12-31T12:00:00", "UTC", "m:2026-12#0", "2027-01-01T00:00:00+00:00"),
        ("week", "2027-01-02T12:00:00", "UTC", "w:2026-W53#0", "2027-01-04T00:00:00+00:00"),  # an ISO year ends late
        ("month", "2028-02-29T12:00:00", "UTC", "m:2028-02#0", "2028-03-01T00:00:00+00:00"),  # a leap day
        ("day", "2026-03-29T12:00:00", "Europe/Berlin", "d:2026-03-29#0", "2026-03-29T22:00:00+00:00"),  # 23 hours
        ("day", "2026-10-25T12:00:00", "Europe/Berlin", "d:2026-10-25#0", "2026-10-25T23:00:00+00:00"),  # 25 hours
        (
            "day",
            "2018-11-03T12:00:00",
            "America/Sao_Paulo",
            "d:2018-11-03#0",
            "2018-11-04T03:00:00+00:00",
        ),  # no midnight
        ("day", "2011-12-29T12:00:00", "Pacific/Apia", "d:2011-12-29#0", "2011-12-30T10:00:00+00:00"),  # no 30th at all
    ],
)
def test_windows_turn_at_local_dates(period: str, now: str, zone: str, key: str, renews: str) -> None:
    """A window is named by the local date, and ends when that date does, whatever the zone's clocks do."""
    where = ZoneInfo(zone)
    at = ms(now, where)
    assert window(period, local_date(at, where)) == key
    assert renews_at(period, at, where) == ms(renews[:19])


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["day", "week", "month"]))
def test_a_window_renews_in_the_future(now: int, period: str) -> None:
    """The next window is never the present one, and begins right where this one ends."""
    turn = renews_at(period, now, UTC)
    assert turn > now
    assert window(period, local_date(turn, UTC)) != window(period, local_date(turn - 1, UTC))
    assert window(period, local_date(turn - 1, UTC)) == window(period, local_date(now, UTC))


def test_epochs_are_other_windows() -> None:
    """A reset counts in a window of its own."""
    assert window("day", date(2026, 1, 2), 3) == "d:2026-01-02#3"


def test_one_rule_with_room_is_enough() -> None:
    """The rule that leaves the most decides; unlimited beats all; overspent leaves nothing."""
    day, week = Rule("everyone", "day", 10), Rule("role:5", "week", 30)
    assert best_room([]) is None
    room = best_room([(day, 4), (week, 29)])
    assert room is not None
    assert (room.left, room.rule) == (6, day)
    room = best_room([(day, 14), (week, 40)])
    assert room is not None
    assert room.left == 0
    room = best_room([(day, 1), (Rule("role:6", "day", None), 0)])
    assert room is not None
    assert room.left is None


@given(
    st.integers(1, 50),
    st.none() | st.integers(0, 60),
    st.lists(st.tuples(st.integers(1, 20), st.none() | st.integers(1, 99)), max_size=5),
)
def test_a_price_is_paid_exactly_or_not_at_all(price: int, room: int | None, raw: list[tuple[int, int | None]]) -> None:
    """Window first, then grants by their end; parts sum to the price, and no grant gives more than it has."""
    grants = [Grant(n, left, ends) for n, (left, ends) in enumerate(raw)]
    paid = split(price, room, grants)
    enough = room is None or room + sum(grant.left for grant in grants) >= price
    assert (paid is not None) == enough
    if paid:
        assert paid.window + sum(part for _, part in paid.grants) == price
        assert room is None or paid.window == min(price, room)
        assert all(0 < part <= grants[n].left for n, part in paid.grants)
        ends = [grants[n].ends_at for n, _ in paid.grants]
        assert ends == sorted(ends, key=lambda end: (end is None, end or 0))


def test_looks_grow_apart() -> None:
    """Every minute until twice the usual time, then ever more rarely, at most once an hour."""
    pace = Pace()
    pauses = [pace.next_look(age * MINUTE, sent_at=0, usual_seconds=120) - age * MINUTE for age in range(0, 600)]
    assert pauses[:4] == [MINUTE] * 4
    assert pauses == sorted(pauses)
    assert pauses[-1] == pace.look_most
    assert pace.next_try(0, 1) == 5_000
    assert pace.next_try(0, 99) is None


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("se=2026-11-30T10%3A00%3A00Z&sig=x", "2026-11-30T10:00"),
        ("se=2026-11-30", "2026-11-30T00:00"),
        ("Expires=1796032800&Signature=x", "2026-11-30T10:00"),
        ("X-Amz-Date=20261126T100000Z&X-Amz-Expires=345600", "2026-11-30T10:00"),
        ("X-Goog-Date=20261126T100000Z&X-Goog-Expires=345600", "2026-11-30T10:00"),
        ("X-Amz-Date=20261126T100000Z&X-Amz-Expires=99999999999999999999", None),
        ("X-Amz-Date=tomorrow&X-Amz-Expires=345600", None),
        ("se=soon", None),
        ("Expires=-1", None),
        ("token=1796032800", None),
        ("", None),
    ],
)
def test_a_links_last_day(query: str, end: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signed link says when it dies, in UTC wherever the bot runs; one that does not is not guessed at."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert ends_at(f"https://films.example/a.mp4?{query}") == (ms(end) if end else None)
    finally:
        monkeypatch.undo()
        time.tzset()
