"""A plain film is known by its index: the same as a child finds, and whatever is damaged is left to the child."""

from __future__ import annotations

import random
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.faults import BadFilm
from media import header
from media.child import run_in_child
from media.films import PROBE_MEMORY, Film, probe
from tests import clips
from tests.reels import make, turned


async def by_a_child(path: Path) -> Film:
    answer, _ = await run_in_child(
        "probe", {"path": str(path)}, memory_bytes=PROBE_MEMORY, seconds=30, fault=BadFilm, died="film_not_video"
    )
    return Film(**answer)


@pytest.mark.parametrize("sound", ["aac", None])
@pytest.mark.parametrize("options", [{}, {"movflags": "+faststart"}], ids=["behind", "before"])
@pytest.mark.parametrize("bframes", ["0", "2"])
async def test_it_says_what_a_child_says(
    tmp_path: Path, sound: str | None, options: dict[str, str], bframes: str
) -> None:
    """Pixels, seconds, codecs, bytes and the place of the index of films as the API makes them."""
    path = make(tmp_path / "a.mp4", sound=sound, count=70, options=options | {"x264-params": f"bframes={bframes}"})
    known = header.read(path)
    assert known
    assert asdict(await by_a_child(path)) | {"seconds": 0} == known | {"seconds": 0}
    assert known["seconds"] == pytest.approx((await by_a_child(path)).seconds, abs=0.01)


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_it_knows_which_way_is_up(tmp_path: Path, degrees: int) -> None:
    """A film that is shown turned has its sides told as they are seen."""
    path = make(tmp_path / "a.mp4", count=10)
    turned(path, degrees)
    known = header.read(path)
    assert known
    assert (known["width"], known["height"]) == ((180, 320) if degrees % 180 else (320, 180))
    child = await by_a_child(path)
    assert (child.width, child.height) == (known["width"], known["height"])


async def test_what_is_not_plain_is_left_to_the_child(tmp_path: Path) -> None:
    """Other containers and codecs, and films in fragments, are films too: the child says so."""
    others = [
        make(tmp_path / "a.mov", count=10),
        make(tmp_path / "a.mkv", codec="mpeg4", count=10),
        make(tmp_path / "b.mp4", codec="mpeg4", count=10),
        make(tmp_path / "c.mp4", count=10, options={"movflags": "frag_keyframe+empty_moov"}),
    ]
    for path in others:
        assert header.read(path) is None, path.name
        assert (await probe(path)).width == 320


def test_a_film_that_lacks_anything_is_not_plain(tmp_path: Path) -> None:
    """Cut anywhere, it is never taken for a whole one: its index names places that are not there."""
    path = make(tmp_path / "a.mp4", count=10, options={"movflags": "+faststart"})
    whole = path.read_bytes()
    for size in range(0, len(whole), 37):
        path.write_bytes(whole[:size])
        assert header.read(path) is None, size


async def test_pictures_of_noise_are_not_plain(tmp_path: Path) -> None:
    """An index without the pictures that it names: the child finds out that nothing can be shown."""
    path = make(tmp_path / "a.mp4", count=10, sound=None)
    film = bytearray(path.read_bytes())
    start = film.index(b"mdat") + 4
    end = film.index(b"moov") - 4
    film[start:end] = random.Random(5).randbytes(end - start)
    path.write_bytes(film)
    assert header.read(path) is None
    with pytest.raises(BadFilm):
        await probe(path)


@settings(max_examples=400, deadline=2_000)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_nothing_written_into_it_does_harm(changes: list[tuple[int, bytes]]) -> None:
    """Bytes changed anywhere: a film or none, soon, and never an error."""
    film = bytearray(clips.film())
    for place, data in changes:
        at = place % len(film)
        film[at : at + len(data)] = data
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(film)
        file.flush()
        header.read(Path(file.name))
