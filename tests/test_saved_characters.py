"""Saved characters: kept under a name, found by it, shared with one server, gone when deleted."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo.life import Task
from service.housekeeping import Housekeeping
from tests.conftest import OpenWire, Stage, Wired
from tests.discordwire import DiscordWire
from tests.discordwire.interactions import Interaction
from tests.discordwire.model import Channel, Member, Message
from tests.reels import numbered
from tests.sim import words


@pytest.fixture
def luna(tmp_path: Path) -> tuple[str, bytes]:
    """A clip of two seconds."""
    return "luna.mp4", numbered(tmp_path / "luna.mp4", count=60, size=(160, 90)).read_bytes()


async def accepted(w: Wired, n: int = 1) -> Task:
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 20)
    return list(w.api.tasks.values())[n - 1]


async def run(w: Wired, name: str, options: dict[str, Any] | None = None, **more: Any) -> Interaction:
    """An answered command; a slow answer is the one that its placeholder became."""
    one = await (await w.wire.command(name, options, **more)).response()
    if one.kind == "defer":
        await w.wire.wait_for(lambda: bool(one.edits or one.followups), 20)
    return one


async def told(w: Wired | Stage, n: int = 1) -> list[dict[str, Any]]:
    """The jobs, once people were told about so many."""
    for _ in range(2_000):
        rows = await w.rows("SELECT * FROM jobs WHERE announced_at > 0 ORDER BY created_at")
        if len(rows) >= n:
            return rows
        await asyncio.sleep(0.01)
    raise AssertionError(f"nobody was told: {await w.rows('SELECT id, state, reason FROM jobs')}")


async def save(w: Wired, luna: tuple[str, bytes], name: str = "Luna", **more: Any) -> Interaction:
    return await run(w, "characters save", {"name": name}, attachments={"clip": luna}, **more)


async def film_of(w: Wired, n: int = 1, **options: Any) -> Message:
    """The message of a finished film of the usual member."""
    await run(w, "video", {"prompt": f"film {n}", **options})
    await w.api.finish((await accepted(w, n)).id)
    place = w.wire.dm(w.wire.member) if options.get("private") else None

    def found() -> list[Message]:
        places = [place] if place else w.wire.threads()
        return [m for where in places for m in w.wire.messages(where) if m.files and f"{n}" in m.content]

    return (await w.wire.wait_for(lambda: [m for m in found() if m.custom_ids], 20))[-1]


def made(w: Wired) -> list[Message]:
    """The films in threads, oldest first."""
    return [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files]


def job_of(message: Message) -> str:
    return next(one.rpartition(":")[2] for one in message.custom_ids if one.startswith("job:again:"))


def elsewhere(wire: DiscordWire) -> tuple[Channel, Member]:
    """Another server where the usual member is, too."""
    guild = wire.add_guild("Theatre")
    return wire.add_channel("stage", guild=guild), wire.add_member(wire.member.user, guild=guild)


async def test_a_clip_is_kept_and_used_by_name(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """Saving shows its picture; after a restart, too, its name in any case and what is suggested make a film."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            answer = await save(w, luna)
            assert answer.ephemeral
            assert "Luna" in answer.text
            picture = Image.open(io.BytesIO(answer.files[0].data or b""))
            assert max(picture.size) <= 512
        async with open_wire(wire=wire, starts=2) as w:
            typed = await (await wire.autocomplete("character", "character", "lu", {"prompt": "x"})).response()
            (choice,) = typed.choices
            assert choice["name"] == "Luna"
            one = await run(w, "character", {"prompt": "it dances", "character": choice["value"]})
            assert "with Luna" in one.text
            await accepted(w, 1)
            await run(w, "character", {"prompt": "it sings", "character": " lUNA "})
            await accepted(w, 2)
            assert await w.rows("SELECT count(*) AS n FROM clips") == [{"n": 1}]
            assert wire.unexpected == []


async def test_names_are_checked(open_wire: OpenWire, luna: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is there once a member, whatever its case; it has up to 40 letters; and a member keeps only so many."""
    monkeypatch.setattr("service.characters.MOST", 2)
    async with open_wire() as w:
        await save(w, luna)
        assert "of that name already" in (await save(w, luna, "LUNA")).text
        assert "needs a name" in (await save(w, luna, " ~ ")).text
        assert "too long" in (await save(w, luna, "x" * 41, force=True)).text
        await save(w, luna, "Sol")
        assert "as many as fit" in (await save(w, luna, "Mars")).text
        other = w.wire.add_member("bob")
        assert "is saved" in (await save(w, luna, "Luna", member=other)).text
        assert "is not a film" in (await save(w, ("x.mp4", b"none"), "Pluto", member=other)).text


async def test_a_film_of_ones_own_becomes_a_character(open_wire: OpenWire) -> None:
    """By its id, by what is suggested, or by the button behind More… and a form, which hold no state."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            message = await film_of(w)
            job = job_of(message)
            typed = await (await wire.autocomplete("characters save", "film", "film", {"name": "x"})).response()
            assert [choice["value"] for choice in typed.choices] == [job]
            assert "is saved" in (await run(w, "characters save", {"name": "Luna", "film": job})).text
            other = wire.add_member("bob")
            refused = await run(w, "characters save", {"name": "Mine", "film": job}, member=other)
            assert "That film cannot be had" in refused.text
            assert (
                "That film cannot be had"
                in (await run(w, "character", {"prompt": "x", "film": job}, member=other)).text
            )
        async with open_wire(wire=wire, starts=2) as w:
            more = await (await wire.press(message, f"job:more:{job}")).response()
            form = await (await wire.press(more.message, f"character:save:{job}")).response()
            assert form.modal is not None
            sent = await (await wire.submit_modal(form, {"name": "Sol"})).response()
            if sent.kind == "defer":
                await wire.wait_for(lambda: bool(sent.edits), 20)
            assert "is saved" in sent.text
            theirs = await (await wire.press(message, f"job:more:{job}", wire.add_member("carl"))).response()
            assert f"character:save:{job}" not in theirs.message.custom_ids
            one = await run(w, "character", {"prompt": "it dances", "film": job})
            assert f"with {job}" in one.text
            assert (await accepted(w, 2)).request["character_url"].startswith(w.settings.public_url)


async def test_sharing_is_with_one_server(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """A shared character is there for everybody in that server, and nowhere else; only its owner shares it."""
    async with open_wire() as w:
        bob = w.wire.add_member("bob")
        stage, ada = elsewhere(w.wire)
        carl = w.wire.add_member("carl", guild=stage.guild)
        await save(w, luna)
        use = {"prompt": "x", "character": "luna"}
        assert "no such name" in (await run(w, "character", use, member=bob)).text
        assert "no such name" in (await run(w, "characters share", {"name": "Luna"}, member=bob)).text
        assert "can be used by everybody" in (await run(w, "characters share", {"name": "Luna"})).text
        assert "with Luna" in (await run(w, "character", use, member=bob)).text
        listed = await run(w, "characters list", member=bob)
        assert f"<@{w.wire.member.id}>" in listed.text
        assert "no such name" in (await run(w, "character", use, member=carl, channel=stage)).text
        assert "No characters here yet" in (await run(w, "characters list", member=carl, channel=stage)).text
        assert "with Luna" in (await run(w, "character", use, member=ada, channel=stage)).text
        assert "not yours" in (await run(w, "characters delete", {"name": "Luna"}, member=bob)).text
        assert "not yours" in (await run(w, "characters share", {"name": "Luna", "shared": False}, member=bob)).text
        moderator = w.wire.add_member("mod", w.wire.add_role("mods", "MANAGE_GUILD"))
        taken = await run(w, "characters share", {"name": "Luna", "shared": False}, member=moderator)
        assert "no longer shared" in taken.text
        assert "no such name" in (await run(w, "character", use | {"prompt": "y"}, member=bob)).text


async def test_private_films_stay_private(open_wire: OpenWire) -> None:
    """A character from a private film can be used by its owner, never be shared, and is in nobody else's film."""
    async with open_wire(daily_credits=500) as w:
        job, bob = job_of(await film_of(w, private=True)), w.wire.add_member("bob")
        await run(w, "characters save", {"name": "Secret", "film": job})
        refused = await run(w, "characters share", {"name": "Secret"})
        assert "stays private" in refused.text
        assert await w.rows("SELECT * FROM character_shares") == []
        for n, source in enumerate(({"film": job}, {"character": "Secret"}), 2):
            await run(w, "character", {"prompt": "it dances", **source})
            await w.api.finish((await accepted(w, n)).id)
            mine = (await told(w, n))[-1]["id"]
            film = (await w.wire.wait_for(lambda n=n: made(w)[n - 2 :], 20))[0]
            for action in ("again", "edit"):
                refused = await (await w.wire.press(film, f"job:{action}:{mine}", bob)).response()
                assert "from a private film" in refused.text
            assert (await (await w.wire.press(film, f"job:continue:{mine}", bob)).response()).kind == "modal"
            assert (await (await w.wire.press(film, f"job:edit:{mine}")).response()).kind == "modal"


async def test_a_film_of_an_age_restricted_place_stays_there(open_wire: OpenWire) -> None:
    """Its character is used in age-restricted channels and in private, and nowhere else, also when it was saved."""
    async with open_wire() as w:
        red = w.wire.add_channel("red", nsfw=True)
        await run(w, "video", {"prompt": "film 1"}, channel=red)
        await w.api.finish((await accepted(w)).id)
        job = (await told(w))[0]["id"]
        await run(w, "characters save", {"name": "Luna", "film": job})
        for source in ({"film": job}, {"character": "Luna"}):
            refused = await run(w, "character", {"prompt": "x", **source})
            assert "age-restricted place" in refused.text
            assert "with " in (await run(w, "character", {"prompt": "y", **source}, channel=red)).text
        private = await run(w, "character", {"prompt": "z", "film": job, "private": True})
        assert "for you alone" in private.text


@pytest.mark.parametrize("way", ["reported", "deleted by a moderator"])
async def test_a_film_that_is_taken_away_takes_its_characters_along(open_wire: OpenWire, way: str) -> None:
    """Nobody uses or shares a character of it any more, by whatever way; it is listed without its picture, and can be
    deleted."""
    async with open_wire(daily_credits=500) as w:
        message = await film_of(w)
        job, bob = job_of(message), w.wire.add_member("bob")
        moderator = w.wire.add_member("mod", w.wire.add_role("mods", "MANAGE_GUILD"))
        await run(w, "characters save", {"name": "Luna", "film": job})
        await run(w, "characters share", {"name": "Luna"})
        use = {"prompt": "it dances", "character": "Luna"}
        assert "with Luna" in (await run(w, "character", use, member=bob)).text
        await w.api.finish((await accepted(w, 2)).id)
        theirs = (await w.wire.wait_for(lambda: made(w)[1:], 20))[0]
        await told(w, 2)
        edited = await (await w.wire.press(theirs, f"job:edit:{job_of(theirs)}", bob)).response()
        draft = await run(w, "character", use | {"prompt": " "}, member=bob)
        (fix,) = [one for one in draft.message.custom_ids if one.startswith("draft:fix:")]
        if way == "reported":
            async with w.app.db.transaction() as conn:
                await conn.execute("UPDATE jobs SET hidden = 1 WHERE id = ?", (job,))
        else:
            more = await (await w.wire.press(message, f"job:more:{job}", moderator)).response()
            ask = await (await w.wire.press(more.message, f"job:delete:{job}", moderator)).response()
            await (await w.wire.press(ask.message, f"job:erase:{job}", moderator)).response()
        gone = "cannot be used any more"
        for member in (bob, w.wire.member):
            assert gone in (await run(w, "character", use | {"prompt": "again"}, member=member)).text
            typed = await (await w.wire.autocomplete("character", "character", "", use, member=member)).response()
            assert typed.choices == []
        assert gone in (await run(w, "characters share", {"name": "Luna"})).text
        assert gone in (await (await w.wire.press(theirs, f"job:again:{job_of(theirs)}", bob)).response()).text
        assert gone in (await (await w.wire.press(theirs, f"job:edit:{job_of(theirs)}", bob)).response()).text
        fixed = await (await w.wire.press(draft.message, fix, bob)).response()
        assert gone in (await (await w.wire.submit_modal(fixed, {"prompt": "it sleeps"})).response()).text
        assert gone in (await (await w.wire.submit_modal(edited, {"prompt": "it sings"})).response()).text
        assert "No characters here yet" in (await run(w, "characters list", member=bob)).text
        listed = await run(w, "characters list")
        assert "**Luna**\n-# 🚫 taken away by a moderator" in listed.text
        assert listed.files == []
        assert "no longer shared" in (await run(w, "characters share", {"name": "Luna", "shared": False})).text
        assert "deleted, everywhere" in (await run(w, "characters delete", {"name": "Luna"})).text


async def test_a_film_that_is_taken_away_makes_no_film_that_waits(open_wire: OpenWire) -> None:
    """What waits for its turn with a character of it ends then, free, with calm words."""
    async with open_wire(member_in_flight=1) as w:
        job = job_of(await film_of(w))
        await run(w, "characters save", {"name": "Luna", "film": job})
        await run(w, "video", {"prompt": "a boat"})
        busy = await accepted(w, 2)
        await run(w, "character", {"prompt": "it dances", "character": "Luna"})
        for _ in range(2_000):
            if await w.rows("SELECT 1 FROM jobs WHERE state = 'queued' AND prepared_at > 0"):
                break
            await asyncio.sleep(0.01)
        async with w.app.db.transaction() as conn:
            await conn.execute("UPDATE jobs SET hidden = 1 WHERE id = ?", (job,))
        await w.api.finish(busy.id)
        ended = (await told(w, 3))[-1]
        assert (ended["state"], ended["reason"]) == ("failed", "clip_taken_away")
        assert w.api.submissions == 2


async def test_the_character_of_a_film_that_its_author_deletes_stays_theirs(open_wire: OpenWire) -> None:
    """It is a clip of its own: the film's end is not its end."""
    async with open_wire() as w:
        message = await film_of(w)
        job = job_of(message)
        await run(w, "characters save", {"name": "Luna", "film": job})
        more = await (await w.wire.press(message, f"job:more:{job}")).response()
        ask = await (await w.wire.press(more.message, f"job:delete:{job}")).response()
        await (await w.wire.press(ask.message, f"job:erase:{job}")).response()
        assert await w.rows("SELECT deleted_at > 0 AS deleted, hidden FROM jobs") == [{"deleted": 1, "hidden": 0}]
        assert "with Luna" in (await run(w, "character", {"prompt": "it dances", "character": "Luna"})).text
        assert (await accepted(w, 2)).request["character_url"]


async def test_a_deleted_film_takes_its_clip_along(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """What was attached to a film goes with it; the clip of a saved character does not."""
    async with open_wire() as w:
        await run(w, "character", {"prompt": "x"}, attachments={"clip": luna})
        await w.api.finish((await accepted(w)).id)
        job = (await told(w))[0]["id"]
        (message,) = await w.wire.wait_for(lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files])
        more = await (await w.wire.press(message, f"job:more:{job}")).response()
        ask = await (await w.wire.press(more.message, f"job:delete:{job}")).response()
        await (await w.wire.press(ask.message, f"job:erase:{job}")).response()
        assert await w.rows("SELECT * FROM clips") == []
        assert await w.rows("SELECT * FROM job_clips") == []
        assert "That film cannot be had" in (await run(w, "characters save", {"name": "x", "film": job})).text


async def test_others_use_a_character_without_seeing_its_clip(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """Without a public address a clip is posted to whoever brought it, whoever makes a film with it."""
    async with open_wire(public_url="") as w:
        bob = w.wire.add_member("bob")
        await save(w, luna)
        await run(w, "characters share", {"name": "Luna"})
        await run(w, "character", {"prompt": "x", "character": "Luna"}, member=bob)
        await accepted(w)
        assert [m for m in w.wire.messages(w.wire.dm(bob)) if m.files] == []
        assert len([m for m in w.wire.messages(w.wire.dm(w.wire.member)) if m.files]) == 1
        w.wire.delete_message(w.wire.messages(w.wire.dm(w.wire.member))[0])
        w.wire.close_dms(w.wire.member)
        await run(w, "character", {"prompt": "y", "character": "Luna"}, member=bob)
        await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(w.wire.channel) if "but these are closed" in m.content], 20
        )


async def test_the_list_shows_pictures(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """Each of one's own has its picture and says whether it is shared; others' names are there without."""
    async with open_wire() as w:
        await save(w, luna)
        await save(w, luna, "Sol")
        await run(w, "characters share", {"name": "Sol"})
        listed = await run(w, "characters list")
        assert listed.ephemeral
        assert "**Luna**\n-# a clip of 2.0 s · yours alone" in listed.text
        assert "**Sol**\n-# a clip of 2.0 s · shared in this server" in listed.text
        assert len(listed.files) == 2
        assert w.wire.unexpected == []


async def test_a_deleted_character_is_gone_everywhere(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """It is shared no more, and its clip goes with the clearing, but not while a film is made with it."""
    async with open_wire() as w:
        await save(w, luna)
        await run(w, "characters share", {"name": "Luna"})
        await run(w, "character", {"prompt": "x", "character": "Luna"})
        task = await accepted(w)
        assert "deleted, everywhere" in (await run(w, "characters delete", {"name": "Luna"})).text
        assert await w.rows("SELECT * FROM character_shares") == []
        assert "no such name" in (await run(w, "character", {"prompt": "y", "character": "Luna"})).text
        later = Housekeeping(w.app.db, retention_days=0, backup_days=0, clock=lambda: 10**14)
        await later.step()
        assert await w.rows("SELECT count(*) AS n FROM clips") == [{"n": 1}]
        await w.api.finish(task.id)
        await told(w)
        await later.step()
        assert await w.rows("SELECT count(*) AS n FROM clips") == [{"n": 0}]


async def test_saved_clips_outlive_the_clearing(open_wire: OpenWire, luna: tuple[str, bytes]) -> None:
    """A saved character keeps its clip for good; Again on a film with one works as long as the clip is kept."""
    async with open_wire() as w:
        await save(w, luna)
        await run(w, "character", {"prompt": "it dances", "character": "Luna"})
        await w.api.finish((await accepted(w)).id)
        (message,) = await w.wire.wait_for(
            lambda: [m for t in w.wire.threads() for m in w.wire.messages(t) if m.files], 20
        )
        later = Housekeeping(w.app.db, retention_days=0, backup_days=0, clock=lambda: 10**14)
        await later.step()
        again = f"job:again:{job_of(message)}"
        bob = w.wire.add_member("bob")
        card = await (await w.wire.press(message, again, bob)).response()
        assert "with Luna" in card.text
        assert (await accepted(w, 2)).request["character_url"]
        await run(w, "characters delete", {"name": "Luna"})
        await w.api.finish(list(w.api.tasks)[1])
        await told(w, 2)
        await later.step()
        refused = await (await w.wire.press(message, again)).response()
        assert "no longer kept" in refused.text
        shown = await (await w.wire.press(message, again.replace("again", "more"))).response()
        assert "Its character came from a clip that is no longer kept." in shown.content


async def test_in_a_conversation_of_people(stage: Stage) -> None:
    """In simcord: a film becomes a character by the button, and everybody sees it in the card of the next film."""
    you, channel = stage.world.visitor, stage.world.channel
    await you.slash(channel, "video", prompt="a cat")
    await stage.api.until(lambda: bool(stage.api.tasks))
    await stage.api.finish(next(iter(stage.api.tasks)))
    job = (await told(stage))[0]["id"]
    saved = await you.slash(channel, "characters save", name="Luna", film=job)
    assert saved.response is not None
    assert "is saved" in words(saved.response)
    made = await you.slash(channel, "character", prompt="it dances", character="luna")
    assert made.response is not None
    assert "with Luna" in words(made.response)
