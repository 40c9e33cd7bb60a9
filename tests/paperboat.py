"""A drawing for the documents' pictures, made by a program so that it belongs to nobody else."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageFilter


def paper_boat(width: int = 1280, height: int = 720) -> Image.Image:
    """A paper boat on a wet street at dusk."""
    wide, high, luck = width * 2, height * 2, random.Random(7)
    ramp = Image.linear_gradient("L").resize((wide, high))
    image = Image.composite(
        Image.new("RGB", (wide, high), (226, 150, 118)), Image.new("RGB", (wide, high), (44, 54, 104)), ramp
    )
    shore = round(high * 0.55)
    water = Image.composite(
        Image.new("RGB", (wide, high), (22, 34, 66)), Image.new("RGB", (wide, high), (172, 124, 128)), ramp
    )
    image.paste(water.crop((0, 0, wide, high - shore)), (0, shore))
    pen = ImageDraw.Draw(image, "RGBA")
    for left in range(0, wide, 150):
        roof = shore - luck.randint(180, 420)
        pen.rectangle((left, roof, left + 150, shore), fill=(38, 38, 74, 255))
        for row in range(roof + 40, shore - 60, 80):
            for column in (left + 25, left + 85):
                if luck.random() < 0.45:
                    pen.rectangle((column, row, column + 34, row + 44), fill=(255, 206, 122, 235))
    image.paste(
        image.crop((0, shore - 300, wide, shore)).transpose(Image.Transpose.FLIP_TOP_BOTTOM).point(lambda v: v * 0.6),
        (0, shore),
    )
    image = image.filter(ImageFilter.GaussianBlur(14))
    pen = ImageDraw.Draw(image, "RGBA")
    for _ in range(26):
        x, y, r = luck.randrange(wide), luck.randrange(shore + 120, high), luck.randint(30, 130)
        pen.ellipse((x - r, y - r // 4, x + r, y + r // 4), outline=(255, 255, 255, 70), width=4)
    middle, line = wide // 2, round(high * 0.62)
    for up, shade in ((-0.45, 90), (1.0, 255)):  # its reflection, then the boat itself

        def at(x: int, y: int, up: float = up) -> tuple[float, float]:
            return middle + x, line - y * up

        pen.polygon([at(-150, 130), at(0, 480), at(0, 130)], fill=(250, 248, 240, shade))
        pen.polygon([at(0, 130), at(0, 480), at(150, 130)], fill=(206, 208, 220, shade))
        pen.polygon([at(-400, 190), at(0, 120), at(0, 0), at(-250, 0)], fill=(255, 253, 246, shade))
        pen.polygon([at(400, 190), at(0, 120), at(0, 0), at(250, 0)], fill=(222, 222, 230, shade))
    for _ in range(420):
        x, y, long = luck.randrange(wide), luck.randrange(high), luck.randint(30, 90)
        pen.line((x, y, x - long // 5, y + long), fill=(235, 240, 255, 60), width=3)
    return image.resize((width, height), Image.Resampling.LANCZOS)
