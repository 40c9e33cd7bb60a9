"""Films that begin from films, as people make them: forms filled in, films finished, buttons pressed."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import simcord
from discord.http import handle_message_parameters

from demo.life import Task
from tests.conftest import Stage
from tests.sim import eventually
from ui.results import Row

Place = simcord.ChannelHandle
Person = simcord.MemberActor


async def a_post(stage: Stage) -> Place:
    """A post in a forum, to ask for films in."""
    forum = stage.world.guild.create_forum_channel("posts")
    with handle_message_parameters(content="Films, please") as made:
        params = made._replace(payload={"message": made.payload, "name": "A post"})
        await stage.app.bot.http.start_thread_in_forum(forum.id, params=params)
    return forum.threads[0]


async def decided(stage: Stage, **settings: int) -> None:
    """Moderators have set these; to be called before anything is asked for."""
    names = ", ".join(settings)
    marks = ", ".join("?" * len(settings))
    async with stage.app.db.transaction() as conn:
        values = (stage.world.guild.id, *settings.values())
        await conn.execute(f"INSERT INTO servers (guild_id, {names}) VALUES (?, {marks})", values)


def held(form: dict[str, Any] | None) -> dict[str, Any]:
    """What a form holds when it opens, by field."""
    assert form is not None, "no form was opened"
    found: dict[str, Any] = {}
    for label in form["components"]:
        field = label["component"]
        if field["type"] == 4:
            found[field["custom_id"]] = field.get("value") or ""
        elif field["type"] == 3:
            found[field["custom_id"]] = [one["value"] for one in field["options"] if one.get("default")]
    return found


def beside(form: dict[str, Any] | None, field: str) -> str:
    """The words under a field's label."""
    assert form is not None
    return next(
        label.get("description") or "" for label in form["components"] if label["component"]["custom_id"] == field
    )


async def submit(person: Person, opened: simcord.InteractionResult, **changed: Any) -> simcord.InteractionResult:
    """Send a form as it opened, but for what is changed."""
    return await person.submit_modal(opened, held(opened.modal) | changed)


async def tasks(stage: Stage, n: int) -> Task:
    """The n-th task that the API has accepted."""
    await stage.api.until(lambda: len(stage.api.tasks) >= n)
    return list(stage.api.tasks.values())[n - 1]


def results(place: Place) -> list[discord.Message]:
    """The messages that brought films to a place, oldest first."""
    return [message for message in place.history() if message.attachments and "film" in message.content]


async def film(stage: Stage, place: Place, *, by: Person | None = None, **options: Any) -> discord.Message:
    """A film asked for in a thread and made: the message that brings it."""
    before, made = len(results(place)), len(stage.api.tasks)
    answer = await (by or stage.world.visitor).slash(place, "video", **({"prompt": "a paper boat"} | options))
    assert answer.acknowledged
    await stage.api.finish((await tasks(stage, made + 1)).id)
    message = (await eventually(lambda: results(place)[before:], within=20))[0]
    await told(stage, made + 1)
    return message


async def told(stage: Stage, n: int) -> None:
    """Wait until it is written down that people were told of n generations."""
    for _ in range(1000):
        rows = await stage.rows("SELECT count(*) AS n FROM jobs WHERE announced_at > 0")
        if rows[0]["n"] >= n:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"people were not told of {n} generations")


async def job(stage: Stage, n: int = 1) -> dict[str, Any]:
    """The n-th generation's row."""
    rows = await stage.rows("SELECT * FROM jobs ORDER BY created_at, rowid")
    return rows[n - 1]


async def posted(stage: Stage, custom_id: str) -> discord.Message:
    """A message of the bot's with one button of this id."""
    channel = stage.app.bot.get_partial_messageable(stage.world.thread.id)
    button: discord.ui.Button[Any] = discord.ui.Button(label="old", custom_id=custom_id)
    await channel.send("old", view=Row(button))
    return stage.world.thread.history()[-1]
