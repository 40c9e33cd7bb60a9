"""The one way from a wish to a card: whoever asks, by a command, a form or a button, comes by here."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable
from typing import Any, cast

import discord
from discord import ui

from domain.faults import BadClip, DeliveryFault, Fault, Refused
from domain.wish import Wish
from service.drafts import Draft, Drafts
from service.intake import Intake
from service.orders import Admitted, Order
from service.othermodels import OtherModels
from service.presets import Presets
from service.refusals import Refusals
from ui import cards, cards_account, othermodels, places, results
from ui.answers import Reply, answer_with
from ui.language import _, speaking
from ui.meanings import TROUBLES, translated
from ui.places import Places
from ui.words_refused import explain

log = logging.getLogger("clapper.starting")

#: What it began from is there no more, or not for this member: only what they typed themselves is kept.
_BEREFT = {"job_gone", "reserved", "no_reuse"}
#: Refusals that no form can help: nothing is kept for them.
_HOPELESS = {"server_not_allowed", "server_only", "already_taken", *(BadClip.REASONS - {"no_character"})}


class Starting:
    """Checks a wish, admits it, and answers with its card; a refusal keeps the wish behind a button."""

    def __init__(
        self,
        intake: Intake,
        drafts: Drafts,
        refusals: Refusals,
        where: Places,
        presets: Presets,
        others: OtherModels,
    ) -> None:
        self._others = others
        self._intake = intake
        self._refusals = refusals
        self._presets = presets
        self._places = where
        self._drafts = drafts

    async def start(
        self,
        interaction: discord.Interaction,
        wish: Wish | Awaitable[Wish],
        *,
        otherwise: Wish | None = None,
        confirmed: bool = False,
        said: int | None = None,
    ) -> None:
        """Answer an interaction with the film of a wish; `confirmed`: whatever it costs, `said`: up to so many credits.

        Where `wish` itself raises Refused, `otherwise` is what is kept behind the button, if anything.
        """
        shown = await answer_with(
            interaction, self._reply(interaction, wish, otherwise, said=said, confirmed=confirmed)
        )
        job_id: str | None = interaction.extras.get("job")
        if job_id and shown.message_id:
            await self._intake.shown(job_id, channel_id=shown.channel_id, message_id=shown.message_id)

    async def _reply(
        self,
        interaction: discord.Interaction,
        wish: Wish | Awaitable[Wish],
        otherwise: Wish | None,
        *,
        said: int | None,
        confirmed: bool,
    ) -> Reply:
        try:
            wanted = wish if isinstance(wish, Wish) else await wish
        except Refused as fault:
            return await self._refused(interaction, otherwise, fault)
        try:
            if not wanted.home:
                places.kind_of(interaction)
            order = await self._intake.check(await self._places.ask(interaction, wanted), **wanted.options)
            if not confirmed and (order.confirm if said is None else order.price > said):
                return await self._ask_first(interaction, wanted, order)
            if wanted.private:
                reply = await self._start_private(interaction, order)
            else:
                places.check_rights(interaction, places.kind_of(interaction))
                await self._refusals.disproved(interaction.channel_id or 0, spoken=False)
                reply = await self._start(interaction, order)
        except Refused as fault:
            return await self._refused(interaction, otherwise if fault.reason in _BEREFT else wanted, fault)
        await self._remember(wanted, order)
        return reply

    async def _remember(self, wish: Wish, order: Order) -> None:
        try:
            await self._presets.remember(wish.chosen, guild_id=order.ask.guild_id, member_id=order.ask.author_id)
        except Fault as trouble:  # the film was begun all the same
            log.warning("last choices could not be kept: %s", trouble)

    async def _ask_first(self, interaction: discord.Interaction, wish: Wish, order: Order) -> Reply:
        """Above a price that moderators set, a member says yes before anything is charged."""
        account = await self._intake.account(order.ask)
        draft = await self._drafts.keep(wish, author_id=interaction.user.id)
        return Reply(
            cards_account.confirm(
                order.price,
                prompt=order.request.prompt,
                left=account.left,
                granted=account.granted,
                renews_at=account.renews_at,
                draft_id=draft.id,
            )
        )

    async def _start(self, interaction: discord.Interaction, order: Order) -> Reply:
        made: list[cards.Card] = []

        def make(admitted: Admitted) -> None:
            with speaking(admitted.job.server_locale):
                made.append(_card(admitted))

        admitted = await self._intake.admit(order, meanwhile=make)
        if admitted.double:
            return Reply(_card(admitted))
        interaction.extras["job"] = admitted.job.id
        return Reply(lambda: made[0] if made else _card(admitted), public=True, locale=admitted.job.server_locale)

    async def _start_private(self, interaction: discord.Interaction, order: Order) -> Reply:
        """The card goes to the member's direct messages before anything is charged: if it cannot, nothing is."""
        nobody = discord.AllowedMentions.none()
        try:
            async with translated():
                message = await interaction.user.send(view=cards.note(f"🎬 {_('Your film is about to start…')}"))
        except DeliveryFault as fault:
            if fault.final:
                raise Refused("dm_closed") from fault
            raise
        await self._refusals.disproved(message.channel.id, spoken=True)
        try:
            admitted = await self._intake.admit(order, card=(message.channel.id, message.id))
        except BaseException:
            with contextlib.suppress(*TROUBLES):
                await message.delete()
            raise
        if admitted.double:
            with contextlib.suppress(*TROUBLES):
                await message.delete()
            return Reply(_card(admitted))
        with contextlib.suppress(*TROUBLES):  # it is admitted: the film comes, whatever its card says
            await message.edit(view=_card(admitted), allowed_mentions=nobody)
        where = _("Started, for you alone: it comes to [our conversation]({link}).").format(link=message.jump_url)
        return Reply(cards.note(f"🎬 {where}"))

    async def _refused(self, interaction: discord.Interaction, wish: Wish | None, fault: Refused) -> Reply:
        log.info("refused: %s", fault)
        if wish is None or fault.reason in _HOPELESS:
            return Reply(cards.refusal(explain(fault)))
        try:
            draft = await self._drafts.keep(wish, author_id=interaction.user.id, fault=fault)
        except Fault as trouble:  # the refusal is worth more than its button
            log.warning("a draft could not be kept: %s", trouble)
            return Reply(cards.refusal(explain(fault)))
        instead = await self._instead(interaction, wish, draft, fault)
        return Reply(cards.refusal(explain(fault), buttons=(results.fix(draft.id), *instead)))

    async def _instead(
        self, interaction: discord.Interaction, wish: Wish, draft: Draft, fault: Refused
    ) -> list[ui.Button[Any]]:
        """Buttons that run it on the models that a refusal names; nothing to type, nothing to attach again."""
        keys = fault.values.get("keys")
        if not isinstance(keys, list) or not keys:
            return []
        offered = await self._intake.offered_to(places.person_of(interaction), interaction.channel_id or 0)
        found = self._others.offers(wish, offered, among=cast("list[str]", keys))
        few = [othermodels.button("draft", draft.id, offer) for offer in found[: results.FEW]]
        return [*few, results.another_model("draft", draft.id)] if len(found) > len(few) else few


def _card(admitted: Admitted) -> cards.Card:
    return cards.waiting(admitted.job, left=admitted.left, ready_at=admitted.ready_at, ahead=admitted.ahead)
