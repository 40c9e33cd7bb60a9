"""What a translation must keep of its text: places for values, Discord's marks, commands, names, how it ends."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

#: Names that no language changes.
_NAMES = (
    "Clapper",
    "Discord",
    "Sora",
    "JPEG",
    "PNG",
    "WebP",
    "GIF",
    "AVIF",
    "HEIC",
    "Apple",
    "CSV",
    "ZIP",
    "JSON",
    "PNG",
)

#: How a text ends, in any script.
_ENDS = {".": ".", "。": ".", "?": "?", "？": "?", "!": "!", "！": "!", ":": ":", "：": ":", "…": "…"}


def places(text: str) -> list[str]:
    """The names of the values that go into a text: "{n} left" → ["n"]."""
    return [name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None]


def _end(text: str) -> list[str]:
    return [_ENDS.get(text.rstrip("“”»」)）")[-1:], "")]  # a label at the end stands in quotes in some languages


_KEPT: dict[str, Callable[[str], Iterable[str]]] = {
    "{values}": lambda text: set(places(text)),
    "`code`": lambda text: re.findall(r"`[^`]*`", text),
    "marks": lambda text: re.findall(r"\*\*|\|\||~~|__", text),
    "links": lambda text: re.findall(r"\]\([^)]*\)", text),
    "<mentions>": lambda text: re.findall(r"<[^>\s][^>]*>", text),
    "lines": lambda text: re.findall(r"^(?:#+ |-# |> |- )?", text, re.MULTILINE),
    "/commands": lambda text: re.findall(r"(?<![\w/])/[a-z]+", text),
    "names": lambda text: [name for name in _NAMES for _each in re.findall(rf"\b{name}(?![A-Za-z])", text)],
    "emoji": lambda text: [sign for sign in text if unicodedata.category(sign) == "So"],
    "end": _end,
    "space around": lambda text: [text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]],
}


def differences(text: str, translated: str) -> list[str]:
    """What a translation lost or added: nothing when it is right."""
    try:
        return [
            f"{what}: {sorted(ours)} became {sorted(theirs)}"
            for what, look in _KEPT.items()
            if (ours := Counter(look(text))) != (theirs := Counter(look(translated)))
        ]
    except ValueError as error:  # a brace that opens nothing
        return [f"braces: {error}"]
