"""Who may manage a server's films: asked anew for every command, press and form."""

from __future__ import annotations

from domain.faults import Refused
from domain.people import Person
from service.policies import Policies


class Rights:
    """Moderators have the right to manage the server; a role named by them may do all but what touches money."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def may_manage(self, person: Person, *, money: bool = False) -> bool:
        """Whether this member may do it; `money` for limits, pots, grants and resets."""
        if not person.guild_id:
            return False
        if person.manager:
            return True
        policy = await self._policies.of(person.guild_id)
        return not money and not policy.moderators.isdisjoint(person.roles)

    async def check(self, person: Person, *, money: bool = False) -> None:
        """Raise Refused for whoever may not."""
        if not person.guild_id:
            raise Refused("server_only")
        if await self.may_manage(person, money=money):
            return
        raise Refused("not_manager" if money and await self.may_manage(person) else "not_moderator")
