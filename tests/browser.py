"""A real Chromium before the demo's page: typing a command as a visitor does, and seeing whether a film plays."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

#: Quiet and self-contained: no sandbox (tests often run as root in a container), no calls of its own to anywhere.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """The system's browser, or None. Playwright's own build is no use here: it cannot play H.264."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@asynccontextmanager
async def page_at(url: str, *, width: int = 1280, height: int = 900) -> AsyncGenerator[Page]:
    """A fresh window on `url`, once the conversation is there. A script that fails in it fails the test."""
    program = chromium()
    if program is None:
        raise RuntimeError("no Chromium found: install one (Debian: chromium) or name it in CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, headless=True, args=list(_FLAGS))
        try:
            page = await browser.new_page(viewport={"width": width, "height": height})
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            await page.goto(url)
            await expect(page.locator("#channel-composer-input")).to_be_visible()
            yield page
            assert not faults, f"the page's scripts failed: {faults}"
        finally:
            await browser.close()


async def type_command(
    page: Page, name: str, options: Mapping[str, str] | None = None, files: Mapping[str, Path] | None = None
) -> None:
    """Type `/name`, fill its options one by one, attach files, and send it; returns when the page has taken it.

    An option with completion takes what was typed, or the first suggestion where typing brings up any.
    """
    await page.locator("#channel-composer-input").fill(f"/{name}")
    entry = page.locator(".command-entry").filter(has=page.get_by_text(f"/{name}", exact=True))
    await entry.click()
    for option, text in (options or {}).items():
        await _open_option(page, option)
        field = page.locator(f'.command-option-input[data-option="{option}"]')
        await field.fill(text)
        if await field.get_attribute("role") == "combobox":
            await page.locator("#command-suggestion-listbox [role=option]").first.click()
    for option, file in (files or {}).items():
        await _open_option(page, option)
        await page.locator(f'.command-file-input[data-option="{option}"]').set_input_files(file)
    await page.locator("#send-message").click()
    await expect(page.locator("#channel-composer .command-row")).to_have_count(0)


async def _open_option(page: Page, option: str) -> None:
    """Optional options hide behind "+n more" until they are asked for."""
    if await page.locator(f'.command-pill[data-option="{option}"]').count():
        return
    await page.locator(".command-ghost").click()
    wanted = page.locator(".command-popup [role=option]").filter(has=page.get_by_text(option, exact=True))
    await wanted.click()


async def press(page: Page, label: str) -> None:
    """Press the newest button with this label in the conversation, whatever emoji stands before it."""
    name = re.compile(rf"(^|\W){re.escape(label)}$")
    await page.locator("#channel-message-list").get_by_role("button", name=name).last.click()


async def fill_form(
    page: Page, fields: Mapping[str, str], files: Sequence[Path] = (), *, expected: Mapping[str, str] | None = None
) -> None:
    """Fill in the form that is open: texts, choices by their words, and pictures. `expected`: what it holds before."""
    form = page.locator("form.modal-dialog")
    await expect(form).to_be_visible()
    for name, text in (expected or {}).items():
        field = form.locator(f'.modal-field[data-custom-id="{name}"]')
        if await field.locator("textarea").count():
            await expect(field.locator("textarea")).to_have_value(text)
        else:
            await expect(field).to_contain_text(text)
    for name, text in fields.items():
        field = form.locator(f'.modal-field[data-custom-id="{name}"]')
        if await field.locator("textarea").count():
            await field.locator("textarea").fill(text)
        else:
            await field.locator(".select-trigger").click()
            await page.locator("[role=option]:visible").filter(has_text=text).first.click()
    if files:
        await form.locator("input[type=file]").set_input_files(list(files))


async def send_form(page: Page) -> None:
    """Send the form that is open."""
    form = page.locator("form.modal-dialog")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_have_count(0)


async def video_plays(page: Page, *, timeout: float = 30.0) -> bool:
    """Whether the newest film really plays: it has a picture, and its time moves on by itself."""
    film = page.locator("#channel-message-list video").last
    await expect(film).to_be_visible(timeout=timeout * 1000)
    return await film.evaluate(
        """async (film, seconds) => {
            film.muted = true;
            const until = Date.now() + seconds * 1000;
            while (film.readyState < 2 && Date.now() < until) await new Promise((go) => setTimeout(go, 50));
            await film.play();
            const began = film.currentTime;
            while (film.currentTime < began + 0.3 && Date.now() < until) await new Promise((go) => setTimeout(go, 50));
            return film.readyState >= 2 && film.videoWidth > 0 && film.currentTime > began;
        }""",
        timeout,
    )
