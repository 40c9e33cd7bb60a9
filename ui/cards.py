"""Cards: what a generation, a refusal and an account look like. Pure functions of what is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from domain.job import Job, JobState
from ui.language import _
from ui.words import FREE, Words, credits, ended, plain, recipe, when

_BLUE, _GREEN, _RED, _GREY = (discord.Colour(value) for value in (0x5865F2, 0x2E9E5B, 0xD0464B, 0x6B7280))

_WHERE = {"text": "in a thread here", "announcement": "in a thread here"}


class Card(ui.LayoutView):
    """One container of text lines, and perhaps buttons.

    Its buttons are answered by the cogs' listener from their ids alone, so the view is stopped at once: a view that
    waits would be kept in memory for every card ever sent.
    """

    #: Files (name, bytes) that it refers to, and what is shown in its place where none can go along.
    pictures: tuple[tuple[str, bytes], ...] = ()
    bare: Card | None = None

    def __init__(self, colour: discord.Colour, *lines: str, buttons: tuple[ui.Button[Any], ...] = ()) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Any] = ui.Container(accent_colour=colour)
        for line in lines:
            if line:
                container.add_item(ui.TextDisplay(line))
        if buttons:
            container.add_item(ui.ActionRow(*buttons))
        self.add_item(container)
        self.stop()


def waiting(job: Job, *, left: int | None, ready_at: int, ahead: int, held_up: bool = False) -> Card:
    """The card of a new job: credits left (None: no limit), when to expect it (unix ms), jobs in front of it.

    `held_up`: it waits because the video service takes no orders.
    """
    where = _WHERE.get(job.place, "right here")
    rest = "" if left is None else f" · {left:,} left"
    queue = f"\n{ahead} in front of it in the queue." if ahead else ""
    return Card(
        _BLUE,
        f"### 🎬 <@{job.author_id}> is making a film\n> {plain(job.request.prompt)}",
        "\n".join(filter(None, [recipe(job), credit(job), f"**{credits(job.price)}**{rest}"])),
        _HELD_UP if held_up else f"Expected {when(ready_at)}, {where}, with a ping.{queue}",
        buttons=(_button("Cancel", "cancel", job),),
    )


_HELD_UP = (
    "Waiting: the video service takes no orders right now. It goes on by itself, and Cancel gives all credits back."
)


def credit(job: Job) -> str:
    """Whose film it began from, where that is another member."""
    return _("after {member}'s film").format(member=f"<@{job.credit}>") if job.credit else ""


def done(job: Job, link: str) -> Card:
    """The card once its film was posted."""
    cost = "free, as it came late" if job.film_came_late else credits(job.price)
    films = "films are" if len(job.films) > 1 else "film is"
    button: ui.Button[Any] = ui.Button(label="Watch it", url=link)
    return Card(
        _GREEN,
        f"### 🎬 <@{job.author_id}>'s {films} ready\n> {plain(job.request.prompt)}",
        "\n".join(filter(None, [recipe(job), credit(job), cost])),
        buttons=(button,),
    )


def without_film(job: Job) -> Card:
    """The card of a job that ended without a film; a reply beside it says what to do."""
    said = ended(job, values_of(job))
    if job.state is JobState.CANCELLED:
        return Card(_GREY, f"### 🎬 {said.title}\n> {plain(job.request.prompt)}", cost_of_ending(job))
    return Card(_RED, f"### 🎬 No film: {said.title[0].lower()}{said.title[1:]}\n> {plain(job.request.prompt)}")


def unreachable(job: Job) -> Card:
    """The card of a film that is made, but whose link gives nothing."""
    return Card(
        _GREY,
        f"### 🎬 <@{job.author_id}>'s film is made, but cannot be fetched yet\n> {plain(job.request.prompt)}",
        f"{recipe(job)}\nIts link gives nothing. It is tried for a day; if it stays so, {credits(job.price)} go back.",
    )


def ask_delete(job: Job) -> Card:
    """Asks once more before a film is deleted."""
    button: ui.Button[Any] = ui.Button(
        label=_("Delete it"), style=discord.ButtonStyle.danger, custom_id=f"job:erase:{job.id}"
    )
    return Card(
        _RED,
        _("### Delete this film?")
        + f"\n> {plain(job.request.prompt)}\n"
        + _("Its message and what was attached to it go, for good. What it cost stays spent."),
        buttons=(button,),
    )


def deleted(job: Job) -> Card:
    """The card of a film that was deleted."""
    return Card(_GREY, _("🎬 {member}'s film was deleted.").format(member=f"<@{job.author_id}>"))


def offer_mute(job_id: str) -> Card:
    """What can still be done about a film that is being made."""
    button: ui.Button[Any] = ui.Button(
        label="Don't post it", style=discord.ButtonStyle.secondary, custom_id=f"job:mute:{job_id}"
    )
    return Card(
        _GREY,
        "### It is being made already\nThe video service cannot stop it, so it costs its credits. "
        "It can stay out of the channel, though.",
        buttons=(button,),
    )


def account(
    *,
    left: int | None,
    of: int | None,
    period: str,
    granted: int,
    held: int,
    renews_at: int,
    server_left: int,
    making: Sequence[Job],
) -> Card:
    """A member's own credits."""
    if left is None or of is None:
        lines = ["### Your credits\nNo limit for you here."]
    else:
        share = left / of if of else 0
        lines = [
            f"### Your credits: {left:,} of {of:,} left {_PERIODS[period]}\n{bar(share)}",
            f"They renew {when(renews_at)} ({when(renews_at, 'f')}).",
        ]
    if granted:
        lines.append(f"{granted:,} more were given to you; they are used after these.")
    if held:
        lines.append(f"{held:,} of what is spent {'is' if held == 1 else 'are'} held for films in the making.")
    if left is None or server_left < left:
        lines.append(f"This server as a whole has {server_left:,} left today.")
    lines += [f"-# {_STATES.get(job.state, '')} {recipe(job)}: {plain(job.request.prompt, 60)}" for job in making[:5]]
    return Card(_BLUE, *lines)


_PERIODS = {"day": "today", "week": "this week", "month": "this month"}
_STATES = {
    JobState.AWAITING: "Awaiting a moderator:",
    JobState.QUEUED: "Waiting:",
    JobState.SUBMITTING: "Starting:",
    JobState.RENDERING: "Being made:",
}


def undelivered(found: Sequence[Job]) -> Card:
    """For moderators: films that found no place."""
    if not found:
        return Card(_GREEN, "### Every film was delivered\nNothing waits for you here.")
    lines = [
        f"`{job.id}` <@{job.author_id}> in <#{job.channel_id}>, {when(job.ended_at)}\n"
        f"-# {plain(job.request.prompt, 80)}"
        for job in found[:10]
    ]
    head = "### Films that found no place\nMend what was in the way, then `/manage redeliver`."
    return Card(_RED, head, *lines, f"-# and {len(found) - 10} more" if len(found) > 10 else "")


def refusal(words: Words, *, free: bool = True, buttons: tuple[ui.Button[Any], ...] = ()) -> Card:
    """A no, for the member's eyes only."""
    return Card(_RED, f"### {words.title}\n{words.text}", f"-# {FREE}" if free else "", buttons=buttons)


def note(text: str) -> Card:
    """One calm sentence."""
    return Card(_BLUE, text)


def trouble(reference: str) -> Card:
    """Something that nobody expected; the reference is also in the log."""
    return Card(
        _RED, "### Something went wrong\nIt has been noted. Try again in a moment.", f"-# Reference {reference}"
    )


def film_text(job: Job, links: list[str], ends: int | None) -> str:
    """The message that brings a film: who it is for, the recipe, and where no file fits, the links."""
    late = " It came after all, and is free." if job.film_came_late else ""
    several = f"your {len(job.films)} films are" if len(job.films) > 1 else "your film is"
    lines = [f"<@{job.author_id}> {several} ready.{late}"]
    if links:
        day = f" until {when(ends, 'D')}" if ends else " for a few days"
        lines.append(f"Too large to post here; the link works{day}:")
        room = 1_600
        for link in links:  # a message takes 2,000 characters
            shown = f"||{link} ||" if job.spoiler else link
            if len(shown) + 1 <= room:
                lines.append(shown)
                room -= len(shown) + 1
    cost = "free" if job.film_came_late else credits(job.price)
    lines.append("-# " + " · ".join(filter(None, [recipe(job), cost, credit(job), job.id])))
    return "\n".join(lines)


def ending_text(job: Job) -> str:
    """The reply that says why there is no film."""
    said = ended(job, values_of(job))
    return f"<@{job.author_id}> **{said.title}.** {said.text}\n{cost_of_ending(job)}\n-# {job.label} · {job.id}"


def cost_of_ending(job: Job) -> str:
    """Nothing was charged; the credits are back."""
    return f"{FREE} Your {credits(job.price)} {'is' if job.price == 1 else 'are'} back."


def values_of(job: Job) -> dict[str, Any]:
    """What the sentence about a job's end needs; empty when it needs nothing."""
    try:
        values = json.loads(job.detail)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def bar(share: float, width: int = 12) -> str:
    """A share of 0 to 1 as a row of blocks."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "▰" * full + "▱" * (width - full)


def _button(label: str, action: str, job: Job) -> ui.Button[Any]:
    return ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=f"job:{action}:{job.id}")
