"""Where the bot is killed: every point around a request, those first that were hit least."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.discordwire import Call, Drop

Point = tuple[str, str, str, str]


class Points:
    """Kill points by (who, method, path with names, before or after). `arm` before each life, `disarm` at its end."""

    def __init__(self, kill: Callable[[], Awaitable[None]], dice: random.Random) -> None:
        self._kill = kill
        self._dice = dice
        self.seen: Counter[Point] = Counter()
        self.kills: Counter[Point] = Counter()
        self._missed: Counter[Point] = Counter()
        #: False from a kill on, until the next life.
        self.on = False
        self._target: Point | None = None
        self._pass = 0

    def arm(self) -> Point | None:
        """Choose where this life ends: one of the points that were hit least, or (None) at a random moment."""
        self.on = True
        self._target = None
        if self.seen and self._dice.random() > 0.15:
            # A point that a whole life waited for in vain is rare: it counts as hit, or all would wait for it alone.
            tried = {point: self.kills[point] + self._missed[point] for point in self.seen}
            least = min(tried.values())
            self._target = self._dice.choice([point for point in tried if tried[point] == least])
        self._pass = self._dice.choice((0, 0, 0, 1, 2))
        return self._target

    def disarm(self) -> None:
        """This life ends elsewhere."""
        self.on = False
        if self._target:
            self._missed[self._target] += 1

    async def reach(self, who: str, method: str, path: str, when: str) -> None:
        """A request came to this point; raises Drop when the bot was killed there: as chosen, or at first sight."""
        point = (who, method, path, when)
        new = point not in self.seen
        self.seen[point] += 1
        if not self.on or not (new or point == self._target):
            return
        if not new and self._pass:
            self._pass -= 1
            return
        self.on = False
        self.kills[point] += 1
        await self._kill()
        raise Drop

    def hook(self, when: str) -> Callable[[Call], Awaitable[None]]:
        """For `wire.on_request`."""

        async def hooked(call: Call) -> None:
            await self.reach("discord", call.method, call.template or call.path, when)

        return hooked

    def table(self) -> list[str]:
        """One line a point: how often the bot was killed there, of how many requests."""
        return [f"{self.kills[point]:4} of {count:5}  {' '.join(point)}" for point, count in sorted(self.seen.items())]
