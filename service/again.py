"""Films as beginnings: what a new film may be built on, by whom, and how its chain came to be; asked at every press."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.faults import BadClip, BadPicture, Refused
from domain.job import FINAL, Job
from domain.request import options_of
from domain.wish import Wish, frame_of, framed
from storage import clips, history, inputs, jobs, lineage
from storage.database import Database

#: Generations of a chain that a recipe shows, and films that are joined at most.
CHAIN_MOST, JOIN_MOST = 10, 30

#: Whether a server lets its members build on one another's films.
AllowsReuse = Callable[[int], Awaitable[bool]]


@dataclass(frozen=True)
class Who:
    """Who presses, and where: `guild_id` is 0 in a direct message."""

    guild_id: int
    user_id: int


@dataclass(frozen=True)
class Opening:
    """A form to be opened: the wish that fills it in, and what to say beside its fields (a reason and its values)."""

    wish: Wish
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Again:
    """Finds generations for those who may see them, and the wishes that begin from them.

    It only reads, and never waits for whoever writes: a form has to open at once, as it cannot follow a defer. What a
    wish rests on is looked at once more when it is admitted.
    """

    def __init__(self, db: Database, *, allows_reuse: AllowsReuse) -> None:
        self._db = db
        self._allows_reuse = allows_reuse

    async def see(self, job_id: str, who: Who) -> Job:
        """A generation that this person may know of. Raises Refused `job_gone` for any other."""
        return _visible(await jobs.get(self._db.reader, job_id), who, "job_gone")

    async def of_message(self, message_id: int, who: Who) -> Job:
        """The generation that a message of ours shows. Raises Refused `no_film_here`."""
        return _visible(await lineage.of_message(self._db.reader, message_id), who, "no_film_here")

    async def chain(self, job: Job, who: Who) -> list[Job]:
        """The generation and those that it came from, as far as this person may know of them, the newest first."""
        found = await lineage.ancestors(self._db.reader, job.id, most=CHAIN_MOST)
        return [one for one in found if one.id == job.id or _is_visible(one, who)]

    async def direct(self, chain: Sequence[Job]) -> frozenset[str]:
        """The ids of those whose message is a direct one, which nobody but their author can open."""
        return await history.direct(self._db.reader, [job.id for job in chain])

    async def keeps(self, job: Job) -> bool:
        """Whether the pictures or the clip that a generation was made from are there still."""
        if await inputs.lost(self._db.reader, await inputs.reusable(self._db.reader, job.id)):
            return False
        return await clips.kept(self._db.reader, job.id)

    async def parts(self, job_id: str, who: Who) -> list[Job]:
        """The films that lead to this one by their frames, the first one first. Raises Refused."""
        job = await self.see(job_id, who)
        found = await lineage.ancestors(self._db.reader, job.id, by="continues", most=JOIN_MOST + 1)
        parts = list(itertools.takewhile(lambda one: one.films and _is_visible(one, who), found))
        if len(parts) < 2:
            raise Refused("nothing_to_join")
        if len(parts) > JOIN_MOST:
            raise Refused("join_long")
        for part in parts:
            await self._check(part, "join", who)
        return parts[::-1]

    async def wish(self, job_id: str, action: str, who: Who) -> Wish:
        """The wish that begins from a generation in this way (one of domain.wish.ACTIONS).

        Raises Refused where there is nothing to build on, or this person may not.
        """
        job = await self.see(job_id, who)
        if job.state not in FINAL:
            raise Refused("film_running")
        await self._check(job, action, who)
        pictures = await inputs.reusable(self._db.reader, job.id)
        clip = await clips.reusable(self._db.reader, job)
        if clip and clip.private and job.author_id != who.user_id and action != "continue":
            raise BadClip("clip_private")
        if clip and action != "continue" and await clips.taken_away(self._db.reader, clip):
            raise BadClip("clip_taken_away")
        wish = Wish(
            options=options_of(job.request),
            pictures=pictures,
            clip=clip,
            private=job.private or not who.guild_id,
            spoiler=job.spoiler,
            parent_id=job.id,
            action=action,
            credit=0 if job.author_id == who.user_id else job.author_id,
            continues=job.continues,
            home=None if who.guild_id else (job.guild_id, job.channel_id),
        )
        return (
            replace(wish, pictures=(frame_of(job.id),), clip=None, continues=job.id) if action == "continue" else wish
        )

    async def opening(self, job_id: str, action: str, who: Who) -> Opening:
        """The form for a wish that begins from a generation. Raises Refused as `wish` does."""
        wish = await self.wish(job_id, action, who)
        if action != "retry":
            return await self.opened(wish)
        job = await self.see(job_id, who)
        return await self.opened(wish, job.reason, job.values)

    async def opened(self, wish: Wish, reason: str = "", values: Mapping[str, Any] | None = None) -> Opening:
        """The form for a wish, without the pictures that cannot be used: broken, or no longer kept."""
        values = values or {}
        pictures = list(wish.pictures)
        bad = values.get("position")
        if (reason in BadPicture.REASONS or reason == "attachment_large") and isinstance(bad, int):
            del pictures[bad - 1 : bad]
        elif reason == "film_gone":
            pictures = [picture for picture in pictures if not framed(picture.url)]
        lost = await inputs.lost(self._db.reader, pictures)
        kept = tuple(picture for picture in pictures if picture.sha256 not in lost)
        continues = wish.continues if kept[:1] == wish.pictures[:1] else ""
        wish = replace(wish, pictures=kept, continues=continues)
        return Opening(wish, reason or ("pictures_forgotten" if lost else ""), values)

    async def reserve(self, job_id: str, who: Who, *, reserved: bool) -> None:
        """Keep a film of one's own from being built on by others, or let them again."""
        job = await self.see(job_id, who)
        if job.author_id != who.user_id:
            raise Refused("not_yours")
        async with self._db.transaction() as conn:
            await jobs.change(conn, job.id, reserved=int(reserved))

    async def _check(self, job: Job, action: str, who: Who) -> None:
        if job.author_id != who.user_id:
            if not job.films or action == "retry":
                raise Refused("not_yours")
            still_open(job, who, reuse=await self._allows_reuse(job.guild_id))
        if action == "continue" and not job.films:
            raise Refused("no_film_here")


def still_open(job: Job | None, who: Who, *, reuse: bool) -> None:
    """Raise Refused where a generation may not, or no longer, be built on; `reuse`: its server lets others do it."""
    found = _visible(job, who, "job_gone")
    if found.author_id == who.user_id:
        return
    if found.reserved:
        raise Refused("reserved")
    if not reuse:
        raise Refused("no_reuse")


def _visible(job: Job | None, who: Who, otherwise: str) -> Job:
    if job is None or not _is_visible(job, who):
        raise Refused(otherwise)
    return job


def _is_visible(job: Job, who: Who) -> bool:
    """In its own server, or its author's direct messages; one that was deleted or taken away never.

    A private one, and one whose words were removed, is for its author alone.
    """
    own = job.author_id == who.user_id
    here = job.guild_id == who.guild_id or (own and not who.guild_id)
    gone = job.deleted_at or job.hidden
    return here and (own or (not job.private and bool(job.request.prompt))) and not gone
