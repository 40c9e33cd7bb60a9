"""Knows the REST calls that answer an interaction: the first response, and everything by its token afterwards."""

from . import payloads
from .commands import check_choice
from .components import check_modal
from .errors import bad_length, invalid, refusal
from .exchange import Exchange, Route
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, KINDS, MODAL_SUBMIT, Interaction
from .model import CHAT_INPUT_COMMAND, DEFAULT, EPHEMERAL, LOADING, REPLY, Json, Message
from .posting import FROM_INTERACTIONS, change, check_sizes, post
from .rules import Draft, check_edit, check_new

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


async def respond(exchange: Exchange) -> Json | None:
    """The first response: once, within three seconds, of a type that fits what the person did."""
    world, payload = exchange.world, exchange.payload
    one = world.interactions.get(exchange.ids["token"])
    if one is None or one.id != exchange.number("interaction"):
        raise refusal(10062)
    if one.acknowledged:
        raise refusal(40060)
    if world.now() - one.created > world.ack_seconds:
        raise refusal(10062)
    kind, data = payload.get("type"), payload.get("data") or {}
    if kind not in _fitting(one):
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {_fitting(one)}, not {kind}.")
    _act(exchange, one, kind, data)
    one.kind = KINDS[kind]
    one.seconds = world.now() - one.created
    one.answered.set()
    wants_answer = exchange.query.get("with_response", "").lower() in ("1", "true")
    return _told(exchange, one, kind) if wants_answer else None


def _fitting(one: Interaction) -> tuple[int, ...]:
    if one.type == AUTOCOMPLETE:
        return (CHOICES,)
    fitting = (MESSAGE, DEFER)
    if one.type == COMPONENT or (one.type == MODAL_SUBMIT and one.source is not None):
        fitting += (DEFER_UPDATE, UPDATE)
    return fitting if one.type == MODAL_SUBMIT else (*fitting, MODAL)


def _act(exchange: Exchange, one: Interaction, kind: int, data: Json) -> None:
    if kind == MESSAGE:
        draft = check_new(data, exchange.body, may_hide=True)
        one.original = _post(exchange, one, draft)
        one.hidden = one.original.ephemeral
    elif kind == DEFER:
        flags = data.get("flags") or 0
        if flags & ~EPHEMERAL:
            raise invalid("data.flags", "MESSAGE_FLAGS_NOT_ALLOWED", "only EPHEMERAL may be set when deferring")
        one.original = _post(exchange, one, Draft(flags=flags | LOADING))
        one.hidden = bool(flags & EPHEMERAL)
    elif kind == CHOICES:
        _check_choices(data.get("choices") or [])
        one.choices = data.get("choices") or []
    elif kind == MODAL:
        check_modal(data)
        one.modal = data
    else:
        assert one.source is not None
        one.original = one.source
        one.hidden = one.source.ephemeral
        if kind == UPDATE:
            _edit(exchange, one, one.source, data)


def _check_choices(choices: list[Json]) -> None:
    if len(choices) > 25:
        raise bad_length("data.choices", 0, 25)
    for index, choice in enumerate(choices):
        check_choice(choice, f"data.choices.{index}")


def _post(exchange: Exchange, one: Interaction, draft: Draft, kind: int | None = None) -> Message:
    """No permission of the bot in the channel is asked for: interactions answer everywhere."""
    check_sizes(draft, one.file_limit)
    if kind is None:
        kind = CHAT_INPUT_COMMAND if one.type == COMMAND else DEFAULT
    message = post(exchange.world, one.channel, draft, default=FROM_INTERACTIONS, kind=kind)
    message.interaction = one.metadata
    message.visible_to = one.user.id if message.ephemeral else None
    return message


def _told(exchange: Exchange, one: Interaction, kind: int) -> Json:
    told: Json = {"interaction": {"id": str(one.id), "type": one.type}}
    if one.original is not None:
        told["interaction"] |= {
            "response_message_id": str(one.original.id),
            "response_message_loading": kind == DEFER,
            "response_message_ephemeral": one.hidden,
        }
    resource: Json = {"type": kind}
    if kind in (MESSAGE, UPDATE, DEFER) and one.original is not None:
        resource["message"] = payloads.message(one.original, exchange.world)
    return told | {"resource": resource}


def _by_token(exchange: Exchange) -> Interaction:
    """The interaction of a webhook path: its token lives for 15 minutes, and only after a first response."""
    world = exchange.world
    if exchange.number("application") != world.application_id:
        raise refusal(10015)
    one = world.interactions.get(exchange.ids["token"])
    if one is None or world.now() - one.created > world.token_seconds:
        raise refusal(50027)
    if not one.acknowledged or one.type == AUTOCOMPLETE:
        raise refusal(10015)
    return one


async def follow_up(exchange: Exchange) -> Json:
    """A further message; straight after a defer it fills the placeholder, whatever its own flag says."""
    one = _by_token(exchange)
    payload = exchange.payload
    draft = check_new(payload, exchange.body, may_hide=True)
    if one.original is not None and one.original.loading and not one.original.deleted:
        draft.flags = draft.flags & ~EPHEMERAL | one.original.flags & EPHEMERAL
        check_sizes(draft, one.file_limit)
        change(exchange.world, one.original, draft, default=FROM_INTERACTIONS)
        one.edits.append(payload)
        return payloads.message(one.original, exchange.world)
    message = _post(exchange, one, draft, REPLY if one.original else DEFAULT)
    message.reference = one.original
    one.followups.append(message)
    return payloads.message(message, exchange.world)


def _find(exchange: Exchange, one: Interaction) -> Message:
    which = exchange.ids["message"]
    mine = {str(message.id): message for message in one.followups}
    if one.original is not None:
        mine |= {"@original": one.original, str(one.original.id): one.original}
    if which not in mine or mine[which].deleted:
        raise refusal(10008)
    return mine[which]


async def get(exchange: Exchange) -> Json:
    return payloads.message(_find(exchange, _by_token(exchange)), exchange.world)


async def edit(exchange: Exchange) -> Json:
    one = _by_token(exchange)
    message = _find(exchange, one)
    _edit(exchange, one, message, exchange.payload)
    return payloads.message(message, exchange.world)


def _edit(exchange: Exchange, one: Interaction, message: Message, payload: Json) -> None:
    loading, message.flags = message.flags, message.flags & ~LOADING
    try:
        draft = check_edit(payload, exchange.body, message, exchange.world.refuse_new_media_in_v2_edits)
        check_sizes(draft, one.file_limit)
    except Exception:
        message.flags = loading
        raise
    change(exchange.world, message, draft, default=FROM_INTERACTIONS)
    one.edits.append(payload)


async def delete(exchange: Exchange) -> None:
    exchange.world.delete_message(_find(exchange, _by_token(exchange)))


WEBHOOK = "/webhooks/{application}/{token}"
ROUTES = [
    Route("POST", "/interactions/{interaction}/{token}/callback", respond, key="token"),
    Route("POST", WEBHOOK, follow_up, key="token"),
    Route("GET", WEBHOOK + "/messages/{message}", get, key="token"),
    Route("PATCH", WEBHOOK + "/messages/{message}", edit, key="token"),
    Route("DELETE", WEBHOOK + "/messages/{message}", delete, key="token"),
]
