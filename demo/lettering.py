"""Sets the words of a film: the prompt, the clapperboard with the recipe, the running time."""

import contextlib
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WHITE = (255, 255, 255, 255)
INK = (20, 20, 26, 255)
# Tried in turn when Pillow's own font lacks a letter of the prompt.
FONTS = ("DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "msyh.ttc")
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def lettering(
    request: dict[str, Any], size: tuple[int, int], seconds: int, *, put: Callable[..., None], layer: Callable[..., Any]
) -> Iterator[Callable[[Any, float], None]]:
    """The parts of each frame that hold words, as functions of canvas and moment (0-1)."""
    width, height = size
    unit = min(size) / 100
    title = layer(paragraph(request["prompt"], round(width - 12 * unit), round(height * 0.42), unit))
    fades = [title.faded(step / 10) for step in range(10)]

    def prompt(canvas: Any, t: float) -> None:
        second = t * seconds
        shown = title if second >= 1 else fades[int(second * 10)]
        lift = 5 * unit * (1 - min(1.0, second)) ** 2
        put(canvas, shown, 4 * unit, height - 10 * unit - title.height + lift)

    yield prompt
    slate = layer(_slate(request, size, seconds, unit))
    sticks = [layer(_stick(slate.width, unit, angle)) for angle in range(0, 25, 3)]
    hinge = (6 * unit, 17 * unit)

    def clap(canvas: Any, t: float) -> None:
        second = t * seconds
        # Open, a clap at 0.6 s, and a small bounce.
        angle = 24 - 24 * (second / 0.6) ** 3 if second < 0.6 else 6 * math.exp(-6 * (second - 0.6)) * (second < 1)
        stick = sticks[max(0, min(len(sticks) - 1, round(angle / 3)))]
        put(canvas, slate, *hinge)
        put(canvas, stick, hinge[0], hinge[1] - stick.height + 0.6 * unit)

    yield clap
    track = layer(Image.new("RGBA", (round(width - 12 * unit), max(2, round(0.7 * unit))), (255, 255, 255, 70)))
    bars = [layer(Image.new("RGBA", (round(track.width * i / 60) + 1, track.height), WHITE)) for i in range(61)]
    clocks = [layer(line(f"0:{s:02d} / 0:{seconds:02d}", 3.1 * unit)) for s in range(seconds + 1)]

    def clock(canvas: Any, t: float) -> None:
        put(canvas, track, 6 * unit, height - 6 * unit)
        put(canvas, bars[round(t * 60)], 6 * unit, height - 6 * unit)
        now = clocks[min(seconds, int(t * seconds + 1e-6))]
        put(canvas, now, width - 6 * unit - now.width, 6 * unit)

    yield clock


def paragraph(text: str, width: int, height: int, unit: float) -> Image.Image:
    """The text in the largest letters that fit, broken into lines; cut with an ellipsis when it is too long."""
    # Lone surrogates and control signs are legal in JSON, but no font draws them.
    text = "".join(c if c.isprintable() else " " * c.isspace() for c in text.encode("utf-8", "replace").decode())
    text = " ".join(text.split())[:600] or "…"
    # Letters that no font here has (emoji, rare scripts) are left out while anything else remains.
    lacking = _lacking(_face(text), text)
    text = " ".join("".join(c for c in text if c not in lacking).split()) or text
    for points in (9, 7.5, 6.2, 5.2, 4.4, 3.6):
        font = _font(text, points * unit)
        rows = _wrap(text, font, width)
        step = round(points * unit * 1.25)
        if len(rows) * step <= height:
            break
    else:
        rows = rows[: max(1, height // step)]
        rows[-1] = rows[-1].rstrip(" .,;") + " …"
    pad = round(2 * unit)
    words = Image.new("L", (width + 2 * pad, len(rows) * step + 2 * pad))
    draw = ImageDraw.Draw(words)
    for index, row in enumerate(rows):
        draw.text((pad, pad + index * step), row, fill=255, font=font)
    return _shadowed(words, pad)


def line(text: str, points: float) -> Image.Image:
    """One short line, in white with a soft shadow."""
    font = _font(text, points)
    words = Image.new("L", (round(font.getlength(text)) + 12, round(points * 1.5) + 8))
    ImageDraw.Draw(words).text((6, 4), text, fill=255, font=font)
    return _shadowed(words, 3)


def _shadowed(words: Image.Image, radius: float) -> Image.Image:
    """White letters over their own blurred shadow, so that they are read on any ground."""
    shadow = words.filter(ImageFilter.GaussianBlur(radius)).point([min(170, round(v * 1.3)) for v in range(256)])
    image = Image.new("RGBA", words.size, (10, 8, 20, 0))
    image.putalpha(shadow)
    white = Image.new("RGBA", words.size, (255, 255, 255, 0))
    white.putalpha(words)
    return Image.alpha_composite(image, white)


def _wrap(text: str, font: Font, width: int) -> list[str]:
    rows = [""]
    for word in text.split(" "):
        while font.getlength(word) > width:  # a word wider than the film, or a script without spaces
            cut = max(1, int(len(word) * width / font.getlength(word)) - 1)
            rows, word = [*rows, word[:cut]] if rows[-1] else [word[:cut]], word[cut:]
        longer = f"{rows[-1]} {word}".strip()
        rows = [*rows[:-1], longer] if font.getlength(longer) <= width else [*rows, word]
    return rows


def _slate(request: dict[str, Any], size: tuple[int, int], seconds: int, unit: float) -> Image.Image:
    """The board: model, recipe, take."""
    rows = (
        (str(request["model"]), 4.2, WHITE),
        (f"{seconds} s  ·  {size[0]} x {size[1]}", 2.9, (225, 226, 236, 255)),
        (f"{_shape(size)}  ·  {request.get('size', 'small')}", 2.9, (225, 226, 236, 255)),
        (f"TAKE {request.get('take', 1)}", 2.4, (255, 196, 120, 255)),
    )
    image = Image.new("RGBA", (round(38 * unit), round(21 * unit)), (*INK[:3], 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, image.width - 1, image.height - 1), round(1.4 * unit), fill=(*INK[:3], 225))
    y = 1.6 * unit
    for text, points, colour in rows:
        draw.text((2.4 * unit, y), text, fill=colour, font=_font(text, points * unit))
        y += points * unit * 1.25 + 0.9 * unit
    return image


def _shape(size: tuple[int, int]) -> str:
    return "square" if size[0] == size[1] else "landscape" if size[0] > size[1] else "portrait"


def _stick(length: int, unit: float, angle: float) -> Image.Image:
    """The striped stick, open by `angle` degrees around its left end; its box ends at the hinge."""
    thick, scale = round(4.6 * unit), 2
    image = Image.new("RGBA", (length * scale, thick * scale), (245, 245, 248, 255))
    draw = ImageDraw.Draw(image)
    step = thick * scale * 1.5
    for i in range(-1, int(length * scale / step) + 1):
        x = i * step
        draw.polygon([(x, thick * scale), (x + step / 2, thick * scale), (x + step, 0), (x + step / 2, 0)], fill=INK)
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), round(unit * scale), fill=255)
    image.putalpha(mask)
    reach = round(length * math.sin(math.radians(angle)))
    box = Image.new("RGBA", (length * scale, (thick + reach) * scale), (*INK[:3], 0))
    box.paste(image, (0, reach * scale))
    turned = box.rotate(angle, Image.Resampling.BICUBIC, center=(0, box.height))
    return turned.resize((length, thick + reach), Image.Resampling.BOX)


def _font(text: str, points: float) -> Font:
    return _load(_face(text), round(points))


@lru_cache(maxsize=64)
def _load(name: str, points: int) -> Font:
    return ImageFont.truetype(name, points) if name else ImageFont.load_default(points)


@lru_cache(maxsize=256)
def _face(text: str) -> str:
    """The font that lacks the fewest letters of the text: Pillow's own ("") or a known one that this machine has."""
    best, fewest = "", len(_lacking("", text))
    for name in FONTS if fewest else ():
        with contextlib.suppress(OSError):
            if (count := len(_lacking(name, text))) < fewest:
                best, fewest = name, count
    return best


def _lacking(name: str, text: str) -> set[str]:
    """The letters that a font lacks: it draws its own "missing" box for them. U+FFFE is a letter that no font has."""
    font = _load(name, 32)

    def drawn(letter: str) -> bytes:
        image = Image.new("L", (64, 64))
        ImageDraw.Draw(image).text((4, 4), letter, fill=255, font=font)
        return image.tobytes()

    missing = drawn("\ufffe")
    return {letter for letter in set(text) - {" "} if drawn(letter) == missing}
