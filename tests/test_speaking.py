"""Speaking: a member reads in the member's language, everyone in the server's, wherever words come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import OpenWire, Wired
from tests.discordwire import Channel, DiscordWire, Member, Message
from tests.test_delivery import films_in, task_of, wait_row
from ui import language

JAPANESE = re.compile(r"[\u3040-\u30ff]")


def german(w: Wired) -> Member:
    """A member who reads German, in a server that speaks Japanese."""
    w.wire.guild.locale = "ja"
    return w.wire.add_member("grace", locale="de")


async def asked(w: Wired, who: Member, **options: object) -> Message:
    """The card of a film that somebody asked for."""
    command = await (await w.wire.command("video", {"prompt": "a boat", **options}, member=who)).response(timeout=10)
    assert command.message is not None
    return command.message


async def told(w: Wired, place: Channel) -> Message:
    """The film's message, once it is there."""
    (film,) = await w.wire.wait_for(lambda: films_in(w, place), timeout=15)
    await wait_row(w, "SELECT 1 FROM jobs WHERE announced_at > 0")
    return film


async def test_a_public_film_is_in_the_servers_language(open_wire: OpenWire) -> None:
    """Card, thread and film are Japanese, as the server is; what only the member sees is German."""
    async with open_wire() as w:
        grace = german(w)
        card = await asked(w, grace)
        assert "さんが動画を作っています" in card.text
        row = await wait_row(w, "SELECT locale, server_locale, id FROM jobs")
        assert (row["locale"], row["server_locale"]) == ("de", "ja")
        await w.api.finish((await task_of(w)).id)
        (thread,) = await w.wire.wait_for(lambda: w.wire.threads(w.wire.channel), timeout=15)
        film = await told(w, thread)
        assert "動画が 1 本できました。" in film.content
        assert film.content.endswith(row["id"]), "the courier finds its messages by their end, in every language"
        assert "さんの動画ができました" in card.text
        again = await (await w.wire.press(card_with(w, row["id"]), f"job:more:{row['id']}", grace)).response(timeout=10)
        assert again.ephemeral
        assert "**Rezept**" in again.text


def card_with(w: Wired, job_id: str) -> Message:
    """The message that has the buttons of a finished film."""
    places = [w.wire.channel, *w.wire.threads(w.wire.channel)]
    found = [one for place in places for one in w.wire.messages(place) if f"job:more:{job_id}" in one.custom_ids]
    return found[0]


async def test_a_refusal_is_in_the_members_language(open_wire: OpenWire) -> None:
    """Commands, buttons and suggestions answer in German."""
    async with open_wire() as w:
        grace = german(w)
        refused = await (await w.wire.command("video", {"prompt": "a boat", "duration": 11}, member=grace)).response(
            timeout=10
        )
        assert refused.ephemeral
        assert "macht keine Videos von 11 s" in refused.text
        assert "Es wurde nichts berechnet." in refused.text
        choices = await (await w.wire.autocomplete("video", "duration", "", member=grace)).response(timeout=10)
        assert any("Credits)" in choice["name"] for choice in choices.choices or [])
        names = [
            one["name"]
            for one in (await (await w.wire.autocomplete("video", "size", "", member=grace)).response()).choices or []
        ]
        assert any(name.startswith("klein (ab ") for name in names)


async def test_a_private_film_is_in_the_members_language(open_wire: OpenWire) -> None:
    """Its card, its film and the answer to the command are German: nobody else reads them."""
    async with open_wire() as w:
        grace = german(w)
        answer = await asked(w, grace, private=True)
        assert "Gestartet, nur für dich" in answer.text
        home = w.wire.dm(grace)
        (card,) = w.wire.messages(home)
        assert "macht ein Video" in card.text
        await w.api.finish((await task_of(w)).id)
        assert "dein Video ist fertig" in (await told(w, home)).content


async def test_a_public_film_that_finds_no_place_is_told_in_the_members_language(open_wire: OpenWire) -> None:
    """In a direct message there is only the member to read it."""
    async with open_wire() as w:
        grace = german(w)
        thread = w.wire.add_thread(w.wire.channel, "films")
        await (await w.wire.command("video", {"prompt": "a boat"}, member=grace, channel=thread)).response(timeout=10)
        task = await task_of(w)
        w.wire.delete_channel(thread)
        await w.api.finish(task.id)
        assert "dein Video ist fertig" in (await told(w, w.wire.dm(grace))).content


async def test_moderators_choose_the_servers_language(open_wire: OpenWire) -> None:
    """What they choose counts over what Discord says, for cards and for the log; so does Discord's word without it."""
    async with open_wire() as w:
        grace = german(w)
        boss = w.wire.add_member("boss", w.wire.add_role("boss", "MANAGE_GUILD"))
        log = w.wire.add_channel("log")
        await (await w.wire.command("manage log-channel", {"channel": log}, member=boss)).response(timeout=10)
        (first,) = await w.wire.wait_for(lambda: w.wire.messages(log), timeout=15)
        assert JAPANESE.search(first.text), "nobody chose a language: what Discord says of the server"
        await (await w.wire.command("manage language", {"language": "es-ES"}, member=boss)).response(timeout=10)
        assert "está haciendo un video" in (await asked(w, grace)).text
        second = (await w.wire.wait_for(lambda: w.wire.messages(log)[1:], timeout=15))[0]
        assert "cambió «idioma»" in second.text


async def test_commands_are_told_in_each_language(
    open_wire: OpenWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord has descriptions in every language, and is told again at a start after a word has changed."""
    for name in sorted(set(language.CATALOGUES.values())):
        there = tmp_path / "locales" / name / "LC_MESSAGES"
        there.mkdir(parents=True)
        (there / "clapper.po").write_bytes((language.LOCALES / name / "LC_MESSAGES" / "clapper.po").read_bytes())
    async with DiscordWire("token-of-the-bot") as wire:
        async with open_wire(wire=wire):
            video = next(one for one in wire.commands[None] if one["name"] == "video")
            assert set(video["description_localizations"]) == set(language.CATALOGUES)
            assert video["description_localizations"]["de"].startswith("Ein Video aus Worten machen")
            assert not any(one.get("name_localizations") for one in [video, *video["options"]]), "what people type"
        assert len(wire.calls("PUT", "/applications/{application}/commands")) == 1
        with (tmp_path / "locales" / "de" / "LC_MESSAGES" / "clapper.po").open("ab") as file:
            file.write(b'\nmsgid "new"\nmsgstr "neu"\n')
        monkeypatch.setattr(language, "LOCALES", tmp_path / "locales")
        async with open_wire(wire=wire, starts=2):
            pass
        assert len(wire.calls("PUT", "/applications/{application}/commands")) == 2
