"""/manage log-channel, delivery, timezone, language, models: a server's settings, one command each."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import available_timezones

import discord
from discord import app_commands

from domain.catalogue import Catalogue
from domain.faults import Refused
from domain.policy import DELIVERIES
from domain.request import find_model
from service.decisions import Decisions
from ui import cards, choosing, words_rules
from ui.answers import Reply, answer_with
from ui.language import _
from ui.places import person_of
from ui.reasons import Reason, gives_reason


class ServerSettings(app_commands.Group):
    """These commands stand directly under /manage."""

    def __init__(self, decisions: Decisions, catalogue: Catalogue) -> None:
        super().__init__(name="settings", description="Settings")
        self._decisions = decisions
        self._catalogue = catalogue

    @app_commands.command(name="log-channel", description="Where moderators read what happens")
    @app_commands.describe(channel="Leave it out for none")
    @gives_reason
    async def log_channel(
        self,
        interaction: discord.Interaction,
        channel: app_commands.AppCommandChannel | None = None,
        reason: Reason = "",
    ) -> None:
        await self._set(interaction, "log_channel_id", channel.id if channel else 0, reason)

    @app_commands.command(name="delivery", description="Where films go")
    @app_commands.choices(
        where=[
            app_commands.Choice(name="a thread for each film", value="thread"),
            app_commands.Choice(name="a thread for each member", value="member"),
            app_commands.Choice(name="the channel itself", value="channel"),
        ]
    )
    @gives_reason
    async def delivery(self, interaction: discord.Interaction, where: str, reason: Reason = "") -> None:
        if where not in DELIVERIES:
            where = ""
        await self._set(interaction, "delivery", where, reason)

    @app_commands.command(name="timezone", description="When days, weeks and months begin here")
    @app_commands.describe(zone="Such as Europe/Berlin")
    @gives_reason
    async def timezone(
        self, interaction: discord.Interaction, zone: app_commands.Range[str, 1, 60], reason: Reason = ""
    ) -> None:
        await self._set(interaction, "timezone", zone.strip(), reason)

    @timezone.autocomplete("zone")
    async def complete_zone(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        wanted = typed.strip().casefold().replace(" ", "_")
        found = sorted(zone for zone in available_timezones() if wanted in zone.casefold())
        return [app_commands.Choice(name=zone, value=zone) for zone in found][:25]

    @app_commands.command(name="language", description="What public cards are written in")
    @app_commands.choices(
        language=[app_commands.Choice(name=name, value=locale) for locale, name in words_rules.LANGUAGES.items()]
    )
    @app_commands.describe(language="If you leave this out: what the server says to Discord")
    @gives_reason
    async def language(
        self, interaction: discord.Interaction, language: str | None = None, reason: Reason = ""
    ) -> None:
        await self._set(interaction, "language", language or "", reason)

    @app_commands.command(name="models", description="Which models come first, and what is taken where none is named")
    @app_commands.describe(
        first="Taken where none is named, as long as it can be had (leave all out for the usual order)",
        second="Taken when that one cannot be had",
        third="And then this one",
    )
    @gives_reason
    async def models(
        self,
        interaction: discord.Interaction,
        first: str | None = None,
        second: str | None = None,
        third: str | None = None,
        reason: Reason = "",
    ) -> None:
        named = [typed for typed in (first, second, third) if typed and typed.strip()]

        await self._set(
            interaction,
            "models",
            lambda: " ".join(dict.fromkeys(find_model(self._catalogue, typed).key for typed in named)),
            reason,
        )

    @models.autocomplete("first")
    @models.autocomplete("second")
    @models.autocomplete("third")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.models(self._catalogue.models, typed)

    async def _set(
        self, interaction: discord.Interaction, name: str, wanted: str | int | Callable[[], str], reason: str
    ) -> None:
        """`wanted` may be made of what was typed, and raise Refused."""

        async def act() -> Reply:
            value = wanted() if callable(wanted) else wanted
            if name == "language" and value and value not in words_rules.LANGUAGES:
                raise Refused("language_unknown")
            await self._decisions.set(person_of(interaction), name, value, reason=reason)
            said = words_rules.setting_value(name, value)
            return Reply(cards.note(_("{setting}: **{value}**").format(setting=words_rules.setting(name), value=said)))

        await answer_with(interaction, act())
