"""Languages: no text is missing, none is left outside, and each translation fits and keeps what its text has."""

from __future__ import annotations

import asyncio
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.conftest import Stage
from tests.discordwire import commands as wire_commands
from tests.texts.found import Text, every_text
from tests.texts.literals import problems, problems_in
from tests.texts.marks import differences
from ui import language
from ui.language import CATALOGUES, LOCALES, _, _n, decimal, listed, number, sentences, speaking, within
from ui.localised import Localised

NAMES = sorted(set(CATALOGUES.values()))


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    """Every text that people read."""
    return asyncio.run(every_text())


def catalogue(name: str) -> Catalog:
    with (LOCALES / name / "LC_MESSAGES" / "clapper.po").open("rb") as file:
        return read_po(file, locale=name)


def forms(message: Message) -> list[tuple[str, str]]:
    """(text, its translation) for each form of a message; the last English form stands for all further ones."""
    ours = [message.id] if isinstance(message.id, str) else list(message.id)
    theirs = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if len(theirs) < len(ours):
        ours = ours[-len(theirs) :]  # one form for every number: it must do for many
    return [(ours[min(n, len(ours) - 1)], text) for n, text in enumerate(theirs)]


def test_no_words_stand_outside_of_the_catalogues() -> None:
    """Every literal of ui/ and cogs/ that people would read goes through `_`."""
    assert problems() == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = 'Nothing was charged.'", True),
        ("x = f'{n} left'", True),
        ("ui.Button(label='ok')", True),
        ("x = {'day': 'Today'}", True),
        ("Card(BLUE, f'### {a} film')", True),
        ("_(f'{n} left')", True),
        ("_('a' + b)", True),
        ("_('{n} left').format(m=3)", True),
        ("_n('{n} film of {who}', '{n} films', n)", True),
        ("Choice(name=f'{n} credits', value=n)", True),
        ("x = _('Nothing was charged.')", False),
        ("_('{n} left').format(n=3)", False),
        ("_(row.about)", False),
        ("log.info('job %s: told', job.id)", False),
        ("ui.Button(label=_('Cancel'), custom_id=f'job:cancel:{job.id}')", False),
        ("raise Refused('no_credits')", False),
        ("f'### {title}\\n> {prompt}'", False),
        ("f'<t:{seconds}:R>'", False),
        ("def f():\n    'What it does.'\n    return 'text'", False),
        ("Choice(name='Landscape', value='landscape')", False),
    ],
)
def test_words_outside_are_found(source: str, found: bool) -> None:
    """The test above sees what it is there for, and nothing else."""
    assert bool(problems_in(source)) == found


@pytest.mark.parametrize("name", NAMES)
def test_each_text_is_translated(name: str, texts: list[Text]) -> None:
    """Nothing is missing, doubtful or left over: `make texts` brings a catalogue up to date."""
    mine = catalogue(name)
    known = {message.id if isinstance(message.id, str) else message.id[0]: message for message in mine if message.id}
    wanted = {text.one: text for text in texts}
    assert sorted(wanted.keys() - known.keys()) == [], "run `make texts`, then translate"
    assert sorted(known.keys() - wanted.keys()) == [], "run `make texts`"
    assert [text.one for text in texts if bool(text.many) != (not isinstance(known[text.one].id, str))] == []
    assert [message.id for message in known.values() if message.fuzzy] == []
    assert [message.id for message in known.values() if not all(text for _ours, text in forms(message))] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_translation_keeps_what_its_text_has(name: str, texts: list[Text]) -> None:
    """Values, marks, commands, names, and how it ends; and it fits where Discord shows it."""
    most = {text.one: text.most for text in texts}
    wrong: list[str] = []
    for message in catalogue(name):
        for ours, theirs in forms(message) if message.id and all(message.string or ()) else []:
            wrong += [f"{theirs!r}: {what}" for what in differences(ours, theirs)]
            first = message.id if isinstance(message.id, str) else message.id[0]
            if len(re.sub(r"\{[^}]*\}", "000", theirs)) > most.get(first, 4_000):
                wrong.append(f"{theirs!r} has {len(theirs)} characters: {most[first]} fit")
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "translated", "kept"),
    [
        ("{n} left", "noch {n}", True),
        ("{n} left", "noch {m}", False),
        ("{n} left", "noch {n", False),
        ("Write it in `prompt`.", "Schreib es in `prompt`.", True),
        ("Write it in `prompt`.", "Schreib es in `text`.", False),
        ("**{a}**: no", "{a}: nein", False),
        ("### Gone", "Weg", False),
        ("It goes on.", "Es geht weiter", False),
        ("It goes on.", "会继续。", True),
        ("Clapper rests", "Die Klappe ruht", False),
        ("See /manage jobs", "Siehe /verwalten jobs", False),
        ("🎬 Gone", "Weg", False),
        ("[here]({link})", "[hier]({link})", True),
        ("[here]({link})", "hier {link}", False),
        ("a ||{word}||", "ein {word}", False),
    ],
)
def test_what_a_translation_lost_is_found(text: str, translated: str, kept: bool) -> None:
    """The test above sees what it is there for, and nothing else."""
    assert (differences(text, translated) == []) == kept


async def test_commands_fit_into_what_discord_takes(stage: Stage) -> None:
    """With the longest translation of each text: 8,000 characters a command, 100 a description, 25 options."""
    tree = stage.app.bot.tree
    payloads = [await command.get_translated_payload(tree, Localised()) for command in tree.get_commands()]
    assert len(payloads) >= 3
    for n, payload in enumerate(payloads):
        wire_commands.check_command(payload, str(n))
    video = next(one for one in payloads if one["name"] == "video")
    assert set(video["description_localizations"]) == set(CATALOGUES)
    assert "name_localizations" not in video or not video["name_localizations"], "what people type stays as it is"


@pytest.mark.parametrize(
    ("locale", "said", "list_", "grouped"),
    [
        ("en-US", "Nothing was charged. Run it again.", "a, b or c", "12,345"),
        ("en-GB", "Nothing was charged. Run it again.", "a, b or c", "12,345"),
        ("fr", "Nothing was charged. Run it again.", "a, b or c", "12,345"),
        ("unknown_xx", "Nothing was charged. Run it again.", "a, b or c", "12,345"),
        ("de", "Es wurde nichts berechnet. Versuch es noch einmal.", "a, b oder c", "12.345"),
        ("es-ES", "No se ha cobrado nada. Prueba otra vez.", "a, b o c", "12.345"),
        ("es-419", "No se ha cobrado nada. Prueba otra vez.", "a, b o c", "12.345"),
        ("pt-BR", "Nada foi cobrado. Tente de novo.", "a, b ou c", "12.345"),
        ("ja", "課金はされていません。もう一度試してください。", "a、b、またはc", "12,345"),
        ("zh-CN", "未扣除任何点数。再试一次。", "a、b或c", "12,345"),
        ("zh-TW", "未扣除任何点数。再试一次。", "a、b或c", "12,345"),
    ],
)
def test_each_locale_has_its_language(locale: str, said: str, list_: str, grouped: str) -> None:
    """Discord's locales, also those that have no catalogue; sentences, lists and numbers as each language has them."""
    with speaking(locale):
        assert sentences(_("Nothing was charged."), "", _("Run it again.")) == said
        assert (listed(["a", "b", "c"]), number(12_345)) == (list_, grouped)
    assert _("Run it again.") == "Run it again."


def test_numbers_choose_their_form() -> None:
    """One and many, where a language tells them apart; a text that no catalogue has stays English."""
    with speaking("de"):
        assert [_n("{n} film waits", "{n} films wait", n) for n in (1, 2)] == ["{n} film waits", "{n} films wait"]
        assert [_n("{n} picture", "{n} pictures", n).format(n=n) for n in (0, 1, 2)] == [
            "0 Bilder",
            "1 Bild",
            "2 Bilder",
        ]
        assert decimal(1.26, places=1) == "1,3"
        assert within("Das") == "Das"
    with speaking("pt-BR"):
        assert _n("{n} picture", "{n} pictures", 0).format(n=0) == "0 imagem"
    with speaking("ja"):
        assert {_n("{n} picture", "{n} pictures", n) for n in (0, 1, 2)} == {"{n} 枚の画像"}
    assert _("") == ""


def test_a_changed_translation_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord is told about the commands again whenever a word of a catalogue has changed."""
    before = language.fingerprint()
    assert before == language.fingerprint()
    for name in NAMES:
        there = tmp_path / name / "LC_MESSAGES"
        there.mkdir(parents=True)
        (there / "clapper.po").write_bytes((LOCALES / name / "LC_MESSAGES" / "clapper.po").read_bytes())
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    assert language.fingerprint() == before
    with (tmp_path / "de" / "LC_MESSAGES" / "clapper.po").open("ab") as file:
        file.write(b'\nmsgid "new"\nmsgstr "neu"\n')
    assert language.fingerprint() != before


def test_catalogues_are_read_as_they_stand() -> None:
    """Each parses without an error, and knows how many forms its numbers have."""
    assert {name: catalogue(name).num_plurals for name in NAMES} == {"de": 2, "es": 2, "ja": 1, "pt_BR": 2, "zh_CN": 1}
    for name in NAMES:
        raw = (LOCALES / name / "LC_MESSAGES" / "clapper.po").read_bytes()
        assert read_po(BytesIO(raw), locale=name, abort_invalid=True)
