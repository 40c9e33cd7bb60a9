"""Screenshots of the demo for the documents: the same moment in the dark and in the light theme, in small files."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.async_api import FloatRect, Page

#: Nothing of the moment: no bar over a film, no marks of the pointer or the keyboard; and the whole of a form.
_STILL = """
video::-webkit-media-controls { display: none !important; }
.message-context-actions, .disconnected-banner { display: none !important; }
:focus-visible { outline: none !important; }
.modal-dialog { max-height: none !important; }
"""
#: Nothing under the messages.
_ALONE = "#channel-composer { visibility: hidden; }"
#: The page allows no style elements, but style sheets that a script makes.
_STAND_STILL = """(rules) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(rules);
    document.adoptedStyleSheets = rules ? [sheet] : [];
}"""
#: Colours of a file, and how many of them belong to what is colourful, such as an emoji: by area it would get none.
_COLOURS, _VIVID = 256, 48
#: Between a pixel's strongest and weakest channel, at the least, where it counts as colourful.
_STRONG = 60
_MARGIN = 12.0


class Album:
    """Writes `NAME.png` (dark) and `NAME-light.png` into a folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder

    async def window(self, name: str) -> None:
        """The whole window."""
        await self._stand_still()
        await self._both(name, None)

    async def messages(self, name: str, count: int = 1) -> None:
        """The newest messages, and nothing around them; the window has to be high enough for all of them."""
        await self._stand_still(_ALONE)
        rows = self._page.locator("#channel-message-list .channel-message")
        await rows.last.scroll_into_view_if_needed()
        there = await rows.count()
        boxes = [await rows.nth(n).bounding_box() for n in range(max(0, there - count), there)]
        await self._both(name, _around([FloatRect(**box) for box in boxes if box]))

    async def form(self, name: str) -> None:
        """The form that is open."""
        await self._stand_still()
        box = await self._page.locator("form.modal-dialog").bounding_box()
        assert box
        await self._both(name, FloatRect(**box))

    async def _stand_still(self, more: str = "") -> None:
        await self._page.mouse.move(5, 5)
        await self._page.evaluate(_STAND_STILL, _STILL + more)

    async def _both(self, name: str, clip: FloatRect | None) -> None:
        for light in (True, False):
            await self._page.emulate_media(color_scheme="light" if light else "dark")
            png = await self._page.screenshot(clip=clip, animations="disabled")
            image = Image.open(io.BytesIO(png)).convert("RGB")
            _small(image).save(self._folder / f"{name}{'-light' if light else ''}.png", optimize=True)
        await self._page.evaluate(_STAND_STILL, "")


def _around(boxes: list[FloatRect]) -> FloatRect:
    """What holds all boxes, with some room above and below."""
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes) - _MARGIN
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes) + _MARGIN
    return FloatRect(x=left, y=max(0.0, top), width=right - left, height=bottom - max(0.0, top))


def _small(image: Image.Image) -> Image.Image:
    """The picture with a palette."""
    data = image.tobytes()
    pixels = (data[at : at + 3] for at in range(0, len(data), 3))
    vivid = b"".join(pixel for pixel in pixels if max(pixel) - min(pixel) > _STRONG)
    colours = _palette(image, _COLOURS - _VIVID)
    if vivid:
        colours += _palette(Image.frombytes("RGB", (len(vivid) // 3, 1), vivid), _VIVID)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _palette(image: Image.Image, colours: int) -> list[int]:
    found = image.quantize(colours, Image.Quantize.MEDIANCUT).getpalette("RGB")
    assert found
    return found[: colours * 3]
