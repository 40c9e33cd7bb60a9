"""The operator's verbs as processes: run, backup while it writes, restore, sync."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest_asyncio

from demo.videoapi import VideoAPI
from tests import clips
from tests.child import ROOT, Child, environment, running, verb
from tests.conftest import TOKEN, free_port
from tests.discordwire import Call, DiscordWire, Message


@dataclass
class Scene:
    """Stand-ins for Discord and the API, and the settings of a bot between them."""

    wire: DiscordWire
    api: VideoAPI
    env: dict[str, str]
    cwd: Path
    starts: int = 0

    @property
    def database(self) -> Path:
        return self.cwd / "clapper.db"

    async def ready(self) -> None:
        """The bot that was just started is connected."""
        self.starts += 1
        await self.wire.ready(starts=self.starts)

    async def ask(self, prompt: str, **options: Any) -> None:
        """A command that is answered; on a busy machine with a delay, and then in private first."""
        await (await self.wire.command("video", {"prompt": prompt}, **options)).response(timeout=30)

    async def sent(self, count: int) -> None:
        """The API has so many tasks."""
        await asyncio.wait_for(self.api.until(lambda: len(self.api.tasks) >= count), 20)

    def films(self) -> list[Message]:
        return [m for t in self.wire.threads() for m in self.wire.messages(t) if m.files]


@pytest_asyncio.fixture
async def scene(api: VideoAPI, api_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with DiscordWire("token-of-the-bot") as wire:
        yield Scene(wire, api, environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port()), tmp_path)
        assert wire.unexpected == []


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        return conn.execute(sql).fetchall()


async def test_it_is_ready_within_two_seconds(scene: Scene) -> None:
    """From the start of the process to READY, in seconds of the processor: others use this machine as well."""
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.ready()
        usage = Path(f"/proc/{child.process.pid}/stat").read_text().rpartition(")")[2].split()
        took = sum(map(int, usage[11:13])) / os.sysconf("SC_CLK_TCK")  # in user and in kernel mode
        assert took < 1.5
        assert await child.stop() == 0


async def test_a_second_copy_waits_and_takes_over(scene: Scene) -> None:
    """It says for whom it waits; when the first one stops, it goes on by itself."""
    async with running(scene.env, cwd=scene.cwd) as first:
        await scene.ready()
        ports = {"CALLBACK_PORT": str(free_port())}
        async with running(scene.env | ports, cwd=scene.cwd) as second:
            await said(second, "the database is used by process")
            assert str(first.process.pid) in second.log
            assert await first.stop() == 0
            await scene.ready()
            assert await second.stop() == 0


async def test_a_copy_that_waits_can_be_stopped(scene: Scene) -> None:
    """SIGTERM ends the waiting at once; the first one goes on."""
    async with running(scene.env, cwd=scene.cwd) as first:
        await scene.ready()
        async with running(scene.env | {"CALLBACK_PORT": str(free_port())}, cwd=scene.cwd) as second:
            await said(second, "the database is used by process")
            assert await second.stop(within=10) == 1
            assert "Another Clapper uses this database" in second.log
        assert await first.stop() == 0


async def said(child: Child, text: str) -> None:
    for _ in range(2000):
        if text in child.log:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(child.log)


async def test_a_backup_while_the_bot_writes(scene: Scene) -> None:
    """A copy made in the middle of commands is whole, for its owner's eyes only, and replaces nothing."""
    target = scene.cwd / "copy.db"
    async with running(scene.env | {"MEMBER_IN_FLIGHT": "1", "DAILY_CREDITS": "1000"}, cwd=scene.cwd) as child:
        await scene.ready()
        members = [scene.wire.add_member(f"m{n}") for n in range(10)]
        picture = {"image1": ("a.png", clips.picture())}
        writing = [
            asyncio.create_task(scene.ask(f"boat {n}", member=members[n % 10], attachments=picture)) for n in range(40)
        ]
        ended = await verb(scene.env, "backup", str(target), cwd=scene.cwd)
        assert ended.status == 0, ended.err
        assert "whole" in ended.out
        await asyncio.gather(*writing)
        await until(scene.database, "SELECT count(*) FROM jobs", [(40,)])
        again = await verb(scene.env, "backup", str(target), cwd=scene.cwd)
        assert (again.status, "Choose another name" in again.err) == (1, True)
        assert await child.stop() == 0
    assert rows(target, "PRAGMA integrity_check") == [("ok",)]
    assert rows(target, "PRAGMA foreign_key_check") == []
    held = "SELECT (SELECT sum(price) FROM jobs), (SELECT sum(amount) FROM ledger WHERE kind = 'hold')"
    ((jobs, ledger),) = rows(target, held)
    assert jobs == ledger
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


async def test_backups_that_cannot_be(scene: Scene) -> None:
    """No database yet, no such folder, a damaged database, a full disk: a sentence each, and nothing is left behind."""
    nothing = await verb(scene.env, "backup", "copy.db", cwd=scene.cwd)
    assert (nothing.status, "no database" in nothing.err) == (1, True)
    assert list(scene.cwd.iterdir()) == []
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.ready()
        assert await child.stop() == 0
    nowhere = await verb(scene.env, "backup", "no/such/copy.db", cwd=scene.cwd)
    assert (nowhere.status, "no folder no/such" in nowhere.err) == (1, True)
    full = await verb(scene.env, "backup", "copy.db", cwd=scene.cwd, file_bytes=20_000)
    assert (full.status, "copy.db cannot be written" in full.err, "disk" in full.err) == (1, True, True)
    page = bytearray(scene.database.read_bytes())
    page[4096 * 3 : 4096 * 5] = b"x" * 8192
    scene.database.write_bytes(page)
    damaged = await verb(scene.env, "backup", "copy.db", cwd=scene.cwd)
    assert (damaged.status, "damaged" in damaged.err) == (1, True)
    assert [file.name for file in scene.cwd.iterdir() if file.name.startswith("copy")] == []


async def test_restore_goes_back(scene: Scene) -> None:
    """What was there is kept beside it; the bot then finds everything as it was when the copy was made."""
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.ready()
        await scene.ask("before")
        await scene.sent(1)
        assert (await verb(scene.env, "backup", "copy.db", cwd=scene.cwd)).status == 0
        await scene.ask("after")
        await scene.sent(2)
        refused = await verb(scene.env, "restore", "copy.db", cwd=scene.cwd)
        assert (refused.status, "Stop it first" in refused.err) == (1, True)
        assert await child.stop() == 0
    ended = await verb(scene.env, "restore", "copy.db", cwd=scene.cwd)
    assert ended.status == 0, ended.err
    (kept,) = scene.cwd.glob("clapper.db.replaced-*")
    assert kept.name in ended.out
    assert rows(kept, "SELECT count(*) FROM jobs") == [(2,)]
    assert rows(scene.database, "SELECT count(*) FROM jobs") == [(1,)]
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.ready()
        await scene.api.finish(next(iter(scene.api.tasks)))
        await scene.wire.wait_for(lambda: len(scene.films()) == 1, timeout=20)
        assert await child.stop() == 0


async def test_restore_sends_and_posts_nothing_twice(scene: Scene) -> None:
    """What was queued in the copy and sent since is found with the API; a film that was posted since is found, too."""
    env = scene.env | {"MEMBER_IN_FLIGHT": "1", "PUBLIC_URL": ""}
    states = "SELECT state, attempt, card_message_id > 0 FROM jobs ORDER BY created_at"
    async with running(env, cwd=scene.cwd) as child:
        await scene.ready()
        await scene.ask("first")
        await scene.sent(1)
        await scene.ask("second")
        await until(scene.database, states, [("rendering", 1, 1), ("queued", 1, 1)])
        assert (await verb(env, "backup", "copy.db", cwd=scene.cwd)).status == 0
        assert await child.stop() == 0
    for file in (scene.database, scene.cwd / "copy.db"):
        rows(file, "UPDATE jobs SET next_look_at = 0")  # so that nobody waits for the minute between two looks
    await scene.api.finish(next(iter(scene.api.tasks)))
    async with running(env, cwd=scene.cwd) as child:
        await scene.ready()
        await scene.wire.wait_for(lambda: len(scene.films()) == 1, timeout=20)
        await scene.sent(2)
        assert await child.stop() == 0
    assert (await verb(env, "restore", "copy.db", cwd=scene.cwd)).status == 0
    async with running(env, cwd=scene.cwd) as child:
        await scene.ready()
        await until(scene.database, states, [("ready", 1, 1), ("rendering", 1, 1)])
        await until(scene.database, "SELECT count(*) FROM jobs WHERE announced_at > 0", [(1,)])
        assert await child.stop() == 0
    assert scene.api.submissions == 2
    assert len(scene.films()) == 1


async def until(path: Path, sql: str, wanted: list[tuple[Any, ...]]) -> None:
    """Wait until a question to the database has this answer."""
    for _ in range(2000):
        if rows(path, sql) == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{sql}: {rows(path, sql)}")


async def test_copies_that_cannot_be_restored(scene: Scene) -> None:
    """A missing file, no database, a strange one, a damaged and a newer one: a sentence each, nothing is changed."""
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.ready()
        assert await child.stop() == 0
    before = scene.database.read_bytes()
    (scene.cwd / "words.db").write_bytes(b"no database " * 2000)
    with contextlib.closing(sqlite3.connect(scene.cwd / "strange.db")) as conn, conn:
        conn.execute("CREATE TABLE songs (title TEXT)")
    (scene.cwd / "newer.db").write_bytes(before)
    with contextlib.closing(sqlite3.connect(scene.cwd / "newer.db")) as conn, conn:
        conn.execute("PRAGMA user_version = 9999")
    page = bytearray(before)
    page[4096 * 3 : 4096 * 5] = b"x" * 8192
    (scene.cwd / "torn.db").write_bytes(page)
    told = {
        "missing.db": "There is no file missing.db",
        "words.db": "words.db is damaged. Nothing was changed",
        "strange.db": "no database of Clapper's",
        "newer.db": "newer Clapper (schema 9999",
        "torn.db": "torn.db is damaged. Nothing was changed",
    }
    for name, sentence in told.items():
        ended = await verb(scene.env, "restore", name, cwd=scene.cwd)
        assert (ended.status, sentence in ended.err) == (1, True), f"{name}: {ended.err}"
        assert "Traceback" not in ended.err
    assert scene.database.read_bytes() == before
    assert not list(scene.cwd.glob("clapper.db.re*"))


async def test_copies_need_no_other_setting(scene: Scene) -> None:
    """Backup and restore work where a token is missing or the catalogue is wrong."""
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.ready()
        assert await child.stop() == 0
    poor = {name: scene.env[name] for name in ("PATH", "DATABASE_URL")} | {"CATALOGUE_FILE": "/nowhere.toml"}
    assert (await verb(poor, "backup", "copy.db", cwd=scene.cwd)).status == 0
    assert (await verb(poor, "restore", "copy.db", cwd=scene.cwd)).status == 0
    wrong = await verb(poor | {"DATABASE_URL": "postgres://x"}, "backup", "b.db", cwd=scene.cwd)
    assert (wrong.status, "DATABASE_URL" in wrong.err) == (1, True)


async def test_sync_forces_it(scene: Scene) -> None:
    """The commands are told again though nothing has changed, also while the bot runs; the start alone does not."""

    def told() -> int:
        return len([call for call in scene.wire.log if call.method == "PUT" and "/commands" in call.path])

    for count in (1, 2):
        async with running(scene.env, cwd=scene.cwd) as child:
            await scene.ready()
            assert told() == count
            ended = await verb(scene.env, "sync", cwd=scene.cwd)
            assert (ended.status, ended.err) == (0, "")
            assert "video" in ended.out
            assert told() == count + 1
            assert await child.stop() == 0
        scene.wire.commands.clear()
    refused = await verb(scene.env | {"DISCORD_TOKEN": "another"}, "sync", cwd=scene.cwd)
    assert (refused.status, "refuses DISCORD_TOKEN" in refused.err) == (1, True)


async def test_a_wrong_verb(scene: Scene) -> None:
    """A verb that is not there: which ones there are, and status 2."""
    ended = await verb(scene.env, "dance", cwd=scene.cwd)
    assert ended.status == 2
    assert all(name in ended.err for name in ("run", "doctor", "backup", "restore", "sync"))


async def test_a_verb_that_is_broken_off(scene: Scene) -> None:
    """Ctrl+C is no success; output that nobody reads any more, as after `head`, ends without a word."""
    asked = asyncio.Event()

    async def hold(call: Call) -> None:
        asked.set()
        await asyncio.Event().wait()

    scene.wire.on_request(hold)
    bot = (sys.executable, str(ROOT / "bot.py"))
    # What runs in a shell's background inherits that Ctrl+C is nothing to it: here it is something.
    listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = await asyncio.create_subprocess_exec(*bot, "sync", env=scene.env, cwd=scene.cwd, preexec_fn=listens)
    try:
        await asyncio.wait_for(asked.wait(), 20)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 20) == 130
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    reader, writer = os.pipe()
    os.close(reader)
    poor = {"PATH": scene.env["PATH"]}
    process = await asyncio.create_subprocess_exec(
        *bot, "doctor", env=poor, cwd=scene.cwd, stdout=writer, stderr=asyncio.subprocess.PIPE
    )
    os.close(writer)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, err) == (1, b"")


async def test_discord_takes_no_more(scene: Scene) -> None:
    """A rate limit that is too long to be waited for, and an answer that is lost: a sentence each, no trace."""
    body = {"message": "slow down", "retry_after": 600.0, "global": False}
    scene.wire.fail("PUT", r"/commands$", status=429, body=body, headers={"Retry-After": "600"})
    limited = await verb(scene.env, "sync", cwd=scene.cwd)
    assert (limited.status, limited.err) == (1, "Discord takes no more of this now. Try again in 600 s.\n")
    scene.wire.fail("PUT", r"/commands$", drop=True, times=2)  # aiohttp itself asks once more
    lost = await verb(scene.env, "sync", cwd=scene.cwd)
    assert (lost.status, lost.err) == (1, "Discord cannot be reached. Check this machine's network.\n")
