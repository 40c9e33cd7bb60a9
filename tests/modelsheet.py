"""`python -m tests.modelsheet`: writes the table of docs/models.md from the catalogue."""

from __future__ import annotations

from pathlib import Path

from domain.model import Mode, Model
from domain.wire import ADAPTIVE, RATIOS
from settings import read_catalogue
from ui.words import size_name
from ui.words_models import lengths

PAGE = Path(__file__).parent.parent / "docs" / "models.md"
BEGIN, END = "<!-- what follows is generated: python -m tests.modelsheet -->\n", "<!-- until here -->\n"
_HEAD = (
    "model",
    "key",
    "service",
    "length",
    "shapes",
    "sizes",
    "sound",
    "pictures",
    "negative prompt",
    "prompt",
    "credits",
)
_SOUNDS = {"": "–", "always": "always", "off": "if asked for", "on": "unless refused"}


def page(text: str) -> str:
    """The page with its table as the catalogue has it now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + table() + "\n" + END + after


def table() -> str:
    """One row for each model of the catalogue, in its order."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_row(model) for model in read_catalogue("").models)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(model: Model) -> tuple[str, ...]:
    prices = [price for mode in model.modes for price in mode.prices.values()]
    return (
        model.label,
        f"`{model.key}`",
        model.wire.provider,
        lengths(model.durations) if model.durations else "its own",
        ", ".join(RATIOS.get(one, one) for one in model.orientations if one != ADAPTIVE) or "its own",
        _sizes(model),
        _SOUNDS[model.modes[0].sound] + (f" ({_few(model.modes[0])})" if _few(model.modes[0]) else ""),
        ", ".join(filter(None, map(_pictures, model.modes))) or "–",
        str(max(mode.negative_max for mode in model.modes) or "–"),
        f"{max(mode.prompt_max for mode in model.modes):,}",
        str(min(prices)) if min(prices) == max(prices) else f"{min(prices)}–{max(prices)}",
    )


def _sizes(model: Model) -> str:
    """All sizes, each with its modes where not every mode has it."""
    said = []
    for size in model.sizes:
        having = [mode.name for mode in model.modes if size in mode.sizes]
        said.append(size_name(size) + (f" ({', '.join(having)})" if len(having) < len(model.modes) else ""))
    return ", ".join(said) or "one"


def _few(mode: Mode) -> str:
    few = mode.sound_is_choice and mode.sizes and set(mode.sound_sizes) < set(mode.sizes)
    return ", ".join(map(size_name, mode.sound_sizes)) if few else ""


def _pictures(mode: Mode) -> str:
    """What a mode does with pictures; a star for those that have to be links."""
    star = "" if mode.base64 else "\\*"
    if mode.name == "references":
        return f"{mode.images_min}–{mode.images_max} to go by{star}"
    return {"text": "", "first": f"first frame{star}", "ends": f"first and last frame{star}"}[mode.name]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
