"""The log of a real process: every step of a film by its ids, no prompt, no door, in JSON and at DEBUG too."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from demo.videoapi import VideoAPI
from domain.faults import VendorFault
from tests import clips
from tests.child import Child, environment, running
from tests.conftest import TOKEN, free_port
from tests.discordwire import DiscordWire

CANARY = "canaryboat"


def lines(child: Child) -> list[dict[str, Any]]:
    return [json.loads(line) for line in child.log.splitlines()]


async def until_said(child: Child, text: str) -> None:
    for _ in range(2000):
        if text in child.log:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(child.log)


async def test_every_step_says_what_it_is_about(api: VideoAPI, api_url: str, tmp_path: Path) -> None:
    """From the command to the news, each service's lines carry the job and the command; no address a MAC."""
    port = free_port()
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", port, LOG_FORMAT="json", LOG_LEVEL="DEBUG")
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            picture = {"image1": ("cat.png", clips.picture())}
            command = await wire.command("video", {"prompt": CANARY}, attachments=picture)
            await command.response(timeout=20)
            await asyncio.wait_for(api.until(lambda: bool(api.tasks)), 20)
            (task,) = api.tasks.values()
            callback, image = task.request["callback_url"], task.request["image_urls"][0]
            async with aiohttp.ClientSession() as http, http.get(image) as answer:
                assert answer.status == 200
            await api.finish(task.id)
            await until_said(child, "people were told")
            assert await child.stop() == 0
        told = lines(child)
    about = [line for line in told if line["from"].startswith("clapper.") and "job " in line["event"]]
    (job,) = {line["job"] for line in about}
    assert {line.get("interaction") for line in about} == {str(command.id)}
    assert {line["from"] for line in about} >= {
        "clapper.intake",
        "clapper.dispatch",
        "clapper.results",
        "clapper.delivery",
    }
    served = [line["event"] for line in told if line["from"] == "aiohttp.access"]
    assert any(f"POST /callback/{job}.1.****" in line for line in served), served
    assert any(f"GET /media/{job}.1.****" in line for line in served), served
    for never in (callback.rpartition(".")[2], image.split(".")[-2], CANARY, TOKEN, wire.token, command.token):
        assert never not in child.log


@pytest.mark.parametrize("wanted", [False, True], ids=["left-out", "wanted"])
async def test_prompts_stand_in_the_log_only_when_wanted(
    api: VideoAPI, api_url: str, tmp_path: Path, wanted: bool
) -> None:
    """Whatever fails, and whatever the API quotes, the log has no prompt; with LOG_PROMPTS it has public ones."""
    quoted = json.dumps({"success": False, "error": {"code": "bad_request", "message": f"cannot draw {CANARY}"}})
    async with DiscordWire("token-of-the-bot") as wire:
        env = environment(wire, api_url, TOKEN, tmp_path / "clapper.db", free_port(), LOG_PROMPTS=str(wanted))
        async with running(env, cwd=tmp_path) as child:
            await wire.ready(starts=1)
            for word in ("", "fail", "refuse", "gone", "reset", "limited"):
                await (await wire.command("video", {"prompt": f"{CANARY} {word}"})).response(timeout=20)
                api.faults.append(("/sora/videos", 400, quoted))
                api.faults.append(("/sora/tasks", 500, quoted))
            await (await wire.command("video", {"prompt": f"private{CANARY}", "private": True})).response(timeout=20)
            await wire.command("video", {"prompt": f"{CANARY}" * 500}, force=True)
            await until_said(child, "bad_request")
            assert await child.stop() == 0
    assert (CANARY in child.log) == wanted
    assert f"private{CANARY}" not in child.log
    assert "Traceback" not in child.log, "".join(x for x in child.log.splitlines() if "Traceback" in x)[:3000]


def test_what_the_api_answers_is_not_quoted() -> None:
    """A fault of the API shows its status and code; its words only where they are our own, as nobody answered."""
    answered = VendorFault("bad_request", status=400, code="bad", message=f"cannot draw {CANARY}")
    assert str(answered) == "bad_request (400 bad)"
    assert str(VendorFault("not_sent", message="no such host")) == "not_sent (no answer) no such host"
