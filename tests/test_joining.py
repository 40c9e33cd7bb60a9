"""What `media.films` makes of several films: one file as long as all of them, whose sound stays where it was."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import Image

from domain.faults import BadFilm
from media import films
from media.films import join, probe
from tests.reels import beeps, frames_of, make, numbered, read_bars, turned

_ROOM = 5_000_000


def payload(path: Path) -> list[bytes]:
    """The bytes of every packet of pictures."""
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(video=0) if packet.size]


def numbers(path: Path) -> list[int]:
    return [read_bars(frame.to_image()) for frame in frames_of(path)]


@pytest.mark.parametrize("how", [{"bf": "0"}, {"bf": "3", "b-pyramid": "normal"}])
async def test_films_of_one_kind_are_copied(tmp_path: Path, how: dict[str, str]) -> None:
    """Films made alike are joined without touching a picture: same bytes, all frames, in order, no time lost."""
    parts = [numbered(tmp_path / f"{n}.mp4", first=40 * n, count=40, beep=0.5, how=how) for n in range(3)]
    joined = await join(parts, tmp_path / "all.mp4", limit=_ROOM)
    assert payload(tmp_path / "all.mp4") == [packet for part in parts for packet in payload(part)]
    assert numbers(tmp_path / "all.mp4") == list(range(120))
    assert joined.seconds == pytest.approx(4.0, abs=1 / 30)
    assert (joined.video_codec, joined.audio_codec, joined.faststart) == ("h264", "aac", True)
    times = [frame.time for frame in frames_of(tmp_path / "all.mp4")]
    assert times == pytest.approx([n / 30 for n in range(120)], abs=0.001)
    assert beeps(tmp_path / "all.mp4") == pytest.approx([0.5, 0.5 + 40 / 30, 0.5 + 80 / 30], abs=0.01)


async def test_a_joined_film_is_as_long_as_its_parts(tmp_path: Path) -> None:
    """The length is the sum of the lengths within a frame for each film, also for films of odd lengths and rates."""
    parts = [
        numbered(tmp_path / "a.mp4", count=37, fps=24, beep=0.2),
        numbered(tmp_path / "b.mp4", count=61, fps=30, beep=0.7, rate=44_100),
        numbered(tmp_path / "c.mp4", count=11, fps=25),
        numbered(tmp_path / "d.mp4", count=50, fps=60, beep=0.4),
    ]
    total = sum([(await probe(part)).seconds for part in parts])
    joined = await join(parts, tmp_path / "all.mp4", limit=_ROOM)
    assert joined.seconds == pytest.approx(total, abs=4 / 30)
    assert len(frames_of(tmp_path / "all.mp4")) == 37 + 61 + 11 + 50
    starts = [0.0, 37 / 24, 37 / 24 + 61 / 30, 37 / 24 + 61 / 30 + 11 / 25]
    assert beeps(tmp_path / "all.mp4") == pytest.approx([0.2, starts[1] + 0.7, starts[3] + 0.4], abs=0.02)


async def test_sound_does_not_drift_over_many_films(tmp_path: Path) -> None:
    """A part's sound is cut or filled to the length of its pictures, so that twelve films later it still fits."""
    part = numbered(tmp_path / "a.mp4", count=31, fps=30, beep=0.25, size=(160, 90))
    await join([part] * 12, tmp_path / "all.mp4", limit=_ROOM)
    expected = [n * 31 / 30 + 0.25 for n in range(12)]
    assert beeps(tmp_path / "all.mp4") == pytest.approx(expected, abs=0.01)


async def test_sound_of_another_length_than_the_pictures_stays_with_them(tmp_path: Path) -> None:
    """Sound that goes on after the pictures is cut with them; sound that ends early is followed by silence."""
    long = tmp_path / "long.mp4"
    make(long, count=30, size=(160, 90), sound_seconds=3.0)
    short = tmp_path / "short.mp4"
    make(short, count=90, size=(160, 90), sound_seconds=0.5)
    beep = numbered(tmp_path / "beep.mp4", count=30, size=(160, 90), beep=0.5)
    joined = await join([long, short, beep], tmp_path / "all.mp4", limit=_ROOM)
    assert joined.seconds == pytest.approx(5.0, abs=0.1)
    with av.open(str(tmp_path / "all.mp4")) as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
    assert samples / 48_000 == pytest.approx(5.0, abs=0.05)
    assert beeps(tmp_path / "all.mp4")[-1] == pytest.approx(4.5, abs=0.02)


async def test_a_film_without_sound_is_silent_for_its_time(tmp_path: Path) -> None:
    """Where only some films have sound, the others are silent; where none has, none is made up."""
    mute = [numbered(tmp_path / f"{n}.mp4", count=30) for n in range(2)]
    loud = numbered(tmp_path / "loud.mp4", count=30, beep=0.3)
    await join([mute[0], loud, mute[1]], tmp_path / "all.mp4", limit=_ROOM)
    assert beeps(tmp_path / "all.mp4") == pytest.approx([1.3], abs=0.02)
    joined = await join(mute, tmp_path / "silent.mp4", limit=_ROOM)
    assert joined.audio_codec is None


@pytest.mark.parametrize("size", [(180, 320), (240, 240), (640, 360), (160, 90)])
async def test_another_shape_is_shown_whole_between_bars(tmp_path: Path, size: tuple[int, int]) -> None:
    """The first film's size holds; the others are shown whole in the middle of it, with black bars where needed."""
    parts = [numbered(tmp_path / "a.mp4", count=20), numbered(tmp_path / "b.mp4", first=500, count=20, size=size)]
    joined = await join(parts, tmp_path / "all.mp4", limit=_ROOM)
    assert (joined.width, joined.height) == (320, 180)
    frames = frames_of(tmp_path / "all.mp4")
    assert len(frames) == 40
    width = min(320, round(180 * size[0] / size[1]))
    edge = (320 - width) // 2
    for number in (0, 7, 19):
        image = frames[20 + number].to_image()
        assert read_bars(image.crop((edge, 0, edge + width, 180))) == 500 + number
        corner = image.getpixel((2, 2))
        assert isinstance(corner, tuple)
        assert (max(corner) < 30) is (edge > 4)


async def test_turned_films_come_out_upright(tmp_path: Path) -> None:
    """A film that is marked as turned stands upright in the joined one, and so do those after it."""
    parts = [make(tmp_path / f"{n}.mp4", count=20, sound=None) for n in range(2)]
    turned(parts[0], 90)
    joined = await join(parts, tmp_path / "all.mp4", limit=_ROOM)
    assert (joined.width, joined.height) == (180, 320)
    first, last = (frames_of(tmp_path / "all.mp4")[n].to_image() for n in (0, 39))
    assert [frame.rotation for frame in frames_of(tmp_path / "all.mp4")[::10]] == [0] * 4
    assert _red(first, (150, 160))
    assert not _red(first, (30, 160))
    assert _red(last, (90, 125))
    assert not _red(last, (90, 195))


def _red(image: Image.Image, at: tuple[int, int]) -> bool:
    pixel = image.getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel[0] > 150 > pixel[2]


async def test_what_does_not_fit_is_encoded_into_the_limit(tmp_path: Path) -> None:
    """A copy that would be too large is encoded: within the limit, and using most of it."""
    parts = [make(tmp_path / f"{n}.mp4", count=60, busy=True) for n in range(2)]
    limit = sum(part.stat().st_size for part in parts) // 4
    joined = await join(parts, tmp_path / "all.mp4", limit=limit)
    assert 0.9 * limit <= joined.size <= limit
    assert joined.seconds == pytest.approx(4.0, abs=2 / 30)
    assert len(frames_of(tmp_path / "all.mp4")) == 120


async def test_films_of_other_codecs_are_joined_too(tmp_path: Path) -> None:
    """A VP9 film in Matroska and an H.264 one make one film that Discord plays."""
    parts = [
        make(tmp_path / "a.webm", codec="libvpx-vp9", sound="libopus", count=20, size=(160, 90)),
        numbered(tmp_path / "b.mp4", count=20, beep=0.1),
    ]
    joined = await join(parts, tmp_path / "all.mp4", limit=_ROOM)
    assert (joined.video_codec, joined.audio_codec, joined.width) == ("h264", "aac", 160)
    assert joined.seconds == pytest.approx(40 / 30, abs=2 / 30)


async def test_a_bad_part_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    """A film of a chain that is cut short, or none, ends it: the fault says which, and no file stays behind."""
    good = numbered(tmp_path / "good.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(good.read_bytes()[:-200])
    words = tmp_path / "words.mp4"
    words.write_text("no film at all")
    for bad, reason in ((cut, "film_cut_short"), (words, "film_not_video"), (tmp_path / "gone.mp4", "film_not_video")):
        with pytest.raises(BadFilm) as caught:
            await join([good, bad], tmp_path / "all.mp4", limit=_ROOM)
        assert (caught.value.reason, caught.value.values["position"]) == (reason, 2)
        assert not (tmp_path / "all.mp4").exists()


async def test_limits_hold_for_the_whole_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No films, too many seconds together and a limit that nothing meets are refused, and never leave half a file."""
    part = make(tmp_path / "a.mp4", count=30, busy=True)
    for paths, limit, how in (([], _ROOM, "none"), ([part] * 3, 3_000, "")):
        with pytest.raises(BadFilm) as caught:
            await join(paths, tmp_path / "all.mp4", limit=limit)
        assert caught.value.reason == "film_cannot_fit"
        assert caught.value.values["how"] == how or not how
        assert not (tmp_path / "all.mp4").exists()
    monkeypatch.setattr(films, "MAX_SECONDS", 2.5)
    with pytest.raises(BadFilm) as caught:
        await join([part] * 3, tmp_path / "all.mp4", limit=_ROOM)
    assert caught.value.values["how"] == "long"


async def test_broken_sound_does_not_lose_the_film(tmp_path: Path) -> None:
    """Where a film's sound cannot be decoded to its end, the rest of its time is silent."""
    parts = [numbered(tmp_path / f"{n}.mp4", count=60, beep=0.3) for n in range(2)]
    data = bytearray(parts[0].read_bytes())
    with av.open(str(parts[0])) as film:
        where = [(packet.pos or 0, packet.size) for packet in film.demux(audio=0) if packet.size]
    for at, size in where[40:]:
        data[at : at + size] = b"\xff" * size
    parts[0].write_bytes(data)
    joined = await join(parts, tmp_path / "all.mp4", limit=_ROOM)
    assert joined.seconds == pytest.approx(4.0, abs=2 / 30)
    found = beeps(tmp_path / "all.mp4")
    assert found[0] == pytest.approx(0.3, abs=0.02)
    assert found[-1] == pytest.approx(2.3, abs=0.02)
