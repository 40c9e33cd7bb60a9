"""Pictures on their way: what is attached becomes what the API needs, and what cannot be used says which and why."""

from __future__ import annotations

import asyncio
import base64
import io
import struct
import zlib

import aiohttp
import pytest
from PIL import Image

from demo.life import Task
from tests import clips
from tests.conftest import OpenWire, Wired
from tests.discordwire import Attached


async def accepted(w: Wired) -> Task:
    """The first task that the API has accepted."""
    await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 15)
    return next(iter(w.api.tasks.values()))


def giant() -> bytes:
    """A PNG of 100 megapixels that takes a few bytes: only its header tells."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"x")) + chunk(b"IEND", b"")


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(400)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("cat.heic", HEIC, "is in HEIC"),
        ("cat.png", b"", "is empty"),
        ("cat.png", b"MZ" + bytes(500), "is not a picture that can be used"),
        ("cat.png", clips.picture()[:-200], "is broken"),
        ("cat.png", giant(), "has too many pixels"),
    ],
    ids=["heic", "empty", "unknown", "broken", "giant"],
)
async def test_a_bad_picture_is_named_and_free(open_wire: OpenWire, name: str, data: bytes, says: str) -> None:
    """The second picture cannot be used: the reply says so, nothing was sent, and the credits are back."""
    async with open_wire() as w:
        files = {"image1": ("good.png", clips.picture()), "image2": (name, data)}
        await (await w.wire.command("video", {"prompt": "a cat"}, attachments=files)).response(timeout=10)
        (reply,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "Nothing was charged" in m.content], timeout=20
        )
        assert f"Picture 2 ({name}) {says}" in reply.content.replace("\\", "")
        assert "back" in reply.content
        assert w.api.submissions == 0
        assert await w.rows("SELECT sum(spent) AS spent FROM counters") == [{"spent": 0}]
        assert w.wire.unexpected == []


async def test_too_many_bytes_are_refused_before_anything(open_wire: OpenWire) -> None:
    """Discord says how large a file is: over 20 MB nothing is charged or fetched, and only the member hears of it."""
    async with open_wire() as w:
        huge = Attached("huge.png", clips.picture(), claimed_size=20_000_001)
        answer = await (await w.wire.command("video", {"prompt": "x"}, attachments={"image1": huge})).response(10)
        assert answer.ephemeral
        assert "Picture 1 (huge.png) is too large" in answer.text.replace("\\", "")
        assert w.wire.log[-1].template.startswith("/interactions")
        assert await w.rows("SELECT id FROM jobs") == []


async def test_a_picture_that_lies_about_its_size(open_wire: OpenWire) -> None:
    """A file larger than Discord said is cut at 20 MB and refused, free."""
    async with open_wire() as w:
        lying = Attached("huge.png", clips.picture() + bytes(21_000_000), claimed_size=5_000)
        await (await w.wire.command("video", {"prompt": "x"}, attachments={"image1": lying})).response(10)
        await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "is too large" in m.content], timeout=20
        )
        assert w.api.submissions == 0


async def test_pictures_go_as_links_where_the_api_can_reach_us(open_wire: OpenWire) -> None:
    """With a public address the API gets links: upright JPEGs without metadata, and only while the job is active."""
    async with open_wire() as w:
        image = Image.new("RGB", (300, 600), (200, 30, 30))
        exif = Image.Exif()
        exif[0x0112] = 6  # lies on its side
        exif[0x010E] = "where I live"
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", exif=exif)
        files = {"image1": ("side.jpg", buffer.getvalue())}
        await (await w.wire.command("video", {"prompt": "a cat"}, attachments=files)).response(timeout=10)
        task = await accepted(w)
        (link,) = task.request["image_urls"]
        assert link.startswith(f"{w.settings.public_url}/media/")
        assert task.request["orientation"] == "landscape"  # as one sees it, not as it is stored
        async with aiohttp.ClientSession() as session:
            async with session.get(link) as answer:
                assert answer.status == 200
                assert answer.content_type == "image/jpeg"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                data = await answer.read()
            sent = Image.open(io.BytesIO(data))
            assert sent.size == (600, 300)
            assert not sent.getexif()
            assert b"where I live" not in data
            async with session.get(link.replace("/media/", "/media/x")) as answer:
                assert answer.status == 404
            await w.api.finish(task.id)
            await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files])
            async with session.get(link) as answer:
                assert answer.status == 404


async def test_without_a_public_address_polling_is_enough(open_wire: OpenWire) -> None:
    """The API gets the picture itself and its documented placeholder as callback; looks at the tasks bring the film."""
    async with open_wire(public_url="") as w:
        files = {"image1": ("cat.png", clips.picture(1200, 1600))}
        await (await w.wire.command("video", {"prompt": "a cat"}, attachments=files)).response(timeout=10)
        task = await accepted(w)
        assert task.request["callback_url"].startswith("https://api.acedata.cloud/health?job=")
        (data,) = task.request["image_urls"]
        head, _, body = data.partition(",")
        assert head == "data:image/jpeg;base64"
        assert len(body) <= 1_400_000
        assert Image.open(io.BytesIO(base64.b64decode(body))).size == (1200, 1600)
        assert task.request["orientation"] == "portrait"
        (job,) = await w.rows("SELECT request_bytes FROM jobs")
        assert job["request_bytes"] >= len(body), "what the API will echo sizes the looks at it"
        await w.api.finish(task.id)
        await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files], timeout=15)


@pytest.mark.parametrize(
    ("given", "options", "size"),
    [
        ((2000, 500), {}, "1280x720"),
        ((500, 2000), {"size": "large"}, "1024x1792"),
        ((500, 500), {"orientation": "portrait"}, "720x1280"),
    ],
)
async def test_version_2_gets_its_exact_pixels(
    open_wire: OpenWire, given: tuple[int, int], options: dict[str, str], size: str
) -> None:
    """Where the API wants a picture of exactly the film's size, it is fitted for the member."""
    async with open_wire() as w:
        files = {"image1": ("cat.png", clips.picture(*given))}
        asked = {"prompt": "a cat", "model": "sora-2-short", **options}
        await (await w.wire.command("video", asked, attachments=files)).response(timeout=10)
        task = await accepted(w)
        assert task.request["size"] == size
        assert task.request["version"] == "2.0"
        assert task.request["duration"] == 4
        assert "orientation" not in task.request
        finished = await w.api.finish(task.id)
        assert finished.response is not None
        assert finished.response["success"], finished.response
        await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files], timeout=15)
