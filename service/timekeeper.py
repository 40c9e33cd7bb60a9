"""The wall clock against the steady one: a jump of hours must neither end jobs early nor put them to sleep."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from domain.pace import HOUR
from service.loops import now_ms
from storage import looks
from storage.database import Database

log = logging.getLogger("clapper.timekeeper")

#: Differences that are no jump: slow steps, a clock that is set right bit by bit.
_SLACK_MS = 30_000


class Timekeeper:
    """Notices that the wall clock was set, and that appointments lie further ahead than any pause of ours."""

    def __init__(
        self,
        db: Database,
        *,
        deadline: int,
        clock: Callable[[], int] = now_ms,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._deadline = deadline
        self._clock = clock
        self._steady = steady
        self._last: tuple[int, float] | None = None
        self._patient_until = -1.0

    @property
    def patient(self) -> bool:
        """True while deadlines prove nothing: the clock was set less than one deadline ago."""
        return self._steady() < self._patient_until

    async def watch(self) -> None:
        """To be called again and again. At the first call and after a jump, far appointments are moved to now."""
        wall, steady = self._clock(), self._steady()
        if self._last is not None:
            jump = (wall - self._last[0]) - int((steady - self._last[1]) * 1000)
            if abs(jump) < _SLACK_MS:
                self._last = (wall, steady)
                return
            log.warning("the clock jumped by %d s; nothing expires for a while", jump // 1000)
            self._patient_until = steady + self._deadline / 1000
        async with self._db.transaction(heavy=True) as conn:
            await looks.bring_near(conn, now=wall, furthest=wall + 2 * HOUR)
        self._last = (wall, steady)  # only now: a jump that could not be written down is noticed again
