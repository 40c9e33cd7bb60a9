"""The log: one line an event, and nothing in it that opens a door, however it got there."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest

import logs
from domain import trail
from service.links import Links

MAC = Links(b"k" * 32, "https://clapper.example.org").callback("abc123defg", 1).rpartition(".")[2]
TOKEN = "sesame/open+17=now"
BOT_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.GaBcDe.aVeryLongTailOfABotToken-1234567890"
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OTphYmNkZWZnaGlqa2xtbm9w"
SHORT = "token-of-a-test"
SIGNED = "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=67abcdef&is=67abcd00&hm=0011223344556677&"
FILM = "https://media.example.org/videos/src.mp4?se=2026-11-30&sig=Ab%2Bcd12345%3D"
CALLBACK = f"https://clapper.example.org/callback/abc123defg.1.{MAC}"
PICTURE = f"https://clapper.example.org/media/abc123defg.2.{MAC}.jpg"
HOOK = f"https://discord.com/api/v10/webhooks/1234567890/{INTERACTION}/messages/@original"

#: A text of the log → what must not be left of it.
DOORS = [
    (CALLBACK, MAC),
    (PICTURE, MAC),
    (quote(CALLBACK, safe=""), MAC),
    (quote(PICTURE, safe=""), MAC),
    (f"callback_url=https://api.acedata.cloud/health?job=abc123defg.1.{MAC}", MAC),
    (f"{{'callback_url': 'https://api.acedata.cloud/health%3Fjob%3Dabc123defg.1.{MAC}'}}", MAC),
    (f'127.0.0.1 "POST /callback/abc123defg.1.{MAC} HTTP/1.1" 200 150 "-" "python"', MAC),
    (f'127.0.0.1 "GET /media/abc123defg.1.{MAC}.jpg HTTP/1.1" 200 150 "-" "python"', MAC),
    (f"the mac was {MAC}", MAC),
    (SIGNED, "0011223344556677"),
    (quote(SIGNED, safe=""), "0011223344556677"),
    (FILM, "Ab%2Bcd12345"),
    ('"GET /videos/src.mp4?sig=Ab%2Bcd12345%3D HTTP/1.1" 200', "Ab%2Bcd12345"),
    (HOOK, INTERACTION),
    (f"POST /api/v10/interactions/1234567890/{INTERACTION}/callback", INTERACTION),
    (quote(HOOK, safe=""), INTERACTION),
    (quote(quote(HOOK, safe=""), safe=""), INTERACTION),
    (quote(quote(FILM, safe=""), safe=""), "Ab%25252Bcd12345"),
    (quote(CALLBACK, safe="").replace(".", "%2E"), MAC),
    (json.dumps({"url": HOOK}).replace("/", "\\/"), INTERACTION),
    (f"/webhooks/1234567890/{SHORT}", SHORT),
    (json.dumps({"url": f"/webhooks/1234567890/{SHORT}"}).replace("/", "\\/"), SHORT),
    (f"Job(id='abc', card_token='{INTERACTION}', muted=False)", INTERACTION),
    ("card_token='short-token-of-a-test'", "short-token"),
    (f"Authorization: Bearer {TOKEN}", TOKEN),
    ("{'authorization': 'Bearer another-token-than-ours'}", "another-token"),
    (f"Authorization: Bot {BOT_TOKEN}", BOT_TOKEN[30:]),
    (f"a token {BOT_TOKEN} of another bot", BOT_TOKEN[30:]),
    (f"it says {TOKEN}.", TOKEN),
    (f"it says {quote(TOKEN, safe='')}", quote(TOKEN, safe="")),
    (json.dumps({"said": f"{TOKEN}"}), TOKEN),
    ("https://user:pass-word@example.org/x", "pass-word"),
    ("https://user:pass@word@example.org/x", "word"),
    ("https://example.org/x?to=a@b", "a@b"),
    ("Authorization: Token abcdef", "abcdef"),
    ("{'authorization': 'Bot short-token'}", "short-token"),
    ("password=hunter2, api_key: abcdef", "hunter2"),
    ("password=hunter2, api_key: abcdef", "abcdef"),
    ("data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ==", "4AAQSkZJRg"),
]
#: What people need to read stays as it is.
HARMLESS = [
    "job abc123defg: sending attempt 2 to sora",
    "the bot restarted; the bot connected to Discord",
    "breaker open: account:sora (account_token)",
    "trace 5f2c1b9e-1b3a-4a43-9a9e-0a4d1c3b7f21, status 403",
    "GET https://api.acedata.cloud/sora/tasks: 200 in 0.25 s",
    "refused: no_credits (price=4, left=2)",
    "is that so? yes: 3 of 5 = 60 %",
    "see https://example.org/help or write to us@example.org",
]


class Log:
    """The real configuration, writing into a text."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(level="DEBUG", as_json=request.param == "json", secrets=(TOKEN, "discord-secret"))
    yield Log(stream)
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize(("text", "never"), DOORS)
def test_doors_are_masked(log: Log, text: str, never: str) -> None:
    """In a message, in its arguments, in an error's text and its cause, of our loggers and of any library's."""
    logging.getLogger("clapper.x").info(text.replace("%", "%%"))
    logging.getLogger("aiohttp.access").info("%s", text)
    logging.getLogger("some.library").warning("%(here)s", {"here": text})
    try:
        try:
            raise OSError(text)
        except OSError as error:
            raise RuntimeError("again: " + text) from error
    except RuntimeError:
        logging.getLogger("discord.client").exception("it failed with %r", text)
    assert len(log.lines) == 4
    assert never not in log.text
    assert "****" in log.text


def test_doors_that_are_put_together_from_parts_are_masked(log: Log) -> None:
    """Nothing of a secret is seen when it is split over the arguments of a line."""
    logging.getLogger("x").info("%s/%s.%d.%s", "https://clapper.example.org/callback", "abc123defg", 1, MAC)
    logging.getLogger("x").info("%s %s %s", "abc123defg", 1, MAC)
    logging.getLogger("x").info("%s%s", TOKEN[:6], TOKEN[6:])
    logging.getLogger("x").info("https://media.example.org/src.mp4%s%s=%s", "?", "sig", "Ab12345cd")
    logging.getLogger("x").info("/webhooks/%d/%s", 1234567890, INTERACTION)
    for never in (MAC, MAC[:20], TOKEN, "Ab12345cd", INTERACTION):
        assert never not in log.text
    assert len(log.lines) == 5


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_need_is_left(log: Log, text: str) -> None:
    """Masks take no ordinary words."""
    logging.getLogger("x").info("%s", text)
    assert text in log.text


def test_a_line_cannot_be_forged(log: Log) -> None:
    """Line breaks and escapes in a text from outside neither begin a line nor move the cursor."""
    logging.getLogger("x").info("a prompt\n2026-11-26 10:00:00 CRITICAL clapper: all lost\r\x1b[2J\u2028\x85end")
    assert len(log.lines) == 1
    assert "\x1b" not in log.text


def test_a_trace_is_part_of_its_line(log: Log) -> None:
    """An error with its trace is one line too, which names the place."""
    try:
        _ = {}["nothing"]
    except KeyError:
        logging.getLogger("x").exception("it failed")
    assert len(log.lines) == 1
    assert "test_logs.py" in log.text
    assert "KeyError" in log.text


def test_a_line_that_cannot_be_formatted_shows_nothing(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would print the arguments of a broken line as they are."""
    root = logging.getLogger()
    ours = [handler for handler in root.handlers if type(handler).__module__ == "logs"]
    monkeypatch.setattr(root, "handlers", ours)  # pytest's own handler would raise it
    logging.getLogger("x").info("%d films", f"no number but {TOKEN}")
    assert log.text == "a line of x could not be written\n"


def test_what_nobody_caught_is_masked(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that end a thread or the process go through the same line."""
    for owner, name in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    logs.catch_everything()

    def fail() -> None:
        raise ValueError(TOKEN)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert len(log.lines) == 2
    assert TOKEN not in log.text


async def test_each_line_says_what_it_is_about(log: Log) -> None:
    """Job and interaction of the task at hand, library lines included; other tasks' lines do not have them."""
    library = logging.getLogger("some.library")

    async def work() -> None:
        library.info("inside")

    with trail.about(job="abc123defg", interaction=77):
        inside = asyncio.create_task(work())
    await inside
    library.info("outside")
    first, second = log.lines
    assert ("abc123defg" in first, "77" in first) == (True, True)
    assert "abc123defg" not in second
    if first.startswith("{"):
        line = json.loads(first)
        assert (line["job"], line["interaction"], line["from"], line["level"]) == (
            "abc123defg",
            "77",
            "some.library",
            "info",
        )
