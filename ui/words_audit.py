"""What moderators did, in words: one line for each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.moderation import AuditEntry
from ui import words_rules
from ui.language import _, number
from ui.words import credits, plain, when

Maker = Callable[[AuditEntry, Mapping[str, str]], str]


def _change(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    before, after = (words_rules.stored_rules(side, labels) for side in (entry.before, entry.after))
    values = {"who": words_rules.subject(entry.subject), "before": before, "after": after}
    if before:
        return _("changed the limit of {who}: {before} → {after}").format(**values)
    return _("set the limit of {who}: {after}").format(**values)


def _granted(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    ends = entry.after.get("ends_at")
    values = {"who": _member(entry), "credits": credits(int(entry.after.get("amount", 0)))}
    if ends:
        return _("gave {who} {credits} until {day}").format(**values, day=when(int(ends), "D"))
    return _("gave {who} {credits}").format(**values)


def _reset(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    who = words_rules.subject(entry.subject)
    if not entry.before:
        return _("reset what {who} had spent").format(who=who)
    day, week, month = (number(int(entry.before.get(period, 0))) for period in ("day", "week", "month"))
    text = _("reset what {who} had spent: {day} that day, {week} that week, {month} that month")
    return text.format(who=who, day=day, week=week, month=month)


def _blocked(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    until = entry.after.get("until")
    if until:
        return _("blocked {who} until {moment}").format(who=_member(entry), moment=when(int(until), "f"))
    return _("blocked {who} until it is lifted").format(who=_member(entry))


def _set(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    name = entry.subject
    return _("changed “{setting}”: {before} → {after}").format(
        setting=words_rules.setting(name),
        before=words_rules.setting_value(name, entry.before.get("value")),
        after=words_rules.setting_value(name, entry.after.get("value")),
    )


def _moderators(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    roles = words_rules.mentions([int(role) for role in entry.after.get("roles", [])], "@&")
    return _("named as moderators: {roles}").format(roles=roles or _("nobody"))


def _member(entry: AuditEntry) -> str:
    return f"<@{entry.member_id}>"


def _job(entry: AuditEntry) -> str:
    return f"`{plain(entry.subject.removeprefix('job:'), 32)}`"


def _said(entry: AuditEntry, name: str) -> str:
    """What was put somewhere or taken from there; the first version kept both in `after`."""
    return str((entry.before or entry.after).get(name, ""))


def _word(entry: AuditEntry) -> str:
    return plain(_said(entry, "text"), 80)


#: An entry's action → what its moderator did.
DID: dict[str, Maker] = {
    "limit_set": _change,
    "limit_clear": lambda e, labels: _("removed the limit of {who}: {before}").format(
        who=words_rules.subject(e.subject), before=words_rules.stored_rules(e.before, labels)
    ),
    "grant": _granted,
    "reset": _reset,
    "transfer": lambda e, labels: _("gave {who} {credits} of their own").format(
        who=_member(e), credits=credits(int(e.after.get("amount", 0)))
    ),
    "block": _blocked,
    "unblock": lambda e, labels: _("lifted the block of {who}").format(who=_member(e)),
    "channel_list": lambda e, labels: _("listed {channel}: {list}").format(
        channel=words_rules.subject(e.subject), list=words_rules.list_name(_said(e, "list"))
    ),
    "channel_unlist": lambda e, labels: _("unlisted {channel}: {list}").format(
        channel=words_rules.subject(e.subject), list=words_rules.list_name(_said(e, "list"))
    ),
    "word_add": lambda e, labels: _("forbade ||{word}||").format(word=_word(e)),
    "word_remove": lambda e, labels: _("allowed ||{word}|| again").format(word=_word(e)),
    "setting": _set,
    "moderators": _moderators,
    "redeliver": lambda e, labels: _("sent {who}'s film {job} on its way again").format(who=_member(e), job=_job(e)),
    "cancel": lambda e, labels: _("stopped {who}'s film {job}").format(who=_member(e), job=_job(e)),
    "mute": lambda e, labels: _("kept {who}'s film {job} from being posted").format(who=_member(e), job=_job(e)),
    "pause": lambda e, labels: _("paused films on this server"),
    "resume": lambda e, labels: _("let films go on"),
    "approve": lambda e, labels: _("approved {who}'s film {job}").format(who=_member(e), job=_job(e)),
    "decline": lambda e, labels: _("declined {who}'s film {job}").format(who=_member(e), job=_job(e)),
    "hide": lambda e, labels: _("took {who}'s film {job} away").format(who=_member(e), job=_job(e)),
    "dismiss": lambda e, labels: _("dismissed a report of {who}'s film {job}").format(who=_member(e), job=_job(e)),
}


def line(entry: AuditEntry, labels: Mapping[str, str]) -> str:
    """Who did what, when, and why. `labels` are the models' names by key."""
    did = DID[entry.action](entry, labels)
    who = f"<@{entry.actor_id}>" if entry.actor_id else "Clapper"
    why = f"\n-# {plain(entry.reason, 200)}" if entry.reason else ""
    return f"{who} {did}{why}"
