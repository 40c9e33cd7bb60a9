"""Knows that the stand-in for Discord lets a real discord.py bot live, and refuses what Discord refuses."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from discord.http import Route

from tests.discordwire import Attached, Call, DiscordWire, Drop, Interaction
from tests.discordwire.samplebot import Bot, card

FILM = b"film" * 5000


@pytest.fixture
async def wire(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordWire]:
    async with DiscordWire() as one:
        monkeypatch.setattr(Route, "BASE", one.api_url)
        yield one


@pytest.fixture
async def bot(wire: DiscordWire) -> AsyncIterator[Bot]:
    one = Bot()
    running = asyncio.create_task(one.start(wire.token))
    await wire.ready()
    yield one
    await one.close()
    await running
    assert wire.unexpected == []


def place(bot: Bot, wire: DiscordWire) -> discord.PartialMessageable:
    return bot.get_partial_messageable(wire.channel.id, guild_id=wire.guild.id)


async def used(wire: DiscordWire, bot: Bot, name: str, **kwargs: Any) -> tuple[Interaction, discord.Interaction[Any]]:
    """A command that was used, from Discord's side and from the bot's, once its handler is through."""
    mine = await wire.command(name, **kwargs)
    async with asyncio.timeout(5):
        return mine, await bot.seen.get()


async def code_of(call: Any) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as caught:
        await call
    return caught.value.status, caught.value.code


async def test_a_bot_logs_in_without_intents_and_syncs_its_commands(wire: DiscordWire, bot: Bot) -> None:
    """Login, one IDENTIFY with no intents, and the tree as Discord keeps it."""
    assert [call.path for call in wire.log][:3] == ["/users/@me", "/oauth2/applications/@me", wire.log[2].path]
    assert len(wire.gateway.identifies) == 1
    assert wire.gateway.identifies[0]["intents"] == 0
    assert [one["name"] for one in wire.commands[None]][:2] == ["video", "later"]
    assert {one.name for one in await bot.tree.fetch_commands()} >= {"video", "form"}


async def test_a_command_with_a_picture_is_answered_with_a_card(wire: DiscordWire, bot: Bot) -> None:
    """The bot reads the attachment from the file server and answers with components, publicly, in time."""
    role = wire.add_role("VIP")
    grace = wire.add_member("grace", role, locale="de")
    picture = Attached("cat.png", b"x" * 321, width=4)
    mine, theirs = await used(
        wire, bot, "video", options={"prompt": "a cat"}, member=grace, attachments={"image": picture}
    )
    await mine.response()
    assert (mine.kind, mine.ephemeral, mine.message.v2, mine.text) == ("message", False, True, "a cat sora-2 321")
    assert mine.message.custom_ids == ["job:again:k3j9"]
    assert mine.seconds is not None
    assert mine.seconds < 3
    assert [call.status for call in wire.downloads] == [200]
    assert isinstance(theirs.user, discord.Member)
    assert list(theirs.user._roles) == [role.id]
    assert theirs.app_permissions.attach_files
    assert theirs.locale is discord.Locale.german
    assert theirs.is_guild_integration()
    assert theirs.filesize_limit == 10 * 1024 * 1024
    assert isinstance(theirs.channel, discord.TextChannel)


async def test_a_thread_from_the_card_takes_the_film_once(wire: DiscordWire, bot: Bot) -> None:
    """The thread has the message's id, a repeated nonce is folded into the first message, an old one is not."""
    mine, _ = await used(wire, bot, "video", options={"prompt": "a cat"})
    made = await bot.http.start_thread_with_message(
        wire.channel.id, mine.message.id, name="film", auto_archive_duration=1440
    )
    assert int(made["id"]) == mine.message.id
    again = bot.http.start_thread_with_message(wire.channel.id, mine.message.id, name="b", auto_archive_duration=1440)
    assert await code_of(again) == (400, 160004)
    thread = bot.get_partial_messageable(int(made["id"]), guild_id=wire.guild.id)

    async def send() -> discord.Message:
        film = discord.File(io.BytesIO(FILM), "film.mp4")
        who = discord.AllowedMentions(users=[discord.Object(wire.member.id)])
        return await thread.send(f"{wire.member.mention} @everyone", file=film, nonce="k3j9:1", allowed_mentions=who)

    first, second = await send(), await send()
    assert first.id == second.id
    (film,) = wire.messages(first.channel.id)
    assert film.files[0].sha256 == hashlib.sha256(FILM).hexdigest()
    assert (film.pings.users, film.pings.everyone) == ({wire.member.id}, False)
    assert len(wire.calls("POST", "/channels/{channel}/messages")) == 2
    found = [one async for one in thread.history(limit=5)]
    assert [one.type for one in found] == [discord.MessageType.default, discord.MessageType.thread_starter_message]
    wire.advance(wire.nonce_seconds + 1)
    assert (await send()).id != first.id


async def test_rights_that_are_missing_are_refused_one_by_one(wire: DiscordWire, bot: Bot) -> None:
    """Each right has its own refusal, and no refused message comes to be."""
    target = place(bot, wire)
    card_message = await target.send("card")

    async def send(**kwargs: Any) -> None:
        await target.send("hello", **kwargs)

    wire.deny(wire.channel, "CREATE_PUBLIC_THREADS", "ATTACH_FILES", "EMBED_LINKS", "READ_MESSAGE_HISTORY")
    start = bot.http.start_thread_with_message(
        wire.channel.id, card_message.id, name="film", auto_archive_duration=1440
    )
    assert await code_of(start) == (403, 50013)
    assert await code_of(send(file=discord.File(io.BytesIO(b"a"), "a.mp4"))) == (403, 50013)
    assert await code_of(send(embed=discord.Embed(title="a"))) == (403, 50013)
    assert await code_of(send(reference=card_message)) == (403, 160002)
    assert [one async for one in target.history()] == []
    wire.deny(wire.channel, "SEND_MESSAGES")
    assert await code_of(send()) == (403, 50013)
    wire.deny(wire.channel, "VIEW_CHANNEL")
    assert await code_of(send()) == (403, 50001)
    wire.remove_bot()
    assert await code_of(bot.fetch_guild(wire.guild.id)) == (404, 10004)
    wire.delete_channel(wire.channel)
    assert await code_of(send()) == (404, 10003)
    assert [one.content for one in wire.messages(wire.channel)] == ["card"]


async def test_threads_that_sleep_wake_up_unless_locked(wire: DiscordWire, bot: Bot) -> None:
    """Sending wakes an archived thread; a locked one refuses; an edit in an archived one is refused."""
    thread = wire.add_thread(wire.channel, "old", archived=True)
    target = bot.get_partial_messageable(thread.id, guild_id=wire.guild.id)
    sent = await target.send("hello")
    assert not thread.archived
    thread.archived = True
    assert await code_of(sent.edit(content="new")) == (403, 50083)
    thread.locked = True
    assert await code_of(target.send("hello")) == (403, 160005)
    voice = wire.add_channel("lounge", "voice")
    said = await bot.get_partial_messageable(voice.id, guild_id=wire.guild.id).send("hello")
    start = bot.http.start_thread_with_message(voice.id, said.id, name="film", auto_archive_duration=1440)
    assert await code_of(start) == (400, 50024)
    forum = wire.add_channel("forum", "forum")
    assert await code_of(bot.get_partial_messageable(forum.id).send("hello")) == (400, 50008)


async def test_an_interaction_is_answered_once_and_its_token_dies(wire: DiscordWire, bot: Bot) -> None:
    """A second acknowledgement is 40060, a late one 10062, a followup before any 10015, one after 15 minutes 50027."""
    _, theirs = await used(wire, bot, "silent")
    assert await code_of(theirs.followup.send("too early")) == (404, 10015)
    await theirs.response.send_message("one")
    theirs.response._response_type = None
    assert await code_of(theirs.response.send_message("two")) == (400, 40060)
    await theirs.followup.send("three")
    wire.advance(900)
    assert await code_of(theirs.followup.send("four")) == (401, 50027)
    assert await code_of(theirs.edit_original_response(content="five")) == (401, 50027)
    late, theirs = await used(wire, bot, "silent")
    wire.advance(3.5)
    assert await code_of(theirs.response.send_message("late")) == (404, 10062)
    assert not late.acknowledged


async def test_a_defer_fixes_who_sees_the_answer(wire: DiscordWire, bot: Bot) -> None:
    """The placeholder of an ephemeral defer is edited into the card, and what follows is public."""
    mine, _ = await used(wire, bot, "later")
    assert (mine.kind, mine.ephemeral, mine.text) == ("defer", True, "Started")
    assert not mine.message.loading
    assert [one.content for one in mine.followups] == ["for all to see"]
    assert [one.content for one in wire.messages(wire.channel)] == ["for all to see"]
    _, theirs = await used(wire, bot, "silent")
    await theirs.response.defer(ephemeral=True)
    await theirs.followup.send("meant for all", ephemeral=False)
    assert len(wire.messages(wire.channel)) == 1


async def test_suggestions_presses_and_forms_reach_the_bot(wire: DiscordWire, bot: Bot) -> None:
    """Autocomplete, a DynamicItem's button, a form with an upload and a message's menu all are answered."""
    typed = await (await wire.autocomplete("video", "model", "veo", {"prompt": "x"})).response()
    assert [one["value"] for one in typed.choices] == ["veo-3"]
    shown = await (await wire.command("video", {"prompt": "a cat"})).response()
    pressed = await (await wire.press(shown.message, "job:again:k3j9")).response()
    assert (pressed.text, pressed.ephemeral) == ("again k3j9", True)
    opened = await (await wire.command("form")).response()
    assert opened.kind == "modal"
    pictures = [("a.png", b"12"), ("b.jpg", b"345")]
    filled = await (await wire.submit_modal(opened, {"Prompt": "a dog", "Pictures": pictures})).response()
    assert filled.text == "a dog: [2, 3]"
    said = wire.say(wire.member, wire.channel, "look", ("cat.png", b"cat"))
    menu = await (await wire.context_menu("Animate this image", said)).response()
    assert menu.text == "look cat.png"


async def test_subcommands_take_typed_values_and_hide_from_members(wire: DiscordWire, bot: Bot) -> None:
    """A member's value arrives resolved; what Discord's client would not send is an error of the test."""
    chief = wire.add_member("chief", wire.add_role("moderator", "MANAGE_GUILD"))
    options = {"who": wire.member, "credits_a_day": 7}
    answered = await (await wire.command("manage limit set", options, member=chief)).response()
    assert answered.text == "ada 7"
    with pytest.raises(PermissionError):
        await wire.command("manage limit set", options)
    with pytest.raises(ValueError, match="out of range"):
        await wire.command("manage limit set", options | {"credits_a_day": 101}, member=chief)
    with pytest.raises(LookupError):
        await wire.command("manage", member=chief)


async def test_direct_messages_open_and_refuse(wire: DiscordWire, bot: Bot) -> None:
    """A member gets a direct message, until he closes them."""
    user = await bot.fetch_user(wire.member.id)
    await user.send("hello")
    assert [one.content for one in wire.messages(wire.dm(wire.member))] == ["hello"]
    wire.close_dms(wire.member)
    assert await code_of(user.send("hello")) == (403, 50007)
    mine, theirs = await used(wire, bot, "silent", channel=wire.dm(wire.member))
    assert (mine.delivered, theirs.guild_id) == (True, None)
    assert isinstance(theirs.channel, discord.DMChannel)


async def test_a_second_version_message_stays_one_and_files_have_a_limit(wire: DiscordWire, bot: Bot) -> None:
    """The flag cannot be taken away, unlisted attachments go, and a file over the server's limit is 40005."""
    target = place(bot, wire)
    sent = await target.send(view=card("card"))
    assert await code_of(sent.edit(content="text", view=None)) == (400, 50035)
    clip = discord.File(io.BytesIO(b"a"), "a.mp4")
    film = await target.send("film", file=clip)
    await film.edit(content="new words")
    assert len(wire.messages(wire.channel)[1].files) == 1
    await film.edit(attachments=[])
    assert wire.messages(wire.channel)[1].files == []
    wire.guild.upload_limit = 100
    assert await code_of(target.send(file=discord.File(io.BytesIO(FILM), "f.mp4"))) == (413, 40005)


async def test_planned_faults_happen_before_or_after_the_action(wire: DiscordWire, bot: Bot) -> None:
    """A fault before leaves nothing, one after leaves the message; a 429 beyond the cap is RateLimited."""
    target = place(bot, wire)
    wire.fail("POST", r"/messages$", status=503)
    with pytest.raises(discord.DiscordServerError):
        await target.send("lost")
    wire.fail("POST", r"/messages$", drop=True, after=True)
    with pytest.raises(aiohttp.ClientError):
        await target.send("sent, but nobody said so")
    wire.fail("POST", r"/messages$", retry_after=219, scope="shared")
    with pytest.raises(discord.RateLimited):
        await target.send("later")
    blocked = wire.fail("POST", r"/messages$", status=429, via=False, body="<html>")
    assert await code_of(target.send("banned")) == (429, 0)
    assert len(blocked.hits) == 1
    assert [one.content for one in wire.messages(wire.channel)] == ["sent, but nobody said so"]


async def test_hooks_stand_before_and_after_every_request(wire: DiscordWire, bot: Bot) -> None:
    """A hook sees each call, and may cut the line before the action or before the answer."""
    target = place(bot, wire)
    seen: list[str] = []

    async def cut(call: Call) -> None:
        seen.append(call.template)
        raise Drop

    for when, left in (("before", 0), ("after", 1)):
        wire.on_request(cut, when)
        with pytest.raises(aiohttp.ClientError):
            await target.send("hello")
        wire.clear_hooks()
        assert len(wire.messages(wire.channel)) == left
    assert seen == ["/channels/{channel}/messages"] * 2
    assert wire.log[-1].status is None
    assert all(call.template != "/interactions/{interaction}/{token}/callback" for call in wire.counted)


async def test_a_broken_connection_is_taken_up_again(wire: DiscordWire, bot: Bot) -> None:
    """After a drop the bot resumes its session, and the next command arrives."""
    await wire.gateway.disconnect()
    await wire.wait_for(lambda: wire.gateway.resumes == 1)
    mine = await (await wire.command("video", {"prompt": "a cat"})).response()
    assert mine.kind == "message"
    assert len(wire.gateway.identifies) == 1
