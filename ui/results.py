"""What stands under a result: its buttons, each an id and no state, and the recipe behind More…"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from domain.faults import BadClip
from domain.job import Job, JobState
from ui.language import _, _n
from ui.words import plain, recipe, seconds, shape, size_name

#: Characters of a message with a recipe, of the 2,000 that there may be; a longer one comes as a text file.
_MOST = 1_800
#: Ends that the same recipe may well survive: they are offered to be run again as they are, too.
_PASSING = (
    "vendor_failed",
    "vendor_timeout",
    "expired",
    "no_link",
    "no_film",
    "never_arrived",
    "waited_too_long",
    "clip_dm_closed",
)
#: A form cannot hold a clip: what is wrong with one takes another `/character`.
_CLIP = BadClip.REASONS - {"clip_dm_closed", "no_character"}


class Row(ui.View):
    """Buttons under a classic message, answered by the cogs' listeners from their ids alone, and so stopped at once."""

    def __init__(self, *buttons: ui.Button[Any]) -> None:
        super().__init__(timeout=None)
        for button in buttons:
            self.add_item(button)
        self.stop()


@dataclass(frozen=True)
class Classic:
    """A message of plain content, which phones can copy, perhaps with buttons and one file (name, bytes)."""

    text: str
    buttons: Row | None = None
    file: tuple[str, bytes] | None = None


def button(
    label: str, action: str, key: str, *, emoji: str | None = None, kind: str = "job", danger: bool = False
) -> Any:
    """A button with the id <kind>:<action>:<key>; these ids are contracts."""
    style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.secondary
    made: ui.Button[Any] = ui.Button(label=label, emoji=emoji, style=style, custom_id=f"{kind}:{action}:{key}")
    return made


def under_film(job: Job) -> Row:
    """Again · Edit · Continue · Join, where it continues another film · More…"""
    buttons = [
        button(_("Again"), "again", job.id, emoji="🔁"),
        button(_("Edit"), "edit", job.id, emoji="✏️"),
        button(_("Continue"), "continue", job.id, emoji="▶️"),
    ]
    if job.continues:
        buttons.append(button(_("Join"), "join", job.id, emoji="🔗"))
    return Row(*buttons, button(_("More…"), "more", job.id))


def under_ending(job: Job) -> Row | None:
    """Fix and retry, and Again where the same recipe may well work the next time; nothing where nobody can help it."""
    if job.state is JobState.CANCELLED or job.reason == "bot_removed" or job.reason in _CLIP:
        return None
    fix = button(_("Fix and retry"), "retry", job.id, emoji="🛠️")
    again = button(_("Again"), "again", job.id, emoji="🔁")
    return Row(again, fix) if job.reason in _PASSING else Row(fix)


def fix(draft_id: str, label: str = "") -> ui.Button[Any]:
    """Opens the form with what was refused, or is to be changed."""
    made: ui.Button[Any] = button(label or _("Fix it"), "fix", draft_id, kind="draft", emoji="🛠️")
    return made


def command_line(job: Job) -> str:
    """What to type to get this film, but for its pictures."""
    request = job.request
    parts = [f"prompt:{request.prompt}", f"model:{request.model}", f"duration:{request.duration}"]
    if request.orientation:
        parts.append(f"orientation:{request.orientation}")
    command = "character" if request.character else "video"
    return f"/{command} {' '.join([*parts, f'size:{request.size}'])}"


def recipe_message(job: Job, chain: Sequence[Job], buttons: Sequence[ui.Button[Any]]) -> Classic:
    """How to make this film, to be copied, and how it came to be; `chain` is the film and its parents, newest first."""
    line = command_line(job)
    head = _("**Recipe** of {member}'s film").format(member=f"<@{job.author_id}>")
    notes = [f"-# {recipe(job)} · {job.id}"]
    if job.request.character:
        notes.append("-# " + _("Its character comes from a clip: Edit keeps it."))
    if job.request.pictures:
        notes.append(
            "-# "
            + _n(
                "It began with a picture: Edit keeps it.",
                "It began with {n} pictures: Edit keeps them.",
                job.request.pictures,
            ).format(n=job.request.pictures)
        )
    row = Row(*buttons) if buttons else None
    copied = f"```\n{line}\n```"
    room = _MOST - len("\n".join([head, copied, *notes]))
    if room < 0 or "```" in line:
        text = "\n".join([head, *notes, *_story(chain, _MOST - len(head) - len("\n".join(notes)))])
        return Classic(text, row, (f"recipe-{job.id}.txt", line.encode("utf-8", "replace")))
    return Classic("\n".join([head, copied, *notes, *_story(chain, room)]), row)


def _story(chain: Sequence[Job], room: int) -> list[str]:
    """How the film came to be, the beginning first, in at most so many characters: what does not fit is left out."""
    if len(chain) < 2:
        return []
    lines: list[str] = []
    for n, job in enumerate(reversed(chain)):
        before = chain[len(chain) - n] if n else None
        lines.append(f"{n + 1}. {_step(job, before)}")
    title = _("**How it came to be**")
    while lines and len(title) + sum(len(line) + 1 for line in lines) > room:
        lines.pop(0)
    return [title, *lines] if lines else []


def _step(job: Job, before: Job | None) -> str:
    names = {
        "again": _("run again"),
        "edit": _("changed"),
        "continue": _("continued"),
        "retry": _("tried once more"),
    }
    name = names.get(job.action, _("made")) if before else _("begun")
    if job.message_id and not job.private:
        link = f"https://discord.com/channels/{job.guild_id}/{job.thread_id}/{job.message_id}"
        name = f"[{name}]({link})"
    what = changes(before, job) if before else recipe(job)
    return " · ".join(filter(None, [name, f"<@{job.author_id}>", what]))


def changes(before: Job, after: Job) -> str:
    """What is different in the second one: its settings, and the words that changed in its prompt."""
    old, new = before.request, after.request
    pairs = [
        (before.label, after.label),
        (seconds(old.duration), seconds(new.duration)),
        (shape(old.orientation or ""), shape(new.orientation or "")),
        (size_name(old.size), size_name(new.size)),
    ]
    said = [f"{a} → {b}" for a, b in pairs if a != b]
    if old.prompt != new.prompt:
        said.append(_words_changed(old.prompt, new.prompt))
    return ", ".join(said)


def _words_changed(old: str, new: str) -> str:
    """~~rain~~ **snow**: what stands between the words that both prompts begin and end with."""
    before, after = old.split(), new.split()
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    gone = plain(" ".join(before[start : len(before) - end]), 60)
    come = plain(" ".join(after[start : len(after) - end]), 60)
    return " ".join(filter(None, [f"~~{gone}~~" if gone else "", f"**{come}**" if come else ""]))


def menu(job: Job, *, own: bool, may_delete: bool) -> list[ui.Button[Any]]:
    """The buttons behind More… that are always there; other parts add theirs."""
    buttons: list[ui.Button[Any]] = []
    if own and job.films and not job.private:
        action, label = ("share", _("Let others use it")) if job.reserved else ("reserve", _("Keep it to myself"))
        buttons.append(button(label, action, job.id, emoji="🔓" if job.reserved else "🔒"))
    if may_delete:
        buttons.append(button(_("Delete"), "delete", job.id, emoji="🗑️"))
    return buttons


def joined_text(by: int, parts: Sequence[Job]) -> str:
    """The message that brings a joined film: whose doing it was, and whose films they are."""
    total = sum(part.request.duration for part in parts)
    authors = " ".join(dict.fromkeys(f"<@{part.author_id}>" for part in parts))
    said = _n("{n} film joined by {member}", "{n} films joined by {member}", len(parts)).format(
        n=len(parts), member=f"<@{by}>"
    )
    length = _("about {length}").format(length=seconds(total))
    return f"{said}\n-# {length} · {_('made by {members}').format(members=authors)}"
