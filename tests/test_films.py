"""What `media.films` promises: it knows a film from what is none, and makes it fit; with real small films."""

from __future__ import annotations

import random
import re
from pathlib import Path

import av
import pytest
from av.video.frame import PictureType
from PIL import Image, ImageChops, ImageStat

from domain.faults import BadFilm
from media import films
from media.budget import LOSSLESS, WORST, Budget, Sample
from media.films import fit, probe
from tests.reels import frames_of, make, noise, turned


async def refused(path: Path) -> BadFilm:
    with pytest.raises(BadFilm) as caught:
        await probe(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "codec", "sound", "expected"),
    [
        ("a.mp4", "libx264", "aac", ("h264", "aac")),
        ("a.mov", "libx264", None, ("h264", None)),
        ("a.mkv", "mpeg4", "aac", ("mpeg4", "aac")),
        ("a.webm", "libvpx-vp9", "libopus", ("vp9", "opus")),
    ],
)
async def test_probe_knows_each_container(
    tmp_path: Path, name: str, codec: str, sound: str | None, expected: tuple[str, str | None]
) -> None:
    """Size, length, codecs and bytes are told for each container that a result may come in, whatever its name is."""
    path = make(tmp_path / name, codec=codec, sound=sound, count=30)
    path = path.rename(tmp_path / "film.bin")
    film = await probe(path)
    assert (film.width, film.height, film.size) == (320, 180, path.stat().st_size)
    assert (film.video_codec, film.audio_codec) == expected
    assert film.seconds == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("faststart", [True, False])
async def test_probe_knows_where_the_index_is(tmp_path: Path, faststart: bool) -> None:
    """Faststart means that the index comes before the pictures."""
    options = {"movflags": "+faststart"} if faststart else {}
    assert (await probe(make(tmp_path / "a.mp4", count=10, options=options))).faststart is faststart


async def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    """Nothing, words, a picture, sound alone, a playlist and a film's head without a film are no films."""
    make(tmp_path / "whole.mp4", count=10)
    with av.open(str(tmp_path / "sound.m4a"), "w", format="mp4") as out:
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.pts, frame.sample_rate = 0, 48_000
        out.mux(audio.encode(frame))
        out.mux(audio.encode())
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "words").write_text("<html>Not found</html>")
    # A playlist names other files and hosts: it must never be followed, whatever it is called.
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")
    (tmp_path / "concat").write_text("ffconcat version 1.0\nfile whole.mp4\n")
    (tmp_path / "head").write_bytes((tmp_path / "whole.mp4").read_bytes()[:32])
    noise(64, 64).save(tmp_path / "picture.png")
    noise(64, 64).save(tmp_path / "picture.avif")
    for name in ("sound.m4a", "empty", "words", "list.mp4", "concat", "head", "picture.png", "picture.avif"):
        fault = await refused(tmp_path / name)
        assert fault.reason in ("film_not_video", "film_cut_short"), name
        assert fault.reason == "film_not_video" or name == "head"


@pytest.mark.parametrize("name", ["front.mp4", "back.mp4", "a.mkv"])
@pytest.mark.parametrize("share", [0.5, 0.95])
async def test_a_film_that_lacks_its_end_is_cut_short(tmp_path: Path, name: str, share: float) -> None:
    """A file that stops before its own header says it ends is cut short, wherever its index is."""
    options = {"movflags": "+faststart"} if name == "front.mp4" else {}
    path = make(tmp_path / name, busy=True, size=(160, 90), count=120, options=options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    if name == "a.mkv" and share > 0.9:
        # Matroska has no count of bytes that must be there; less than a second and a half may be missing unseen.
        return
    assert (await refused(path)).reason == "film_cut_short"


async def test_a_missing_file_is_no_film(tmp_path: Path) -> None:
    """A file that is gone is a fault like any other, and no crash."""
    assert (await refused(tmp_path / "gone.mp4")).reason == "film_not_video"


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (240, 240)])
async def test_a_busy_film_fills_its_limit(tmp_path: Path, size: tuple[int, int]) -> None:
    """A film that needs more than it may have uses 90 % of it or more, and never a byte more than all."""
    source = make(tmp_path / "a.mp4", size=size, count=75, busy=True)
    limit = source.stat().st_size // 5
    film = await fit(source, tmp_path / "b.mp4", limit=limit)
    assert 0.9 * limit <= film.size <= limit
    assert film.size == (tmp_path / "b.mp4").stat().st_size
    assert (film.video_codec, film.audio_codec, film.faststart) == ("h264", "aac", True)
    assert film.seconds == pytest.approx(75 / 30, abs=0.05)
    assert (film.width > film.height, film.width < film.height) == (size[0] > size[1], size[0] < size[1])


async def test_a_quiet_film_stays_visually_lossless(tmp_path: Path) -> None:
    """A film that needs less than its limit keeps its size in pixels, its frames and CRF 18, and stays small."""
    source = make(tmp_path / "a.mp4", count=75, every=1)
    film = await fit(source, tmp_path / "b.mp4", limit=2_000_000)
    assert (film.width, film.height) == (320, 180)
    assert film.size < 1_000_000
    data = (tmp_path / "b.mp4").read_bytes()
    assert b"crf=18.0" in data
    assert data.count(b"crf=") == data.count(b"crf=18.0")
    frames = frames_of(tmp_path / "b.mp4")
    assert len(frames) == 75
    # The source's own whole pictures are not copied: the encoder decides.
    assert sum(frame.pict_type == PictureType.I for frame in frames) <= 3


async def test_every_frame_comes_through_in_order(tmp_path: Path) -> None:
    """The pieces that a film is encoded in join without a gap: every frame is there, at its own time."""
    source = make(tmp_path / "a.mp4", count=150, busy=True, size=(160, 90), fps=24)
    await fit(source, tmp_path / "b.mp4", limit=source.stat().st_size // 3)
    before = [frame.time for frame in frames_of(source)]
    after = [frame.time for frame in frames_of(tmp_path / "b.mp4")]
    assert after == pytest.approx(before, abs=0.002)
    assert len(after) == 150


async def test_uneven_times_stay(tmp_path: Path) -> None:
    """A film whose frames come unevenly, with pauses where two pieces meet too, keeps each frame's time."""
    # Twelve times as slow from the middle on, which is where one piece ends and another begins.
    times = [number if number < 75 else 75 + 12 * (number - 75) for number in range(150)]
    source = make(tmp_path / "a.mp4", count=150, size=(160, 90), busy=True, sound=None, times=times)
    await fit(source, tmp_path / "b.mp4", limit=source.stat().st_size // 3)
    after = [frame.time for frame in frames_of(tmp_path / "b.mp4")]
    assert after == pytest.approx([frame.time for frame in frames_of(source)], abs=0.002)


async def test_pieces_of_different_quality_look_right(tmp_path: Path) -> None:
    """Where one piece is encoded much worse than the next, both still show the same picture in the same colours."""
    source = make(tmp_path / "a.mp4", count=150, busy=True)
    await fit(source, tmp_path / "b.mp4", limit=source.stat().st_size // 6)
    data = (tmp_path / "b.mp4").read_bytes()
    assert len(set(re.findall(rb" crf=([0-9.]+)", data))) > 1
    for before, after in zip(frames_of(source)[::7], frames_of(tmp_path / "b.mp4")[::7], strict=True):
        pair = [frame.to_image().resize((2, 2), Image.Resampling.BOX) for frame in (before, after)]
        assert all(worst < 25 for _, worst in ImageStat.Stat(ImageChops.difference(*pair)).extrema)


@pytest.mark.parametrize(
    ("sound", "rate", "channels", "least"),
    [("aac", 96_000, "stereo", 60_000), ("aac", 300_000, "stereo", 60_000), ("libmp3lame", 128_000, "mono", 30_000)],
)
async def test_sound_is_kept(tmp_path: Path, sound: str, rate: int, channels: str, least: int) -> None:
    """Sound stays, as AAC of 128 kbit/s at most and as long as it was, whatever it was before."""
    source = make(tmp_path / "a.mp4", sound=sound, sound_rate=rate, channels=channels, count=90)
    film = await fit(source, tmp_path / "b.mp4", limit=1_000_000)
    assert film.audio_codec == "aac"
    with av.open(str(tmp_path / "b.mp4")) as out:
        sizes = [packet.size for packet in out.demux(audio=0)]
        assert out.streams.audio[0].codec_context.channels == (1 if channels == "mono" else 2)
    assert least < sum(sizes) * 8 / 3 < 140_000
    with av.open(str(tmp_path / "b.mp4")) as out:
        samples = sum(frame.samples for frame in out.decode(audio=0))
    assert samples / 48_000 == pytest.approx(3.0, abs=0.05)


async def test_a_film_without_sound_stays_without(tmp_path: Path) -> None:
    """No sound is made up."""
    source = make(tmp_path / "a.mp4", sound=None, count=30)
    assert (await fit(source, tmp_path / "b.mp4", limit=1_000_000)).audio_codec is None


@pytest.mark.parametrize(
    ("degrees", "size", "red"),
    [(90, (180, 320), (150, 160)), (180, (320, 180), (160, 150)), (270, (180, 320), (30, 160))],
)
async def test_a_turned_film_comes_out_upright(
    tmp_path: Path, degrees: int, size: tuple[int, int], red: tuple[int, int]
) -> None:
    """A film that is marked as turned has its turned size, and its pixels are turned for good."""
    source = make(tmp_path / "a.mp4", count=20, sound=None)
    turned(source, degrees)
    assert (lambda film: (film.width, film.height))(await probe(source)) == size
    film = await fit(source, tmp_path / "b.mp4", limit=1_000_000)
    assert (film.width, film.height) == size
    frame = frames_of(tmp_path / "b.mp4")[0]
    assert frame.rotation == 0
    pixel = frame.to_image().getpixel(red)
    assert isinstance(pixel, tuple)
    assert pixel[0] > 150 > pixel[2]


async def test_odd_sizes_are_made_even(tmp_path: Path) -> None:
    """Frames of an odd width or height, which H.264 cannot hold in this form, lose a line and no more."""
    source = make(tmp_path / "a.webm", size=(161, 91), codec="libvpx", sound=None, count=10)
    film = await fit(source, tmp_path / "b.mp4", limit=1_000_000)
    assert (film.width, film.height) == (160, 90)


async def test_what_cannot_fit_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit that no encoding meets is a fault, and no file stays behind."""
    source = make(tmp_path / "a.mp4", count=60, busy=True)
    for limit in (3_000, 9_000):
        with pytest.raises(BadFilm) as caught:
            await fit(source, tmp_path / "b.mp4", limit=limit)
        assert caught.value.reason == "film_cannot_fit"
        assert not (tmp_path / "b.mp4").exists()


async def test_a_film_that_is_too_long_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film over the longest length is refused before any work."""
    source = make(tmp_path / "a.mp4", count=30)
    monkeypatch.setattr(films, "MAX_SECONDS", 0.5)
    with pytest.raises(BadFilm) as caught:
        await fit(source, tmp_path / "b.mp4", limit=1_000_000)
    assert caught.value.values["how"] == "long"


def costing(kind: str) -> Sample:
    """A chunk of pure noise, of an ordinary scene, or of a still picture."""
    sizes = {"noise": (5e6, 2e6, 1e5), "scene": (8e5, 2e5, 6e4), "still": (9e4, 5e4, 2e4)}[kind]
    return Sample(tuple(zip((18.0, 25.0, 34.0), sizes, strict=True)), sizes[1] / 3)


@pytest.mark.parametrize("seed", range(20))
def test_a_budget_spends_what_it_has(seed: int) -> None:
    """However wrong the samples are, the chunks together end near the limit and under it, or at CRF 18 all along."""
    dice = random.Random(seed)
    samples = [costing(dice.choice(["noise", "scene", "still"])) for _ in range(12)]
    wrong = dice.uniform(0.6, 1.6)
    plan = Budget(samples, left=8e6)
    plan.choose_scale()
    qualities: list[float] = []
    spent = 0.0
    for sample in samples:
        crf = plan.crf()
        size = min(
            sample.bytes_at(crf) * plan.shrinking * wrong * dice.uniform(0.9, 1.1),
            plan.left if plan.last else plan.ceiling,
        )
        plan.spent(int(size), crf)
        qualities.append(crf)
        spent += int(size)
    assert spent <= 8e6
    assert spent >= 0.75 * 8e6 or max(qualities) == LOSSLESS


def test_a_worse_quality_never_costs_more() -> None:
    """Bytes fall with every step of quality, inside and outside the samples, also where those say nothing."""
    flat = Sample(((18.0, 100.0), (25.0, 100.0), (34.0, 100.0)), 100.0)
    for sample in (costing("noise"), costing("still"), flat):
        sizes = [sample.bytes_at(crf / 2) for crf in range(int(LOSSLESS * 2), int(WORST * 2))]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] > sizes[-1] > 0
