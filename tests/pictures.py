"""Takes the documents' pictures of the demo, by using it in Chromium: `make pictures`."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

import discord
from playwright.async_api import Locator, Page, expect

from bot import App
from demo.home import home
from demo.stage import Stage, stage
from demo.world import World
from domain.job import JobState
from storage import jobs
from tests.album import Album
from tests.browser import fill_form, page_at, press, send_form, type_command, video_plays
from tests.paperboat import paper_boat
from tests.test_words import a_job

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PROMPT = "a paper boat sails through the rain"
#: The moment of the film that is shown, in seconds.
MOMENT = 2.6
DAY = 86_400_000


async def main() -> None:
    """Write every picture, dark and light."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "paper-boat.png"
        paper_boat().save(drawing)
        await take("demo", drawing, width=1280, height=840, options={"model": "sora-2-short", "duration": "8"})
        await take("phone", drawing, width=390, height=844, options={"model": "sora-2-short", "duration": "4"})
        async with (
            home({}, seconds=4) as app,
            stage(app.bot) as demo,
            page_at(demo.url, width=920, height=1300) as page,
        ):
            async with demo.world.turn:
                visit = Visit(app, demo, page)
            await visit.begin()
            await visit.make(drawing)
            await visit.share()
            await visit.look_back()
            await visit.moderate()


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
        await Album(page, FOLDER).window(name)


class Visit:
    """From setting up to reports: a moderator, a member, and Mia, whose film is starred and reported."""

    def __init__(self, app: App, demo: Stage, page: Page) -> None:
        self._app = app
        self._world: World = demo.world
        self._page = page
        self._album = Album(page, FOLDER)
        guild = demo.world.guild
        guild.create_text_channel("moderators")
        guild.create_text_channel("showcase")
        nobody_writes = discord.PermissionOverwrite(send_messages=False, create_public_threads=False)
        guild.create_text_channel("rules", overwrites={guild.default_role: nobody_writes})
        self._mia = guild.add_member(demo.world.env.create_user("mia", global_name="Mia"))

    @property
    def _talk(self) -> Locator:
        return self._page.locator("#channel-message-list")

    async def begin(self) -> None:
        """A moderator sets the server up: `setup`."""
        await self._act_as("Moderator")
        await type_command(self._page, "manage setup")
        await self._says("Setting up Clapper")
        await self._choose(0, "moderators")
        await self._says("Log channel: #moderators")
        await self._album.messages("setup")
        await press(self._page, "More…")
        await press(self._page, "Showcase…")
        await self._says("Stars that are enough")
        await self._choose(0, "showcase")
        await self._says("Channel: #showcase")
        await self._choose(1, "1 star")
        await self._says("Films with 1 star are shown")
        await self._act_as("You")

    async def make(self, drawing: Path) -> None:
        """A member makes a film and two sequels: `form`, `card`, `result`, `recipe`."""
        await type_command(self._page, "video")
        await fill_form(self._page, {"prompt": PROMPT, "model": "Sora 2 short", "duration": "4 s"}, [drawing])
        await self._page.locator("form.modal-dialog textarea").scroll_into_view_if_needed()
        await self._album.form("form")
        await send_form(self._page)
        await self._says("Expected")
        await self._album.messages("card")
        await self._films(1)
        await self._album.messages("result")
        await press(self._page, "Edit")
        await fill_form(self._page, {"prompt": PROMPT.replace("rain", "snow")})
        await send_form(self._page)
        await self._films(2)
        await press(self._page, "Continue")
        await fill_form(self._page, {"prompt": "the boat reaches an island"})
        await send_form(self._page)
        await self._films(3)
        await press(self._page, "More…")
        await self._says("How it came to be")
        await self._album.messages("recipe")

    async def share(self) -> None:
        """Mia makes a film; the member gives it a star, and reports it: `showcase`, `report`."""
        wish = {"prompt": "a lighthouse in a storm", "model": "sora-2-short", "duration": 4}
        async with self._world.turn:
            await self._mia.slash(self._world.thread, "video", **wish)
        await self._films(4)
        await press(self._page, "More…")
        await press(self._page, "Star (0)")
        await self._says("It has 1 star now")
        await press(self._page, "Report")
        await fill_form(self._page, {"reason": "That is my drawing, and nobody asked me."})
        await send_form(self._page)
        await self._says("Moderators have your report")
        await self._walk("showcase")
        await self._says("1 star for")
        await _hold(self._page)
        await self._album.messages("showcase")
        await self._walk("moderators")
        await self._act_as("Moderator")
        await self._says("nobody asked me")
        await self._album.messages("report", 9)

    async def look_back(self) -> None:
        """What the member made, and another way to go on: `history`, `compare`."""
        await self._walk("Your films")
        await self._act_as("You")
        await type_command(self._page, "history")
        await self._says("Your films")
        await self._album.messages("history")
        models = {"first": "sora-2-short", "second": "kling-3", "third": "seedance-2"}
        await type_command(self._page, "compare", {"prompt": PROMPT, **models})
        await self._says("Compare 3 models")
        await self._album.messages("compare")

    async def moderate(self) -> None:
        """What moderators see of the server, after a month in which others made films too: `check`, `chart`."""
        await self._act_as("Moderator")
        await type_command(self._page, "manage check")
        await self._says("needs a hand")
        await self._album.messages("check")
        await self._a_month()
        await type_command(self._page, "manage usage chart")
        await self._says("Credits used")
        picture = self._talk.locator(".channel-message").last.locator("img[alt='usage.png']")
        await expect(picture).to_have_js_property("naturalWidth", 1080)  # it is loaded
        await self._album.messages("chart")

    async def _a_month(self) -> None:
        """Films of the last weeks, as if they had been made."""
        luck, now = random.Random(4), round(time.time() * 1000)
        async with self._app.db.transaction() as conn:
            for n in range(150):
                label, price = luck.choice([("Sora 2", 2), ("Sora 2", 2), ("Sora 2 Pro", 10), ("Veo 3.1 fast", 4)])
                job = a_job(
                    id=f"earlier{n:03}",
                    interaction_id=n + 1,
                    guild_id=self._world.guild.id,
                    author_id=self._mia.id,
                    label=label,
                    price=price,
                    created_at=now - luck.randint(1, 28) * DAY,
                    state=JobState.READY if luck.random() < 0.9 else JobState.FAILED,
                )
                await jobs.begin(conn, job, fold="")
                await jobs.change(conn, job.id, announced_at=job.created_at)

    async def _act_as(self, name: str) -> None:
        """Look at the page as somebody else; what was typed before it has changed would be lost."""
        async with self._page.expect_response("**/api/action"):
            await self._page.locator("#viewer-picker").select_option(label=name)
        async with self._page.expect_response("**/api/state"):
            pass

    async def _walk(self, place: str) -> None:
        await self._page.locator("#places").get_by_role("button", name=place).click()
        await expect(self._page.locator(".channel-header")).to_contain_text(place, timeout=30_000)

    async def _says(self, words: str) -> None:
        await expect(self._talk.locator(".channel-message").last).to_contain_text(words, timeout=60_000)

    async def _choose(self, menu: int, words: str) -> None:
        """An option of a menu of the newest message."""
        await self._talk.locator(".channel-message").last.locator(".select-trigger").nth(menu).click()
        await self._page.locator("[role=option]:visible").filter(has_text=words).first.click()

    async def _films(self, count: int) -> None:
        await expect(self._talk.get_by_text("Watch it")).to_have_count(count, timeout=90_000)
        await _hold(self._page)


async def _hold(page: Page) -> None:
    """Stop the newest film at a good moment, and bring it into sight."""
    await page.locator("#channel-message-list video").last.evaluate(
        """async (film, moment) => {
            film.pause();
            const there = new Promise((go) => film.addEventListener("seeked", go, { once: true }));
            film.currentTime = moment;
            await there;
            document.querySelector("#channel-message-list").lastElementChild.scrollIntoView({ block: "end" });
        }""",
        MOMENT,
    )


if __name__ == "__main__":
    asyncio.run(main())
