"""Knows the words in a prompt that make the stand-in misbehave: whole words, any case, freely combined.

refused at once                                      accepted, and then
broke    403 used_up                                 fail       fails with api_error "fetch failed"
refuse   403 forbidden                               moderated  fails with forbidden
limited  429 and Retry-After 1, once per prompt      slow       takes five times as long
gone     404 no_api                                  never      stays pending, unless finished by hand
disabled 400 disabled                                pair       has two finished films
barred   403 not_allowed                             the callback
unmade   400 api_not_implemented                     lost       is never sent; /{service}/tasks has the result
shut     200, `success: false` with no_api
accepted, but the answer says otherwise              twice      is sent twice
vanish   500 api_error, the task goes on             early      comes at once, before the submission's answer
reset    the connection drops, the task goes on      late       comes long after /{service}/tasks has the result
the film's link                                      stranger   carries another task's id
deadlink answers 404                                 garbage    is broken JSON first, then the right one
notvideo gives HTML
cut      ends before its Content-Length
"""

import re
from collections.abc import Collection

from demo.fields import Refused

WORDS = {"fail", "moderated", "slow", "never", "pair", "limited", "vanish", "reset", "deadlink", "notvideo", "cut"}
WORDS |= {"lost", "twice", "early", "late", "stranger", "garbage", "shut"}
# word → code, message
REFUSALS = {
    "gone": ("no_api", "this API is withdrawn"),
    "broke": ("used_up", "the balance is used up"),
    "refuse": ("forbidden", "the prompt was refused by moderation"),
    "disabled": ("disabled", "this API is switched off"),
    "barred": ("not_allowed", "this application may not use the model"),
    "unmade": ("api_not_implemented", "this is not implemented"),
}


def words_in(prompt: str) -> set[str]:
    """The words of a prompt that count; "never-ending" is another word than "never"."""
    return (WORDS | set(REFUSALS)) & set(re.findall(r"(?<![\w'-])[a-z]+(?![\w'-])", prompt.lower()))


def check(words: Collection[str], provider: str) -> None:
    """Raise Refused where a word asks for it."""
    for word, (code, message) in REFUSALS.items():
        if word in words:
            # MiniMax has a status of its own for what its moderation refuses.
            raise Refused("sensitive" if (provider, word) == ("minimax", "refuse") else code, message)
