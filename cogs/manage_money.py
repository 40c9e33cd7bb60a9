"""/manage limit, pot, grant, reset: who may spend how much, for those who manage the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord
from discord import app_commands

from domain.catalogue import Catalogue
from domain.credit import EVERYONE, PERIODS, POT, Rule
from domain.faults import Refused
from domain.request import find_model
from service.treasury import Treasury
from ui import cards, cards_moderation, words_rules
from ui.answers import Reply, answer_with
from ui.language import _
from ui.places import person_of
from ui.reasons import Reason, gives_reason
from ui.words import credits, plain, when

_PERIODS = [app_commands.Choice(name=period, value=period) for period in PERIODS]


class Limit(app_commands.Group):
    """/manage limit set, clear, list."""

    def __init__(self, treasury: Treasury, catalogue: Catalogue, *, daily: int, ceiling: int) -> None:
        super().__init__(name="limit", description="How many credits people may spend")
        self._treasury = treasury
        self._catalogue = catalogue
        self._labels = {row.key: row.label for row in catalogue.models}
        self._daily, self._ceiling = daily, ceiling

    @app_commands.command(name="set", description="Set a limit: for everyone, or for a role, a member or a channel")
    @app_commands.describe(
        credits="A whole number, or unlimited",
        period="How long it lasts (if you leave this out: a day)",
        role="For this role",
        member="For this member alone",
        channel="For all that is spent in this channel or category",
        in_flight="Films in the making at once",
        models="Only these models, with commas between them",
        longest="The longest film, in seconds",
    )
    @gives_reason
    @app_commands.choices(period=_PERIODS)
    async def set(
        self,
        interaction: discord.Interaction,
        credits: app_commands.Range[str, 1, 20],
        period: str = "day",
        role: discord.Role | None = None,
        member: discord.User | None = None,
        channel: app_commands.AppCommandChannel | None = None,
        in_flight: app_commands.Range[int, 1, 100] | None = None,
        models: app_commands.Range[str, 1, 200] | None = None,
        longest: app_commands.Range[int, 1, 600] | None = None,
        reason: Reason = "",
    ) -> None:
        async def act() -> Reply:
            rule = Rule(
                _subject(role, member, channel),
                period,
                _credits(credits),
                in_flight,
                self._models(models) if models else None,
                longest,
            )
            before = await self._treasury.set_rule(person_of(interaction), rule, reason=reason)
            return Reply(cards_moderation.limit_set(rule, before, self._labels))

        await answer_with(interaction, act())

    @set.autocomplete("models")
    async def complete_models(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        begun, comma, last = typed.rpartition(",")
        before = f"{begun}{comma} " if comma else ""
        return [
            app_commands.Choice(name=f"{before}{row.label}"[-100:], value=f"{before}{row.key}"[-100:])
            for row in self._catalogue.models
            if last.strip().casefold() in f"{row.label} {row.key}".casefold()
        ][:25]

    @app_commands.command(name="clear", description="Remove the limit for everyone, a role, a member or a channel")
    @app_commands.describe(role="Of this role", member="Of this member", channel="Of this channel or category")
    @gives_reason
    async def clear(
        self,
        interaction: discord.Interaction,
        role: discord.Role | None = None,
        member: discord.User | None = None,
        channel: app_commands.AppCommandChannel | None = None,
        reason: Reason = "",
    ) -> None:
        async def act() -> Reply:
            subject = _subject(role, member, channel)
            gone = await self._treasury.clear_rules(person_of(interaction), subject, reason=reason)
            return Reply(_cleared(subject, gone, self._labels))

        await answer_with(interaction, act())

    @app_commands.command(name="list", description="All limits of this server")
    async def list(self, interaction: discord.Interaction) -> None:
        await answer_with(interaction, self.page(interaction, 0))

    async def page(self, interaction: discord.Interaction, start: int) -> Reply:
        """The limits from one on, for whoever may read them."""
        rules = await self._treasury.rules(person_of(interaction))
        return Reply(cards_moderation.limits(rules, self._labels, self._daily, self._ceiling, start))

    def _models(self, typed: str) -> frozenset[str]:
        return frozenset(find_model(self._catalogue, name).key for name in typed.split(",") if name.strip())


class Money(app_commands.Group):
    """/manage pot, grant, reset: these commands stand directly under /manage."""

    def __init__(self, treasury: Treasury) -> None:
        super().__init__(name="money", description="Credits")
        self._treasury = treasury

    @app_commands.command(name="pot", description="Limit what the whole server may spend together")
    @app_commands.describe(credits="A whole number, or unlimited to take the limit away", period="How long it lasts")
    @app_commands.choices(period=_PERIODS)
    @gives_reason
    async def pot(
        self,
        interaction: discord.Interaction,
        credits: app_commands.Range[str, 1, 20],
        period: str | None = None,
        reason: Reason = "",
    ) -> None:
        async def act() -> Reply:
            person, most = person_of(interaction), _credits(credits)
            if most is None and period:
                return Reply(_cleared(POT, await self._treasury.clear_rules(person, POT, period, reason=reason), {}))
            if most is None:
                await self._treasury.clear_rules(person, POT, reason=reason)
                return Reply(cards.note(_("The server's pot has no limit any more, but the operator's.")))
            rule = Rule(POT, period or "month", most)
            before = await self._treasury.set_rule(person, rule, reason=reason)
            return Reply(cards_moderation.limit_set(rule, before, {}))

        await answer_with(interaction, act())

    @app_commands.command(name="grant", description="Give a member credits that are used after their own")
    @app_commands.describe(member="Who gets them", credits="How many", days="For so many days")
    @gives_reason
    async def grant(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        credits: app_commands.Range[int, 1, 1_000_000_000],
        reason: Reason = "",
        days: app_commands.Range[int, 1, 3650] | None = None,
    ) -> None:
        async def act() -> Reply:
            if member.bot:
                raise Refused("to_a_bot")
            ends = await self._treasury.grant(person_of(interaction), member.id, credits, reason=reason, days=days)
            return Reply(cards.note(_granted(member.id, credits, ends)))

        await answer_with(interaction, act())

    @app_commands.command(name="reset", description="Let what was spent count no more")
    @app_commands.describe(member="Of this member", everyone="Of all members", pot="Of the server's pot")
    @gives_reason
    async def reset(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        everyone: bool = False,
        pot: bool = False,
        reason: Reason = "",
    ) -> None:
        async def act() -> Reply:
            subjects = [f"member:{member.id}"] if member else []
            subjects += ["everyone"] if everyone else []
            subjects += ["server"] if pot else []
            if len(subjects) != 1:
                raise Refused("reset_what")
            await self._treasury.reset(person_of(interaction), subjects[0], reason=reason)
            who = words_rules.subject(subjects[0])
            return Reply(
                cards.note(_("What {who} had spent counts no more. Films in the making go on.").format(who=who))
            )

        await answer_with(interaction, act())


def _cleared(subject: str, gone: Sequence[Rule], labels: Mapping[str, str]) -> cards.Card:
    was = "; ".join(words_rules.rule(rule, labels) for rule in gone)
    return cards.note(
        _("The limit of {who} is gone. It was: {rule}").format(who=words_rules.subject(subject), rule=was)
    )


def _granted(member_id: int, amount: int, ends: int | None) -> str:
    values = {"who": f"<@{member_id}>", "credits": credits(amount)}
    if ends is None:
        return _("{who} has {credits} more, without an end.").format(**values)
    return _("{who} has {credits} more, until {day}.").format(**values, day=when(ends, "D"))


def _subject(
    role: discord.Role | None, member: discord.User | None, channel: app_commands.AppCommandChannel | None
) -> str:
    """One of them, or everyone. The role @everyone has the server's own id."""
    named = [
        *([EVERYONE if role.is_default() else f"role:{role.id}"] if role else []),
        *([f"member:{member.id}"] if member else []),
        *([f"channel:{channel.id}"] if channel else []),
    ]
    if len(named) > 1:
        raise Refused("one_subject")
    return named[0] if named else EVERYONE


def _credits(typed: str) -> int | None:
    """A whole number, or None for no limit."""
    text = typed.strip().replace(",", "").replace("_", "").casefold()
    if text in ("unlimited", "none", "∞"):
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Refused("credits_unreadable", asked=plain(typed, 30))
    return int(text)
