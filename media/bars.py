"""How a chart is drawn with matplotlib; runs only in a child process, so that none of its memory stays in the bot.

Measures are pixels of a picture that a phone shows at a third of its width: 36 here are 12 there.
"""

from __future__ import annotations

import contextlib
import io
import os
from itertools import pairwise
from typing import Any

# Before NumPy is loaded: each of its threads would reserve memory that this process is not allowed.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

WIDTH = 1080
EDGE = 40
HEAD, PLOT, DATES, ROW = 210, 600, 96, 64
DATES_APART = 24
#: Discord's dark background, its text, and its quieter text.
GROUND, TEXT, QUIET, LINE = "#313338", "#f2f3f5", "#b5bac1", "#4e5058"
COLOURS = ("#5aa2ff", "#f5a623", "#35c9a5", "#ef6ea7", "#a98bfa", "#d8d85a", "#ff7a59", "#84d8f5")
OTHERS = "#949ba4"
#: How much of its colour what was given back keeps.
FADED = 0.5
#: Fonts with the signs of Chinese, Japanese and Korean, of Thai, of Arabic and so on, where a machine has them.
FONTS = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "IPAGothic",
    "NanumGothic",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Unifont",
)


def draw(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a PNG of what media.chart describes."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in FONTS if name in known]
    mpl.rcParams.update({"font.family": fonts, "text.parse_math": False, "axes.unicode_minus": False})
    words = _sayable(arguments["labels"] | {"title": arguments["title"]}, arguments["plainer"], _signs(fonts))
    series = arguments["series"]
    rows = -(-len(series) // 2)
    height = EDGE + HEAD + PLOT + DATES + rows * ROW + EDGE
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100, facecolor=GROUND)
    FigureCanvasAgg(figure)
    _head(figure, height, words, words[arguments["unit"]])
    if series:
        bottom = EDGE + rows * ROW + DATES
        axes = figure.add_axes((130 / WIDTH, bottom / height, (WIDTH - 130 - EDGE) / WIDTH, PLOT / height))
        _bars(axes, series, arguments["bars"])
        _scales(figure, axes, arguments["ticks"])
        _sides(figure, height, words, series)
        _legend(figure, height, words, series)
    else:
        _write(figure, WIDTH / 2, height / 2, words["empty"], 40, QUIET, ha="center")
    png = io.BytesIO()
    figure.savefig(png, format="png", facecolor=GROUND)
    return {"height": height}, png.getvalue()


def _signs(fonts: list[str]) -> set[int]:
    """Every sign that can be written."""
    found: set[int] = set()
    for name in fonts:
        # A font that cannot be opened is as good as none.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            found.update(font_manager.get_font(font_manager.findfont(name, fallback_to_default=False)).get_charmap())
    return found


def _sayable(words: dict[str, str], plainer: dict[str, str], signs: set[int]) -> dict[str, str]:
    """Words without a sign that no font has: in the plainer language where there is one, or without the sign."""
    said: dict[str, str] = {}
    for key, text in words.items():
        missing = any(ord(sign) not in signs for sign in text)
        chosen = plainer.get(key, text) if missing else text
        said[key] = "".join(sign for sign in chosen if ord(sign) in signs)
    return said


def _head(figure: Figure, height: int, words: dict[str, str], unit: str) -> None:
    _write(figure, EDGE, height - EDGE - 30, words["title"], 46, TEXT, weight="bold")
    _write(figure, EDGE, height - EDGE - 92, unit, 38, QUIET)


def _bars(axes: Axes, series: list[dict[str, Any]], count: int) -> None:
    """What films cost grows up from the line, the largest model first; what was given back hangs below it."""
    up, down = [0] * count, [0] * count
    width = 0.82 if count > 1 else 0.3
    edge = {"edgecolor": GROUND, "linewidth": 1.2 if count < 40 else 0}
    for colour, one in zip(_colours(series), series, strict=True):
        axes.bar(range(count), one["ready"], width, bottom=up, color=colour, **edge)
        axes.bar(
            range(count), [-n for n in one["back"]], width, bottom=[-n for n in down], color=_faded(colour), **edge
        )
        up = [a + b for a, b in zip(up, one["ready"], strict=True)]
        down = [a + b for a, b in zip(down, one["back"], strict=True)]
    top, low = max(up), max(down)
    # The line is never at the very edge.
    axes.set_ylim(-max(low, top * 0.02) * 1.04, max(top, low * 0.02) * 1.04)
    axes.set_xlim(-0.6, max(count, 3) - 0.4 if count > 1 else 0.6)


def _scales(figure: Figure, axes: Axes, ticks: list[tuple[int, str]]) -> None:
    axes.set_facecolor(GROUND)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.axhline(0, color=QUIET, linewidth=2)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(abs(round(value)))))
    axes.grid(axis="y", color=LINE, linewidth=1.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=_points(36), labelcolor=QUIET, pad=14)
    for step in range(1, len(ticks) + 1):  # as many dates as fit side by side
        shown = ticks[::step]
        axes.set_xticks([n for n, _ in shown], [text for _, text in shown])
        figure.draw_without_rendering()
        places = [label.get_window_extent() for label in axes.get_xticklabels()]
        if all(left.x1 + DATES_APART < right.x0 for left, right in pairwise(places)):
            break


def _sides(figure: Figure, height: int, words: dict[str, str], series: list[dict[str, Any]]) -> None:
    """Which side of the line is which, with its sum: ▲ Ready 360  ▼ Given back 21."""
    x = float(EDGE)
    for sign, key, part, colour in (("▲", "ready", "ready", TEXT), ("▼", "given_back", "back", QUIET)):
        total = sum(sum(one[part]) for one in series)
        if not total:
            continue
        said = _write(
            figure, x, height - EDGE - 160, f"{sign} {words[key]} {total:,}", 40, colour, room=WIDTH - EDGE - x
        )
        x += _width(figure, said) + 48


def _legend(figure: Figure, height: int, words: dict[str, str], series: list[dict[str, Any]]) -> None:
    """Each model with its colour and what its films cost, in two columns."""
    half = (WIDTH - EDGE) // 2
    rows = -(-len(series) // 2)
    for n, (colour, one) in enumerate(zip(_colours(series), series, strict=True)):
        x, y = EDGE + n % 2 * half, EDGE + (rows - 1 - n // 2) * ROW + 12
        square = Rectangle((x / WIDTH, (y - 2) / height), 34 / WIDTH, 34 / height, color=colour)
        figure.add_artist(square)
        total = f"{sum(one['ready']):,}"
        number = _write(figure, x + half - EDGE - 10, y + 14, total, 38, TEXT, ha="right")
        room = half - EDGE - 10 - 52 - _width(figure, number) - 16
        _write(figure, x + 52, y + 14, one["name"] or words["others"], 38, QUIET, room=room)


def _colours(series: list[dict[str, Any]]) -> list[str]:
    return [COLOURS[n] if one["name"] else OTHERS for n, one in enumerate(series)]


def _faded(colour: str) -> tuple[float, ...]:
    pairs = zip(to_rgb(colour), to_rgb(GROUND), strict=True)
    return tuple(FADED * own + (1 - FADED) * ground for own, ground in pairs)


def _write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str,
    *,
    ha: str = "left",
    weight: str = "normal",
    room: float = WIDTH - 2 * EDGE,
) -> Text:
    """One line at a place, smaller where it does not fit its room, and cut where it still does not."""
    height = figure.get_figheight() * 100
    line = figure.text(x / WIDTH, y / height, text, color=colour, ha=ha, va="center", weight=weight)
    line.set_fontsize(_points(size))
    if _width(figure, line) > room:
        line.set_fontsize(_points(max(30, size * room / _width(figure, line))))
    while len(text) > 1 and _width(figure, line) > room:
        text = text[:-1]
        line.set_text(text.rstrip() + "…")
    return line


def _width(figure: Figure, line: Text) -> float:
    return line.get_window_extent(figure.canvas.get_renderer()).width  # pyright: ignore[reportAttributeAccessIssue]


def _points(pixels: float) -> float:
    return pixels * 0.72


def short(number: int) -> str:
    """950, 1.2k, 15k, 3M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return (
                f"{number / size:.1f}".removesuffix(".0") + letter
                if number < 10 * size
                else f"{number // size}{letter}"
            )
    return str(number)
