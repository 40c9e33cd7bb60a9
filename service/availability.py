"""Which models can be had now, which one is taken where nobody names one, and what else there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from domain.carry import Carried, carry, carry_wish
from domain.catalogue import Catalogue
from domain.faults import Refused
from domain.model import Model
from domain.request import GenerationRequest, find_model, named, parse, plainest
from domain.wish import Wish
from service.breakers import Breakers


class Availability:
    """A model can be had that is not paused, and that no breaker closes. Nothing of this costs a query.

    In every call `order` are keys that moderators want in front, and `among` those that their rules leave (None: all).
    """

    def __init__(self, catalogue: Catalogue, breakers: Breakers, *, links: bool) -> None:
        """`links` says whether the API reaches this bot, so that pictures can be given as links."""
        self.catalogue = catalogue
        self._breakers = breakers
        self._links = links

    def offered(self, order: Sequence[str] = (), among: Collection[str] | None = None) -> list[Model]:
        """The models that can be had now, or tried."""
        return [
            row
            for row in self.catalogue.ordered(order)
            if not row.paused
            and (among is None or row.key in among)
            and self._breakers.open_for(row.wire.provider, row.key) is None
        ]

    def default(self, order: Sequence[str] = (), among: Collection[str] | None = None) -> Model:
        """The first that can be had. One that was closed is tried only by who names it, or has no other."""
        return self.catalogue.default(
            order,
            lambda row: (among is None or row.key in among) and not self._breakers.doubted(row.key),
        )

    def has(self, key: str) -> bool:
        """Whether a model is taken without being named: it is there, not paused, and was not closed."""
        row = self.catalogue.get(key)
        return row is not None and not row.paused and not self._breakers.doubted(key)

    def parse(
        self, *, order: Sequence[str] = (), among: Collection[str] | None = None, **options: Any
    ) -> GenerationRequest:
        """The request that these arguments of `domain.request.parse` make, by a model that can be had now.

        Raises Refused with the models that would do it.
        """
        request = parse(
            self.catalogue,
            **options,
            links=self._links,
            default=self.default(order, among),
            offered=lambda: self.offered(order, among),
        )
        row = self.catalogue.get(request.model)
        assert row is not None
        if self._breakers.open_for(row.wire.provider, row.key):  # nearly never, and the others cost the most of all
            others = [carried.model for carried in self.alternatives(request, order=order, among=among)]
            self._breakers.check(row, **named(others))
        return request

    def alternatives(
        self, request: GenerationRequest, *, order: Sequence[str] = (), among: Collection[str] | None = None
    ) -> list[Carried]:
        """The request on every other model that can be had, those first that change least of it."""
        source = self.catalogue.get(request.model)
        found = [
            carried
            for row in self.offered(order, among)
            if row.key != request.model and (carried := carry(request, row, source=source, links=self._links))
            if carried.request.character == request.character  # without it, it would be another film
        ]
        return sorted(found, key=lambda carried: len(carried.changes))

    def on(self, wish: Wish, row: Model, *, fresh: bool = False) -> Carried | None:
        """A wish on another model, whether that can be had or not; None where it can make nothing of it.

        A `fresh` one is no model's yet: what it says carries over, and nothing of what the default would have done.
        """
        try:
            source = None if fresh else find_model(self.catalogue, wish.options.get("model"))
        except Refused:
            source = None
        if wish.clip and not (row.character and source and row.character == source.character):
            return None
        return carry_wish(wish.options, row, pictures=len(wish.pictures), source=source, links=self._links)

    def is_plainest(self, request: GenerationRequest) -> bool:
        """Whether this asks for nothing but what its model does by itself: refusing it is refusing the model."""
        row = self.catalogue.get(request.model)
        return row is not None and plainest(row, request)
