"""A member's own: credits with what gives and narrows them, and films under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from domain.credit import Rule
from domain.job import Job, JobState
from ui import results, words_rules
from ui.cards import BLUE, Card, button_for
from ui.language import _, _n, number
from ui.words import credits, nothing_charged, plain, recipe, when


def account(
    *,
    rule: Rule,
    left: int | None,
    granted: Sequence[tuple[int, int | None]],
    held: int,
    renews_at: int,
    narrow: Sequence[tuple[Rule, int, int]],
    server_left: int,
    making: Sequence[Job],
) -> Card:
    """A member's own credits: the rule that gives them, what was granted (left, its end), what narrows and holds."""
    if left is None or rule.credits is None:
        lines = [f"### {_('Your credits')}\n{_('No limit for you here.')}"]
    else:
        share = left / rule.credits if rule.credits else 0
        head = _of_period(rule.period).format(left=number(left), of=number(rule.credits))
        renews = _("They renew {when} ({date}).").format(when=when(renews_at), date=when(renews_at, "f"))
        lines = [f"### {head}\n{bar(share)}", renews]
    lines.append(_("Your limit: {rule}").format(rule=words_rules.source(rule)))
    if granted:
        lines.append("\n".join([_("Granted to you, and used after these:"), *(_grant(*one) for one in granted[:5])]))
    if held:
        text = _n(
            "{n} of what is spent is held for films in the making.",
            "{n} of what is spent are held for films in the making.",
            held,
        )
        lines.append(text.format(n=number(held)))
    for found, rest, renews_then in narrow:
        text = _("{place} together: {left} left ({amount}), renews {when}.")
        place = words_rules.subject(found.subject)
        lines.append(
            text.format(
                place=place[:1].upper() + place[1:],
                left=number(rest),
                amount=words_rules.amount(found.credits, found.period),
                when=when(renews_then),
            )
        )
    if left is None or server_left < left:
        lines.append(_("This server as a whole has {n} left today.").format(n=number(server_left)))
    for job in making[:5]:
        lines.append(f"-# {_state(job.state).format(film=recipe(job))} {plain(job.request.prompt, 60)}")
    return Card(BLUE, *lines)


def _grant(left: int, ends_at: int | None) -> str:
    if ends_at is None:
        return _("{credits}, without an end").format(credits=credits(left))
    return _("{credits}, until {date}").format(credits=credits(left), date=when(ends_at, "D"))


def confirm(price: int, *, prompt: str, left: int | None, granted: int, renews_at: int, draft_id: str) -> Card:
    """What a film costs of what the member has, before anything is charged."""
    cost = _("This film costs {credits}").format(credits=credits(price))
    if left is None:
        rest = _("Your credits have no limit here.")
    else:
        rest = _("{price} of your {left}; they renew {when}.").format(
            price=number(price), left=number(left + granted), when=when(renews_at)
        )
    make: ui.Button[Any] = ui.Button(
        label=_("Make it"), style=discord.ButtonStyle.primary, custom_id=f"draft:make:{draft_id}"
    )
    return Card(
        BLUE,
        f"### {cost}\n> {plain(prompt)}",
        rest,
        f"-# {nothing_charged()}",
        buttons=(make, results.fix(draft_id, _("Change it"))),
    )


def own_jobs(making: Sequence[Job]) -> Card:
    """A member's films under way, each with what can be done about it."""
    if not making:
        return Card(BLUE, f"### {_('Nothing is under way')}\n{_('`/video` makes a film.')}")
    lines = [
        f"**{n}.** {_state(job.state).format(film=recipe(job))} {plain(job.request.prompt, 80)}\n"
        + _("-# {credits}, since {when}").format(credits=credits(job.price), when=when(job.created_at))
        for n, job in enumerate(making[:5], 1)
    ]
    if len(making) > 5:
        lines.append("-# " + _n("and {n} more", "and {n} more", len(making) - 5).format(n=number(len(making) - 5)))
    buttons = tuple(
        button_for(_("Cancel {n}").format(n=n), "cancel", job)
        if job.state in (JobState.AWAITING, JobState.QUEUED)
        else button_for(_("Don't post {n}").format(n=n), "mute", job)
        for n, job in enumerate(making[:5], 1)
    )
    return Card(BLUE, f"### {_('Under way')}", *lines, buttons=buttons)


def _of_period(period: str) -> str:
    return {
        "day": _("Your credits: {left} of {of} left today"),
        "week": _("Your credits: {left} of {of} left this week"),
        "month": _("Your credits: {left} of {of} left this month"),
    }[period]


def _state(state: JobState) -> str:
    """Where a film in the making is: {film} is its recipe, and its prompt follows."""
    return {
        JobState.AWAITING: _("Awaiting a moderator: {film}:"),
        JobState.QUEUED: _("Waiting: {film}:"),
        JobState.SUBMITTING: _("Starting: {film}:"),
        JobState.RENDERING: _("Being made: {film}:"),
    }.get(state, "{film}:")


def bar(share: float, width: int = 12) -> str:
    """A share of 0 to 1 as a row of blocks."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "▰" * full + "▱" * (width - full)
