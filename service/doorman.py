"""What the moderators' decisions say about a film that is asked for, before anything is charged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from domain.ask import Ask
from domain.catalogue import Catalogue
from domain.credit import EVERYONE, Rule, Standing, resolve
from domain.faults import Refused
from domain.people import Person
from domain.policy import Policy
from domain.request import GenerationRequest
from storage.ledger import Payer, Terms


@dataclass(frozen=True)
class Ceiling:
    """What the operator allows: everyone's credits a day until moderators set a rule, and a server's most a day."""

    daily: int
    server_daily: int


def standing_of(ask: Ask, policy: Policy, ceiling: Ceiling) -> Standing:
    """The rules that count for whoever asks, where they ask."""
    return standing_in(ask.spot.ids or (ask.channel_id,), ask.person, policy, ceiling)


def standing_in(places: Collection[int], person: Person, policy: Policy, ceiling: Ceiling) -> Standing:
    """The rules that count for a person in a place: its channel, and what counts with it."""
    return resolve(
        policy.rules,
        member_id=person.user_id,
        roles=person.roles,
        places=places,
        default=Rule(EVERYONE, "day", ceiling.daily),
    )


def payer_of(ask: Ask) -> Payer:
    """Who pays, and where it is counted."""
    return Payer(ask.guild_id, ask.author_id, ask.spot.counted or (ask.channel_id,))


def terms_of(ask: Ask, policy: Policy, ceiling: Ceiling) -> Terms:
    """What limits whoever asks."""
    return Terms(standing_of(ask, policy, ceiling), ceiling.server_daily, policy.server.zone)


def check(ask: Ask, policy: Policy, *, now: int) -> None:
    """Raise Refused for a blocked member, or a place where films may not be asked for."""
    block = policy.blocks.get(ask.author_id)
    if block and block.holds(now):
        raise Refused("blocked", until=block.until, why=block.reason)
    if not policy.welcomes(ask.spot.ids, certain=ask.spot.certain):
        raise Refused("channel_closed", allowed=sorted(policy.allowed))


def check_request(request: GenerationRequest, standing: Standing, catalogue: Catalogue) -> None:
    """Raise Refused for a model or a length that the rules leave out."""
    if standing.models is not None and request.model not in standing.models:
        can = [row.label for row in catalogue.models if row.key in standing.models and not row.paused]
        row = catalogue.get(request.model)
        raise Refused("model_barred", model=row.label if row else request.model, can=can)
    if standing.longest is not None and request.duration > standing.longest:
        raise Refused("length_barred", asked=request.duration, most=standing.longest)


def needs_approval(ask: Ask, policy: Policy, price: int) -> bool:
    """Whether a moderator has to say yes first."""
    limit = policy.server.approval_above
    if limit is None or price <= limit:
        return False
    trusted = policy.moderators | {policy.server.approval_role_id}
    return not ask.manager and trusted.isdisjoint(ask.roles)


def needs_confirming(policy: Policy, price: int) -> bool:
    """Whether the member is asked first."""
    return policy.server.confirm_above is not None and price > policy.server.confirm_above
