"""Which sign may stand for which letter, and how a text is brought back to its plain letters."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase

#: Vowel and tone signs that belong to a word but are no letters to Python: of Indian, Thai, Lao, Burmese and Khmer
#: writing, and the two voicing signs of kana.
VOWEL_SIGNS = (
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd"
    "\u0b01-\u0b57\u0b82-\u0bcd\u0c00-\u0c56\u0c81-\u0cd6\u0d00-\u0d57\u0d82-\u0ddf\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)
#: One letter or digit; one of anything else.
LETTER = rf"(?:[^\W_]|[{VOWEL_SIGNS}])"
OTHER = rf"(?:(?![{VOWEL_SIGNS}])[\W_])"
#: Writing that sets no spaces between words, or ties endings to them: Chinese, Japanese, Korean, Thai, Burmese, Khmer.
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u3096\u3099-\u309f"
    "\u30a0-\u30fa\u30fc-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)

#: Digits that may stand for a letter, and signs that may.
DIGITS = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
SIGNS = {"@": "a", "$": "s", "!": "i", "|": "il", "+": "t", "€": "e", "¢": "c"}
#: Letters of other alphabets that look like Latin ones, when small or when capital. U+01C0, which no word has, is
#: what `fold` writes for a capital I after a small letter: "kiIl" may be meant as "kill".
_CYRILLIC = dict(zip("аеіјкмнорстухѕһԁԛԝѵӏьвпицгяш", "aeijkmhopctyxshdqwvlbbnnurrw", strict=True))
_GREEK = dict(
    zip(
        "αβγεζηικμνορτυχω",
        ("a", "b", "y", "e", "z", "hn", "i", "k", "mu", "nv", "o", "p", "t", "uy", "x", "w"),
        strict=True,
    )
)
FOREIGN = _CYRILLIC | _GREEK
STANDS_FOR = DIGITS | SIGNS | FOREIGN | {"\u01c0": "il"}

#: Letters with a bar, script letters as in phonetics, Latin small capitals, letters in black circles and squares:
#: Unicode names no letter below them.
_PLAIN = dict(
    zip("łøđħŧƀɨɉɍɏƶıǥɑɡɩᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", "lodhtbijryzigagiabcdefghijklmnopqrstuvwyz", strict=True)
)
_PLAINER = str.maketrans(
    {letter.upper(): plain.upper() for letter, plain in _PLAIN.items() if not letter.upper().isascii()}
    | _PLAIN
    | {chr(start + n): letter for start in (0x1F150, 0x1F170) for n, letter in enumerate(ascii_lowercase)}
)
_FLAG_LETTERS = {0x1F1E6 + n: letter for n, letter in enumerate(ascii_lowercase)}
_FLAGS = re.compile("(?:[\U0001f1e6-\U0001f1ff]{2})+(?![\U0001f1e6-\U0001f1ff])|[\U0001f1e6-\U0001f1ff]+")
#: Unicode makes letters of these, and so would tie them to the word before; the Arabic ones grow to 18 and 8.
_APART = {ord(sign): " " for sign in "™℠\ufdfa\ufdfb"}
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f")
_TALL_I = re.compile(r"(?<=[a-z])I+")


def fold(text: str) -> str:
    """`text` without its disguises that need no guessing, for comparing with another folded text.

    Small letters, without accents and invisible signs; fullwidth, circled and the other dressed-up forms are plain
    letters. Digits, signs and letters of other alphabets stay: what they may stand for depends on the word.
    """
    if not text.isascii():
        text = _bare(unicodedata.normalize("NFKD", text.translate(_APART)))
    return _TALL_I.sub(lambda found: "\u01c0" * len(found[0]), text).casefold()


def _bare(text: str) -> str:
    """A decomposed text without marks and invisible signs, composed again."""
    kept: list[str] = []
    for sign in text:
        if sign.isascii():
            kept.append(sign)
            continue
        kind = unicodedata.category(sign)
        if kind in ("Cf", "Me") or sign in _FILLERS or (kind == "Mn" and _is_accent(sign, kept[-1] if kept else "")):
            continue
        kept.append(sign)
    bare = unicodedata.normalize("NFC", "".join(kept)).translate(_PLAINER)
    return _FLAGS.sub(lambda found: found[0] if len(found[0]) % 2 == 0 else found[0].translate(_FLAG_LETTERS), bare)


def _is_accent(mark: str, before: str) -> bool:
    """Whether a mark may go: accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, selectors of a look.

    The marks of other writing are part of its words, but on a Latin letter they are only a disguise.
    """
    place = unicodedata.combining(mark)
    return (
        before.isascii() or place == 1 or 10 <= place <= 36 or place >= 200 or "VARIATION" in unicodedata.name(mark, "")
    )
