"""`doctor`: looks at everything that has to work, and says what to do about what does not."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence

from logs import Masked
from operate import at_api, at_discord, at_home, at_public_url
from operate.checks import Check, as_data, bad, good, table
from settings import Settings, SettingsError

log = logging.getLogger("clapper.doctor")

#: Seconds for the looks at one thing together.
_SECONDS = 60.0


async def examine(read: Callable[[], Settings], *, channels: Sequence[int], as_json: bool) -> int:
    """Look, and print a table or JSON. Returns the exit status: 0 when nothing is bad."""
    try:
        settings = read()
    except SettingsError as error:
        checks = [bad("settings", fault, "Mend it in .env; .env.example explains each.") for fault in error.faults]
        secrets: tuple[str, ...] = ()
    else:
        checks = await look(settings, channels)
        secrets = settings.secrets
    data = as_data(checks)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] - a terminal that knows no ✓ shows a ?
    # Not through all masks of the log: links to invite the bot have queries, and are meant to be used.
    hide = Masked(as_json=False, secrets=secrets).hide
    print(hide(json.dumps(data, ensure_ascii=False, indent=2) if as_json else table(checks)))
    return 0 if data["ok"] else 1


async def look(settings: Settings, channels: Sequence[int]) -> list[Check]:
    """Every check, in the order of the table. The looks go on side by side."""
    home = await at_home.look(settings)
    groups = (
        ("discord", at_discord.look(settings, channels)),
        ("api", at_api.look(settings, home.database)),
        ("public address", at_public_url.look(settings, home)),
        ("encoder", at_home.encoder()),
    )
    found = await asyncio.gather(*(_within(name, group) for name, group in groups))
    return [
        good("settings", f"complete; {settings.catalogue_file or 'our own catalogue'}"),
        *home.checks,
        *(check for group in found for check in group),
    ]


async def _within(name: str, group: Awaitable[list[Check]]) -> list[Check]:
    try:
        async with asyncio.timeout(_SECONDS):
            return await group
    except TimeoutError:
        return [bad(name, f"no answer within {_SECONDS:.0f} s", "Check this machine's network, then look again.")]
    except Exception as error:  # a look that fails is a finding too, and the others are still to be shown
        log.exception("the look at %s failed", name)
        return [bad(name, f"not to be looked at ({type(error).__name__}: {error})", "Mend what else is found.")]
