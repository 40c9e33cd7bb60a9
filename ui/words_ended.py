"""What people read about a generation that ended without a film, whose credits have gone back."""

from __future__ import annotations

from domain.job import Job
from ui.language import _, listed
from ui.words import Maker, Values, Words
from ui.words_characters import CLIP
from ui.words_making import ENDING
from ui.words_moderation import ENDED as MODERATED
from ui.words_refused import PICTURE

#: Why a generation ended without a film. Whatever it was, its credits have gone back.
ENDED: dict[str, Maker] = ENDING | {
    "moderation": lambda v: Words(
        _("The video service declined this prompt"),
        _("It keeps out violence, nudity, brands and real people. Say it differently and try again."),
    ),
    "real_person": lambda v: Words(
        _("The video service saw a real person"), _("Pictures and clips of real people are declined. Use another one.")
    ),
    "bad_request": lambda v: Words(
        _("The video service did not take this recipe"), _("Try another length, shape or size, or another model.")
    ),
    "not_implemented": lambda v: Words(
        _("The video service cannot make this recipe"), _("Try another length, shape or size, or another model.")
    ),
    "too_big": lambda v: Words(
        _("The pictures were too large for the video service"), _("Try fewer or smaller pictures.")
    ),
    "vendor_picture": lambda v: Words(
        _("The video service could not use a picture"), _("Try another one, without faces of real people.")
    ),
    "vendor_timeout": lambda v: Words(
        _("The video service ran out of time"), _("Run it again; a shorter film is easier.")
    ),
    "vendor_failed": lambda v: Words(
        _("The video service could not make this film"), _("Run it again, or change a word.")
    ),
    "model_gone": lambda v: Words(
        _("This model can no longer be had"),
        _("Choose {others}, and run it again.").format(others=listed(v["others"]))
        if v.get("others")
        else _("Choose another model and run it again."),
    ),
    "no_link": lambda v: Words(_("The video service finished, but gave no film"), _("Run it again.")),
    "no_film": lambda v: Words(
        _("The film was made, but could not be fetched"), _("Its link gave nothing for a whole day. Run it again.")
    ),
    "expired": lambda v: Words(_("The video service never finished this film"), _("Run it again.")),
    "never_arrived": lambda v: Words(_("The video service lost this film twice"), _("Run it again in a while.")),
    "waited_too_long": lambda v: Words(
        _("This film waited too long for its turn"), _("Run it again when it is calmer.")
    ),
    "bot_removed": lambda v: Words(_("Clapper was removed from that server"), _("It was stopped before it had begun.")),
    "cancel": lambda v: Words(_("Cancelled"), _("It was stopped before it had begun.")),
}


def ended(job: Job, values: Values) -> Words:
    """The words for a job that ended without a film."""
    maker = ENDED.get(job.reason) or MODERATED.get(job.reason) or PICTURE.get(job.reason) or CLIP.get(job.reason)
    return maker(values) if maker else ENDED["vendor_failed"](values)
