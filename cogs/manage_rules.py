"""/manage block, unblock, channels, words, moderators: who, where, and what prompts may say."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands

from domain.faults import Refused
from service.blocks import Blocks
from service.censor import Censor
from service.decisions import Decisions
from ui import cards, cards_moderation
from ui.answers import Reply, answer_with
from ui.language import _, _n
from ui.places import person_of
from ui.reasons import Reason, gives_reason
from ui.words import plain, when


class People(app_commands.Group):
    """/manage block, unblock, moderators: these commands stand directly under /manage."""

    def __init__(self, blocks: Blocks, decisions: Decisions) -> None:
        super().__init__(name="people", description="People")
        self._blocks = blocks
        self._decisions = decisions

    @app_commands.command(name="block", description="Let a member make no more films here")
    @app_commands.describe(
        member="Who", reason="Why: the member reads it", days="For so many days (else until it is lifted)"
    )
    async def block(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        reason: Reason = "",
        days: app_commands.Range[int, 1, 3650] | None = None,
    ) -> None:
        async def act() -> Reply:
            until, stopped = await self._blocks.block(person_of(interaction), member.id, reason=reason, days=days)
            end = _("until {moment}").format(moment=when(until, "f")) if until else _("until it is lifted")
            lines = [_("<@{who}> makes no films here {end}.").format(who=member.id, end=end)]
            if stopped:
                lines.append(
                    _n(
                        "{n} waiting film was stopped; its credits are back.",
                        "{n} waiting films were stopped; their credits are back.",
                        stopped,
                    ).format(n=stopped)
                )
            return Reply(cards.note("\n".join(lines)))

        await answer_with(interaction, act())

    @app_commands.command(name="unblock", description="Lift a member's block")
    @app_commands.describe(member="Who")
    @gives_reason
    async def unblock(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        reason: Reason = "",
    ) -> None:
        async def act() -> Reply:
            await self._blocks.unblock(person_of(interaction), member.id, reason=reason)
            return Reply(cards.note(_("<@{who}> may make films again.").format(who=member.id)))

        await answer_with(interaction, act())

    @app_commands.command(name="moderators", description="Roles that may manage films, but not credits")
    @app_commands.describe(add="Name this role", remove="Name this role no more")
    @gives_reason
    async def moderators(
        self,
        interaction: discord.Interaction,
        add: discord.Role | None = None,
        remove: discord.Role | None = None,
        reason: Reason = "",
    ) -> None:
        async def act() -> Reply:
            person = person_of(interaction)
            roles = set((await self._decisions.policy(person)).moderators)
            if add or remove:
                if add and add.is_default():
                    raise Refused("everyone_moderates")
                roles = (roles | ({add.id} if add else set())) - ({remove.id} if remove else set())
                await self._decisions.set_moderators(person, sorted(roles), reason=reason)
            return Reply(cards_moderation.moderators(sorted(roles)))

        await answer_with(interaction, act())


class Channels(app_commands.Group):
    """/manage channels allow, deny, spoiler, clear, list."""

    def __init__(self, decisions: Decisions) -> None:
        super().__init__(name="channels", description="Where films may be made")
        self._decisions = decisions

    @app_commands.command(name="allow", description="Films only in this channel or category (and others allowed)")
    @gives_reason
    async def allow(
        self, interaction: discord.Interaction, channel: app_commands.AppCommandChannel, reason: Reason = ""
    ) -> None:
        await self._list(interaction, channel, "allow", reason)

    @app_commands.command(name="deny", description="No films in this channel or category")
    @gives_reason
    async def deny(
        self, interaction: discord.Interaction, channel: app_commands.AppCommandChannel, reason: Reason = ""
    ) -> None:
        await self._list(interaction, channel, "deny", reason)

    @app_commands.command(name="spoiler", description="Every film of this channel or category is a spoiler")
    @gives_reason
    async def spoiler(
        self, interaction: discord.Interaction, channel: app_commands.AppCommandChannel, reason: Reason = ""
    ) -> None:
        await self._list(interaction, channel, "spoiler", reason)

    @app_commands.command(name="clear", description="Take a channel off all lists")
    @gives_reason
    async def clear(
        self, interaction: discord.Interaction, channel: app_commands.AppCommandChannel, reason: Reason = ""
    ) -> None:
        async def act() -> Reply:
            person = person_of(interaction)
            await self._decisions.unlist_channel(person, channel.id, reason=reason)
            return Reply(cards_moderation.channels(await self._decisions.policy(person)))

        await answer_with(interaction, act())

    @app_commands.command(name="list", description="Where films may be made")
    async def list(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            return Reply(cards_moderation.channels(await self._decisions.policy(person_of(interaction))))

        await answer_with(interaction, look())

    async def _list(
        self,
        interaction: discord.Interaction,
        channel: app_commands.AppCommandChannel,
        kind: Literal["allow", "deny", "spoiler"],
        reason: str,
    ) -> None:
        async def act() -> Reply:
            person = person_of(interaction)
            await self._decisions.list_channel(person, channel.id, kind, reason=reason)
            return Reply(cards_moderation.channels(await self._decisions.policy(person)))

        await answer_with(interaction, act())


class ForbiddenWords(app_commands.Group):
    """/manage words add, pattern, remove, list, test."""

    def __init__(self, decisions: Decisions, censor: Censor) -> None:
        super().__init__(name="words", description="What prompts must not contain")
        self._decisions = decisions
        self._censor = censor

    @app_commands.command(name="add", description="Forbid a word or phrase, however it is disguised")
    @app_commands.describe(word="Whole words count: a forbidden “ass” lets “assistant” pass")
    @gives_reason
    async def add(
        self, interaction: discord.Interaction, word: app_commands.Range[str, 1, 200], reason: Reason = ""
    ) -> None:
        await self._forbid(interaction, "word", word, reason)

    @app_commands.command(name="pattern", description="Forbid what a regular expression (RE2) matches")
    @app_commands.describe(pattern="Upper and lower case are the same")
    @gives_reason
    async def pattern(
        self, interaction: discord.Interaction, pattern: app_commands.Range[str, 1, 200], reason: Reason = ""
    ) -> None:
        await self._forbid(interaction, "pattern", pattern, reason)

    @app_commands.command(name="remove", description="Forbid it no more")
    @app_commands.describe(rule="Its number: /manage words list shows them")
    @gives_reason
    async def remove(self, interaction: discord.Interaction, rule: int, reason: Reason = "") -> None:
        async def act() -> Reply:
            gone = await self._decisions.remove_word(person_of(interaction), rule, reason=reason)
            return Reply(cards.note(_("||{word}|| is allowed again.").format(word=plain(gone.text, 80))))

        await answer_with(interaction, act())

    @remove.autocomplete("rule")
    async def complete_rule(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        try:
            rules = (await self._decisions.policy(person_of(interaction))).words
        except Refused:
            return []
        found = [rule for rule in rules if str(typed).casefold() in f"{rule.id} {rule.text}".casefold()]
        return [app_commands.Choice(name=f"{rule.id}: {rule.text}"[:100], value=rule.id) for rule in found[-25:]]

    @app_commands.command(name="list", description="What is forbidden in prompts")
    async def list(self, interaction: discord.Interaction) -> None:
        await answer_with(interaction, self.page(interaction, 0))

    async def page(self, interaction: discord.Interaction, start: int) -> Reply:
        """The rules from one on, for whoever may read them."""
        return Reply(cards_moderation.words(await self._decisions.policy(person_of(interaction)), start))

    @app_commands.command(name="test", description="See what would happen to a prompt; nobody else is told")
    async def test(self, interaction: discord.Interaction, prompt: app_commands.Range[str, 1, 4000]) -> None:
        async def look() -> Reply:
            person = person_of(interaction)
            await self._decisions.policy(person)
            hit = await self._censor.hit(person.guild_id, prompt)
            if hit is None:
                return Reply(cards.note(_("✓ This prompt passes.")))
            return Reply(cards.note(_("✗ Rule `{n}` stops it: ||{rule}||").format(n=hit.id, rule=plain(hit.text, 80))))

        await answer_with(interaction, look())

    async def _forbid(
        self, interaction: discord.Interaction, kind: Literal["word", "pattern"], text: str, reason: str
    ) -> None:
        async def act() -> Reply:
            number = await self._decisions.add_word(person_of(interaction), kind, text, reason=reason)
            return Reply(cards.note(_("||{word}|| is forbidden now (`{n}`).").format(word=plain(text, 80), n=number)))

        await answer_with(interaction, act())
