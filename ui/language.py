"""Which language words are in: `_` and `_n` look a text up in the language of whoever is spoken to."""

from __future__ import annotations

import contextlib
import functools
import gettext
import hashlib
from collections.abc import Generator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = Path(__file__).parent.parent / "locales"

#: Discord's locales → our catalogues. Whoever is not listed is spoken to in English.
#: Source: https://discord.com/developers/docs/reference#locales
CATALOGUES = {
    "zh-CN": "zh_CN",
    "zh-TW": "zh_CN",
    "ja": "ja",
    "es-ES": "es",
    "es-419": "es",
    "de": "de",
    "pt-BR": "pt_BR",
}


@dataclass(frozen=True)
class Language:
    """A catalogue, and how its language joins words and numbers."""

    texts: gettext.NullTranslations
    #: Babel's name of it.
    babel: str
    #: What stands between two sentences.
    gap: str = " "
    #: A sentence goes on in lower case after a colon.
    lowers: bool = True


#: British, because no comma stands before its last "or".
_ENGLISH = Language(gettext.NullTranslations(), "en_GB")
_spoken: ContextVar[Language] = ContextVar("spoken", default=_ENGLISH)


def _(text: str) -> str:
    """The text in the language spoken now. Values go in afterwards: _("{n} left").format(n=3)."""
    return _spoken.get().texts.gettext(text) if text else ""  # gettext keeps a catalogue's head under ""


def _n(one: str, many: str, number: int) -> str:
    """The form of a text that goes with a number: _n("{n} film", "{n} films", 3).format(n=3)."""
    return _spoken.get().texts.ngettext(one, many, number)


def number(value: float) -> str:
    """1234.5678 as this language writes it: 1,234.568."""
    return _grouped(value, _spoken.get().babel)


@functools.lru_cache(maxsize=5_000)  # the same few numbers stand on every card
def _grouped(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale)


def calendar_day(day: date) -> str:
    """A date, short, as this language writes it: 26 Nov 2026."""
    return format_date(day, format="medium", locale=_spoken.get().babel)


def decimal(value: float, *, places: int) -> str:
    """1.26 as this language writes it with so many places: 1.3."""
    return format_decimal(value, format="0." + "0" * places if places else "0", locale=_spoken.get().babel)


def listed(values: Sequence[object], last: Literal["or", "and"] = "or") -> str:
    """a, b or c."""
    texts = [str(value) for value in values]
    style = "or" if last == "or" else "standard"
    return format_list(texts, style=style, locale=_spoken.get().babel) if texts else _("nothing")


def sentences(*parts: str) -> str:
    """Whole sentences one after another, without the empty ones."""
    return _spoken.get().gap.join(part for part in parts if part)


def within(sentence: str) -> str:
    """A sentence that goes on after a colon."""
    return sentence[:1].lower() + sentence[1:] if _spoken.get().lowers else sentence


@contextlib.contextmanager
def speaking(locale: str) -> Generator[None]:
    """Speak the language of a Discord locale ("de", "pt-BR", …) inside; English where there is no catalogue for it."""
    token = _spoken.set(language_of(locale))
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(locale: str) -> None:
    """Speak the language of a Discord locale from here to the end of this task."""
    _spoken.set(language_of(locale))


def language_of(locale: str) -> Language:
    """The language that is spoken to a Discord locale."""
    name = CATALOGUES.get(locale)
    return _read(name) if name else _ENGLISH


def fingerprint() -> bytes:
    """Changes whenever a translation does."""
    files = sorted(LOCALES.glob("*/LC_MESSAGES/clapper.po"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()


@functools.cache
def _read(name: str) -> Language:
    """A catalogue as it stands in git, read once: texts that it lacks stay English."""
    with (LOCALES / name / "LC_MESSAGES" / "clapper.po").open("rb") as file:
        catalogue = read_po(file, locale=name)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    texts = gettext.GNUTranslations(compiled)
    eastern = name in ("zh_CN", "ja")
    return Language(texts, name, gap="" if eastern else " ", lowers=name in ("es", "pt_BR"))
