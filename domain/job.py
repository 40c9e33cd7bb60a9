"""The life of a generation: its states, what may happen to it, and what follows. One table, used by all."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from domain.request import GenerationRequest
from domain.wire import Wire


class JobState(StrEnum):
    #: Waits for a moderator's word; its credits are held.
    AWAITING = "awaiting"
    #: Committed with its credits held; not sent.
    QUEUED = "queued"
    #: Written just before the request goes out: after a crash here, nobody knows whether the API has it.
    SUBMITTING = "submitting"
    #: The API gave a task id.
    RENDERING = "rendering"
    #: The API succeeded; credits are captured.
    READY = "ready"
    #: It ended without a film; credits are released.
    FAILED = "failed"
    #: No word came in time; credits are released.
    EXPIRED = "expired"
    #: A person stopped it before it was sent; credits are released.
    CANCELLED = "cancelled"


ACTIVE = (JobState.AWAITING, JobState.QUEUED, JobState.SUBMITTING, JobState.RENDERING)
IN_FLIGHT = (JobState.SUBMITTING, JobState.RENDERING)
FINAL = (JobState.READY, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED)


class Event(StrEnum):
    #: Its turn has come: the request is about to go out.
    SEND = "send"
    #: The API answered 2xx with a task id.
    ACCEPTED = "accepted"
    #: A success with films, by answer, callback or poll, of any attempt.
    SUCCEEDED = "succeeded"
    #: The answer was 400, 403 moderation, 413, or 2xx with `success: false`.
    REFUSED = "refused"
    #: The answer was 429.
    SLOWED = "slowed"
    #: The answer was 401, or 403 because the balance is used up.
    ACCOUNT_CLOSED = "account_closed"
    #: The API no longer has this model for us.
    MODEL_CLOSED = "model_closed"
    #: Good looks at the recent tasks did not show it, for the first time.
    NOT_SEEN = "not_seen"
    #: ... and again after it was sent once more.
    NOT_SEEN_AGAIN = "not_seen_again"
    #: A picture or clip cannot be used.
    BAD_INPUT = "bad_input"
    #: A success whose film could not be had for a day.
    NO_FILM = "no_film"
    #: Any other answer, none, or an unreadable one.
    UNCLEAR = "unclear"
    #: A failure of the current attempt, by callback or poll.
    FAILED = "failed"
    #: A failure of an older attempt, or a word that says neither.
    FAILED_OLD = "failed_old"
    #: A callback that carries another task's id.
    STRANGER = "stranger"
    #: The author or a moderator stops it; also a block, or the bot's removal from the server.
    CANCEL = "cancel"
    #: Time is up (and, once sent, the API was asked after that moment).
    DEADLINE = "deadline"
    #: A moderator lets it go on.
    APPROVE = "approve"


class Effect(StrEnum):
    #: Nothing changes.
    IGNORE = "ignore"
    #: The state changes (credits follow: see `credits_after`).
    MOVE = "move"
    #: Only the task id is kept, for operators.
    STORE_ID = "store_id"
    #: The film came after the end: delivered, and stays free.
    FREE_FILM = "free_film"
    #: Ask the API about it now.
    LOOK = "look"
    #: Said no to the person who asked.
    DENY = "deny"
    #: The state stays and the credits go back.
    REFUND = "refund"


@dataclass(frozen=True)
class Step:
    """What an event does to a job in one state."""

    effect: Effect
    to: JobState | None = None


def _to(state: JobState) -> Step:
    return Step(Effect.MOVE, state)


_Q, _S, _R = JobState.QUEUED, JobState.SUBMITTING, JobState.RENDERING
_DONE, _F, _X, _C = JobState.READY, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED
_IGNORE = {state: Step(Effect.IGNORE) for state in JobState}
_ENDED = (_F, _X, _C)

#: Every event × every state. Whatever a row does not name is ignored.
TABLE: dict[Event, dict[JobState, Step]] = {
    event: _IGNORE | row
    for event, row in {
        Event.SEND: {_Q: _to(_S)},
        Event.ACCEPTED: {_S: _to(_R)} | {s: Step(Effect.STORE_ID) for s in (_DONE, *_ENDED)},
        Event.SUCCEEDED: {_Q: _to(_DONE), _S: _to(_DONE), _R: _to(_DONE)} | {s: Step(Effect.FREE_FILM) for s in _ENDED},
        Event.REFUSED: {_S: _to(_F)},
        Event.SLOWED: {_S: _to(_Q)},
        Event.ACCOUNT_CLOSED: {_S: _to(_Q)},
        Event.MODEL_CLOSED: {_Q: _to(_F), _S: _to(_F)},
        Event.NOT_SEEN: {_S: _to(_S)},
        Event.NOT_SEEN_AGAIN: {_S: _to(_F)},
        Event.BAD_INPUT: {JobState.AWAITING: _to(_F), _Q: _to(_F)},
        Event.NO_FILM: {_DONE: Step(Effect.REFUND)},
        Event.UNCLEAR: {},
        Event.FAILED: {_S: _to(_F), _R: _to(_F)},
        Event.FAILED_OLD: {},
        Event.STRANGER: {s: Step(Effect.LOOK) for s in (_Q, _S, _R)},
        Event.CANCEL: {JobState.AWAITING: _to(_C), _Q: _to(_C)}
        | {s: Step(Effect.DENY) for s in (_S, _R, _DONE, *_ENDED)},
        Event.DEADLINE: {_Q: _to(_X), _S: _to(_X), _R: _to(_X)},
        Event.APPROVE: {JobState.AWAITING: _to(_Q)},
    }.items()
}


def step(event: Event, state: JobState) -> Step:
    """What `event` does to a job in `state`."""
    return TABLE[event][state]


class Credits(StrEnum):
    CAPTURE = "capture"
    RELEASE = "release"
    REFUND = "refund"


def credits_after(what: Step) -> Credits | None:
    """The ledger rows that a step writes in the same transaction; None when credits stay as they are."""
    if what.effect is Effect.REFUND:
        return Credits.REFUND
    if what.to is JobState.READY:
        return Credits.CAPTURE
    return Credits.RELEASE if what.to in _ENDED else None


@dataclass(frozen=True)
class Film:
    """One finished film as the API names it."""

    vendor_id: str
    url: str


class Verdict(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PENDING = "pending"
    #: Neither a success nor a failure can be read from it.
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Report:
    """What the API says about one task: in its answer to a submission, a callback, or a look at its tasks."""

    task_id: str
    verdict: Verdict
    films: tuple[Film, ...] = ()
    code: str = ""
    message: str = ""
    trace_id: str = ""
    #: The URL that the request carried, where the API echoes it ("" elsewhere).
    callback_url: str = ""
    #: Unix milliseconds, 0 when not said.
    created_at: int = 0
    #: What the vendor says that it charged, and in which currency; None when not said.
    cost: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class Job:
    """One generation as it is stored. Times are unix milliseconds; ids of Discord are integers."""

    id: str
    guild_id: int
    channel_id: int
    #: Kind of the channel: text, announcement, thread, post, voice, dm.
    place: str
    author_id: int
    locale: str
    request: GenerationRequest
    wire: Wire
    label: str
    price: int
    usual_seconds: int
    private: bool
    spoiler: bool
    state: JobState
    attempt: int
    created_at: int
    interaction_id: int = 0
    task_id: str = ""
    trace_id: str = ""
    #: A task id that a callback named before the API's own answer did: believed once the API shows our URL with it.
    hint_id: str = ""
    sent_at: int = 0
    ended_at: int = 0
    looks: int = 0
    next_look_at: int = 0
    #: Why it ended without a film: a key of the words' table, and the API's own message for operators.
    reason: str = ""
    detail: str = ""
    card_channel_id: int = 0
    card_message_id: int = 0
    #: The interaction's token while it lives, to edit the card outside the global rate limit.
    card_token: str = ""
    #: What its card says while it waits (a `domain.turns.Outlook.mark`), when it says the film comes, and since when.
    card_says: str = ""
    card_ready_at: int = 0
    card_at: int = 0
    announced_at: int = 0
    #: How often there was something new to tell after its end: a film that came late, a redelivery.
    reopened: int = 0
    #: How many messages were begun for it: part of each message's nonce.
    announcement: int = 0
    tries: int = 0
    target_id: int = 0
    target_at: int = 0
    thread_id: int = 0
    message_id: int = 0
    muted: bool = False
    refunded: bool = False
    #: What the API says that it charged for it, and in which currency; None when it did not say.
    cost: float | None = None
    currency: str = ""
    #: Films at once that the server's rules gave its member (0: the operator's), and where films go there.
    member_most: int = 0
    delivery: str = "thread"
    #: Asked for in an age-restricted place, or where nobody could tell; taken away by a moderator; its member blocked.
    restricted: bool = False
    hidden: bool = False
    blocked: bool = False
    #: The generation that it began from, how (see domain.wish.ACTIONS), and its author where that is somebody else.
    parent_id: str = ""
    action: str = ""
    credit: int = 0
    #: The generation whose last frame it begins with.
    continues: str = ""
    reserved: bool = False  # its author lets nobody else build on it
    deleted_at: int = 0
    films: tuple[Film, ...] = ()
    #: The server's language when it was asked for: what everyone reads is in it.
    server_locale: str = ""

    @property
    def told_in(self) -> str:
        """The locale of those who read about it: the server, or the member alone."""
        return self.locale if self.private else self.server_locale

    @property
    def values(self) -> dict[str, Any]:
        """What the sentence about its end needs, from `detail`; empty when it needs nothing."""
        try:
            values: object = json.loads(self.detail)
        except ValueError:
            return {}
        return cast("dict[str, Any]", values) if isinstance(values, dict) else {}

    @property
    def film_came_late(self) -> bool:
        """True when films arrived after the job had ended without one: they are shown, and cost nothing."""
        return bool(self.films) and self.state is not JobState.READY


@dataclass(frozen=True)
class Sent:
    """Where a job's message is; `thread_id` is the channel that holds it, be it a thread or not."""

    thread_id: int
    message_id: int
    #: True for a direct message, which stands in no server.
    direct: bool = False


#: Called with a place right before a message goes there: writes it down and returns the number of the message.
Note = Callable[[int], Awaitable[int]]
