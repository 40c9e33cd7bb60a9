"""Which models there are, in the order in which members see them: data, not code."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from domain.model import CanBeHad, Model
from domain.rows import check_provider, model_of

#: What a catalogue consists of.
_KNOWN = ("model", "provider")


class CatalogueError(ValueError):
    """The catalogue file has faults; `faults` names each one, row by row."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Catalogue:
    """All models, in the order in which members see them."""

    models: tuple[Model, ...]

    def get(self, key: str) -> Model | None:
        """The model of this key, or None."""
        return next((model for model in self.models if model.key == key), None)

    def ordered(self, order: Sequence[str]) -> list[Model]:
        """All models, those whose keys `order` names in front."""
        named = [model for key in dict.fromkeys(order) if (model := self.get(key))]
        return [*named, *(model for model in self.models if model.key not in order)]

    def default(self, order: Sequence[str] = (), can_be_had: CanBeHad = lambda model: True) -> Model:
        """The first that is not paused and can be had; else the first that is not paused; else the first of all."""
        rows = self.ordered(order)
        open_rows = [model for model in rows if not model.paused]
        return next((model for model in open_rows if can_be_had(model)), (open_rows or rows)[0])

    @classmethod
    def parse(cls, text: str) -> Catalogue:
        """Read the TOML text of a catalogue. Raises CatalogueError that names every fault at once."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError([f"not TOML: {error}"]) from None
        faults = [f"{name}: only [[model]] and [provider.…] are known" for name in raw if name not in _KNOWN]
        rows, providers = raw.get("model"), raw.get("provider", {})
        if (
            not rows
            or not isinstance(rows, list)
            or not all(isinstance(row, dict) for row in cast("list[object]", rows))
        ):
            raise CatalogueError([*faults, "no [[model]] row"])
        if not isinstance(providers, dict):
            raise CatalogueError([*faults, "provider: write [provider.NAME]"])
        models: list[Model] = []
        tables = cast("dict[str, dict[str, Any]]", providers)
        for name, provider in tables.items():
            try:
                check_provider(name, provider)
            except ValueError as error:
                faults.append(str(error))
        for number, row in enumerate(cast("list[dict[str, Any]]", rows), 1):
            try:
                models.append(model_of(row, tables))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                name = row.get("key") or f"row {number}"
                what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
                faults.append(f"{name}: {what}")
        # Members type either of them, in any case.
        names = [name for model in models for name in {model.key.casefold(), model.label.casefold()}]
        faults += [f"{name}: stands twice" for name in sorted({name for name in names if names.count(name) > 1})]
        if faults:
            raise CatalogueError(faults)
        return cls(tuple(models))
