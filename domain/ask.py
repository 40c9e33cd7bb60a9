"""Who asks for a film, where, and with what: the beginning of every generation."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.clip import Clip
from domain.people import Person, Spot
from domain.wish import Attachment


@dataclass(frozen=True)
class Ask:
    """One interaction that wants a film. Ids are Discord's; `place` is the kind of the channel."""

    interaction_id: int
    token: str
    guild_id: int
    channel_id: int
    place: str
    author_id: int
    #: The member's language and the server's, as Discord names them.
    locale: str
    server_locale: str = ""
    private: bool = False
    spoiler: bool = False
    pictures: tuple[Attachment, ...] = ()
    #: The clip of a character, where the film is to have one.
    clip: Clip | None = None
    #: The generation that it begins from, how (see domain.wish.ACTIONS), and its author where that is somebody else.
    parent_id: str = ""
    action: str = ""
    credit: int = 0
    #: The generation whose last frame it begins with.
    continues: str = ""
    #: What counts where it was asked.
    spot: Spot = field(default_factory=lambda: Spot(0))
    #: The member's roles, and whether they have the right to manage the server.
    roles: frozenset[int] = field(default_factory=frozenset[int])
    manager: bool = False

    @property
    def person(self) -> Person:
        """Who asks."""
        return Person(self.guild_id, self.author_id, self.roles, self.manager)
