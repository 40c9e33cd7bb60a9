"""One film without a browser: gives the command in the simulated Discord, and tells what the member sees there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import simcord

from bot import App
from demo.reading import readable
from demo.world import World, world
from domain.faults import BadFilm
from media.films import probe

_LOOK = 0.1
#: Once people were told how it ended, the card follows within this many seconds, if it does at all.
_CARD = 3.0


@dataclass(frozen=True)
class Wish:
    """A command to give: its prompt, pictures, and options by name."""

    prompt: str
    images: list[Path] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)


async def once(app: App, wish: Wish, *, out: Path | None, as_json: bool, timeout: float) -> int:
    """Give the command, print every message as it comes or changes, and save the film. Returns the exit status."""
    async with world(app.bot, server="Films") as place:
        told = _Told(place, as_json=as_json, out=out)
        told.skip()
        files = {f"image{n}": (path.name, path.read_bytes()) for n, path in enumerate(wish.images, 1)}
        try:
            async with asyncio.timeout(timeout):
                with contextlib.suppress(TimeoutError):  # simcord's own patience; the answer comes all the same
                    await place.visitor.slash(place.channel, "video", prompt=wish.prompt, **files, **wish.options)
                state = await _ending(app, told)
        except simcord.SetupError as error:
            print(f"Discord would not send this command: {error}", file=sys.stderr)
            return 2
        except TimeoutError:
            state = (await _job(app))[0]
            print(f"No film within {timeout:g} s: given up.", file=sys.stderr)
        if as_json:
            film = str(told.film) if told.film else None
            print(json.dumps({"ok": film is not None, "state": state, "film": film}), flush=True)
        elif told.film:
            print(f"Saved as {told.film}", flush=True)
        return 0 if told.film else 1


async def _ending(app: App, told: _Told) -> str:
    """Tell what comes until there is nothing more to come; returns the job's last state, "refused" without a job."""
    waited = 0.0
    while True:
        state, announced = await _job(app)
        await told.tell()
        if state == "queued" and (reason := await _stuck(app)):
            print(f"The API refuses everything ({reason}), so the film waits. Given up.", file=sys.stderr)
            return state
        if state == "refused" or (announced and (told.changed or waited > _CARD)):
            return state
        waited += _LOOK if announced else 0
        await asyncio.sleep(_LOOK)


async def _job(app: App) -> tuple[str, bool]:
    """The state of the only job, and whether people were told how it ended."""
    for row in await app.db.reader.execute_fetchall("SELECT state, announced_at FROM jobs"):
        return str(row[0]), bool(row[1])
    return "refused", True


async def _stuck(app: App) -> str:
    """Why nothing can be sent to the API; "" when something can."""
    rows = await app.db.reader.execute_fetchall("SELECT reason FROM breakers")
    return ", ".join(str(row[0]) for row in rows)


class _Told:
    """What the member has read so far. `changed`: a message that was there before was changed."""

    def __init__(self, place: World, *, as_json: bool, out: Path | None) -> None:
        self.film: Path | None = None
        self.changed = False
        self._world = place
        self._as_json = as_json
        self._out = out
        self._read: dict[int, str] = {}
        self._began = datetime.now(UTC)
        self._names = {place.visitor.id: "You", place.moderator.id: "Moderator"}

    def skip(self) -> None:
        """Take what is there now as read."""
        self._read = {message.id: self._fixed(message) for _, message in self._messages()}

    async def tell(self) -> None:
        """Print new messages, in the order in which they were sent, and then what has changed."""
        new, changed = [], []
        for where, message in sorted(self._messages(), key=lambda found: found[1].id):
            text, before = self._fixed(message), self._read.get(message.id)
            if text != before:
                (changed if before is not None else new).append((where, message))
                self._read[message.id] = text
        for where, message in new:
            self._say(where, message, [await self._saved(file) for file in message.attachments])
        for where, message in changed:
            self._say(where, message, [], changed=True)
        self.changed |= bool(changed)

    def _fixed(self, message: discord.Message) -> str:
        """What the message says, whenever it is read."""
        return readable(message, self._names, now=self._began)

    def _messages(self) -> Iterator[tuple[str, discord.Message]]:
        place = self._world
        for channel in (place.channel, *place.channel.threads):
            name = f"thread “{channel.name}”" if channel.is_thread else f"#{channel.name}"
            yield from ((name, message) for message in channel.history(viewer=place.visitor))
        dm = place.visitor.user.dm_channel
        yield from (("direct message", message) for message in dm.history(viewer=place.visitor.user))

    def _say(self, where: str, message: discord.Message, films: list[dict[str, Any]], *, changed: bool = False) -> None:
        text = readable(message, self._names, now=datetime.now(UTC))
        alone = message.flags.ephemeral
        if self._as_json:
            seen = {"seen": "change" if changed else "message", "place": where, "from": message.author.display_name}
            print(json.dumps({**seen, "only_you": alone, "text": text, "films": films}, ensure_ascii=False), flush=True)
            return
        clock = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        notes = ", ".join(filter(None, ["only you can see this" if alone else "", "changed" if changed else ""]))
        print(f"{clock} {message.author.display_name} in {where}{f' ({notes})' if notes else ''}")
        for line in text.splitlines():
            print(f"    {line}")
        for film in films:
            print(f"    ▶ {film['name']}: {film.get('what', 'not a film')}, {film['bytes']:,} bytes")
        print(flush=True)

    async def _saved(self, file: discord.Attachment) -> dict[str, Any]:
        """Write an attachment where films go; what it is."""
        data = self._world.env.backend.cdn.get(file.url) or b""
        seen: dict[str, Any] = {"name": file.filename, "bytes": len(data)}
        path = self._out or Path(file.filename)
        if self.film:  # one more: beside the first
            path = path.with_name(f"{path.stem}-2{path.suffix}") if self._out else path
        path.write_bytes(data)
        try:
            film = await probe(path)
        except BadFilm:
            path.unlink()
            return seen
        self.film = self.film or path
        about = {"width": film.width, "height": film.height, "seconds": round(film.seconds, 2), "path": str(path)}
        return {**seen, **about, "what": f"{film.width}×{film.height}, {film.seconds:.1f} s"}
