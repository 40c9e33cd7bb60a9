"""The environment, read once: every setting with its default, every fault in one error, every secret masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from domain.catalogue import Catalogue, CatalogueError

HERE = Path(__file__).parent


class SettingsError(Exception):
    """One or more settings are wrong; the message has a line for each, with what it must be."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("These settings are wrong:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class Secret:
    """A value that no log, error or repr shows; `reveal()` gives it to the one call that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True)
class Settings:
    """What an operator decides. Field names are the variables' names in lower case."""

    discord_token: Secret
    #: Server ids; empty means every server ("*").
    allowed_servers: frozenset[int]
    server_daily_credits: int
    acedatacloud_api_token: Secret
    acedatacloud_api_base_url: str = "https://api.acedata.cloud"
    #: Where the API reaches this bot, without a slash at its end; "" means polling alone.
    public_url: str = ""
    callback_host: str = "0.0.0.0"  # noqa: S104 - the API calls from outside; only /callback and /media answer there
    callback_port: int = 8080
    admin_host: str = "127.0.0.1"
    admin_port: int = 9090
    database_url: str = "sqlite:///data/clapper.db"
    #: "" means the catalogue that comes with Clapper.
    catalogue_file: str = ""
    daily_credits: int = 20
    member_in_flight: int = 2
    server_in_flight: int = 4
    total_in_flight: int = 5
    job_deadline_minutes: int = 60
    retention_days: int = 30
    backup_keep_days: int = 0
    operator_channel_id: int = 0
    #: With both, the bot reads the balance; None and "" mean that it hears only of one that is used up.
    acedatacloud_platform_token: Secret | None = None
    acedatacloud_application_id: str = ""
    acedatacloud_platform_url: str = "https://platform.acedata.cloud"
    low_balance: int = 10
    allow_private_urls: bool = False
    #: "" means Discord itself.
    discord_api_url: str = ""
    log_format: str = "text"
    log_level: str = "INFO"
    log_prompts: bool = False
    catalogue: Catalogue = field(default_factory=lambda: read_catalogue(""), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never stand in a log or an answer."""
        found = (self.discord_token, self.acedatacloud_api_token, self.acedatacloud_platform_token)
        return tuple(secret.reveal() for secret in found if secret)

    @property
    def database_path(self) -> Path:
        return _path_of(self.database_url)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from a mapping. Raises SettingsError that names every wrong variable at once."""
        values: dict[str, Any] = {}
        faults: list[str] = []
        for name, (read, _) in READERS.items():
            text = environment.get(name, "").strip()
            if not text and name not in REQUIRED:
                continue
            try:
                values[name.lower()] = read(text)
            except ValueError as error:
                faults.append(f"{name} must be {error}" + ("" if text else " (it is not set)"))
        try:
            values["catalogue"] = read_catalogue(values.get("catalogue_file", ""))
        except CatalogueError as error:
            faults.append("CATALOGUE_FILE must be a catalogue without faults: " + "; ".join(error.faults))
        except OSError as error:
            faults.append(f"CATALOGUE_FILE must be a file that can be read ({error.strerror})")
        except UnicodeDecodeError:
            faults.append("CATALOGUE_FILE must be a TOML file in UTF-8")
        faults += _together(values)
        if faults:
            raise SettingsError(faults)
        return cls(**values)


def read_catalogue(file: str) -> Catalogue:
    """The operator's catalogue, or Clapper's own when `file` is "". Raises CatalogueError or OSError."""
    return Catalogue.parse((Path(file) if file else HERE / "catalogue.toml").read_text("utf-8"))


def database_of(environment: Mapping[str, str]) -> Path:
    """Where the database is, whatever else is wrong. Raises SettingsError for DATABASE_URL alone."""
    text = environment.get("DATABASE_URL", "").strip()
    try:
        return _path_of(_database(text) if text else Settings.database_url)
    except ValueError as error:
        raise SettingsError([f"DATABASE_URL must be {error}"]) from None


def _path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _together(values: Mapping[str, Any]) -> list[str]:
    faults: list[str] = []
    url: str = values.get("public_url", "")
    if url.startswith("http:") and not values.get("allow_private_urls"):
        faults.append("PUBLIC_URL must start with https:// (http only with ALLOW_PRIVATE_URLS=true, for tests)")
    if bool(values.get("acedatacloud_platform_token")) != bool(values.get("acedatacloud_application_id")):
        faults.append("ACEDATACLOUD_PLATFORM_TOKEN and ACEDATACLOUD_APPLICATION_ID must be set together, or not at all")
    return faults


def _secret(text: str) -> Secret:
    if not text or re.search(r"\s", text):
        raise ValueError("the token, without spaces")
    return Secret(text)


def _servers(text: str) -> frozenset[int]:
    if text == "*":
        return frozenset()
    try:
        ids = frozenset(int(part) for part in re.split(r"[,\s]+", text) if part)
    except ValueError:
        ids = frozenset()
    if not ids or any(not 0 < number < 2**63 for number in ids):
        raise ValueError("server ids with commas between them, or * for every server")
    return ids


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,19}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return read


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        good = good and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise ValueError("an address such as https://example.org")
    return text.rstrip("/")


def _database(text: str) -> str:
    if not text.startswith("sqlite:///") or len(text) == len("sqlite:///"):
        raise ValueError("sqlite:/// and a path, such as sqlite:///data/clapper.db")
    return text


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError("true or false")
    return text.lower() in ("true", "1", "yes")


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        raise ValueError("one of " + ", ".join(choices))

    return read


def _text(text: str) -> str:
    return text


_MANY = 1_000_000_000
#: Every variable: how it is read, and whether it has a default.
READERS: dict[str, tuple[Callable[[str], Any], bool]] = {
    "DISCORD_TOKEN": (_secret, False),
    "ALLOWED_SERVERS": (_servers, False),
    "SERVER_DAILY_CREDITS": (_whole(0, _MANY), False),
    "ACEDATACLOUD_API_TOKEN": (_secret, False),
    "ACEDATACLOUD_API_BASE_URL": (_url, True),
    "PUBLIC_URL": (_url, True),
    "CALLBACK_HOST": (_text, True),
    "CALLBACK_PORT": (_whole(0, 65535), True),
    "ADMIN_HOST": (_text, True),
    "ADMIN_PORT": (_whole(0, 65535), True),
    "DATABASE_URL": (_database, True),
    "CATALOGUE_FILE": (_text, True),
    "DAILY_CREDITS": (_whole(0, _MANY), True),
    "MEMBER_IN_FLIGHT": (_whole(1, 10_000), True),
    "SERVER_IN_FLIGHT": (_whole(1, 10_000), True),
    "TOTAL_IN_FLIGHT": (_whole(1, 10_000), True),
    "JOB_DEADLINE_MINUTES": (_whole(1, 10_000), True),
    "RETENTION_DAYS": (_whole(1, 36_500), True),
    "BACKUP_KEEP_DAYS": (_whole(0, 36_500), True),
    "OPERATOR_CHANNEL_ID": (_whole(0, 2**63 - 1), True),
    "ACEDATACLOUD_PLATFORM_TOKEN": (_secret, True),
    "ACEDATACLOUD_APPLICATION_ID": (_text, True),
    "ACEDATACLOUD_PLATFORM_URL": (_url, True),
    "LOW_BALANCE": (_whole(0, _MANY), True),
    "ALLOW_PRIVATE_URLS": (_flag, True),
    "DISCORD_API_URL": (_url, True),
    "LOG_FORMAT": (_one_of("text", "json"), True),
    "LOG_LEVEL": (_one_of("DEBUG", "INFO", "WARNING", "ERROR"), True),
    "LOG_PROMPTS": (_flag, True),
}
REQUIRED = frozenset(name for name, (_, optional) in READERS.items() if not optional)
