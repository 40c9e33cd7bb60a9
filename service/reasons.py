"""Why the API made no film: the key of the words for a failure, read from its code and message."""

from __future__ import annotations

from domain.job import Report

#: Codes that say that the API no longer has the model.
_GONE = {"no_api", "disabled"}
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("real_person", ("real person", "real people", "real face", "human face", "likeness", "photorealistic person")),
    ("moderation", ("forbidden", "moderation", "policy", "sensitive", "violat", "safety", "nsfw", "copyright")),
    ("vendor_picture", ("image", "picture", "photo")),
    ("vendor_timeout", ("timeout", "timed out", "time out")),
)


def reason_of(report: Report) -> str:
    """The key of the words for a failure that the API reported, from its code and message."""
    if report.code.casefold() in _GONE:
        return "model_gone"
    text = f"{report.code} {report.message}".lower()
    for reason, signs in _SIGNS:
        if any(sign in text for sign in signs):
            return reason
    return "vendor_failed"
