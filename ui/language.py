"""Which language words are in: `_` and `_n` look a text up in the language of whoever is spoken to."""

from __future__ import annotations

import contextlib
import gettext
from collections.abc import Generator, Sequence
from contextvars import ContextVar
from typing import Literal

from babel.lists import format_list
from babel.numbers import format_decimal

_ENGLISH = gettext.NullTranslations()
_spoken: ContextVar[gettext.NullTranslations] = ContextVar("spoken", default=_ENGLISH)

#: Babel's name of the language spoken: English is the British one, which puts no comma before the last "or".
_NAME = "en_GB"


def _(text: str) -> str:
    """The text in the language spoken now. Values go in afterwards: _("{n} left").format(n=3)."""
    return _spoken.get().gettext(text) if text else ""  # gettext keeps a catalogue's head under ""


def _n(one: str, many: str, number: int) -> str:
    """The form of a text that goes with a number: _n("{n} film", "{n} films", 3).format(n=3)."""
    return _spoken.get().ngettext(one, many, number)


def number(value: int) -> str:
    """1234 as this language groups it: 1,234."""
    return format_decimal(value, locale=_NAME)


def decimal(value: float, *, places: int) -> str:
    """1.26 as this language writes it with so many places: 1.3."""
    return format_decimal(value, format="0." + "0" * places if places else "0", locale=_NAME)


def listed(values: Sequence[object], last: Literal["or", "and"] = "or") -> str:
    """a, b or c."""
    texts = [str(value) for value in values]
    return format_list(texts, style="or" if last == "or" else "standard", locale=_NAME) if texts else _("nothing")


def sentences(*parts: str) -> str:
    """Whole sentences one after another, without the empty ones."""
    return " ".join(part for part in parts if part)


def within(sentence: str) -> str:
    """A sentence that goes on after a colon."""
    return sentence[:1].lower() + sentence[1:]


@contextlib.contextmanager
def speaking(locale: str) -> Generator[None]:
    """Speak the language of a Discord locale ("de", "pt-BR", …) inside; English where there is no catalogue for it."""
    token = _spoken.set(_catalogue(locale))
    try:
        yield
    finally:
        _spoken.reset(token)


def _catalogue(locale: str) -> gettext.NullTranslations:
    return _ENGLISH
