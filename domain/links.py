"""What a signed link says about its own end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit


def ends_at(url: str) -> int | None:
    """When a signed link dies, unix ms; None when it does not say so.

    Azure names the moment (`se`), CloudFront and Google count unix seconds (`Expires`), Amazon and Google count from a
    date (`X-Amz-Date` + `X-Amz-Expires`, `X-Goog-…`).
    """
    try:
        query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if "se" in query:
            end = datetime.fromisoformat(query["se"].replace("Z", "+00:00"))
            return int((end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp() * 1000)
        if re.fullmatch(r"\d{9,11}", query.get("expires", "")):
            return int(query["expires"]) * 1000
        for maker in ("x-amz", "x-goog"):
            if f"{maker}-expires" in query and f"{maker}-date" in query:
                begun = datetime.strptime(query[f"{maker}-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                return int((begun + timedelta(seconds=int(query[f"{maker}-expires"]))).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return None
