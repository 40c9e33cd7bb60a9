"""What `media.pictures` promises for good, odd and hostile pictures, and `media.child` for its processes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from domain.faults import BadPicture
from media import pictures
from media.child import run_in_child
from media.pictures import MAX_BYTES, Picture, normalise, sniff

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def halves(width: int = 120, height: int = 80) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def opened(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data), formats=["JPEG"])


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int], by: int = 12) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    return isinstance(pixel, tuple) and all(abs(int(a) - b) <= by for a, b in zip(pixel, colour, strict=True))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *extra: bytes, idat: bytes = b"") -> bytes:
    """A PNG by hand, whose header may claim anything."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


async def refused(data: bytes, **options: Any) -> BadPicture:
    with pytest.raises(BadPicture) as caught:
        await normalise(data, **options)
    return caught.value


KINDS = [
    ("JPEG", "jpeg", {"quality": 95}),
    ("PNG", "png", {}),
    ("WEBP", "webp", {"quality": 95}),
    ("WEBP", "webp", {"lossless": True}),
    ("GIF", "gif", {}),
    ("AVIF", "avif", {"quality": 95}),
]


@pytest.mark.parametrize(("kind", "name", "options"), KINDS)
async def test_each_kind_becomes_the_same_jpeg(kind: str, name: str, options: dict[str, Any]) -> None:
    """Every accepted kind, told by its bytes, comes out as a baseline JPEG with the same picture and true numbers."""
    data = saved(halves(), kind, **options)
    assert sniff(data[:64]) == name
    picture = await normalise(data)
    image = opened(picture)
    assert (picture.mime, picture.width, picture.height) == ("image/jpeg", 120, 80)
    assert (image.format, image.mode, image.size, image.info.get("progressive")) == ("JPEG", "RGB", (120, 80), None)
    assert near(image, (20, 40), RED, 25)
    assert near(image, (100, 40), BLUE, 25)
    assert picture.sha256 == hashlib.sha256(picture.data).hexdigest()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_only_the_first_frame_counts(kind: str) -> None:
    """A moving picture is taken by its first frame."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in (GREEN, RED, BLUE)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert near(opened(await normalise(data)), (20, 20), GREEN, 25)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "avif"),  # the general brand first, ours beside it
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42", None),  # a film
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"%PDF-1.7", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_sniff_knows_by_content(head: bytes, expected: str | None) -> None:
    """The first bytes decide, never a name; what is not on the list is unknown."""
    assert sniff(head) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "picture_empty"),
        (b"hello", "picture_unknown"),
        (saved(halves(), "BMP"), "picture_unknown"),  # Pillow could, but nobody needs that decoder
        (saved(halves(), "TIFF"), "picture_unknown"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100), "picture_heic"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "picture_broken"),
        (saved(halves(), "PNG")[:60], "picture_broken"),
        (saved(halves(400, 400), "JPEG")[:-1200], "picture_broken"),  # cut short: the lower part would be grey
        (saved(halves(400, 400), "WEBP")[:-50], "picture_broken"),
        (b"\x89PNG\r\n\x1a\n" + saved(halves(), "JPEG"), "picture_broken"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_name(data: bytes, reason: str) -> None:
    """Empty, unknown, unreadable and truncated bytes each get their own reason."""
    assert (await refused(data)).reason == reason


async def test_a_file_over_the_limit_is_refused() -> None:
    """One byte more than the largest file is too large, whatever it holds."""
    fault = await refused(b"\xff\xd8\xff" + bytes(MAX_BYTES))
    assert (fault.reason, fault.values["limit"]) == ("picture_large", MAX_BYTES)


def vp8x(width: int, height: int) -> bytes:
    """A WebP whose header claims a canvas and holds nothing."""
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@pytest.mark.parametrize("data", [png(40_000, 40_000, idat=zlib.compress(bytes(1000))), vp8x(16_000, 16_000)])
async def test_a_giant_is_refused_by_its_header(data: bytes) -> None:
    """A picture that claims too many pixels is refused with its numbers before anything is decoded."""
    fault = await refused(data)
    assert fault.reason == "picture_giant"
    assert fault.values["width"] == fault.values["height"]
    assert int(str(fault.values["width"])) >= 16_000


async def test_giant_text_in_a_png_hurts_nobody() -> None:
    """A text chunk that unpacks to 200 MB is refused, and this process does not grow by it."""
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 1))
    before = int(Path("/proc/self/statm").read_text().split()[1])
    assert (await refused(png(10, 10, bomb))).reason == "picture_broken"
    grown = int(Path("/proc/self/statm").read_text().split()[1]) - before
    assert grown * os.sysconf("SC_PAGE_SIZE") < 50_000_000


#: What a viewer does for each orientation, undone: FLIPs and diagonals undo themselves, turns go the other way.
UNDONE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_pictures_come_out_upright_and_bare(orientation: int) -> None:
    """Each EXIF orientation is applied to the pixels, and no EXIF, comment, XMP or profile stays."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home, 52.5 N"
    stored = halves()
    if orientation > 1:
        stored = stored.transpose(UNDONE[orientation])
    data = saved(stored, "JPEG", exif=exif, comment=b"secret words", xmp=b"<x:xmpmeta/>", quality=95)
    picture = await normalise(data)
    image = opened(picture)
    assert (image.size, near(image, (20, 40), RED, 25), near(image, (100, 40), BLUE, 25)) == ((120, 80), True, True)
    assert not {"exif", "comment", "xmp", "icc_profile"} & set(image.info)
    assert b"secret" not in picture.data
    assert b"home" not in picture.data


def grey16() -> Image.Image:
    return Image.frombytes("I;16", (40, 40), struct.pack("<1600H", *[40_000] * 1600))


MODES: list[tuple[str, Callable[[], bytes], tuple[int, int, int]]] = [
    ("CMYK", lambda: saved(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG", quality=95), (254, 0, 0)),
    ("grey", lambda: saved(Image.new("L", (40, 40), 90), "JPEG"), (90, 90, 90)),
    ("16 bit", lambda: saved(grey16(), "PNG"), (156, 156, 156)),
    ("1 bit", lambda: saved(Image.new("1", (40, 40), 1), "PNG"), (255, 255, 255)),
    ("palette", lambda: saved(Image.new("RGB", (40, 40), GREEN).quantize(4), "PNG"), GREEN),
    ("clear palette", lambda: saved(Image.new("P", (40, 40), 0), "PNG", transparency=0), (128, 128, 128)),
    ("clear", lambda: saved(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG"), (128, 128, 128)),
    ("half clear", lambda: saved(Image.new("RGBA", (40, 40), (255, 0, 0, 128)), "WEBP"), (192, 64, 64)),
    ("grey and clear", lambda: saved(Image.new("LA", (40, 40), (255, 0)), "PNG"), (128, 128, 128)),
    ("clear colour", lambda: saved(Image.new("RGB", (40, 40), RED), "PNG", transparency=RED), (128, 128, 128)),
]


@pytest.mark.parametrize(("make", "colour"), [(make, colour) for _, make, colour in MODES], ids=[m[0] for m in MODES])
async def test_every_mode_keeps_its_colours(make: Callable[[], bytes], colour: tuple[int, int, int]) -> None:
    """Ink, grey, 16-bit, palette and transparent pictures come out in the colours that a viewer shows."""
    assert near(opened(await normalise(make())), (20, 20), colour)


async def test_colours_of_a_profile_become_srgb() -> None:
    """A picture in another colour space is converted, so that it looks the same without its profile."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # sRGB with the names of two of its lights exchanged: what is stored as red is seen as green.
    swapped = srgb.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    data = saved(Image.new("RGB", (40, 40), (200, 40, 40)), "PNG", icc_profile=swapped)
    assert near(opened(await normalise(data)), (20, 20), (40, 200, 40), 30)
    unreadable = saved(Image.new("RGB", (40, 40), GREEN), "PNG", icc_profile=b"nonsense")
    assert near(opened(await normalise(unreadable)), (20, 20), GREEN)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((2400, 1200), (1920, 960)), ((900, 2000), (864, 1920)), ((300, 200), (300, 200)), ((4000, 1), (1920, 1))],
)
async def test_the_longest_side_shrinks_and_never_grows(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """A picture shrinks to the longest side allowed in its own shape, and a small one stays as it is."""
    picture = await normalise(saved(Image.new("RGB", size, GREEN), "PNG"))
    assert (picture.width, picture.height) == expected == opened(picture).size


@pytest.mark.parametrize(("source", "exact"), [((200, 100), (100, 100)), ((60, 100), (64, 36)), ((10, 10), (128, 72))])
async def test_exact_covers_and_crops_to_the_pixel(source: tuple[int, int], exact: tuple[int, int]) -> None:
    """The exact size comes out to the pixel, cut from the middle with no border, and grown if need be."""
    picture = await normalise(saved(Image.new("RGB", source, GREEN), "PNG"), exact=exact)
    image = opened(picture)
    assert image.size == (picture.width, picture.height) == exact
    assert all(near(image, at, GREEN) for at in ((0, 0), (exact[0] - 1, exact[1] - 1)))


async def test_noise_is_squeezed_under_the_limit() -> None:
    """A picture that packs badly loses quality, then size, until it fits; with an exact size, quality only."""
    noise = Image.merge("RGB", [Image.effect_noise((500, 400), 90) for _ in range(3)])
    data = saved(noise, "PNG")
    assert len((await normalise(data, max_bytes=60_000)).data) <= 60_000
    picture = await normalise(data, exact=(500, 400), max_bytes=60_000)
    assert (len(picture.data) <= 60_000, picture.width, picture.height) == (True, 500, 400)
    assert (await refused(data, exact=(500, 400), max_bytes=2_000)).reason == "picture_large"


async def child(task: str, arguments: dict[str, Any], *, payload: bytes = b"", **limits: Any) -> Any:
    limits = {"memory_bytes": pictures.MEMORY, "seconds": 20.0, **limits}
    return await run_in_child(task, arguments, payload=payload, fault=BadPicture, died="picture_broken", **limits)


def asking(kind: str = "png") -> dict[str, Any]:
    return {"kind": kind, "exact": None, "max_bytes": 10**6, "max_side": 1920, "max_pixels": 10**9}


async def test_a_child_out_of_memory_is_a_fault() -> None:
    """A picture that needs more memory than the child may have ends the child's work, not ours."""
    data = png(20_000, 20_000, idat=zlib.compress(bytes(20_000)))
    with pytest.raises(BadPicture) as caught:
        await child("picture", asking(), payload=data, memory_bytes=400_000_000)
    assert caught.value.values["how"] == "memory"


async def test_a_child_that_cannot_even_start_to_work_is_a_fault() -> None:
    """Limits too small for Python itself kill the child, which is told as a fault too."""
    with pytest.raises(BadPicture) as caught:
        await child("picture", asking(), payload=saved(halves(), "PNG"), memory_bytes=1_000_000)
    assert caught.value.reason == "picture_broken"


async def test_a_task_that_nobody_knows_is_a_fault() -> None:
    """A crash in the child is a fault here."""
    with pytest.raises(BadPicture) as caught:
        await child("no such task", {})
    assert caught.value.reason == "picture_broken"


def children() -> set[int]:
    """The process ids of our children, zombies too."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@pytest.fixture
def pipe_nobody_writes(tmp_path: Path) -> Path:
    """A file whose reader waits for ever."""
    path = tmp_path / "film.mp4"
    os.mkfifo(path)
    return path


async def test_a_child_out_of_time_is_killed(pipe_nobody_writes: Path) -> None:
    """Work that never ends is ended, and leaves no process behind."""
    before = children()
    with pytest.raises(BadPicture) as caught:
        await child("probe", {"path": str(pipe_nobody_writes)}, seconds=0.3)
    assert caught.value.values["how"] == "timeout"
    assert children() <= before


async def test_cancelling_kills_the_child_before_it_returns(pipe_nobody_writes: Path) -> None:
    """A cancelled caller comes back only when its child is gone, even if cancelled again while waiting."""
    before = children()
    task = asyncio.create_task(child("probe", {"path": str(pipe_nobody_writes)}))
    while children() <= before:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() <= before


async def test_two_at_once_and_no_more(pipe_nobody_writes: Path) -> None:
    """Of many jobs of one kind two run at a time; another kind does not wait for them."""
    before = children()
    tasks = [asyncio.create_task(child("probe", {"path": str(pipe_nobody_writes)})) for _ in range(5)]
    try:
        while len(children() - before) < 2:
            await asyncio.sleep(0)
        assert (await normalise(saved(halves(), "PNG"))).width == 120
        assert len(children() - before) == 2
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert children() <= before


PARENT = """
import asyncio, os, sys
sys.path.insert(0, {root!r})
from domain.faults import BadPicture
from media.child import run_in_child

async def main():
    work = run_in_child("probe", {{"path": {path!r}}}, memory_bytes=10**9, seconds=60, fault=BadPicture, died="x")
    task = asyncio.create_task(work)
    listing = f"/proc/self/task/{{os.getpid()}}/children"
    while not (found := open(listing).read().split()):
        await asyncio.sleep(0)
    print(found[0], flush=True)
    await task

asyncio.run(main())
"""


async def written(pipe: Path) -> int:
    """The pipe's other end, which opens only once the child has begun its work."""
    while True:
        with contextlib.suppress(OSError):
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        await asyncio.sleep(0)


async def test_a_child_ends_with_its_parent(pipe_nobody_writes: Path) -> None:
    """Killing us outright, mid-work, ends the child as well."""
    root = str(Path(pictures.__file__).parent.parent)
    script = PARENT.format(root=root, path=str(pipe_nobody_writes))
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    # Opened while it lives: the descriptor names this process, and not a later one with its number.
    watch = os.pidfd_open(pid)
    pipe = await written(pipe_nobody_writes)
    try:
        parent.kill()
        await parent.wait()
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(watch, gone.set)
        await asyncio.wait_for(gone.wait(), 10)
        asyncio.get_running_loop().remove_reader(watch)
    finally:
        os.close(watch)
        os.close(pipe)


async def test_a_child_sees_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch, pipe_nobody_writes: Path
) -> None:
    """No token passes on: the child's environment holds nothing of ours."""
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
    before = children()
    task = asyncio.create_task(child("probe", {"path": str(pipe_nobody_writes)}))
    try:
        while not (new := children() - before) or not (environment := Path(f"/proc/{new.pop()}/environ").read_bytes()):
            await asyncio.sleep(0)
        assert environment.split(b"=")[0] == b"MALLOC_ARENA_MAX"
        assert b"very-secret" not in environment
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
