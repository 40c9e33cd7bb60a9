"""Finds every text that is translated: by `_` and `_n` in the code, in the commands, and in the models' catalogue."""

from __future__ import annotations

import ast
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot import open_app
from settings import Secret, Settings
from ui.localised import Localised, is_typed

ROOT = Path(__file__).parent.parent.parent

#: Discord's limits for what is shown in a fixed place: (what is called, its argument) → characters.
_LIMITS = {
    ("Button", "label"): 80,
    ("Choice", "name"): 100,
    ("Label", "text"): 45,
    ("Label", "description"): 100,
    ("Modal", "title"): 45,
    ("TextInput", "label"): 45,
    ("TextInput", "placeholder"): 100,
    ("Select", "placeholder"): 150,
    ("SelectOption", "label"): 100,
    ("SelectOption", "description"): 100,
}


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
        limits = dict(_limited(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "_n"):
                wanted = 1 if node.func.id == "_" else 2
                texts = [str(one.value) for one in node.args[:wanted] if isinstance(one, ast.Constant)]
                if len(texts) == wanted:
                    name = path.relative_to(ROOT).as_posix()
                    yield Text(name, texts[0], "".join(texts[1:]), limits.get(id(node), 4_000))


def _limited(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """(id of a call of `_`, characters that fit) for the texts that go straight into a limited place."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            for keyword in call.keywords:
                if most := _LIMITS.get((name, keyword.arg or "")):
                    yield from ((id(inner), most) for inner in ast.walk(keyword.value) if isinstance(inner, ast.Call))


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
        if locale is discord.Locale.german and not is_typed(context):
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
    """Each text once, in a fixed order."""
    return list({(text.one, text.many): text for text in [*in_code(), *in_models(), *await in_commands()]}.values())
