"""Cards of presets: what is saved, what is shared here, and what is remembered of a member's last choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ui.cards import BLUE, Card, note
from ui.cards_characters import fitting
from ui.language import _
from ui.words import plain, seconds, shape, size_name

#: Characters of a list, of the 4,000 that a card takes, and of a text in it.
_ROOM, _SHORT = 3_200, 90


def presets(
    own: Sequence[tuple[str, str, Mapping[str, Any], bool]],
    others: Sequence[tuple[str, str, Mapping[str, Any], int]],
    last: Mapping[str, Any],
) -> Card:
    """A member's presets (name, text, options, shared here), those that others share (…, owner), the last choices."""
    remembered = _("Without anything typed, `/video` takes your last choices: {options}.").format(
        options=_options(last)
    )
    foot = f"-# {remembered}" if last else ""
    if not own and not others:
        start = _("📎 No presets here yet. Save one with `/presets save`, and use it as `preset` in `/video`.")
        return note("\n".join(filter(None, [start, foot])))
    lines = [
        _line(name, text, options, _("shared in this server") if here else "") for name, text, options, here in own
    ]
    lines += [_line(name, text, options, f"<@{owner}>") for name, text, options, owner in others]
    return Card(BLUE, _("### 📎 Presets"), "\n".join(fitting(lines, _ROOM)), foot)


def _line(name: str, text: str, options: Mapping[str, Any], beside: str) -> str:
    parts = [_options(options), plain(text, _SHORT), beside]
    return f"**{plain(name, 40)}**\n-# {' · '.join(filter(None, parts))}"


def _options(options: Mapping[str, Any]) -> str:
    """sora-2 · 10 s · landscape · large."""
    shown = [str(options.get("model") or "")]
    if options.get("duration"):
        shown.append(seconds(options["duration"]))
    if options.get("orientation"):
        shown.append(shape(str(options["orientation"])))
    if options.get("size"):
        shown.append(size_name(str(options["size"])))
    return " · ".join(plain(part, 40) for part in shown if part)


def saved(name: str) -> Card:
    """A preset was saved."""
    return note("📎 " + _("**{name}** is saved. Use it as `preset` in `/video`.").format(name=plain(name, 40)))


def forgotten() -> Card:
    """The last choices are forgotten."""
    return note("📎 " + _("Your last choices are forgotten. `/video` begins with the usual ones again."))
