"""How the vendor's API is called: two paths, strict limits on what comes back, and one kind of fault."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self, cast
from urllib.parse import quote, urlsplit

import aiohttp

from acedata.wire import MESSAGE_MAX, as_object, fault_for, fault_of, plain, read_report, read_task
from domain.faults import VendorFault
from domain.job import Report, Verdict
from domain.wire import Wire

log = logging.getLogger(__name__)

#: Most bytes of an answer. A list of tasks echoes each request, pictures as Base64 included.
SUBMIT_BYTES, TASKS_BYTES = 1_000_000, 64_000_000
#: Bodies above this are read in a thread.
LARGE_BYTES = 256 * 1024
BATCH_MAX = 50
CONNECT_SECONDS = 10.0
#: How far our clock may be behind the vendor's before its newest tasks fall out of a list.
CLOCK_SLACK_SECONDS = 86_400


class VideoClient:
    """The calls of one account: POST /{provider}/videos and POST /{provider}/tasks.

    Every call raises VendorFault and nothing else (but for its caller's own cancellation): "not_sent" when no
    connection came about, "unknown" when the request may have arrived and no readable answer came back, else what
    `wire.fault_for` makes of the answer. A `session` that is passed in stays its owner's to close. `on_call` hears
    of each call: its path ("sora/videos") and HTTP status, 0 when there was none. ValueError, once and at the start,
    for a `base_url` or `token` with which no call could go out.
    Source: https://platform.acedata.cloud/documents/sora-videos-integration
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str,
        session: aiohttp.ClientSession | None = None,
        submit_seconds: float = 60,
        tasks_seconds: float = 30,
        on_call: Callable[[str, int], None] | None = None,
    ) -> None:
        self._base = base_url.strip().rstrip("/")
        self._token = token.strip()
        parts = urlsplit(self._base)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError("base_url must be like https://api.acedata.cloud")
        if not self._token.isprintable():
            raise ValueError("token must be one line of printable characters")
        self._session = session
        self._own = session is None
        self._closed = False
        self._submit_seconds = submit_seconds
        self._tasks_seconds = tasks_seconds
        self._on_call = on_call

    def __repr__(self) -> str:
        return f"VideoClient({self._base!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the client; calls that follow are "not_sent"."""
        self._closed = True
        if self._own and self._session is not None:
            await self._session.close()

    async def submit(self, wire: Wire, body: dict[str, Any]) -> Report:
        """Ask for a film. Returns PENDING with a task id, or SUCCEEDED with films (then the id may be "").

        An answer that is a failure is the fault that its code stands for, else "vendor_said_no"; one with neither id
        nor films is "unknown".
        """
        status, payload = await self._post(wire.provider, "videos", body)
        report = read_report(wire, payload)
        if report.verdict is Verdict.FAILED:
            raise fault_of(status, report)
        if report.films:
            return report
        if report.task_id:
            # Accepted, whatever else it says: that id's own task tells the rest.
            return replace(report, verdict=Verdict.PENDING)
        raise fault_for(status, payload, None)

    async def task(self, wire: Wire | str, task_id: str) -> Report | None:
        """One task, by the row of its model (or a provider's name, read as Sora's answers are); None if unknown."""
        row = Wire(wire, {}, {}) if isinstance(wire, str) else wire
        status, payload = await self._post(row.provider, "tasks", {"action": "retrieve", "id": task_id})
        if payload == {}:
            return None
        report = read_task(row, payload)
        if report is None or report.task_id not in ("", task_id):
            raise fault_for(status, payload, None)
        return replace(report, task_id=task_id)

    async def tasks(self, wire: Wire, ids: Sequence[str]) -> dict[str, Report]:
        """Those of these tasks that the API knows, by id. ValueError for more than 50 ids."""
        asked = list(dict.fromkeys(ids))
        if len(asked) > BATCH_MAX:
            raise ValueError(f"at most {BATCH_MAX} ids at once, not {len(asked)}")
        if not asked:
            return {}
        body = {"action": "retrieve_batch", "ids": asked}
        reports = [read_task(wire, item) for item in await self._list(wire, body)]
        return {report.task_id: report for report in reports if report and report.task_id in asked}

    async def recent(self, wire: Wire, *, since: int, limit: int = 50, offset: int = 0) -> list[Report]:
        """A page of the account's tasks that were made after `since` (unix ms), as the API orders them.

        One report for each item, so that a page's length can be trusted: an item that cannot be read is UNCLEAR and
        has no id. "bad_request", "not_implemented" or "model_gone" say that this provider has no such list, or none
        whose tasks can be known again: a `wire.task` repeats no request.
        """
        body: dict[str, Any] = {
            "action": "retrieve_batch",
            "created_at_min": since // 1000,
            "created_at_max": int(time.time()) + CLOCK_SLACK_SECONDS,
            "limit": limit,
            "offset": offset,
        }
        items = await self._list(wire, body)
        if wire.task:
            raise VendorFault("bad_request", status=200, message="its tasks do not show what was asked for")
        return [read_task(wire, item) or Report("", Verdict.UNCLEAR) for item in items]

    async def _list(self, wire: Wire, body: dict[str, Any]) -> list[object]:
        status, payload = await self._post(wire.provider, "tasks", body)
        items = (as_object(payload) or {}).get("items")
        if not isinstance(items, list):
            raise fault_for(status, payload, None)
        return cast("list[object]", items)

    async def _post(self, provider: str, what: str, body: dict[str, Any]) -> tuple[int, object]:
        """Status and JSON of a 2xx answer (None when it is no JSON); VendorFault for all else."""
        path = f"{quote(provider, safe='')}/{what}"
        try:
            data = json.dumps(body, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):
            data = None
        if data is None:
            raise VendorFault("bad_request", message="the request cannot be written as JSON")
        answer = await self._exchange(path, data, submits=what == "videos")
        # Raised here and not where it was caught: aiohttp's errors hold the request's headers, our token among them.
        if isinstance(answer, VendorFault):
            self._count(path, answer.status)
            raise answer
        status, retry_after, raw = answer
        self._count(path, status)
        payload = _parse(raw) if len(raw) <= LARGE_BYTES else await asyncio.to_thread(_parse, raw)
        if not 200 <= status < 300:
            raise fault_for(status, payload, retry_after)
        return status, payload

    async def _exchange(
        self, path: str, data: bytes, *, submits: bool
    ) -> tuple[int, str | None, bytearray] | VendorFault:
        """Send, and read the answer up to its limit: (status, Retry-After, body), or the fault that it ended in."""
        seconds = self._submit_seconds if submits else self._tasks_seconds
        status, retry_after = 0, None
        try:
            session = self._ready()
            async with session.post(
                f"{self._base}/{path}",
                data=io.BytesIO(data),  # sent piece by piece: pictures make it megabytes
                headers={
                    "accept": "application/json",
                    "content-type": "application/json",
                    "authorization": f"Bearer {self._token}",
                },
                timeout=aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds / 2)),
                allow_redirects=False,
                raise_for_status=False,
            ) as answer:
                status, retry_after = answer.status, answer.headers.get("retry-after")
                raw = await self._read(answer, SUBMIT_BYTES if submits else TASKS_BYTES)
                return status, retry_after, raw
        except VendorFault as fault:
            return fault
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return VendorFault("not_sent", message=self._words(error))
        except Exception as error:
            # Of any kind: a request about which something flew may have arrived, and its caller must hear just that.
            if status in (400, 401, 413, 429):
                # These refuse even when their words were cut short.
                return fault_for(status, None, retry_after)
            return VendorFault("unknown", status=status, message=self._words(error))

    async def _read(self, answer: aiohttp.ClientResponse, most: int) -> bytearray:
        """The body, unpacked piece by piece, so that neither length nor a gzip bomb costs more than `most` bytes."""
        raw = bytearray()
        async for piece in answer.content.iter_chunked(65_536):
            raw += piece
            if len(raw) > most:
                raise VendorFault("unknown", status=answer.status, message=f"an answer of more than {most} bytes")
        secret = self._token.encode()
        # An API that quotes the token in its complaint must not put it into our log.
        return raw.replace(secret, b"***") if len(secret) >= 8 and secret in raw else raw

    def _ready(self) -> aiohttp.ClientSession:
        if self._closed or (self._session is not None and self._session.closed):
            raise VendorFault("not_sent", message="the client is closed")
        if self._session is None:
            # A new connection for each call: an idle one that the API closes just as we write cannot be told from
            # a lost submission.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def _words(self, error: Exception) -> str:
        return plain(f"{type(error).__name__}: {error}".replace(self._token or "\0", "***"), MESSAGE_MAX)

    def _count(self, path: str, status: int) -> None:
        if self._on_call is None:
            return
        try:
            self._on_call(path, status)
        except Exception:
            # A counter that breaks must not lose the answer to a submission.
            log.exception("on_call failed")


def _parse(raw: bytearray) -> object:
    """The JSON of a body, or None. Bytes that are no UTF-8 are replaced: they stand in texts, and ids are ASCII."""
    try:
        return json.loads(raw.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
