"""What people read about clips and characters, and about names under which things are kept."""

from __future__ import annotations

from ui.language import _, decimal, listed, number
from ui.words import Maker, Values, Words, plain


def _clip(values: Values) -> str:
    """The clip, with its name where it has one."""
    name = values.get("name")
    return _("The clip ({name})").format(name=plain(name, 60)) if name else _("The clip")


def _seconds(value: object) -> str:
    return decimal(value, places=0 if value == int(value) else 1) if isinstance(value, float | int) else str(value)


def _others(values: Values) -> str:
    others = values.get("others") or []
    return _("Choose {models}.").format(models=listed(others)) if others else _("No model here has characters now.")


#: What is wrong with a clip, before or after a film with it was asked for; nothing was charged either way.
CLIP: dict[str, Maker] = {
    "no_character": lambda v: Words(_("{model} takes no characters").format(model=v["model"]), _others(v)),
    "clip_none": lambda v: Words(
        _("Which character?"), _("Attach a `clip`, choose one of your films in `film`, or a saved `character`.")
    ),
    "clip_many": lambda v: Words(
        _("One character at a time"),
        _("Give either a `clip`, a `film` or a saved `character`, and leave the others out."),
    ),
    "clip_large": lambda v: Words(
        _("{clip} is too large").format(clip=_clip(v)), _("20 MB is the most. Cut it shorter and attach it again.")
    ),
    "clip_long": lambda v: Words(
        _("{clip} is too long").format(clip=_clip(v)),
        _("{most} seconds are the most. Cut it to the moment that shows the character.").format(most=v["most"]),
    ),
    "clip_broken": lambda v: Words(
        _("{clip} is not a film that can be used").format(clip=_clip(v)),
        _("Attach a whole MP4, MOV or WebM film."),
    ),
    "clip_gone": lambda v: Words(
        _("{clip} could not be fetched").format(clip=_clip(v)), _("Attach it again and run the command again.")
    ),
    "clip_unreachable": lambda v: Words(
        _("{clip} could not be fetched").format(clip=_clip(v)),
        _("Discord did not hand it out. Attach it again in a minute."),
    ),
    "clip_forgotten": lambda v: Words(
        _("The clip is no longer kept"), _("Attach it again. Saved characters keep theirs: `/characters save`.")
    ),
    "clip_dm_closed": lambda v: Words(
        _("The clip has no place for the video service to read it from"),
        _("Allow direct messages from this server's members: the clip is posted to you, once, and read from there."),
    ),
    "clip_owner_closed": lambda v: Words(
        _("The clip has no place for the video service to read it from"),
        _("It would be the direct messages of the member who brought it, but these are closed."),
    ),
    "clip_restricted": lambda v: Words(
        _("That character comes from an age-restricted place"), _("Use it in an age-restricted channel, or privately.")
    ),
    "clip_private": lambda v: Words(
        _("Its character comes from a private film"),
        _("Only its author makes films with it. You can continue this one."),
    ),
    "clip_taken_away": lambda v: Words(
        _("That character cannot be used any more"),
        _("A moderator took away the film that it comes from. Take one from another film or clip."),
    ),
    "film_missing": lambda v: Words(
        _("That film cannot be had"),
        _("Choose one of your own finished films, not too old: `film` suggests them as you type."),
    ),
    "span_position": lambda v: Words(
        _("That is no part of the frame"),
        _("`start` and `end` say where in the frame the character is: from 0 to 1, `start` below `end`."),
    ),
    "span_seconds": lambda v: Words(
        _("That is no part of the clip"),
        _("`start` and `end` are seconds of the clip, from 1 to 3 apart."),
    ),
    "span_beyond": lambda v: Words(
        _("The clip has no such part"),
        _("It is {length} s long, and {start} to {end} was asked for. One to three seconds of it are needed.").format(
            length=_seconds(v["seconds"]), start=_seconds(v["start"]), end=_seconds(v["end"])
        ),
    ),
}


def _kind(values: Values) -> str:
    return _("a preset") if values.get("kind") == "preset" else _("a character")


#: Beside what `ui.words_refused` has.
REFUSED: dict[str, Maker] = {
    "export_dm_closed": lambda v: Words(
        _("Clapper cannot send you direct messages"),
        _("The export goes there. Allow direct messages from this server's members, then run it again."),
    ),
}

#: What is wrong with a name, or with what is kept under it.
NAMES: dict[str, Maker] = {
    "name_empty": lambda v: Words(_("It needs a name"), _("Up to 40 letters, digits and spaces.")),
    "name_long": lambda v: Words(
        _("That name is too long"),
        _("It has {length} characters; {most} fit.").format(length=number(v["length"]), most=v["most"]),
    ),
    "name_taken": lambda v: Words(
        _("You have {kind} of that name already").format(kind=_kind(v)),
        _("Choose another name, or delete the old one first."),
    ),
    "name_unknown": lambda v: Words(
        _("There is no such name here"), _("Choose one of those that are suggested as you type.")
    ),
    "name_not_yours": lambda v: Words(
        _("That is not yours"), _("Only the member who saved it can share or delete it.")
    ),
    "names_many": lambda v: Words(
        _("You have saved as many as fit"), _("{most} are the most. Delete one first.").format(most=v["most"])
    ),
    "preset_empty": lambda v: Words(
        _("A preset needs something in it"), _("Give it a `text`, or a model, duration, orientation or size.")
    ),
    "preset_long": lambda v: Words(
        _("That text is too long for a preset"),
        _("It has {length} characters; {most} fit.").format(length=v["length"], most=v["most"]),
    ),
    "name_private": lambda v: Words(
        _("A character from a private film stays private"),
        _("Save it from a film or a clip that is not, then it can be shared."),
    ),
}


def clip_post() -> str:
    """What stands with a clip in the member's direct messages."""
    return _(
        "🎬 The clip of your character. The video service reads it from this message, so please leave it here while "
        "films are made with it."
    )
