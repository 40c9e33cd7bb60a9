"""Knows the slash commands that were synced: what Discord refuses to register, and what a person can fill in."""

import unicodedata
from typing import Any

from .errors import bad_length, invalid, required, too_long
from .model import Json
from .world import World

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
ALLOWED_CHARACTERS = "-_'"


def overwrite(world: World, guild_id: int | None, commands: list[Json]) -> list[Json]:
    """A bulk overwrite: what is not named is gone, what keeps its name and type keeps its id."""
    for kind, most in MOST.items():
        if sum(one.get("type", CHAT_INPUT) == kind for one in commands) > most:
            raise invalid("", "APPLICATION_COMMANDS_LIMIT_REACHED", f"at most {most} commands of type {kind}")
    old = {(one["name"], one["type"]): one["id"] for one in world.commands.get(guild_id, [])}
    kept: list[Json] = []
    for index, command in enumerate(commands):
        check_command(command, str(index))
        kind = command.get("type", CHAT_INPUT)
        one = {"description": "", "options": [], "default_member_permissions": None, "nsfw": False, **command}
        one |= {
            "type": kind,
            "id": old.get((command["name"], kind)) or str(world.new_id()),
            "application_id": str(world.application_id),
            "version": str(world.new_id()),
        }
        if guild_id is not None:
            one["guild_id"] = str(guild_id)
        kept.append(one)
    names = [(one["name"], one["type"]) for one in kept]
    if len(set(names)) < len(names):
        raise invalid("", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    world.commands[guild_id] = kept
    return kept


def check_command(command: Json, path: str) -> None:
    if command.get("type", CHAT_INPUT) == CHAT_INPUT:
        _check_named(command, path)
        _check_options(command.get("options") or [], path, depth=0)
        if _length(command) > 8000:
            raise invalid(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
    elif not 1 <= len(command.get("name", "")) <= 32:
        raise bad_length(f"{path}.name", 1, 32)


def _check_named(one: Json, path: str) -> None:
    for name in (one.get("name", ""), *(one.get("name_localizations") or {}).values()):
        good = all(unicodedata.category(char)[0] in "LNM" or char in ALLOWED_CHARACTERS for char in name)
        if not (1 <= len(name) <= 32 and good and name == name.lower()):
            raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", f"Command name is invalid: {name}")
    for text in (one.get("description", ""), *(one.get("description_localizations") or {}).values()):
        if not 1 <= len(text) <= 100:
            raise bad_length(f"{path}.description", 1, 100)


def _check_options(options: list[Json], path: str, depth: int) -> None:
    if len(options) > 25:
        raise bad_length(f"{path}.options", 0, 25)
    names = [one.get("name") for one in options]
    if len(set(names)) < len(names):
        raise invalid(
            f"{path}.options", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option names must be unique"
        )
    wanted = [bool(one.get("required")) for one in options]
    if wanted != sorted(wanted, reverse=True):
        raise invalid(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options come first")
    for index, one in enumerate(options):
        here = f"{path}.options.{index}"
        kind = one.get("type")
        if kind not in range(1, 12) or (kind == GROUP and depth > 0) or (kind == SUBCOMMAND and depth > 1):
            raise invalid(f"{here}.type", "BASE_TYPE_CHOICES", f"an option of type {kind} may not stand here")
        _check_named(one, here)
        if kind in (SUBCOMMAND, GROUP):
            _check_options(one.get("options") or [], here, depth + 1)
        else:
            _check_value_option(one, here)


def _check_value_option(one: Json, path: str) -> None:
    choices = one.get("choices") or []
    if len(choices) > 25:
        raise bad_length(f"{path}.choices", 0, 25)
    if choices and one.get("autocomplete"):
        raise invalid(
            path, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", "choices and autocomplete exclude each other"
        )
    for choice in choices:
        check_choice(choice, path)
    if not 0 <= one.get("min_length", 0) <= 6000 or not 1 <= one.get("max_length", 6000) <= 6000:
        raise invalid(f"{path}.max_length", "NUMBER_TYPE_MAX", "lengths must lie between 0 and 6000")


def check_choice(choice: Json, path: str) -> None:
    if not 1 <= len(choice.get("name") or "") <= 100:
        raise bad_length(f"{path}.choices.name", 1, 100)
    if choice.get("value") is None:
        raise required(f"{path}.choices.value")
    if isinstance(choice["value"], str) and len(choice["value"]) > 100:
        raise too_long(f"{path}.choices.value", 100)


def _length(one: Json) -> int:
    """Names, descriptions and choices, each in its longest localisation."""
    total = 0
    for key in ("name", "description"):
        texts = [one.get(key) or "", *(one.get(f"{key}_localizations") or {}).values()]
        total += max(len(text) for text in texts)
    for choice in one.get("choices") or []:
        names = [choice["name"], *(choice.get("name_localizations") or {}).values()]
        total += max(len(name) for name in names) + len(str(choice["value"]))
    return total + sum(_length(each) for each in one.get("options") or [])


def find(world: World, guild_id: int | None, name: str, kind: int = CHAT_INPUT) -> Json:
    """The synced command of that name, a server's own before a global one."""
    for place in ([guild_id] if guild_id is not None else []) + [None]:
        for one in world.commands.get(place, []):
            if (one["name"], one["type"]) == (name, kind):
                return one
    known = [one["name"] for commands in world.commands.values() for one in commands]
    raise LookupError(f"no command {name!r} of type {kind} was synced, only {known}")


def descend(command: Json, path: list[str]) -> tuple[list[Json], list[Json]]:
    """The chain of subcommand options that the path names, and the value options at its end."""
    options, chain = command.get("options") or [], []
    for name in path:
        step = next((one for one in options if one["name"] == name and one["type"] in (SUBCOMMAND, GROUP)), None)
        if step is None:
            raise LookupError(f"{command['name']} has no subcommand {name!r}")
        chain.append(step)
        options = step.get("options") or []
    if any(one["type"] in (SUBCOMMAND, GROUP) for one in options):
        raise LookupError(f"{command['name']} {' '.join(path)} cannot be called itself: it has subcommands")
    return chain, options


def check_value(option: Json, value: Any) -> None:
    """Refuse, as Discord's own client would, what a person could not send."""
    name, kind = option["name"], option["type"]
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f"{name}: {value!r} is none of {choices}")
    if kind == STRING and not isinstance(value, str):
        raise ValueError(f"{name}: {value!r} is no text")
    if kind == STRING and not option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000):
        raise ValueError(f"{name}: {len(value)} characters are too few or too many")
    if kind in (INTEGER, NUMBER):
        if isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else int | float):
            raise ValueError(f"{name}: {value!r} is no number of that kind")
        if not option.get("min_value", value) <= value <= option.get("max_value", value):
            raise ValueError(f"{name}: {value} is out of range")
    if kind == BOOLEAN and not isinstance(value, bool):
        raise ValueError(f"{name}: {value!r} is neither True nor False")
