"""Word rules: disguises that do not help, words that must pass, patterns that cannot hang."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.faults import Refused
from domain.letters import fold
from domain.wordrules import RULE_LENGTH, RULES_MOST, WordRule, Words, check_word
from service.patterns import PATTERNS_MOST, STEPS_TOTAL, WordRules, check_rule


def word(text: str, number: int = 1) -> WordRule:
    return WordRule(number, "word", text)


def pattern(text: str, number: int = 1) -> WordRule:
    return WordRule(number, "pattern", text)


def hits(rule: str, prompt: str) -> bool:
    return bool(Words([word(rule)]).hits(prompt))


@pytest.mark.parametrize(
    ("rule", "prompt"),
    [
        ("bad", "a bad dog"),
        ("bad", "BAD!"),
        ("bad", "“bad”"),
        ("bad", "the bad's end"),  # an apostrophe ends a word
        ("bad", "super_bad_dog"),  # so does a line below
        ("bad", "bad123"),  # numbers tied to it
        ("Bäd", "a bad dog"),  # rules are folded, too
        # accents and dressed-up letters
        ("bad", "b̷̢͠á̡d"),
        ("bad", "ｂａｄ"),
        ("bad", "𝖇𝖆𝖉"),
        ("bad", "ⓑⓐⓓ"),
        ("bad", "🅱🅰🅳"),
        ("bad", "🇧🇦🇩"),
        ("bad", "ʙᴀᴅ"),
        ("bad", "bad™"),
        ("bad", "b\u0e31ad"),  # a Thai vowel on a Latin letter
        ("strasse", "STRASSE, straße"),
        # invisible signs
        ("bad", "b\u200ba\u00add"),
        ("bad", "b\u2060a\ufe0fd"),
        ("bad", "\u202ebad"),
        ("bad", "b\U000e0061ad"),
        # spaces and signs
        ("bad", "b a d"),
        ("bad", "so b a d."),
        ("bad", "a b a d idea"),  # "a" is a word of its own
        ("bad", "b a d a"),
        ("bad", "b a d dog"),
        ("bad", "b a d  b o y"),  # a wider space ends the word
        ("bad", "b   a   d"),
        ("bad", "b\na\nd"),
        ("bad", "b.a.d"),
        ("bad", "b. a. d."),
        ("bad", "ba-d"),
        ("bad", "b_a_d"),
        ("bad", "b*a*d"),
        ("bad", "b😀a😀d"),
        ("bad", "(b)(a)(d)"),
        ("usa", "made in the u.s.a."),
        # stretched
        ("bad", "baaaaad"),
        ("bad", "bbaadd"),
        ("bad", "b a a a d"),
        ("ass", "assss"),
        # look-alikes
        ("bad", "ваd"),  # two Cyrillic letters
        ("cop", "сор"),  # three, in a text without Cyrillic of its own
        ("van", "νаn"),  # Greek, Cyrillic, Latin
        ("gun", "\u0261un"),  # a script g
        ("gang", "g\u0251n\u01e5"),
        ("bad", "Ƀad"),
        ("gun", "guп"),  # Cyrillic letters that stand upside down, or for what they are not
        ("trash", "tяаsh"),
        ("сука", "cука"),  # a Latin letter in a Cyrillic word
        ("сука", "СУКА"),
        ("козёл", "кoзeл"),
        ("hello", "heIIo"),  # capital i
        ("kill", "kiIl"),
        ("bad", "b@d"),
        ("bad", "b4d"),
        ("ass", "@ss"),
        ("ass", "a$$!"),
        ("ass", "4ss"),
        ("shit", "5h1t"),
        ("shit", "sh!t!"),
        ("kill", "ki11"),
        ("kill", "k|ll"),
        ("bitch", "b!tch"),
        ("boobs", "b00b5"),
        ("fuck", "f*ck"),
        ("fuck", "f**k"),
        # phrases
        ("bad boy", "what a BAD boy!"),
        ("bad boy", "bad-boy"),
        ("bad boy", "badboy"),
        ("bad boy", "bad\n  boy"),
        ("bad boy", "b4d b0y"),
        ("bad boy", "b a d boy"),
        ("bad boy", "b a d   b o y"),
        ("kill the king", "they kill the kiiiing"),
        ("he'll", "He’ll come"),
        ("rock 'n' roll", "Rock ’n’ Roll!"),
        # signs and numbers that are meant
        ("1488", "in 1488"),
        ("4chan", "seen on 4chan"),
        ("c++", "written in C++."),
        ("a$$", "a$$"),
        (":D", "fun :D"),
        ("🍆", "an🍆!"),
        # without spaces between words
        ("坏人", "这个坏人很坏"),
        ("坏人", "坏 人"),
        ("坏人", "坏.人"),
        ("ばか", "おまえはばかだ"),
        ("ガス", "ｶﾞｽを"),  # narrow kana
        ("바보", "너는 바보야"),
        ("ไทย", "คนไทยดี"),
        ("sex", "这个sex视频"),
        ("av女優", "有名なAV女優です"),
        ("नमस्ते", "वह नमस्ते बोला"),
    ],
)
def test_no_disguise_helps(rule: str, prompt: str) -> None:
    """A word is found under accents, look-alikes, invisible signs, spaces, signs and stretching."""
    assert hits(rule, prompt)


@pytest.mark.parametrize(
    ("rule", "prompt"),
    [
        # parts of other words
        ("ass", "an assistant in a classic class passes the grass of Assam"),
        ("cunt", "Scunthorpe"),
        ("rape", "a grape on drapes"),
        ("rapist", "a therapist"),
        ("anal", "analysis of a canal"),
        ("sex", "Essex, Middlesex"),
        ("tit", "title, titan"),
        ("cock", "a cocktail with a peacock"),
        ("nig", "a night in Nigeria"),
        ("hell", "a shell says hello"),
        # parts of spelled words, and words that only meet
        ("tit", "T I T A N I C in gold letters"),
        ("penis", "the pen is red"),
        ("ass", "as s"),
        ("ass", "as-sist"),
        ("bad", "ba d"),
        ("bad boy", "a boy, bad"),
        ("bad boy", "bad old boy"),
        # apostrophes
        ("hell", "he'll be back, he’ll"),
        ("shell", "she'll"),
        ("well", "we'll"),
        ("he'll", "hell"),
        # one doubled letter is another word, and so is one too few
        ("god", "a good dog"),
        ("cop", "a chicken coop"),
        ("but", "butt"),
        ("ass", "as"),
        ("nigger", "Niger"),
        # numbers are numbers
        ("ak", "in 4k"),
        ("ed", "3d"),
        ("sos", "the 50s"),
        ("ios", "wait 10s"),
        ("sam", "at 5am"),
        ("tin", "7in"),
        ("ass", "a Galaxy A55"),
        ("ai", "an A1 page"),
        ("88", "8.8, 8 8"),
        ("88", "bb"),
        ("1488", "iabb"),
        # two signs that look alike, but stand for different words
        ("slit", "silt"),
        ("tall", "FAIL TAIL TALE"),
        ("us", "🇺🇸"),
        ("cop", "сор, а не мусор"),  # Russian for litter, in a Russian text
        ("pot", "закрой рот"),
        ("сор", "a cop"),
        # signs that are meant
        ("a$$", "a"),
        ("c++", "c"),
        (":D", "d"),
        ("<3", "3"),
        ("f*ck", "f"),
        ("us", "u are s"),
        ("u.s.", "us"),
        # sentences end without spaces, too
        ("坏人", "很坏，人们都说"),
        ("坏人", "很坏……人们"),
        ("ガス", "かす"),
        ("かき", "がき"),  # voiced kana are other letters
    ],
)
def test_innocent_words_pass(rule: str, prompt: str) -> None:
    """Whole words only, and a guess is made only where the word itself gives reason for it."""
    assert not hits(rule, prompt)


def test_the_first_rule_is_named() -> None:
    """Of several rules the one that stands first is named, whichever kind it is."""
    rules = [pattern(r"\bdog\b", 7), word("bad", 3), word("old dog", 5)]
    assert WordRules(rules).first_hit("a b.a.d old dog") == rules[0]
    assert WordRules(rules).hits("a b.a.d old dog") == rules
    assert WordRules(rules[::-1]).first_hit("a b.a.d old dog") == rules[2]
    assert WordRules(rules).first_hit("a good old cat") is None
    assert WordRules([]).first_hit("anything") is None


@pytest.mark.parametrize("text", ["", "  ", "\u200b\u200d", "\ufe0f"])
def test_a_rule_of_nothing_is_refused(text: str) -> None:
    """What is invisible would be found everywhere."""
    with pytest.raises(Refused) as caught:
        check_word(text)
    assert caught.value.reason == "word_rule_empty"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (word("x" * (RULE_LENGTH + 1)), "word_rule_long"),
        (pattern("(bad"), "pattern_wrong"),
        (pattern("*"), "pattern_wrong"),
        (pattern("(?=bad)"), "pattern_wrong"),  # look-around
        (pattern(r"(b)\1"), "pattern_wrong"),  # a back-reference
        (pattern("(?:x{1000}){1000}"), "pattern_large"),
        (pattern("(?:x{100}){100}"), "pattern_large"),
        (pattern(r"\pL{200}"), "pattern_large"),
        (pattern("a" * 1000), "pattern_large"),
        (pattern(""), "pattern_always"),
        (pattern("b*"), "pattern_always"),
        (pattern("bad|"), "pattern_always"),
    ],
)
def test_rules_that_cannot_be_kept(rule: WordRule, reason: str) -> None:
    """Each is refused with its reason when it is added; were it in the database, the others would go on."""
    with pytest.raises(Refused) as caught:
        check_rule(rule)
    assert caught.value.reason == reason
    rules = WordRules([rule, word("good", 2)])
    assert rules.broken == (rule,)
    assert rules.first_hit("good") == word("good", 2)


def test_a_pattern_that_cannot_be_read_says_why() -> None:
    """RE2's own words are kept for the moderator."""
    with pytest.raises(Refused) as caught:
        check_rule(pattern("bad(dog"))
    assert "missing )" in str(caught.value.values["detail"])


def test_rules_have_an_end() -> None:
    """So many rules, so many patterns, and so many steps of all patterns together."""
    few = [pattern("bad|dog", n) for n in range(PATTERNS_MOST)]
    heavy = [pattern("x{700}", n) for n in range(STEPS_TOTAL // 700)]
    many = [word("bad", n) for n in range(RULES_MOST)]
    for rules, last, reason in [
        (few, pattern("cat", 999), "patterns_many"),
        (heavy, pattern("y{700}", 999), "patterns_many"),
        (many, word("cat", 999), "word_rules_many"),
    ]:
        check_rule(last, rules[:-1])
        with pytest.raises(Refused) as caught:
            check_rule(last, rules)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        (r"\bkill(s|ed|ing)?\b", "He KILLED it"),  # in any case
        (r"\bbad\b", "b\u200bád"),  # in the folded text, too
        (r"bád", "bád"),  # and as it was written
        (r"^a boat", "A boat at sea"),
        (r"\p{Han}{2}", "这个"),
        (r"[[:digit:]]{3}-[[:digit:]]{4}", "call 555-1234"),
    ],
)
def test_patterns_find(text: str, prompt: str) -> None:
    """RE2's patterns, in any case, with and without disguises."""
    check_rule(pattern(text))
    assert WordRules([pattern(text)]).first_hit(prompt)


@pytest.mark.parametrize(
    "text", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a?){50}a{50}b", "(?:[a-z]{1,30}){5}x", "[ab]*a[ab]{99}c"]
)
def test_no_pattern_hangs(text: str) -> None:
    """What takes a backtracking reader years is over in a blink."""
    check_rule(pattern(text))
    rules = WordRules([pattern(text)])
    began = time.perf_counter()
    rules.first_hit("a" * 3_999 + "!")
    assert time.perf_counter() - began < 2


def test_rules_that_are_alike_cannot_hang() -> None:
    """A prompt made to be compared with everything is over in a blink, and counts as a hit."""
    rules = [word(f"boat {number}", number) for number in range(RULES_MOST)]
    began = time.perf_counter()
    assert Words(rules).hits("boat " * 800)
    assert time.perf_counter() - began < 2
    assert not Words(rules).hits("boat " * 10)


WILD = st.text(
    st.characters() | st.sampled_from("abadBAD1il|I0o$@!. -_*'\u200b\u0301\u0430\u03bd坏人が\U0001f1e6"), max_size=120
)


@given(st.lists(WILD, max_size=6), WILD)
def test_nothing_raises(texts: list[str], prompt: str) -> None:
    """Whatever moderators and members write, there is an answer, and it is the same again."""
    rules = [WordRule(n, ("word", "pattern")[n % 2], text) for n, text in enumerate(texts)]
    compiled = WordRules(rules)
    assert compiled.hits(prompt) == compiled.hits(prompt)
    assert set(compiled.broken) <= set(rules)


@given(WILD)
def test_a_rule_finds_itself(text: str) -> None:
    """The text of a rule breaks the rule."""
    try:
        check_word(text)
    except Refused:
        return
    assert hits(text, text)
    assert hits(text, f"so {text} it is")


LOOKS = {
    "a": "aAáａ𝐚а4",
    "b": "bBｂ𝐛",
    "c": "cCçс",
    "e": "eEéе3",
    "i": "iIí1і",
    "o": "oOö0о",
    "s": "sSš5ѕ",
    "t": "tT7т",
}
SIGNS = {"a": "@", "e": "€", "i": "!|", "s": "$", "t": "+"}
GAPS = st.sampled_from(["", "\u200b", ".", "-", "_", "*", "😀"])
SPACES = st.sampled_from([" ", " . ", "\n"])


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and the same word in disguise: look-alikes, one kind of gap, one letter stretched."""
    plain = draw(st.text(st.sampled_from("bdghkmnr"), min_size=2, max_size=4))
    plain += draw(st.text(st.sampled_from(sorted(LOOKS)), min_size=1, max_size=4)) + draw(st.sampled_from("ndkr"))
    spaced = draw(st.booleans())
    looks = LOOKS if spaced else {letter: signs + SIGNS.get(letter, "") for letter, signs in LOOKS.items()}
    letters = [draw(st.sampled_from(looks.get(letter, letter))) for letter in plain]
    stretched = draw(st.none() | st.integers(0, len(plain) - 1))
    if stretched is not None:
        letters[stretched] *= 4
    return plain, draw(SPACES if spaced else GAPS).join(letters)


@given(disguised(), st.sampled_from(["", "see ", "(", "\n", "…"]), st.sampled_from(["", " now", ")", "\n", "…"]))
def test_disguises_together(pair: tuple[str, str], before: str, after: str) -> None:
    """Look-alikes, gaps and stretching at once do not help."""
    rule, shown = pair
    assert hits(rule, before + shown + after), (rule, shown)


@given(st.text(max_size=200))
def test_folding_is_done_once(text: str) -> None:
    """A folded text stays as it is, and grows no more than Unicode's longest letter does."""
    assert fold(fold(text)) == fold(text)
    assert len(fold(text)) <= 7 * len(text)
