"""Start and stop: what the last process left is taken up, and a wrong start says what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import sqlite3
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.videoapi import VideoAPI
from tests.child import Child, environment, running, verb
from tests.conftest import TOKEN, OpenWire, free_port
from tests.crash.vendor import Vendor
from tests.discordwire import Call, DiscordWire, Message

_READY = "SELECT 1 FROM jobs WHERE state = 'ready'"


def cards(wire: DiscordWire) -> list[Message]:
    """The bot's cards in the channel: messages with a button to cancel, or that say it is done."""
    return [m for m in wire.messages(wire.channel) if "🎬" in m.text]


def films(wire: DiscordWire) -> list[Message]:
    return [m for t in wire.threads() for m in wire.messages(t) if m.files]


@pytest.mark.parametrize("shown", [False, True], ids=["never-shown", "shown-but-not-noted"])
async def test_an_answer_that_was_lost_becomes_one_card(open_wire: OpenWire, shown: bool) -> None:
    """After a restart a job whose card is not known gets exactly one: its own that is found, or a new one."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            lost = [wire.fail("POST", r"/interactions/", drop=True, after=shown, times=None)]
            lost.append(wire.fail("GET", r"/webhooks/", drop=True, times=None))
            await wire.command("video", {"prompt": "a boat"})
            await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 10)
            api = w.api
            await wire.wait_for(lambda: lost[0].hits[1:] or lost[1].hits, timeout=10)
        assert len(cards(wire)) == int(shown)
        for fault in lost:
            fault.stop()
        async with open_wire(wire=wire, starts=2) as w:
            (card,) = await wire.wait_for(lambda: cards(wire), timeout=10)
            assert "a boat" in card.text
            assert not card.pings.users
            (task,) = api.tasks.values()
            await api.finish(task.id)
            await wire.wait_for(lambda: films(wire), timeout=10)
        assert len(cards(wire)) == 1
        assert len(films(wire)) == 1
        assert wire.threads()[0].id == card.id


async def test_a_film_finds_its_card(open_wire: OpenWire) -> None:
    """A card that stands although nobody noted it, and a film that ends before the next start: it comes to that card's
    thread, and the card says so."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            lost = wire.fail("POST", r"/interactions/", drop=True, after=True, times=None)
            hidden = wire.fail("GET", r"/webhooks/", drop=True, times=None)
            await wire.command("video", {"prompt": "a boat"})
            await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 10)
            api, path = w.api, w.settings.database_path
            await wire.wait_for(lambda: lost.hits[1:] or hidden.hits, timeout=10)
        lost.stop()
        hidden.stop()
        await api.finish(next(iter(api.tasks)))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as conn:
            conn.execute("UPDATE jobs SET created_at = created_at - 30000")  # a card that is on its way is waited for

        async def wait(call: Call) -> None:
            """Nobody is logged in before the film is known to be ready."""
            with contextlib.closing(sqlite3.connect(path)) as conn:
                while call.template == "/users/@me" and not conn.execute(_READY).fetchall():
                    await asyncio.sleep(0.01)

        wire.on_request(wait)
        async with open_wire(wire=wire, starts=2):
            (card,) = cards(wire)
            await wire.wait_for(lambda: "is ready" in card.text, timeout=40)
            assert [thread.id for thread in wire.threads()] == [card.id]
            assert len(films(wire)) == 1


async def test_a_restart_goes_on(open_wire: OpenWire) -> None:
    """A film that finished while nobody ran is found and delivered by the next process; its callback is lost."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            await (await wire.command("video", {"prompt": "a boat"})).response(timeout=10)
            await asyncio.wait_for(w.api.until(lambda: bool(w.api.tasks)), 10)
            api = w.api
        (task,) = api.tasks.values()
        await api.finish(task.id)
        async with open_wire(wire=wire, starts=2) as w:
            await wire.wait_for(lambda: films(wire), timeout=10)
            assert api.submissions == 1


async def test_sigterm_ends_in_order(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """SIGTERM ends the process with status 0 in seconds, also with a film in the making; the next one delivers it."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port())
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            await (await wire.command("video", {"prompt": "a boat"})).response(timeout=10)
            await asyncio.wait_for(api.until(lambda: bool(api.tasks)), 10)
            assert await child.stop(signal.SIGTERM, within=15) == 0
            assert "Traceback" not in child.log, child.log
        (task,) = api.tasks.values()
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=2)
            await api.finish(task.id)
            await wire.wait_for(lambda: films(wire), timeout=15)
            assert await child.stop(signal.SIGINT, within=15) == 0


async def test_what_hangs_is_parked(tmp_path: Path) -> None:
    """With a submission, a film's message and a card that get no answer, and callbacks that drip in, SIGTERM still ends
    the process within 20 s, in order; the next one finds out what became of all: each film comes once, and was made
    once."""
    held, go_on = set[str](), asyncio.Event()

    async def hold_api(who: str, method: str, path: str, when: str) -> None:
        if path == "/sora/videos" and when == "after" and len(vendor.tasks) == 2 and not go_on.is_set():
            held.add("submission")
            await go_on.wait()

    async def hold_discord(call: Call) -> None:
        kinds = {"/channels/{channel}/messages": "message", "/interactions/{interaction}/{token}/callback": "card"}
        kind = kinds.get(call.template)
        if kind and not go_on.is_set() and (kind == "message" or len(held) == 2):
            held.add(kind)
            await go_on.wait()

    async def drip(port: int, path: str) -> None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"POST {path} HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n\r\n".encode())
            with contextlib.closing(writer):
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.2)

    vendor = Vendor(TOKEN, seconds=(0.1, 0.1), max_in_flight=5, hook=hold_api, dice=random.Random(1))
    async with DiscordWire("token-of-the-bot") as wire, vendor.serve() as url:
        wire.on_request(hold_discord, "after")
        wire.ack_seconds = 60
        port = free_port()
        env = environment(wire, url, TOKEN, tmp_path / "clapper.db", port)
        async with running(env, cwd=tmp_path) as child, asyncio.TaskGroup() as slow:
            await wire.ready(starts=1)
            for n in range(2):
                await (await wire.command("video", {"prompt": f"boat {n}"})).response(timeout=10)
                await asyncio.wait_for(vendor.until(lambda n=n: len(vendor.tasks) > n), 10)
            await wire.wait_for(lambda: len(held) == 2, timeout=20)
            await wire.command("video", {"prompt": "a card that hangs"})
            await wire.wait_for(lambda: len(held) == 3, timeout=20)
            path = urlsplit(next(iter(vendor.tasks.values())).request["callback_url"]).path
            # A body has ten seconds, so some of these are still being read at the end.
            began = time.monotonic()
            stopping = slow.create_task(child.stop(signal.SIGTERM, within=30))
            while not stopping.done():
                slow.create_task(drip(port, path))
                await asyncio.wait([stopping], timeout=3)
            assert stopping.result() == 0, child.log
            assert time.monotonic() - began < 20
            assert "Traceback" not in child.log, child.log
        go_on.set()
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=2)
            await wire.wait_for(lambda: len(films(wire)) >= 3, timeout=90)
            assert await child.stop() == 0
        assert len(films(wire)) == len(vendor.tasks) == 3


async def test_a_second_copy_says_who_has_the_database(api_url: str, tmp_path: Path) -> None:
    """Two processes on one file: the second waits, and then names the first."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port())
        async with running(env, cwd=tmp_path) as first:
            await wire.ready(starts=1)
            async with running(env | {"CALLBACK_PORT": str(free_port())}, cwd=tmp_path) as second:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(second.process.wait(), 1)
                await first.stop()
                await wire.ready(starts=2)


#: Enough to begin with.
SETTINGS = {
    "PATH": "/usr/bin:/bin",
    "DISCORD_TOKEN": "abc",
    "ALLOWED_SERVERS": "*",
    "SERVER_DAILY_CREDITS": "1",
    "ACEDATACLOUD_API_TOKEN": "abc",
}


async def test_wrong_settings_are_all_named(tmp_path: Path) -> None:
    """A start without settings names each missing one, and nothing else."""
    async with running({"PATH": "/usr/bin:/bin", "CALLBACK_PORT": "x"}, cwd=tmp_path) as child:
        assert await asyncio.wait_for(child.process.wait(), 20) == 1
    for name in ("DISCORD_TOKEN", "ALLOWED_SERVERS", "SERVER_DAILY_CREDITS", "ACEDATACLOUD_API_TOKEN", "CALLBACK_PORT"):
        assert child.log.count(name) == 1
    assert "Traceback" not in child.log


async def test_a_wrong_token_is_said_in_words(api_url: str, tmp_path: Path) -> None:
    """Discord refuses the token: one sentence, status 1, no trace."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port(), DISCORD_TOKEN="another")
        async with running(env, cwd=tmp_path) as child:
            assert await asyncio.wait_for(child.process.wait(), 20) == 1
    assert "Discord refuses DISCORD_TOKEN" in child.log
    assert "Traceback" not in child.log


async def test_a_taken_port_is_said_in_words(api_url: str, tmp_path: Path) -> None:
    """A port that somebody has: one sentence that names the settings."""
    async with DiscordWire("token-of-the-bot") as wire:
        port = int(wire.api_url.rpartition(":")[2].partition("/")[0])
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", port)
        async with running(env, cwd=tmp_path) as child:
            assert await asyncio.wait_for(child.process.wait(), 20) == 1
    assert "CALLBACK_PORT" in child.log
    assert "Traceback" not in child.log


async def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    """Neither a folder nor the lock in it can be made: one sentence about the database, and none about servers."""
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "clapper.db.lock").mkdir()
    for where in (tmp_path / "file" / "clapper.db", tmp_path / "clapper.db"):
        env = {**SETTINGS, "DATABASE_URL": f"sqlite:///{where}"}
        async with running(env, cwd=tmp_path) as child:
            assert await asyncio.wait_for(child.process.wait(), 20) == 1
        assert "The database cannot be written" in child.log
        assert str(where.parent) in child.log
        assert "Traceback" not in child.log


@pytest.mark.parametrize("kind", ["latin-1", "unreadable"])
async def test_settings_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """An .env in another encoding, or that the system does not give: one sentence, from the bot and from doctor."""
    if kind == "latin-1":
        (tmp_path / ".env").write_bytes("DISCORD_TOKEN=café".encode("latin-1"))
    else:
        (tmp_path / ".env").symlink_to("/proc/self/mem")
    async with running({"PATH": "/usr/bin:/bin"}, cwd=tmp_path) as child:
        assert await asyncio.wait_for(child.process.wait(), 20) == 1
    assert ".env must be a " in child.log
    assert "Traceback" not in child.log
    ended = await verb({"PATH": "/usr/bin:/bin"}, "doctor", "--json", cwd=tmp_path)
    (row,) = json.loads(ended.out)["checks"]
    assert (ended.status, row["name"], ".env must be a " in row["detail"]) == (1, "settings", True)


async def test_a_start_before_the_network(api_url: str, tmp_path: Path) -> None:
    """While Discord cannot be reached, or has its troubles, the bot tries again until it is there; it can be stopped
    meanwhile, and every answer that is lost on the way is asked for again."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port())
        async with running(env | {"DISCORD_API_URL": f"http://127.0.0.1:{free_port()}"}, cwd=tmp_path) as child:
            await wrote(child, "Discord cannot be reached now (ClientConnectorError)")
            assert await child.stop() == 0
            assert "Traceback" not in child.log, child.log
        lost = wire.fail("GET", r"^/users/@me$", drop=True, times=2)  # aiohttp itself asks once more
        ill = wire.fail("PUT", r"/commands$", status=503)
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            assert (len(lost.hits), len(ill.hits)) == (2, 1)
            for why in ("ServerDisconnectedError", "503 0"):
                assert f"Discord cannot be reached now ({why})" in child.log
            assert await child.stop() == 0
            assert "Traceback" not in child.log, child.log
            assert "Unclosed" not in child.log, child.log
        assert len(wire.commands[None]) > 10


async def test_a_token_that_is_reset_meanwhile(api_url: str, tmp_path: Path) -> None:
    """Discord throws the running bot out: the same sentence as at a start with a wrong token, status 1, no trace."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port())
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            for _ in range(20):  # a client that finds the line broken before it reads why takes up its session
                await wire.gateway.disconnect(4004)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(child.process.wait(), 2)
                    break
            assert child.process.returncode == 1
    assert "Discord refuses DISCORD_TOKEN" in child.log
    assert "Traceback" not in child.log


async def wrote(child: Child, text: str) -> None:
    for _ in range(2000):
        if text in child.log:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(child.log)


async def test_commands_are_synchronised_only_when_they_changed(open_wire: OpenWire) -> None:
    """The first start tells Discord the commands; the next one does not, as nothing has changed."""
    async with DiscordWire("token-of-the-bot") as wire:
        for starts in (1, 2):
            async with open_wire(wire=wire, starts=starts):
                pass
        assert len([call for call in wire.log if call.method == "PUT" and "/commands" in call.path]) == 1


async def test_a_full_disk_refuses_calmly(open_wire: OpenWire) -> None:
    """When nothing can be written, a command is refused in words, and works again once there is room."""
    async with open_wire() as w:
        async with w.app.db.transaction() as conn:
            pages = (await conn.execute_fetchall("PRAGMA page_count"))[0][0]  # type: ignore[index]
            await conn.execute(f"PRAGMA max_page_count = {pages}")
        filler = "x" * 3000
        answers = []
        for n in range(12):
            command = await w.wire.command("video", {"prompt": f"{n} {filler}"})
            answers.append(await command.response(timeout=10))
        full = [answer for answer in answers if "cannot write anything down" in answer.text]
        assert full
        assert all(answer.ephemeral for answer in full)
        async with w.app.db.transaction() as conn:
            await conn.execute("PRAGMA max_page_count = 1000000")
        again = await (await w.wire.command("quota")).response(timeout=10)
        assert "Your credits" in again.text
        holds = await w.rows("SELECT count(*) AS n FROM ledger WHERE kind = 'hold'")
        assert holds == await w.rows("SELECT count(*) AS n FROM jobs")


async def test_a_damaged_database_stops_the_start(api_url: str, tmp_path: Path) -> None:
    """A file that is no database: said in words, and left as it is."""
    path = tmp_path / "clapper.db"
    path.write_bytes(b"no database " * 1000)
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, path, free_port())
        async with running(env, cwd=tmp_path) as child:
            assert await asyncio.wait_for(child.process.wait(), 20) == 1
    assert "The database is damaged" in child.log
    assert path.read_bytes() == b"no database " * 1000


async def test_the_database_is_whole_after_kill(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """SIGKILL in the middle of work leaves a database that passes SQLite's own check."""
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port())
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            for n in range(5):
                await wire.command("video", {"prompt": f"boat {n}"})
            await asyncio.wait_for(api.until(lambda: bool(api.tasks)), 10)
            await child.stop(signal.SIGKILL)
    conn = sqlite3.connect(tmp_path / "clapper.db")
    assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    conn.close()
