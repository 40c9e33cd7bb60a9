"""How the vendor's JSON is read: reports on tasks, and what each error means. (body.py writes it.)

Nothing here raises on what the vendor sends: a value of the wrong type counts as absent.
Source: https://platform.acedata.cloud/documents/sora-videos-integration
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast
from urllib.parse import urlsplit

from domain.faults import VendorFault
from domain.job import Film, Report, Verdict
from domain.wire import Wire

#: The words of the vendor's models for one end, the other, and neither yet; compared without regard to case.
DONE_WORDS = frozenset({"succeed", "succeeded", "success", "completed", "complete", "finished", "done"})
FAILED_WORDS = frozenset({"failed", "failure", "error", "cancelled", "canceled", "rejected"})
PENDING_WORDS = frozenset({"pending", "queued", "processing", "running"})

#: Longest texts that are kept, in characters, and most films of one answer (as many as one message can carry).
MESSAGE_MAX, ID_MAX, URL_MAX, FILMS_MAX = 500, 200, 4_096, 10
RETRY_AFTER_MAX = 3_600.0
#: What no single film costs: an amount beyond it is a mistake, and NaN compares false.
COST_MAX = 1e9


def read_report(wire: Wire, payload: object) -> Report:
    """What the body of an answer or a callback says about its task.

    A state word outranks `success`; a success may come without films, which callers judge. Never raises.
    Shape: `{"success": true, "task_id", "trace_id", "data": [{"id", "video_url", "state"}]}`.
    """
    answer = as_object(payload)
    if answer is None:
        return Report("", Verdict.UNCLEAR if payload is not None else Verdict.PENDING)
    entries = [entry for each in _each(answer, wire.films) if (entry := as_object(each)) is not None]
    states = [_word(wire, _first(entry, wire.state)) for entry in entries]
    words = {word for word in states if word} or {word for word in [_word(wire, _first(answer, wire.state))] if word}
    films = [
        Film(plain(_first(entry, wire.id), ID_MAX), link)
        for entry, word in zip(entries, states, strict=True)
        if (not word or word in DONE_WORDS) and (link := _link(_first(entry, wire.url)))
    ]
    code, message = _error(answer, wire.error)
    verdict = _verdict(answer, words, code, linked=bool(films), named=bool(_first(answer, wire.task_id)))
    amount, currency = _cost(_first(answer, wire.cost))
    return Report(
        task_id=plain(_first(answer, wire.task_id), ID_MAX),
        verdict=verdict,
        films=tuple(films[:FILMS_MAX]) if verdict is Verdict.SUCCEEDED else (),
        code=code,
        message=message,
        trace_id=plain(answer.get("trace_id") or answer.get("request_id"), ID_MAX),
        cost=amount,
        currency=currency,
    )


def read_task(wire: Wire, item: object) -> Report | None:
    """What one item of /{provider}/tasks says; None for what is no task (an unknown id gives `{}`). Never raises.

    Shape: `{"id", "created_at": unix seconds, "request": {…, "callback_url"}, "response": {…}, "trace_id"}`, where
    `response` is absent, or lacks `success`, while the film is being made. Where a wire names a `task`, it is the task
    itself that has a state and a film, within an object of that name or (in lists) without.
    """
    task = as_object(item)
    if task is not None and wire.task:
        return _bare_task(wire, task)
    if task is None or not ({"id", "request", "response"} & task.keys()):
        return None
    response = as_object(task.get("response"))
    report = read_report(wire, response)
    if report.verdict is Verdict.UNCLEAR and not isinstance((response or {}).get("success"), bool):
        report = replace(report, verdict=Verdict.PENDING)
    return replace(
        report,
        task_id=plain(task.get("id"), ID_MAX) or report.task_id,
        trace_id=report.trace_id or plain(task.get("trace_id"), ID_MAX),
        callback_url=plain((as_object(task.get("request")) or {}).get("callback_url"), URL_MAX),
        created_at=_milliseconds(task.get("created_at")),
    )


def fault_of(status: int, report: Report) -> VendorFault:
    """The fault that a failure stands for which came at once, with a status that says otherwise."""
    reason = _reason(status, report.code.casefold(), False)
    return VendorFault(reason, status=status, code=report.code, message=report.message, trace_id=report.trace_id)


def _bare_task(wire: Wire, task: dict[str, object]) -> Report | None:
    inner = as_object(task.get(wire.task)) or task
    if "id" not in inner:
        return None
    report = read_report(wire, {wire.task: inner})
    return replace(report, created_at=_milliseconds(inner.get("created_at")))


def fault_for(status: int, payload: object, retry_after: str | None, *, now: datetime | None = None) -> VendorFault:
    """The fault that an HTTP answer stands for; `now` (an aware time) is for a `Retry-After` that names a date.

    Never raises. Anything that does not surely say no is "unknown": the API may have accepted the request.
    Source: https://docs.acedata.cloud (error codes), https://platform.acedata.cloud ("Error Handling").
    """
    answer = as_object(payload) or {}
    code, message = _error(answer, "error")
    return VendorFault(
        _reason(status, code.casefold(), answer.get("success")),
        status=status,
        code=code,
        message=message,
        trace_id=plain(answer.get("trace_id") or answer.get("request_id"), ID_MAX),
        retry_after=_seconds(retry_after, now or datetime.now(UTC)) if status == 429 else None,
    )


#: Codes that blame the account, whatever is asked of it.
_ACCOUNT = {
    "used_up": "account_balance",
    **dict.fromkeys(("no_token", "invalid_token", "token_expired"), "account_token"),
}
#: What a code means in a 2xx that says no. Others are left to whoever knows the words of a failed task.
_SAID_NO = {
    **_ACCOUNT,
    **dict.fromkeys(("no_api", "disabled"), "model_gone"),
    **dict.fromkeys(("too_many_requests", "rate_limited"), "slow_down"),
    "api_not_implemented": "not_implemented",
}


def _reason(status: int, code: str, success: object) -> str:
    if 200 <= status < 300:
        return _SAID_NO.get(code, "vendor_said_no") if success is False else "unknown"
    # These statuses say it whatever the code is.
    if status in (401, 413, 422, 429):
        return {401: "account_token", 413: "too_big", 422: "moderation", 429: "slow_down"}[status]
    if 400 <= status < 500 and code == "api_not_implemented":
        return "not_implemented"
    if (status, code) in {(400, "disabled"), (404, "no_api")}:
        return "model_gone"
    if status == 403:
        # A token that does not match is the account's here; as a 400 it is Sora's word for a wrong parameter.
        return {**_ACCOUNT, "token_mismatched": "account_token", "forbidden": "moderation"}.get(code, "model_gone")
    if status == 400:
        return "account_token" if code == "no_token" else "bad_request"
    return "unknown"


def _verdict(answer: dict[str, object], words: set[str], code: str, *, linked: bool, named: bool) -> Verdict:
    success, error = answer.get("success"), answer.get("error")
    # `success: false` with a code is the end, even where a film still says "pending": some models leave it so.
    if success is False and code and not words & DONE_WORDS:
        return Verdict.FAILED
    # One film of several that is not there yet: wait for all of them.
    if words & PENDING_WORDS:
        return Verdict.PENDING
    if words & DONE_WORDS:
        return Verdict.SUCCEEDED
    if success is False or (words and words <= FAILED_WORDS):
        return Verdict.FAILED
    if words:
        return Verdict.UNCLEAR
    if success is True:
        return Verdict.SUCCEEDED
    only_an_id = not error and not linked and (named or not answer)
    return Verdict.PENDING if only_an_id else Verdict.UNCLEAR


def _error(answer: dict[str, object], path: str) -> tuple[str, str]:
    """Code and message, whether they stand in `error` (a code may be called its type), are it, or stand beside it."""
    error = _first(answer, path)
    inner = as_object(error)
    if inner is None:
        inner = {"code": answer.get("code"), "message": answer.get("message") or answer.get("detail")}
        if isinstance(error, str):
            inner["message"] = error
    return plain(inner.get("code") or inner.get("type"), ID_MAX), plain(inner.get("message"), MESSAGE_MAX)


def _cost(cost: object) -> tuple[float | None, str]:
    """What the vendor says that it charged: amount and currency; None where it says nothing that can be a cost."""
    inner = as_object(cost) or {}
    amount = inner.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount < COST_MAX:
        return None, ""
    return float(amount), plain(inner.get("currency"), 20)


def _each(node: object, path: str) -> list[object]:
    """What stands at a dotted path; "*" is each of a list, or the one thing that stands there without its list."""
    found = [node]
    for key in path.split(".") if path else ():
        below: list[object] = []
        for one in found:
            inside = as_object(one)
            if inside is not None:
                below += [inside] if key == "*" else [inside[key]] if key in inside else []
            elif isinstance(one, list) and key == "*":
                below += cast("list[object]", one)
        found = below
    return found


def _first(node: object, paths: str) -> object:
    """What stands first at the first of these paths ("|" between them) at which anything but null does."""
    return next((found for path in paths.split("|") for found in _each(node, path) if found is not None), None)


def as_object(value: object) -> dict[str, object] | None:
    """The value where it is a JSON object, else None."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def plain(value: object, most: int) -> str:
    """One printable line of at most `most` characters; a number as its digits; "" for anything else.

    Control characters could forge lines of a log, and lone surrogates cannot be stored.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return str(value)
    if not isinstance(value, str):
        return ""
    cut = value[:most]
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else " " for c in cut)
    return " ".join(cut.split())


def _word(wire: Wire, value: object) -> str:
    """A state in the usual words."""
    word = plain(value, ID_MAX).casefold() if isinstance(value, str) else ""
    return "succeeded" if word in wire.done else "failed" if word in wire.failed else word


def _link(value: object) -> str:
    """An http(s) link that names a host, or ""."""
    if not isinstance(value, str) or len(value) > URL_MAX or not value.isprintable() or " " in value:
        return ""
    try:
        parts = urlsplit(value)
        return value if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def _milliseconds(value: object) -> int:
    """Unix seconds as milliseconds; 0 for what is no time before the year 5138 (NaN compares false)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100_000_000_000:
        return 0
    return int(value * 1000)


def _seconds(header: str | None, now: datetime) -> float | None:
    """Seconds to wait, from 0 to an hour, by a `Retry-After` of seconds or of a date; None when it says neither."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
            seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAX) if math.isfinite(seconds) else None
