"""What `media.films` takes out of a film as a picture: its very last frame, and a still; with real films."""

from __future__ import annotations

import io
import time
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from domain.faults import BadFilm
from media import films
from media.films import MOMENT_SECONDS, last_frame, probe, still
from media.pictures import MAX_BYTES, normalise
from tests.reels import bars, frames_of, make, noise, numbered, read_bars, turned


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, 0-255."""
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


async def last_of(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(await last_frame(path)))


@pytest.mark.parametrize("count", [1, 2, 30, 251, 301])
@pytest.mark.parametrize("how", [{"bf": "0"}, {"bf": "3", "g": "25"}, {"bf": "16", "b-pyramid": "strict"}])
async def test_the_last_frame_is_the_last(tmp_path: Path, count: int, how: dict[str, str]) -> None:
    """Of every film, however its frames are ordered inside, the picture is the last frame and not one near it."""
    path = numbered(tmp_path / "a.mp4", count=count, how=how, size=(160, 90))
    found = await last_of(path)
    assert read_bars(found) == count - 1
    assert difference(found, bars(count - 1, (160, 90))) < 3


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
async def test_the_last_frame_equals_the_films_own_pixel_by_pixel(tmp_path: Path, name: str) -> None:
    """What a viewer saw last, and what the next film begins with, are the same picture."""
    path = make(tmp_path / name, busy=True, count=50, size=(320, 180))
    found, own = await last_of(path), [frame.to_image() for frame in frames_of(path)[-2:]]
    # By brightness: how colours of half the size are spread over pixels is a matter of taste.
    assert difference(found.convert("L"), own[1].convert("L")) < 2
    assert difference(found.convert("L"), own[0].convert("L")) > 15


@pytest.mark.parametrize(
    ("size", "space", "span"),
    # The colours of HD, of SD, of nothing said at either size, and of a film that uses the full range.
    [((1280, 720), 1, 1), ((320, 180), 5, 1), ((1280, 720), 2, 1), ((320, 180), 2, 1), ((1280, 720), 1, 2)],
)
async def test_colours_stay_what_they_were(tmp_path: Path, size: tuple[int, int], space: int, span: int) -> None:
    """A film that is continued again and again does not shift its colours each time."""
    image = bars(0b1010101010, size)
    image.paste((210, 40, 30), (0, 0, size[0] // 2, size[1] // 4))
    image.paste((30, 60, 220), (size[0] // 2, 0, size[0], size[1] // 4))
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        video = out.add_stream("libx264", rate=30, options={"crf": "5"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.colorspace, video.codec_context.color_range = space, span
        hd = space == 1 or (space == 2 and size[1] >= 720)
        source = av.VideoFrame.from_image(image)
        frame = source.reformat(format="yuv420p", src_colorspace=0, dst_colorspace=1 if hd else 5, dst_color_range=span)
        frame.colorspace, frame.color_range = space, span
        out.mux(video.encode(frame))
        out.mux(video.encode())
    found = await last_of(tmp_path / "a.mp4")
    for at in ((20, 10), (size[0] - 20, 10), (size[0] // 20, size[1] // 2)):
        pixels = [picture.getpixel(at) for picture in (found, image)]
        assert all(isinstance(pixel, tuple) for pixel in pixels)
        assert max(abs(a - b) for a, b in zip(*pixels, strict=True)) <= 4, at  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("degrees", "red"), [(90, (150, 160)), (180, (160, 150)), (270, (30, 160))], ids=["right", "over", "left"]
)
async def test_the_last_frame_is_upright(tmp_path: Path, degrees: int, red: tuple[int, int]) -> None:
    """A film taken with the camera turned gives a picture as people see it."""
    path = make(tmp_path / "a.mp4", count=10, sound=None)
    turned(path, degrees)
    found = await last_of(path)
    assert found.size == ((180, 320) if degrees % 180 else (320, 180))
    pixel = found.convert("RGB").getpixel(red)
    assert isinstance(pixel, tuple)
    assert pixel[0] > 150 > pixel[2]


async def test_a_last_frame_can_begin_the_next_film(tmp_path: Path) -> None:
    """However large and busy it is, it is a picture that the next film's check takes."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=1, options={"preset": "ultrafast", "crf": "5"})
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        out.mux(video.encode(av.VideoFrame.from_image(noise(1920, 1080))))
        out.mux(video.encode())
    data = await last_frame(path)
    assert len(data) < MAX_BYTES
    assert (await normalise(data)).width == 1920


async def test_a_film_without_an_index_gives_its_last_frame(tmp_path: Path) -> None:
    """Matroska as it is streamed has no length and no index; its last frame is found all the same."""
    path = tmp_path / "a.mkv"
    with path.open("wb") as file, av.open(_Pipe(file), "w", format="matroska") as out:  # type: ignore[arg-type]
        video = out.add_stream("libx264", rate=30, options={"g": "10"})
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        for number in range(45):
            out.mux(video.encode(av.VideoFrame.from_image(bars(number, (160, 90)))))
        out.mux(video.encode())
    assert read_bars(await last_of(path)) == 44


class _Pipe:
    """A file that can only be written on, as a stream is."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self.write = file.write


async def test_what_an_edit_list_leaves_out_is_not_shown(tmp_path: Path) -> None:
    """A film that was shortened without encoding ends where its edit list says, and is only so long."""
    path = numbered(tmp_path / "a.mp4", count=90, size=(160, 90), how={"bf": "0"})
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4 + 4 + 4
    scale = int.from_bytes(data[data.index(b"mvhd") + 16 :][:4], "big")
    data[at : at + 4] = round(2.0 * scale).to_bytes(4, "big")  # only the first 60 of the 90 frames
    path.write_bytes(data)
    assert (await probe(path)).seconds == pytest.approx(2.0, abs=0.04)
    assert read_bars(await last_of(path)) == 59


@pytest.mark.parametrize(("at", "number"), [(0.0, 0), (0.5, 50), (1.0, 99), (-3.0, 0), (7.0, 99)])
async def test_a_still_is_from_where_it_was_wanted(tmp_path: Path, at: float, number: int) -> None:
    """A share of the film's length names its frame; a share beyond it, the first or the last."""
    path = numbered(tmp_path / "a.mp4", first=512, count=100, size=(320, 180), how={"g": "30"})
    found = Image.open(io.BytesIO(await still(path, at)))
    assert found.format == "JPEG"
    assert abs(read_bars(found) - 512 - number) <= 1


async def test_a_still_shows_something(tmp_path: Path) -> None:
    """Where the wanted moment is black, another is taken; a film that is black all along gives a black still."""
    for name, shown in (("some.mp4", range(60, 90)), ("none.mp4", range(0))):
        with av.open(str(tmp_path / name), "w") as out:
            video = out.add_stream("libx264", rate=30)
            video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
            for number in range(100):
                image = bars(number, (160, 90)) if number in shown else Image.new("RGB", (160, 90))
                out.mux(video.encode(av.VideoFrame.from_image(image)))
            out.mux(video.encode())
    assert read_bars(Image.open(io.BytesIO(await still(tmp_path / "some.mp4")))) == 75
    dark = Image.open(io.BytesIO(await still(tmp_path / "none.mp4")))
    assert ImageStat.Stat(dark.convert("L")).mean[0] < 5


async def test_a_still_is_small(tmp_path: Path) -> None:
    """A still is no larger than was asked for, in the film's own shape."""
    path = make(tmp_path / "a.mp4", size=(640, 360), count=10)
    assert Image.open(io.BytesIO(await still(path, max_side=256))).size == (256, 144)


def hostile(folder: Path) -> dict[str, Path]:
    """Files that are no films, or mean harm."""
    whole = make(folder / "whole.mp4", count=60, busy=True, size=(160, 90))
    data = whole.read_bytes()
    files = {
        "empty": b"",
        "words": b"<html>Not found</html>",
        "playlist": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
        "head": data[:32],
        "truncated": data[: len(data) // 2],
        "zeros": data[:32] + bytes(len(data)),
        # A box that says it is longer than anything.
        "endless": data[:24] + b"\x00\x00\x00\x01mdat" + (1 << 62).to_bytes(8, "big") + data[40:],
        "matroska": b"\x1a\x45\xdf\xa3" + bytes(5000),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    noise(64, 64).save(folder / "picture.png")
    return {name: folder / name for name in (*files, "picture.png", "gone")}


async def test_what_is_no_film_gives_no_picture(tmp_path: Path) -> None:
    """Truncated, endless, empty, another kind, gone: all end as a BadFilm, and soon."""
    began = time.monotonic()
    for name, path in hostile(tmp_path).items():
        for take in (last_frame, still):
            with pytest.raises(BadFilm) as caught:
                await take(path)
            assert caught.value.reason in ("film_not_video", "film_cut_short"), name
    assert time.monotonic() - began < MOMENT_SECONDS


async def test_a_giant_film_ends_at_the_childs_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes that unfold to more pixels than the child may hold end the child, and nothing else."""
    monkeypatch.setattr(films, "PROBE_MEMORY", 220_000_000)
    path = numbered(tmp_path / "a.mp4", count=2, size=(8192, 4096), how={"preset": "ultrafast"})
    assert path.stat().st_size < 150_000
    for take in (last_frame, still):
        with pytest.raises(BadFilm) as caught:
            await take(path)
        assert caught.value.reason == "film_not_video"


async def test_a_film_that_takes_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small bytes that take long to decode are ended by the clock."""
    monkeypatch.setattr(films, "MOMENT_SECONDS", 1.5)
    once = numbered(tmp_path / "once.mp4", count=2, size=(1920, 1080), how={"preset": "ultrafast", "g": "100000"})
    path = tmp_path / "a.mkv"
    with av.open(str(once)) as film, av.open(str(path), "w") as out:
        video = out.add_stream_from_template(film.streams.video[0])
        whole, change = (bytes(packet) for packet in film.demux(video=0) if packet.size)
        for number in range(30_000):
            packet = av.Packet(change if number else whole)
            packet.stream, packet.time_base, packet.pts, packet.dts = video, Fraction(1, 1000), 33 * number, 33 * number
            packet.is_keyframe = not number
            out.mux(packet)
    with pytest.raises(BadFilm) as caught:
        await last_frame(path)
    assert caught.value.values["how"] == "timeout"
