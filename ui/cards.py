"""Cards: what a generation and a refusal look like. Pure functions of what is known."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from domain.job import Job, JobState
from domain.turns import COUNTED_MOST
from ui.language import _, _n, number, sentences, within
from ui.words import Words, credits, nothing_charged, plain, recipe, when
from ui.words_ended import ended
from ui.words_refused import unknown

BLUE, GREEN, RED, GREY = (discord.Colour(value) for value in (0x5865F2, 0x2E9E5B, 0xD0464B, 0x6B7280))

#: Kinds of channels whose films come in a thread.
_THREADED = ("text", "announcement")


class Card(ui.LayoutView):
    """One container of text lines, and perhaps a row of buttons or rows of choices.

    Its buttons are answered by the cogs' listener from their ids alone, so the view is stopped at once: a view that
    waits would be kept in memory for every card ever sent.
    """

    #: Files (name, bytes) that it refers to, and what is shown in its place where none can go along.
    pictures: tuple[tuple[str, bytes], ...] = ()
    bare: Card | None = None

    def __init__(
        self,
        colour: discord.Colour,
        *lines: str,
        buttons: tuple[ui.Button[Any], ...] = (),
        rows: tuple[ui.ActionRow[Any], ...] = (),
    ) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Any] = ui.Container(accent_colour=colour)
        for line in lines:
            if line:
                container.add_item(ui.TextDisplay(line))
        if buttons:
            container.add_item(ui.ActionRow(*buttons))
        for row in rows:
            container.add_item(row)
        self.add_item(container)
        self.stop()


def waiting(
    job: Job, *, left: int | None, ready_at: int, ahead: int | None, seen_at: int = 0, held_up: bool = False
) -> Card:
    """The card of a job that is not sent yet: credits left (None: no limit), when to expect it (unix ms).

    `ahead` is how many have their turn before it (None: it need not wait), as it was at `seen_at` (unix ms, 0: when it
    was begun): a card that is not changed any more stays true. `held_up`: the video service takes no orders.
    """
    left_over = "" if left is None else " · " + _("{n} left").format(n=number(left))
    if job.state is JobState.AWAITING:
        state = sentences(
            _("Waiting for a moderator to say yes."), _("Without a word within a day all credits go back.")
        )
    elif held_up:
        state = sentences(
            _("Waiting: the video service takes no orders right now."),
            _("It goes on by itself, and Cancel gives all credits back."),
        )
    else:
        state = "\n".join(filter(None, [_expected(job, ready_at), _queue(ahead, seen_at or job.created_at)]))
    return _under_way(job, left_over, state, button_for(_("Cancel"), "cancel", job))


def making(job: Job, *, ready_at: int) -> Card:
    """The card of a job whose turn has come after a wait: it can be stopped no more, but kept to oneself."""
    state = sentences(_("Being made now."), _expected(job, ready_at))
    return _under_way(job, "", state, button_for(_("Don't post it"), "mute", job))


def _under_way(job: Job, left: str, state: str, button: ui.Button[Any]) -> Card:
    return Card(
        BLUE,
        _head(_("{member} is making a film").format(member=_member(job)), job),
        "\n".join(filter(None, [recipe(job), credit(job), f"**{credits(job.price)}**{left}"])),
        state,
        buttons=(button,),
    )


def _expected(job: Job, ready_at: int) -> str:
    threaded = job.place in _THREADED
    expected = (
        _("Expected {when}, in a thread here, with a ping.")
        if threaded
        else _("Expected {when}, right here, with a ping.")
    )
    return expected.format(when=when(ready_at))


def _queue(ahead: int | None, seen_at: int) -> str:
    if ahead is None:
        return ""
    if ahead == 0:
        return _("Next in the queue, as of {moment}.").format(moment=when(seen_at))
    if ahead >= COUNTED_MOST - 1:
        return _("Very many are in front of it in the queue, as of {moment}.").format(moment=when(seen_at))
    queue = _n(
        "{n} in front of it in the queue, as of {moment}.", "{n} in front of it in the queue, as of {moment}.", ahead
    )
    return queue.format(n=number(ahead), moment=when(seen_at))


def credit(job: Job) -> str:
    """Whose film it began from, where that is another member."""
    return _("after {member}'s film").format(member=f"<@{job.credit}>") if job.credit else ""


def done(job: Job, link: str) -> Card:
    """The card once its film was posted."""
    cost = _("free, as it came late") if job.film_came_late else credits(job.price)
    title = _n("{member}'s film is ready", "{member}'s films are ready", len(job.films))
    button: ui.Button[Any] = ui.Button(label=_("Watch it"), url=link)
    lines = "\n".join(filter(None, [recipe(job), credit(job), cost]))
    return Card(GREEN, _head(title.format(member=_member(job)), job), lines, buttons=(button,))


def without_film(job: Job) -> Card:
    """The card of a job that ended without a film; a reply beside it says what to do."""
    said = ended(job, job.values)
    if job.state is JobState.CANCELLED:
        return Card(GREY, _head(said.title, job), cost_of_ending(job))
    return Card(RED, _head(_("No film: {why}").format(why=within(said.title)), job))


def taken_away(job: Job) -> Card:
    """The card of a film that a moderator took away: without its words, too."""
    return Card(GREY, "### 🎬 " + _("{member}'s film was taken away by a moderator").format(member=_member(job)))


def kept_back(job: Job) -> Card:
    """The card of a film that is made, and not posted, as its member wished."""
    title = _("{member}'s film is made, and was not posted").format(member=_member(job))
    return Card(GREY, _head(title, job), f"{recipe(job)}\n{credits(job.price)}")


def unreachable(job: Job) -> Card:
    """The card of a film that is made, but whose link gives nothing."""
    back = _n(
        "It is tried for a day; if it stays so, {n} credit goes back.",
        "It is tried for a day; if it stays so, {n} credits go back.",
        job.price,
    )
    return Card(
        GREY,
        _head(_("{member}'s film is made, but cannot be fetched yet").format(member=_member(job)), job),
        f"{recipe(job)}\n{sentences(_('Its link gives nothing.'), back.format(n=number(job.price)))}",
    )


def ask_delete(job: Job) -> Card:
    """Asks once more before a film is deleted."""
    button: ui.Button[Any] = ui.Button(
        label=_("Delete it"), style=discord.ButtonStyle.danger, custom_id=f"job:erase:{job.id}"
    )
    return Card(
        RED,
        _("### Delete this film?") + f"\n> {plain(job.request.prompt)}",
        _("Its message and what was attached to it go, for good. What it cost stays spent."),
        buttons=(button,),
    )


def deleted(job: Job) -> Card:
    """The card of a film that was deleted."""
    return Card(GREY, _("🎬 {member}'s film was deleted.").format(member=f"<@{job.author_id}>"))


def offer_mute(job_id: str) -> Card:
    """What can still be done about a film that is being made."""
    button: ui.Button[Any] = ui.Button(
        label=_("Don't post it"), style=discord.ButtonStyle.secondary, custom_id=f"job:mute:{job_id}"
    )
    text = sentences(
        _("The video service cannot stop it, so it costs its credits."),
        _("It can stay out of the channel, though."),
    )
    return Card(GREY, f"### {_('It is being made already')}\n{text}", buttons=(button,))


def refusal(words: Words, *, free: bool = True, buttons: tuple[ui.Button[Any], ...] = ()) -> Card:
    """A no, for the member's eyes only."""
    return Card(RED, f"### {words.title}\n{words.text}", f"-# {nothing_charged()}" if free else "", buttons=buttons)


def note(text: str) -> Card:
    """One calm sentence."""
    return Card(BLUE, text)


def trouble(reference: str) -> Card:
    """Something that nobody expected; the reference is also in the log."""
    said = unknown()
    return Card(RED, f"### {said.title}\n{said.text}", "-# " + _("Reference {reference}").format(reference=reference))


def film_text(job: Job, links: list[str], ends: int | None) -> str:
    """The message that brings a film: who it is for, the recipe, and where no file fits, the links."""
    ready = _n("{member} your film is ready.", "{member} your {n} films are ready.", len(job.films))
    late = _("It came after all, and is free.") if job.film_came_late else ""
    lines = [sentences(ready.format(member=_member(job), n=number(len(job.films))), late)]
    if links:
        lines.append(
            _("Too large to post here; the link works until {date}:").format(date=when(ends, "D"))
            if ends
            else _("Too large to post here; the link works for a few days:")
        )
        room = 1_600
        for link in links:  # a message takes 2,000 characters
            shown = f"||{link} ||" if job.spoiler else link
            if len(shown) + 1 <= room:
                lines.append(shown)
                room -= len(shown) + 1
    cost = _("free") if job.film_came_late else credits(job.price)
    lines.append("-# " + " · ".join(filter(None, [recipe(job), cost, credit(job), job.id])))
    return "\n".join(lines)


def ending_text(job: Job) -> str:
    """The reply that says why there is no film."""
    said = ended(job, job.values)
    told = _("{member} **{title}.** {text}").format(member=_member(job), title=said.title, text=said.text)
    return f"{told}\n{cost_of_ending(job)}\n-# {job.label} · {job.id}"


def cost_of_ending(job: Job) -> str:
    """Nothing was charged; the credits are back."""
    back = _n("Your {n} credit is back.", "Your {n} credits are back.", job.price)
    return sentences(nothing_charged(), back.format(n=number(job.price)))


def _member(job: Job) -> str:
    return f"<@{job.author_id}>"


def _head(title: str, job: Job) -> str:
    """A card's title, and the prompt below it."""
    return f"### 🎬 {title}\n> {plain(job.request.prompt)}"


def button_for(label: str, action: str, job: Job) -> ui.Button[Any]:
    """A quiet button that does something to a job."""
    return ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=f"job:{action}:{job.id}")
