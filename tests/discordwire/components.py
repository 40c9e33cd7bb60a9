"""Knows what Discord accepts as components of a message or a form."""

import re
from collections.abc import Iterable

from .errors import bad_length, invalid, required, too_long
from .model import Json, walk

ROW, BUTTON, TEXT_INPUT, SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR = 1, 2, 4, 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 17, 18, 19, 21, 22, 23
STRING_SELECT = 3
SELECTS = (3, 5, 6, 7, 8)
IN_CONTAINER = (ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR)
ON_TOP = (*IN_CONTAINER, CONTAINER)
IN_LABEL = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX)
MOST_COMPONENTS, MOST_TEXT = 40, 4000
ATTACHED = re.compile(r"attachment://(.+)")


def check_components(parts: object, *, v2: bool, files: Iterable[str]) -> set[str]:
    """Refuse what Discord refuses; the names of the attached files that the components show."""
    if not isinstance(parts, list):
        raise invalid("components", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    everything = walk(parts)
    if v2:
        _check_totals(everything)
    elif len(parts) > 5:
        raise bad_length("components", 0, 5)
    for index, part in enumerate(parts):
        path = f"components.{index}"
        _one_of(part, ON_TOP if v2 else (ROW,), path)
        _check(part, path)
    _check_unique(everything)
    return _shown_files(everything, set(files))


def _check_totals(everything: list[Json]) -> None:
    if len(everything) > MOST_COMPONENTS:
        message = f"Total number of components cannot exceed {MOST_COMPONENTS}"
        raise invalid("components", "BASE_TYPE_MAX_LENGTH", message)
    if sum(len(part.get("content", "")) for part in everything if part.get("type") == TEXT_DISPLAY) > MOST_TEXT:
        message = f"Total displayable text size exceeds maximum size of {MOST_TEXT}"
        raise invalid("components", "COMPONENT_MAX_TOTAL_TEXT_SIZE_EXCEEDED", message)


def _check_unique(everything: list[Json]) -> None:
    seen: set[str] = set()
    for part in everything:
        custom_id = part.get("custom_id")
        if custom_id in seen:
            raise invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        if custom_id is not None:
            seen.add(custom_id)


def _one_of(part: object, allowed: tuple[int, ...], path: str) -> None:
    if not isinstance(part, dict) or part.get("type") not in allowed:
        kind = part.get("type") if isinstance(part, dict) else part
        raise invalid(
            f"{path}.type", "UNION_TYPE_CHOICES", f"Value of field “type” must be one of {allowed}, not {kind}"
        )


def _text(part: Json, key: str, path: str, least: int, most: int, *, needed: bool = True) -> None:
    value = part.get(key)
    if value is None and not needed:
        return
    if value is None:
        raise required(f"{path}.{key}")
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise bad_length(f"{path}.{key}", least, most)


def _check(part: Json, path: str) -> None:
    kind = part["type"]
    if kind == ROW:
        _check_row(part, path)
    elif kind == BUTTON:
        _check_button(part, path)
    elif kind in SELECTS:
        _check_select(part, path)
    elif kind == SECTION:
        _children(part, path, (TEXT_DISPLAY,), 1, 3)
        if not isinstance(part.get("accessory"), dict):
            raise required(f"{path}.accessory")
        _one_of(part["accessory"], (BUTTON, THUMBNAIL), f"{path}.accessory")
        _check(part["accessory"], f"{path}.accessory")
    elif kind == TEXT_DISPLAY:
        _text(part, "content", path, 1, MOST_TEXT)
    elif kind == GALLERY:
        items = part.get("items") or []
        if not 1 <= len(items) <= 10:
            raise bad_length(f"{path}.items", 1, 10)
        for item in items:
            _check_media(item, "media", path)
    elif kind in (THUMBNAIL, FILE):
        _check_media(part, "media" if kind == THUMBNAIL else "file", path, only_attached=kind == FILE)
    elif kind == CONTAINER:
        _children(part, path, IN_CONTAINER, 1, MOST_COMPONENTS)
        if not 0 <= (part.get("accent_color") or 0) <= 0xFFFFFF:
            raise invalid(f"{path}.accent_color", "NUMBER_TYPE_MAX", "int value should be at most 16777215.")


def _children(part: Json, path: str, allowed: tuple[int, ...], least: int, most: int) -> None:
    children = part.get("components") or []
    if not least <= len(children) <= most:
        raise bad_length(f"{path}.components", least, most)
    for index, child in enumerate(children):
        _one_of(child, allowed, f"{path}.components.{index}")
        _check(child, f"{path}.components.{index}")


def _check_row(part: Json, path: str) -> None:
    _children(part, path, (BUTTON, *SELECTS), 1, 5)
    kinds = [child["type"] for child in part["components"]]
    if len(kinds) > 1 and any(kind in SELECTS for kind in kinds):
        raise invalid(
            f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the max width"
        )


def _check_button(part: Json, path: str) -> None:
    style = part.get("style")
    if style not in (1, 2, 3, 4, 5):
        raise invalid(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5).")
    _text(part, "label", path, 1, 80, needed=not part.get("emoji"))
    if style == 5:
        _text(part, "url", path, 1, 512)
        if "custom_id" in part:
            raise invalid(
                path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "custom_id and url exclude each other"
            )
    else:
        _text(part, "custom_id", path, 1, 100)


def _check_select(part: Json, path: str) -> None:
    _text(part, "custom_id", path, 1, 100)
    _text(part, "placeholder", path, 0, 150, needed=False)
    options = part.get("options") or []
    if part["type"] == STRING_SELECT:
        if not 1 <= len(options) <= 25:
            raise bad_length(f"{path}.options", 1, 25)
        _check_options(options, path)
    least, most = part.get("min_values", 1), part.get("max_values", 1)
    if not (0 <= least <= 25 and 1 <= most <= 25 and least <= most):
        raise invalid(f"{path}.max_values", "BASE_TYPE_RANGE", "min_values and max_values must lie between 0 and 25")


def _check_options(options: list[Json], path: str) -> None:
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        raise invalid(
            f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
        )
    for index, option in enumerate(options):
        here = f"{path}.options.{index}"
        _text(option, "label", here, 1, 100)
        _text(option, "value", here, 1, 100)
        _text(option, "description", here, 1, 100, needed=False)


def _check_media(item: Json, key: str, path: str, *, only_attached: bool = False) -> None:
    url = (item.get(key) or {}).get("url")
    if not isinstance(url, str):
        raise required(f"{path}.{key}.url")
    schemes = ("attachment://",) if only_attached else ("attachment://", "http://", "https://")
    if not url.startswith(schemes):
        raise invalid(f"{path}.{key}.url", "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}.")
    _text(item, "description", path, 1, 1024, needed=False)


def _shown_files(everything: list[Json], names: set[str]) -> set[str]:
    shown: set[str] = set()
    for part in everything:
        media = [item["media"] for item in part.get("items") or []]
        media += [part[key] for key in ("media", "file") if isinstance(part.get(key), dict)]
        for item in media:
            if found := ATTACHED.fullmatch(item["url"]):
                if found[1] not in names:
                    message = f"The referenced attachment {found[1]!r} was not found in the request"
                    raise invalid("components", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
                shown.add(found[1])
    return shown


def check_modal(modal: Json) -> None:
    """A form: a title, and one to five fields, each in a label (or, as of old, a text input in a row)."""
    _text(modal, "custom_id", "data", 1, 100)
    _text(modal, "title", "data", 1, 45)
    parts = modal.get("components") or []
    if not 1 <= len(parts) <= 5:
        raise bad_length("data.components", 1, 5)
    for index, part in enumerate(parts):
        path = f"data.components.{index}"
        _one_of(part, (ROW, LABEL, TEXT_DISPLAY), path)
        if part["type"] == LABEL:
            _text(part, "label", path, 1, 45)
            _text(part, "description", path, 1, 100, needed=False)
            _one_of(part.get("component"), IN_LABEL, f"{path}.component")
            _check_field(part["component"], f"{path}.component")
        elif part["type"] == ROW:
            for child in part.get("components") or []:
                _one_of(child, (TEXT_INPUT,), path)
                _text(child, "label", path, 1, 45)
                _check_field(child, path)
        else:
            _text(part, "content", path, 1, MOST_TEXT)
    _check_unique(walk(parts))


def _check_field(part: Json, path: str) -> None:
    kind = part["type"]
    if kind in SELECTS:
        _check_select(part, path)
        return
    _text(part, "custom_id", path, 1, 100)
    if kind == TEXT_INPUT:
        _text(part, "placeholder", path, 0, 100, needed=False)
        least, most = part.get("min_length") or 0, part.get("max_length") or 4000
        if not (0 <= least <= 4000 and 1 <= most <= 4000 and least <= most):
            raise invalid(
                f"{path}.max_length", "NUMBER_TYPE_MAX", "min_length and max_length must lie between 0 and 4000"
            )
        if len(part.get("value") or "") > most:
            raise too_long(f"{path}.value", most)
    elif kind == FILE_UPLOAD:
        least, most = part.get("min_values", 1), part.get("max_values", 1)
        if not (0 <= least <= 10 and 1 <= most <= 10 and least <= most):
            raise invalid(
                f"{path}.max_values", "NUMBER_TYPE_MAX", "min_values and max_values must lie between 0 and 10"
            )
        if least == 0 and part.get("required", True):
            raise invalid(f"{path}.required", "BASE_TYPE_CHOICES", "min_values 0 needs required false")
    elif kind in (RADIO, CHECKBOXES):
        _check_options(part.get("options") or [], path)
