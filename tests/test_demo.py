"""`python -m demo`: a film without a browser as its own process, and a page that comes and goes quietly."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from demo.reading import plain
from demo.videoapi import VideoAPI
from tests import clips

ROOT = Path(__file__).parent.parent
SHORT = ("--model", "sora-2-short", "--duration", "4")


async def demo(*arguments: str, folder: Path, **environment: str) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error of `python -m demo …`, run in `folder`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "demo", *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


async def test_once_with_a_picture(tmp_path: Path) -> None:
    """The card, the film and the finished card are told in this order, and the film is a real one."""
    (tmp_path / "my boat.png").write_bytes(clips.picture(360, 640))
    wish = ("--once", "--prompt", "a paper boat", "--image", "my boat.png", *SHORT, "--out", "film.mp4", "--json")
    status, out, errors = await demo(*wish, folder=tmp_path)
    assert (status, errors) == (0, "")
    *seen, last = lines(out)
    assert last == {"ok": True, "state": "ready", "film": "film.mp4"}
    card, film = seen[0], next(entry for entry in seen if entry["films"])
    assert card["seen"] == "message"
    assert "Sora 2 short · 4 s · shaped like your picture · small · 1 picture" in card["text"]
    assert re.search(r"Expected in \d+ seconds?", card["text"])
    assert film["text"].startswith("@You your film is ready.")
    assert seen[-1]["seen"] == "change"
    assert "film is ready" in seen[-1]["text"]
    with av.open(str(tmp_path / "film.mp4")) as opened:
        picture = opened.streams.video[0]
        assert (picture.width, picture.height) == (720, 1280)
        assert opened.duration == pytest.approx(4_000_000, abs=200_000)
    assert {path.name for path in tmp_path.iterdir()} == {"my boat.png", "film.mp4"}  # nothing else is left behind


OTHERS = [
    # its film stands at the root of the answer; two pictures are the first and the last one
    (
        ("kling-2.5-turbo", "--duration", "5"),
        ["a.png", "b.png"],
        "2 pictures as its first and last frame",
        (1920, 1080),
    ),
    # one item of a list holds the prompt, others the pictures; the film is as the picture is
    (("seedance-2-fast", "--duration", "4", "--size", "480p", "--sound", "on"), ["a.png"], "with sound", (854, 480)),
    # its task holds the film itself
    (
        ("minimax-h3", "--duration", "4", "--size", "480p", "--orientation", "portrait"),
        [],
        "portrait · 480p",
        (480, 854),
    ),
]


@pytest.mark.parametrize(("model", "pictures", "says", "pixels"), OTHERS, ids=lambda value: str(value)[:20])
async def test_once_with_other_models(
    tmp_path: Path, model: tuple[str, ...], pictures: list[str], says: str, pixels: tuple[int, int]
) -> None:
    """Three models that answer in three ways make films as well."""
    for name in pictures:
        (tmp_path / name).write_bytes(clips.picture(640, 360))
    images = ("--image", *pictures) if pictures else ()
    wish = ("--once", "--prompt", "a paper boat", "--model", *model, *images, "--out", "film.mp4", "--json")
    status, out, errors = await demo(*wish, folder=tmp_path)
    assert (status, errors) == (0, "")
    assert says in lines(out)[0]["text"]
    with av.open(str(tmp_path / "film.mp4")) as opened:
        video = opened.streams.video[0]
        assert video.width / video.height == pytest.approx(pixels[0] / pixels[1], rel=0.02)
        assert abs(min(video.width, video.height) - min(pixels)) <= 2


async def test_once_with_an_api_of_ones_own(tmp_path: Path) -> None:
    """Two variables name another API; what is on loopback calls back; without --out the film comes into the folder."""
    api = VideoAPI(token="mine", seconds=0, render=lambda request, pictures: clips.film())
    async with api.serve() as url:
        status, out, _ = await demo(
            *("--once", "--prompt", "a lighthouse"),
            folder=tmp_path,
            ACEDATACLOUD_API_BASE_URL=url,
            ACEDATACLOUD_API_TOKEN="mine",
            DAILY_CREDITS="0",  # no other variable counts
        )
    assert status == 0
    (task,) = api.tasks.values()
    assert [status for _, status in task.callbacks] == [200]
    (film,) = tmp_path.glob("clapper-*.mp4")
    assert film.read_bytes() == clips.film()
    assert f"Saved as {film.name}" in out


async def test_once_that_fails(tmp_path: Path) -> None:
    """The member reads why, and that nothing was charged."""
    status, out, _ = await demo("--once", "--prompt", "a boat, fail", *SHORT, "--json", folder=tmp_path)
    *seen, last = lines(out)
    assert (status, last) == (1, {"ok": False, "state": "failed", "film": None})
    reply = next(entry for entry in seen[1:] if entry["seen"] == "message")
    assert "@You" in reply["text"]
    assert "Nothing was charged." in reply["text"]


async def test_once_that_is_refused(tmp_path: Path) -> None:
    """A length that the model does not make is refused for the member alone, with what would do."""
    status, out, _ = await demo("--once", "--prompt", "x", "--duration", "25", folder=tmp_path)
    assert status == 1
    assert "only you can see this" in out
    assert "It makes 10 or 15 s." in out
    assert "Nothing was charged." in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--once"], "--prompt"),
        (["--prompt", "x"], "--once"),
        (["--once", "--prompt", "x" * 4001], "4000"),
        (["--once", "--prompt", "x", "--image", "nothing.png"], "nothing.png: No such file"),
        (["--once", "--prompt", "x", "--image", "."], "Is a directory"),
        (["--once", "--prompt", "x", "--image", *["x.png"] * 5], "4 pictures are the most"),
        (["--once", "--prompt", "x", "--out", "no/film.mp4"], "no such folder"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_usage(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be meant ends with status 2 and says why, before anything is started."""
    from demo.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_the_page_comes_and_goes(tmp_path: Path, number: signal.Signals) -> None:
    """It prints one address that answers; told to stop, it stops without a trace, on the screen and on the disk."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "demo"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    (address,) = re.findall(r"http://\S+", (await process.stdout.readline()).decode())
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        assert "Clapper's demo" in (await answer.text()).replace("&#x27;", "'")
    process.send_signal(number)
    out, errors = await process.communicate()
    assert "http" not in out.decode()
    assert (process.returncode, errors.decode()) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_messages_as_plain_text() -> None:
    """Mentions, times, links and marks become what a reader sees; escaped signs stay what they are."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    then = int(now.timestamp())
    marked = f"### 🎬 <@7> is **done** <t:{then + 120}:R>\n> 2 \\* 3 \\<b>\n-# [here](https://x.test/a) <@8>"
    assert (
        plain(marked, {7: "You"}, now) == "🎬 @You is done in 2 minutes\n│ 2 * 3 <b>\nhere (https://x.test/a) @someone"
    )
    assert plain(f"<t:{then - 3600}:R>", {}, now) == "1 hour ago"
