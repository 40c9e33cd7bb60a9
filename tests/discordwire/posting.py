"""Knows how an accepted draft becomes a message, or changes one."""

from .errors import refusal
from .mentions import NOBODY, pings
from .model import Channel, Message, Pings, StoredFile, User
from .permissions import BITS
from .rules import Draft, text_of
from .world import World

FROM_MESSAGES = {"users", "roles", "everyone"}
FROM_INTERACTIONS = {"users"}


def check_sizes(draft: Draft, limit: int) -> None:
    if any(upload.size > limit for upload in draft.uploads.values()):
        raise refusal(40005)


def files_of(world: World, channel: Channel, draft: Draft) -> list[StoredFile]:
    """The files to keep and the new ones, which get their ids here."""
    files = list(draft.kept)
    for name, upload in draft.uploads.items():
        one = world.store(name, upload.data or b"", channel)
        one.size, one.sha256, one.data = upload.size, upload.sha256, upload.data
        one.description = draft.descriptions.get(name)
        files.append(one)
    return files


def mentions_of(
    world: World, channel: Channel, by: User, draft: Draft, *, default: set[str], replied: User | None = None
) -> Pings:
    rights = world.rights(channel) if by is world.bot else BITS["MENTION_EVERYONE"]
    return pings(text_of(draft), draft.allowed, by=by, rights=rights, channel=channel, default=default, replied=replied)


def post(
    world: World, channel: Channel, draft: Draft, *, default: set[str], reply_to: Message | None = None, kind: int = 0
) -> Message:
    """A new message of the bot, visible to all or, with the ephemeral flag, to nobody but whom the caller names."""
    replied = reply_to.author if reply_to else None
    found = mentions_of(world, channel, world.bot, draft, default=default, replied=replied)
    message = Message(world.new_id(), channel, world.bot, world.now(), draft.content, type=kind)
    message.reference = reply_to
    message.mentions = found
    fill(world, message, draft)
    message.pings = NOBODY if message.ephemeral else found
    channel.messages[message.id] = message
    return message


def fill(world: World, message: Message, draft: Draft) -> None:
    message.content, message.embeds, message.components = draft.content, draft.embeds, draft.components
    message.flags = draft.flags
    message.files = files_of(world, message.channel, draft)
    message.shown_files = {one.id for one in message.files if one.filename in draft.shown}


def change(world: World, message: Message, draft: Draft, *, default: set[str]) -> None:
    """An edit: it highlights whom it mentions, but notifies nobody, not even when it fills a placeholder."""
    message.mentions = mentions_of(world, message.channel, message.author, draft, default=default)
    fill(world, message, draft)
    message.edited = world.now()
    message.edits += 1
