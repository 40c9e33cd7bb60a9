"""Every sentence that people read about what went wrong: what happened, what to do now, what it cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from domain.faults import BadClip, BadName, BadPicture, Fault, Refused, StorageFault
from domain.job import Job


@dataclass(frozen=True)
class Words:
    """A title that says what happened, and a sentence or two that say what to do."""

    title: str
    text: str


FREE = "Nothing was charged."

Values = Mapping[str, Any]


def listed(values: Sequence[object], last: str = "or") -> str:
    """a, b or c."""
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}" if texts else "nothing"


def credits(amount: int) -> str:
    return f"{amount:,} credit" + ("" if amount == 1 else "s")


def when(ms: int, style: str = "R") -> str:
    """A moment as every reader sees it in their own time."""
    return f"<t:{ms // 1000}:{style}>"


def plain(text: object, most: int = 300) -> str:
    """Text from outside, on one line, that can neither ping, link, format nor hide anything."""
    line = re.sub(r"\s+", " ", str(text)).strip()
    line = "".join(ch for ch in line if ch.isprintable())
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    line = discord.utils.escape_markdown(line, ignore_links=False)
    # Mentions, timestamps, emoji and commands begin with <; @everyone and links need only their first sign broken.
    line = line.replace("<", "\\<").replace("@", "@\u200b").replace("://", ":\u200b//")
    return re.sub(r"(?i)\b(discord\.gg|www\.)", lambda found: found[0][:-1] + "\u200b" + found[0][-1], line)


def _others(values: Values, sentence: str) -> str:
    others = values.get("others") or []
    return f" {sentence.format(listed(others))}" if others else ""


def _name(values: Values) -> str:
    """Which picture: its number when there may be several, and its file name."""
    number = f"Picture {values['position']}" if values.get("position") else "That picture"
    return f"{number} ({plain(values['name'], 60)})" if values.get("name") else number


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size < 10_000_000 else f"{size / 1_000_000:.0f} MB"


Maker = Callable[[Values], Words]

_TAKES = "JPEG, PNG, WebP, GIF or AVIF"

#: What a member reads who was refused; nothing was charged.
REFUSED: dict[str, Maker] = {
    "prompt_empty": lambda v: Words(
        "What should happen in the film?", "Write it in `prompt`, and run the command again."
    ),
    "prompt_long": lambda v: Words(
        "That prompt is too long", f"It has {v['length']:,} characters; {v['most']:,} fit. Shorten it and run it again."
    ),
    "model_unknown": lambda v: Words(
        f"There is no model called “{plain(v['asked'], 60)}”", f"Choose {listed(v['can'])}, or leave `model` out."
    ),
    "model_paused": lambda v: Words(
        f"{v['model']} cannot be had now", f"{v['why']}.{_others(v, 'Try {0} instead.')}".replace("..", ".")
    ),
    "duration": lambda v: Words(
        f"{v['model']} does not make {v['asked']} s films",
        f"It makes {listed(v['can'])} s.{_others(v, 'For that length, choose {0}.')}",
    ),
    "size": lambda v: Words(
        f"{v['model']} has no size “{plain(v['asked'], 30)}”", f"Choose {listed(v['can'])}, or leave `size` out."
    ),
    "orientation": lambda v: Words(
        f"{v['model']} does not make {plain(v['asked'], 20)} films",
        f"It makes {listed(v['can'])}.{_others(v, 'For that shape, choose {0}.')}",
    ),
    "pictures_many": lambda v: Words(
        f"Too many pictures for {v['model']}",
        f"You attached {v['asked']}; it takes {v['can']}.{_others(v, 'For so many, choose {0}.')}",
    ),
    "pictures_none_taken": lambda v: Words(
        f"{v['model']} takes no pictures", "Leave them out, or choose another model."
    ),
    "attachment_large": lambda v: Words(
        f"{_name(v)} is too large",
        f"It has {_mb(v['size'])}; {_mb(v['most'])} is the most. Make it smaller and try again.",
    ),
    "server_not_allowed": lambda v: Words(
        "Clapper is not switched on for this server",
        f"Its operator can add this server's id to the list of allowed ones: `{v['server']}`.",
    ),
    "server_only": lambda v: Words(
        "This works in servers", "Use the command in a channel of a server that has Clapper."
    ),
    "bot_absent": lambda v: Words(
        "Clapper is not a member of this server",
        "Only its commands were added, so it could not post the film. Someone who manages the server can invite it.",
    ),
    "server_ceiling": lambda v: Words(
        "This server has spent its credits for today",
        f"This film costs {credits(v['price'])}; the server has {v['left']:,} left. They renew {when(v['renews_at'])}.",
    ),
    "no_credits": lambda v: Words(
        "You do not have enough credits for this film",
        f"It costs {credits(v['price'])}; you have {v['left']:,} left. They renew {when(v['renews_at'])}. "
        "A shorter or smaller film costs less: `/quota` shows what you have.",
    ),
    "waiting_full": lambda v: Words(
        f"You already have {v['waiting']} films waiting", "Wait until one has started, then run this again."
    ),
    "already_taken": lambda v: Words("That command was already taken", "Its film is on the way."),
    "missing_rights": lambda v: Words(
        "Clapper may not post films here",
        f"It lacks {listed(v['rights'], 'and')} in this channel. Ask a moderator for it, or use another channel.",
    ),
    "place": lambda v: Words(
        "Films cannot be posted in this kind of channel", "Use a text channel, a thread or a post."
    ),
    "age_restricted": lambda v: Words("This place cannot be used", "Use a channel that Clapper can see."),
    "dm_closed": lambda v: Words(
        "Clapper cannot send you direct messages",
        "A private film goes there. Allow direct messages from this server's members, or run it without `private`.",
    ),
    "account_closed": lambda v: Words(
        "Films cannot be made right now",
        "The video service does not take this bot's orders; its operator has been told. "
        f"Try again {when(v['again_at'])}.",
    ),
    "model_closed": lambda v: Words(
        f"{v['model']} cannot be had right now",
        f"The video service has closed it.{_others(v, 'Choose {0} instead.')}",
    ),
    "paused": lambda v: Words("Clapper is taking a break", f"{v.get('why') or 'Try again later'}.".replace("..", ".")),
    "stopping": lambda v: Words("Clapper is restarting", "Run the command again in a minute."),
    "not_yours": lambda v: Words("That is not your film", "Only the member who asked for it can do this."),
    "not_moderator": lambda v: Words("This is for moderators", "It needs the right to manage this server."),
    "nothing_to_deliver": lambda v: Words(
        "There is no such undelivered film", "`/manage jobs` lists those that found no place."
    ),
    "job_gone": lambda v: Words("That film is no longer known", "It may have been deleted."),
    "too_late": lambda v: Words(
        "It is being made already", "A film that the video service has begun cannot be stopped."
    ),
}

#: What is wrong with a picture; `position` and `name` say which.
PICTURE: dict[str, Maker] = {
    "picture_empty": lambda v: Words(f"{_name(v)} is empty", "Attach it again."),
    "picture_unknown": lambda v: Words(f"{_name(v)} is not a picture that can be used", f"Attach a {_TAKES} picture."),
    "picture_heic": lambda v: Words(
        f"{_name(v)} is in HEIC, Apple's own format", "Save it as JPEG (a screenshot of it works too) and attach that."
    ),
    "picture_broken": lambda v: Words(
        f"{_name(v)} is broken", "It cannot be opened to its end. Save it anew and attach it."
    ),
    "picture_large": lambda v: Words(f"{_name(v)} is too large", "20 MB is the most. Make it smaller and try again."),
    "picture_giant": lambda v: Words(
        f"{_name(v)} has too many pixels",
        (f"It has {v['width']:,} × {v['height']:,}. " if v.get("width") else "")
        + "40 megapixels are the most. Scale it down and try again.",
    ),
    "picture_gone": lambda v: Words(f"{_name(v)} could not be fetched", "Attach it again and run the command again."),
    "picture_unreachable": lambda v: Words(
        f"{_name(v)} could not be fetched", "Discord did not hand it out. Attach it again in a minute."
    ),
}

#: Why a generation ended without a film. Whatever it was, its credits have gone back.
ENDED: dict[str, Maker] = {
    "moderation": lambda v: Words(
        "The video service declined this prompt",
        "It keeps out violence, nudity, brands and real people. Say it differently and try again.",
    ),
    "real_person": lambda v: Words(
        "The video service saw a real person", "Pictures and clips of real people are declined. Use another one."
    ),
    "bad_request": lambda v: Words(
        "The video service did not take this recipe", "Try another length, shape or size, or another model."
    ),
    "not_implemented": lambda v: Words(
        "The video service cannot make this recipe", "Try another length, shape or size, or another model."
    ),
    "too_big": lambda v: Words("The pictures were too large for the video service", "Try fewer or smaller pictures."),
    "vendor_picture": lambda v: Words(
        "The video service could not use a picture", "Try another one, without faces of real people."
    ),
    "vendor_timeout": lambda v: Words("The video service ran out of time", "Run it again; a shorter film is easier."),
    "vendor_failed": lambda v: Words("The video service could not make this film", "Run it again, or change a word."),
    "model_gone": lambda v: Words("This model can no longer be had", "Choose another model and run it again."),
    "no_link": lambda v: Words("The video service finished, but gave no film", "Run it again."),
    "no_film": lambda v: Words(
        "The film was made, but could not be fetched", "Its link gave nothing for a whole day. Run it again."
    ),
    "expired": lambda v: Words("The video service never finished this film", "Run it again."),
    "never_arrived": lambda v: Words("The video service lost this film twice", "Run it again in a while."),
    "waited_too_long": lambda v: Words("This film waited too long for its turn", "Run it again when it is calmer."),
    "bot_removed": lambda v: Words("Clapper was removed from that server", "It was stopped before it had begun."),
    "cancel": lambda v: Words("Cancelled", "It was stopped before it had begun."),
}

#: What the operator's channel hears.
OPERATOR: dict[str, Maker] = {
    "account_token": lambda v: Words(
        "The video API refuses the token", "Check ACEDATACLOUD_API_TOKEN. New films are refused, waiting ones wait."
    ),
    "account_balance": lambda v: Words(
        "The video API's balance is used up", "Top it up. New films are refused, waiting ones wait; nothing is lost."
    ),
    "model_gone": lambda v: Words(
        f"The video API no longer has {v['subject'].partition(':')[2]}",
        "It is refused to members until a trial goes through.",
    ),
    "breaker_shut": lambda v: Words(f"{v['subject'].partition(':')[2]} works again", "Waiting films go on."),
}

#: The database cannot be used: nothing was begun.
STORAGE: dict[str, Maker] = {
    reason: lambda v: Words(
        "Clapper cannot write anything down right now", "So nothing was begun. Try again in a few minutes."
    )
    for reason in StorageFault.REASONS
}

_UNKNOWN = Words("Something went wrong", "It has been noted. Try again in a moment.")


def explain(fault: Fault) -> Words:
    """The words for a fault that reaches a person."""
    tables = ((BadPicture, PICTURE), (BadClip, CLIP), (BadName, NAMES), (Refused, REFUSED), (StorageFault, STORAGE))
    table = next((table for kind, table in tables if isinstance(fault, kind)), {})
    maker = table.get(fault.reason)
    return maker(fault.values) if maker else _UNKNOWN


def ended(job: Job, values: Values) -> Words:
    """The words for a job that ended without a film."""
    maker = ENDED.get(job.reason) or PICTURE.get(job.reason) or CLIP.get(job.reason)
    return maker(values) if maker else ENDED["vendor_failed"](values)


def recipe(job: Job) -> str:
    """Sora 2 · 10 s · landscape · small · 2 pictures."""
    request = job.request
    parts = [job.label, f"{request.duration} s", request.orientation or "shaped like your picture", request.size]
    if request.pictures:
        parts.append("1 picture" if request.pictures == 1 else f"{request.pictures} pictures")
    if request.character:
        parts.append(f"with {plain(request.character, 40)}")
    return " · ".join(parts)


from ui.words_characters import CLIP, NAMES  # noqa: E402
from ui.words_making import MAKING  # noqa: E402

REFUSED.update(MAKING)
