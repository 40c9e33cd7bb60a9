"""/manage jobs, redeliver, cancel: a server's films under way, for its moderators."""

from __future__ import annotations

import discord
from discord import app_commands

from domain.faults import Refused
from domain.job import Job
from service.cancel import Cancel, Cancelled
from service.loops import now_ms
from service.underway import UnderWay
from ui import cards, cards_moderation
from ui.answers import Reply, answer_with
from ui.language import _
from ui.places import person_of
from ui.reasons import Reason, gives_reason
from ui.words import plain, recipe


class Films(app_commands.Group):
    """These commands stand directly under /manage."""

    def __init__(self, under_way: UnderWay, cancel: Cancel) -> None:
        super().__init__(name="films", description="Films")
        self._under_way = under_way
        self._cancel = cancel

    @app_commands.command(name="jobs", description="Films that wait, are made, or found no place")
    async def jobs(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            active, undelivered = await self._under_way.of(person_of(interaction))
            return Reply(cards_moderation.under_way(active, undelivered, now=now_ms()))

        await answer_with(interaction, look())

    @app_commands.command(name="redeliver", description="Try once more to deliver a film that found no place")
    @app_commands.describe(job="Which one: /manage jobs lists them")
    @gives_reason
    async def redeliver(
        self, interaction: discord.Interaction, job: app_commands.Range[str, 1, 40], reason: Reason = ""
    ) -> None:
        async def act() -> Reply:
            again = await self._under_way.deliver_again(person_of(interaction), job.strip().lower(), reason=reason)
            text = _("🎬 <@{who}>'s film is on its way again. It costs nothing more.")
            return Reply(cards.note(text.format(who=again.author_id)))

        await answer_with(interaction, act())

    @redeliver.autocomplete("job")
    async def complete_undelivered(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._complete(interaction, typed, active=False)

    @app_commands.command(name="cancel", description="Stop a member's film; what waits costs nothing")
    @app_commands.describe(job="Which one: /manage jobs lists them")
    @gives_reason
    async def cancel(
        self, interaction: discord.Interaction, job: app_commands.Range[str, 1, 40], reason: Reason = ""
    ) -> None:
        async def act() -> Reply:
            person, job_id = person_of(interaction), job.strip().lower()
            await self._under_way.of(person)  # for moderators only, whoever else may cancel it by its card
            outcome = await self._cancel.cancel(job_id, person, reason=reason)
            if outcome is Cancelled.RUNNING:
                return Reply(cards.offer_mute(job_id))
            return Reply(cards.note(_("🎬 Stopped. Its credits are back.")))

        await answer_with(interaction, act())

    @cancel.autocomplete("job")
    async def complete_active(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._complete(interaction, typed, active=True)

    async def _complete(
        self, interaction: discord.Interaction, typed: str, *, active: bool
    ) -> list[app_commands.Choice[str]]:
        try:
            running, undelivered = await self._under_way.of(person_of(interaction))
        except Refused:
            return []
        found = running if active else undelivered
        wanted = typed.casefold()
        return [
            app_commands.Choice(name=_choice(job), value=job.id) for job in found if wanted in _choice(job).casefold()
        ][:25]


def _choice(job: Job) -> str:
    prompt = _("(private)") if job.private else plain(job.request.prompt, 40)
    return f"{job.id}: {prompt} ({recipe(job)})"[:100]
