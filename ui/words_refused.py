"""What people read who were refused, nothing charged: what happened, and what to do now."""

from __future__ import annotations

from domain.faults import BadClip, BadName, BadPicture, Fault, Refused, StorageFault
from ui.language import _, _n, decimal, listed, number, sentences
from ui.words import Maker, Values, Words, credits, plain, right, when
from ui.words_characters import CLIP, NAMES
from ui.words_characters import REFUSED as KEPT
from ui.words_making import MAKING
from ui.words_models import MODELS, full
from ui.words_moderation import REFUSED as MODERATION


def _name(values: Values) -> str:
    """Which picture: its number when there may be several, and its file name."""
    position, name = values.get("position"), plain(values.get("name") or "", 60)
    if position:
        said = _("Picture {n} ({name})") if name else _("Picture {n}")
    else:
        said = _("That picture ({name})") if name else _("That picture")
    return said.format(n=position, name=name)


def _mb(size: int) -> str:
    return _("{n} MB").format(n=decimal(size / 1_000_000, places=1 if size < 10_000_000 else 0))


_TAKES = ("JPEG", "PNG", "WebP", "GIF", "AVIF")

#: What a member reads who was refused; nothing was charged.
REFUSED: dict[str, Maker] = MAKING | {
    "prompt_empty": lambda v: Words(
        _("What should happen in the film?"), _("Write it in `prompt`, and run the command again.")
    ),
    "attachment_large": lambda v: Words(
        _("{picture} is too large").format(picture=_name(v)),
        _("It has {size}; {most} is the most. Make it smaller and try again.").format(
            size=_mb(v["size"]), most=_mb(v["most"])
        ),
    ),
    "server_not_allowed": lambda v: Words(
        _("Clapper is not switched on for this server"),
        _("Its operator can add this server's id to the list of allowed ones: `{server}`.").format(server=v["server"]),
    ),
    "server_only": lambda v: Words(
        _("This works in servers"), _("Use the command in a channel of a server that has Clapper.")
    ),
    "bot_absent": lambda v: Words(
        _("Clapper is not a member of this server"),
        _("Only its commands were added, so it could not post the film. Someone who manages the server can invite it."),
    ),
    "server_ceiling": lambda v: Words(
        _("This server has spent its credits for today"),
        _("This film costs {credits}; the server has {left} left. They renew {when}.").format(
            credits=credits(v["price"]), left=number(v["left"]), when=when(v["renews_at"])
        ),
    ),
    "waiting_full": lambda v: Words(
        _n("You already have {n} film waiting", "You already have {n} films waiting", v["waiting"]).format(
            n=number(v["waiting"])
        ),
        _("Wait until one has started, then run this again."),
    ),
    "already_taken": lambda v: Words(_("That command was already taken"), _("Its film is on the way.")),
    "missing_rights": lambda v: Words(
        _("Clapper may not post films here"),
        _("It lacks {rights} in this channel. Ask a moderator for it, or use another channel.").format(
            rights=listed([right(name) for name in v["rights"]], "and")
        ),
    ),
    "place": lambda v: Words(
        _("Films cannot be posted in this kind of channel"), _("Use a text channel, a thread or a post.")
    ),
    "age_restricted": lambda v: Words(_("This place cannot be used"), _("Use a channel that Clapper can see.")),
    "dm_closed": lambda v: Words(
        _("Clapper cannot send you direct messages"),
        _("A private film goes there. Allow direct messages from this server's members, or run it without `private`."),
    ),
    "account_closed": lambda v: Words(
        _("Films cannot be made right now"),
        sentences(
            _("The video service does not take this bot's orders; its operator has been told."),
            _("Try again {when}.").format(when=when(v["again_at"])),
        ),
    ),
    "paused": lambda v: Words(
        _("Clapper is taking a break"), full(plain(v.get("why") or "", 200) or _("Try again later."))
    ),
    "stopping": lambda v: Words(_("Clapper is restarting"), _("Run the command again in a minute.")),
    "not_yours": lambda v: Words(_("That is not your film"), _("Only the member who asked for it can do this.")),
    "not_moderator": lambda v: Words(_("This is for moderators"), _("It needs the right to manage this server.")),
    "nothing_to_deliver": lambda v: Words(
        _("There is no such undelivered film"), _("`/manage jobs` lists those that found no place.")
    ),
    "job_gone": lambda v: Words(_("That film is no longer known"), _("It may have been deleted.")),
    "too_late": lambda v: Words(_("It is over already"), _("There is nothing left to stop.")),
    "posted": lambda v: Words(
        _("It is posted already"), _("It was on its way before you pressed. A moderator can delete it.")
    ),
}
REFUSED |= MODELS

#: What is wrong with a picture; `position` and `name` say which.
PICTURE: dict[str, Maker] = {
    "picture_empty": lambda v: Words(_("{picture} is empty").format(picture=_name(v)), _("Attach it again.")),
    "picture_unknown": lambda v: Words(
        _("{picture} is not a picture that can be used").format(picture=_name(v)),
        _("Attach a {formats} picture.").format(formats=listed(_TAKES)),
    ),
    "picture_heic": lambda v: Words(
        _("{picture} is in HEIC, Apple's own format").format(picture=_name(v)),
        _("Save it as JPEG (a screenshot of it works too) and attach that."),
    ),
    "picture_broken": lambda v: Words(
        _("{picture} is broken").format(picture=_name(v)),
        _("It cannot be opened to its end. Save it anew and attach it."),
    ),
    "picture_large": lambda v: Words(
        _("{picture} is too large").format(picture=_name(v)), _("20 MB is the most. Make it smaller and try again.")
    ),
    "picture_giant": lambda v: Words(
        _("{picture} has too many pixels").format(picture=_name(v)),
        sentences(
            _("It has {width} × {height}.").format(width=number(v["width"]), height=number(v["height"]))
            if v.get("width")
            else "",
            _("40 megapixels are the most. Scale it down and try again."),
        ),
    ),
    "picture_gone": lambda v: Words(
        _("{picture} could not be fetched").format(picture=_name(v)), _("Attach it again and run the command again.")
    ),
    "picture_unreachable": lambda v: Words(
        _("{picture} could not be fetched").format(picture=_name(v)),
        _("Discord did not hand it out. Attach it again in a minute."),
    ),
}

#: The database cannot be used: nothing was begun.
STORAGE: dict[str, Maker] = {
    reason: lambda v: Words(
        _("Clapper cannot write anything down right now"), _("So nothing was begun. Try again in a few minutes.")
    )
    for reason in StorageFault.REASONS
}


def unknown() -> Words:
    """The words for something that nobody expected."""
    return Words(_("Something went wrong"), _("It has been noted. Try again in a moment."))


def explain(fault: Fault) -> Words:
    """The words for a fault that reaches a person."""
    tables = (
        (BadPicture, PICTURE),
        (BadClip, CLIP),
        (BadName, NAMES),
        (Refused, REFUSED | MODERATION | KEPT),
        (StorageFault, STORAGE),
    )
    table = next((table for kind, table in tables if isinstance(fault, kind)), {})
    maker = table.get(fault.reason)
    return maker(fault.values) if maker else unknown()
