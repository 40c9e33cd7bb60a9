"""What people read about models: what each can do, and what one cannot, with those that can."""

from __future__ import annotations

from collections.abc import Iterable

from domain.carry import Change
from domain.model import Mode, Model
from domain.wire import ADAPTIVE
from ui.language import _, listed, number, sentences
from ui.words import Maker, Values, Words, credits, plain, seconds, shape, size_name, when


def full(sentence: str) -> str:
    """A sentence from outside, with its full stop."""
    return sentence if sentence.endswith((".", "!", "?", "。")) else f"{sentence}."


def _others(values: Values, sentence: str) -> str:
    """A sentence about what would do instead, with {others} in it; empty when nothing would."""
    others = values.get("others") or []
    return sentence.format(others=listed(others[:_NAMED])) if others else ""


#: Models that a refusal names; more would be no help.
_NAMED = 5


def lengths(values: Iterable[int]) -> str:
    """Seconds to choose from: 10 or 15 s; 4 to 15 s."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts = [
        part
        for run in runs
        for part in (
            [_("{first} to {last}").format(first=run[0], last=run[-1])] if len(run) > 2 else [str(one) for one in run]
        )
    ]
    return seconds(listed(parts))


def _shapes(values: Iterable[str]) -> str:
    return listed([shape(one) for one in values if one != ADAPTIVE])


def _sizes(values: Iterable[str]) -> str:
    return listed([size_name(size) for size in values])


def _of_pictures(values: Values) -> str:
    """A sentence for what is so because of what was attached."""
    return _("That is so for films from pictures.") if values.get("mode") not in (None, "", "text") else ""


#: What a member reads whom the chosen model cannot help; nothing was charged.
MODELS: dict[str, Maker] = {
    "prompt_long": lambda v: Words(
        _("That prompt is too long"),
        sentences(
            _("It has {length} characters; {model} takes {most}. Shorten it and run it again.").format(
                length=number(v["length"]), most=number(v["most"]), model=v["model"]
            ),
            _others(v, _("For all of it, choose {others}.")),
        ),
    ),
    "model_unknown": lambda v: Words(
        _("There is no model called “{asked}”").format(asked=plain(v["asked"], 60)),
        _("Choose one of those that the list offers, or leave `model` out."),
    ),
    "model_paused": lambda v: Words(
        _("{model} cannot be had now").format(model=v["model"]),
        sentences(full(_(v["why"])), _others(v, _("Try {others} instead."))),
    ),
    "model_closed": lambda v: Words(
        _("{model} cannot be had right now").format(model=v["model"]),
        sentences(_("The video service has closed it."), _others(v, _("Choose {others} instead."))),
    ),
    "duration": lambda v: Words(
        _("{model} does not make {length} films").format(model=v["model"], length=seconds(v["asked"])),
        sentences(
            _("It makes {lengths}.").format(lengths=lengths(v["can"]))
            if v["can"]
            else _("Its films have a length of their own: leave `duration` out."),
            _of_pictures(v),
            _others(v, _("For that length, choose {others}.")),
        ),
    ),
    "size": lambda v: Words(
        _("{model} has no size “{asked}”").format(model=v["model"], asked=plain(v["asked"], 30)),
        sentences(
            _("Choose {sizes}, or leave it out.").format(sizes=_sizes(v["can"]))
            if v["can"]
            else _("It has only one: leave it out."),
            _of_pictures(v),
            _others(v, _("For that size, choose {others}.")),
        ),
    ),
    "size_twice": lambda v: Words(
        _("Two sizes are one too many"),
        _("`size` and `resolution` say the same in two ways: give one of them."),
    ),
    "orientation": lambda v: Words(
        _("{model} does not make {shape} films").format(model=v["model"], shape=shape(v["asked"])),
        sentences(
            _("It makes {shapes}.").format(shapes=_shapes(v["can"]))
            if v["can"]
            else _("It decides about the shape itself: leave `orientation` out."),
            _of_pictures(v),
            _others(v, _("For that shape, choose {others}.")),
        ),
    ),
    "pictures_many": lambda v: Words(
        _("Too many pictures for {model}").format(model=v["model"]),
        sentences(
            _("You attached {n}; it takes {most}.").format(n=v["asked"], most=v["can"]),
            _others(v, _("For so many, choose {others}.")),
        ),
    ),
    "pictures_none_taken": lambda v: Words(
        _("{model} takes no pictures").format(model=v["model"]),
        sentences(_("Leave them out, or choose another model."), _others(v, _("{others} would do."))),
    ),
    "pictures_needed": lambda v: Words(
        _("{model} needs a picture").format(model=v["model"]),
        sentences(_("Attach one, and run it again."), _others(v, _("For words alone, choose {others}."))),
    ),
    "pictures_unreachable": lambda v: Words(
        _("{model} cannot see pictures from here").format(model=v["model"]),
        sentences(
            _("It fetches them by a link, and this bot has no public address; its operator can give it one."),
            _others(v, _("For pictures, choose {others}.")),
        ),
    ),
    "carries_nothing": lambda v: Words(
        _("{model} cannot make anything of this film").format(model=v["model"]), _("Choose another model.")
    ),
    "compared_twice": lambda _v: Words(
        _("One model is named twice"), _("Choose different ones: the same film twice is no comparison.")
    ),
    "compared_dear": lambda v: Words(
        _("Together they cost {price}").format(price=credits(v["price"])),
        _("You have {left}; they renew {when}. Leave a model out, or make it shorter.").format(
            left=number(v["left"]), when=when(v["renews_at"])
        ),
    ),
    "sound_unknown": lambda v: Words(
        _("“{asked}” is no answer about sound").format(asked=plain(v["asked"], 30)), _("Say `on` or `off`.")
    ),
    "sound_none": lambda v: Words(
        _("{model} makes no sound").format(model=v["model"]),
        sentences(_("Leave `sound` out."), _others(v, _("For sound, choose {others}."))),
    ),
    "sound_always": lambda v: Words(
        _("{model} always makes sound").format(model=v["model"]),
        sentences(_("Leave `sound` out."), _others(v, _("For a silent film, choose {others}."))),
    ),
    "sound_size": lambda v: Words(
        _("{model} makes no sound in that size").format(model=v["model"]),
        sentences(_("It makes it in {sizes}.").format(sizes=_sizes(v["can"])), _others(v, _("Or choose {others}."))),
    ),
    "negative_none": lambda v: Words(
        _("{model} has no negative prompt").format(model=v["model"]),
        sentences(
            _("Leave `negative` out, or say in the prompt what is wanted instead."),
            _of_pictures(v),
            _others(v, _("{others} would take it.")),
        ),
    ),
    "negative_long": lambda v: Words(
        _("That negative prompt is too long"),
        sentences(
            _("It has {length} characters; {model} takes {most}.").format(
                length=number(v["length"]), most=number(v["most"]), model=v["model"]
            ),
            _others(v, _("For all of it, choose {others}.")),
        ),
    ),
}


def changed(changes: Iterable[Change]) -> str:
    """What another model has otherwise, as a list: 10 s → 8 s · without the negative prompt."""
    return " · ".join(_change(change) for change in changes)


def _change(change: Change) -> str:
    before, after = change.before, change.after
    match change.what:
        case "duration":
            return _arrow(seconds(before) if before else "", seconds(after) if after else _("a length of its own"))
        case "size":
            return _arrow(size_name(before) if before else "", size_name(after) if after else _("the only size"))
        case "orientation":
            return _arrow(shape(before or ADAPTIVE), shape(after) if after else _("a shape of its own"))
        case "sound":
            return _("with sound") if after else _("without sound")
        case "negative":
            return _("without the negative prompt")
        case "pictures":
            kept = _("only the first {n} of {m} pictures").format(n=after, m=before)
            return kept if after else _("without pictures")
        case "mode":
            return _("with pictures to go by") if after == "references" else _("with pictures as frames")
        case _:
            return _("without the character")


def _arrow(before: str, after: str) -> str:
    return f"{before} → {after}" if before else after


def model_line(row: Model) -> str:
    """A model to choose: how long, in which shapes, whether with sound, and its lowest price."""
    mode = row.modes[0]
    parts = [
        lengths(row.durations) if row.durations else _("a length of its own"),
        _shapes_line(mode),
        {"always": _("sound"), "off": _("sound if you like"), "on": _("sound if you like")}.get(mode.sound, ""),
        _("from {credits}").format(credits=credits(row.cheapest)),
    ]
    return f"{row.label}: " + " · ".join(filter(None, parts))


def _shapes_line(mode: Mode) -> str:
    names = [shape(one) for one in mode.orientations if one != ADAPTIVE]
    if not names:
        return _("a shape of its own")
    return ", ".join(names) if len(names) <= 3 else _("{n} shapes").format(n=len(names))


def duration_line(length: int, price: int) -> str:
    """A duration to choose, in seconds, and what it costs."""
    return _("{length} ({credits})").format(length=seconds(length), credits=credits(price))


def size_line(size: str, price: int) -> str:
    """A size to choose, and what it costs at least."""
    return _("{size} (from {credits})").format(size=size_name(size), credits=credits(price))


def sound_line(*, sound: bool, price: int) -> str:
    """With sound or without, and what it costs."""
    said = _("with sound") if sound else _("silent")
    return _("{sound} ({credits})").format(sound=said, credits=credits(price))
