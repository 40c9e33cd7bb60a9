"""Finds every text that is translated: by `_` and `_n` in the code, in the commands, and in the models' catalogue."""

from __future__ import annotations

import ast
import re
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot import open_app
from settings import Secret, Settings
from ui import words_rules
from ui.localised import Localised, is_typed

ROOT = Path(__file__).parent.parent.parent

#: Discord's limits for what is shown in a fixed place: (what is called, its argument) → characters.
_LIMITS: dict[tuple[str, str | int], int] = {
    ("Button", "label"): 80,
    ("_button", 0): 80,
    ("button_for", 0): 80,
    ("Choice", "name"): 100,
    ("Label", "text"): 45,
    ("Label", "description"): 100,
    ("Modal", "title"): 45,
    ("TextInput", "label"): 45,
    ("TextInput", "placeholder"): 100,
    ("Select", "placeholder"): 150,
    ("SelectOption", "label"): 100,
    ("SelectOption", "description"): 100,
    ("Dialog", 0): 45,
    ("text_field", 0): 45,
    ("text_field", "description"): 100,
}
#: As those, for what a function gives back: its file and name → characters.
_GIVEN = {("ui/forms.py", "_title"): 45, ("ui/forms.py", "_pictures"): 100, ("ui/words_making.py", "hint"): 100}


@dataclass(frozen=True)
class Text:
    """One text to translate. `many` is its plural form or "", `most` how many characters fit where it is shown."""

    where: str
    one: str
    many: str = ""
    most: int = 4_000


def people_facing() -> list[Path]:
    """The files that may hold words for people."""
    return sorted(path for room in ("ui", "cogs") for path in (ROOT / room).rglob("*.py"))


def in_code() -> Iterator[Text]:
    """The texts in `_` and `_n`."""
    for path in people_facing():
        tree = ast.parse(path.read_text("utf-8"))
        name = path.relative_to(ROOT).as_posix()
        limits = dict(_limited(tree, name))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            if isinstance(node.func, ast.Name) and node.func.id in ("_", "_n"):
                wanted = 1 if node.func.id == "_" else 2
                texts = [str(one.value) for one in node.args[:wanted] if isinstance(one, ast.Constant)]
                if len(texts) == wanted:
                    yield Text(name, texts[0], "".join(texts[1:]), limits.get(id(node), 4_000))


def _limited(tree: ast.AST, file: str) -> Iterator[tuple[int, int]]:
    """(id of a call of `_`, characters that fit) for the texts that go straight into a limited place."""
    places: list[tuple[ast.AST, int | None]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            places.append((node, _GIVEN.get((file, node.name))))
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            places += [(keyword.value, _LIMITS.get((name, keyword.arg or ""))) for keyword in node.keywords]
            places += [(argument, _LIMITS.get((name, n))) for n, argument in enumerate(node.args)]
    for place, most in places:
        if most:
            yield from ((id(inner), most) for inner in ast.walk(place) if isinstance(inner, ast.Call))


def in_models() -> Iterator[Text]:
    """What our own catalogue of models says in words."""
    for row in tomllib.loads((ROOT / "catalogue.toml").read_text("utf-8"))["model"]:
        yield from (Text("catalogue.toml", row[key]) for key in ("about", "paused") if row.get(key))


class _Listener(Localised):
    """Hears what discord.py wants translated, and leaves it as it is."""

    def __init__(self) -> None:
        self.heard: list[Text] = []

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        own_name = string.message in words_rules.LANGUAGES.values()  # of a language: the same in all of them
        words = re.search(r"[^\W\d_]", string.message)
        if locale is discord.Locale.german and not is_typed(context) and words and not own_name:
            most = 32 if context.location is Location.command_name else 100
            self.heard.append(Text("commands", string.message, most=most))
        return None


async def in_commands() -> list[Text]:
    """Descriptions, choices and right-click entries of every command, as they would be told to Discord."""
    listener = _Listener()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            discord_token=Secret("-"),
            allowed_servers=frozenset(),
            server_daily_credits=1,
            acedatacloud_api_token=Secret("-"),
            callback_port=0,
            admin_port=0,
            database_url=f"sqlite:///{folder}/clapper.db",
        )
        async with open_app(settings) as app, app.bot:
            await app.bot.load()
            for command in app.bot.tree.get_commands():
                await command.get_translated_payload(app.bot.tree, listener)
    return listener.heard


async def every_text() -> list[Text]:
    """Each text once, in a fixed order, with the narrowest of its places."""
    found: dict[str, Text] = {}
    for text in [*in_code(), *in_models(), *await in_commands()]:
        known = found.get(text.one)
        if known and known.many and text.many and known.many != text.many:
            raise ValueError(f"{text.one!r} has two plural forms: {known.many!r} and {text.many!r}")
        best = text if known is None or (text.many and not known.many) else known
        found[text.one] = replace(best, most=min(text.most, known.most if known else text.most))
    return list(found.values())
