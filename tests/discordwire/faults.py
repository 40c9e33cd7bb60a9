"""Knows which requests shall go wrong, and how."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from .journal import Call
from .model import Json


class Drop(Exception):
    """Raised in a hook: close the connection without an answer; before the action, it never happens."""


@dataclass(eq=False)
class Fault:
    """One planned failure; `hits` are the calls that met it, `times` None means for ever."""

    method: str
    path: re.Pattern[str]
    status: int = 500
    code: int = 0
    message: str = ""
    times: int | None = 1
    after: bool = False
    drop: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: Json | str | None = None
    via: bool = True
    hits: list[Call] = field(default_factory=list)

    def stop(self) -> None:
        self.times = 0

    def matches(self, call: Call) -> bool:
        return self.method in ("*", call.method) and bool(self.path.search(call.path))


Hook = Callable[[Call], Awaitable[None]]


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._hooks: dict[str, list[Hook]] = {"before": [], "after": []}

    def fail(
        self,
        method: str,
        path_regex: str,
        *,
        status: int = 500,
        code: int = 0,
        message: str = "",
        times: int | None = 1,
        after: bool = False,
        drop: bool = False,
        headers: dict[str, str] | None = None,
        body: Json | str | None = None,
        retry_after: float | None = None,
        scope: str = "user",
        via: bool = True,
    ) -> Fault:
        """Let the next `times` matching requests fail, before the action or after it was performed.

        `retry_after` makes it a 429 of that scope (user, global, shared), `drop` closes the socket without an answer,
        `via=False` leaves out the header whose absence marks an answer of the network in front of Discord.
        The path is searched without `/api/v10`; reads of files have paths that begin with `/cdn/`.
        """
        extra = dict(headers or {})
        if retry_after is not None:
            status, message = 429, message or "You are being rate limited."
            extra |= {"Retry-After": f"{retry_after:g}", "X-RateLimit-Scope": scope}
            body = body or {"message": message, "retry_after": retry_after, "global": scope == "global", "code": code}
            if scope == "global":
                extra["X-RateLimit-Global"] = "true"
        one = Fault(method, re.compile(path_regex), status, code, message, times, after, drop, extra, body, via)
        self._faults.append(one)
        return one

    def on_request(self, callback: Hook, when: str = "before") -> None:
        """Call back before each request is acted upon, or after it was, before its answer leaves."""
        self._hooks[when].append(callback)

    def clear_hooks(self) -> None:
        for hooks in self._hooks.values():
            hooks.clear()

    async def run_hooks(self, when: str, call: Call) -> None:
        for hook in list(self._hooks[when]):
            await hook(call)

    def take(self, call: Call, *, after: bool) -> Fault | None:
        for fault in self._faults:
            if fault.times != 0 and fault.after == after and fault.matches(call):
                fault.times = fault.times - 1 if fault.times is not None else None
                fault.hits.append(call)
                return fault
        return None
