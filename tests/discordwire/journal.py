"""Knows what was asked of the stand-in, in order, and wakes a test that waits for something."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from .model import Json

T = TypeVar("T")


@dataclass(eq=False)
class Call:
    """One request: `template` is its route with names for ids; status None means that no answer was given (yet)."""

    number: int
    method: str
    path: str
    template: str = ""
    counted: bool = True
    status: int | None = None
    code: int | None = None
    payload: Json = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        return f"#{self.number} {self.method} {self.path} → {self.status}{f' ({self.code})' if self.code else ''}"


class Journal:
    """`log` holds REST calls, `downloads` reads of files, `unexpected` what the stand-in does not know."""

    def __init__(self) -> None:
        self.log: list[Call] = []
        self.downloads: list[Call] = []
        self.unexpected: list[str] = []
        self._changed = asyncio.Event()

    @property
    def counted(self) -> list[Call]:
        """The calls that Discord's global limit counts: all but those of interactions."""
        return [call for call in self.log if call.counted]

    @property
    def refused(self) -> list[Call]:
        """The calls that were answered with an error."""
        return [call for call in self.log if call.status is not None and call.status >= 400]

    def calls(self, method: str, template: str) -> list[Call]:
        """The calls of one route, such as `calls("POST", "/channels/{channel}/messages")`."""
        return [call for call in self.log if (call.method, call.template) == (method, template)]

    def changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 10) -> T:
        """What the predicate gives once it is true; looked at whenever something happened here."""
        try:
            async with asyncio.timeout(timeout):
                while not (value := predicate()):
                    await self._changed.wait()
                return value
        except TimeoutError:
            last = "\n  ".join(str(call) for call in self.log[-15:]) or "none"
            unexpected = f"\nunexpected: {self.unexpected}" if self.unexpected else ""
            raise TimeoutError(f"not within {timeout} s; the last calls were\n  {last}{unexpected}") from None
