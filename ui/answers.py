"""Answering an interaction in time, once, and calmly, whatever happens inside."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from domain import trail
from domain.faults import Fault
from ui import cards
from ui.language import _, speaking
from ui.meanings import TROUBLES, wait_of
from ui.results import Classic
from ui.words_refused import explain

log = logging.getLogger("clapper.answers")

#: Discord wants a first answer within 3 s; a defer has to leave time for itself.
QUICK = 1.5
#: The longest wait for a second try, in seconds: with what went before, it still ends within those 3.
_SOON = 1.0
#: Discord's code for an interaction that has its first response.
_ANSWERED = 40060
_NOBODY = discord.AllowedMentions.none()


@dataclass(frozen=True)
class Shown:
    """The public message that an answer became; ids are 0 where it was for one member's eyes."""

    channel_id: int = 0
    message_id: int = 0


@dataclass(frozen=True)
class Reply:
    """What an answer shows: a card for the member alone, or a function that makes one for everyone.

    A public card is in the server's language, so it is made only once that is spoken: `locale`, or what Discord says.
    """

    card: cards.Card | Classic | Callable[[], cards.Card]
    public: bool = False
    locale: str = ""

    def __post_init__(self) -> None:
        if self.public != callable(self.card):
            raise TypeError("a public card is a function that makes it, a private one is made")

    def made(self, interaction: discord.Interaction) -> cards.Card | Classic:
        """The card, in the language of those who see it."""
        if isinstance(self.card, cards.Card | Classic):
            return self.card
        with speaking(self.locale or str(interaction.guild_locale or "")):
            return self.card()


async def answer_with(interaction: discord.Interaction, work: Awaitable[Reply]) -> Shown:
    """Answer with what `work` makes: directly when it is quick, else after a defer.

    A deferred answer cannot change between public and private, so it is for the member alone, and a public card
    follows it as a message of its own. A Fault becomes a refusal that only the member sees. All of it speaks the
    member's language, but for public cards.
    """
    trail.note(interaction=interaction.id)
    with speaking(str(interaction.locale)):
        return await _answer(interaction, work)


async def _answer(interaction: discord.Interaction, work: Awaitable[Reply]) -> Shown:
    task = asyncio.ensure_future(work)
    try:
        done, _pending = await asyncio.wait({task}, timeout=QUICK)
        if not done:
            await interaction.response.defer(ephemeral=True, thinking=True)
    except TROUBLES as error:
        # Too late for an answer. What was begun goes on all the same: the film says where it belongs when it comes.
        log.warning("%s could not be answered in time: %s", _name(interaction), type(error).__name__)
    try:
        reply = await task
    except Fault as fault:
        log.info("refused: %s", fault)
        reply = Reply(cards.refusal(explain(fault)))
    try:
        return await _show(interaction, reply)
    except TROUBLES as error:
        log.warning("the answer to %s could not be shown: %s", _name(interaction), type(error).__name__)
        return Shown()


async def _show(interaction: discord.Interaction, reply: Reply) -> Shown:
    card = reply.made(interaction)
    message_id = 0 if interaction.response.is_done() else await _send(interaction, card, public=reply.public)
    if message_id:
        return Shown(interaction.channel_id or 0, message_id) if reply.public else Shown()
    if not reply.public:
        content = _content(card, files="attachments")
        await interaction.edit_original_response(**content, allowed_mentions=_NOBODY)
        return Shown()
    first = cards.note(f"🎬 {_('Started: the card is below.')}")
    await interaction.edit_original_response(view=first, allowed_mentions=_NOBODY)
    message = await interaction.followup.send(**_content(card), wait=True, allowed_mentions=_NOBODY)
    return Shown(message.channel.id, message.id)


async def _send(interaction: discord.Interaction, card: cards.Card | Classic, *, public: bool) -> int:
    """The first response; returns its message's id, 0 when it turns out to have been deferred.

    Where nobody knows whether it arrived, it is sent once more: Discord says when there is one already.
    """
    for tries_left in (1, 0):
        try:
            response = await interaction.response.send_message(
                **_content(card), ephemeral=not public, allowed_mentions=_NOBODY
            )
        except discord.HTTPException as error:
            # A 429 that bears no sign of Discord's own servers is raised at once: a short wait leaves time to answer.
            wait = wait_of(error).get("retry_after", _SOON)
            if error.status == 429 and wait <= _SOON and tries_left:
                await asyncio.sleep(wait)
                continue
            if error.code != _ANSWERED:
                raise
            break
        except TROUBLES:
            if not tries_left:
                raise
        except TypeError:  # discord.py found nothing to read: Discord took it, and said no more than that
            break
        else:
            if response.message_id:
                return response.message_id
            break
    there = await interaction.original_response()
    return 0 if there.flags.loading else there.id


def press(interaction: discord.Interaction, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """What a pressed component's id says, where it is of this kind; None for everything else."""
    if interaction.type is not discord.InteractionType.component:
        return None
    return pattern.fullmatch(str((interaction.data or {}).get("custom_id", "")))


async def answer_press(interaction: discord.Interaction, work: Awaitable[Reply], *, turn: bool = False) -> Shown:
    """As `answer_with`, for a component. With `turn` the answer takes the place of the message that was pressed.

    Nobody else would answer for an error here: discord.py only logs it, and the member sees "interaction failed".
    """
    try:
        return await (_turn_with(interaction, work) if turn else answer_with(interaction, work))
    except Exception as error:
        await say_trouble(interaction, error)
        return Shown()


async def _turn_with(interaction: discord.Interaction, work: Awaitable[Reply]) -> Shown:
    task = asyncio.ensure_future(work)
    done, _pending = await asyncio.wait({task}, timeout=QUICK)
    if not done:
        await interaction.response.defer()  # of a component: nothing is shown, and the message may be changed later
    try:
        reply = await task
    except Fault as fault:
        await say_trouble(interaction, fault)
        return Shown()
    shown = _content(reply.made(interaction), files="attachments")
    if interaction.response.is_done():
        await interaction.edit_original_response(**shown, allowed_mentions=_NOBODY)
    else:
        await interaction.response.edit_message(**shown, allowed_mentions=_NOBODY)
    return Shown()


def _content(card: cards.Card | Classic, *, files: str = "files") -> dict[str, Any]:
    """The arguments of a call that shows this; an edit calls its files attachments."""
    if isinstance(card, cards.Card):
        if not card.pictures:
            return {"view": card}
        if files == "attachments":
            return {"view": card.bare}  # Discord takes no new pictures in the edit of a card
        return {"view": card, files: [discord.File(io.BytesIO(data), name) for name, data in card.pictures]}
    shown: dict[str, Any] = {"content": card.text}
    if card.buttons:
        shown["view"] = card.buttons
    if card.file:
        name, data = card.file
        shown[files] = [discord.File(io.BytesIO(data), filename=name)]
    return shown


async def say_trouble(interaction: discord.Interaction, error: BaseException) -> None:
    """The last exit for any error: one calm sentence with a reference that the log has too. Never raises."""
    trail.note(interaction=interaction.id)
    fault = getattr(error, "original", error)
    if interaction.client.is_closed():  # what was taken is written down: the next start shows its card
        log.warning("%s: the bot ended before it could answer", _name(interaction))
        return
    with speaking(str(interaction.locale)):
        if isinstance(fault, Fault) and type(fault).REASONS:
            card = cards.refusal(explain(fault))
            log.info("refused: %s", fault)
        else:
            reference = secrets.token_hex(4)
            log.error("reference %s: %s failed", reference, _name(interaction), exc_info=fault)
            card = cards.trouble(reference)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(view=card, ephemeral=True, allowed_mentions=_NOBODY)
        else:
            await interaction.response.send_message(view=card, ephemeral=True, allowed_mentions=_NOBODY)
    except (*TROUBLES, RuntimeError) as silent:
        log.warning("nobody could be told: %s", type(silent).__name__)


def _name(interaction: discord.Interaction) -> str:
    if interaction.command:
        return f"/{interaction.command.qualified_name}"
    data = interaction.data or {}
    return str(data.get("custom_id", "an interaction"))[:60]
