"""Characters: a clip becomes what the API needs, whoever may use it can, and what cannot be used costs nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from demo.life import Task
from domain.catalogue import Catalogue
from media.films import probe
from service.links import Links
from settings import Settings
from tests import clips
from tests.conftest import OpenWire, Stage, Wired
from tests.discordwire import Attached
from tests.discordwire.model import Message
from tests.reels import make, numbered, turned


async def accepted(w: Wired | Stage, n: int = 1) -> Task:
    """The n-th task that the API has accepted."""
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 20)
    return list(w.api.tasks.values())[n - 1]


def clip(folder: Path, **options: Any) -> bytes:
    """A clip of four seconds with a number in every frame."""
    return numbered(folder / "clip-source.mp4", **{"count": 120, "size": (160, 90), "beep": 0.5} | options).read_bytes()


def in_seconds(catalogue: Catalogue) -> Catalogue:
    """The same models, but start and end are seconds of the clip."""
    return Catalogue(tuple(replace(row, character=row.character and "seconds") for row in catalogue.models))


async def read(w: Wired, link: str) -> tuple[int, dict[str, str], bytes]:
    async with aiohttp.ClientSession() as session, session.get(link) as answer:
        return answer.status, dict(answer.headers), await answer.read()


async def test_a_clip_goes_as_a_link_of_our_own(open_wire: OpenWire, tmp_path: Path) -> None:
    """With a public address the API gets our link to a clean MP4, of the right type, only while the job is active."""
    source = clip(tmp_path)
    async with open_wire() as w:
        asked = {"prompt": "it dances", "start": 0.2, "end": 0.8}
        one = await (await w.wire.command("character", asked, attachments={"clip": ("luna.mp4", source)})).response()
        assert "luna.mp4" in one.text
        task = await accepted(w)
        link = task.request["character_url"]
        assert link.startswith(f"{w.settings.public_url}/media/")
        assert (task.request["character_start"], task.request["character_end"]) == (0.2, 0.8)
        assert "image_urls" not in task.request
        status, headers, data = await read(w, link)
        assert (status, headers["Content-Type"], headers["X-Content-Type-Options"]) == (200, "video/mp4", "nosniff")
        (tmp_path / "sent.mp4").write_bytes(data)
        film = await probe(tmp_path / "sent.mp4")
        assert (film.seconds, film.video_codec, film.audio_codec) == (pytest.approx(4, abs=0.05), "h264", "aac")
        assert (await read(w, link.replace("/media/", "/media/x")))[0] == 404
        assert (await read(w, link.replace(".mp4", ".jpg")))[0] == 404
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files])
        assert (await read(w, link))[0] == 404
        assert w.wire.unexpected == []


async def test_a_picture_link_opens_no_clip(open_wire: OpenWire, tmp_path: Path) -> None:
    """The MAC of a picture's link is no key to the clip of the same job."""
    async with open_wire() as w:
        files = {"clip": ("luna.mp4", clip(tmp_path))}
        await (await w.wire.command("character", {"prompt": "it dances"}, attachments=files)).response()
        task = await accepted(w)
        job = (await w.rows("SELECT id FROM jobs"))[0]["id"]
        links = (await w.rows("SELECT value FROM meta WHERE key = 'links'"))[0]["value"]
        picture = Links(bytes(links), w.settings.public_url).media(job, 1)
        assert (await read(w, picture.replace(".jpg", ".mp4")))[0] == 404
        assert "character_start" not in task.request  # nothing typed is the whole frame


async def test_what_a_telephone_wrote_along_stays_behind(open_wire: OpenWire, tmp_path: Path) -> None:
    """Where a clip was taken is nobody's business, and a film that lies on its side is stood up."""
    path = make(tmp_path / "side.mp4", count=30)
    turned(path, 90)
    with av.open(str(path)) as old, av.open(str(tmp_path / "phone.mp4"), "w") as new:
        new.metadata["comment"] = "at home, 48.8584 2.2945"
        kept = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = kept
                new.mux(packet)
    turned(tmp_path / "phone.mp4", 90)
    source = (tmp_path / "phone.mp4").read_bytes()
    assert b"48.8584" in source
    async with open_wire() as w:
        files = {"clip": ("phone.mp4", source)}
        await (await w.wire.command("character", {"prompt": "it dances"}, attachments=files)).response()
        _, _, data = await read(w, (await accepted(w)).request["character_url"])
        assert b"48.8584" not in data
        (tmp_path / "sent.mp4").write_bytes(data)
        film = await probe(tmp_path / "sent.mp4")
        assert (film.width, film.height) == (180, 320)


async def test_without_a_public_address_discord_holds_the_clip(open_wire: OpenWire, tmp_path: Path) -> None:
    """The clip is posted to the member's direct messages once; each film gets a fresh link to that message."""
    async with open_wire(public_url="") as w:
        files = {"clip": ("luna.mp4", clip(tmp_path))}
        await (await w.wire.command("character", {"prompt": "it dances"}, attachments=files)).response()
        first = (await accepted(w)).request["character_url"]
        conversation = w.wire.dm(w.wire.member)
        (post,) = [m for m in w.wire.messages(conversation) if m.files]
        assert "clip of your character" in post.content
        assert first.startswith(w.wire.cdn_base)
        assert (await read(w, first))[0] == 200
        w.wire.advance(25 * 3600)
        assert (await read(w, first))[0] == 404  # Discord's links die after a day
        await (await w.wire.command("character", {"prompt": "it sings"}, attachments=files)).response()
        second = (await accepted(w, 2)).request["character_url"]
        assert (await read(w, second))[0] == 200
        assert len([m for m in w.wire.messages(conversation) if m.files]) == 1
        w.wire.delete_message(post)
        await w.api.finish(next(iter(w.api.tasks)))
        await (await w.wire.command("character", {"prompt": "it flies"}, attachments=files)).response()
        third = (await accepted(w, 3)).request["character_url"]
        assert (await read(w, third))[0] == 200


async def test_closed_messages_are_said_and_free(open_wire: OpenWire, tmp_path: Path) -> None:
    """Where the clip can be posted nowhere, the film is not started, and the reply says what to do."""
    async with open_wire(public_url="") as w:
        w.wire.close_dms(w.wire.member)
        files = {"clip": ("luna.mp4", clip(tmp_path))}
        await (await w.wire.command("character", {"prompt": "it dances"}, attachments=files)).response()
        (reply,) = await w.wire.wait_for(lambda: _replies(w, "no place for the video service"), 20)
        assert "Allow direct messages" in reply.content
        assert "Nothing was charged" in reply.content
        assert w.api.submissions == 0
        # Once they are open, the button under the reply does it: the clip is still kept.
        w.wire.open_dms(w.wire.member)
        again = next(one for one in reply.custom_ids if one.startswith("job:again:"))
        await (await w.wire.press(reply, again)).response()
        assert (await read(w, (await accepted(w)).request["character_url"]))[0] == 200


async def test_a_clip_too_large_for_the_conversation_is_made_smaller(
    open_wire: OpenWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord may take less than 20 MB from a bot: then a smaller copy of the clip is posted."""
    monkeypatch.setattr("service.clips._SMALL", 800_000)
    async with open_wire(public_url="") as w:
        w.wire.dm_limit = 800_000
        busy = make(tmp_path / "busy.mp4", count=60, busy=True).read_bytes()
        assert len(busy) > 1_500_000
        await (await w.wire.command("character", {"prompt": "x"}, attachments={"clip": ("busy.mp4", busy)})).response()
        link = (await accepted(w)).request["character_url"]
        status, _, data = await read(w, link)
        assert status == 200
        assert len(data) <= 800_000


async def test_discord_in_trouble_is_waited_for(open_wire: OpenWire, tmp_path: Path) -> None:
    """A link that cannot be had for a moment holds the film up, and does not lose it."""
    async with open_wire(public_url="") as w:
        files = {"clip": ("luna.mp4", clip(tmp_path))}
        place = rf"/channels/{w.wire.dm(w.wire.member).id}/messages"
        trouble = w.wire.fail("GET", place, status=503, times=1)
        await (await w.wire.command("character", {"prompt": "it dances"}, attachments=files)).response()
        await accepted(w)
        assert len(trouble.hits) == 1
        assert (await w.rows("SELECT count(*) AS n FROM ledger WHERE kind = 'release'"))[0]["n"] == 0


def _replies(w: Wired, what: str) -> list[Message]:
    return [m for m in w.wire.messages(w.wire.channel) if what in m.content]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("luna.mp4", lambda data: data[: len(data) // 2], "is not a film that can be used"),
        ("luna.mp4", lambda data: b"MZ" + bytes(900), "is not a film that can be used"),
        ("luna.png", lambda data: clips.picture(), "is not a film that can be used"),
    ],
    ids=["cut", "nothing", "picture"],
)
async def test_a_bad_clip_is_named_and_free(
    open_wire: OpenWire, tmp_path: Path, name: str, change: Any, says: str
) -> None:
    """What is no film fails before anything is sent: the reply says so, and the credits are back."""
    async with open_wire() as w:
        files = {"clip": (name, change(clip(tmp_path)))}
        await (await w.wire.command("character", {"prompt": "x"}, attachments=files)).response()
        (reply,) = await w.wire.wait_for(lambda: _replies(w, "Nothing was charged"), timeout=20)
        assert f"The clip ({name}) {says}" in reply.content.replace("\\", "")
        assert reply.components == []  # a form could not mend it
        assert w.api.submissions == 0
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]


async def test_clips_have_a_most(open_wire: OpenWire, tmp_path: Path) -> None:
    """Over 20 MB or 60 s is too much: bytes are refused at once, seconds once they are known."""
    async with open_wire() as w:
        huge = Attached("huge.mp4", clip(tmp_path), claimed_size=20_000_001)
        answer = await (await w.wire.command("character", {"prompt": "x"}, attachments={"clip": huge})).response()
        assert answer.ephemeral
        assert "The clip (huge.mp4) is too large" in answer.text.replace("\\", "")
        assert await w.rows("SELECT id FROM jobs") == []
        lying = Attached("huge.mp4", clip(tmp_path) + bytes(21_000_000), claimed_size=5_000)
        await (await w.wire.command("character", {"prompt": "x"}, attachments={"clip": lying})).response()
        await w.wire.wait_for(lambda: _replies(w, "is too large"), 20)
        long = {"clip": ("long.mp4", clip(tmp_path, count=61 * 5, fps=5, beep=None))}
        await (await w.wire.command("character", {"prompt": "y"}, attachments=long)).response()
        await w.wire.wait_for(lambda: _replies(w, "is too long"), 20)
        assert w.api.submissions == 0


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "Which character?"),
        ({"character": "Luna"}, "no such name"),
        ({"film": "0123456789"}, "That film cannot be had"),
        ({"clip": True, "character": "Luna"}, "One character at a time"),
        ({"clip": True, "start": 0.7, "end": 0.2}, "no part of the frame"),
        ({"clip": True, "start": 1.0}, "no part of the frame"),
        ({"clip": True, "end": 3.0}, "no part of the frame"),
        ({"clip": True, "model": "sora-2-short"}, "takes no characters"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_once(
    open_wire: OpenWire, tmp_path: Path, asked: dict[str, Any], says: str
) -> None:
    """Nothing is written or fetched for a command that names no clip, two, or no part of one."""
    async with open_wire() as w:
        files = {"clip": ("luna.mp4", clip(tmp_path))} if asked.pop("clip", None) else None
        answer = await (await w.wire.command("character", {"prompt": "x", **asked}, attachments=files)).response()
        assert answer.ephemeral
        assert says in answer.text
        assert "Nothing was charged" in answer.text
        assert await w.rows("SELECT id FROM jobs") == []


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, (0.0, 3.0)),
        ({"start": 2.0}, (2.0, 4.0)),
        ({"start": 1.0, "end": 2.5}, (1.0, 2.5)),
        ({"start": 2.5, "end": 4.05}, (2.5, 4.0)),
    ],
)
async def test_seconds_are_checked_against_the_real_length(
    open_wire: OpenWire, settings: Settings, tmp_path: Path, asked: dict[str, Any], sent: tuple[float, float]
) -> None:
    """Where a model counts in seconds of the clip, an end that was not typed is as late as it may be."""
    async with open_wire(catalogue=in_seconds(settings.catalogue)) as w:
        w.api.character = "seconds"
        files = {"clip": ("luna.mp4", clip(tmp_path))}
        await (await w.wire.command("character", {"prompt": "x", **asked}, attachments=files)).response()
        request = (await accepted(w)).request
        assert (request["character_start"], request["character_end"]) == pytest.approx(sent, abs=0.05)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"start": 0.0, "end": 0.5}, "no part of the clip"),
        ({"start": 0.0, "end": 3.5}, "no part of the clip"),
        ({"start": 3.0, "end": 5.5}, "The clip has no such part"),
        ({"start": 3.5}, "The clip has no such part"),
    ],
)
async def test_a_part_that_is_not_there_is_free(
    open_wire: OpenWire, settings: Settings, tmp_path: Path, asked: dict[str, Any], says: str
) -> None:
    """A part that lies behind the clip's end, or is too short, fails at once or once the length is known; free."""
    async with open_wire(catalogue=in_seconds(settings.catalogue)) as w:
        files = {"clip": ("luna.mp4", clip(tmp_path))}
        answer = await (await w.wire.command("character", {"prompt": "x", **asked}, attachments=files)).response()
        await w.wire.wait_for(lambda: says in answer.text or _replies(w, says), 20)
        assert w.api.submissions == 0
        assert all(row["spent"] == 0 for row in await w.rows("SELECT spent FROM counters"))
