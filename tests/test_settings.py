"""Settings: read once, all faults together, secrets masked, and the example file true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from settings import READERS, REQUIRED, Secret, Settings, SettingsError

GOOD = {
    "DISCORD_TOKEN": "abc.def",
    "ALLOWED_SERVERS": "1, 2",
    "SERVER_DAILY_CREDITS": "200",
    "ACEDATACLOUD_API_TOKEN": "sesame",
}
EXAMPLE = (Path(__file__).parent.parent / ".env.example").read_text("utf-8")
README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_defaults_are_enough() -> None:
    """Four variables make a bot; everything else has a default."""
    settings = Settings.from_env(GOOD)
    assert settings.allowed_servers == {1, 2}
    assert settings.public_url == ""
    assert settings.catalogue.default().key == "sora-2"


def test_every_fault_is_named_at_once() -> None:
    """One error has a line for each wrong variable, with what it must be, and none of their values."""
    wrong = {
        "DISCORD_TOKEN": "two words",
        "ALLOWED_SERVERS": "my server",
        "CALLBACK_PORT": "70000",
        "PUBLIC_URL": "example.org",
        "LOG_FORMAT": "xml",
        "ALLOW_PRIVATE_URLS": "perhaps",
        "DATABASE_URL": "postgres://x",
        "CATALOGUE_FILE": "/nowhere/at/all.toml",
    }
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(wrong)
    text = str(caught.value)
    for name in [*wrong, "SERVER_DAILY_CREDITS", "ACEDATACLOUD_API_TOKEN"]:
        assert text.count(name) == 1, f"{name} is not named once in: {text}"
    assert "a whole number from 0 to 65535" in text
    assert "two words" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_SERVERS", "-1"),  # ids are positive
        ("ALLOWED_SERVERS", str(2**70)),  # and fit 63 bits
        ("SERVER_DAILY_CREDITS", "-5"),
        ("SERVER_DAILY_CREDITS", "5.5"),
        ("SERVER_DAILY_CREDITS", "٥"),  # a digit, but not one that everybody reads
        ("PUBLIC_URL", "https://user:pass@example.org"),  # credentials would stand in every callback
        ("PUBLIC_URL", "https://example.org?x=1"),
        ("PUBLIC_URL", "http://example.org"),  # not over the open internet
        ("ACEDATACLOUD_API_BASE_URL", "ftp://example.org"),
        ("MEMBER_IN_FLIGHT", "0"),
    ],
)
def test_wrong_values(name: str, value: str) -> None:
    """A value that cannot be meant is refused by the name of its variable."""
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(GOOD | {name: value})


def test_a_wrong_catalogue_stops_the_start(tmp_path: Path) -> None:
    """A catalogue with faults is refused, each row's fault named."""
    file = tmp_path / "mine.toml"
    file.write_text('[[model]]\nkey = "x"\nlabel = "X"\n')
    with pytest.raises(SettingsError, match=r"CATALOGUE_FILE.*x:.*provider"):
        Settings.from_env(GOOD | {"CATALOGUE_FILE": str(file)})


def test_secrets_are_masked() -> None:
    """No repr shows a secret."""
    settings = Settings.from_env(GOOD)
    for text in (repr(settings), str(settings), f"{settings.discord_token}"):
        assert "abc.def" not in text
        assert "sesame" not in text
    assert Secret("a") == Secret("a")
    assert settings.discord_token.reveal() == "abc.def"


def test_the_example_names_every_setting_and_no_other() -> None:
    """.env.example and the settings agree, in both directions, and its defaults are the real ones."""
    lines = dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(lines) == set(READERS)
    given = {name: value for name, value in lines.items() if name not in REQUIRED}
    assert Settings.from_env(GOOD | given) == Settings.from_env(GOOD)
    for name in lines:
        commented = f"\n#{name}=" in EXAMPLE
        assert commented == (name not in REQUIRED), f"{name} stands wrongly in .env.example"


def test_the_readme_names_every_setting_and_its_default() -> None:
    """README's table has a row for each setting, and the defaults in it are the real ones."""
    table = README.partition("## Settings")[2].partition("##")[0]
    told: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`[A-Z].*?`) \| (.*?) ?\| ", table, re.MULTILINE):
        values = re.findall(r"`([^`]*)`", defaults)
        for n, name in enumerate(re.findall(r"`([A-Z_]+)`", names)):
            told[name] = values[n] if n < len(values) else ""
    assert set(told) == set(READERS)
    given = {name: value for name, value in told.items() if name not in REQUIRED and value}
    assert Settings.from_env(GOOD | given | {"CATALOGUE_FILE": ""}) == Settings.from_env(GOOD)
