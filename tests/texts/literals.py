"""Finds words for people that were written without `_`, and `_` around what cannot be looked up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.texts.found import ROOT
from tests.texts.marks import places

#: Speaks English on purpose: what the operator reads stands in the log as well.
ENGLISH = {"ui/operator.py", "ui/words_alerts.py"}

#: Calls whose texts nobody reads in Discord, or that discord.py has translated when commands are told to it.
_SILENT = {
    *("getLogger", "debug", "info", "warning", "error", "exception", "critical"),
    *("compile", "fullmatch", "match", "search", "sub", "findall", "split", "startswith", "endswith", "get", "getattr"),
    *("TypeError", "ValueError", "RuntimeError", "AssertionError", "ContextVar", "TypeVar"),
    *("command", "describe", "context_menu", "Group", "rename", "autocomplete"),
    *("Refused", "BadPicture", "DeliveryFault", "Fault"),
}
#: What shows its texts to people: here every letter counts, elsewhere only what looks like a sentence or a label.
_SHOWN = {
    *("Button", "Label", "TextDisplay", "TextInput", "Select", "SelectOption", "Modal", "RadioGroupOption"),
    *("Card", "Words", "note", "Embed", "add_field", "CheckboxGroupOption", "Choice", "send", "send_message", "edit"),
}
#: Arguments of those that nobody reads.
_HIDDEN = {"custom_id", "value", "url", "emoji", "nonce", "filename", "style", "period", "kind"}

_SENTENCE = re.compile(r"[^\W\d_]{2,}[,.!?;:…]? +[^\W\d_]+")
#: A value beside a word, in an f-string.
_FRAGMENT = re.compile(r"\0 [^\W\d_]|[^\W\d_]{2,} \0")
_LABEL = re.compile(r"[A-Z][a-z]+[.!?…]?")
_MARKUP = re.compile(r"<[^>]*>|https?://\S*|(?<!\S)/[a-z]+")
#: Names that are the same in every language, and what looks like words but is not.
_NAMES = {"discord.py: on_interaction", "Clapper", "English", "Deutsch", "Español", "Português do Brasil"}
#: Calls and those of their arguments that discord.py has translated, or that name a type.
_ELSEWHERE = {"__init__": ("name", "description"), "ContextMenu": ("name",), "cast": (0,)}


def problems() -> list[str]:
    """One line for each text of `ui/` and `cogs/` that no catalogue can ever hold."""
    found: list[str] = []
    for room in ("ui", "cogs"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in ENGLISH:
                found += [f"{name}:{line}: {what}" for line, what in problems_in(path.read_text("utf-8"))]
    return found


def problems_in(source: str) -> list[tuple[int, str]]:
    """(line, what is wrong) in one file."""
    return sorted({*_Reader().read(ast.parse(source))})


class _Reader:
    """Walks down a file with what surrounds each text in mind."""

    def read(self, node: ast.AST, *, shown: bool = False) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Call):
            yield from self._call(node, shown=shown)
            return
        if isinstance(node, ast.JoinedStr):
            yield from self._text(node, _joined(node), shown=shown)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from self.read(part.value, shown=shown)
            return
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield from self._text(node, node.value, shown=shown)
            return
        if isinstance(node, ast.Subscript):  # Literal["a", "b"], values["why"]
            yield from self.read(node.value)
            return
        if isinstance(node, ast.Compare | ast.Raise | ast.Assert):
            return
        if isinstance(node, ast.Dict):  # keys are keys
            for value in node.values:
                yield from self.read(value, shown=shown)
            return
        body = node.body if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else []
        docstring = body[0] if body and ast.get_docstring(node, clean=False) is not None else None  # type: ignore[arg-type]
        hidden = {id(docstring)}
        if isinstance(node, ast.ClassDef):
            hidden |= {id(keyword) for keyword in node.keywords}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            shown = False
        for child in ast.iter_child_nodes(node):
            if id(child) not in hidden:
                yield from self.read(child, shown=shown)

    def _call(self, node: ast.Call, *, shown: bool) -> Iterator[tuple[int, str]]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("_", "_n"):
            yield from _lookup(node, 1 if name == "_" else 2)
            return
        if name == "format" and isinstance(node.func, ast.Attribute):
            yield from _filled(node, node.func.value)
        if name in _SILENT:
            return
        yield from self.read(node.func, shown=shown)
        fixed = [one.value for one in node.keywords if isinstance(one.value, ast.Constant)]
        if name == "Choice" and fixed:  # beside an option, and so told to Discord with its command
            return
        elsewhere = _ELSEWHERE.get(name, ())
        for n, argument in enumerate(node.args):
            if n not in elsewhere:
                yield from self.read(argument, shown=name in _SHOWN)
        for keyword in node.keywords:
            if keyword.arg not in _HIDDEN and keyword.arg not in elsewhere:
                yield from self.read(keyword.value, shown=name in _SHOWN)

    def _text(self, node: ast.expr, text: str, *, shown: bool) -> Iterator[tuple[int, str]]:
        said = "" if text in _NAMES else _MARKUP.sub("", text)
        if (
            _SENTENCE.search(said)
            or _FRAGMENT.search(said)
            or _LABEL.fullmatch(said.strip())
            or (shown and re.search(r"[^\W\d_]", said))
        ):
            yield (
                node.lineno,
                f"not translated, as it stands outside of _(…): {text.strip()[:80]!r}".replace("\\x00", "{}"),
            )


def _joined(node: ast.JoinedStr) -> str:
    """An f-string with a sign that is no letter in place of its values."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)


def _lookup(node: ast.Call, wanted: int) -> Iterator[tuple[int, str]]:
    """What is looked up is written out, or comes whole from the catalogue of models."""
    texts = node.args[:wanted]
    for text in texts:
        plain = isinstance(text, ast.Constant) and isinstance(text.value, str)
        if not plain and not (wanted == 1 and isinstance(text, ast.Attribute | ast.Subscript | ast.Name)):
            yield node.lineno, f"_({ast.unparse(text)[:60]}) cannot be found: no f-string, no sum, values by .format()"
    values = [text.value for text in texts if isinstance(text, ast.Constant)]
    if len(values) == 2 and set(places(str(values[0]))) - set(places(str(values[1]))):
        yield node.lineno, f"{values[1]!r} lacks a value that its singular has"


def _filled(node: ast.Call, text: ast.expr) -> Iterator[tuple[int, str]]:
    """The values that are given are those that the text has room for."""
    if not (isinstance(text, ast.Call) and isinstance(text.func, ast.Name) and text.func.id in ("_", "_n")):
        return
    given = {keyword.arg for keyword in node.keywords}
    if None in given or node.args:
        return
    written = [str(one.value) for one in text.args[:2] if isinstance(one, ast.Constant)]
    wanted = {name for one in written for name in places(one)}
    if written and wanted != given:
        yield node.lineno, f"{written[0]!r} wants {sorted(wanted)} and is given {sorted(filter(None, given))}"
