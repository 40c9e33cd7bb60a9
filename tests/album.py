"""Screenshots of the demo for the documents: the same moment in the dark and in the light theme, in small files."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.async_api import FloatRect, Page

#: Nothing of the moment: no bar over a film, no marks of the pointer or the keyboard.
_STILL = """
video::-webkit-media-controls { display: none !important; }
.message-context-actions, .disconnected-banner { display: none !important; }
:focus-visible { outline: none !important; }
"""
#: Colours of a file. Text and its edges need few; a film's picture is dithered.
_COLOURS = 160
_MARGIN = 12.0


class Album:
    """Writes `NAME.png` (dark) and `NAME-light.png` into a folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder

    async def window(self, name: str) -> None:
        """The whole window."""
        await self._both(name, None)

    async def messages(self, name: str, count: int = 1) -> None:
        """The newest messages, and nothing around them; the window has to be high enough for all of them."""
        rows = self._page.locator("#channel-message-list .channel-message")
        await rows.last.scroll_into_view_if_needed()
        last = await rows.count() - 1
        boxes = [await rows.nth(last - n).bounding_box() for n in range(count)]
        await self._both(name, _around([FloatRect(**box) for box in boxes if box]))

    async def form(self, name: str) -> None:
        """The form that is open."""
        box = await self._page.locator("form.modal-dialog").bounding_box()
        assert box
        await self._both(name, _around([FloatRect(**box)]))

    async def _both(self, name: str, clip: FloatRect | None) -> None:
        await self._page.mouse.move(5, 5)  # nothing is lit up by the pointer
        for scheme, suffix in (("light", "-light"), ("dark", "")):
            await self._page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            png = await self._page.screenshot(clip=clip, style=_STILL, animations="disabled")
            image = Image.open(io.BytesIO(png)).convert("RGB")
            image.quantize(_COLOURS, Image.Quantize.MEDIANCUT).save(self._folder / f"{name}{suffix}.png", optimize=True)


def _around(boxes: list[FloatRect]) -> FloatRect:
    """What holds all boxes, with some room above and below."""
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes) - _MARGIN
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes) + _MARGIN
    return FloatRect(x=left, y=max(0.0, top), width=right - left, height=bottom - max(0.0, top))
