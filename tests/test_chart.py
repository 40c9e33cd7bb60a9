"""The chart: what its bars say, in every range and language, drawn outside of the bot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from PIL import Image, ImageColor

from domain.faults import Refused
from domain.usage import Day, Spent
from media import chart
from media.bars import COLOURS, DATES, DATES_APART, EDGE, GROUND, OTHERS, ROW, TEXT, short
from media.chart import usage_chart

FIRST = date(2026, 8, 1)
LABELS = {
    "day": "Credits a day",
    "week": "Credits a week",
    "month": "Credits a month",
    "ready": "Ready",
    "given_back": "Given back",
    "others": "Others",
    "empty": "Nothing was spent in these days",
}


async def drawn(days: Sequence[Day], length: int = 30, *, title: str = "Usage", **labels: str) -> Image.Image:
    last = FIRST + timedelta(days=length - 1)
    png = await usage_chart(days, first=FIRST, last=last, title=title, labels=LABELS | labels, plainer=LABELS)
    return Image.open(io.BytesIO(png)).convert("RGB")


def spent(model: str, ready: int, back: int = 0, after: int = 0) -> Day:
    return Day(FIRST + timedelta(days=after), model, Spent(ready, back))


def area(picture: Image.Image, colour: str) -> int:
    """How many pixels have just this colour."""
    found = {kind: count for count, kind in picture.getcolors(1 << 24) or []}
    return found.get(ImageColor.getrgb(colour), 0)


async def test_bars_are_as_high_as_what_was_spent() -> None:
    """Twice the credits are twice the area, in the model's colour, on Discord's dark ground, as wide as a phone's."""
    picture = await drawn([spent("Sora 2", 20), spent("Veo", 10)], 1)
    assert picture.width == 1080
    assert area(picture, GROUND) > picture.width * picture.height / 2
    legend = 34 * 34
    assert area(picture, COLOURS[0]) - legend == pytest.approx(2 * (area(picture, COLOURS[1]) - legend), rel=0.05)


async def test_dates_stand_apart() -> None:
    """Long dates leave each other room: between two of them is more than between the words of one."""
    days, last = [spent("Sora 2", 20)], FIRST + timedelta(days=28)
    png = await usage_chart(
        days, first=FIRST, last=last, title="Usage", labels=LABELS, say_date=lambda day: f"{day:%d} of August 2026"
    )
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    below = picture.height - EDGE - ROW
    ground = ImageColor.getrgb(GROUND)
    strip = picture.crop((0, below - DATES + 10, picture.width, below))
    written = [any(strip.getpixel((x, y)) != ground for y in range(strip.height)) for x in range(strip.width)]
    gaps = [len(gap) for gap in "".join("#" if column else " " for column in written).strip().split("#") if gap]
    assert sum(gap >= DATES_APART for gap in gaps) in (1, 2)


async def test_what_was_given_back_hangs_below() -> None:
    """The line moves up, and the part below it has another colour than the part above."""
    whole, both = await drawn([spent("Sora 2", 20)], 1), await drawn([spent("Sora 2", 20, 20)], 1)
    assert area(both, COLOURS[0]) < 0.6 * area(whole, COLOURS[0])


async def test_many_models_share_the_last_colour() -> None:
    """Eight models have a colour each; what the others cost is drawn together, and is not lost."""
    days = [spent(f"Model {n}", 100 - n, after=n) for n in range(8)]
    eight = await drawn(days)
    ten = await drawn([*days, spent("Ninth", 40, after=9), spent("Tenth", 40, after=9)])
    assert all(area(eight, colour) > 500 for colour in COLOURS)
    assert not area(eight, OTHERS)
    assert area(ten, OTHERS) > 500


async def test_an_empty_range_says_so() -> None:
    """There is a picture with words and no bars; a model without any credits is left out, too."""
    for days in ([], [spent("Sora 2", 0)]):
        picture = await drawn(days)
        assert not area(picture, COLOURS[0])
        assert area(picture, TEXT)


@pytest.mark.parametrize(
    ("length", "unit", "bars"),
    [
        (1, "day", 1),
        (92, "day", 92),
        (93, "week", 14),  # the last one is shorter
        (365, "week", 53),
        (732, "month", 25),  # to the first day of the 25th
    ],
)
def test_long_ranges_are_told_by_weeks_and_months(length: int, unit: str, bars: int) -> None:
    """There are never more bars than can be told apart, and none is lost between them."""
    found, starts = chart._bars(FIRST, FIRST + timedelta(days=length - 1))
    assert (found, len(starts)) == (unit, bars)
    days = [spent("Sora 2", 1, 2, n) for n in range(length)]
    ready, back = chart._sums(days, starts)
    assert (sum(ready["Sora 2"]), sum(back["Sora 2"])) == (length, 2 * length)


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("最近 30 天的用量", "Sora 2"),  # no font here may have these signs
        ("", ""),
        ("$x$ 100 % {title} \\frac12 _a^b", "$\\sum"),  # no mathematics
        ("A server with a name that is far too long for any picture, whatever size its letters have", "long " * 30),
        ("line\nbreak\x00", "\u202emodel"),
    ],
)
async def test_any_words_can_be_drawn(title: str, model: str) -> None:
    """Words of moderators and operators are drawn as they are, cut, or left out: never as an error."""
    picture = await drawn([spent(model, 5)], title=title, ready="完成")
    assert area(picture, COLOURS[0]) or not model


async def test_large_numbers_stay_short() -> None:
    """The scale counts in thousands and millions."""
    assert [short(n) for n in (0, 950, 1_000, 1_250, 15_000, 3_000_000)] == ["0", "950", "1k", "1.2k", "15k", "3M"]
    assert (await drawn([spent("Sora 2", 10**9)])).width == 1080


async def test_a_chart_that_cannot_be_drawn_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that has too little memory ends with a fault of ours, and the bot goes on."""
    monkeypatch.setattr(chart, "MEMORY", 64 * 1024 * 1024)
    with pytest.raises(Refused) as caught:
        await drawn([spent("Sora 2", 5)])
    assert caught.value.reason == "chart_failed"
