"""Draws a short film for a request: a landscape or the given pictures, the prompt, and a clapperboard with the recipe.

Made to be cheap: every layer is drawn once with Pillow and split into the three planes that H.264 wants (brightness in
full size, two colours in half), and a frame only pastes planes onto planes: no conversion, no pixel passes Python.
"""

import hashlib
import math
import random
import tempfile
from array import array
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from demo.lettering import lettering

FPS = 12
RATE = 24_000

# (sky above, sky at the horizon, sun, far hills, near hills): each a time of day.
Colour = tuple[int, int, int]
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour, Colour], ...] = (
    ((38, 28, 84), (246, 140, 104), (255, 224, 170), (140, 78, 122), (26, 18, 46)),  # dusk
    ((16, 62, 110), (164, 216, 220), (255, 246, 214), (70, 132, 150), (10, 36, 56)),  # morning by the sea
    ((24, 20, 60), (88, 84, 170), (226, 230, 255), (60, 58, 124), (12, 12, 36)),  # moonlight
    ((92, 40, 70), (255, 188, 108), (255, 240, 190), (190, 96, 72), (52, 20, 32)),  # desert evening
    ((14, 58, 62), (188, 222, 150), (255, 250, 206), (72, 132, 104), (10, 40, 40)),  # forest
)
# The four notes of each chord, in Hz.
CHORDS = ((220, 277, 330, 440), (196, 247, 294, 392), (262, 330, 392, 523), (175, 220, 262, 349))

# Video players read brightness as 16-235 and colour as 16-240, Pillow writes both as 0-255.
_LUMA = [16 + round(v * 219 / 255) for v in range(256)]
_CHROMA = [128 + round((v - 128) * 224 / 255) for v in range(256)]


class Layer:
    """An RGBA image, split: three planes to paste and three masks that say how opaque they are."""

    def __init__(self, image: Image.Image, *, solid: bool = False):
        self.width, self.height = image.size
        half = (max(1, image.width // 2), max(1, image.height // 2))
        luma, *chroma = image.convert("RGB").convert("YCbCr").split()
        self.planes = [luma.point(_LUMA), *(c.point(_CHROMA).resize(half, Image.Resampling.BOX) for c in chroma)]
        self.masks: list[Image.Image | None] = [None, None, None]
        if not solid:
            alpha = image.getchannel("A")
            small = alpha.resize(half, Image.Resampling.BOX)
            self.masks = [alpha, small, small]

    def faded(self, amount: float) -> "Layer":
        """The same layer, `amount` (0-1) as opaque."""
        copy = Layer.__new__(Layer)
        copy.width, copy.height, copy.planes = self.width, self.height, self.planes
        copy.masks = [m and m.point([round(v * amount) for v in range(256)]) for m in self.masks]
        return copy


Canvas = list[Image.Image]  # three planes; wider than the film where the encoder wants padding
Draw = Callable[[Canvas, float], None]  # draws one part of the frame at a moment, 0 (first frame) to 1 (last)


def put(canvas: Canvas, layer: Layer, x: float, y: float) -> None:
    """Paste a layer with its top left corner at the nearest even pixel."""
    cx, cy = round(x / 2), round(y / 2)
    for index, (plane, image, mask) in enumerate(zip(canvas, layer.planes, layer.masks, strict=True)):
        plane.paste(image, (cx, cy) if index else (cx * 2, cy * 2), mask)


def film(request: dict[str, Any], pictures: list[bytes], *, width: int, height: int, seconds: int) -> bytes:
    """One MP4 (H.264 and AAC, its index first) of the given pixels and seconds. Blocks for about a second of CPU."""
    seed = int.from_bytes(
        hashlib.sha256(f"{request['prompt']!r} {request.get('take', 1)}".encode()).digest()[:8], "big"
    )
    size = (width, height)
    parts = list(_album(size, pictures) if pictures else _landscape(size, random.Random(seed)))
    parts += [_dust(size, random.Random(seed)), *lettering(request, size, seconds, put=put, layer=Layer)]
    with tempfile.TemporaryDirectory(prefix="clapper-film-") as folder:
        path = Path(folder, "film.mp4")
        _encode(path, size, seconds, parts, CHORDS[seed % len(CHORDS)])
        return path.read_bytes()


def _landscape(size: tuple[int, int], rng: random.Random) -> Iterator[Draw]:
    """A sky, a sun that rises along an arc, and three ranges of hills that pass by at their own speed."""
    width, height = size
    above, horizon, sun, far, near = rng.choice(PALETTES)
    sky = _gradient(size, above, horizon, 0.72)
    stars = ImageDraw.Draw(sky)
    for _ in range(70 if sum(above) < 190 else 0):
        x, y, bright = rng.random() * width, rng.random() ** 2 * height * 0.55, rng.randint(90, 220)
        stars.ellipse((x, y, x + 1 + bright / 90, y + 1 + bright / 90), fill=(bright, bright, bright))
    # A little grain: without it, eight bits of a soft sky show as stripes.
    grain = Image.effect_noise(size, 9).convert("RGB")
    yield _still(Layer(Image.blend(sky, grain, 0.035), solid=True))

    glow = Layer(_glow(round(min(size) * 1.5), sun, core=0.105))

    def rise(canvas: Canvas, t: float) -> None:
        x = width * (0.14 + 0.7 * t)
        y = height * (0.56 - 0.3 * math.sin(math.pi * (0.12 + 0.62 * t)))
        put(canvas, glow, x - glow.width / 2, y - glow.height / 2)

    yield rise
    for index, depth in enumerate((0.0, 0.45, 1.0)):
        colour = _mix(far, near, depth)
        hills = Layer(_hills(size, colour, _mix(horizon, colour, 0.35 + 0.55 * depth), index, rng))
        yield _passing(hills, -width * (0.06, 0.16, 0.34)[index], height - hills.height)


def _still(layer: Layer) -> Draw:
    return lambda canvas, _: put(canvas, layer, 0, 0)


def _passing(layer: Layer, distance: float, y: float) -> Draw:
    return lambda canvas, t: put(canvas, layer, distance * t, y)


def _hills(size: tuple[int, int], low: Colour, crest: Colour, index: int, rng: random.Random) -> Image.Image:
    """One range, wide enough to pass by: hazy at the crest, darker below, the nearer the lower and rougher."""
    width, height = round(size[0] * 1.36), round(size[1] * (0.5, 0.4, 0.27)[index])
    waves = [(rng.uniform(0.7, 1.3) * f, rng.uniform(0, 6.3), 1 / f) for f in (1.3, 2.9, 5.3, 11, 23)]
    total = sum(a for *_, a in waves)

    def crest_at(x: int) -> float:
        turn = 2 * math.pi * x / size[0]
        return height * (0.42 + 0.4 * sum(a * math.sin(turn * f + p) for f, p, a in waves) / total)

    # Drawn twice as large and shrunk: a soft edge.
    mask = Image.new("L", (width, height * 2))
    edge = [(x, crest_at(x) * 2) for x in range(0, width + 8, 4)]
    ImageDraw.Draw(mask).polygon([(0, height * 2), *edge, (width, height * 2)], fill=255)
    image = _gradient((width, height), crest, low, 0.75)
    image.putalpha(mask.resize((width, height), Image.Resampling.BOX))
    return image


def _album(size: tuple[int, int], pictures: list[bytes]) -> Iterator[Draw]:
    """The pictures one after the other, each in a slow zoom, darker where the words stand."""
    width, height = size
    sheets = [Layer(_sheet(picture, (round(width * 1.12), round(height * 1.12))), solid=True) for picture in pictures]

    def zoom(canvas: Canvas, t: float) -> None:
        index = min(int(t * len(sheets)), len(sheets) - 1)
        local = t * len(sheets) - index
        near = local if index % 2 == 0 else 1 - local  # in, out, in…
        share = 1 - 0.1 * near
        for plane, image, half in zip(canvas, sheets[index].planes, (1, 2, 2), strict=True):
            w, h = image.width * share, image.height * share
            left, top = (image.width - w) * (0.5 + 0.3 * near), (image.height - h) * 0.45
            target = (width // half, height // half)
            plane.paste(image.resize(target, Image.Resampling.BILINEAR, (left, top, left + w, top + h)), (0, 0))

    yield zoom
    shade = Image.new("RGBA", size, (8, 8, 16, 0))
    dark = (
        Image.linear_gradient("L")
        .resize(size)
        .point([round(min(1, max(0, v - 90) / 130) ** 1.4 * 205) for v in range(256)])
    )
    shade.putalpha(dark)
    lower = Layer(shade.crop((0, round(height * 0.34), width, height)))
    yield lambda canvas, _: put(canvas, lower, 0, round(height * 0.34))


def _sheet(picture: bytes, size: tuple[int, int]) -> Image.Image:
    """The picture whole on a blurred enlargement of itself, or filling the sheet when its shape is nearly right."""
    with Image.open(BytesIO(picture)) as opened:
        opened.draft("RGB", (size[0] * 2, size[1] * 2))
        image = ImageOps.exif_transpose(opened).convert("RGB")
    cover = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    ratio = image.width / image.height / (size[0] / size[1])
    if 0.8 < ratio < 1.25:
        return cover
    small = cover.resize((size[0] // 8, size[1] // 8), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(7))
    sheet = small.resize(size, Image.Resampling.BICUBIC).point([round(v * 0.62) for v in range(256)] * 3)
    whole = ImageOps.contain(image, (round(size[0] * 0.88), round(size[1] * 0.88)), Image.Resampling.LANCZOS)
    sheet.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return sheet


def _dust(size: tuple[int, int], rng: random.Random) -> Draw:
    """A few soft specks of light that float up."""
    width, height = size
    motes = [
        Layer(_glow(round(min(size) * r), (255, 246, 226), core=0.0, strength=s))
        for r, s in ((0.035, 0.6), (0.06, 0.4))
    ]
    paths = [
        (rng.choice(motes), rng.random(), rng.random(), rng.uniform(0.1, 0.35), rng.random() * 6) for _ in range(10)
    ]

    def drift(canvas: Canvas, t: float) -> None:
        for mote, x, y, speed, phase in paths:
            sway = 0.015 * math.sin(phase + 7 * t)
            put(canvas, mote, width * (x + sway), height * ((y - speed * t) % 1.1) - mote.height / 2)

    return drift


def _glow(diameter: int, colour: Colour, *, core: float, strength: float = 0.85) -> Image.Image:
    """A disc of light: bright up to `core` (share of the diameter), then fading to nothing."""
    # Pillow's radial gradient is 0 in the middle and 181 at the rim of the largest circle inside.
    curve = [round(255 * max(0.0, 1 - v / 181) ** 2.6 * strength) for v in range(256)]
    alpha = Image.radial_gradient("L").resize((diameter, diameter), Image.Resampling.BICUBIC).point(curve)
    if core:
        across = round(diameter * core * 2)
        disc = Image.new("L", (across * 3, across * 3))  # drawn three times as large: a soft rim
        ImageDraw.Draw(disc).ellipse((0, 0, across * 3 - 1, across * 3 - 1), fill=255)
        disc, corner = disc.resize((across, across), Image.Resampling.BOX), (diameter - across) // 2
        alpha.paste(disc, (corner, corner), disc)
    image = Image.new("RGBA", (diameter, diameter), colour)
    image.putalpha(alpha)
    return image


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour, until: float) -> Image.Image:
    ramp = (
        Image.linear_gradient("L")
        .point([round(min(1.0, v / 255 / until) ** 1.25 * 255) for v in range(256)])
        .resize(size)
    )
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _encode(path: Path, size: tuple[int, int], seconds: int, parts: list[Draw], chord: tuple[int, ...]) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        # maxrate: a film of busy photos stays within what a chat takes.
        options = {"preset": "ultrafast", "crf": "23", "maxrate": "5M", "bufsize": "5M"}
        video = out.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.gop_size = FPS * 5
        video.codec_context.thread_count = 2
        # Say which colours these are (BT.601, 16-235), or players guess differently for large films.
        video.codec_context.color_range, video.codec_context.colorspace = 1, 6
        audio = out.add_stream("aac", rate=RATE, layout="mono", options={"b": "64k"})
        total = seconds * FPS
        for number in range(total):
            frame = av.VideoFrame(*size, "yuv420p")
            canvas = [Image.new("L", (plane.line_size, plane.height)) for plane in frame.planes]
            for part in parts:
                part(canvas, number / (total - 1))
            for plane, image in zip(frame.planes, canvas, strict=True):
                plane.update(image.tobytes())
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for samples in _music(chord, seconds):
            out.mux(audio.encode(samples))
        out.mux(audio.encode(None))


def _music(chord: tuple[int, ...], seconds: int) -> Iterator[av.AudioFrame]:
    """The bar again and again, a second at a time, fading in at the start and out at the end."""
    bar = _bar(chord)
    for second in range(seconds):
        part = bar[(second % 2) * RATE : (second % 2 + 1) * RATE]
        if second in (0, seconds - 1):
            part = array("h", (round(v * (i if second == 0 else RATE - i) / RATE) for i, v in enumerate(part)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=RATE)
        frame.planes[0].update(part.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
        yield frame


@lru_cache(maxsize=len(CHORDS))
def _bar(chord: tuple[int, ...]) -> array:
    """Two seconds of samples: four struck notes that ring on over a low one. Whole Hz, so that the bar joins itself."""
    ring = [math.exp(-3.2 * i / RATE) * min(1.0, i / 240) for i in range(2 * RATE)]
    mix = [1500 * math.sin(math.pi * chord[0] * i / RATE) for i in range(2 * RATE)]
    for beat, note in enumerate(chord):
        start, turn = beat * RATE // 2, 2 * math.pi * note / RATE
        for i in range(2 * RATE):
            mix[(start + i) % (2 * RATE)] += 3600 * ring[i] * math.sin(turn * i)
    return array("h", (round(max(-32000.0, min(32000.0, v))) for v in mix))
