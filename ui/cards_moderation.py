"""Cards for moderators: rules, blocks, the log of what was done, and posts that ask for a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import ui

from domain.credit import Rule
from domain.job import Job, JobState
from domain.moderation import About, Approval, AuditEntry, Report, WordHit
from domain.policy import Policy
from ui import words_audit, words_rules
from ui.cards import BLUE, GREEN, GREY, RED, Card
from ui.language import _, _n, number
from ui.words import credits, plain, recipe, when

Labels = Mapping[str, str]

#: Entries on one page of the log, and of a list.
PAGE, LIST_PAGE = 8, 25
#: Characters of a page's entries: a card takes 4,000 in all, and what stands around them wants some.
_ROOM = 3_000


def _that_fit(lines: Sequence[str], most: int) -> int:
    """How many of these lines one page takes: one at least, so that every page leads on."""
    room, n = _ROOM, 0
    while n < min(most, len(lines)) and (room := room - len(lines[n])) >= 0:
        n += 1
    return max(1, n)


def _turns(name: str, start: int, end: int, of: int) -> tuple[ui.Button[Any], ...]:
    """The buttons of a list that shows numbers `start` to `end` of so many."""
    back = (_button(_("Back"), f"{name}:0"),) if start else ()
    return (*back, _button(_("More…"), f"{name}:{end}")) if end < of else back


def limits(rules: Sequence[Rule], labels: Labels, daily: int, ceiling: int, start: int = 0) -> Card:
    """The rules of a server from one on, and what holds where there is none."""
    lines = [f"**{words_rules.subject(found.subject)}**: {words_rules.rule(found, labels)}" for found in rules[start:]]
    end = start + _that_fit(lines, LIST_PAGE)
    del lines[end - start :]
    if not any(found.subject == "everyone" for found in rules):
        lines.insert(0, _("**everyone**: {amount} (as installed)").format(amount=words_rules.amount(daily, "day")))
    if len(rules) > end:
        lines.append(_("-# and {n} more").format(n=len(rules) - end))
    note = _(
        "-# A member's own limit replaces the others. Of everyone's and the roles' limits, one with room is enough; "
        "channels and the whole server can only narrow. Over all: {n} a day for this server, set by the operator."
    ).format(n=number(ceiling))
    return Card(BLUE, _("### Limits"), "\n".join(lines), note, buttons=_turns("limits", start, end, len(rules)))


def limit_set(rule: Rule, before: Sequence[Rule], labels: Labels) -> Card:
    """A rule that holds from the next command on."""
    head = _("### {who}: {rule}").format(
        who=_capital(words_rules.subject(rule.subject)), rule=words_rules.rule(rule, labels)
    )
    was = "; ".join(words_rules.rule(old, labels) for old in before)
    return Card(
        GREEN, head, _("It was: {rule}").format(rule=was) if was else "", _("-# It counts from the next command on.")
    )


def audit_page(entries: Sequence[AuditEntry], labels: Labels, *, member_id: int, actor_id: int, first: bool) -> Card:
    """A page of what was done, newest first, with a way to older entries: it is given one more than a page has."""
    if not entries:
        return Card(BLUE, _("### Nothing here\nWhat moderators change is listed here, and nobody can edit it."))
    lines = [f"{when(entry.at, 'f')} {words_audit.line(entry, labels)}" for entry in entries]
    shown = _that_fit(lines, PAGE)
    buttons: list[ui.Button[Any]] = []
    if not first:
        buttons.append(_button(_("Newest"), f"audit:0:{member_id}:{actor_id}"))
    if shown < len(entries):
        buttons.append(_button(_("Older"), f"audit:{entries[shown - 1].id}:{member_id}:{actor_id}"))
    return Card(BLUE, _("### What moderators did"), *lines[:shown], buttons=tuple(buttons))


def notice(about: About, labels: Labels) -> Card:
    """A post for moderators."""
    if isinstance(about, AuditEntry):
        return Card(GREY, words_audit.line(about, labels))
    if isinstance(about, WordHit):
        return Card(
            GREY,
            _("<@{member}> used a forbidden word in <#{channel}>: ||{rule}||").format(
                member=about.member_id, channel=about.channel_id, rule=plain(about.rule, 80)
            ),
        )
    return _approval(about) if isinstance(about, Approval) else _report(about)


def _approval(found: Approval) -> Card:
    job = found.job
    prompt = _("(private)") if job.private else plain(job.request.prompt, 900)
    head = _("### <@{member}> asks for a film of {credits}").format(member=job.author_id, credits=credits(job.price))
    body = f"> {prompt}\n{recipe(job)}" + (f" · <#{job.channel_id}>" if not job.private else "")
    if found.verdict or job.state is not JobState.AWAITING:
        return Card(GREY, head, body, _decided(found))
    return Card(
        BLUE,
        head,
        body,
        _("-# Without a word it is given back {when}.").format(when=when(found.asked_at + 86_400_000)),
        buttons=(
            _button(_("✓ Make it"), f"approve:yes:{job.id}", discord.ButtonStyle.success),
            _button(_("✗ Decline"), f"approve:no:{job.id}", discord.ButtonStyle.danger),
        ),
    )


def _decided(found: Approval) -> str:
    if found.verdict == "approved":
        return _("✓ <@{who}> said yes.").format(who=found.decided_by)
    if found.verdict == "declined":
        return _("✗ <@{who}> said no. The credits are back.").format(who=found.decided_by)
    return _("Ended before anyone answered. The credits are back.")


def _report(found: Report) -> Card:
    job = found.job
    link = f"https://discord.com/channels/{found.guild_id}/{job.thread_id}/{job.message_id}"
    head = _("### <@{who}> reports a film by <@{author}>").format(who=found.reporter_id, author=job.author_id)
    body = f"**{plain(found.reason, 500)}**\n> {plain(job.request.prompt, 900)}\n{recipe(job)} · `{job.id}`"
    others = _n("{n} other member reported it too.", "{n} other members reported it too.", found.others)
    lines = [head, body, others.format(n=found.others) if found.others else ""]
    watch: ui.Button[Any] = ui.Button(label=_("Watch it"), url=link)
    if found.verdict:
        texts = {
            "hidden": _("<@{who}> took it away."),
            "blocked": _("<@{who}> blocked its member."),
            "dismissed": _("<@{who}> found nothing wrong with it."),
        }
        said = texts[found.verdict].format(who=found.decided_by)
        return Card(GREY, *lines, said, buttons=() if found.verdict == "hidden" else (watch,))
    return Card(
        RED,
        *lines,
        buttons=(
            watch,
            _button(_("Take it away"), f"report:hide:{found.id}", discord.ButtonStyle.danger),
            _button(_("Block member"), f"report:block:{found.id}", discord.ButtonStyle.danger),
            _button(_("Dismiss"), f"report:dismiss:{found.id}"),
        ),
    )


def block_lengths(report_id: int) -> Card:
    """How long a reported member is to be blocked."""
    return Card(
        BLUE,
        _("### Block this member\nNo new films; what waits is stopped and free. For how long?"),
        buttons=(
            _button(_("1 day"), f"report:block1:{report_id}"),
            _button(_("1 week"), f"report:block7:{report_id}"),
            _button(_("30 days"), f"report:block30:{report_id}"),
            _button(_("Until lifted"), f"report:blockx:{report_id}", discord.ButtonStyle.danger),
        ),
    )


def words(policy: Policy, start: int = 0) -> Card:
    """The words that prompts must not contain, the newest first, from one on."""
    if not policy.words:
        return Card(BLUE, _("### No forbidden words\n`/manage words add` forbids one in prompts."))
    lines = [
        f"`{found.id}` ||{plain(found.text, 80)}||" + (_(" (pattern)") if found.kind == "pattern" else "")
        for found in policy.words[::-1][start:]
    ]
    end = start + _that_fit(lines, LIST_PAGE)
    more = len(policy.words) - end
    return Card(
        BLUE,
        _("### Forbidden in prompts"),
        "\n".join(lines[: end - start]),
        _("-# and {n} more").format(n=more) if more > 0 else "",
        buttons=_turns("words", start, end, len(policy.words)),
    )


def channels(policy: Policy) -> Card:
    """Where films may be asked for."""
    lists = (("allow", policy.allowed), ("deny", policy.denied), ("spoiler", policy.spoilered))
    lines = [
        f"**{_capital(words_rules.list_name(kind))}**: {words_rules.mentions(sorted(ids), '#', 30)}"
        for kind, ids in lists
        if ids
    ]
    if not policy.allowed:
        lines.insert(
            0,
            _("Films may be asked for in every channel but those named below.")
            if policy.denied
            else _("Films may be asked for in every channel."),
        )
    return Card(BLUE, _("### Channels"), "\n".join(lines), _("-# A category counts for what is inside it."))


def moderators(roles: Sequence[int]) -> Card:
    """Who may manage films, and how Discord is told so."""
    named = words_rules.mentions(roles, "@&", 20) if roles else _("nobody but those who may manage the server")
    how = _(
        "Discord hides `/manage` from them until an administrator allows it: Server Settings → Integrations → "
        "Clapper → `/manage` → add the role. They can do everything but limits, pot, grants and resets."
    )
    return Card(BLUE, _("### Moderators: {roles}").format(roles=named), how if roles else "")


def under_way(active: Sequence[Job], undelivered: Sequence[Job], *, now: int) -> Card:
    """A server's films that wait, are made, or found no place."""
    if not active and not undelivered:
        return Card(GREEN, _("### Nothing waits\nNo film is under way here, and every film was delivered."))
    states = {
        JobState.AWAITING: _("waits for a moderator"),
        JobState.QUEUED: _("waits for its turn"),
        JobState.SUBMITTING: _("is being started"),
        JobState.RENDERING: _("is being made"),
    }
    lines = [
        f"`{job.id}` <@{job.author_id}> {states[job.state]}, {when(job.created_at)} · {credits(job.price)}\n"
        f"-# {_prompt(job)}"
        for job in active[:12]
    ]
    if len(active) > 12:
        lines.append(_("-# and {n} more").format(n=len(active) - 12))
    sections = [_("### Under way"), *lines] if lines else []
    if undelivered:
        sections.append(_("### Found no place\nMend what was in the way, then `/manage redeliver`."))
        sections += [
            f"`{job.id}` <@{job.author_id}> <#{job.channel_id}>, {when(job.ended_at)}\n-# {_prompt(job)}"
            for job in undelivered[:8]
        ]
        if len(undelivered) > 8:
            sections.append(_("-# and {n} more").format(n=len(undelivered) - 8))
    return Card(RED if undelivered else BLUE, *sections)


def _prompt(job: Job) -> str:
    return _("(private)") if job.private else plain(job.request.prompt, 80)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _button(label: str, custom_id: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> ui.Button[Any]:
    return ui.Button(label=label, style=style, custom_id=custom_id)
