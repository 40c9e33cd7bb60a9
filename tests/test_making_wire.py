"""Forms, result buttons and right-clicks against the strict stand-in of Discord, over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from demo.life import Task
from storage import memory
from tests import clips
from tests.conftest import OpenWire, Wired
from tests.discordwire import Call, Channel, DiscordWire, Interaction, Message
from tests.test_dispatch import until_rows

PICTURE = clips.picture()


async def task_of(w: Wired, n: int = 1) -> Task:
    """The n-th task that the API has accepted."""
    await asyncio.wait_for(w.api.until(lambda: len(w.api.tasks) >= n), 15)
    return list(w.api.tasks.values())[n - 1]


async def told(w: Wired, n: int) -> None:
    """Wait until it is written down that people were told of n generations."""
    for _ in range(6000):
        if (await w.rows("SELECT count(*) AS n FROM jobs WHERE announced_at > 0"))[0]["n"] >= n:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(await w.rows("SELECT state, reason, announced_at FROM jobs"))


def films_in(w: Wired, place: Channel) -> list[Message]:
    return [message for message in w.wire.messages(place) if message.files and "ready" in message.content]


async def film(w: Wired, place: Channel, n: int = 1, **options: Any) -> Message:
    """The n-th film, asked for in a thread, and made: the message that brings it."""
    await (await w.wire.command("video", {"prompt": "a boat"}, channel=place, **options)).response()
    await w.api.finish((await task_of(w, n)).id)
    await told(w, n)
    return films_in(w, place)[-1]


async def pressed(w: Wired, message: Message, action: str, **more: Any) -> Interaction:
    """Press the button of a message whose id does this."""
    (custom_id,) = [one for one in message.custom_ids if f":{action}:" in one]
    return await (await w.wire.press(message, custom_id, **more)).response()


async def test_a_form_on_the_wire(open_wire: OpenWire) -> None:
    """Discord takes the form with its labels and upload field, and what it sends back becomes a film in a thread."""
    async with open_wire() as w:
        opened = await (await w.wire.command("video")).response()
        assert opened.kind == "modal"
        values = {"Pictures": [("one.png", PICTURE), ("two.png", PICTURE)], "prompt": "a boat", "shape": ["portrait"]}
        sent = await (await w.wire.submit_modal(opened, values)).response()
        assert sent.kind == "message"
        assert not sent.ephemeral
        assert "2 pictures" in sent.text
        task = await task_of(w)
        assert len(task.request["image_urls"]) == 2
        await w.api.finish(task.id)
        await told(w, 1)
        (thread,) = w.wire.threads()
        (found,) = films_in(w, thread)
        assert not found.v2
        assert [one.split(":")[1] for one in found.custom_ids] == ["again", "edit", "continue", "more"]
        assert w.wire.unexpected == []


async def test_a_refused_form_on_the_wire(open_wire: OpenWire) -> None:
    """The refusal is hidden and has its button; the form comes back with everything, and pictures stay."""
    async with open_wire() as w:
        opened = await (await w.wire.command("video", {"private": False})).response()
        values = {"prompt": "a boat", "duration": ["25"], "pictures": [("one.png", PICTURE)]}
        refused = await (await w.wire.submit_modal(opened, values)).response()
        assert refused.ephemeral
        again = await pressed(w, refused.message, "fix")
        sent = await (await w.wire.submit_modal(again, {"duration": ["10"]})).response()
        assert "1 picture" in sent.text
        assert len((await task_of(w)).request["image_urls"]) == 1
        assert w.wire.unexpected == []


async def test_an_open_form_survives_a_restart(open_wire: OpenWire) -> None:
    """Opened by one process, sent to the next: one film."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire):
            opened = await (await wire.command("video", attachments={"image1": ("b.png", PICTURE)})).response()
        async with open_wire(wire=wire, starts=2) as w:
            sent = await (await wire.submit_modal(opened, {"prompt": "a boat"})).response()
            assert "1 picture" in sent.text
            await task_of(w)
            assert len(await w.rows("SELECT id FROM jobs")) == 1


async def test_months_later_in_an_archived_thread(open_wire: OpenWire) -> None:
    """The thread is archived, every link has died, the process is another: all buttons work, and the frame is had."""
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire) as w:
            thread = wire.add_thread(wire.channel, "films")
            message = await film(w, thread)
            api = w.api
        wire.advance(90 * 86_400)
        thread.archived = True
        async with open_wire(wire=wire, starts=2) as w:
            async with w.app.db.transaction() as conn:
                await conn.execute("UPDATE films SET url = replace(url, '/films/', '/gone/')")
                await conn.execute("UPDATE jobs SET task_id = 'unknown'")
            again = await pressed(w, message, "again")
            assert "is making a film" in again.text
            opened = await pressed(w, message, "continue")
            await (await wire.submit_modal(opened, {"prompt": "it sails on"})).response()
            task = await task_of(w, 3)
            assert len(task.request["image_urls"]) == 1
            menu = await pressed(w, message, "more")
            assert "/video prompt:a boat" in menu.content
            assert [call for call in wire.downloads if call.status == 200]
            assert api is w.api
            assert wire.unexpected == []


async def test_deleting_in_an_archived_thread(open_wire: OpenWire) -> None:
    """Discord deletes nothing in an archived thread: it is opened first; the ledger stays, the card says so."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        message = await film(w, thread, attachments={"image1": ("b.png", PICTURE)})
        thread.archived = True
        menu = await pressed(w, message, "more")
        ask = await pressed(w, menu.message, "delete")
        done = await pressed(w, ask.message, "erase")
        assert "Deleted" in done.text
        assert message.deleted
        assert not any("a boat" in one.text for one in w.wire.messages(thread))
        assert await w.rows("SELECT * FROM pictures") == []
        assert [row["kind"] for row in await w.rows("SELECT kind FROM ledger")] == ["hold", "capture"]
        assert w.wire.unexpected == []


async def test_a_recipe_as_a_file_on_the_wire(open_wire: OpenWire) -> None:
    """The longest prompt there is: its recipe comes as a text file, for the member alone."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        await (await w.wire.command("video", {"prompt": "🎬" * 2000 + "x" * 2000}, channel=thread)).response()
        await w.api.finish((await task_of(w)).id)
        await told(w, 1)
        shown = await pressed(w, films_in(w, thread)[0], "more")
        assert shown.ephemeral
        (file,) = shown.files
        assert file.filename.startswith("recipe-")
        assert (file.data or b"").decode().startswith("/video prompt:🎬")
        opened = await pressed(w, films_in(w, thread)[0], "edit")
        assert opened.kind == "modal"
        assert w.wire.unexpected == []


async def test_right_clicks_on_the_wire(open_wire: OpenWire) -> None:
    """Menus are synchronised; a stranger's pictures come with the message that was clicked, without reading any."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        said = w.wire.say(w.wire.member, thread, "look", ("cat.png", PICTURE), ("notes.txt", b"words"))
        opened = await (await w.wire.context_menu("Animate this image", said)).response()
        sent = await (await w.wire.submit_modal(opened, {"prompt": "it moves"})).response()
        assert "1 picture" in sent.text
        await w.api.finish((await task_of(w)).id)
        await told(w, 1)
        (found,) = films_in(w, thread)
        recipe = await (await w.wire.context_menu("Show the recipe", found)).response()
        assert recipe.ephemeral
        assert "/video prompt:it moves" in recipe.content
        form = await (await w.wire.context_menu("Continue this film", found)).response()
        assert form.kind == "modal"
        words = w.wire.say(w.wire.member, thread, "only words")
        for name in ("Animate this image", "Continue this film", "Show the recipe"):
            refused = await (await w.wire.context_menu(name, words)).response()
            assert refused.ephemeral
            assert refused.kind == "message"
        assert w.wire.unexpected == []


async def test_continue_and_join_on_the_wire(open_wire: OpenWire, footage: dict[str, bytes], tmp_path: Path) -> None:
    """Two films, one the sequel of the other, joined: a reply with one file, and nobody is pinged by it."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        message = await film(w, thread)
        opened = await pressed(w, message, "continue")
        await (await w.wire.submit_modal(opened, {"prompt": "it sails on"})).response()
        await w.api.finish((await task_of(w, 2)).id)
        await told(w, 2)
        sequel = films_in(w, thread)[-1]
        first = await w.wire.press(sequel, next(one for one in sequel.custom_ids if ":join:" in one))
        second = await w.wire.press(sequel, next(one for one in sequel.custom_ids if ":join:" in one))
        for answer in (await first.response(), await second.response()):
            assert answer.ephemeral
        (joined,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(thread) if "2 films joined by" in m.content], timeout=30
        )
        assert joined.reference is sequel
        assert not joined.pings
        assert len(joined.files) == 1
        await w.wire.wait_for(lambda: "one film" in first.text, timeout=10)
        await w.wire.wait_for(lambda: "one film" in second.text, timeout=10)
        assert w.wire.unexpected == []


async def test_a_joined_film_fits_its_server(open_wire: OpenWire, footage: dict[str, bytes]) -> None:
    """Two films that each just fit make one that fits as well, whatever the server takes."""
    footage["film"] = clips.film(320, 180, 1.0, noise=True)
    limit = len(footage["film"]) + 1000
    async with open_wire() as w:
        w.wire.guild.upload_limit = limit
        async with w.app.db.transaction() as conn:
            await memory.remember(conn, f"limit:{w.wire.guild.id}", limit, 1 << 50)
        thread = w.wire.add_thread(w.wire.channel, "films")
        message = await film(w, thread)
        opened = await pressed(w, message, "continue")
        await (await w.wire.submit_modal(opened, {"prompt": "it sails on"})).response()
        await w.api.finish((await task_of(w, 2)).id)
        await told(w, 2)
        await pressed(w, films_in(w, thread)[-1], "join")
        (joined,) = await w.wire.wait_for(
            lambda: [m for m in w.wire.messages(thread) if "2 films joined by" in m.content], timeout=60
        )
        assert 0 < joined.files[0].size <= limit
        assert w.wire.unexpected == []


async def test_forms_open_while_the_database_is_busy(open_wire: OpenWire) -> None:
    """A form cannot follow a defer: it opens at once, whoever writes; a card follows one."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        message = await film(w, thread)
        refused = await (await w.wire.command("video", {"prompt": "x", "duration": 25}, channel=thread)).response()
        async with w.app.db.transaction():
            for where, action in ((message, "edit"), (message, "continue"), (refused.message, "fix")):
                assert (await pressed(w, where, action)).kind == "modal"
            assert (await (await w.wire.command("video", channel=thread)).response()).kind == "modal"
            again = await pressed(w, message, "again")
            assert (again.kind, again.ephemeral) == ("defer", True)
        (card,) = await w.wire.wait_for(lambda: again.followups, timeout=10)
        assert "is making a film" in card.text
        assert w.wire.unexpected == []


async def test_a_locked_thread_takes_no_film(open_wire: OpenWire) -> None:
    """Locked means that the bot may not post there: said before anything is typed or charged."""
    async with open_wire() as w:
        thread = w.wire.add_thread(w.wire.channel, "films")
        message = await film(w, thread)
        thread.locked = True
        for action in ("again", "edit", "continue"):
            answer = await pressed(w, message, action)
            assert answer.ephemeral
            assert "This thread is locked" in answer.text
        assert len(await w.rows("SELECT id FROM jobs")) == 1


async def test_age_restricted_places(open_wire: OpenWire) -> None:
    """What is built on a film there is of such a place, too, whatever that becomes, and can be given no star."""
    async with open_wire(daily_credits=100) as w:
        async with w.app.db.transaction() as conn:
            showcase = w.wire.add_channel("showcase").id
            sql = "INSERT INTO servers (guild_id, showcase_channel_id, showcase_stars) VALUES (?, ?, 1)"
            await conn.execute(sql, (w.wire.guild.id, showcase))
        bob = w.wire.add_member("bob")
        red = w.wire.add_channel("red", nsfw=True)
        for n, place in ((1, w.wire.add_thread(w.wire.channel, "films")), (2, red)):
            await (await w.wire.command("video", {"prompt": "a boat"}, channel=place)).response()
            await w.api.finish((await task_of(w, n)).id)
            await told(w, n)
            message = [m for where in (place, *w.wire.threads()) for m in films_in(w, where)][-1]
            menu = await pressed(w, message, "more", member=bob)
            assert any(":star:" in one for one in menu.message.custom_ids) == (n == 1)
        red.nsfw = False
        await pressed(w, message, "again")
        opened = await pressed(w, message, "continue", member=bob)
        await (await w.wire.submit_modal(opened, {"prompt": "it sails on"})).response()
        await task_of(w, 4)
        assert [row["restricted"] for row in await w.rows("SELECT restricted FROM jobs ORDER BY rowid")] == [0, 1, 1, 1]


async def test_deleted_on_its_way(open_wire: OpenWire) -> None:
    """A film that its author deletes while it is being delivered is not posted, and its card says that it is gone."""
    async with open_wire() as w:
        card = await (await w.wire.command("video", {"prompt": "a boat"})).response()
        task = await task_of(w)
        done: list[str] = []

        async def delete(call: Call) -> None:
            if call.template.endswith("/threads"):
                menu = await (await w.wire.context_menu("Show the recipe", card.message)).response()
                ask = await pressed(w, menu.message, "delete")
                done.append((await pressed(w, ask.message, "erase")).text)

        w.wire.on_request(delete)
        await w.api.finish(task.id)
        await told(w, 1)
        assert "Deleted" in done[0]
        assert [m for where in (w.wire.channel, *w.wire.threads()) for m in films_in(w, where)] == []
        assert "film was deleted" in card.text


async def test_deleted_during_its_upload(open_wire: OpenWire) -> None:
    """A film that its author deletes while its message goes out is removed at once, and its card says so."""
    async with open_wire() as w:
        card = await (await w.wire.command("video", {"prompt": "a boat"})).response()
        task = await task_of(w)
        done: list[str] = []

        async def delete(call: Call) -> None:
            if call.template == "/channels/{channel}/messages" and not done:
                menu = await (await w.wire.context_menu("Show the recipe", card.message)).response()
                ask = await pressed(w, menu.message, "delete")
                done.append((await pressed(w, ask.message, "erase")).text)

        w.wire.on_request(delete)
        await w.api.finish(task.id)
        await told(w, 1)
        assert "Deleted" in done[0]
        posted = "POST /channels/{channel}/messages"
        assert [call for call in w.wire.counted if f"{call.method} {call.template}" == posted], "it was on its way"
        await w.wire.wait_for(lambda: [c for c in w.wire.counted if c.method == "DELETE"], timeout=15)
        await w.wire.wait_for(lambda: "film was deleted" in card.text, timeout=15)
        assert [m for where in (w.wire.channel, *w.wire.threads()) for m in films_in(w, where)] == []
        await until_rows(w, "SELECT message_id FROM jobs", [(0,)])
