"""What the moderators of a server have decided: its settings, rules, lists, blocks and words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.credit import Rule
from domain.wordrules import WordRule

#: Where films go: a thread for each film, a thread for each member, or the channel itself. Stored with every job.
DELIVERIES = ("thread", "member", "channel")
#: What a channel can be listed as. Stored: they never change their meaning.
LISTS = ("allow", "deny", "spoiler")


@dataclass(frozen=True)
class Server:
    """A server's settings; the defaults are those of a server whose moderators have said nothing."""

    guild_id: int
    timezone: str = "UTC"
    #: A Discord locale for public words; "" means the server's own.
    language: str = ""
    #: What Discord says that the server speaks, as it was heard last.
    guild_locale: str = ""
    log_channel_id: int = 0
    delivery: str = "thread"
    #: Films that cost more are asked about first, and wait for a moderator; None: never.
    confirm_above: int | None = None
    approval_above: int | None = None
    #: Members with this role need no approval; 0: only moderators need none.
    approval_role_id: int = 0
    #: Members may give granted credits to one another.
    transfers: bool = False
    #: Members may run one another's films again.
    reuse: bool = True
    #: Where films with so many stars are shown; 0: nowhere, and no stars. Whether each week is looked back on.
    showcase_channel_id: int = 0
    showcase_stars: int = 3
    digest: bool = False
    digest_week: str = ""
    #: Keys of models in the order in which they are offered, with spaces between; the catalogue's own order after them.
    models: str = ""
    #: When setting up was offered, and when somebody first decided something; unix ms, 0 for never.
    offered_at: int = 0
    set_up_at: int = 0

    @property
    def spoken(self) -> str:
        """The Discord locale of words for everyone; "" while nothing was heard."""
        return self.language or self.guild_locale

    @property
    def order(self) -> tuple[str, ...]:
        """The keys of the models that moderators want in front."""
        return tuple(self.models.split())

    @property
    def zone(self) -> tzinfo:
        """The time zone in which days begin; UTC where the stored name is no longer known."""
        return zone_of(self.timezone) or UTC


@dataclass(frozen=True)
class Block:
    """A member who may make no films, until a moment (unix ms) or until it is lifted (None)."""

    member_id: int
    reason: str
    until: int | None
    by_id: int
    at: int

    def holds(self, now: int) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Policy:
    """Everything that is decided for one server."""

    server: Server
    rules: tuple[Rule, ...] = ()
    allowed: frozenset[int] = frozenset()
    denied: frozenset[int] = frozenset()
    spoilered: frozenset[int] = frozenset()
    #: Roles whose members are moderators for all but money.
    moderators: frozenset[int] = frozenset()
    blocks: Mapping[int, Block] = field(default_factory=lambda: MappingProxyType[int, Block]({}))
    words: tuple[WordRule, ...] = ()

    def welcomes(self, places: Collection[int], *, certain: bool = True) -> bool:
        """Whether films may be asked for in a place (its channel, parent and category).

        `certain` is false when not all of these could be learned: then a list that might name one counts against it.
        """
        if any(place in self.denied for place in places) or (self.denied and not certain):
            return False
        return not self.allowed or any(place in self.allowed for place in places)

    def spoils(self, places: Collection[int]) -> bool:
        """Whether every film of a place is hidden behind a spoiler."""
        return any(place in self.spoilered for place in places)


def zone_of(name: str) -> tzinfo | None:
    """The time zone of an IANA name such as Europe/Berlin; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
