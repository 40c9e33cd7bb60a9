"""The real thing as a process: `python bot.py` on real sockets, from /video to the film, and its end."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from demo.videoapi import VideoAPI
from tests import clips
from tests.child import environment, running
from tests.conftest import TOKEN, free_port
from tests.discordwire import DiscordWire


async def test_from_the_command_to_the_film(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """A member's command with a picture becomes a film in a thread of its card, over the wire, with one ping."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port())
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            command = await wire.command(
                "video", {"prompt": "a boat @everyone"}, attachments={"image1": ("cat.png", clips.picture())}
            )
            card = await command.response(timeout=10)
            assert (card.kind, card.ephemeral) == ("message", False), child.log
            await asyncio.wait_for(api.until(lambda: bool(api.tasks)), 10)
            (task,) = api.tasks.values()
            assert task.request["orientation"] == "landscape"
            assert len(task.request["image_urls"]) == 1
            await api.finish(task.id)
            (film,) = await wire.wait_for(lambda: [m for t in wire.threads() for m in wire.messages(t) if m.files])
            assert film.files[0].sha256 == hashlib.sha256(clips.film()).hexdigest()
            assert film.pings.users == {wire.member.id}
            assert not film.pings.everyone
            await wire.wait_for(lambda: "is ready" in card.message.text)
            assert await child.stop() == 0, child.log
        assert wire.unexpected == []
        assert "Traceback" not in child.log
        for secret in (TOKEN, wire.token):
            assert secret not in child.log
