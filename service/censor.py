"""Prompts against a server's rules of words: every door asks here, and a hit is told to member and moderators."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from domain.ask import Ask
from domain.faults import Refused
from domain.wordrules import WordRule
from service.loops import now_ms
from service.policies import Policies
from storage import notices
from storage.database import Database

#: Rule sets kept compiled.
_MOST = 500
#: A member who tries the same word again and again is told to moderators once in so long (ms).
_QUIET = 60_000


class Finder(Protocol):
    """Rules of words, compiled."""

    def first_hit(self, prompt: str) -> WordRule | None:
        """The first rule that a prompt breaks."""
        ...


class Censor:
    """`compile_rules` makes a finder of a server's rules; it is asked once for each set of rules."""

    def __init__(
        self,
        db: Database,
        *,
        policies: Policies,
        compile_rules: Callable[[tuple[WordRule, ...]], Finder],
        on_notice: Callable[[], None],
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._db = db
        self._policies = policies
        self._compile = compile_rules
        self._on_notice = on_notice
        self._clock = clock
        self._compiled: OrderedDict[tuple[WordRule, ...], Finder] = OrderedDict()
        self._told: OrderedDict[tuple[int, int, int], int] = OrderedDict()

    async def hit(self, guild_id: int, text: str) -> WordRule | None:
        """The first rule of a server that a text breaks; nobody is told."""
        rules = (await self._policies.of(guild_id)).words
        return self._finder(rules).first_hit(text) if rules else None

    async def check(self, ask: Ask, prompt: str) -> None:
        """Raise Refused for a prompt that breaks a rule, and have moderators told who and where."""
        rule = await self.hit(ask.guild_id, prompt)
        if rule is None:
            return
        if self._is_news((ask.guild_id, ask.author_id, rule.id)):
            about = {"member": ask.author_id, "channel": ask.channel_id, "rule": rule.id, "text": rule.text}
            async with self._db.transaction() as conn:
                await notices.add(conn, ask.guild_id, "words", json.dumps(about), self._clock())
            self._on_notice()
        raise Refused("words", rule=rule.text, kind=rule.kind, number=rule.id)

    def _is_news(self, key: tuple[int, int, int]) -> bool:
        now = self._clock()
        news = now - self._told.get(key, -_QUIET) >= _QUIET
        if news:
            self._told[key] = now
            self._told.move_to_end(key)
            while len(self._told) > _MOST:
                self._told.popitem(last=False)
        return news

    def _finder(self, rules: tuple[WordRule, ...]) -> Finder:
        found = self._compiled.pop(rules, None) or self._compile(rules)
        self._compiled[rules] = found
        while len(self._compiled) > _MOST:
            self._compiled.popitem(last=False)
        return found
