"""What the operator's channel hears about the whole, in English as the log: trouble, what to do about it, its end."""

from __future__ import annotations

from ui.words import Maker, Values, Words


def _undelivered(values: Values) -> Words:
    count = int(values["count"] or 1)
    return Words(
        f"{count} film{'' if count == 1 else 's'} found no place",
        "In its server, `/manage jobs` lists each with its reason, and `/manage redeliver` tries again.",
    )


#: Key → words; `over` ones are said when a trouble has been gone for a while.
ALERTS: dict[str, Maker] = {
    "breaker": lambda v: Words(
        f"The video API has closed {v['subject'].partition(':')[2]}",
        "It is refused to members until a trial goes through. The log has the API's answer.",
    ),
    "failures": lambda v: Words(
        "Many films fail",
        f"{v['failed']} of the last hour's {v['all']} did. Their credits are back. The log has the API's answers, and "
        "`python bot.py doctor` looks at the key and the models.",
    ),
    "failures_over": lambda v: Words("Films succeed again", "For half an hour the failures have been few."),
    "undelivered": _undelivered,
    "disk": lambda v: Words(
        "The disk is nearly full",
        f"{float(v['free'] or 0) / 1e9:.1f} GB are free where the database is. Make room, or lower RETENTION_DAYS: "
        "when it is full, new commands are refused, and nothing is lost.",
    ),
    "disk_over": lambda v: Words("The disk has room again", "Nothing is left to do."),
    "backup": lambda v: Words(
        "The daily backup failed",
        f"`{v['why']}`. It is tried again every hour. Look at the disk, and at `backups` beside the database.",
    ),
    "backup_over": lambda v: Words("The daily backup is made again", "Nothing is left to do."),
    "balance": lambda v: Words(
        "The video API's balance runs low",
        f"{float(v['left'] or 0):.1f} credits of the API are left. Top it up in time: without them, new films are "
        "refused.",
    ),
    "balance_over": lambda v: Words("The video API's balance is filled up", "Nothing is left to do."),
}
