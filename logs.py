"""The log: one line an event, for people or as JSON, with secrets and signed links masked wherever they come from.

It is the standard library's logging and not structlog: discord.py, aiohttp and asyncio log by it anyway, so that one
formatter at its end masks their lines and tracebacks too, and nothing has to be installed or learned.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import quote

from domain import trail

#: Also as addresses and JSON write them, once or more often.
_SLASH, _EQUALS = r"(?:\\*/|%(?:25)*2[fF])", r"(?:=|%(?:25)*3[dD])"
_REST = r"[^\s\"'<>]*"  # of an address

#: What must never stand in a log: MACs of our links, signed queries, interaction tokens, credentials, pictures. Each
#: with words of which one must be there (in small letters) for the pattern to fit at all: looking for those is quicker.
_MASKS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (hints, re.compile(pattern), replacement)
    for hints, pattern, replacement in (
        # Our own links, {job}.{number}.{mac}, wherever they stand; and what is long enough to be a MAC by itself.
        ((".",), r"\.[0-9a-fA-F]{12,}", ".****"),
        (("2e",), r"%(?:25)*2[eE][0-9a-fA-F]{12,}", ".****"),
        (tuple("0123456789abcdef"), r"(?<![0-9A-Za-z])[0-9a-fA-F]{40,}", "****"),
        # Queries: links to films and pictures carry their signatures there.
        (("?",), rf"\?[\w.~%-]+?{_EQUALS}{_REST}", "?****"),
        (("3f",), rf"%(?:25)*3[fF][\w.~%-]+?{_EQUALS}{_REST}", "?****"),
        # Interaction and webhook tokens, in paths and by their form; a bot's token by its form.
        (("interactions", "webhooks"), rf"((?:interactions|webhooks){_SLASH}\d+{_SLASH})[^\s/?%\"'<>]+", r"\1****"),
        (("aw50zxjhy3rpb2",), r"aW50ZXJhY3Rpb2[\w+/-]{8,}=*", "****"),
        ((".",), r"\.[\w-]{6,7}\.[\w-]{27,}", ".****"),
        # Credentials: of headers, of addresses, and of whatever calls itself a token.
        (("authorization",), r"((?i:authorization)[\"']?\s*[:=]\s*[\"']?)[\w-]+\s+[^\s\"',;]+", r"\1****"),
        (("bearer", "basic"), r"((?i:bearer|basic)(?:\s|%20)+)[^\s\"',;]{4,}", r"\1****"),
        (("bot",), r"((?i:\bbot)(?:\s|%20)+)[\w.%-]{20,}", r"\1****"),
        (("://",), r"(://)[^\s/?#\"'<>]+@", r"\1****@"),
        (
            ("token", "secret", "password", "signature", "authorization", "apikey", "api_key"),
            rf"((?i:token|secret|password|signature|authorization|api_?key)[\"']?\s*(?::|%3[aA]|{_EQUALS})\s*[\"']?)"
            r"[^\s\"',;&)}\]]+",
            r"\1****",
        ),
        (("base64,",), r"(data:[\w/+.-]+;base64,)[\w+/=-]+", r"\1****"),
    )
)
#: Line breaks and other signs with which a text could forge a line, or do things to a terminal.
_ONE_LINE = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    0x09: " ",
    0x0A: " ⏎ ",
    0x0D: "",
    0x2028: " ⏎ ",
    0x2029: " ⏎ ",
}


#: discord.py's warnings at every start about what Clapper leaves out on purpose: voice, and the cache of servers.
_EXPECTED = ("PyNaCl is not installed", "davey is not installed", "Guilds intent seems to be disabled")


class Masked(logging.Formatter):
    """Formats a record as one line of text or JSON; `secrets` are replaced wherever they appear."""

    def __init__(self, *, as_json: bool, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._as_json = as_json
        known = [secret for secret in secrets if len(secret) > 3]
        forms = {form for secret in known for form in (secret, quote(secret, safe=""), _in_json(secret))}
        self._secrets = sorted(forms, key=len, reverse=True)
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        event, trace = self.mask(record.getMessage()), self._trace(record)
        ids = trail.here()
        if self._as_json:
            line = {
                "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "from": record.name,
                "event": event,
                **ids,
            }
            if trace:
                line["trace"] = trace
            # The rare line breaks of Unicode are escaped only together with all that is not ASCII.
            return json.dumps(line, ensure_ascii=any(sign in event + trace for sign in "\x85\u2028\u2029"))
        tail = f" [{' '.join(f'{name} {value}' for name, value in ids.items())}]" if ids else ""
        text = f"{self._at(record.created)} {record.levelname:<7} {record.name}: {event}{tail}"
        text = f"{text}\n{trace}" if trace else text
        return text if text.isprintable() else text.translate(_ONE_LINE)

    def _at(self, moment: float) -> str:
        if int(moment) != self._second[0]:
            self._second = int(moment), f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
        return self._second[1]

    def _trace(self, record: logging.LogRecord) -> str:
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        stack = self.formatStack(record.stack_info) if record.stack_info else ""
        return self.mask("\n".join(filter(None, (trace, stack))))

    def mask(self, text: str) -> str:
        """The text without anything that opens a door."""
        text = self.hide(text)
        small = text.lower()
        for hints, pattern, replacement in _MASKS:
            for hint in hints:
                if hint in small:
                    text = pattern.sub(replacement, text)
                    break
        return text

    def hide(self, text: str) -> str:
        """The text without the secrets that are known, and else as it is."""
        for secret in self._secrets:
            text = text.replace(secret, "****")
        return text


class _Handler(logging.StreamHandler[Any]):
    """Writes lines; of one that cannot be formatted it tells only whose it was, where logging would print it raw."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        try:
            self.stream.write(f"a line of {record.name} could not be written\n")
            self.flush()
        except (OSError, ValueError):
            pass  # there is nowhere left to say it


def configure(*, level: str, as_json: bool, secrets: tuple[str, ...]) -> None:
    """Send every log, the libraries' too, through one masked line to standard error."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(Masked(as_json=as_json, secrets=secrets))
    handler.addFilter(lambda record: not str(record.msg).startswith(_EXPECTED))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # At DEBUG these print request bodies, which hold prompts; nothing of ours needs that.
    for name in ("discord", "aiohttp", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    # A line for each request is only wanted by who looks for something.
    logging.getLogger("aiohttp.access").setLevel(logging.INFO if level == "DEBUG" else logging.WARNING)


def catch_everything() -> None:
    """What nobody caught goes through the same masked line: Python itself would print it as it is."""

    def ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logging.getLogger("clapper").critical("nobody caught this", exc_info=(kind, error, trace))

    def in_thread(what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None:
            ended(what.exc_type, what.exc_value, what.exc_traceback)

    def ignored(what: Any) -> None:
        logging.getLogger("clapper").error("nobody could catch this", exc_info=what.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = ended, in_thread, ignored


def _in_json(secret: str) -> str:
    return json.dumps(secret)[1:-1]
