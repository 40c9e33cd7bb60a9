"""The account's balance with the vendor: asked now and then, where the operator gave the means to ask."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from domain.faults import VendorFault

log = logging.getLogger("clapper.balance")

#: Seconds between two questions.
_EVERY = 600.0


class Balance:
    """`ask` raises VendorFault; None means that nobody can be asked."""

    def __init__(
        self, ask: Callable[[], Awaitable[float]] | None, *, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._steady = steady
        self._asked_at: float | None = None
        #: What was left when it was last heard, in the vendor's credits; None while nothing was.
        self.last: float | None = None

    async def look(self) -> float | None:
        """What is left, as far as anybody knows: it may be ten minutes old. Never raises."""
        now = self._steady()
        if self._ask is None or (self._asked_at is not None and now - self._asked_at < _EVERY):
            return self.last
        self._asked_at = now
        try:
            self.last = await self._ask()
        except VendorFault as fault:
            log.warning("the balance could not be read: %s", fault)
        return self.last
