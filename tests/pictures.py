"""Takes the documents' pictures of the demo, by using it in Chromium: `make pictures`."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import Page, expect

from demo.home import home
from demo.stage import stage
from tests.browser import fill_form, page_at, press, send_form, type_command, video_plays

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PROMPT = "a paper boat sails through the rain"
#: The moment of the film that is shown, in seconds.
MOMENT = 2.6


async def main() -> None:
    """Write `demo.png` and `phone.png`, and those of the page for members."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "paper-boat.png"
        paper_boat().save(drawing)
        await take("demo", drawing, width=1280, height=840, options={"model": "sora-2-short", "duration": "8"})
        await take("phone", drawing, width=390, height=844, options={"model": "sora-2-short", "duration": "4"})
        await take_members(drawing)


async def take(name: str, drawing: Path, *, width: int, height: int, options: dict[str, str]) -> None:
    """One visit: the command with a picture, its card, and the film while it plays."""
    async with (
        home({}, seconds=2) as app,
        stage(app.bot) as demo,
        page_at(demo.url, width=width, height=height) as page,
    ):
        await type_command(page, "video", {"prompt": PROMPT, **options}, {"image1": drawing})
        assert await video_plays(page)
        await page.locator("#channel-message-list").get_by_text("Watch it").wait_for()
        await _hold(page)
        await page.screenshot(path=FOLDER / f"{name}.png")


async def take_members(drawing: Path) -> None:
    """Another visit: the form, a film with its buttons, what is behind More… of its sequel, and what was made."""
    async with (
        home({}, seconds=1) as app,
        stage(app.bot) as demo,
        page_at(demo.url, width=900, height=780) as page,
    ):
        talk = page.locator("#channel-message-list")

        async def picture(name: str) -> None:
            await page.mouse.move(450, 5)  # nothing is lit up by the pointer
            await page.evaluate("document.querySelectorAll('video').forEach((film) => { film.controls = false; })")
            await page.locator("#channel-message-list > *").last.scroll_into_view_if_needed()
            await page.screenshot(path=FOLDER / f"{name}.png")

        async def films(count: int) -> None:
            await expect(talk.get_by_text("Watch it")).to_have_count(count, timeout=60_000)
            await _hold(page)

        await type_command(page, "video")
        await fill_form(page, {"prompt": PROMPT, "model": "Sora 2 short", "duration": "4 s"}, [drawing])
        await page.locator("form.modal-dialog textarea").scroll_into_view_if_needed()
        await page.screenshot(path=FOLDER / "form.png")
        await send_form(page)
        await films(1)
        await picture("result")
        await press(page, "Edit")
        await fill_form(page, {"prompt": PROMPT.replace("rain", "snow")})
        await send_form(page)
        await films(2)
        await press(page, "Continue")
        await fill_form(page, {"prompt": "the boat reaches an island"})
        await send_form(page)
        await films(3)
        await press(page, "More…")
        await expect(talk).to_contain_text("How it came to be")
        await picture("recipe")
        await type_command(page, "history")
        await expect(talk).to_contain_text("Your films", timeout=10_000)
        await picture("history")


async def _hold(page: Page) -> None:
    """Stop the film at a good moment, whole, and without the bar that covers its lower part."""
    await page.locator("#channel-message-list video").last.evaluate(
        """async (film, moment) => {
            film.pause();
            const there = new Promise((go) => film.addEventListener("seeked", go, { once: true }));
            film.currentTime = moment;
            await there;
            film.controls = false;
            document.querySelector("#channel-message-list").lastElementChild.scrollIntoView({ block: "end" });
        }""",
        MOMENT,
    )


def paper_boat(width: int = 1280, height: int = 720) -> Image.Image:
    """A paper boat on a wet street at dusk: drawn here, so that the pictures belong to nobody else."""
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


if __name__ == "__main__":
    asyncio.run(main())
