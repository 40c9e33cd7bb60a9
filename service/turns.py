"""Places in the queue: whose turn is when, from what is being made, what waits, and how long films took lately."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import aiosqlite

from domain.job import Job, JobState
from domain.turns import Caps, Line, Outlook, Standing, outlook
from service.loops import now_ms
from storage import jobs
from storage import turns as storage

#: Films in the making that are looked at one by one; with so many, single ones decide nothing.
_FLYING_MOST = 200


class Turns:
    """Foretells when the turn of a waiting job comes. It only says so: whose turn it is, dispatch decides."""

    def __init__(
        self, caps: Caps, *, paused: Callable[[], Sequence[int]] = tuple, clock: Callable[[], int] = now_ms
    ) -> None:
        """`paused` are the servers whose jobs wait: they are in nobody's way."""
        self._caps = caps
        self._paused = paused
        self._clock = clock

    async def of_newest(self, conn: aiosqlite.Connection, job: Job, *, written: bool = True) -> Outlook:
        """The outlook of the newest job, written already or soon; cheap where nothing waits and there is room."""
        now = self._clock()
        usual = await jobs.usual_seconds(conn, job.request.model, job.usual_seconds) * 1000
        if job.state is JobState.AWAITING:
            return Outlook(Standing.AWAITS, now + usual, 0, now)
        caps, paused = self._caps_of(job.member_most), self._paused()
        waiting, making = await storage.counted(conn, job, paused)
        if written:
            waiting = storage.Counts(waiting.total - 1, waiting.server - 1, waiting.member - 1)
        if (
            waiting.total + making.total < caps.total
            and waiting.server + making.server < caps.server
            and waiting.member + making.member < caps.member
        ):
            return Outlook(Standing.AT_ONCE, now + usual, 0, now)
        ahead = await storage.ahead_of_newest(conn, job, waiting, making, paused, written=written)
        making_now = _Making(await storage.flying(conn, job.wire.provider, _FLYING_MOST), now)
        lines = making_now.lines(caps, job.guild_id, job.author_id, ahead)
        return outlook(lines, ahead=ahead.total, usual=usual, now=now)

    async def of_all(
        self, conn: aiosqlite.Connection, provider: str, limit: int
    ) -> list[tuple[storage.Waiting, Outlook]]:
        """The first jobs that wait for a service, with their outlooks, in the order of their turns."""
        queue = await storage.queue(conn, provider, limit, self._paused())
        making = _Making(await storage.flying(conn, provider, _FLYING_MOST), now := self._clock())
        usual = {
            job.model: await jobs.usual_seconds(conn, job.model, job.usual_seconds) * 1000
            for job in {job.model: job for job in queue}.values()
        }
        found: list[tuple[storage.Waiting, Outlook]] = []
        servers, members = Counter[int](), Counter[tuple[int, int]]()
        for ahead, job in enumerate(queue):
            who = (job.guild_id, job.author_id)
            places = storage.Counts(ahead, servers[job.guild_id], members[who])
            lines = making.lines(self._caps_of(job.member_most), *who, places)
            said = outlook(lines, ahead=ahead, usual=usual[job.model], now=now, not_before=job.not_before)
            found.append((job, said))
            servers[job.guild_id] += 1
            members[who] += 1
        return found

    def _caps_of(self, member_most: int) -> Caps:
        """The caps, with a member's own where a rule gave one."""
        return replace(self._caps, member=member_most) if member_most else self._caps

    async def of_sent(self, conn: aiosqlite.Connection, job: Job) -> Outlook:
        """The outlook of a job that the API has."""
        usual = await jobs.usual_seconds(conn, job.request.model, job.usual_seconds) * 1000
        now = self._clock()
        return Outlook(Standing.MADE, max(now, job.sent_at + usual), 0, now)


class _Making:
    """What a service makes now: milliseconds that each film will still take, of all, of a server, of a member."""

    def __init__(self, flying: list[storage.Flying], now: int) -> None:
        self._all: list[int] = []
        self._servers: defaultdict[int, list[int]] = defaultdict(list)
        self._members: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for one in flying:
            usual = one.usual_seconds * 1000
            remaining = max(one.sent_at + usual - now, usual // 8)  # one that is over its time needs a little more
            self._all.append(remaining)
            self._servers[one.guild_id].append(remaining)
            self._members[one.guild_id, one.author_id].append(remaining)

    def lines(self, caps: Caps, guild_id: int, author_id: int, ahead: storage.Counts) -> list[Line]:
        """The lines that a job stands in, with those before it in each: everybody's, its server's, its member's."""
        return [
            Line(caps.total, self._all, ahead.total),
            Line(caps.server, self._servers[guild_id], ahead.server),
            Line(caps.member, self._members[guild_id, author_id], ahead.member),
        ]
