"""What the operator's channel hears about the whole: trouble, what to do about it, and its end. In English."""

from __future__ import annotations

from ui.words import Maker, Values, Words


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _undelivered(values: Values) -> Words:
    count = int(values["count"] or 1)
    return Words(
        f"{count} film{'' if count == 1 else 's'} found no place",
        "In its server, `/manage jobs` lists each with its reason, and `/manage redeliver` tries again.",
    )


#: Key → words; `over` ones are said when a trouble has been gone for a while.
ALERTS: dict[str, Maker] = {
    "failures": lambda v: Words(
        "Many films fail",
        (
            "{failed} of the last hour's {all} did. Their credits are back. The log has the API's answers, and "
            "`python bot.py doctor` looks at the key and the models."
        ).format(failed=v["failed"], all=v["all"]),
    ),
    "failures_over": lambda v: Words("Films succeed again", "For half an hour the failures have been few."),
    "undelivered": _undelivered,
    "disk": lambda v: Words(
        "The disk is nearly full",
        (
            "{free} are free where the database is. Make room, or lower RETENTION_DAYS: when it is full, new commands "
            "are refused, and nothing is lost."
        ).format(free=_gigabytes(int(v["free"] or 0))),
    ),
    "balance": lambda v: Words(
        "The video API's balance runs low",
        "{left} credits of the API are left. Top it up in time: without them, new films are refused.".format(
            left=f"{float(v['left'] or 0):.1f}"
        ),
    ),
    "balance_over": lambda v: Words("The video API's balance is filled up", "Nothing is left to do."),
    "disk_over": lambda v: Words("The disk has room again", "Nothing is left to do."),
}
