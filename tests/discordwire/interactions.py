"""Knows one interaction's life: what a person did, how the bot answered, and when."""

import asyncio
from dataclasses import dataclass, field

from .model import Channel, Json, Member, Message, StoredFile, User

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
KINDS = {4: "message", 5: "defer", 6: "defer_update", 7: "update", 8: "choices", 9: "modal"}


@dataclass(eq=False)
class Interaction:
    """`kind` is None until the bot answers, then message, defer, defer_update, update, choices or modal.

    `original` is the message that `@original` means; `followups` are further ones; `edits` counts every change by
    this interaction's token; `seconds` is the time to the answer.
    """

    id: int
    token: str
    type: int
    user: User
    member: Member | None
    channel: Channel
    created: float
    name: str = ""
    source: Message | None = None
    file_limit: int = 0
    metadata: Json = field(default_factory=dict)
    kind: str | None = None
    delivered: bool = False
    hidden: bool = False
    seconds: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    edits: list[Json] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def response(self, timeout: float = 10) -> "Interaction":
        """This interaction, once the bot has answered it."""
        try:
            async with asyncio.timeout(timeout):
                await self.answered.wait()
        except TimeoutError:
            taken = "" if self.delivered else " (no connection took it)"
            raise TimeoutError(f"no answer to {self.name or self.type} within {timeout} s{taken}") from None
        return self

    @property
    def acknowledged(self) -> bool:
        return self.kind is not None

    @property
    def ephemeral(self) -> bool:
        """Only the person sees the answer."""
        return self.hidden

    @property
    def message(self) -> Message:
        assert self.original is not None, f"{self.name or self.type} has no message: {self.kind}"
        return self.original

    @property
    def content(self) -> str:
        return self.message.content

    @property
    def components(self) -> list[Json]:
        return self.message.components

    @property
    def embeds(self) -> list[Json]:
        return self.message.embeds

    @property
    def files(self) -> list[StoredFile]:
        return self.message.files

    @property
    def text(self) -> str:
        """All that a person reads in the answer: content, then every text display."""
        return self.message.text
