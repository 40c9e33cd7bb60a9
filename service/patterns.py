"""A server's rules for prompts, made ready once: plain words, and regular expressions whose time is bounded.

Patterns are RE2's (https://github.com/google/re2/wiki/Syntax): no look-around and no back-references, and therefore
no pattern that takes more than so many steps for each sign of a prompt. The limits keep that number, and the memory,
small. A pattern is looked for in the prompt as it was written and in its folded form, in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from domain.faults import Refused
from domain.letters import fold
from domain.wordrules import RULES_MOST, WordRule, Words, check_word

#: It has no types of its own.
re2: Any = import_module("re2")

#: The most patterns of a server, and characters of one.
PATTERNS_MOST = 50
PATTERN_LENGTH = 200
#: The most steps of one compiled pattern, and of all of a server: a prompt costs at most so much for each byte.
STEPS_MOST = 1_500
STEPS_TOTAL = 6_000
#: What RE2 may use to compile one and to remember what it has seen, in bytes.
_MEMORY = 512 * 1024


class _Pattern(Protocol):
    programsize: int

    def search(self, text: bytes) -> object | None: ...


class WordRules:
    """All rules of one server; `broken` are those that cannot be used, because an older RE2 took them."""

    def __init__(self, rules: Sequence[WordRule]) -> None:
        self._order = {rule.id: n for n, rule in enumerate(rules)}
        self._patterns: list[tuple[WordRule, _Pattern]] = []
        words: list[WordRule] = []
        broken: list[WordRule] = []
        steps = 0
        for rule in rules:
            try:
                if rule.kind == "pattern":
                    pattern = _compile(rule.text)
                    steps += pattern.programsize
                    if steps > STEPS_TOTAL or len(self._patterns) == PATTERNS_MOST:
                        raise Refused("patterns_many", most=PATTERNS_MOST)
                    self._patterns.append((rule, pattern))
                else:
                    check_word(rule.text)
                    words.append(rule)
            except Refused:
                broken.append(rule)
        self._words = Words(words)
        self.broken = tuple(broken)

    def first_hit(self, prompt: str) -> WordRule | None:
        """The first rule, in the order given, that this prompt breaks. Never raises."""
        return next(iter(self.hits(prompt)), None)

    def hits(self, prompt: str) -> list[WordRule]:
        """All rules that this prompt breaks, in the order given. Never raises."""
        found = self._words.hits(prompt)
        if self._patterns:
            texts = {text.encode("utf-8", "replace") for text in (prompt, fold(prompt))}
            found += [rule for rule, pattern in self._patterns if any(pattern.search(text) for text in texts)]
        return sorted(found, key=lambda rule: self._order[rule.id])


def check_rule(rule: WordRule, others: Sequence[WordRule] = ()) -> None:
    """Raise Refused when a server with `others` cannot take this rule.

    Reasons: word_rule_empty, word_rule_long, word_rules_many, pattern_wrong (detail: what RE2 says), pattern_large,
    pattern_always (it would be found in every prompt), patterns_many.
    """
    if len(others) >= RULES_MOST:
        raise Refused("word_rules_many", most=RULES_MOST)
    if rule.kind != "pattern":
        check_word(rule.text)
        return
    _compile(rule.text)
    if rule in WordRules([*others, rule]).broken:
        raise Refused("patterns_many", most=PATTERNS_MOST)


def _compile(text: str) -> _Pattern:
    if len(text) > PATTERN_LENGTH:
        raise Refused("pattern_large", most=PATTERN_LENGTH)
    options = re2.Options()
    options.max_mem, options.case_sensitive, options.never_capture, options.log_errors = _MEMORY, False, True, False
    try:
        pattern: _Pattern = re2.compile(text.encode("utf-8", "replace"), options)
    except re2.error as error:
        said = _said(error)
        if "too large" in said or "repetition size" in said:
            raise Refused("pattern_large", most=PATTERN_LENGTH) from None
        raise Refused("pattern_wrong", detail=said) from None
    finally:
        re2.purge()  # its own cache would keep the last 128 patterns of everybody
    if pattern.programsize > STEPS_MOST:
        raise Refused("pattern_large", most=PATTERN_LENGTH)
    if pattern.search(b""):
        raise Refused("pattern_always")
    return pattern


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
