"""What delivery asks of whoever brings finished jobs to people."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from domain.job import Job, Note, Sent


class Courier(Protocol):
    """Who brings a finished job to people. Raises DeliveryFault."""

    async def upload_limit(self, job: Job) -> int:
        """Bytes of one file that the job's place is likely to take."""
        ...

    async def find(self, job: Job) -> Sent | None:
        """The job's message, when an earlier try did send it."""
        ...

    async def find_card(self, job: Job) -> Sent | None:
        """The job's card, where it stands although nobody noted it."""
        ...

    async def bring(self, job: Job, files: list[Path], links: list[str], note: Note, *, spare: int) -> Sent:
        """Post the films (files, or links where no file fits) and mention the member.

        `spare` is the member's newest thread there, for when no other can be made now; 0 when there is none.
        """
        ...

    async def tell(self, job: Job, note: Note) -> Sent | None:
        """Say that a job ended without a film; None when its card already says all that there is to say."""
        ...

    async def keep_quiet(self, job: Job) -> None:
        """Let the card alone say how a job ended that its member does not want posted. Never raises for Discord's own
        troubles."""
        ...

    async def say_unreachable(self, job: Job) -> None:
        """Let the card say that the film is made, but cannot be fetched yet."""
        ...

    async def finish_card(self, job: Job, sent: Sent) -> None:
        """Let the card say that it is done, and link there. Never raises for Discord's own troubles."""
        ...
