"""The doctor's look at the video API: the key, the balance, and which models can be had."""

from __future__ import annotations

from acedata.client import VideoClient
from acedata.platform import balance
from domain.faults import VendorFault
from operate.at_home import Stored
from operate.checks import Check, bad, good, none
from settings import Settings

#: A task that nobody has: asking about it costs nothing, and only an accepted key gets an answer.
_NO_TASK = "00000000-0000-0000-0000-000000000000"
#: Models that are named one by one.
_NAMED = 8
_KEY = "Copy the token anew from https://platform.acedata.cloud into ACEDATACLOUD_API_TOKEN."
_TOP_UP = "Top it up at https://platform.acedata.cloud; waiting films then go on by themselves."
_REASONS = {
    "account_token": ("the API refuses the token", _KEY),
    "account_balance": ("the balance is used up", _TOP_UP),
    "model_gone": (
        "the token may not use this API",
        "Press Acquire on the API's page at https://platform.acedata.cloud.",
    ),
    "not_sent": ("the API cannot be reached", "Check ACEDATACLOUD_API_BASE_URL and this machine's network."),
}


async def look(settings: Settings, stored: Stored) -> list[Check]:
    """Key, balance and models."""
    return [await _key(settings), await _balance(settings), *_models(settings, stored)]


async def _key(settings: Settings) -> Check:
    name, provider = "API key", settings.catalogue.default().wire.provider
    token = settings.acedatacloud_api_token.reveal()
    async with VideoClient(base_url=settings.acedatacloud_api_base_url, token=token, tasks_seconds=20) as client:
        try:
            await client.task(provider, _NO_TASK)
        except VendorFault as fault:
            # It heard us and had something to say about that task: so the key is good.
            if fault.reason not in ("bad_request", "slow_down", "not_implemented"):
                what, todo = _REASONS.get(fault.reason, ("the API gives no clear answer", "Look again in a while."))
                return bad(name, f"{settings.acedatacloud_api_base_url}: {what} ({fault})", todo)
    return good(name, f"{settings.acedatacloud_api_base_url} accepts it")


async def _balance(settings: Settings) -> Check:
    name, token = "API balance", settings.acedatacloud_platform_token
    if token is None:
        return none(name, "not asked for: ACEDATACLOUD_PLATFORM_TOKEN is not set")
    try:
        left = await balance(settings.acedatacloud_platform_url, token.reveal(), settings.acedatacloud_application_id)
    except VendorFault as fault:
        todo = "Check ACEDATACLOUD_PLATFORM_TOKEN (an account token) and ACEDATACLOUD_APPLICATION_ID."
        return bad(name, f"cannot be read ({fault})", todo)
    told = f"{left:.1f} of the API's credits are left"
    return good(name, told) if left >= settings.low_balance else bad(name, told, _TOP_UP)


def _models(settings: Settings, stored: Stored) -> list[Check]:
    checks: list[Check] = []
    can: list[str] = []
    for row in settings.catalogue.models:
        subject = next((s for s in (f"account:{row.wire.provider}", f"model:{row.key}") if s in stored.breakers), "")
        if row.paused:
            checks.append(none(f"model {row.key}", f"paused in the catalogue: {row.paused}"))
        elif subject:
            what = f"closed by a breaker ({subject}: {stored.breakers[subject]})"
            todo = "See to its reason; the bot tries again by itself, at the latest every hour."
            checks.append(bad(f"model {row.key}", what, todo))
        else:
            can.append(row.key)
    if can:
        told = ", ".join(can) if len(can) <= _NAMED else f"{len(can)} of {len(settings.catalogue.models)}"
        return [good("models", f"{told} can be had"), *checks]
    return [bad("models", "none can be had", "Mend the breakers below, or unpause one in the catalogue."), *checks]
