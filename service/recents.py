"""The API's list of recent tasks: which of our lost submissions it shows, and whether its silence proves anything."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from acedata.client import VideoClient
from domain.faults import VendorFault
from domain.job import Report, Verdict
from domain.wire import Wire
from service.links import Links

log = logging.getLogger("clapper.recents")

#: Items of one page; fewer where requests carry their pictures, which the list echoes.
_PAGE, _PAGE_WITH_PICTURES = 50, 10
#: Tasks read in one look, and tries of one page.
_MOST, _TRIES = 10_000, 3
#: Statuses after which asking again at once would be wrong.
_NO_USE = (400, 401, 403, 404, 413, 429)


@dataclass(frozen=True)
class Known:
    """A task that the API is known to have, and the job that it was made for."""

    job_id: str
    task_id: str


@dataclass
class Found:
    """What one look showed."""

    #: Reports on the jobs that were looked for, by job and attempt.
    seen: dict[str, dict[int, Report]] = field(default_factory=dict[str, dict[int, Report]])
    #: Whether the list was read to its end and showed what it had to show: only then a missing job proves anything.
    good: bool = False

    def best(self, job_id: str, attempt: int) -> Report | None:
        """What decides about a job: a success of any attempt, else its own; an older failure says nothing about it."""
        reports = self.seen.get(job_id, {})
        for report in reports.values():
            if report.verdict is Verdict.SUCCEEDED:
                return report
        if attempt in reports:
            return reports[attempt]
        return next((report for report in reports.values() if report.verdict is not Verdict.FAILED), None)


class Recents:
    """Reads the list page by page. Nothing is believed of it but what it shows: an API may cap its pages, leave out
    what it was asked by, lag behind, or know no such list and answer with an empty one."""

    def __init__(self, *, client: VideoClient, links: Links) -> None:
        self._client = client
        self._links = links

    async def look(self, wire: Wire, *, since: int, wanted: Collection[str], known: Known | None) -> Found:
        """Search the tasks made after `since` (unix ms) for these jobs. Raises VendorFault.

        `known` is a task that has to be there; without one, a list that reads well is believed.
        """
        found, first = Found(), list[str]()
        proven, readable = known is None, True
        limit = _PAGE if self._links.public_url else _PAGE_WITH_PICTURES
        offset = 0
        while offset < _MOST:
            reports, limit = await self._page(wire, since, limit, offset)
            ids = [report.task_id for report in reports]
            repeated = bool(first) and ids[: len(first)] == first[: len(ids)]
            if not reports or repeated:
                # The end; or a list that knows no offsets, which is whole when its first page was not full.
                found.good = proven and readable and (not reports or len(first) < limit)
                return found
            for report in reports:
                readable = readable and bool(report.task_id)
                ours = self.job_of(report.callback_url)
                if ours and known and ours[0] == known.job_id and report.task_id == known.task_id:
                    proven = True
                if ours and ours[0] in wanted:
                    found.seen.setdefault(ours[0], {}).setdefault(ours[1], report)
            first = first or ids
            offset += len(reports)
        log.warning("the list of recent tasks has no end")
        return found

    async def _page(self, wire: Wire, since: int, limit: int, offset: int) -> tuple[list[Report], int]:
        """One page, and the number of items to ask for from now on: fewer, when an answer was too large to be read."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return await self._client.recent(wire, since=since, limit=limit, offset=offset), limit
            except VendorFault as fault:
                if not tries_left or fault.status in _NO_USE:
                    raise
                if fault.status == 200:
                    limit = max(1, limit // 4)
        raise AssertionError("the last try returns or raises")

    def job_of(self, callback_url: str) -> tuple[str, int] | None:
        """The job and attempt whose callback URL this is; None for everybody else's."""
        try:
            parts = urlsplit(callback_url)
            name = parse_qs(parts.query).get("job", [""])[0] or parts.path.rpartition("/")[2]
        except ValueError:
            return None
        return self._links.read("callback", name)
