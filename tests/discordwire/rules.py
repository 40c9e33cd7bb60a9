"""Knows which message bodies Discord accepts, when one is sent and when one is edited."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .body import Body, Upload
from .components import check_components
from .errors import bad_length, invalid, refusal, too_long
from .mentions import check_allowed
from .model import (
    COMPONENTS_V2,
    EPHEMERAL,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Json,
    Message,
    StoredFile,
    walk,
)

MOST_CONTENT, MOST_FILES, MOST_EMBEDS, MOST_EMBED_TEXT, MOST_NONCE = 2000, 10, 10, 6000, 25
EMBED_LIMITS = {"title": 256, "description": 4096}
ATTACHED = "attachment://"
NOT_MODELLED = ("poll", "sticker_ids", "shared_client_theme")


@dataclass
class Draft:
    """A body that was found good: what the message will be; `uploads` by final file name, `shown` names in use."""

    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    flags: int = 0
    kept: list[StoredFile] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    allowed: Json | None = None


def check_new(payload: Json, body: Body, *, may_hide: bool = False) -> Draft:
    """A new message; only answers to an interaction may ask for one person's eyes."""
    for key in NOT_MODELLED:
        if payload.get(key):
            raise invalid(key, "NOT_MODELLED", f"the stand-in knows no {key}")
    flags = payload.get("flags") or 0
    allowed_flags = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2 | (EPHEMERAL if may_hide else 0)
    if flags & ~allowed_flags:
        raise invalid("flags", "MESSAGE_FLAGS_NOT_ALLOWED", f"Flags {flags & ~allowed_flags} may not be set here")
    draft = Draft(flags=flags, allowed=payload.get("allowed_mentions"))
    draft.content = _content(payload.get("content"))
    draft.embeds = payload.get("embeds") or []
    draft.components = payload.get("components") or []
    _take_files(draft, payload.get("attachments"), body.files, old=[])
    return _check(draft)


def check_edit(payload: Json, body: Body, message: Message, refuse_new_media: bool) -> Draft:
    """The whole message as it would be after the edit: what the body leaves out stays as it is.

    Discord refuses a new upload that a gallery of an *edited* second-version message shows
    (https://github.com/discord/discord-api-docs/issues/7529); `refuse_new_media` does so too.
    """
    flags = payload.get("flags")
    if flags is None:
        flags = message.flags
    elif message.v2 and not flags & COMPONENTS_V2:
        raise invalid("flags", "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", "The flag cannot be removed from a message")
    else:
        changeable = SUPPRESS_EMBEDS | COMPONENTS_V2
        flags = message.flags & ~changeable | flags & changeable
    draft = Draft(flags=flags, allowed=payload.get("allowed_mentions"))
    draft.content = _content(payload["content"]) if "content" in payload else message.content
    draft.embeds = (payload["embeds"] or []) if "embeds" in payload else message.embeds
    draft.components = (payload["components"] or []) if "components" in payload else message.components
    _take_files(draft, payload.get("attachments"), body.files, old=message.files)
    _check(draft)
    if refuse_new_media and draft.flags & COMPONENTS_V2 and draft.shown & set(draft.uploads):
        raise invalid("components", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", "new media in an edit")
    return draft


def check_nonce(payload: Json) -> str | int | None:
    nonce = payload.get("nonce")
    if nonce is not None and len(str(nonce)) > MOST_NONCE:
        raise too_long("nonce", MOST_NONCE)
    return nonce


def _content(value: object) -> str:
    if value is None:
        return ""
    text = str(value).strip()
    if len(text) > MOST_CONTENT:
        raise too_long("content", MOST_CONTENT)
    return text


def safe_name(name: str) -> str:
    """What Discord makes of a file's name; a reference to the name before that finds nothing."""
    return re.sub(r"[^\w.-]", "", name.replace(" ", "_"), flags=re.ASCII) or "unnamed"


def _take_files(draft: Draft, listed: object, uploads: dict[int, Upload], old: list[StoredFile]) -> None:
    """The list names files to keep by their id and describes new ones by their number; without it all old ones stay."""
    if listed is not None and not isinstance(listed, list):
        raise invalid("attachments", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    entries = {int(entry["id"]): entry for entry in listed or []}
    known = {one.id: one for one in old}
    for number, entry in entries.items():
        if number not in known and number not in uploads:
            raise invalid(f"attachments.{number}", "ATTACHMENT_NOT_FOUND", f"No file for the attachment {entry}")
    draft.kept = list(old) if listed is None else [one for one in old if one.id in entries]
    for number, upload in uploads.items():
        entry = entries.get(number) or {}
        name = safe_name(entry.get("filename") or upload.filename)
        if len(entry.get("description") or "") > 1024:
            raise too_long(f"attachments.{number}.description", 1024)
        draft.uploads[name] = upload
        if entry.get("description"):
            draft.descriptions[name] = entry["description"]
    if len(draft.uploads) != len(uploads):
        raise invalid("attachments", "ATTACHMENT_NAMES", "the stand-in wants different names for files of one message")
    if len(draft.kept) + len(draft.uploads) > MOST_FILES:
        raise bad_length("attachments", 0, MOST_FILES)


def _check(draft: Draft) -> Draft:
    check_allowed(draft.allowed)
    v2 = bool(draft.flags & COMPONENTS_V2)
    if v2 and (draft.content or draft.embeds):
        message = "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        path = "content" if draft.content else "embeds"
        raise invalid(path, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    names = [one.filename for one in draft.kept] + list(draft.uploads)
    shown = check_components(draft.components, v2=v2, files=names)
    draft.shown = shown | _check_embeds(draft.embeds, names)
    if not (draft.components if v2 else draft.content or draft.embeds or names or draft.components):
        raise refusal(50006)
    return draft


def _check_embeds(embeds: list[Json], names: Iterable[str]) -> set[str]:
    if len(embeds) > MOST_EMBEDS:
        raise bad_length("embeds", 0, MOST_EMBEDS)
    shown: set[str] = set()
    total = 0
    for index, embed in enumerate(embeds):
        path = f"embeds.{index}"
        texts = [(embed.get(key), most, key) for key, most in EMBED_LIMITS.items()]
        texts += [((embed.get("footer") or {}).get("text"), 2048, "footer.text")]
        texts += [((embed.get("author") or {}).get("name"), 256, "author.name")]
        fields = embed.get("fields") or []
        if len(fields) > 25:
            raise bad_length(f"{path}.fields", 0, 25)
        for one in fields:
            texts += [(one.get("name") or "", 256, "fields.name"), (one.get("value") or "", 1024, "fields.value")]
        for text, most, key in texts:
            if len(text or "") > most:
                raise too_long(f"{path}.{key}", most)
            if text == "" and key.startswith("fields"):
                raise invalid(f"{path}.{key}", "BASE_TYPE_REQUIRED", "This field is required")
            total += len(text or "")
        urls = [(embed.get(key) or {}).get("url") or "" for key in ("image", "thumbnail", "video")]
        shown |= {url.removeprefix(ATTACHED) for url in urls if url.startswith(ATTACHED)}
    if total > MOST_EMBED_TEXT:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}")
    return shown & set(names)


def text_of(draft: Draft) -> str:
    shown = [part["content"] for part in walk(draft.components) if part["type"] == 10]
    return "\n".join([draft.content, *shown])
