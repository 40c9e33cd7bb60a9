"""The addresses that Clapper gives to the API, and how it knows them again: a MAC over purpose, job and number."""

from __future__ import annotations

import hashlib
import hmac
import re

#: What the vendor's own guide uses as `callback_url` without a public address; it answers nobody.
#: Source: https://platform.acedata.cloud/documents/sora-videos-integration
PLACEHOLDER = "https://api.acedata.cloud/health"
_NAME = re.compile(r"([0-9a-z]{1,32})\.([0-9]{1,9})\.([0-9a-f]{40})")


class Links:
    """Makes and checks links of the form {job}.{number}.{mac}; a leaked one opens one job for one purpose."""

    def __init__(self, key: bytes, public_url: str) -> None:
        self._key = key
        self.public_url = public_url

    def callback(self, job_id: str, attempt: int) -> str:
        """Where the API reports an attempt; a placeholder with a unique query when nothing of ours can be reached."""
        name = self._name("callback", job_id, attempt)
        return f"{self.public_url}/callback/{name}" if self.public_url else f"{PLACEHOLDER}?job={name}"

    def media(self, job_id: str, n: int) -> str:
        """Where the API fetches a picture; only with a public address."""
        return f"{self.public_url}/media/{self._name('media', job_id, n)}.jpg"

    def clip(self, job_id: str) -> str:
        """Where the API fetches the clip of a job's character; only with a public address."""
        return f"{self.public_url}/media/{self._name('clip', job_id, 1)}.mp4"

    def probe(self, number: int) -> str:
        """An address that the bot answers with its instance id: whoever gets that answer has reached this bot."""
        return f"{self.public_url}/callback/{self._name('probe', 'probe', number)}"

    def read(self, purpose: str, name: str) -> tuple[str, int] | None:
        """(job, number) of a link that we made for this purpose; None for a forgery. Costs no query."""
        found = _NAME.fullmatch(name)
        if not found:
            return None
        job_id, number, mac = found.groups()
        return (job_id, int(number)) if hmac.compare_digest(mac, self._mac(purpose, job_id, int(number))) else None

    def _name(self, purpose: str, job_id: str, number: int) -> str:
        return f"{job_id}.{number}.{self._mac(purpose, job_id, number)}"

    def _mac(self, purpose: str, job_id: str, number: int) -> str:
        return hmac.new(self._key, f"{purpose}\0{job_id}\0{number}".encode(), hashlib.sha256).hexdigest()[:40]
