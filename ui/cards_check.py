"""What /manage check found: rights channel by channel, the log channel, moderators' roles, the service's way back."""

from __future__ import annotations

from domain.policy import Policy
from ui import words_rules
from ui.cards import GREEN, RED, Card
from ui.inspection import ChannelReport, ServerReport
from ui.language import _, _n, listed
from ui.words import right

#: Channels that are named one by one.
_MOST = 12
#: What posts for moderators need: they carry no file and open no thread.
_TO_POST = {"view_channel", "send_messages"}


def checked(report: ServerReport, policy: Policy, *, reached: bool | None) -> Card:
    """A line for each thing, ✓ or ✗, and for each ✗ what to do."""
    used = [one for one in report.channels if policy.welcomes([one.channel_id, one.category_id])]
    bad = [(one.channel_id, lacks) for one in used if (lacks := _lacks(one, policy))]
    lines = [_channels(len(used), len(bad))]
    lines += [f"<#{channel}>: {listed([right(name) for name in lacks], 'and')}" for channel, lacks in bad[:_MOST]]
    if len(bad) > _MOST:
        lines.append(_("-# and {n} more").format(n=len(bad) - _MOST))
    lines += [_log(report, policy), *_moderators(report, policy), _callback(reached)]
    good = not bad and all(line.startswith("✓") for line in lines if line)
    head = _("### Everything works here") if good else _("### Something needs a hand")
    return Card(GREEN if good else RED, head, "\n".join(filter(None, lines)))


def _lacks(one: ChannelReport, policy: Policy) -> list[str]:
    """What the bot needs in a channel and has not: no new threads where films go to the channel itself."""
    threads = policy.server.delivery != "channel"
    return [name for name in one.lacks if threads or name != "create_public_threads"]


def _channels(used: int, bad: int) -> str:
    if not used:
        return _(
            "✗ There is no channel for films: those that were allowed are gone. `/manage channels list` names them."
        )
    if not bad:
        return _n("✓ Films can be posted in {n} channel.", "✓ Films can be posted in all {n} channels.", used).format(
            n=used
        )
    text = _("✗ In {n} of {all} channels Clapper lacks rights. Give them to its role, or list channels that count:")
    return text.format(n=bad, all=used)


def _log(report: ServerReport, policy: Policy) -> str:
    log = policy.server.log_channel_id
    if not log:
        return _("✓ There is no log channel. Reports go to the server's system channel, or to its owner.")
    found = next((one for one in report.channels if one.channel_id == log), None)
    if found is None:
        return _("✗ The log channel is gone. Choose another: `/manage log-channel`.")
    if not _TO_POST.isdisjoint(found.lacks):
        return _("✗ Clapper cannot post in the log channel <#{channel}>.").format(channel=log)
    return _("✓ Log channel: <#{channel}>").format(channel=log)


def _moderators(report: ServerReport, policy: Policy) -> list[str]:
    if not policy.moderators:
        return []
    if report.manage_roles is None:
        return [_("Whether moderators' roles see `/manage` could not be learned.")]
    hidden = sorted(policy.moderators - report.manage_roles)
    if not hidden:
        return [_("✓ Moderators' roles see `/manage`.")]
    text = _(
        "✗ {roles} cannot see `/manage`: an administrator adds them under Server Settings → Integrations → Clapper."
    )
    return [text.format(roles=words_rules.mentions(hidden, "@&"))]


def _callback(reached: bool | None) -> str:
    if reached is None:
        return _("✓ The video service is asked every minute; it needs no way back.")
    if reached:
        return _("✓ The video service reaches Clapper.")
    return _("✗ The video service cannot reach Clapper; films come up to a minute later. Its operator can mend it.")
