"""What earlier versions have stored is read for ever: wires and requests in jobs, as the first version wrote them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acedata.body import build_body
from acedata.wire import read_report
from domain.job import Film, JobState, Verdict
from domain.request import GenerationRequest, orientation_of
from domain.wire import Wire
from storage import database as storage
from storage import jobs
from storage.database import open_database
from tests.test_wire import BODIES, FILM, asked, film

#: Model → its wire as the first version froze it into jobs.
WIRES = {
    "sora-2": '{"provider":"sora","fixed":{"model":"sora-2"},"fields":{"prompt":"prompt","duration":"duration",'
    '"orientation":"orientation","size":"size","images":"image_urls","character":"character_url",'
    '"character_start":"character_start","character_end":"character_end"},"pixels":{},"films":"data.*",'
    '"url":"video_url","id":"id","state":"state"}',
    "sora-2-short": '{"provider":"sora","fixed":{"model":"sora-2","version":"2.0"},"fields":{"prompt":"prompt",'
    '"duration":"duration","size":"size","images":"image_urls"},"pixels":{"small landscape":[1280,720],'
    '"small portrait":[720,1280],"large landscape":[1792,1024],"large portrait":[1024,1792]},"films":"data.*",'
    '"url":"video_url","id":"id","state":"state"}',
}
REQUEST = (
    '{"prompt":"a cat","model":"sora-2","duration":10,"size":"small","orientation":null,"pictures":2,'
    '"character_url":null,"character_start":null,"character_end":null}'
)


@pytest.mark.parametrize(("key", "changes", "images", "callback", "body"), BODIES)
def test_bodies(key: str, changes: dict[str, Any], images: list[str], callback: str | None, body: Any) -> None:
    """A wire of the first version builds what it built then."""
    assert build_body(Wire.from_json(WIRES[key]), asked(**changes), images=images, callback_url=callback) == body


@pytest.mark.parametrize("key", WIRES)
def test_answers_and_shapes(key: str) -> None:
    """It reads answers as it did, and lets the first picture choose between the shapes that it had."""
    wire = Wire.from_json(WIRES[key])
    report = read_report(wire, {"success": True, "task_id": "t", "data": [film()]})
    assert (report.task_id, report.verdict, report.films) == ("t", Verdict.SUCCEEDED, (FILM,))
    square = "square" if key == "sora-2" else "landscape"
    assert orientation_of(800, 800, wire.can_be_shaped) == square
    assert Wire.from_json(wire.to_json()) == wire


def test_requests() -> None:
    """A request of the first version has no mode, no choice of sound and no negative prompt."""
    request = GenerationRequest.from_json(REQUEST)
    assert request == replace(asked(size="small", orientation=None, pictures=2), mode="", sound=None, negative="")


async def test_a_database_of_the_first_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its jobs are found after every migration since; nobody knows what they cost."""
    path, first = tmp_path / "a.db", tmp_path / "migrations"
    first.mkdir()
    newest = storage.MIGRATIONS
    (first / "0001_initial.sql").write_text((newest / "0001_initial.sql").read_text("utf-8"), "utf-8")
    monkeypatch.setattr(storage, "MIGRATIONS", first)
    async with open_database(path) as db, db.transaction() as conn:
        await conn.execute(
            "INSERT INTO jobs (id, interaction_id, guild_id, channel_id, place, author_id, locale, request, wire,"
            " provider, model, label, price, usual_seconds, private, spoiler, fold, state, created_at, task_id)"
            " VALUES ('old', 1, 2, 3, 'text', 4, 'de', ?, ?, 'sora', 'sora-2', 'Sora 2', 2, 120, 0, 0, 'f',"
            " 'ready', 5, 't')",
            (REQUEST, WIRES["sora-2"]),
        )
        await conn.execute("INSERT INTO films VALUES ('old', 0, 'v', 'https://example.org/a.mp4')")
    monkeypatch.setattr(storage, "MIGRATIONS", newest)
    async with open_database(path) as db:
        job = await jobs.get(db.reader, "old")
    assert job is not None
    assert (job.state, job.wire, job.cost, job.currency) == (
        JobState.READY,
        Wire.from_json(WIRES["sora-2"]),
        None,
        "",
    )
    assert job.films == (Film("v", "https://example.org/a.mp4"),)
    assert job.request == GenerationRequest.from_json(REQUEST)
