"""`python bot.py doctor` as a process: each thing that can be wrong is named with what to do about it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web

from demo.videoapi import VideoAPI
from tests.child import Ended, environment, running, verb
from tests.conftest import TOKEN, free_port
from tests.discordwire import Call, DiscordWire
from tests.standin import served

BOT_TOKEN = "token-of-the-bot"


@dataclass
class Found:
    """A look: its exit status, and its rows by name."""

    ended: Ended
    rows: dict[str, dict[str, Any]]

    def state(self, name: str) -> str:
        return self.rows[name]["state"]

    def says(self, name: str, *parts: str) -> bool:
        """True when this row is bad, says all of this, and names something to do."""
        row = self.rows[name]
        told = f"{row['detail']} → {row['todo']}"
        assert (row["state"], bool(row["todo"])) == ("bad", True), told
        assert all(part in told for part in parts), told
        return True

    @property
    def bad(self) -> set[str]:
        return {name for name, row in self.rows.items() if row["state"] == "bad"}


@dataclass
class Scene:
    """Stand-ins for Discord and the API, and the settings of a bot between them."""

    wire: DiscordWire
    api: VideoAPI
    env: dict[str, str]
    cwd: Path

    @property
    def database(self) -> Path:
        return self.cwd / "clapper.db"

    async def doctor(self, *arguments: str, file_bytes: int | None = None, **more: str) -> Found:
        """Look, with these settings changed."""
        env = self.env | more
        ended = await verb(env, "doctor", "--json", *arguments, cwd=self.cwd, file_bytes=file_bytes)
        for secret in (value for name, value in env.items() if name.endswith("_TOKEN")):
            assert secret not in ended.out + ended.err
        data = json.loads(ended.out)
        assert data["ok"] is (ended.status == 0)
        return Found(ended, {row["name"]: row for row in data["checks"]})


@pytest_asyncio.fixture
async def scene(api: VideoAPI, api_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with DiscordWire(BOT_TOKEN) as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port(), ADMIN_PORT=str(free_port()))
        yield Scene(wire, api, env, tmp_path)
        assert wire.unexpected == []


async def test_all_is_well_before_the_first_start(scene: Scene) -> None:
    """With right settings nothing is bad, the doctor answers at the public address itself, and nothing is made."""
    found = await scene.doctor("--channel", str(scene.wire.channel.id))
    assert found.bad == set()
    assert found.ended.status == 0
    assert found.state("database") == found.state("bot") == found.state("commands") == "none"
    for name in ("public address", "encoder", "clock", "API key", "Discord token", f"channel {scene.wire.channel.id}"):
        assert found.state(name) == "good", name
    assert "allowed, with all rights" in found.rows[f"server {scene.wire.guild.id}"]["detail"]
    assert list(scene.cwd.iterdir()) == []


async def test_all_is_well_while_the_bot_runs(scene: Scene) -> None:
    """The running bot answers at the public address, and says that it is ready; the table is for people."""
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.wire.ready(starts=1)
        found = await scene.doctor()
        assert found.bad == set(), child.log
        for name in ("public address", "bot", "commands", "database"):
            assert found.state(name) == "good", name
        plain = await verb(scene.env, "doctor", cwd=scene.cwd)
        assert plain.status == 0
        assert "✓ encoder" in plain.out
        assert "Everything works." in plain.out
        assert await child.stop() == 0


async def test_wrong_settings(scene: Scene) -> None:
    """Each wrong setting is a row of its own, and nothing else is tried."""
    ended = await verb(
        scene.env | {"DISCORD_TOKEN": "", "CALLBACK_PORT": "x", "LOG_FORMAT": "xml"}, "doctor", cwd=scene.cwd
    )
    assert ended.status == 1
    assert ended.out.count("✗ settings") == 3
    for name in ("DISCORD_TOKEN", "CALLBACK_PORT", "LOG_FORMAT"):
        assert name in ended.out


async def test_refused_tokens_and_a_damaged_database(scene: Scene) -> None:
    """Both tokens refused, a file that is no database, and a port that somebody has: all in one look."""
    scene.database.write_bytes(b"this is no database at all" * 500)
    port = scene.wire.api_url.rpartition(":")[2].partition("/")[0]
    found = await scene.doctor(
        DISCORD_TOKEN="another-token", ACEDATACLOUD_API_TOKEN="a-wrong-token", CALLBACK_PORT=port
    )
    assert found.says("Discord token", "refuses", "Reset Token")
    assert found.says("API key", "refuses the token", "ACEDATACLOUD_API_TOKEN")
    assert found.says("database", "cannot be read", "DATABASE_URL", "restore")
    assert found.says("public address", port, "Another program has it")
    assert found.ended.status == 1


async def test_nothing_can_be_reached(scene: Scene) -> None:
    """Discord, the API and the public address are away, and the disk takes nothing."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    found = await scene.doctor(
        DISCORD_API_URL=nowhere,
        ACEDATACLOUD_API_BASE_URL=nowhere,
        PUBLIC_URL=nowhere,
        DATABASE_URL="sqlite:////proc/1/clapper.db",
    )
    assert found.says("Discord", "cannot be reached", "network")
    assert found.says("API key", "cannot be reached", "network")
    assert found.says("public address", "does not answer", "proxy")
    assert found.says("disk", "nothing can be written", "10001")


async def test_what_is_wrong_at_discord(scene: Scene) -> None:
    """Rights in servers and channels, servers that are missing or not allowed, commands, endpoint, clock."""
    wire = scene.wire
    poor, stranger = wire.add_guild("Poor"), wire.add_guild("Stranger")
    for role in poor.roles.values():
        role.permissions &= ~(1 << 35)
    silent, hidden = wire.add_channel("silent"), wire.add_channel("hidden")
    wire.deny(silent, "ATTACH_FILES")
    wire.deny(hidden, "VIEW_CHANNEL")
    thread = wire.add_thread(silent, "talk")
    wire.commands[None] = [{"id": "1", "type": 1, "name": "video", "description": "An old one", "options": []}]
    wire.fail("GET", r"^/gateway$", status=200, body={"url": ""}, headers={"Date": "Tue, 01 Sep 2026 10:00:00 GMT"})
    found = await scene.doctor(
        "--channel",
        str(silent.id),
        "--channel",
        str(thread.id),
        "--channel",
        str(hidden.id),
        "--channel",
        "1234567890",
        ALLOWED_SERVERS=f"{wire.guild.id},{poor.id},4242",
        OPERATOR_CHANNEL_ID=str(silent.id),
    )
    assert found.says(f"server {poor.id}", "Create Public Threads", "permissions=309237763072")
    assert found.says("server 4242", "not in it", "https://discord.com")
    assert found.state(f"server {stranger.id}") == "none"
    assert "ALLOWED_SERVERS" in found.rows[f"server {stranger.id}"]["detail"]
    assert found.says("commands", "manage", "quota", "video", "python bot.py sync")
    assert found.says("clock", "ahead of", "timedatectl")
    for name in (f"channel {silent.id}", f"channel {thread.id}", "operator channel"):
        assert found.says(name, "Attach Files")
    assert "Create Public Threads" not in found.rows[f"channel {thread.id}"]["detail"]
    assert found.says("channel 1234567890", "10003")
    assert found.says(f"channel {hidden.id}", "50001", "role")


async def test_no_server_and_another_endpoint(scene: Scene) -> None:
    """A bot that nobody has invited, and an application whose commands go elsewhere."""
    scene.wire.remove_bot()
    scene.wire.interactions_endpoint_url = "https://elsewhere.example.org"
    found = await scene.doctor()
    assert found.says("servers", "in none", "Invite it")
    assert found.says("application", "another address", "Interactions Endpoint URL")


async def test_what_the_database_and_the_api_say(scene: Scene) -> None:
    """Open breakers, a balance that is used up or low, and a schema of a later version."""
    async with running(scene.env, cwd=scene.cwd) as child:
        await scene.wire.ready(starts=1)
        assert await child.stop() == 0
    with sqlite3.connect(scene.database) as conn:
        conn.execute("INSERT INTO breakers VALUES ('model:sora-2', 'model_gone', 1, 1, 0, 0)")
    conn.close()
    scene.api.faults.append(("/sora/tasks", 403, '{"success": false, "error": {"code": "used_up", "message": "x"}}'))

    async def application(request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer platform-v1-token"
        return web.json_response({"id": request.match_info["id"], "remaining_amount": 3.25})

    async with served(web.get("/api/v1/applications/{id}/", application)) as url:
        found = await scene.doctor(
            ACEDATACLOUD_PLATFORM_TOKEN="platform-v1-token",
            ACEDATACLOUD_APPLICATION_ID="107f8d0f",
            ACEDATACLOUD_PLATFORM_URL=url,
        )
    assert found.says("API key", "used up", "Top it up")
    assert found.says("API balance", "3.2", "Top it up")
    assert found.says("model sora-2", "breaker", "model_gone")
    assert found.state("models") == "good"
    with sqlite3.connect(scene.database) as conn:
        conn.execute("PRAGMA user_version = 9999")
    conn.close()
    assert (await scene.doctor()).says("database", "9999", "newer version")


async def test_a_public_address_that_leads_elsewhere(scene: Scene) -> None:
    """Something else answers there, a redirect, or the bot of another database."""

    async def page(request: web.Request) -> web.Response:
        raise web.HTTPFound("/elsewhere") if "redirect" in request.path else web.HTTPNotFound

    async with served(web.post("/{path:.*}", page)) as url:
        assert (await scene.doctor(PUBLIC_URL=url)).says("public address", "something else (404)", "/callback/")
        assert (await scene.doctor(PUBLIC_URL=f"{url}/redirect")).says("public address", "elsewhere (302)")


async def test_a_public_address_that_leads_to_another_bot(scene: Scene) -> None:
    """A bot of another database takes the question for a forgery; one that has a copy of ours is told apart too."""
    other = scene.env | {"DATABASE_URL": f"sqlite:///{scene.cwd}/other.db", "CALLBACK_PORT": str(free_port())}
    there = f"http://127.0.0.1:{other['CALLBACK_PORT']}"
    async with running(other, cwd=scene.cwd) as child:
        await scene.wire.ready(starts=1)
        assert (await scene.doctor(PUBLIC_URL=there)).says("public address", "something else (404)")
        assert (await verb(other, "backup", str(scene.database), cwd=scene.cwd)).status == 0
        assert (await scene.doctor(PUBLIC_URL=there)).says("public address", "another Clapper", "Stop that one")
        assert await child.stop() == 0


async def test_a_bot_that_is_not_ready(scene: Scene) -> None:
    """A running bot without Discord says so to the doctor; one that cannot be asked is named as well."""
    asked = asyncio.Event()

    async def hold(call: Call) -> None:
        if call.path == "/gateway/bot":
            asked.set()
            await asyncio.Event().wait()

    scene.wire.on_request(hold)
    async with running(scene.env, cwd=scene.cwd) as child:
        await asyncio.wait_for(asked.wait(), 20)
        found = await scene.doctor()
        assert found.says("bot", "not ready", "gateway", "log")
        found = await scene.doctor(ADMIN_PORT=str(free_port()))
        assert found.says("bot", "does not answer", "ADMIN_PORT")
        assert await child.stop() == 0


async def test_an_encoder_that_does_not_work(scene: Scene) -> None:
    """Where the system lets the children write next to nothing, the trial film fails."""
    found = await scene.doctor(file_bytes=2_000)
    assert found.says("encoder", "failed", "requirements.txt")
