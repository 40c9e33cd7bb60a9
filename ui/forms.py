"""The form in which a film is described: built from a wish, and read back from what Discord sends."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from domain.model import PROMPT_MAX, Model
from domain.wire import ADAPTIVE
from domain.wish import Attachment, Wish
from ui.language import _, _n, sentences
from ui.words import credits, seconds, shape
from ui.words_making import DURATION, MODEL, PICTURES, PROMPT, SHAPE, hint

#: form:<action>:<draft or generation>:<random>, where "0" stands for neither.
FORM = re.compile(r"form:(new|fix|edit|continue|retry):([0-9a-z]{1,32}):[0-9a-f]{8}")
NOTHING = "0"
#: Stands for a length or shape that nobody chose.
_USUAL = "usual"
#: Discord's own limits: files of one upload, options of one select, characters of a description.
_FILES, _OPTIONS, _SHORT = 10, 25, 100


@dataclass(frozen=True)
class Filled:
    """What a form says: arguments of `domain.request.parse`, and the pictures that were uploaded with it."""

    options: Mapping[str, Any]
    uploaded: tuple[Attachment, ...]


class Form(ui.Modal):
    """Answered by the cogs' listener from its id alone. Stopped at once, or each one ever opened would be kept."""

    def __init__(self, title: str, custom_id: str, *fields: ui.Label[Any]) -> None:
        super().__init__(title=title, custom_id=custom_id, timeout=None)
        for field in fields:
            self.add_item(field)
        self.stop()


def form(
    action: str,
    key: str,
    wish: Wish,
    models: Sequence[Model],
    *,
    reason: str = "",
    values: Mapping[str, Any] | None = None,
) -> Form:
    """The form for a wish; `models` can be had now. A `reason` puts a hint beside the field that it concerns."""
    if wish.continues:
        models = [row for row in models if row.images_max] or models
    said = hint(reason, values or {})
    beside = {said[0]: said[1][:_SHORT]} if said else {}
    fields = (
        _prompt(wish, beside.get(PROMPT)),
        _model(wish, models, beside.get(MODEL)),
        _duration(wish, models, beside.get(DURATION)),
        _shape(wish, models, beside.get(SHAPE)),
        _pictures(wish, models, beside.get(PICTURES)),
    )
    return Form(_title(action), f"form:{action}:{key}:{secrets.token_hex(4)}", *fields)


def read(data: Mapping[str, Any]) -> Filled:
    """What was filled in, from the `data` of a submitted form. A field that is not there is not in the options."""
    fields = {part["custom_id"]: part for part in _leaves(data.get("components") or []) if "custom_id" in part}
    files = (data.get("resolved") or {}).get("attachments") or {}
    options: dict[str, Any] = {}
    if PROMPT in fields:
        options["prompt"] = str(fields[PROMPT].get("value") or "")
    if chosen := _chosen(fields, MODEL):
        options["model"] = chosen
    if chosen := _chosen(fields, DURATION):
        options["duration"] = int(chosen) if chosen.isdecimal() else None
    if chosen := _chosen(fields, SHAPE):
        options["orientation"] = None if chosen == _USUAL else chosen
    ids = (fields.get(PICTURES) or {}).get("values") or []
    uploaded = [files[str(one)] for one in ids if str(one) in files]
    return Filled(options, tuple(Attachment(file["filename"], file["url"], int(file["size"])) for file in uploaded))


def text(data: Mapping[str, Any], name: str) -> str:
    """What was typed into one field of a submitted form."""
    fields = {part["custom_id"]: part for part in _leaves(data.get("components") or []) if "custom_id" in part}
    return str((fields.get(name) or {}).get("value") or "")


def _leaves(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Fields stand in labels; rows are Discord's older way to hold them."""
    found: list[Mapping[str, Any]] = []
    for part in parts:
        inside = [part["component"]] if isinstance(part.get("component"), dict) else part.get("components") or []
        found += inside or [part]
    return found


def _chosen(fields: Mapping[str, Mapping[str, Any]], name: str) -> str:
    return str(next(iter((fields.get(name) or {}).get("values") or []), ""))


def _title(action: str) -> str:
    titles = {
        "new": _("Make a film"),
        "fix": _("Fix it"),
        "edit": _("Change it and run it again"),
        "continue": _("What happens next?"),
        "retry": _("Fix and retry"),
    }
    return titles[action][:45]


def _prompt(wish: Wish, beside: str | None) -> ui.Label[Any]:
    field: ui.TextInput[Any] = ui.TextInput(
        custom_id=PROMPT,
        style=discord.TextStyle.paragraph,
        default=str(wish.options.get("prompt") or "")[:PROMPT_MAX] or None,
        placeholder=_("A paper boat sails through the rain; the camera follows it"),
        max_length=PROMPT_MAX,
        required=True,
    )
    text = _("What happens next?") if wish.continues else _("What should happen in the film?")
    return ui.Label(text=text[:45], description=beside, component=field)


def _model(wish: Wish, models: Sequence[Model], beside: str | None) -> ui.Label[Any]:
    wanted = str(wish.options.get("model") or "").strip().casefold()
    known = [row.key for row in models if wanted in (row.key.casefold(), row.label.casefold())]
    chosen = known[0] if known else "" if wanted else models[0].key
    # The one that is chosen is always among those that there is room for.
    shown = sorted(models, key=lambda row: row.key != chosen)[:_OPTIONS] if len(models) > _OPTIONS else models
    options = [
        discord.SelectOption(
            label=row.label[:_SHORT],
            value=row.key,
            description=_("{about}, from {credits}").format(about=_(row.about), credits=credits(row.cheapest))[:_SHORT],
            default=row.key == chosen,
        )
        for row in shown
    ]
    field: ui.Select[Any] = ui.Select(custom_id=MODEL, options=options, required=True)
    return ui.Label(text=_("Model"), description=beside, component=field)


def _duration(wish: Wish, models: Sequence[Model], beside: str | None) -> ui.Label[Any]:
    wanted = wish.options.get("duration")
    lengths = _lengths(models, wanted)
    options = [
        discord.SelectOption(label=_("The model's usual length"), value=_USUAL, default=wanted not in lengths),
        *(
            discord.SelectOption(
                label=seconds(length),
                value=str(length),
                description=_prices(length, models),
                default=length == wanted,
            )
            for length in lengths
        ),
    ]
    field: ui.Select[Any] = ui.Select(custom_id=DURATION, options=options, required=True)
    return ui.Label(text=_("Duration"), description=beside, component=field)


def _lengths(models: Sequence[Model], wanted: object) -> list[int]:
    """The lengths for which there is room: the one that is wanted, then each model's first ones before the others."""
    ranked = sorted(
        (-1 if length == wanted else rank, length)
        for row in models
        for rank, length in enumerate(_ends_first(row.durations))
    )
    return sorted(list(dict.fromkeys(length for _rank, length in ranked))[: _OPTIONS - 1])


def _ends_first(lengths: Sequence[int]) -> list[int]:
    """The usual length, the ends, whole fives, then the rest."""
    first = [*lengths[:1], min(lengths), max(lengths)] if lengths else []
    return list(dict.fromkeys([*first, *(length for length in lengths if length % 5 == 0), *lengths]))


def _prices(length: int, models: Sequence[Model]) -> str:
    """Which models make films of this length, and for how much: as many as there is room for."""
    texts = [f"{row.label} ({credits(price)})" for row in models if (price := row.cheapest_of(length)) is not None]
    said = ", ".join(texts)
    return said if len(said) <= _SHORT else said[: _SHORT - 1].rpartition(",")[0] + "…"


def _shape(wish: Wish, models: Sequence[Model], beside: str | None) -> ui.Label[Any]:
    wanted = wish.options.get("orientation")
    shapes = [one for one in dict.fromkeys(s for row in models for s in row.orientations) if one != ADAPTIVE]
    options = [
        discord.SelectOption(
            label=_("Like the first picture, else landscape"), value=_USUAL, default=wanted not in shapes
        ),
        *(discord.SelectOption(label=_capital(shape(one)), value=one, default=one == wanted) for one in shapes),
    ]
    field: ui.Select[Any] = ui.Select(custom_id=SHAPE, options=options, required=True)
    return ui.Label(text=_("Shape"), description=beside, component=field)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _pictures(wish: Wish, models: Sequence[Model], beside: str | None) -> ui.Label[Any]:
    most = min(_FILES, max((row.images_max for row in models), default=0)) or 1
    kept = len(wish.pictures)
    if wish.action == "continue":
        text = _("The film's last frame is its first picture. You can add more.")
    elif kept:
        text = _n(
            "Leave this empty to keep the {n} picture that is there.",
            "Leave this empty to keep the {n} pictures that are there.",
            kept,
        ).format(n=kept)
    else:
        text = _("The film begins with the first one.")
    field: ui.FileUpload[Any] = ui.FileUpload(custom_id=PICTURES, required=False, min_values=0, max_values=most)
    both = sentences(beside or "", text)
    return ui.Label(text=_("Pictures"), description=both if len(both) <= _SHORT else beside or text, component=field)
