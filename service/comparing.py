"""Comparing: one prompt on several models at once, planned for one price, begun together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from domain.ask import Ask
from domain.comparison import Comparison, Entry
from domain.faults import Refused
from domain.request import find_model
from domain.wish import Wish
from service.drafts import Drafts
from service.intake import Intake
from service.orders import Admitted, Order
from service.othermodels import OtherModels
from storage.drafts import Draft


@dataclass(frozen=True)
class Plan:
    """A wish with the checked orders of its films, and what people are told of it."""

    wish: Wish
    orders: tuple[Order, ...]
    shown: Comparison


class Comparing:
    """The films of a comparison are films like any other: each is paid, posted and refunded by itself."""

    def __init__(self, intake: Intake, others: OtherModels, drafts: Drafts) -> None:
        self._intake = intake
        self._others = others
        self._drafts = drafts

    async def plan(self, ask: Ask, wish: Wish, models: Sequence[str]) -> Plan:
        """Every film checked, as far as its model can make it. Raises Refused; nothing is charged."""
        if not str(wish.options.get("prompt") or "").strip():
            raise Refused("prompt_empty")
        keys = [find_model(self._intake.catalogue, name).key for name in models]
        if len(set(keys)) < len(keys):
            raise Refused("compared_twice")
        orders: list[Order] = []
        entries: list[Entry] = []
        for key in keys:
            there, carried = self._others.on(wish, key, fresh=True)
            order = await self._intake.check(replace(ask, pictures=there.pictures), **there.options)
            orders.append(order)
            entries.append(Entry(order.request, order.label, order.price, carried.changes))
        account = await self._intake.account(ask)
        shown = Comparison(
            prompt=orders[0].request.prompt,
            guild_id=ask.guild_id,
            author_id=ask.author_id,
            server_locale=orders[0].ask.server_locale,
            entries=tuple(entries),
            left=None if account.left is None else account.left + account.granted,
            renews_at=account.renews_at,
        )
        if shown.left is not None and shown.total > shown.left:
            values = {"price": shown.total, "left": shown.left, "renews_at": shown.renews_at}
            raise Refused("compared_dear", **values)
        return Plan(wish, tuple(orders), shown)

    async def keep(self, plan: Plan) -> str:
        """Write a plan down until its member has said yes; returns the draft's id."""
        models = [order.request.model for order in plan.orders]
        values = {"models": models, "said": plan.shown.total}
        return (await self._drafts.keep(plan.wish, author_id=plan.shown.author_id, values=values)).id

    async def kept(self, draft_id: str, *, author_id: int) -> tuple[Wish, list[str], int]:
        """What was written down: the wish, its models, and the credits that were said. Raises Refused."""
        draft = await self._drafts.get(draft_id, author_id=author_id)
        models, said = draft.values.get("models"), draft.values.get("said")
        if not isinstance(models, list) or not isinstance(said, int):
            raise Refused("draft_gone")
        return draft.wish, cast("list[str]", models), said

    async def take(self, draft_id: str, *, author_id: int) -> Draft:
        """Its member has said yes, once: a second press finds it gone. Raises Refused then."""
        draft = await self._drafts.get(draft_id, author_id=author_id)
        await self._drafts.take(draft_id, author_id=author_id)
        return draft

    async def give_back(self, draft: Draft) -> None:
        """Nothing came of the yes: it can be said again."""
        await self._drafts.give_back(draft)

    async def begin(self, plan: Plan, *, place: str, cards: Sequence[tuple[int, int]]) -> list[Admitted]:
        """Write all films and hold the credits of all, or none. Raises Refused.

        `cards` are the (channel, message) of cards that are shown already, in a channel of the kind `place`.
        """
        orders: list[tuple[Order, tuple[int, int]]] = []
        for order, card in zip(plan.orders, cards, strict=True):
            # One interaction asked for all of them: each is told apart by its own card.
            ask = replace(order.ask, interaction_id=card[1], channel_id=card[0], place=place)
            orders.append((replace(order, ask=ask), card))
        return await self._intake.admit_all(orders)
