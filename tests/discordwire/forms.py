"""Knows how a filled-in form is written, field by field."""

from typing import Any

from .components import CHECKBOX, CHECKBOXES, FILE_UPLOAD, LABEL, RADIO, ROW, SELECTS, TEXT_INPUT
from .files import Filing
from .model import Json


def submitted(modal: Json, values: dict[str, Any], filing: Filing) -> list[Json]:
    """The components of a MODAL_SUBMIT; a value that Discord's client would not send is a ValueError."""
    told: list[Json] = []
    for number, part in enumerate(modal["components"], 1):
        here: Json = {"type": part["type"], "id": part.get("id", number)}
        if part["type"] == LABEL:
            here["component"] = _field(part["component"], part["label"], values, filing, 100 + number)
        elif part["type"] == ROW:
            fields = [_field(one, one.get("label", ""), values, filing, 100 + number) for one in part["components"]]
            here["components"] = fields
        told.append(here)
    if values:
        raise LookupError(f"the form has no such fields: {sorted(values)}")
    return told


def _field(part: Json, label: str, values: dict[str, Any], filing: Filing, number: int) -> Json:
    custom_id, kind = part["custom_id"], part["type"]
    value = values.pop(custom_id, values.pop(label, None))
    told: Json = {"type": kind, "id": part.get("id", number), "custom_id": custom_id}
    required = part.get("required", True)
    if kind == TEXT_INPUT:
        text = value if value is not None else part.get("value") or ""
        least = part.get("min_length") or (1 if required else 0)
        if not (least <= len(text) <= (part.get("max_length") or 4000)) and (text or required):
            raise ValueError(f"{label}: {len(text)} characters are too few or too many")
        return told | {"value": text}
    if kind == CHECKBOX:
        return told | {"value": bool(part.get("default") if value is None else value)}
    if kind == RADIO:
        _check_chosen(part, label, [value] if value is not None else [], required, most=1)
        return told | {"value": value}
    chosen = list(value or [])
    if value is None and kind in (*SELECTS, CHECKBOXES):
        chosen = [option["value"] for option in part.get("options") or [] if option.get("default")]
    _check_chosen(part, label, chosen, required, most=part.get("max_values", 1 if kind != CHECKBOXES else 10))
    if kind == FILE_UPLOAD:
        return told | {"values": [str(filing.attach(one)) for one in chosen]}
    return told | {"values": [one if isinstance(one, str) else str(filing.resolve(one)) for one in chosen]}


def _check_chosen(part: Json, label: str, chosen: list[Any], required: bool, most: int) -> None:
    least = part.get("min_values", 1) if required else 0
    if not least <= len(chosen) <= most:
        raise ValueError(f"{label}: {len(chosen)} chosen, between {least} and {most} wanted")
    offered = [option["value"] for option in part.get("options") or []]
    if offered and set(chosen) - set(offered):
        raise ValueError(f"{label}: {chosen} is not among {offered}")
