"""Tables for spreadsheets: whole, in parts that fit, in the server's own time, and harmless when opened."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from domain.faults import Refused
from domain.job import JobState
from domain.request import GenerationRequest
from service import exports
from service.exports import JOBS, LEDGER, Exports
from service.sheets import PARTS_MOST, Sheet, Stamps, cell
from storage import grants, jobs
from storage.database import Database, open_database
from tests.test_words import a_job

BERLIN = ZoneInfo("Europe/Berlin")
NOON = int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
TODAY = date(2026, 11, 25)
PLENTY = 10_000_000


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "clapper.db") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.mkdir()
    return made


async def film(
    db: Database, number: int, prompt: str, *, at: int = NOON, guild: int = 1, private: bool = False
) -> None:
    request = GenerationRequest(prompt, "sora-2", 10, "small", None if private else "landscape")
    async with db.transaction() as conn:
        job = a_job(
            id=f"job{number:04}",
            interaction_id=number,
            request=request,
            created_at=at,
            guild_id=guild,
            private=private,
            state=JobState.READY,
        )
        await jobs.begin(conn, job, fold="")


def tables(files: tuple[Path, ...]) -> list[list[dict[str, str]]]:
    """The rows of each file, read as a spreadsheet would."""
    found: list[list[dict[str, str]]] = []
    for file in files:
        data = file.read_bytes()
        if file.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert archive.testzip() is None
                (name,) = archive.namelist()
                assert name == f"{file.stem}.csv"
                data = archive.read(name)
        assert data.startswith(b"\xef\xbb\xbf")  # or Excel misreads it
        found.append(list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)))
    return found


async def test_films_as_a_table(db: Database, folder: Path) -> None:
    """Oldest first, of one server and range only, times in its zone, people and places as mentions."""
    await film(db, 2, 'a "boat",\nin the räin 🚣', at=NOON + 1)
    await film(db, 1, "a kite")
    await film(db, 3, "another server's", guild=2)
    await film(db, 4, "yesterday's", at=NOON - 13 * 3_600_000 - 1)
    async with db.transaction() as conn:
        await jobs.change(conn, "job0001", cost=2.35, currency="credit")
    made = await Exports(db).jobs(1, TODAY, TODAY, BERLIN, folder, most=PLENTY)
    assert (made.rows, [file.name for file in made.files]) == (2, ["films-2026-11-25-2026-11-25.csv"])
    ((first, second),) = tables(made.files)
    assert tuple(first) == JOBS
    assert first == {
        "time": "2026-11-25T13:00:00+01:00",
        "job": "job0001",
        "member": "<@42>",
        "channel": "<#2>",
        "model": "Sora 2",
        "seconds": "10",
        "size": "small",
        "orientation": "landscape",
        "credits": "2",
        "cost": "2.35",
        "currency": "credit",
        "state": "ready",
        "given_back": "0",
        "reason": "",
        "private": "0",
        "prompt": "a kite",
    }
    assert (second["cost"], second["currency"]) == ("", "")
    assert second["prompt"] == 'a "boat",\nin the räin 🚣'


async def test_private_prompts_stay_private(db: Database, folder: Path) -> None:
    """Of a private film there is what it cost, and not what it shows."""
    await film(db, 1, "a secret", private=True)
    made = await Exports(db).jobs(1, TODAY, TODAY, UTC, folder, most=PLENTY)
    ((row,),) = tables(made.files)
    assert (row["prompt"], row["private"], row["orientation"], row["credits"]) == ("", "1", "", "2")
    assert b"secret" not in made.files[0].read_bytes()


async def test_the_ledger_as_a_table(db: Database, folder: Path) -> None:
    """Every change of credits, with or without a film, and the reason that a moderator gave."""
    async with db.transaction() as conn:
        await grants.give(
            conn, guild_id=1, member_id=7, amount=5, reason="=HYPERLINK(1)", ends_at=None, by_id=9, now=NOON
        )
        await grants.reset(conn, 1, "everyone", NOON + 1)
    made = await Exports(db).ledger(1, TODAY, TODAY, UTC, folder, most=PLENTY)
    ((given, reset),) = tables(made.files)
    assert tuple(given) == LEDGER
    assert (given["member"], given["kind"], given["source"], given["credits"]) == ("<@7>", "grant", "grant:1", "5")
    assert given["reason"] == "'=HYPERLINK(1)"
    assert (reset["kind"], reset["source"], reset["job"]) == ("adjust", "reset:everyone", "")


async def test_an_empty_range_is_a_table_with_its_head(db: Database, folder: Path) -> None:
    """It says which columns there would be."""
    made = await Exports(db).ledger(1, TODAY, TODAY, UTC, folder, most=PLENTY)
    assert made.rows == 0
    assert made.files[0].read_bytes() == b"\xef\xbb\xbf" + ",".join(LEDGER).encode() + b"\r\n"


async def test_pages_lose_nothing(db: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rows of the same moment, in pages smaller than that, are all there and each once."""
    monkeypatch.setattr(exports, "_PAGE", 7)
    for number in range(50):
        await film(db, number, f"film {number}", at=NOON + number // 20)
    made = await Exports(db).jobs(1, TODAY, TODAY, UTC, folder, most=PLENTY)
    (rows,) = tables(made.files)
    assert [row["prompt"] for row in rows] == [f"film {number}" for number in range(50)]
    assert made.rows == 50


async def test_a_cancelled_export_leaves_its_folder_alone(db: Database, folder: Path) -> None:
    """Whoever waited for it may remove the folder at once, and reading goes on for the others."""
    for number in range(20):
        await film(db, number, "a film")
    for delay in range(12):
        task = asyncio.create_task(Exports(db).jobs(1, TODAY, TODAY, UTC, folder, most=PLENTY))
        for _ in range(delay):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    made = await Exports(db).jobs(1, TODAY, TODAY, UTC, folder, most=PLENTY)
    assert made.rows == 20


def noise(count: int) -> list[str]:
    """Rows that cannot be zipped much."""
    return [f"{n},{(n + 1) ** 97 % 10**200:0200}" for n in range(count)]


def test_a_table_becomes_parts_that_fit(folder: Path) -> None:
    """Zipped once it is too large, in as many parts as it takes, each within the limit, with its head, and whole."""
    most, lines = 600_000, noise(12_000)
    with Sheet(folder, "x", ("n", "text"), most=most) as sheet:
        for at in range(0, len(lines), 1_000):
            sheet.add(lines[at : at + 1_000])
    assert [file.name for file in sheet.files] == [f"x-{n}.zip" for n in range(1, len(sheet.files) + 1)]
    assert sorted(folder.iterdir()) == sorted(sheet.files)
    assert len(sheet.files) > 2
    assert all(file.stat().st_size <= most for file in sheet.files)
    parts = tables(tuple(sheet.files))
    assert all(tuple(part[0]) == ("n", "text") for part in parts)
    assert [f"{row['n']},{row['text']}" for part in parts for row in part] == lines


def test_a_table_stays_plain_to_the_last_byte(folder: Path) -> None:
    """It is a CSV up to its limit, and a zip above it."""
    for most, name in ((1_000, "x.csv"), (999, "x-1.zip")):
        with Sheet(folder, "x", ("n",), most=most) as sheet:
            sheet.add(["1" * (1_000 - 6 - 2)])
        assert [file.name for file in sheet.files] == [name]
        assert most < 1_000 or sheet.files[0].stat().st_size == most


def test_what_takes_too_many_files_is_refused(folder: Path) -> None:
    """Ten parts are the most: the member is told to choose fewer days."""
    with Sheet(folder, "x", ("n", "text"), most=400_000) as sheet, pytest.raises(Refused) as caught:
        sheet.add(line for _ in range(100) for line in noise(1_000))
    assert caught.value.reason == "export_large"
    assert len(list(folder.iterdir())) == PARTS_MOST


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠x"]
)
def test_no_cell_is_calculated(text: str) -> None:
    """What a spreadsheet would take for a formula begins with an apostrophe."""
    assert next(csv.reader([cell(text)]))[0].startswith("'")


@given(st.text(max_size=40), st.text(max_size=40))
def test_cells_are_read_back(one: str, two: str) -> None:
    """Whatever is written, the same comes back, in its own column, with at most an apostrophe before it."""
    (row,) = csv.reader(io.StringIO(f"{cell(one)},{cell(two)}", newline=""), strict=True)
    assert [text if text == given else text.removeprefix("'") for text, given in zip(row, (one, two), strict=True)] == [
        one,
        two,
    ]


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "Africa/Cairo"])


@given(ZONES, st.lists(st.integers(1_300_000_000_000, 2_000_000_000_000), max_size=20), st.booleans())
def test_times_are_what_the_zone_says(zone: str, moments: list[int], in_order: bool) -> None:
    """As Python's own, in any order, across every change of the clocks; never is nothing."""
    stamp = Stamps(ZoneInfo(zone))
    for at in sorted(moments) if in_order else moments:
        for near in (at, at + 999, at + 3_600_000, at + 40 * 86_400_000):
            local = datetime.fromtimestamp(near // 1000, UTC).astimezone(ZoneInfo(zone))
            assert stamp(near) == local.isoformat(timespec="seconds")
    assert stamp(0) == ""


@pytest.mark.parametrize("turn", ["2026-03-29T01:00:00+00:00", "2026-10-25T01:00:00+00:00"])
def test_times_at_a_change_of_the_clocks(turn: str) -> None:
    """The last second before it has the old offset, the first one after it the new."""
    stamp = Stamps(BERLIN)
    at = int(datetime.fromisoformat(turn).timestamp() * 1000)
    for near in (at - 86_399_000, at - 1_000, at - 1, at, at + 1_000):
        local = datetime.fromtimestamp(near // 1000, UTC).astimezone(BERLIN)
        assert stamp(near) == local.isoformat(timespec="seconds")
