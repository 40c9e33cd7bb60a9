"""The house's rules: who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

_BELOW_BOT = {"settings", "logs", "metrics", "web", "cogs", "ui", "service", "storage", "acedata", "media", "domain"}
#: Room → the rooms of the house that it may import. Arrows only fall.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "settings": {"domain"},
    "logs": {"domain"},
    "metrics": {"domain", "service", "storage"},
    "media": {"domain"},
    "acedata": {"domain"},
    "storage": {"domain"},
    "ui": {"domain"},
    "service": {"domain", "storage", "acedata", "media"},
    "web": {"service", "domain"},
    "cogs": {"service", "ui", "domain"},
    "assembly": _BELOW_BOT,
    "operate": _BELOW_BOT | {"assembly"},
    "bot": _BELOW_BOT | {"assembly", "operate"},
    "demo": _BELOW_BOT | {"bot", "assembly"},
    "bench": _BELOW_BOT | {"bot", "demo", "tests"},
    "tests": _BELOW_BOT | {"assembly", "operate", "bot", "demo", "bench"},
}
#: Room → packages from outside that it must not know.
MUST_NOT_KNOW: dict[str, set[str]] = {
    "domain": {"discord", "aiohttp", "aiosqlite", "asyncio", "PIL", "av"},
    "storage": {"discord", "aiohttp"},
    "acedata": {"discord", "aiosqlite"},
    "service": {"discord", "aiohttp"},
    "media": {"discord", "aiosqlite"},
    "web": {"discord", "aiosqlite"},
    "ui": {"aiosqlite"},
    "cogs": {"aiosqlite", "aiohttp"},
}
#: The demo's stand-in for the API: a mistake shared with the client would hide from every test.
STANDS_ALONE = {
    "demo/videoapi.py",
    "demo/answers.py",
    "demo/contents.py",
    "demo/contract.py",
    "demo/fields.py",
    "demo/moods.py",
    "demo/siblings.py",
    "demo/life.py",
    "demo/render.py",
    "demo/studio.py",
    "demo/lettering.py",
}
MOST_LINES = 300


def files() -> list[Path]:
    found = [*ROOT.glob("*.py")]
    for room in MAY_IMPORT:
        found += (ROOT / room).rglob("*.py")
    return sorted(path.relative_to(ROOT) for path in found)


def room_of(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, dotted name) of every import of a file, those under TYPE_CHECKING included."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, "." * node.level + (node.module or "")))
    return found


@pytest.mark.parametrize("path", files(), ids=str)
def test_arrows_only_fall(path: Path) -> None:
    """A file imports only rooms below its own, and no package that its room must not know."""
    room = room_of(path)
    assert room in MAY_IMPORT, f"{path} stands in no room of the house: add it to the table in {Path(__file__).name}"
    for line, name in imports(path):
        top = name.split(".")[0]
        where = f"{path}:{line} imports {name}"
        if str(path) in STANDS_ALONE:
            ours = top in MAY_IMPORT and f"{name.replace('.', '/')}.py" not in STANDS_ALONE and name != "demo"
            assert not ours, f"{where}: the stand-in for the API imports nothing of ours"
            continue
        if room == "cogs" and top == "cogs":
            pytest.fail(f"{where}: cogs do not import one another")
        allowed = MAY_IMPORT[room] | {room}
        assert top not in MAY_IMPORT or top in allowed, (
            f"{where}: {room} may import {', '.join(sorted(MAY_IMPORT[room])) or 'nothing of the house'}"
        )
        assert top not in MUST_NOT_KNOW.get(room, set()), f"{where}: {room} must not know {top}"
        if room == "service":
            assert name != "aiohttp.web", f"{where}: service serves no HTTP"


@pytest.mark.parametrize("path", files(), ids=str)
def test_files_are_short_and_say_what_they_know(path: Path) -> None:
    """A file has at most 300 lines (tests: 450) and opens with one plain sentence."""
    text = (ROOT / path).read_text("utf-8")
    most = MOST_LINES * 3 // 2 if room_of(path) == "tests" else MOST_LINES
    assert len(text.splitlines()) <= most, f"{path} has {len(text.splitlines())} lines: split it, {most} are the most"
    opening = ast.get_docstring(ast.parse(text)) or ""
    assert re.match(r"[^\n]+[.:]", opening), f"{path} does not open with a sentence that says what it knows"
