"""The card on which moderators set up their server: what each choice means, and what it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from domain.credit import EVERYONE
from domain.policy import DELIVERIES, Policy
from ui import words_rules
from ui.cards import BLUE, Card
from ui.language import _, _n

#: Prices at which a film may be asked about first, or wait for a moderator.
STARS = (1, 2, 3, 5, 10, 20)
#: Channels and roles that one choice shows: what Discord takes, and what a phone has room for.
CHANNELS, ROLES = 25, 10
PRICES = (0, 1, 2, 3, 5, 10, 15, 20, 50, 100)
_LOG_TYPES = [discord.ChannelType.text]
_PLACE_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.category,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.media,
]

Row = ui.ActionRow[Any]


def offer() -> Card:
    """Said once to the first moderator who uses a command in a server without settings."""
    button: ui.Button[Any] = ui.Button(
        label=_("Set it up"), style=discord.ButtonStyle.primary, custom_id="setup:open:1"
    )
    return Card(
        BLUE,
        _(
            "### Clapper is new here\nIt works as it is. In a minute you can say who may spend how much, where films "
            "are made, and where you read what happens."
        ),
        _("-# Only you see this. `/manage setup` opens it at any time."),
        buttons=(button,),
    )


def first_page(policy: Policy, *, daily: int) -> Card:
    """Log channel, channels, everyone's limit, language, time zone, where films go."""
    server = policy.server
    own = [rule for rule in policy.rules if rule.subject == EVERYONE]
    limit = "; ".join(words_rules.rule(rule, {}) for rule in own) or words_rules.amount(daily, "day")
    log = words_rules.setting_value("log_channel_id", server.log_channel_id)
    where = words_rules.mentions(sorted(policy.allowed), "#") if policy.allowed else _("every channel")
    lines = [
        _("### Setting up Clapper\nEach choice counts at once, and can be changed at any time."),
        _("**Everyone's limit**: {limit}. Roles and members can have their own: `/manage limit`.").format(limit=limit),
        _("**Log channel**: {channel}. Reports, approvals and what moderators do are posted there.").format(
            channel=log
        ),
        _("**Films are made in**: {channels}. None chosen means all; a category counts for what is inside.").format(
            channels=where
        ),
        _("**Films go to**: {where}. **Language**: {language}. **Days begin in**: {zone}.").format(
            where=words_rules.delivery(server.delivery),
            language=words_rules.language(server.language),
            zone=server.timezone,
        ),
    ]
    return Card(
        BLUE,
        *lines,
        rows=(
            _channels("log_channel_id", _("Log channel"), _LOG_TYPES, [server.log_channel_id], most=1),
            _channels("allowed", _("Channels for films"), _PLACE_TYPES, sorted(policy.allowed), most=CHANNELS),
            _choices(
                "delivery",
                _("Where films go"),
                [(kind, words_rules.delivery(kind)) for kind in DELIVERIES],
                server.delivery,
            ),
            _choices(
                "language",
                _("Language of public cards"),
                [("auto", words_rules.language("")), *words_rules.LANGUAGES.items()],
                server.language or "auto",
            ),
            ui.ActionRow(
                _button(_("Everyone's limit"), "setup:limit:1"),
                _button(_("Time zone"), "setup:timezone:1"),
                _button(_("More…"), "setup:open:2"),
            ),
        ),
    )


def second_page(policy: Policy) -> Card:
    """What costs more: asking first, approval, gifts, running others' films again; who moderates."""
    server = policy.server
    lines = [
        _("### More choices"),
        _("**Ask first** above: {price}. Members confirm films that cost more.").format(
            price=words_rules.setting_value("confirm_above", server.confirm_above)
        ),
        _(
            "**Approval** above: {price}. Such films wait for a moderator's ✓; after a day without one "
            "their credits go back."
        ).format(price=words_rules.setting_value("approval_above", server.approval_above)),
        _("**Needs no approval**: {role}. Moderators never do.").format(
            role=words_rules.setting_value("approval_role_id", server.approval_role_id)
        ),
        _("**Moderators**: {roles}. They manage films, but not credits.").format(
            roles=words_rules.mentions(sorted(policy.moderators), "@&") or _("only those who manage the server")
        ),
        _("**Gifts** of granted credits: {gifts}. **Running others' films again**: {reuse}.").format(
            gifts=words_rules.setting_value("transfers", server.transfers),
            reuse=words_rules.setting_value("reuse", server.reuse),
        ),
    ]
    gifts = _("Forbid gifts") if server.transfers else _("Allow gifts")
    reuse = _("Forbid running others' films") if server.reuse else _("Allow running others' films")
    return Card(
        BLUE,
        *lines,
        rows=(
            _choices("confirm_above", _("Ask first above…"), _prices(), _price(server.confirm_above), page=2),
            _choices("approval_above", _("Approval above…"), _prices(), _price(server.approval_above), page=2),
            _roles("approval_role_id", _("Role that needs no approval"), [server.approval_role_id], most=1),
            _roles("moderators", _("Moderators' roles"), sorted(policy.moderators), most=ROLES),
            ui.ActionRow(
                _button(gifts, f"setup:transfers:{int(not server.transfers)}"),
                _button(reuse, f"setup:reuse:{int(not server.reuse)}"),
                _button(_("Showcase…"), "setup:open:3"),
                _button(_("Back"), "setup:open:1"),
            ),
        ),
    )


def third_page(policy: Policy) -> Card:
    """The showcase: where, for how many stars, and the week's best."""
    server = policy.server
    where = words_rules.setting_value("showcase_channel_id", server.showcase_channel_id)
    stars = _n("{n} star", "{n} stars", server.showcase_stars).format(n=server.showcase_stars)
    lines = [
        _("### Showcase"),
        _("**Channel**: {channel}. Films with {stars} are shown there once, with credit. Without it, no stars.").format(
            channel=where, stars=stars
        ),
        _("**The week's best**: {state}. The three most starred films, each Monday.").format(
            state=words_rules.setting_value("digest", server.digest)
        ),
        _("-# Private and age-restricted films are never shown, and members can keep theirs out."),
    ]
    weekly = _("No weekly best") if server.digest else _("Weekly best")
    return Card(
        BLUE,
        *lines,
        rows=(
            _channels(
                "showcase_channel_id", _("Showcase channel"), _LOG_TYPES, [server.showcase_channel_id], most=1, page=3
            ),
            _choices(
                "showcase_stars",
                _("Stars that are enough"),
                [(str(n), _n("{n} star", "{n} stars", n).format(n=n)) for n in STARS],
                str(server.showcase_stars),
                page=3,
            ),
            ui.ActionRow(_button(weekly, f"setup:digest:{int(not server.digest)}"), _button(_("Back"), "setup:open:2")),
        ),
    )


def _prices() -> list[tuple[str, str]]:
    return [
        ("never", _("never")),
        *((str(n), _n("above {n} credit", "above {n} credits", n).format(n=n)) for n in PRICES),
    ]


def _price(value: int | None) -> str:
    return "never" if value is None else str(value)


def _channels(
    name: str, placeholder: str, types: list[discord.ChannelType], ids: Sequence[int], *, most: int, page: int = 1
) -> Row:
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=f"setup:{name}:{page}",
        placeholder=placeholder,
        channel_types=types,
        min_values=0,
        max_values=most,
        default_values=[
            discord.SelectDefaultValue(id=i, type=discord.SelectDefaultValueType.channel) for i in ids if i
        ][:most],
    )
    return ui.ActionRow(select)


def _roles(name: str, placeholder: str, ids: Sequence[int], *, most: int) -> Row:
    select: ui.RoleSelect[Any] = ui.RoleSelect(
        custom_id=f"setup:{name}:2",
        placeholder=placeholder,
        min_values=0,
        max_values=most,
        default_values=[discord.SelectDefaultValue(id=i, type=discord.SelectDefaultValueType.role) for i in ids if i][
            :most
        ],
    )
    return ui.ActionRow(select)


def _choices(name: str, placeholder: str, options: Sequence[tuple[str, str]], now: str, *, page: int = 1) -> Row:
    select: ui.Select[Any] = ui.Select(
        custom_id=f"setup:{name}:{page}",
        placeholder=placeholder,
        options=[
            discord.SelectOption(label=label[:100], value=value, default=value == now) for value, label in options
        ],
    )
    return ui.ActionRow(select)


def _button(label: str, custom_id: str) -> ui.Button[Any]:
    return ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id)
