"""Presets and last choices: a text and options that fill in what was not typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.catalogue import Catalogue
from domain.faults import Refused
from domain.request import parse

#: Options that a preset may hold, and that are remembered; see `domain.request.parse`.
OPTIONS = ("model", "duration", "orientation", "size", "sound", "negative")
#: The longest text of a preset: a prompt of about the same length fits beside it.
TEXT_MAX = 2_000
#: Where in a preset's text the prompt goes; without it, the text follows the prompt.
PLACE = "{prompt}"


def typed(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options among these that were really chosen."""
    return {name: options[name] for name in OPTIONS if options.get(name) not in (None, "")}


def worded(prompt: str, text: str) -> str:
    """A prompt with a preset's text around it, or after it; the text alone where nothing was typed."""
    if PLACE in text:
        return text.replace(PLACE, prompt.strip()).strip()
    return "\n".join(part for part in (prompt.strip(), text.strip()) if part)


def filled(
    catalogue: Catalogue, options: Mapping[str, Any], *fallbacks: Mapping[str, Any], pictures: int = 0
) -> dict[str, Any]:
    """The options, with what is missing from the first fallback that has it and goes with the rest.

    Never raises: what was typed stays as it is, perhaps wrong, and a fallback that does not go with it is left out.
    """
    whole = dict(options)
    for fallback in fallbacks:
        for name in OPTIONS:
            if whole.get(name) in (None, "") and fallback.get(name) not in (None, ""):
                more = {**whole, name: fallback[name]}
                whole = more if _goes(catalogue, more, pictures) else whole
    return whole


def _goes(catalogue: Catalogue, options: Mapping[str, Any], pictures: int) -> bool:
    """Whether some model could make a film like this."""
    try:
        parse(catalogue, prompt="x", **typed(options), pictures=pictures)
    except Refused:
        return False
    return True
