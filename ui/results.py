"""What stands under a result: its buttons, each an id and no state, and the recipe behind More…"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

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


#: Models that a refusal or an ending offers by buttons of their own; and characters of a button.
FEW, _LABEL = 3, 80


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
    again = [button(_("Again"), "again", job.id, emoji="🔁")] if job.reason in _PASSING else []
    return Row(*again, fix, *_elsewhere(job))


def _elsewhere(job: Job) -> list[ui.Button[Any]]:
    """The models that could be had when it ended, each one press away; and the list, as they may be others now."""
    values = job.values
    others, keys = values.get("others"), values.get("keys")
    if not isinstance(others, list) or not isinstance(keys, list):
        return []
    pairs = list(zip(cast("list[str]", keys), cast("list[str]", others), strict=False))
    few = [run_on(job.id, key, label) for key, label in pairs[:FEW]]
    return [*few, another_model("job", job.id)] if len(pairs) > len(few) else few


def run_on(job_id: str, model: str, label: str) -> ui.Button[Any]:
    """run:job:<id>:0:<model>: what it costs there is said at the press where anything changes, or it is dearer."""
    label = _("On {model}").format(model=label)[:_LABEL]
    return button(label, job_id, f"0:{model}", kind="run:job", emoji="🎬")


def another_model(kind: str, key: str) -> ui.Button[Any]:
    """Opens the list of all models that would make it."""
    made: ui.Button[Any] = button(_("Another model"), "on", key, kind=kind, emoji="🔀")
    return made


def fix(draft_id: str, label: str = "") -> ui.Button[Any]:
    """Opens the form with what was refused, or is to be changed."""
    made: ui.Button[Any] = button(label or _("Fix it"), "fix", draft_id, kind="draft", emoji="🛠️")
    return made


def command_line(job: Job) -> str:
    """What to type to get this film, but for its pictures or its clip."""
    request = job.request
    sound = {True: "on", False: "off", None: None}[request.sound]
    options = {
        "prompt": request.prompt,
        "model": request.model,
        "duration": request.duration or None,
        "orientation": request.orientation,
        "size": request.size or None,
        "sound": sound,
        "negative": request.negative or None,
        "start": request.character_start,
        "end": request.character_end,
    }
    command = "character" if request.character else "video"
    return " ".join([f"/{command}", *(f"{name}:{value}" for name, value in options.items() if value is not None)])


@dataclass(frozen=True)
class Places:
    """Who reads a recipe, and those generations of its chain (their ids) whose message is a direct one."""

    reader_id: int
    direct: Collection[str] = ()

    def link(self, job: Job) -> str:
        """The address of a generation's message; "" where there is none that the reader could open."""
        direct = job.id in self.direct
        if not job.message_id or (direct and job.author_id != self.reader_id):
            return ""
        server = "@me" if direct else job.guild_id
        return f"https://discord.com/channels/{server}/{job.thread_id}/{job.message_id}"


def recipe_message(
    job: Job, chain: Sequence[Job], buttons: Sequence[ui.Button[Any]], places: Places, *, kept: bool = True
) -> Classic:
    """How to make this film, to be copied, and how it came to be; `chain` is the film and its parents, newest first.

    `kept` says whether its pictures or its clip are there still.
    """
    line = command_line(job)
    head = _("**Recipe** of {member}'s film").format(member=f"<@{job.author_id}>")
    notes = [f"-# {recipe(job)} · {job.id}"]
    notes += [f"-# {note}" for note in _brought(job, kept)]
    row = Row(*buttons) if buttons else None
    copied = f"```\n{line}\n```"
    room = _MOST - len("\n".join([head, copied, *notes]))
    if room < 0 or "```" in line:
        text = "\n".join([head, *notes, *_story(chain, places, _MOST - len(head) - len("\n".join(notes)))])
        return Classic(text, row, (f"recipe-{job.id}.txt", line.encode("utf-8", "replace")))
    return Classic("\n".join([head, copied, *notes, *_story(chain, places, room)]), row)


def _brought(job: Job, kept: bool) -> list[str]:
    """What a film was made from beside its words, and whether Edit has it still."""
    said: list[str] = []
    n = job.request.pictures
    if job.request.character and kept:
        said.append(_("Its character comes from a clip: Edit keeps it."))
    elif job.request.character:
        said.append(_("Its character came from a clip that is no longer kept."))
    if job.continues and kept:
        said.append(_("It begins with the last frame of the film before it: Edit keeps that."))
    elif n and kept:
        text = _n("It began with a picture: Edit keeps it.", "It began with {n} pictures: Edit keeps them.", n)
        said.append(text.format(n=n))
    elif n:
        text = _n("Its picture is no longer kept.", "Its {n} pictures are no longer kept.", n)
        said.append(text.format(n=n))
    return said


def _story(chain: Sequence[Job], places: Places, room: int) -> list[str]:
    """How the film came to be, the beginning first, in at most so many characters: what does not fit is left out."""
    if len(chain) < 2:
        return []
    lines: list[str] = []
    for n, job in enumerate(reversed(chain)):
        before = chain[len(chain) - n] if n else None
        lines.append(f"{n + 1}. {_step(job, before, places)}")
    title = _("**How it came to be**")
    while lines and len(title) + sum(len(line) + 1 for line in lines) > room:
        lines.pop(0)
    return [title, *lines] if lines else []


def _step(job: Job, before: Job | None, places: Places) -> str:
    names = {
        "again": _("run again"),
        "edit": _("changed"),
        "continue": _("continued"),
        "retry": _("tried once more"),
    }
    name = names.get(job.action, _("made")) if job.parent_id else _("begun")
    if link := places.link(job):
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
    said = [" → ".join(filter(None, pair)) for pair in pairs if pair[0] != pair[1]]
    if old.pictures != new.pictures and not after.continues:
        said.append(_n("{n} picture", "{n} pictures", new.pictures).format(n=new.pictures))
    if old.sound != new.sound and new.sound is not None:
        said.append(_("with sound") if new.sound else _("silent"))
    if old.prompt != new.prompt:
        said.append(_words_changed(old.prompt, new.prompt))
    return ", ".join(said)


#: Words, and single signs of scripts that put no spaces between them.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")


def _words_changed(old: str, new: str) -> str:
    """~~rain~~ **snow**: what stands between what both prompts begin and end with; all of a prompt that is another."""
    before, after = list(_TOKEN.finditer(old)), list(_TOKEN.finditer(new))
    most = min(len(before), len(after))
    start = next((n for n in range(most) if before[n][0] != after[n][0]), most)
    end = next((n for n in range(most - start) if before[-1 - n][0] != after[-1 - n][0]), most - start)
    gone, come = (_between(text, words, start, end) for text, words in ((old, before), (new, after)))
    if not start and not end:
        gone = ""
    return " ".join(filter(None, [f"~~{gone}~~" if gone else "", f"**{come}**" if come else ""]))


def _between(text: str, words: Sequence[re.Match[str]], start: int, end: int) -> str:
    inside = words[start : len(words) - end]
    return plain(text[inside[0].start() : inside[-1].end()], 60) if inside else ""


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
    said = _n("{n} film joined by {member}", "{n} films joined by {member}", len(parts)).format(
        n=len(parts), member=f"<@{by}>"
    )
    notes = [_("about {length}").format(length=seconds(total))] if all(part.request.duration for part in parts) else []
    authors = list(dict.fromkeys(part.author_id for part in parts))
    if authors != [by]:
        notes.append(_("made by {members}").format(members=" ".join(f"<@{author}>" for author in authors)))
    return "\n-# ".join([said, " · ".join(notes)]) if notes else said
