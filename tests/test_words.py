"""Words: every reason has its sentence, every sentence its reason, and text from outside stays harmless."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import discord
import pytest

from domain.faults import BadClip, BadName, BadPicture, Fault, Refused
from domain.job import Film, Job, JobState
from domain.request import GenerationRequest
from domain.wire import Wire
from ui import cards, operator, words, words_characters, words_ended, words_refused
from ui.language import CATALOGUES, speaking

TABLES = {
    "REFUSED": words_refused.REFUSED,
    "PICTURE": words_refused.PICTURE,
    "STORAGE": words_refused.STORAGE,
    "CLIP": words_characters.CLIP,
    "NAMES": words_characters.NAMES,
    "KEPT": words_characters.REFUSED,
    "ENDED": words_ended.ENDED,
    "OPERATOR": operator.OPERATOR,
}


def any_values() -> dict[str, Any]:
    """Values for every sentence: what a fault may carry."""
    numbers = {"price": 4, "left": 2, "waiting": 10, "most": 20, "length": 5_000, "server": 77, "size": 30_000_000}
    texts = {"model": "Sora 2", "asked": "x", "why": "It is being repaired", "name": "cat.png", "position": 2}
    lists = {"can": (10, 15), "others": ["Sora 2 Pro"], "rights": ["send_messages"]}
    times = {"renews_at": 1_800_000_000_000, "again_at": 1_800_000_000_000, "width": 9_000, "height": 9_000}
    numbers |= {"seconds": 2.5, "start": 1.0, "end": 4.0}
    return defaultdict(str, numbers | texts | lists | times)


def a_job(**changes: Any) -> Job:
    wire = Wire("sora", {"model": "sora-2"}, {"prompt": "prompt"})
    request = GenerationRequest("a boat", "sora-2", 10, "small", "landscape")
    values: dict[str, Any] = {
        "id": "abc123defg",
        "guild_id": 1,
        "channel_id": 2,
        "place": "text",
        "author_id": 42,
        "locale": "en-US",
        "request": request,
        "wire": wire,
        "label": "Sora 2",
        "price": 2,
        "usual_seconds": 120,
        "private": False,
        "spoiler": False,
        "state": JobState.QUEUED,
        "attempt": 1,
        "created_at": 1_800_000_000_000,
    }
    return Job(**values | changes)


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (Refused, words_refused.REFUSED | words_refused.MODERATION | words_refused.KEPT),
        (BadPicture, words_refused.PICTURE),
        (BadClip, words_characters.CLIP),
        (BadName, words_characters.NAMES),
    ],
    ids=["refused", "picture", "clip", "name"],
)
def test_the_table_is_complete(kind: type[Fault], table: dict[str, words.Maker]) -> None:
    """Each reason that a fault may carry has words, and no words stand there for a reason that is gone."""
    assert set(table) == kind.REASONS


@pytest.mark.parametrize(
    ("table", "reason"),
    [(name, reason) for name, table in TABLES.items() for reason in sorted(table)],
)
def test_each_sentence_is_short_and_whole(table: str, reason: str) -> None:
    """A title without a full stop, one or two sentences that end with one, and nothing that only we understand.

    In every language, the longer ones with some room more.
    """
    for locale in ("en-US", *CATALOGUES):
        with speaking(locale):
            said = TABLES[table][reason](any_values() | {"subject": "model:sora-2"})
        assert 3 <= len(said.title) <= 90, locale
        assert not said.title.endswith((".", "。")), locale
        assert said.text.endswith((".", "?", "。", "？")), locale
        assert len(said.text) <= (260 if locale == "en-US" else 300), locale
        assert not re.search(
            r"None|Error|Exception|Traceback|\{|\}|http|[a-z]_[a-z]",
            said.title + said.text.replace("ACEDATACLOUD_API_TOKEN", ""),
        ), locale


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("hello @everyone", "@everyone"),
        ("hi <@123456789>", "<@123456789>"),
        ("role <@&5> and <#6>", "<@&5>"),
        ("look https://evil.example/x", "https://"),
        ("[free nitro](https://evil.example)", "](https://"),
        ("join discord.gg/abc", "discord.gg"),
        ("# big\n## title", "\n"),
        ("**bold** ||spoiler|| `code`", "**b"),
        ("a\u202egpj.exe", "\u202e"),
        ("> quote\n> more", "\n"),
    ],
)
def test_text_from_outside_is_harmless(text: str, never: str) -> None:
    """A prompt in a card can neither ping, link, format, nor turn the line around."""
    assert never not in words.plain(text)


def test_a_long_prompt_is_cut() -> None:
    """A card shows the first 300 characters, and says that there is more."""
    shown = words.plain("word " * 1000)
    assert len(shown) <= 300
    assert shown.endswith("…")


def test_a_film_message_ends_with_the_jobs_id() -> None:
    """The courier finds its own messages again by the id at their end, whichever form or language they have."""
    film = Film("v", "https://example.org/a.mp4")
    failed = a_job(state=JobState.FAILED, reason="moderation")
    for locale in ("en-US", *CATALOGUES):
        with speaking(locale):
            for job in (a_job(films=(film,)), a_job(films=(film, film)), a_job(films=(film,), state=JobState.EXPIRED)):
                assert cards.film_text(job, [], None).endswith(job.id)
                assert cards.film_text(job, [film.url], None).endswith(job.id)
            assert cards.ending_text(failed).endswith(failed.id)
    assert "Nothing was charged" in cards.ending_text(failed)


def test_the_longest_card_fits() -> None:
    """The worst prompt, escaped, stays within Discord's 4,000 characters for a card and 2,000 for a message."""
    request = GenerationRequest("*_`~|>" * 600, "sora-2", 10, "small", "landscape", 4)
    job = a_job(request=request, state=JobState.FAILED, reason="picture_giant", detail='{"position": 1}')
    for card in (cards.waiting(job, left=1, ready_at=1, ahead=3), cards.without_film(job)):
        total = sum(len(item.content) for item in card.walk_children() if isinstance(item, discord.ui.TextDisplay))
        assert total <= 4000
    assert len(cards.ending_text(job)) <= 2000


async def test_cards_are_not_kept_in_memory() -> None:
    """A card is finished when it is made, so discord.py does not store it for every message ever sent."""
    assert cards.waiting(a_job(), left=1, ready_at=1, ahead=0).is_finished()
