"""How rules of credits, lists and settings are said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.credit import EVERYONE, POT, Rule
from ui.language import _, _n, listed, number
from ui.words import plain


def amount(credits: int | None, period: str) -> str:
    """20 a day; no limit."""
    if credits is None:
        return _("no limit")
    texts = {"day": _("{n} a day"), "week": _("{n} a week"), "month": _("{n} a month")}
    return texts[period].format(n=number(credits))


def subject(name: str) -> str:
    """Whom a rule is for: everyone, @Booster, @member, #channel, the whole server."""
    kind, _colon, number = name.partition(":")
    texts = {
        EVERYONE: _("everyone"),
        POT: _("the whole server"),
        "server": _("the whole server"),
        "role": f"<@&{number}>",
        "member": f"<@{number}>",
        "channel": f"<#{number}>",
    }
    return texts.get(kind, plain(name, 60))


def rule(found: Rule, labels: Mapping[str, str]) -> str:
    """20 a day · 3 at once · up to 15 s · only Sora 2. `labels` are the models' names by key."""
    parts = [amount(found.credits, found.period)]
    if found.in_flight is not None:
        parts.append(_n("{n} at once", "{n} at once", found.in_flight).format(n=found.in_flight))
    if found.longest is not None:
        parts.append(_("up to {n} s").format(n=found.longest))
    if found.models is not None:
        names = [plain(labels.get(key, key), 60) for key in sorted(found.models)]
        parts.append(_("only {models}").format(models=listed(names, "and")))
    return " · ".join(parts)


def source(found: Rule) -> str:
    """Which rule gave the room: 30 a week, from @Booster."""
    return _("{amount}, from {subject}").format(
        amount=amount(found.credits, found.period), subject=subject(found.subject)
    )


def stored_rules(stored: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Rules as an audit entry keeps them; "" for none."""
    rules = [
        Rule(
            "",
            raw["period"],
            raw["credits"],
            raw["in_flight"],
            None if raw["models"] is None else frozenset(raw["models"]),
            raw["longest"],
        )
        for raw in stored.get("rules", [])
    ]
    return "; ".join(rule(found, labels) for found in rules)


def list_name(kind: str) -> str:
    """What a channel is listed as."""
    return {"allow": _("films allowed"), "deny": _("no films"), "spoiler": _("always a spoiler")}[kind]


def setting(name: str) -> str:
    """What a setting is called."""
    return {
        "timezone": _("time zone"),
        "language": _("language"),
        "log_channel_id": _("log channel"),
        "delivery": _("where films go"),
        "confirm_above": _("asks first above"),
        "approval_above": _("waits for a moderator above"),
        "approval_role_id": _("role that needs no approval"),
        "transfers": _("gifts between members"),
        "reuse": _("running others' films again"),
        "showcase_channel_id": _("showcase"),
        "showcase_stars": _("stars for the showcase"),
        "digest": _("the week's best"),
        "models": _("models in front"),
    }.get(name, name)


def setting_value(name: str, value: Any) -> str:
    """A setting's value as people read it."""
    if name in ("log_channel_id", "showcase_channel_id"):
        return f"<#{value}>" if value else _("none")
    if name == "approval_role_id":
        return f"<@&{value}>" if value else _("none")
    if name in ("confirm_above", "approval_above"):
        return _("never") if value is None else _n("{n} credit", "{n} credits", value).format(n=number(value))
    if name in ("transfers", "reuse", "digest"):
        return _("on") if value else _("off")
    if name == "delivery":
        return delivery(str(value))
    if name == "language":
        return language(str(value))
    if name == "models":
        return plain(str(value).replace(" ", ", "), 200) if value else _("the usual order")
    return plain(value, 60)


def delivery(kind: str) -> str:
    """Where films go."""
    texts = {
        "thread": _("a thread for each film"),
        "member": _("a thread for each member"),
        "channel": _("the channel itself"),
    }
    return texts.get(kind, plain(kind, 30))


#: What public words can be in: Discord's locale, and the language's own name for itself.
LANGUAGES: dict[str, str] = {
    "en-US": "English",
    "zh-CN": "简体中文",
    "ja": "日本語",
    "es-ES": "Español",
    "de": "Deutsch",
    "pt-BR": "Português do Brasil",
}


def language(locale: str) -> str:
    """A language by its own name; the server's own setting where none is chosen."""
    return LANGUAGES.get(locale, locale) if locale else _("as Discord says")


def mentions(ids: Sequence[int], sign: str, most: int = 10) -> str:
    """Channels (#) or roles (@&) as mentions, and how many more there are."""
    shown = " ".join(f"<{sign}{number}>" for number in ids[:most])
    return f"{shown} +{len(ids) - most}" if len(ids) > most else shown
