"""How much balance is left: the vendor's console has an API of its own, with a token of its own."""

from __future__ import annotations

import json
from urllib.parse import quote

import aiohttp

from acedata.wire import as_object, fault_for
from domain.faults import VendorFault

_SECONDS = 15.0
#: More than any answer about one application takes.
_BYTES = 1_000_000


async def balance(base_url: str, token: str, application_id: str) -> float:
    """What is left on an application, in the vendor's credits. Raises VendorFault.

    Source: https://platform.acedata.cloud/documents/platform-application-detail
    """
    url = f"{base_url}/api/v1/applications/{quote(application_id, safe='')}/"
    headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            status, raw = answer.status, bytearray()
            async for piece in answer.content.iter_chunked(65_536):
                raw += piece
                if len(raw) > _BYTES:
                    raise ValueError
            payload: object = json.loads(raw.decode("utf-8", "replace"))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        # By its kind alone: aiohttp's errors hold the request's headers.
        raise VendorFault("unknown", message=type(error).__name__) from None
    left = (as_object(payload) or {}).get("remaining_amount")
    if status != 200 or isinstance(left, bool) or not isinstance(left, int | float):
        raise fault_for(status, payload, None)
    return float(left)
