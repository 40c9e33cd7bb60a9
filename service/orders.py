"""What a command becomes on its way to a row: a checked order, the job that is written, and what it is then."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from domain.ask import Ask
from domain.job import Job, JobState
from domain.model import Mode, Model
from domain.request import GenerationRequest

# No letters that look like a digit: people read these to one another.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class Order:
    """A checked request with its price: what `admit` takes."""

    ask: Ask
    request: GenerationRequest
    label: str
    price: int
    #: What start and end of its clip count: position, seconds; "" without a clip.
    unit: str = ""
    #: The member is to be asked first whether it is worth that much.
    confirm: bool = False


@dataclass(frozen=True)
class Admitted:
    """A job that was written, with the credits left (None: no limit). `double` is the first of two equal commands."""

    job: Job
    left: int | None
    #: When to expect the film, unix ms.
    ready_at: int
    #: Jobs whose turn comes before its own; None where it need not wait.
    ahead: int | None = None
    double: bool = False


def new_job(
    order: Order,
    row: Model,
    mode: Mode,
    *,
    card: tuple[int, int],
    state: JobState,
    delivery: str,
    member_most: int,
    now: int,
) -> Job:
    """The job of an order, begun now (unix ms); `card` is the (channel, message) of a card that is already shown.

    `delivery` and `member_most` are what the server's rules say now.
    """
    ask = order.ask
    return Job(
        id="".join(_ALPHABET[byte & 31] for byte in secrets.token_bytes(10)),
        interaction_id=ask.interaction_id,
        guild_id=ask.guild_id,
        channel_id=ask.channel_id,
        place=ask.place,
        author_id=ask.author_id,
        locale=ask.locale,
        server_locale=ask.server_locale,
        request=order.request,
        wire=mode.wire,
        label=row.label,
        price=order.price,
        usual_seconds=row.usual_seconds,
        private=ask.private,
        spoiler=ask.spoiler,
        restricted=ask.spot.restricted,
        state=state,
        attempt=1,
        created_at=now,
        card_channel_id=card[0],
        card_message_id=card[1],
        card_token="" if card[1] else ask.token,
        parent_id=ask.parent_id,
        action=ask.action,
        credit=ask.credit,
        continues=ask.continues,
        delivery=delivery,
        member_most=member_most,
    )


def fold(order: Order) -> str:
    """Equal for two commands that want the same: a double within seconds is one job."""
    ask = order.ask
    pictures = [(picture.name, picture.size, picture.sha256) for picture in ask.pictures]
    origin = (ask.parent_id, ask.action)
    clip = ask.clip and (ask.clip.name, ask.clip.size, ask.clip.film, ask.clip.sha256)
    parts = (ask.channel_id, ask.private, ask.spoiler, order.request, pictures, origin, clip)
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
