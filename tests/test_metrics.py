"""Figures and health: what is counted, under which names, and that neither labels nor queries grow without end."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assembly import health
from bot import App
from domain.job import JobState
from metrics import Metrics, Seen
from storage.database import every, open_database
from storage.figures import Figures, figures
from tests.conftest import OpenStage, OpenWire, Wired
from tests.test_words import a_job

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Values:
    """(name, labels in order) → value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scrape(app: App) -> Values:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{app.admin_port}/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        return read(await answer.text())


async def ready(app: App) -> tuple[int, list[str]]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{app.admin_port}/readyz") as answer:
        return answer.status, (await answer.json())["reasons"]


def one(values: Values, name: str, **labels: str) -> float:
    return values[f"clapper_{name}", tuple(sorted(labels.items()))]


async def a_film(w: Wired) -> None:
    """A command, its film, and the news of it."""
    await (await w.wire.command("video", {"prompt": "a boat"})).response(timeout=10)
    await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 10)
    await w.api.finish(next(iter(w.api.tasks)))
    await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files], timeout=15)
    for _ in range(500):
        if (await w.rows("SELECT announced_at > 0 AS told FROM jobs")) == [{"told": 1}]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody was told")


async def test_a_films_way_is_counted(open_wire: OpenWire) -> None:
    """One film: its job, its credits, its calls, its callback and its delivery each count once."""
    async with open_wire() as w:
        before = await scrape(w.app)
        assert one(before, "credits_total", change="hold") == 0
        await a_film(w)
        url = f"http://127.0.0.1:{w.app.callback_port}/callback/abc.1.{'0' * 40}"
        async with aiohttp.ClientSession() as http, http.post(url, json={}) as answer:
            assert answer.status == 404
        seen = await scrape(w.app)
    assert one(seen, "jobs_ended_total", state="ready", model="sora-2") == 1
    assert one(seen, "jobs_ended_total", state="failed", model="sora-2") == 0
    assert one(seen, "credits_total", change="hold") == one(seen, "credits_total", change="capture") > 0
    assert one(seen, "callbacks_total", outcome="accepted") == 1
    assert one(seen, "callbacks_total", outcome="forged") == 1
    assert one(seen, "deliveries_total", rung="thread") == 1
    assert one(seen, "films_total", form="as_is") == 1
    assert one(seen, "api_calls_total", provider="sora", call="videos", status="200") == 1
    assert one(seen, "waiting_seconds_count", model="sora-2") == 1
    assert one(seen, "rendering_seconds_count", model="sora-2") == 1
    assert one(seen, "delivering_seconds_count") == 1
    assert one(seen, "loop_lag_seconds_count") >= 0
    assert one(seen, "ready") == one(seen, "database_up") == 1
    assert one(seen, "credits_held") == one(seen, "outbox_jobs") == one(seen, "undelivered_jobs") == 0
    assert one(seen, "disk_free_bytes") > 0
    assert one(seen, "database_bytes") > 0
    routes = {dict(labels)["route"] for name, labels in seen if name == "clapper_discord_calls_total"}
    assert "POST /interactions/{id}/{token}/callback" in routes
    assert "POST /channels/{id}/messages/{id}/threads" in routes
    assert not [route for route in routes if re.search(r"\d{3}", route)]
    assert not [name for name, _ in seen if name.endswith("_created")], "a series beside each series"


async def test_what_waits_is_shown(open_wire: OpenWire) -> None:
    """Jobs in the making by state, what they hold, the oldest that waits, breakers and pauses."""
    async with open_wire(member_in_flight=1) as w:
        for n in range(3):
            await (await w.wire.command("video", {"prompt": f"boat {n}"})).response(timeout=10)
        await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 10)
        await w.app.parts.services.pauses.pause(0, "Back soon", 1)
        await w.app.parts.services.breakers.trip("model:sora-2-pro", "model_gone")
        seen = await scrape(w.app)
        assert one(seen, "jobs", state="queued", model="sora-2") == 2
        assert sum(v for (name, labels), v in seen.items() if name == "clapper_jobs") == 3
        assert one(seen, "credits_held") == 6
        assert one(seen, "queue_oldest_seconds") >= 0
        assert one(seen, "breaker_open", subject="model:sora-2-pro") == 1
        assert one(seen, "breaker_open", subject="account:sora") == 0
        assert (one(seen, "paused", scope="everywhere"), one(seen, "paused", scope="servers")) == (1, 0)


async def test_why_it_is_not_ready(open_wire: OpenWire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway, the database and each loop have a reason of their own; ready again once they are well."""
    async with open_wire() as w:
        for _ in range(500):
            if (await ready(w.app))[0] == 200:
                break
            await asyncio.sleep(0.01)
        assert await ready(w.app) == (200, [])
        monkeypatch.setattr(health, "_PATIENCE", 0.1)
        async with w.app.db.transaction():
            status, reasons = await ready(w.app)
        assert (status, len(reasons)) == (503, 1)
        assert reasons[0].startswith("database: no answer")
        for loop in w.app.parts.loops:
            loop.last_good, good = time.monotonic() - 100_000, loop.last_good
            if loop.name in ("housekeeping", "alerts"):
                assert await ready(w.app) == (503, [f"loop {loop.name}: it does not get on"])
            loop.last_good = good
        released = asyncio.Event()

        async def hold(call: object) -> None:
            if getattr(call, "path", "") == "/gateway/bot":
                await released.wait()

        w.wire.on_request(hold)
        w.app.bot.dispatch("shard_disconnect", 0)
        for _ in range(500):
            if (await ready(w.app))[0] == 503:
                break
            await asyncio.sleep(0.01)
        assert (await ready(w.app))[1] == ["gateway: shard 0 lost its connection to Discord"]
        w.app.bot.dispatch("shard_resumed", 0)
        for _ in range(500):
            if (await ready(w.app))[0] == 200:
                break
            await asyncio.sleep(0.01)
        assert await ready(w.app) == (200, [])
        released.set()


async def test_a_lost_connection_is_noticed(open_wire: OpenWire) -> None:
    """When Discord closes the gateway, discord.py connects again, and the bot is ready again."""
    async with open_wire() as w:
        await w.wire.gateway.disconnect()
        await w.wire.wait_for(lambda: w.wire.gateway.resumes, timeout=20)
        for _ in range(1000):
            if not w.app.bot.away:
                break
            await asyncio.sleep(0.01)
        assert not w.app.bot.away


async def test_nothing_of_it_is_on_the_public_port(open_stage: OpenStage) -> None:
    """Figures and health are for the operator's address only."""
    async with open_stage() as stage, aiohttp.ClientSession() as http:
        for path in ("metrics", "livez", "readyz", ""):
            async with http.get(f"http://127.0.0.1:{stage.app.callback_port}/{path}") as answer:
                assert answer.status == 404
        async with http.get(f"http://127.0.0.1:{stage.app.admin_port}/livez") as answer:
            assert answer.status == 200


def test_labels_have_an_end() -> None:
    """Whatever comes from outside, the number of lines stays within bounds."""
    metrics = Metrics(models=["sora-2"], providers=["sora"])
    for n in range(1000):
        metrics._called("GET", f"/api/v10/strange{'x' * n}/{n}", 100 + n % 900)
        metrics.api_call(f"vendor{n}/thing{n}", 100 + n % 900)
        job = a_job(state=JobState.FAILED, reason=f"reason{n}")
        metrics.ended(job)
    seen = Seen(Figures(active={("queued", f"model{n}"): 1 for n in range(500)}), [], {}, 1, 0.1)
    values = read(metrics.show(seen).decode())
    assert one(values, "jobs", state="queued", model="other") == 500
    assert len(values) < 1200
    assert one(values, "failures_total", reason="other") > 900


def test_a_blocked_loop_is_seen() -> None:
    """A loop that somebody blocks shows in its lag."""
    metrics = Metrics(models=[], providers=[])

    async def block() -> None:
        watching = asyncio.create_task(metrics.watch_lag())
        await asyncio.sleep(0.1)
        time.sleep(0.5)
        await asyncio.sleep(0.05)
        watching.cancel()

    asyncio.run(block())
    values = read(metrics.show(Seen(None, ["x"], {}, 1, 0.1)).decode())
    assert one(values, "loop_lag_seconds_sum") > 0.2
    assert one(values, "database_up") == one(values, "ready") == 0


async def test_a_scrape_reads_no_more_than_what_is_open(tmp_path: Path) -> None:
    """Each question of a scrape is answered from an index of open jobs, however many have ended."""
    async with open_database(tmp_path / "clapper.db") as db:
        asked: list[str] = []
        await db.reader.set_trace_callback(asked.append)
        await figures(db.reader)
        await db.reader.set_trace_callback(lambda _: None)
        asked = [sql for sql in asked if sql.startswith("SELECT")]  # not what SQLite asks itself
        for sql in asked:
            for row in await every(db.reader, f"EXPLAIN QUERY PLAN {sql}"):
                if " jobs" in row["detail"]:
                    assert "USING INDEX jobs_" in row["detail"] or "USING COVERING INDEX jobs_" in row["detail"]
        assert sum("FROM jobs" in sql for sql in asked) == 4
