"""The log: one line an event, for people or as JSON, with secrets and signed links masked wherever they come from."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

#: What must never stand in a log: MACs of our links, signed queries, interaction tokens, credentials.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"((?:callback/|media/|job=)[0-9a-z]{1,32}\.\d{1,9}\.)[0-9a-f]{8,}"), r"\1****"),
    (re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+"), r"\1?****"),
    (re.compile(r"(/(?:interactions|webhooks)/\d+/)[\w.-]+"), r"\1****"),
    (re.compile(r"(?i)(bearer|bot)\s+[\w.-]{8,}"), r"\1 ****"),
)


class Masked(logging.Formatter):
    """Formats a record as text or JSON; `secrets` are replaced wherever they appear."""

    def __init__(self, *, as_json: bool, secrets: tuple[str, ...]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._as_json = as_json
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        text = self.mask(super().format(record))
        if not self._as_json:
            return text
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": self.mask(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = self.mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)

    def mask(self, text: str) -> str:
        """The text without anything that opens a door."""
        for secret in self._secrets:
            text = text.replace(secret, "****")
        for pattern, replacement in _MASKS:
            text = pattern.sub(replacement, text)
        return text


def configure(*, level: str, as_json: bool, secrets: tuple[str, ...]) -> None:
    """Send every log, the libraries' too, through one masked line to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masked(as_json=as_json, secrets=secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # At DEBUG these print request bodies and addresses with tokens; nothing of ours needs that.
    for name in ("discord", "aiohttp", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
