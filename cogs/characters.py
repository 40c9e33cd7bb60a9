"""/character makes a film with a character; /characters keeps, shows, shares and deletes them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import discord
from discord import app_commands, ui
from discord.ext import commands

from domain.clip import Clip
from domain.faults import BadClip, Refused
from domain.job import Job, JobState
from domain.model import Model
from domain.request import find_model
from domain.wish import Wish
from service.characters import Characters
from service.intake import Intake
from ui import cards_characters, choosing, forms, results
from ui.answers import Reply, answer_with, say_trouble
from ui.language import _

_BUTTON = re.compile(r"character:save:([0-9a-z]{1,32})")
_FORM = re.compile(r"form:character:([0-9a-z]{1,32}):[0-9a-f]{8}")


#: Whether whoever acts moderates the server.
Moderates = Callable[[discord.Interaction], Awaitable[bool]]


class CharacterFilms(commands.Cog):
    """`start` makes a wish come true: see cogs/starting.py."""

    group = app_commands.Group(name="characters", description="Characters that you keep", guild_only=True)

    def __init__(
        self, intake: Intake, characters: Characters, *, start: Callable[..., Awaitable[None]], moderates: Moderates
    ) -> None:
        self._intake = intake
        self._characters = characters
        self._start = start
        self._moderates = moderates

    @app_commands.command(name="character", description="Make a film with a character from a clip")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What does the character do?",
        clip="A short film that shows the character, no real person (20 MB, 60 s)",
        film="A finished film of yours that shows the character",
        character="A saved character",
        start="Where the character begins: 0 to 1 in the frame, or seconds, as the model has it",
        end="Where it ends",
        model="Who makes it (if you leave this out: the first that takes characters)",
        duration="How long it is, in seconds",
        orientation="Its shape (if you leave this out: landscape)",
        size="How fine it is: large costs more",
        private="Send it to you alone, as a direct message",
        spoiler="Hide it behind a spoiler",
    )
    async def character(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 4000],
        clip: discord.Attachment | None = None,
        film: str | None = None,
        character: str | None = None,
        start: app_commands.Range[float, 0.0, 60.0] | None = None,
        end: app_commands.Range[float, 0.0, 60.0] | None = None,
        model: str | None = None,
        duration: int | None = None,
        orientation: Literal["landscape", "portrait", "square"] | None = None,
        size: str | None = None,
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        async def wished() -> Wish:
            shown = await self._clip(interaction, clip, film, character, start, end)
            options = {
                "prompt": prompt,
                "model": model or self._usual().key,
                "duration": duration,
                "orientation": orientation,
                "size": size,
            }
            return Wish(options=options, clip=shown, private=private, spoiler=spoiler)

        await self._start(interaction, wished())

    async def _clip(
        self,
        interaction: discord.Interaction,
        clip: discord.Attachment | None,
        film: str | None,
        character: str | None,
        start: float | None = None,
        end: float | None = None,
    ) -> Clip:
        """The one clip that is meant. Raises BadClip, BadName."""
        given = [one for one in (clip, film, character) if one]
        if len(given) != 1:
            raise BadClip("clip_many" if given else "clip_none")
        if clip:
            return Clip(clip.filename, url=clip.url, size=clip.size, start=start, end=end)
        if film:
            job = await self._characters.film(film, member_id=interaction.user.id)
            return Clip(job.id, film=job.id, start=start, end=end, restricted=job.restricted, private=job.private)
        found = await self._characters.usable(character or "", **_who(interaction))
        return Clip(
            found.name,
            sha256=found.clip,
            origin=found.film,
            start=start,
            end=end,
            restricted=found.restricted,
            private=found.private,
            owner_id=found.owner_id,
        )

    def _usual(self) -> Model:
        """The first model that can be had and takes characters; where there is none, the refusal says so."""
        rows = [row for row in self._intake.offered() if row.character]
        return rows[0] if rows else self._intake.catalogue.default()

    @group.command(name="save", description="Keep a character, from a clip or one of your films")
    @app_commands.describe(
        name="What it is called",
        clip="A short film that shows the character, no real person (20 MB, 60 s)",
        film="A finished film of yours that shows the character",
    )
    async def save(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, 40],
        clip: discord.Attachment | None = None,
        film: str | None = None,
    ) -> None:
        async def keep() -> Reply:
            return await self._save(interaction, name, await self._clip(interaction, clip, film, None))

        await answer_with(interaction, keep())

    async def _save(self, interaction: discord.Interaction, name: str, clip: Clip) -> Reply:
        shown, picture = await self._characters.save(name, clip, member_id=interaction.user.id)
        return Reply(cards_characters.saved(shown, picture))

    @group.command(name="list", description="Your characters, and those that this server shares")
    async def list(self, interaction: discord.Interaction) -> None:
        async def look() -> Reply:
            found = await self._characters.visible(**_who(interaction))
            mine = [one for one in found if one.owner_id == interaction.user.id]
            own = [
                cards_characters.Own(one.name, one.ms / 1000, one.shared, await self._characters.picture(one))
                if not one.taken_away
                else cards_characters.Own(one.name)
                for one in mine
            ]
            others = [(one.name, one.owner_id) for one in found if one.owner_id != interaction.user.id]
            return Reply(cards_characters.characters(own, others))

        await answer_with(interaction, look())

    @group.command(name="share", description="Let everybody in this server use a character, or take it back")
    @app_commands.describe(name="Which one", shared="Choose False to take it back")
    async def share(self, interaction: discord.Interaction, name: str, shared: bool = True) -> None:
        async def act() -> Reply:
            manager = await self._moderates(interaction)
            one = await self._characters.share(name, **_who(interaction), manager=manager, shared=shared)
            return Reply(cards_characters.shared(one.name, now=shared))

        await answer_with(interaction, act())

    @group.command(name="delete", description="Delete a character of yours, everywhere")
    @app_commands.describe(name="Which one")
    async def delete(self, interaction: discord.Interaction, name: str) -> None:
        async def act() -> Reply:
            one = await self._characters.delete(name, **_who(interaction))
            return Reply(cards_characters.deleted(one.name))

        await answer_with(interaction, act())

    async def offer_save(self, interaction: discord.Interaction, job: Job) -> ui.Button[Any] | None:
        """A button behind More… of one's own finished film."""
        if job.author_id != interaction.user.id or job.state is not JobState.READY or not job.films:
            return None
        made: ui.Button[Any] = results.button(_("Save as character"), "save", job.id, kind="character", emoji="🎭")
        return made

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        try:
            if interaction.type is discord.InteractionType.component and (pressed := _BUTTON.fullmatch(custom_id)):
                form = cards_characters.name_form(f"form:character:{pressed[1]}:{secrets.token_hex(4)}")
                await interaction.response.send_modal(form)
            if interaction.type is discord.InteractionType.modal_submit and (sent := _FORM.fullmatch(custom_id)):
                name = forms.text(interaction.data or {}, "name")
                await answer_with(interaction, self._save_film(interaction, name, sent[1]))
        except Exception as error:  # discord.py would only log it, and the member would see "interaction failed"
            await say_trouble(interaction, error)

    async def _save_film(self, interaction: discord.Interaction, name: str, job_id: str) -> Reply:
        return await self._save(interaction, name, await self._clip(interaction, None, job_id, None))

    @character.autocomplete("character")
    @share.autocomplete("name")
    @delete.autocomplete("name")
    async def complete_character(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._characters.visible(**_who(interaction))
        if interaction.command and interaction.command.name == "delete":
            found = [one for one in found if one.owner_id == interaction.user.id]
        else:
            found = [one for one in found if not one.taken_away]
        return choosing.kept([(one.id, one.name, _beside(interaction, one.owner_id)) for one in found], typed)

    @character.autocomplete("film")
    @save.autocomplete("film")
    async def complete_film(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.films(await self._characters.films(**_who(interaction)), typed)

    @character.autocomplete("model")
    async def complete_model(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.models([row for row in self._intake.offered() if row.character], typed)

    @character.autocomplete("duration")
    async def complete_duration(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[int]]:
        row = self._chosen(interaction)
        return choosing.durations(row, getattr(interaction.namespace, "size", None), str(typed))

    @character.autocomplete("size")
    async def complete_size(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return choosing.sizes(self._chosen(interaction), typed)

    def _chosen(self, interaction: discord.Interaction) -> Model:
        try:
            typed = getattr(interaction.namespace, "model", None)
            return find_model(self._intake.catalogue, typed) if typed else self._usual()
        except Refused:
            return self._usual()


def _who(interaction: discord.Interaction) -> dict[str, int]:
    return {"guild_id": interaction.guild_id or 0, "member_id": interaction.user.id}


def _beside(interaction: discord.Interaction, owner_id: int) -> str:
    return "" if owner_id == interaction.user.id else _("shared")
