"""Who asks for something and where: what an interaction says about a member and a place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A member as the interaction shows them: roles by their raw ids, `manager` with the right to manage the server."""

    guild_id: int
    user_id: int
    roles: frozenset[int] = frozenset()
    manager: bool = False


@dataclass(frozen=True)
class Spot:
    """A place in a server: the channel, and the parent and category that count with it (0: there is none).

    `certain` is false when Discord did not say what a thread's parent belongs to.
    """

    channel_id: int
    parent_id: int = 0
    category_id: int = 0
    certain: bool = True
    #: Whether it is age-restricted; also where that could not be learned.
    restricted: bool = False

    @property
    def ids(self) -> tuple[int, ...]:
        """All that count, the channel first."""
        return tuple(place for place in (self.channel_id, self.parent_id, self.category_id) if place)

    @property
    def counted(self) -> tuple[int, ...]:
        """Those whose spending is counted: the channel that a thread stands in, and its category."""
        return tuple(place for place in (self.parent_id or self.channel_id, self.category_id) if place)
