"""The demo's page in a real Chromium: a visitor types a command with a picture, and the film plays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.home import home
from demo.stage import stage
from tests import clips
from tests.browser import chromium, fill_form, page_at, press, send_form, type_command, video_plays

pytestmark = pytest.mark.skipif(
    chromium() is None and "CI" not in os.environ, reason="no Chromium here (Debian: apt install chromium)"
)


async def test_a_visitor_makes_a_film(tmp_path: Path) -> None:
    """The greeting says what to do; the command with a picture brings its card, then a film that really plays."""
    drawing = tmp_path / "boat.png"
    drawing.write_bytes(clips.picture(640, 360))
    async with home({}, seconds=1) as app, stage(app.bot) as demo, page_at(demo.url) as page:
        talk = page.locator("#channel-message-list")
        await expect(talk).to_contain_text("Welcome to Clapper")
        options = {"prompt": "a paper boat in the rain", "model": "sora-2-short", "duration": "4"}
        await type_command(page, "video", options, {"image1": drawing})
        await expect(talk).to_contain_text("a paper boat in the rain", timeout=10_000)
        await expect(talk).to_contain_text("1 picture")
        assert await video_plays(page)
        await expect(talk).to_contain_text("your film is ready")
        await expect(talk.get_by_text("Watch it")).to_be_visible()


async def test_a_visitor_goes_on_from_a_film(tmp_path: Path) -> None:
    """/video alone opens the form; Edit has it filled in, Continue begins with the last frame, Join makes one film."""
    drawing = tmp_path / "boat.png"
    drawing.write_bytes(clips.picture(640, 360))
    async with home({}, seconds=1) as app, stage(app.bot) as demo, page_at(demo.url) as page:
        talk = page.locator("#channel-message-list")
        await type_command(page, "video")
        await fill_form(page, {"prompt": "a paper boat", "model": "Sora 2 short", "duration": "4 s"}, [drawing])
        await send_form(page)
        assert await video_plays(page)
        await expect(talk.get_by_text("Watch it")).to_be_visible()
        await press(page, "Edit")
        await fill_form(page, {}, expected={"prompt": "a paper boat", "model": "Sora 2 short", "duration": "4 s"})
        await page.locator("form.modal-dialog").get_by_role("button", name="Cancel").click()
        await press(page, "Continue")
        await fill_form(page, {"prompt": "it reaches an island"}, expected={"pictures": "last frame"})
        await send_form(page)
        await expect(talk.locator("video")).to_have_count(2, timeout=30_000)
        await expect(talk.get_by_text("Watch it")).to_have_count(2)
        await press(page, "Join")
        await expect(talk).to_contain_text("2 films joined by", timeout=30_000)
        await press(page, "More…")
        await expect(talk).to_contain_text("How it came to be")
