"""What people read about films that begin from films: why one cannot, and the hint beside a field of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ui.language import _, listed, number
from ui.words import Maker, Words

#: Part of the table of refusals.
MAKING: dict[str, Maker] = {
    "reserved": lambda v: Words(
        _("Its author keeps this film to themselves"), _("You can make one of your own with `/video`.")
    ),
    "thread_locked": lambda v: Words(
        _("This thread is locked"), _("Clapper may not post films in it. Use another place, or ask a moderator.")
    ),
    "no_reuse": lambda v: Words(
        _("This server's members build on their own films only"), _("You can make one of your own with `/video`.")
    ),
    "pictures_forgotten": lambda v: Words(
        _("Its pictures are no longer kept"), _("They are removed after some weeks. Attach them again.")
    ),
    "no_pictures": lambda v: Words(
        _("There is no picture in that message"), _("Choose a message with a JPEG, PNG, WebP, GIF or AVIF picture.")
    ),
    "no_film_here": lambda v: Words(
        _("That message shows no film of mine"), _("Choose a message that brings a film, or its card.")
    ),
    "film_gone": lambda v: Words(
        _("That film cannot be fetched any more"), _("Its link has ended, and the message that had it is gone.")
    ),
    "film_running": lambda v: Words(_("That film is still being made"), _("Try again once it is there.")),
    "draft_gone": lambda v: Words(
        _("What you had typed is no longer kept"), _("It is kept for a day. Begin anew with `/video`.")
    ),
    "nothing_to_join": lambda v: Words(
        _("There is nothing to join here"), _("Press Continue on a film first: what follows can be joined to it.")
    ),
    "join_long": lambda v: Words(_("These films are too long together"), _("Join an earlier part of the chain.")),
    "join_lost": lambda v: Words(
        _("The joined film could not be posted"), _("The place is gone, or Discord is busy. Try again in a minute.")
    ),
    "join_large": lambda v: Words(
        _("The joined film does not fit here"), _("This server takes files only up to its limit.")
    ),
}

#: Part of the table of ends without a film.
ENDING: dict[str, Maker] = {
    "film_gone": lambda v: Words(
        _("The film before it could not be fetched"),
        _("Its last frame was to be the first picture. Attach a picture to begin with."),
    ),
    "pictures_forgotten": lambda v: Words(_("Its pictures are no longer kept"), _("Attach them again.")),
}

#: Fields of a form.
PROMPT, MODEL, DURATION, SHAPE, PICTURES = "prompt", "model", "duration", "shape", "pictures"
FIELDS = (PROMPT, MODEL, DURATION, SHAPE, PICTURES)


def hint(reason: str, values: Mapping[str, Any]) -> tuple[str, str] | None:
    """Which field of a form a reason concerns, and the words beside it (at most 100 characters); None for neither."""
    can = values.get("can")
    can = listed(can) if isinstance(can, list | tuple) else can
    found: dict[str, tuple[str, str]] = {
        "prompt_empty": (PROMPT, _("Say what should happen.")),
        "prompt_long": (PROMPT, _("That was too long: {most} characters fit.")),
        "moderation": (
            PROMPT,
            _("Declined. It keeps out violence, nudity, brands and real people: say it differently."),
        ),
        "vendor_failed": (PROMPT, _("The video service could not make it. Run it again, or change a word.")),
        "vendor_timeout": (DURATION, _("The video service ran out of time: a shorter film is easier.")),
        "expired": (PROMPT, _("The video service never finished it. Run it again as it is, or change a word.")),
        "no_link": (PROMPT, _("The video service gave no film. Run it again as it is.")),
        "no_film": (PROMPT, _("Its link gave nothing for a day. Run it again as it is.")),
        "never_arrived": (PROMPT, _("The video service lost it twice. Run it again as it is.")),
        "waited_too_long": (PROMPT, _("It waited too long for its turn. Run it again as it is.")),
        "bad_request": (MODEL, _("It did not take this recipe: try another model, length or shape.")),
        "not_implemented": (MODEL, _("It cannot make this recipe: try another model, length or shape.")),
        "model_unknown": (MODEL, _("There is no such model. Choose one of these.")),
        "model_paused": (MODEL, _("That model cannot be had now. Choose another one.")),
        "model_closed": (MODEL, _("That model cannot be had now. Choose another one.")),
        "model_gone": (MODEL, _("That model can no longer be had. Choose another one.")),
        "no_credits": (DURATION, _("You have {left} credits left: a shorter film, or another model, costs less.")),
        "server_ceiling": (DURATION, _("The server has {left} credits left today: a shorter film costs less.")),
        "duration": (DURATION, _("This model makes {can} s.")),
        "orientation": (SHAPE, _("This model makes {can}.")),
        "size": (MODEL, _("That size does not exist: the model's usual one is taken.")),
        "pictures_many": (PICTURES, _("Too many for this model: choose another one, or attach fewer.")),
        "pictures_none_taken": (MODEL, _("This model takes no pictures. Choose another one.")),
        "attachment_large": (PICTURES, _("Picture {position} was too large: 20 MB is the most.")),
        "pictures_forgotten": (PICTURES, _("The earlier pictures are no longer kept. Attach them again.")),
        "real_person": (PICTURES, _("Pictures of real people are declined. Attach another one.")),
        "vendor_picture": (PICTURES, _("It could not use a picture. Attach another one, without real people's faces.")),
        "too_big": (PICTURES, _("The pictures were too large for it. Attach fewer or smaller ones.")),
        "film_gone": (PICTURES, _("The film before could not be fetched. Attach a picture to begin with.")),
    }
    if reason not in found and "position" in values:  # one picture cannot be used: it was left out
        return PICTURES, _("Picture {position} could not be used and was left out. Attach another one.").format(
            position=values["position"]
        )
    if reason not in found:
        return None
    field, text = found[reason]
    most = number(values["most"]) if isinstance(values.get("most"), int) else ""
    named = {"left": values.get("left", 0), "position": values.get("position", 1), "can": can, "most": most}
    return field, text.format(**named)
