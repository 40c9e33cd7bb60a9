"""A full disk, a database that is held or damaged while the bot runs: refused in words, and nothing by halves."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from demo.videoapi import VideoAPI
from storage.writer import PATIENCE
from tests.child import environment, running
from tests.conftest import TOKEN, OpenWire, free_port
from tests.crash.audit import audit, open_jobs
from tests.discordwire import DiscordWire, Interaction
from tests.test_delivery import films_in, task_of

CANNOT = "cannot write anything down"


def halves(path: Path) -> list[Any]:
    """Jobs without their holds, and holds without their jobs."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        return conn.execute(
            "SELECT j.id, h.job_id FROM jobs j"
            " FULL JOIN (SELECT * FROM ledger WHERE kind = 'hold') h ON h.job_id = j.id"
            " WHERE j.id IS NULL OR h.job_id IS NULL"
        ).fetchall()


async def ask(wire: DiscordWire, prompt: str) -> Interaction:
    """A command with its final answer."""
    command = await wire.command("video", {"prompt": prompt})
    await command.response(timeout=10)
    await wire.wait_for(lambda: command.text or command.followups, timeout=20)
    return command


async def test_a_database_that_another_program_holds(open_wire: OpenWire) -> None:
    """While it is held nothing is begun, a callback is asked to come again, and afterwards everything goes on."""
    async with open_wire() as w:
        first = await ask(w.wire, "before")
        task = await task_of(w)
        with closing(sqlite3.connect(w.app.db.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            refused = await ask(w.wire, "meanwhile")
            assert time.monotonic() - began < 2 * PATIENCE, "it waited for others to be refused first"
            assert CANNOT in refused.text
            assert "Nothing was charged" in refused.text
            assert refused.ephemeral
            await w.api.finish(task.id)
            (told,) = [status for _, status in task.callbacks]
            assert told in (503, None), "it was answered as if it had been written down"
            other.execute("ROLLBACK")
        await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in films_in(w, t)], timeout=60)
        assert "is ready" in first.text or await w.wire.wait_for(lambda: "is ready" in first.text)
        assert not (await ask(w.wire, "afterwards")).ephemeral
        assert halves(w.app.db.path) == []
        assert await w.rows("SELECT count(*) AS n FROM jobs") == [{"n": 2}]


async def test_a_disk_without_room(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """Files that may not grow are a full disk: commands are refused, callbacks come again later, and with room again
    every film that was begun is delivered and paid right."""
    path = tmp_path / "clapper.db"
    api.max_in_flight = 50
    limits = {"DAILY_CREDITS": "1000", "MEMBER_IN_FLIGHT": "50", "SERVER_IN_FLIGHT": "50", "TOTAL_IN_FLIGHT": "50"}
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, path, free_port(), **limits)
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            begun = [await ask(wire, f"before {n}") for n in range(3)]
            await asyncio.wait_for(api.until(lambda: len(api.tasks) == 3), 20)
            used = max(file.stat().st_size for file in tmp_path.glob("clapper.db*") if file.is_file())
            resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (used + 40_000, resource.RLIM_INFINITY))
            answers = [await ask(wire, f"meanwhile {n} {'x' * 3_000}") for n in range(12)]
            refused = [one for one in answers if CANNOT in one.text]
            assert refused, child.log[-2000:]
            assert all(one.ephemeral for one in refused)
            for task in list(api.tasks.values()):
                await api.finish(task.id)
            resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            again = await ask(wire, "afterwards")
            assert CANNOT not in again.text
            for task in list(api.tasks.values()):
                if task.callbacks:  # it was asked to come again
                    await api.call_back(task.id)
            for _ in range(1_200):
                for task in [one for one in api.tasks.values() if one.pending]:
                    await api.finish(task.id)
                if not open_jobs(path):
                    break
                await asyncio.sleep(0.05)
            assert await child.stop() == 0
        found = audit(path, wire, api.tasks.values(), [*begun, *answers, again])
        assert found.good, "\n".join(found.details())
        assert found.jobs == 3 + len(answers) - len(refused) + 1
        assert halves(path) == []


async def test_a_database_that_is_damaged_meanwhile(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """Pages that turn to nonsense under a running bot: commands are refused in words, and the process stays up to say
    so; the next start says that a backup is needed."""
    path = tmp_path / "clapper.db"
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, path, free_port())
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            await ask(wire, "before")
            with closing(sqlite3.connect(path)) as conn:
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                size = conn.execute("PRAGMA page_size").fetchone()[0]
            whole = path.read_bytes()
            path.write_bytes(whole[:size] + b"\xff" * (len(whole) - size))
            # The bot's own cache still has good pages: another connection's write makes it read again.
            refused = await ask(wire, "a boat " + "x" * 3_000)
            assert refused.ephemeral
            assert "Traceback" not in refused.text
            assert child.process.returncode is None
            await child.stop()
        async with running(env, cwd=tmp_path) as child:
            assert await asyncio.wait_for(child.process.wait(), 20) == 1
        assert "damaged" in child.log
