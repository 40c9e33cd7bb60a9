"""Running a film on another model: which ones would make it, what each changes and costs, and the wish that does it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from domain.carry import Carried
from domain.faults import BadClip, Refused
from domain.model import Model
from domain.request import find_model, options_of
from domain.wish import Wish
from service.again import Again, Who
from service.availability import Availability
from service.drafts import Drafts


class OtherModels:
    """Begins from a generation ("job") or from a refused wish ("draft"), by its id; nothing is kept between."""

    def __init__(self, availability: Availability, again: Again, drafts: Drafts) -> None:
        self._availability = availability
        self._again = again
        self._drafts = drafts

    async def source(self, kind: str, key: str, who: Who) -> Wish:
        """What is to be run. Raises Refused where it is gone, or not for this person."""
        if kind == "draft":
            return (await self._drafts.get(key, author_id=who.user_id)).wish
        job = await self._again.see(key, who)
        return await self._again.wish(key, "again" if job.films else "retry", who)

    async def may(self, job_id: str, who: Who) -> bool:
        """Whether this person may run a generation on another model."""
        try:
            await self.source("job", job_id, who)
        except (Refused, BadClip):
            return False
        return True

    def offers(
        self, wish: Wish, offered: Sequence[Model], *, among: Collection[str] | None = None, chosen: str = ""
    ) -> list[Carried]:
        """The wish on every other model of those offered, the ones first that change least of it.

        `among` narrows them to these keys. `chosen` is the model's key where the wish names none.
        """
        current = self._key(wish) or chosen
        found = [
            carried
            for row in offered
            if row.key != current and (among is None or row.key in among)
            if (carried := self._availability.on(wish, row))
        ]
        return sorted(found, key=lambda carried: len(carried.changes))

    def on(self, wish: Wish, key: str, *, fresh: bool = False) -> tuple[Wish, Carried]:
        """The wish on a model of this key, and what that changes; `fresh` as for `Availability.on`.

        Raises Refused where nothing of it carries over.
        """
        row = find_model(self._availability.catalogue, key)
        carried = self._availability.on(wish, row, fresh=fresh)
        if carried is None:
            raise Refused("carries_nothing", model=row.label)
        pictures = wish.pictures[: carried.request.pictures]
        there = replace(
            wish,
            options=options_of(carried.request),
            pictures=pictures,
            continues=wish.continues if pictures else "",
        )
        return there, carried

    def is_plain(self, wish: Wish, carried: Carried) -> bool:
        """Whether a model's name says all of it: nothing is otherwise there, and it costs no more than on its own."""
        own = self._availability.catalogue.get(self._key(wish))
        here = self._availability.on(wish, own) if own else None
        return here is not None and not carried.changes and carried.price <= here.price

    def _key(self, wish: Wish) -> str:
        try:
            named = wish.options.get("model")
            return find_model(self._availability.catalogue, named).key if named else ""
        except Refused:
            return ""
