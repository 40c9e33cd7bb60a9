"""Names under which members keep things: how they are written, compared and found again."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from domain.faults import BadName

NAME_MAX = 40
#: What a chosen suggestion carries in place of a name: this, and the thing's number.
_MARK = "~"


@dataclass(frozen=True)
class Name:
    """A name as it is shown, and as it is compared: without regard to case, width and spaces at its ends."""

    shown: str
    folded: str


def name_of(typed: str, kind: str) -> Name:
    """The name that somebody typed for a `kind` ("character", "preset"). Raises BadName: name_empty, name_long."""
    shown = " ".join("".join(ch if ch.isprintable() else " " for ch in typed).split()).lstrip(_MARK).strip()
    if not shown:
        raise BadName("name_empty", kind=kind)
    if len(shown) > NAME_MAX:
        raise BadName("name_long", kind=kind, length=len(shown), most=NAME_MAX)
    return Name(shown, folded(shown))


def folded(text: str) -> str:
    """A text as it is compared and searched: without regard to case and width, in every script."""
    return unicodedata.normalize("NFKC", text).casefold()


def mark(number: int) -> str:
    """What a suggestion sends for the thing of this number: names can be there twice, numbers not."""
    return f"{_MARK}{number}"


def marked(typed: str) -> int | None:
    """The number that a chosen suggestion carries; None for a name that was typed."""
    digits = typed.strip().removeprefix(_MARK)
    return int(digits) if typed.strip().startswith(_MARK) and digits.isdecimal() and len(digits) < 19 else None
