"""Which language words are in: `_` and `_n` look a text up in the language of whoever is spoken to."""

from __future__ import annotations

import contextlib
import gettext
from collections.abc import Generator
from contextvars import ContextVar

_ENGLISH = gettext.NullTranslations()
_spoken: ContextVar[gettext.NullTranslations] = ContextVar("spoken", default=_ENGLISH)


def _(text: str) -> str:
    """The text in the language spoken now. Values go in afterwards: _("{n} left").format(n=3)."""
    return _spoken.get().gettext(text)


def _n(one: str, many: str, number: int) -> str:
    """The form of a text that goes with a number: _n("{n} film", "{n} films", 3).format(n=3)."""
    return _spoken.get().ngettext(one, many, number)


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
