"""What it costs to look for 500 rules in the longest prompt: an ordinary one, and the worst that we could think of."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from bench.measure import Figure
from domain.model import PROMPT_MAX
from domain.wordrules import RULES_MOST, WordRule
from service.patterns import WordRules

ROUNDS = 20
_PATTERNS = 40


def words(chance: random.Random, count: int, signs: str = "abcdefghiklmnoprstuvwy") -> list[str]:
    """So many different words of 3 to 9 letters, or nearly."""
    return ["".join(chance.choices(signs, k=chance.randint(3, 9))) for _ in range(count)]


def ordinary(chance: random.Random) -> list[WordRule]:
    """A long list of words, with a phrase here and there and a few patterns."""
    pieces = words(chance, 2 * RULES_MOST)
    rules = [
        WordRule(n, "word", " ".join(pieces[2 * n : 2 * n + (2 if n % 5 == 0 else 1)]))
        for n in range(RULES_MOST - _PATTERNS)
    ]
    return rules + [WordRule(1_000 + n, "pattern", rf"\b{pieces[-n]}(s|ed|ing)?\b") for n in range(1, _PATTERNS + 1)]


def hostile(chance: random.Random) -> list[WordRule]:
    """Rules made to be alike, and patterns that fit nearly everywhere."""
    alike = ["".join(chance.choices("il", k=chance.randint(3, 60))) for _ in range(200)]
    alike += [f"boat {piece}" for piece in words(chance, RULES_MOST - _PATTERNS - len(alike))]
    patterns = [f"(?:[a-z]{{1,{9 + n}}}){{3}}[0-9]x" for n in range(_PATTERNS)]
    rules = [WordRule(n, "word", text) for n, text in enumerate(alike)]
    return rules + [WordRule(1_000 + n, "pattern", text) for n, text in enumerate(patterns)]


def prompts(chance: random.Random) -> list[str]:
    """Long prompts that look like rules everywhere."""
    return [
        "@5".join(words(chance, 900)),
        " ".join(chance.choices("abil1", k=2_000)),
        "1l| " * 1_000,
        "boat " * 800,
        " ".join("".join(chance.choices("1il|", k=7)) for _ in range(600)),
        "a" * PROMPT_MAX,
        "a*" * 2_000,
        "вот " * 1_000,
        "b\u0301" * 2_000,
        "\ufdfa" * PROMPT_MAX,  # grows to 18 letters
    ]


def milliseconds(rules: Sequence[WordRule], texts: Sequence[str]) -> float:
    """The slowest of these prompts, each at its best of some rounds."""
    compiled = WordRules(rules)
    slowest = 0.0
    for text in texts:
        times: list[float] = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            compiled.hits(text[:PROMPT_MAX])
            times.append(time.perf_counter() - began)
        slowest = max(slowest, min(times))
    return round(1000 * slowest, 1)


async def measure() -> list[Figure]:
    """One ordinary server, and one whose moderators and members mean harm."""
    chance = random.Random(4)
    text = " ".join(words(chance, 1_000))
    size = f"{PROMPT_MAX:,} characters against {RULES_MOST} rules"
    return [
        Figure("word_rules", f"ms for {size}", milliseconds(ordinary(chance), [text]), 10),
        Figure("word_rules_worst", f"ms for the worst {size}", milliseconds(hostile(chance), prompts(chance)), 500),
    ]
