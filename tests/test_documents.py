"""The documents for people: what they show and lead to is there, and no picture lies about unused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.test_house import ROOT

PAGES = sorted(path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")))
PICTURES = ROOT / "docs" / "pictures"
#: Bytes of a picture: a page of them is read on phones, too.
MOST = 150_000
_MARKDOWN = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HTML = re.compile(r'(?:src|srcset)="([^"]+)"')
_PICTURE = re.compile(r"<picture>\n(.*?)\n</picture>", re.S)


def links(page: Path) -> list[Path]:
    """Files of ours that a page shows or leads to; code blocks hold none."""
    text = re.sub(r"^(```.*?^```| {4}.*?)$", "", (ROOT / page).read_text("utf-8"), flags=re.S | re.M)
    found = [link.partition("#")[0] for link in _MARKDOWN.findall(text)] + _HTML.findall(
        (ROOT / page).read_text("utf-8")
    )
    return [(ROOT / page).parent / link for link in found if link and "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_and_pictures_are_there(page: Path) -> None:
    """Every file that a page shows or leads to exists."""
    for link in links(page):
        assert link.exists(), f"{page} names {link}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_pictures_follow_the_readers_theme(page: Path) -> None:
    """Each picture has a light one beside the dark one, and words for whoever cannot see it."""
    text = (ROOT / page).read_text("utf-8")
    for shown in _PICTURE.findall(text):
        (light,), (dark,) = re.findall(r'srcset="(\S+)"', shown), re.findall(r'src="(\S+)"', shown)
        assert light == dark.replace(".png", "-light.png")
        assert 'media="(prefers-color-scheme: light)"' in shown
        assert re.search(r'alt="[^"]{15,}"', shown)
    assert "](docs/pictures/" not in text
    assert "](pictures/" not in text


def test_every_picture_is_shown() -> None:
    """What `make pictures` writes is on some page, small, and the same in both themes but for its colours."""
    shown = {link.resolve() for page in PAGES for link in links(page)}
    files = set(PICTURES.glob("*"))
    assert files == {path for path in shown if path.is_relative_to(PICTURES)}
    for path in files:
        assert path.stat().st_size < MOST, f"{path.name} is larger than {MOST:,} bytes"
    for path in PICTURES.glob("*-light.png"):
        with Image.open(path) as light, Image.open(path.with_name(path.name.replace("-light", ""))) as dark:
            assert light.size == dark.size
