"""What Clapper writes to the vendor's API, and what it makes of each answer."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acedata import wire
from acedata.body import build_body
from domain.catalogue import Catalogue
from domain.faults import VendorFault
from domain.job import Film, Report, Verdict
from domain.request import GenerationRequest
from domain.wire import Wire

CATALOGUE = Catalogue.parse((Path(__file__).parent.parent / "catalogue.toml").read_text(encoding="utf-8"))
LINK = "https://cdn.example/src.mp4?sig=1"
OTHER = "https://cdn.example/two.mp4"
DONE, FAILED, PENDING, UNCLEAR = Verdict.SUCCEEDED, Verdict.FAILED, Verdict.PENDING, Verdict.UNCLEAR


def row(key: str = "sora-2") -> Wire:
    model = CATALOGUE.get(key)
    assert model is not None
    return model.wire


SORA = row()
#: Siblings: the film stands at the root, or is one object with other words.
FLAT = replace(SORA, provider="kling", films="", id="video_id")
SINGLE = replace(SORA, provider="seedance", films="data", url="content.url", state="status")


def asked(**changes: Any) -> GenerationRequest:
    return replace(GenerationRequest("a cat", "sora-2", 10, "large", "portrait"), **changes)


def film(url: object = LINK, **more: object) -> dict[str, object]:
    return {"id": "v1", "video_url": url, "state": "succeeded", **more}


CLIP = "https://x.example/c.mp4"
DATA = "data:image/jpeg;base64,AA=="
PLAIN = {"model": "sora-2", "prompt": "a cat", "duration": 10, "size": "large"}
SHORT = {"model": "sora-2", "version": "2.0", "prompt": "a cat", "duration": 10, "async": True}
SPAN = {"character_url": CLIP, "character_start": 0.0, "character_end": 0.5}
BODIES: list[tuple[str, dict[str, Any], list[str], str | None, dict[str, Any]]] = [
    # a text prompt with a callback
    ("sora-2", {}, [], CLIP, PLAIN | {"orientation": "portrait", "callback_url": CLIP}),
    # no callback: answered at once all the same; no orientation yet: none sent
    ("sora-2", {"orientation": None}, [DATA], None, PLAIN | {"image_urls": [DATA], "async": True}),
    # a character from the very start: 0.0 is a value
    ("sora-2", SPAN, [], None, PLAIN | SPAN | {"orientation": "portrait", "async": True}),
    # a row in pixels has no field for orientation, nor for a character
    ("sora-2-short", SPAN, [CLIP], None, SHORT | {"size": "1024x1792", "image_urls": [CLIP]}),
    # a pair of words that the row has no pixels for: no size, never the word
    ("sora-2-short", {"orientation": "square"}, [], None, SHORT),
]


@pytest.mark.parametrize(("key", "changes", "images", "callback", "body"), BODIES)
def test_body(key: str, changes: dict[str, Any], images: list[str], callback: str | None, body: Any) -> None:
    """A body holds the row's fields that have a value, and nothing else."""
    assert build_body(row(key), asked(**changes), images=images, callback_url=callback) == body


def test_body_is_a_copy() -> None:
    """Changing a body leaves the row as it was."""
    nested = replace(SORA, fixed={"options": {"audio": True}, "gone": None})
    body = build_body(nested, asked(), images=[], callback_url=None)
    assert "gone" not in body
    body["options"]["audio"] = False
    assert nested.fixed == {"options": {"audio": True}, "gone": None}


FILM = Film("v1", LINK)
REPORTS: list[tuple[Wire, Any, Verdict, tuple[Film, ...]]] = [
    # the contract's success
    (SORA, {"success": True, "task_id": "t", "data": [film()]}, DONE, (FILM,)),
    # several films
    (SORA, {"success": True, "data": [film(), film(OTHER, id="v2")]}, DONE, (FILM, Film("v2", OTHER))),
    # no state at all, as some models leave it; an id that is a number
    (SORA, {"success": True, "data": [{"id": 7, "video_url": LINK}]}, DONE, (Film("7", LINK),)),
    # one of two failed: the other is a film
    (SORA, {"success": True, "data": [film(), film(OTHER, state="failed")]}, DONE, (FILM,)),
    # one of two is not there yet
    (SORA, {"success": True, "data": [film(), film(None, state="pending")]}, PENDING, ()),
    # a done word in capitals
    (SORA, {"success": True, "data": [film(state=" SUCCEED ")]}, DONE, (FILM,)),
    # the word outranks `success`, both ways
    (SORA, {"success": True, "data": [film(state="failed")]}, FAILED, ()),
    (SORA, {"success": False, "data": [film()]}, DONE, (FILM,)),
    (SORA, {"success": True, "data": [film(state="processing")]}, PENDING, ()),
    (SORA, {"success": False, "state": "queued"}, PENDING, ()),
    (SORA, {"success": True, "state": "failed", "data": [{"video_url": LINK}]}, FAILED, ()),
    # but a code of an error is the end, unless a film is done
    (SORA, {"success": False, "error": {"code": "api_error"}, "data": [film(state="pending")]}, FAILED, ()),
    (SORA, {"success": False, "error": {"code": "api_error"}, "data": [film()]}, DONE, (FILM,)),
    # a word without `success`
    (SORA, {"task_id": "t", "data": [film()]}, DONE, (FILM,)),
    # failures, with and without their reason; a link beside one is no film
    (SORA, {"success": False, "error": {"code": "api_error", "message": "fetch failed"}}, FAILED, ()),
    (SORA, {"success": False}, FAILED, ()),
    (SORA, {"success": False, "data": [{"video_url": LINK}]}, FAILED, ()),
    # done without a link: callers judge
    *[(SORA, {"success": True} | more, DONE, ()) for more in ({}, {"data": []}, {"data": [film(None)]})],
    # accepted
    *[(SORA, body, PENDING, ()) for body in ({"task_id": "t"}, {"task_id": "t", "trace_id": "x"}, None, {})],
    # nothing that can be read: an unknown word, an error without `success`, a link without a word, another object
    (SORA, {"success": True, "data": [film(state="wobbling")]}, UNCLEAR, ()),
    (SORA, {"success": True, "data": [film(state="wobbling"), film(state="failed")]}, UNCLEAR, ()),
    (SORA, {"task_id": "t", "error": {"code": "api_error"}}, UNCLEAR, ()),
    (SORA, {"task_id": "t", "data": [{"video_url": LINK}]}, UNCLEAR, ()),
    (SORA, {"hello": "world"}, UNCLEAR, ()),
    # `success` of the wrong type says nothing
    *[(SORA, {"success": word, "data": [{"video_url": LINK}]}, UNCLEAR, ()) for word in ("true", 1, None, [])],
    # strings, numbers and nulls where lists and objects are meant
    *[(SORA, {"success": True, "data": odd}, DONE, ()) for odd in ("x", 3, None, {}, [None, 3, "x", [film()]])],
    (SORA, {"success": True, "data": [film(state=["succeeded"])]}, DONE, (FILM,)),
    *[(SORA, odd, UNCLEAR, ()) for odd in ("succeeded", [film()], 1, True, float("nan"))],
    # siblings; one film that stands without its list
    (SORA, {"success": True, "data": film()}, DONE, (FILM,)),
    (FLAT, {"success": True, "video_id": "v1", "video_url": LINK, "state": "succeed"}, DONE, (FILM,)),
    (FLAT, {"task_id": "t"}, PENDING, ()),
    (SINGLE, {"success": True, "data": {"id": "v1", "status": "succeeded", "content": {"url": LINK}}}, DONE, (FILM,)),
    (SINGLE, {"success": True, "data": {"status": "running"}}, PENDING, ()),
]


@pytest.mark.parametrize(("by", "payload", "verdict", "films"), REPORTS)
def test_report(by: Wire, payload: Any, verdict: Verdict, films: tuple[Film, ...]) -> None:
    """Each body says just one thing about its task."""
    report = wire.read_report(by, payload)
    assert (report.verdict, report.films) == (verdict, films)


#: Other schemes, no host, no address at all, blanks, what cannot be stored, what is too long.
NO_LINKS = ["ftp://c.example/a", "javascript:alert(1)", "//c.example/a", "https://", "http://["]
NO_LINKS += ["https://c.example/" + tail for tail in ("a b", "\n", "\ud800", "a" * 4_096)]


@pytest.mark.parametrize("url", [*NO_LINKS, [LINK], {"url": LINK}, 1, None])
def test_no_film_without_a_link(url: object) -> None:
    """What is no http(s) link of a sane length is no film."""
    assert wire.read_report(SORA, {"success": True, "data": [film(url)]}).films == ()


def test_texts_are_cut() -> None:
    """Texts from outside come out as one printable line of a sane length, and huge numbers as nothing."""
    error = {"code": "c" * 999, "message": "fetch\nfailed\ud800\x00 " + "m" * 999}
    answer = {"success": False, "task_id": "t" * 999, "trace_id": 10**5_000, "error": error}
    report = wire.read_report(SORA, answer)
    assert (len(report.task_id), len(report.code), report.trace_id) == (200, 200, "")
    assert report.message == "fetch failed " + "m" * 485


def test_films_are_counted() -> None:
    """No answer brings more films than one message can carry."""
    assert len(wire.read_report(SORA, {"success": True, "data": [film()] * 500}).films) == 10


ITEM = {"id": "t", "created_at": 1_763_142_607.5, "trace_id": "x", "request": {"callback_url": "https://b.example/1"}}
SEEN = Report("t", PENDING, trace_id="x", callback_url="https://b.example/1", created_at=1_763_142_607_500)
NO = {"success": False, "error": {"code": "api_error", "message": "no"}}
LOST = replace(SEEN, verdict=FAILED, code="api_error", message="no")
BARE = Report("t", PENDING)
TASKS: list[tuple[Any, Report | None]] = [
    # an unknown id, and what is no task
    *[(nothing, None) for nothing in ({}, None, [], {"message": "maintenance"})],
    # being made: no response, an empty one, one without `success`
    (ITEM, SEEN),
    *[(ITEM | {"response": so_far}, SEEN) for so_far in (None, {}, "soon", {"state": "wobbling"}, {"task_id": "t"})],
    # made
    (ITEM | {"response": {"success": True, "data": [film()]}}, replace(SEEN, verdict=DONE, films=(FILM,))),
    # failed; the trace of the answer comes first
    (ITEM | {"response": NO | {"trace_id": "y"}}, replace(LOST, trace_id="y")),
    # says it is done and names a state that nobody knows
    (ITEM | {"response": {"success": True, "state": "wobbling"}}, replace(SEEN, verdict=UNCLEAR)),
    # its id only within the answer; times that are none
    ({"response": {"task_id": "t"}, "created_at": "soon"}, BARE),
    *[({"id": "t", "created_at": when}, BARE) for when in (float("nan"), float("inf"), 10**400, -5, True, [])],
    ({"id": "t", "request": []}, BARE),
    ({"id": "t", "request": {"callback_url": 5.5}}, BARE),
]


@pytest.mark.parametrize(("item", "report"), TASKS)
def test_task(item: Any, report: Report | None) -> None:
    """Each item of the list of tasks is one report, or no task."""
    assert wire.read_task(SORA, item) == report


def error(code: object, **more: object) -> dict[str, object]:
    return {"error": {"code": code, "message": "m"}, "trace_id": "x", **more}


FAULTS: list[tuple[int, Any, str]] = [
    # bad parameters, with every code of a 400 and without a body
    *[(400, error(code), "bad_request") for code in ("bad_request", "token_mismatched", "new_word")],
    (400, None, "bad_request"),
    (400, error("api_not_implemented"), "not_implemented"),
    (404, error("API_NOT_IMPLEMENTED"), "not_implemented"),
    # the model is not for us
    (400, error("disabled"), "model_gone"),
    (404, error("no_api"), "model_gone"),
    *[(403, body, "model_gone") for body in (error("disabled"), error("whatever"), "<html>", None)],
    # the account
    *[(401, error(code), "account_token") for code in ("invalid_token", "token_expired", "token_mismatched", None)],
    (400, error("no_token"), "account_token"),
    *[
        (403, error(code), "account_token")
        for code in ("no_token", "invalid_token", "TOKEN_EXPIRED", "token_mismatched")
    ],
    (403, error("used_up"), "account_balance"),
    # this request
    (403, error("forbidden"), "moderation"),
    (413, error("request_too_large"), "too_big"),
    (413, None, "too_big"),
    *[(429, error(code), "slow_down") for code in ("too_many_requests", "rate_limited", "used_up")],
    # may have been accepted, also where the words are those of a refusal
    *[(status, error("api_error", success=False), "unknown") for status in (500, 502, 503, 504, 520)],
    *[(status, None, "unknown") for status in (0, 204, 301, 307, 404, 409, 500, 504)],
    (500, error("used_up"), "unknown"),
    (501, error("api_not_implemented"), "unknown"),
    (418, error("disabled"), "unknown"),
    # 2xx
    (200, {"success": False}, "vendor_said_no"),
    *[(200, error(code, success=False), "vendor_said_no") for code in ("api_error", "forbidden", "token_mismatched")],
    *[(200, error(code, success=False), "account_token") for code in ("no_token", "invalid_token", "token_expired")],
    (200, error("used_up", success=False), "account_balance"),
    *[(200, error(code, success=False), "model_gone") for code in ("no_api", "disabled")],
    *[(200, error(code, success=False), "slow_down") for code in ("too_many_requests", "rate_limited")],
    (200, error("api_not_implemented", success=False), "not_implemented"),
    (200, error("api_error"), "unknown"),
]


@pytest.mark.parametrize(("status", "payload", "reason"), FAULTS)
def test_fault(status: int, payload: Any, reason: str) -> None:
    """Each status and code means one thing, only a sure refusal is one, and only 429 says how long to wait."""
    fault = wire.fault_for(status, payload, "9")
    assert (fault.reason, fault.status, fault.retry_after) == (reason, status, 9.0 if status == 429 else None)
    assert fault.reason in VendorFault.REASONS
    if isinstance(payload, dict) and "error" in payload:
        assert (fault.message, fault.trace_id) == ("m", "x")


def test_a_task_within_its_data() -> None:
    """Seedance's answer names its task in its data, too: where it does so only there, it was taken all the same."""
    report = wire.read_report(row("seedance-2"), {"success": True, "data": {"task_id": "t", "status": "queued"}})
    assert (report.verdict, report.task_id) == (PENDING, "t")
    made = {
        "success": True,
        "task_id": "u",
        "data": [{"id": "v", "status": "succeeded", "content": {"video_url": LINK}}],
    }
    assert (wire.read_report(row("seedance-2"), made).task_id, wire.read_report(row("seedance-2"), made).films) == (
        "u",
        (Film("v", LINK),),
    )


def test_a_failure_at_once() -> None:
    """A 2xx that ends in a failure is read by its report, wherever its service has the code."""
    minimax = row("minimax-h3")
    report = wire.read_report(minimax, {"task": {"id": "t", "status": "failed", "error": {"code": "no_api"}}})
    assert report.verdict is FAILED
    assert (wire.fault_of(200, report).reason, wire.fault_of(200, report).code) == ("model_gone", "no_api")
    assert wire.fault_of(200, replace(report, code="api_error")).reason == "vendor_said_no"


WORDINGS: list[tuple[Any, str, str]] = [
    # beside `error`, instead of it, as one text, and of the wrong types
    ({"code": "no_token", "message": "m"}, "no_token", "m"),
    ({"detail": "m"}, "", "m"),
    ({"error": "m"}, "", "m"),
    ({"error": {"code": 400, "message": ["m"]}}, "400", ""),
    ({"error": ["m"]}, "", ""),
]


@pytest.mark.parametrize(("payload", "code", "message"), WORDINGS)
def test_fault_words(payload: Any, code: str, message: str) -> None:
    """The API's own words are found where its siblings put them."""
    fault = wire.fault_for(400, payload, None)
    assert (fault.code, fault.message) == (code, message)


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PAUSES: list[tuple[str | None, float | None]] = [
    # seconds
    *[("7", 7.0), (" 1.5 ", 1.5), ("0", 0.0), ("-3", 0.0), ("86400", 3_600.0)],
    # neither seconds nor a date
    *[(header, None) for header in (None, "nan", "inf", "soon", "", "Thu, 99 Jan 2026 12:00:00 GMT")],
    # a date; without a zone it is meant as UTC
    ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
    ("Thu, 01 Jan 2026 12:00:30 -0000", 30.0),
    ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
    ("Thu, 01 Jan 2099 12:00:00 GMT", 3_600.0),
]


@pytest.mark.parametrize(("header", "seconds"), PAUSES)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    """A pause is from 0 s to an hour, by seconds or by date."""
    assert wire.fault_for(429, None, header, now=NOON).retry_after == seconds


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**4_000) | st.just("\ud800")
WORDS = st.sampled_from([LINK, "succeeded", "failed", "pending", "used_up", "http://["])
KEYS = st.sampled_from(sorted({*film(), "success", "task_id", "trace_id", "data", "error", "code", *ITEM, "response"}))
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=15,
)


@given(payload=JSON, status=st.integers(0, 999), header=st.none() | st.text(), by=st.sampled_from([SORA, FLAT, SINGLE]))
def test_nothing_raises(payload: Any, status: int, header: str | None, by: Wire) -> None:
    """Whatever the vendor sends is read, and what comes out can be stored."""
    fault = wire.fault_for(status, payload, header)
    assert fault.reason in VendorFault.REASONS
    f"{fault.code}{fault.message}{fault.trace_id}".encode()
    for report in (wire.read_report(by, payload), wire.read_task(by, payload)):
        if report is not None:
            json.dumps(asdict(report), ensure_ascii=False).encode()
            assert len(report.task_id) <= 200
            assert not report.films or report.verdict is DONE
