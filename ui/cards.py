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


def waiting(
    job: Job, *, left: int | None, ready_at: int, ahead: int | None, seen_at: int = 0, held_up: bool = False
) -> Card:
    """The card of a job that is not sent yet: credits left (None: no limit), when to expect it (unix ms).

    `ahead` is how many have their turn before it (None: it need not wait), as it was at `seen_at` (unix ms, 0: when it
    was begun): a card that is not changed any more stays true. `held_up`: the video service takes no orders.
    """
    rest = "" if left is None else _(" · {left} left").format(left=f"{left:,}")
    return Card(
        _BLUE,
        _title(job),
        f"{recipe(job)}\n**{credits(job.price)}**{rest}",
        _held_up() if held_up else _expected(job, ready_at) + _queue(ahead, seen_at or job.created_at),
        buttons=(_button(_("Cancel"), "cancel", job),),
    )


def making(job: Job, *, ready_at: int) -> Card:
    """The card of a job whose turn has come after a wait: it can be stopped no more, but kept to oneself."""
    return Card(
        _BLUE,
        _title(job),
        f"{recipe(job)}\n**{credits(job.price)}**",
        _("Being made now.") + " " + _expected(job, ready_at),
        buttons=(_button(_("Don't post it"), "mute", job),),
    )


def _held_up() -> str:
    return _(
        "Waiting: the video service takes no orders right now. It goes on by itself, and Cancel gives all credits back."
    )


def _title(job: Job) -> str:
    return f"### 🎬 <@{job.author_id}> is making a film\n> {plain(job.request.prompt)}"


def _expected(job: Job, ready_at: int) -> str:
    return f"Expected {when(ready_at)}, {_WHERE.get(job.place, 'right here')}, with a ping."


def _queue(ahead: int | None, seen_at: int) -> str:
    if ahead is None:
        return ""
    if ahead == 0:
        return "\n" + _("Next in the queue, as of {moment}.").format(moment=when(seen_at))
    return "\n" + _("{n} in front of it in the queue, as of {moment}.").format(n=f"{ahead:,}", moment=when(seen_at))


def done(job: Job, link: str) -> Card:
    """The card once its film was posted."""
    cost = "free, as it came late" if job.film_came_late else credits(job.price)
    films = "films are" if len(job.films) > 1 else "film is"
    button: ui.Button[Any] = ui.Button(label="Watch it", url=link)
    return Card(
        _GREEN,
        f"### 🎬 <@{job.author_id}>'s {films} ready\n> {plain(job.request.prompt)}",
        f"{recipe(job)}\n{cost}",
        buttons=(button,),
    )


def without_film(job: Job) -> Card:
    """The card of a job that ended without a film; a reply beside it says what to do."""
    said = ended(job, values_of(job))
    if job.state is JobState.CANCELLED:
        return Card(_GREY, f"### 🎬 {said.title}\n> {plain(job.request.prompt)}", cost_of_ending(job))
    return Card(_RED, f"### 🎬 No film: {said.title[0].lower()}{said.title[1:]}\n> {plain(job.request.prompt)}")


def kept_back(job: Job) -> Card:
    """The card of a film that is made, and not posted, as its member wished."""
    return Card(
        _GREY,
        _("### 🎬 <@{member}>'s film is made, and was not posted").format(member=job.author_id)
        + f"\n> {plain(job.request.prompt)}",
        f"{recipe(job)}\n{credits(job.price)}",
    )


def unreachable(job: Job) -> Card:
    """The card of a film that is made, but whose link gives nothing."""
    return Card(
        _GREY,
        f"### 🎬 <@{job.author_id}>'s film is made, but cannot be fetched yet\n> {plain(job.request.prompt)}",
        f"{recipe(job)}\nIts link gives nothing. It is tried for a day; if it stays so, {credits(job.price)} go back.",
    )


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


def refusal(words: Words, *, free: bool = True) -> Card:
    """A no, for the member's eyes only."""
    return Card(_RED, f"### {words.title}\n{words.text}", f"-# {FREE}" if free else "")


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
            if len(link) + 1 <= room:
                lines.append(link)
                room -= len(link) + 1
    lines.append(f"-# {recipe(job)} · {'free' if job.film_came_late else credits(job.price)} · {job.id}")
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
