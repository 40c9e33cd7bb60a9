"""Presets and last choices: what fills in a command, saved under names, shared with a server, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from domain.catalogue import Catalogue
from domain.faults import BadName
from domain.names import marked, name_of
from domain.preset import TEXT_MAX, filled, typed, worded
from domain.request import parse
from domain.wish import Wish
from service.loops import now_ms
from storage import presets
from storage.database import Database
from storage.presets import Preset

#: Presets of one member.
MOST = 50
#: Stands among the names of presets for the member's last choices.
LAST = 0
_KIND = "preset"


class Presets:
    """Each belongs to a member, everywhere; a server has those that were shared with it."""

    def __init__(
        self,
        db: Database,
        *,
        catalogue: Catalogue,
        can_be_had: Callable[[str], bool] = lambda key: True,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`can_be_had` says by its key whether a model is taken without being named."""
        self._db = db
        self._catalogue = catalogue
        self._can_be_had = can_be_had
        self._clock = clock

    async def complete(self, wish: Wish, preset: str | None, *, guild_id: int, member_id: int) -> Wish:
        """The wish with what was not typed from a preset and from the member's last choices. Raises BadName."""
        who = {"guild_id": guild_id, "member_id": member_id}
        chosen = await self.find(preset, **who) if preset and preset.strip() else None
        last = await self.last(**who)
        if wish.pictures:
            last.pop("orientation", None)  # the first picture says it better than an earlier film
        if not self._can_be_had(str(last.get("model"))):
            last.pop("model", None)
        fallbacks = [chosen.options, last] if chosen else [last]
        options = filled(self._catalogue, wish.options, *fallbacks, pictures=len(wish.pictures))
        if chosen:
            options["prompt"] = worded(str(wish.options.get("prompt") or ""), chosen.text)
        return replace(wish, options=options)

    async def remember(self, options: Mapping[str, Any], *, guild_id: int, member_id: int) -> None:
        """Remember what a member really chose; what was left out stays as it was remembered.

        What was set back to the usual (None) is remembered no more.
        """
        if not options:
            return
        last = await presets.choices(self._db.quick_reader, guild_id, member_id)
        whole = filled(
            self._catalogue, typed(options), {name: last[name] for name in last if options.get(name, "") is not None}
        )
        if whole != last:
            async with self._db.transaction() as conn:
                await presets.choose(conn, guild_id, member_id, whole)

    async def save(self, name: str, *, member_id: int, text: str, options: Mapping[str, Any]) -> str:
        """Keep a text and options under a name; the name. Raises BadName, and Refused for options that do not go."""
        wanted = name_of(name, _KIND)
        text, chosen = text.strip(), typed(options)
        if not text and not chosen:
            raise BadName("preset_empty")
        if len(text) > TEXT_MAX:
            raise BadName("preset_long", length=len(text), most=TEXT_MAX)
        request = parse(self._catalogue, prompt="x", **chosen)
        if "model" in chosen:
            chosen["model"] = request.model  # its key, whatever was typed
        async with self._db.transaction() as conn:
            if await presets.count(conn, member_id, but=wanted.folded) >= MOST:
                raise BadName("names_many", most=MOST)
            await presets.save(
                conn,
                owner_id=member_id,
                name=wanted.shown,
                folded=wanted.folded,
                text=text,
                options=chosen,
                now=self._clock(),
            )
        return wanted.shown

    async def visible(self, *, guild_id: int, member_id: int) -> list[Preset]:
        """A member's own presets and those shared with this server."""
        return await presets.visible(self._db.reader, guild_id=guild_id, member_id=member_id)

    async def last(self, *, guild_id: int, member_id: int) -> dict[str, Any]:
        """What a member chose last in this server."""
        return await presets.choices(self._db.quick_reader, guild_id, member_id)

    async def find(self, name: str, *, guild_id: int, member_id: int) -> Preset:
        """The preset that somebody means here: their own before a shared one. Raises BadName."""
        number = marked(name)
        if number is not None:
            found = [one for one in await self.visible(guild_id=guild_id, member_id=member_id) if one.id == number]
        else:
            folded = name_of(name, _KIND).folded
            found = await presets.named(self._db.reader, guild_id=guild_id, member_id=member_id, folded=folded)
        if not found:
            raise BadName("name_unknown", kind=_KIND)
        return found[0]

    async def share(
        self, name: str, *, guild_id: int, member_id: int, manager: bool = False, shared: bool = True
    ) -> Preset:
        """Let this server have one's own preset, or no longer; who manages the server may take any from it."""
        found = await self.find(name, guild_id=guild_id, member_id=member_id)
        if found.owner_id != member_id and (shared or not manager):
            raise BadName("name_not_yours", kind=_KIND)
        async with self._db.transaction() as conn:
            await presets.share(conn, found.id, guild_id, shared=shared)
        return found

    async def forget(self, name: str, *, guild_id: int, member_id: int) -> Preset | None:
        """Delete one's own preset everywhere, or forget the last choices here (None). Raises BadName."""
        if marked(name) == LAST:
            async with self._db.transaction() as conn:
                await presets.forget_choices(conn, guild_id, member_id)
            return None
        found = await self.find(name, guild_id=guild_id, member_id=member_id)
        if found.owner_id != member_id:
            raise BadName("name_not_yours", kind=_KIND)
        async with self._db.transaction() as conn:
            await presets.delete(conn, found.id)
        return found
