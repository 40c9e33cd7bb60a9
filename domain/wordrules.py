"""Words that moderators do not want in prompts, and how they are found under their disguises.

A text is read in several ways: as it stands; without signs between letters (b.a.d); with single letters put together
(b a d); with signs that look like letters taken for them (b@d). In each reading a rule hits whole words only, so that
"ass" leaves "assistant" alone. A word may be stretched ("baaad"), but one doubled letter makes another word: "god"
leaves "good" alone. What is written without spaces, like Chinese, is searched for the rule anywhere.

The work is bounded whatever rules and texts are, and nothing raises but `check_word`, which a rule goes through first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from domain.faults import Refused
from domain.letters import DIGITS, FOREIGN, LETTER, OTHER, SIGNS, SPACELESS, STANDS_FOR, fold

#: The most rules of a server, and the most characters of one.
RULES_MOST = 500
RULE_LENGTH = 100

_WORD = re.compile(f"{LETTER}+")
_WITHOUT_DIGITS = re.compile(rf"(?:(?!\d){LETTER})+")
_SPACELESS = re.compile(f"[{SPACELESS}]+")
_APOSTROPHES = "'’‘`"
#: What may stand between the letters of one word: not an apostrophe, for "he'll" is not "hell".
_INSIDE = re.compile(rf"(?![\s{_APOSTROPHES}]){OTHER}")
_SIGNS = re.escape("".join(SIGNS))
_INSIDE_BUT_LOOKS = re.compile(rf"(?![\s{_APOSTROPHES}{_SIGNS}]){OTHER}")
_LOOKS = re.compile(f"[{_SIGNS}]")
_WORD_OR_LOOKS = re.compile(f"(?:{LETTER}|[{_SIGNS}])+")
_GAP = rf"(?:(?!\s){OTHER}){{0,3}}\s?(?:(?!\s){OTHER}){{0,3}}"


def _alone(group: int) -> str:
    """One letter by itself, perhaps stretched, as group number `group`."""
    return rf"({LETTER})\{group}*(?!{LETTER})"


#: Single letters in a row, with at most one space between them, or with the same between all of them.
_SPELLED = (
    re.compile(rf"(?<!{LETTER})(?:{_alone(1)}{_GAP})+{_alone(2)}"),
    re.compile(rf"(?<!{LETTER}){_alone(1)}({OTHER}{{1,9}})(?:{_alone(3)}\2)*{_alone(4)}"),
)
#: Sentences end here even where there are no spaces; NFKD has made ASCII of the wide ones.
_NOT_TEXT = re.compile(rf"(?<!\.)\.(?!\.)|(?![,.!?;:、。\n]){OTHER}")
_SEEN = rf"(?:(?!\d){LETTER})+"
_MASKED = re.compile(rf"(?<![*\w]){_SEEN}(?:\*+{_SEEN})+(?![*\w])")
#: Rules of anything else are meant sign by sign: "c++", "a$$", ":D", a picture sign.
_IN_WORDS = re.compile(rf"{LETTER}(?:[\s\-_.,/&*\"{_APOSTROPHES}]*{LETTER})*")
_REPEATS = re.compile(r"(.)\1+", re.DOTALL)
_RUNS = re.compile(r"(.)\1*", re.DOTALL)
_DISGUISED = re.compile(f"[{re.escape(''.join(STANDS_FOR))}]")
_DIGIT = re.compile(r"\d")
#: 5am, 7th, 35mm: numbers, whatever their digits look like.
_NUMBER = re.compile(r"\d+(?:am|pm|st|nd|rd|th|in|ft|mm|cm|km|kg|mg|ms|sec|min|hz|px|oz|lb|mb|gb|kb|fps|mph|kmh)")
#: With these letters a text is really written in that alphabet, and its words are no disguise.
_OWN = {"cyrillic": re.compile("[бвгджзийклмнптфцчшщъыьэюя]"), "greek": re.compile("[βγδζηθλμξπστφψω]")}
#: A word with more signs of two meanings than this is read in one way only.
_GUESSES = 4
#: So often a prompt's words are compared with rules. Only a prompt that repeats a rule's word hundreds of times, where
#: dozens of rules are alike, needs more: it counts as a hit, so that neither rules nor prompts can hang the bot.
_COMPARISONS = 10_000


@dataclass(frozen=True)
class WordRule:
    """One rule of a server: `kind` is "word" (a word or phrase) or "pattern" (a regular expression)."""

    id: int
    kind: str
    text: str


@dataclass(frozen=True)
class _Form:
    """A way to read one word: its letters with repeats folded together, and how often each stood there."""

    letters: str
    times: tuple[int, ...]
    #: True when letters of another alphabet were taken for Latin ones.
    foreign: bool = False

    def covers(self, rule: _Form) -> bool:
        """Whether this word of a text is the rule's, perhaps stretched."""
        if self.letters != rule.letters or (rule.foreign and not self.foreign):
            return False
        if self.times == rule.times:
            return True
        longer = [have for have, want in zip(self.times, rule.times, strict=True) if have > want]
        shorter = any(have < want for have, want in zip(self.times, rule.times, strict=True))
        return sum(rule.times) > 2 and not shorter and (len(longer) > 1 or longer[0] > 2)


@dataclass(frozen=True)
class _Phrase:
    """The words of a rule, each in all its forms; `anchor` is the number of the one that is looked up.

    Where it is `short`, nothing is guessed: "4k" is not "ak".
    """

    rule: WordRule
    words: tuple[tuple[_Form, ...], ...]
    anchor: int
    short: bool


class Words:
    """The plain rules of one server, made ready once."""

    def __init__(self, rules: Sequence[WordRule]) -> None:
        self._order = {rule.id: n for n, rule in enumerate(rules)}
        self._phrases: dict[str, list[_Phrase]] = {}
        self._known: set[str] = set()
        self._anywhere: list[tuple[WordRule, str]] = []
        self._exactly: list[tuple[WordRule, re.Pattern[str]]] = []
        self._masks: dict[tuple[str, int], list[tuple[WordRule, str]]] = {}
        for rule in rules:
            self._add(rule)

    def hits(self, text: str) -> list[WordRule]:
        """The rules that this text breaks, in the order in which they were given."""
        folded = fold(text)
        found = {rule.id: rule for rule in self._in_words(_Text(_SPACELESS.sub(" ", folded), self._known))}
        if self._anywhere:
            run = _NOT_TEXT.sub("", folded)
            found |= {rule.id: rule for rule, piece in self._anywhere if piece in run}
        found |= {rule.id: rule for rule, exact in self._exactly if exact.search(folded)}
        return sorted(found.values(), key=lambda rule: self._order[rule.id])

    def _add(self, rule: WordRule) -> None:
        folded = check_word(rule.text)
        if not _IN_WORDS.fullmatch(folded):
            start = f"(?<!{LETTER})" if _WORD.match(folded) else ""
            end = f"(?!{LETTER})" if _WORD.match(folded[-1]) else ""
            signs = r"\s+".join(re.escape(part) for part in folded.split())
            self._exactly.append((rule, re.compile(start + signs + end)))
        elif _SPACELESS.search(folded):
            self._anywhere.append((rule, _NOT_TEXT.sub("", folded)))
        else:
            words = _WORD.findall(folded)
            self._add_phrase(rule, words)
            # "badboy" for "bad boy", but not "hell" for "he'll", nor "us" for "u.s.".
            if len(words) > 1 and min(map(len, words)) > 1 and not re.search(f"[{_APOSTROPHES}]", folded):
                self._add_phrase(rule, ["".join(words)])

    def _add_phrase(self, rule: WordRule, words: list[str]) -> None:
        anchor = max(range(len(words)), key=lambda n: len(words[n]))
        forms = tuple(tuple(_rule_forms(word)) for word in words)
        phrase = _Phrase(rule, forms, anchor, short=sum(map(len, words)) < 3)
        self._known.update(form.letters for word in forms for form in word)
        for letters in {form.letters for form in forms[anchor]}:
            self._phrases.setdefault(letters, []).append(phrase)
        if len(words) == 1 and len(words[0]) > 3:
            self._masks.setdefault((words[0][0], len(words[0])), []).append((rule, words[0]))

    def _in_words(self, text: _Text) -> Iterator[WordRule]:
        for words, guessed in text.readings:
            for n, word in enumerate(words):
                for form in text.forms(word):
                    for phrase in self._phrases.get(form.letters, ()):
                        if guessed and phrase.short:
                            continue
                        if text.has(phrase, words, n - phrase.anchor):
                            yield phrase.rule
                        if text.tired:
                            return
        for masked in text.masked:
            for rule, word in self._masks.get((masked[0], len(masked)), ()):
                if all(mine in ("*", theirs) for mine, theirs in zip(masked, word, strict=True)):
                    yield rule


class _Text:
    """One folded text in all its readings, with what was found out about its words."""

    def __init__(self, folded: str, known: Collection[str]) -> None:
        self._text = folded
        self._known = known
        self._forms: dict[str, tuple[_Form, ...]] = {}
        self._compared = 0

    @property
    def readings(self) -> Iterator[tuple[list[str], bool]]:
        """Lists of words, and whether they are guesses. A reading that changes nothing is left out."""
        text = self._text
        yield _WORD.findall(text), False
        if _DIGIT.search(text):
            yield _WITHOUT_DIGITS.findall(text), True  # bad123
        joined = _INSIDE.sub("", text)
        if joined != text:
            yield _WORD.findall(joined), True
        if _LOOKS.search(text):
            yield [word.strip("!|+") for word in _WORD_OR_LOOKS.findall(_INSIDE_BUT_LOOKS.sub("", text))], True
        for spelled in _SPELLED:
            for put in () if not spelled.search(text) else (_together, _after_a_small_word, _before_a_small_word):
                whole = spelled.sub(put, text)
                if whole != text:
                    yield _WORD.findall(whole), True

    @cached_property
    def masked(self) -> set[str]:
        """Words with stars for letters, like f*ck, that show more than they hide."""
        return {word for word in _MASKED.findall(self._text) if 2 * word.count("*") <= len(word)}

    def forms(self, word: str) -> tuple[_Form, ...]:
        """The ways to read one word that have the letters of a rule."""
        forms = self._forms.get(word)
        if forms is None:
            guesses = ((word, False), *self._guesses(word))
            forms = self._forms[word] = tuple(
                _form(guess, foreign) for guess, foreign in guesses if _REPEATS.sub(r"\1", guess) in self._known
            )
        return forms

    @property
    def tired(self) -> bool:
        """Whether its words were compared with rules too often."""
        return self._compared > _COMPARISONS

    def has(self, phrase: _Phrase, words: list[str], start: int) -> bool:
        """Whether these words hold the phrase from number `start` on; true once the text is tired."""
        self._compared += 1
        if self.tired:
            return True
        if start < 0 or start + len(phrase.words) > len(words):
            return False
        return all(
            any(form.covers(want) for form in self.forms(words[start + n]) for want in wanted)
            for n, wanted in enumerate(phrase.words)
        )

    def _guesses(self, word: str) -> Iterator[tuple[str, bool]]:
        """What a word may stand for, and whether letters of another alphabet were taken for Latin ones."""
        if not _DISGUISED.search(word):
            return
        digits = sum(sign in DIGITS for sign in word)
        letters = len(word) - digits - sum(sign in SIGNS for sign in word)
        if not letters or (digits and (letters < 2 or _NUMBER.fullmatch(word))):
            return
        foreign = any(sign in FOREIGN for sign in word)
        if foreign and not any("a" <= sign <= "z" for sign in word) and self._is_written_so(word):
            return
        for guess in _guesses(word):
            yield guess, foreign

    def _is_written_so(self, word: str) -> bool:
        kind = "cyrillic" if any("\u0400" <= sign <= "\u052f" for sign in word) else "greek"
        return _OWN[kind].search(self._text) is not None


def check_word(text: str) -> str:
    """A rule's text, folded and on one line; raises Refused when nothing is left of it, or it is too long."""
    folded = " ".join(fold(text).split())
    if not folded:
        raise Refused("word_rule_empty")
    if len(text) > RULE_LENGTH:
        raise Refused("word_rule_long", length=len(text), most=RULE_LENGTH)
    return folded


def _form(word: str, foreign: bool = False) -> _Form:
    runs = [(found[1], len(found[0])) for found in _RUNS.finditer(word)]
    return _Form("".join(letter for letter, _ in runs), tuple(times for _, times in runs), foreign)


def _rule_forms(word: str) -> Iterator[_Form]:
    """A rule's word as it is, and as Latin letters that it shares its looks with: its digits stay what they are."""
    yield _form(word)
    if any(sign in FOREIGN for sign in word):
        for guess in _guesses(word, FOREIGN):
            yield _form(guess, True)


def _guesses(word: str, table: dict[str, str] = STANDS_FOR) -> Iterator[str]:
    choices = [table.get(sign, sign) for sign in word]
    if sum(len(choice) > 1 for choice in choices) > _GUESSES:
        choices = [choice[0] for choice in choices]
    return ("".join(letters) for letters in product(*choices))


def _together(found: re.Match[str]) -> str:
    return "".join(_WORD.findall(found[0]))


def _after_a_small_word(found: re.Match[str]) -> str:
    """`a b a d day` is `a bad day`."""
    letters = _together(found)
    return f"{letters[0]} {letters[1:]}" if letters[0] in "aio" else letters


def _before_a_small_word(found: re.Match[str]) -> str:
    letters = _together(found)
    return f"{letters[:-1]} {letters[-1]}" if letters[-1] in "aio" else letters
