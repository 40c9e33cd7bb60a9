"""What a member asks about their own data: they get all of it, and their words go where they say so."""

from __future__ import annotations

import asyncio
import io
import json
import random
import re
import zipfile
from pathlib import Path
from typing import Any

from demo.life import Task
from service.meter import Meter
from service.privacy import Privacy
from service.results import Results
from storage.privacy import PLANS
from tests import clips
from tests.conftest import PACE, OpenWire, Stage, Wired
from tests.discordwire.interactions import Interaction
from tests.discordwire.model import Message
from tests.reels import numbered
from tests.sim import seen_by, words
from tests.test_words import a_job
from ui import exports

SECRET = "a very secret garden"


async def task(w: Wired, n: int = 1) -> Task:
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 20)
    return list(w.api.tasks.values())[n - 1]


async def run(w: Wired, name: str, options: dict[str, Any] | None = None, **more: Any) -> Interaction:
    """An answered command; a slow answer is the one that its placeholder became."""
    one = await (await w.wire.command(name, options, **more)).response()
    if one.kind == "defer":
        await w.wire.wait_for(lambda: bool(one.edits or one.followups), 20)
    return one


async def told(w: Wired, n: int) -> None:
    """Wait until people were told about so many jobs."""
    for _ in range(2_000):
        if len(await w.rows("SELECT id FROM jobs WHERE announced_at > 0")) >= n:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(await w.rows("SELECT id, state, reason FROM jobs"))


async def lived(w: Wired, folder: Path) -> str:
    """A member who has done everything that leaves something: a film from a picture and one from a clip, and names."""
    await run(w, "video", {"prompt": SECRET}, attachments={"image1": ("me.png", clips.picture())})
    await w.api.finish((await task(w)).id)
    await told(w, 1)
    luna = ("luna.mp4", numbered(folder / "luna.mp4", count=30, size=(160, 90)).read_bytes())
    await run(w, "characters save", {"name": "Luna"}, attachments={"clip": luna})
    await run(w, "characters share", {"name": "Luna"})
    await run(w, "character", {"prompt": f"{SECRET} again", "character": "Luna"})
    await w.api.finish((await task(w, 2)).id)
    await told(w, 2)
    await run(w, "presets save", {"name": "Garden", "text": SECRET})
    await run(w, "presets share", {"name": "Garden"})
    await run(w, "video", {"prompt": SECRET, "duration": 99})  # refused: a draft
    await run(w, "video", {"prompt": f"{SECRET} fails", "orientation": "portrait"})
    await w.api.finish((await task(w, 3)).id, error=("forbidden", f"no {SECRET}"))
    await told(w, 3)
    return (await w.rows("SELECT id FROM jobs ORDER BY created_at LIMIT 1"))[0]["id"]


def archive(message: Message) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(message.files[0].data or b""))


async def everything(w: Wired, *, but: str = "") -> str:
    """The whole database as text, but for one table."""
    tables = [row["name"] for row in await w.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return "\n".join([str(await w.rows(f"SELECT * FROM {table}")) for table in tables if table != but])


async def test_every_table_has_a_plan(open_wire: OpenWire) -> None:
    """A table that a later version adds is thought of here, too: what goes, what stays and why."""
    async with open_wire() as w:
        tables = {row["name"] for row in await w.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert tables == set(PLANS)
        for table in tables:
            columns = {row["name"] for row in await w.rows(f"SELECT name FROM pragma_table_info('{table}')")}
            whose = columns & {"author_id", "member_id", "owner_id", "reporter_id"}
            plan = PLANS[table]
            assert not whose or plan.export, f"{table} says something about a member"
            assert not plan.export or plan.erase or plan.stays, f"{table}: why does it stay?"


async def test_an_export_has_everything(open_wire: OpenWire, tmp_path: Path) -> None:
    """The ZIP comes by direct message: rows of each kind, a recipe of each film, pictures of characters; no keys."""
    async with open_wire(daily_credits=500) as w:
        job = await lived(w, tmp_path)
        answer = await run(w, "privacy export")
        assert answer.ephemeral
        assert "direct messages" in answer.text
        (message,) = [m for m in w.wire.messages(w.wire.dm(w.wire.member)) if m.files]
        assert message.files[0].filename == "clapper.zip"
        with archive(message) as got:
            rows = json.loads(got.read("data.json"))
            names = got.namelist()
            recipes = [got.read(name).decode() for name in names if name.startswith("recipes/")]
        assert {"jobs", "inputs", "ledger", "counters", "characters", "presets", "drafts", "films"} <= set(rows)
        assert len(rows["jobs"]) == 3
        assert rows["jobs"][0]["request"]["prompt"] == SECRET
        assert rows["inputs"][0]["name"] == "me.png"
        assert len(recipes) == 3
        assert f"/video prompt:{SECRET} model:sora-2" in next(text for text in recipes if "portrait" not in text)
        assert "characters/1-Luna.jpg" in names
        for key in ("card_token", "wire", "fold"):
            assert f'"{key}"' not in json.dumps(rows)
        assert job in json.dumps(rows)


async def test_an_export_is_about_oneself(open_wire: OpenWire, tmp_path: Path) -> None:
    """Somebody else's films, names and shared things are not in it."""
    async with open_wire(daily_credits=500) as w:
        await lived(w, tmp_path)
        bob = w.wire.add_member("bob")
        await run(w, "privacy export", member=bob)
        (message,) = [m for m in w.wire.messages(w.wire.dm(bob)) if m.files]
        with archive(message) as got:
            assert got.namelist() == ["data.json"]
            assert SECRET not in got.read("data.json").decode()


async def test_it_works_in_direct_messages_too(open_wire: OpenWire) -> None:
    """Who has left every server can still ask, where the bot can be written to."""
    async with open_wire() as w:
        await run(w, "presets save", {"name": "Garden", "text": SECRET})
        conversation = w.wire.dm(w.wire.member)
        await run(w, "privacy export", channel=conversation)
        assert [m for m in w.wire.messages(conversation) if m.files]
        asked = await run(w, "privacy delete", channel=conversation)
        done = await (await w.wire.press(asked.message, asked.message.custom_ids[0])).response()
        assert "It is deleted" in done.text
        assert await w.rows("SELECT * FROM presets") == []


async def test_an_export_wants_open_messages(open_wire: OpenWire) -> None:
    """Where nothing can be sent, the answer says what to do."""
    async with open_wire() as w:
        w.wire.close_dms(w.wire.member)
        answer = await run(w, "privacy export")
        assert answer.ephemeral
        assert "Allow direct messages" in answer.text


async def test_deleting_asks_once_more(open_wire: OpenWire, tmp_path: Path) -> None:
    """The command says what goes and what stays and does nothing; the button is for the member who asked."""
    async with open_wire(daily_credits=500) as w:
        await lived(w, tmp_path)
        before = await everything(w)
        asked = await run(w, "privacy delete")
        assert asked.ephemeral
        assert "This goes" in asked.text
        assert "This stays" in asked.text
        assert await everything(w) == before
        assert asked.message.custom_ids == [f"privacy:delete:{w.wire.member.id}"]


async def test_deleting_removes_every_word(open_wire: OpenWire, tmp_path: Path) -> None:
    """Nothing that the member wrote, attached or saved is anywhere in the database; amounts and blocks are."""
    async with open_wire(daily_credits=500) as w:
        job = await lived(w, tmp_path)
        moderator = w.wire.add_member("mod", w.wire.add_role("mods", "MANAGE_GUILD"))
        given = {"member": w.wire.member, "credits": 5, "reason": f"for {SECRET}"}
        await run(w, "manage grant", given, member=moderator)
        async with w.app.db.transaction() as conn:
            await conn.execute("INSERT INTO stars VALUES (?, ?, 1)", (job, w.wire.member.id))
            await conn.execute("INSERT INTO showcases (job_id, guild_id, at, done) VALUES (?, 1, 1, 1)", (job,))
        counters = await w.rows("SELECT * FROM counters")
        ledger = await w.rows("SELECT job_id, kind, source, amount FROM ledger")
        asked = await run(w, "privacy delete")
        done = await (await w.wire.press(asked.message, asked.message.custom_ids[0])).response()
        assert "It is deleted" in done.text
        left = await everything(w, but="audit")  # whose rows are moderators' words, and never changed
        assert SECRET not in left
        for name in ("Luna", "Garden", "me.png", "luna.mp4"):
            assert name not in left, name
        for table in (
            "pictures",
            "inputs",
            "clips",
            "job_clips",
            "characters",
            "presets",
            "drafts",
            "choices",
            "stars",
        ):
            assert await w.rows(f"SELECT * FROM {table}") == [], table
        assert await w.rows("SELECT * FROM counters") == counters
        assert await w.rows("SELECT job_id, kind, source, amount FROM ledger") == ledger
        assert await w.rows("SELECT * FROM erasures") == []
        assert (await w.rows("SELECT wanted FROM showcases"))[0]["wanted"] == 0  # taken down, as it has no words
        again = await (await w.wire.press(asked.message, asked.message.custom_ids[0])).response()
        assert "It is deleted" in again.text
        film = next(m for t in w.wire.threads() for m in w.wire.messages(t) if m.files)
        bob = w.wire.add_member("bob")
        refused = await (await w.wire.press(film, f"job:again:{job}", bob)).response()
        assert "no longer known" in refused.text
        assert w.wire.unexpected == []


async def test_others_keep_what_they_have(open_wire: OpenWire, tmp_path: Path) -> None:
    """A picture that somebody else attached, too, and everything of theirs, stays."""
    async with open_wire(daily_credits=500) as w:
        bob = w.wire.add_member("bob")
        same = {"image1": ("same.png", clips.picture())}
        await run(w, "video", {"prompt": "mine"}, attachments=same)
        await run(w, "video", {"prompt": "theirs"}, attachments=same, member=bob)
        for n in (1, 2):
            await w.api.finish((await task(w, n)).id)
        await told(w, 2)
        asked = await run(w, "privacy delete")
        await (await w.wire.press(asked.message, asked.message.custom_ids[0])).response()
        assert await w.rows("SELECT count(*) AS n FROM pictures") == [{"n": 1}]
        kept = await w.rows("SELECT request FROM jobs WHERE author_id = ?", bob.id)
        assert '"prompt":"theirs"' in kept[0]["request"]


async def test_films_in_the_making_come_first(open_wire: OpenWire) -> None:
    """What waits is stopped, free; what is being made is delivered, and loses its words after that."""
    async with open_wire(daily_credits=500, member_in_flight=1) as w:
        await run(w, "video", {"prompt": f"{SECRET} one"})
        made = await task(w)
        await run(w, "video", {"prompt": f"{SECRET} two"})
        asked = await run(w, "privacy delete")
        done = await (await w.wire.press(asked.message, asked.message.custom_ids[0])).response()
        assert "still being made" in done.text
        states = {row["state"] for row in await w.rows("SELECT state FROM jobs")}
        assert states == {"rendering", "cancelled"}
        await told(w, 1)
        await w.api.finish(made.id)
        await told(w, 2)
        (film,) = [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files]
        assert f"<@{w.wire.member.id}>" in film.content
        await run(w, "video", {"prompt": "a new beginning"})
        await sweep(w)
        rows = await w.rows("SELECT request FROM jobs ORDER BY created_at")
        assert ['"prompt":""' in row["request"] for row in rows] == [True, True, False]
        assert await w.rows("SELECT * FROM erasures") == []


async def sweep(w: Wired) -> None:
    """What the bot does every ten minutes."""
    results = Results(w.app.db, pace=PACE, on_change=lambda: None, meter=Meter())
    await Privacy(w.app.db, results=results).step()


async def test_pressed_by_somebody_else(open_wire: OpenWire) -> None:
    """The id of the button says whose words go: nobody else can press it, wherever it is."""
    async with open_wire() as w:
        bob = w.wire.add_member("bob")
        shown = w.wire.say(w.wire.bot, w.wire.channel, "forged")
        shown.components = [
            {"type": 1, "components": [{"type": 2, "style": 4, "custom_id": f"privacy:delete:{w.wire.member.id}"}]}
        ]
        refused = await (await w.wire.press(shown, f"privacy:delete:{w.wire.member.id}", bob)).response()
        assert "not your" in refused.text.lower()


def test_a_large_export_comes_in_parts() -> None:
    """No file is larger than a conversation takes; together they have everything."""
    stills = [(f"n{n}", random.Random(n).randbytes(3_000_000)) for n in range(6)]
    parts = exports.zipped({"jobs": []}, [a_job()], stills)
    assert len(parts) > 1
    assert all(len(part) <= 10_000_000 for part in parts)
    names = [name for part in parts for name in zipfile.ZipFile(io.BytesIO(part)).namelist()]
    assert names[0] == "data.json"
    assert sum(bool(re.match("characters/", name)) for name in names) == 6
    assert len(names) == len(set(names)) == 8


async def test_in_a_conversation_of_people(stage: Stage) -> None:
    """In simcord: a member exports and deletes, and nobody else sees anything of it."""
    you, channel = stage.world.visitor, stage.world.channel
    await you.slash(channel, "presets save", name="Garden", text=SECRET)
    before = len(channel.history())
    await you.slash(channel, "privacy export")
    assert any("data.json" in text for text in seen_by(you.user.dm_channel, you.user))
    asked = await you.slash(channel, "privacy delete")
    assert asked.response is not None
    done = await you.click(asked.response, label="Delete it all")
    assert done.response is not None
    assert "It is deleted" in words(done.response)
    assert len(channel.history()) == before
    assert await stage.rows("SELECT * FROM presets") == []
