"""Saved characters: kept from a clip or a film of one's own, found by name, shared with a server, deleted."""

from __future__ import annotations

from collections.abc import Callable

import aiosqlite

from domain.clip import Clip
from domain.faults import BadClip, BadName
from domain.job import Job, JobState
from domain.names import marked, name_of
from media import films
from service.clips import Clips
from service.loops import now_ms
from storage import characters, clips, jobs
from storage.characters import Character
from storage.database import Database

#: Characters of one member.
MOST = 10
#: The longest side of a character's picture, in pixels.
_STILL_SIDE = 512
_KIND = "character"


class Characters:
    """Each belongs to a member, everywhere; a server has those that were shared with it."""

    def __init__(self, db: Database, *, clips: Clips, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._clips = clips
        self._clock = clock

    async def film(self, job_id: str, *, member_id: int) -> Job:
        """A member's own finished film, to take a character from. Raises BadClip."""
        async with self._db.transaction() as conn:
            job = await jobs.get(conn, job_id.strip().lower())
        if job is None or job.author_id != member_id or job.state is not JobState.READY or not job.films:
            raise BadClip("film_missing")
        if job.deleted_at or job.hidden:
            raise BadClip("film_missing")
        return job

    async def films(self, *, guild_id: int, member_id: int) -> list[Job]:
        """A member's finished films in this server, the newest first."""
        return await clips.films_of(self._db.reader, guild_id=guild_id, member_id=member_id, most=50)

    async def save(self, typed: str, clip: Clip, *, member_id: int) -> tuple[str, bytes]:
        """Keep the character of a clip under a name; the name, and its picture (JPEG). Raises BadName, BadClip."""
        name = name_of(typed, _KIND)
        origin = await self.film(clip.film, member_id=member_id) if clip.film else None
        async with self._db.transaction() as conn:
            await _check_room(conn, member_id, name.folded)
        async with self._clips.fetched(clip) as checked:
            still = await films.still(checked.path, max_side=_STILL_SIDE)
            kept = checked.clip
        now = self._clock()
        async with self._db.transaction(heavy=True) as conn:
            await _check_room(conn, member_id, name.folded)  # once more: fetching took a while
            await clips.keep(conn, kept, now)
            await characters.save(
                conn,
                owner_id=member_id,
                name=name.shown,
                folded=name.folded,
                clip=kept.sha256,
                ms=kept.ms,
                still=still,
                private=bool(origin and origin.private),
                restricted=bool(origin and origin.restricted),
                film=clip.film,
                now=now,
            )
        return name.shown, still

    async def visible(self, *, guild_id: int, member_id: int) -> list[Character]:
        """A member's own characters and those shared with this server."""
        return await characters.visible(self._db.reader, guild_id=guild_id, member_id=member_id)

    async def usable(self, typed: str, *, guild_id: int, member_id: int) -> Character:
        """The character that somebody means here, to make a film with it. Raises BadName, BadClip."""
        found = await self.find(typed, guild_id=guild_id, member_id=member_id)
        if found.taken_away:
            raise BadClip("clip_taken_away")
        return found

    async def find(self, typed: str, *, guild_id: int, member_id: int) -> Character:
        """The character that somebody means here: their own before a shared one. Raises BadName."""
        number = marked(typed)
        if number is not None:
            found = [one for one in await self.visible(guild_id=guild_id, member_id=member_id) if one.id == number]
        else:
            folded = name_of(typed, _KIND).folded
            found = await characters.named(self._db.reader, guild_id=guild_id, member_id=member_id, folded=folded)
        if not found:
            raise BadName("name_unknown", kind=_KIND)
        return found[0]

    async def picture(self, character: Character) -> bytes | None:
        """The picture of a character, a JPEG."""
        return await characters.still(self._db.reader, character.id)

    async def share(
        self, typed: str, *, guild_id: int, member_id: int, manager: bool = False, shared: bool = True
    ) -> Character:
        """Let this server have one's own character, or no longer; who manages the server may take any from it.

        Raises BadName: for somebody else's, and for one from a private film, too. BadClip for one that was taken away.
        """
        found = await self.find(typed, guild_id=guild_id, member_id=member_id)
        if found.owner_id != member_id and (shared or not manager):
            raise BadName("name_not_yours", kind=_KIND)
        if shared and found.private:
            raise BadName("name_private")
        if shared and found.taken_away:
            raise BadClip("clip_taken_away")
        async with self._db.transaction() as conn:
            await characters.share(conn, found.id, guild_id, shared=shared)
        return found

    async def delete(self, typed: str, *, guild_id: int, member_id: int) -> Character:
        """Delete one's own character everywhere. Raises BadName."""
        found = await self.find(typed, guild_id=guild_id, member_id=member_id)
        if found.owner_id != member_id:
            raise BadName("name_not_yours", kind=_KIND)
        async with self._db.transaction() as conn:
            await characters.delete(conn, found.id)
        return found


async def _check_room(conn: aiosqlite.Connection, member_id: int, folded: str) -> None:
    """Raise BadName where a member has no room for another character, or one of this name."""
    if await characters.count(conn, member_id) >= MOST:
        raise BadName("names_many", most=MOST)
    if await characters.owned(conn, member_id, folded):
        raise BadName("name_taken", kind=_KIND)
