"""Knows the smallest bot that has every kind of thing the stand-in serves: the tests of the stand-in run it."""

import asyncio
import re
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands


class Again(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"job:again:(?P<id>\w+)"):
    def __init__(self, job: str) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"job:again:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Again":
        return cls(match["id"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(f"again {self.job}", ephemeral=True)


class Form(discord.ui.Modal, title="A film"):
    prompt: discord.ui.Label[Any] = discord.ui.Label(text="Prompt", component=discord.ui.TextInput(max_length=4000))
    pictures: discord.ui.Label[Any] = discord.ui.Label(
        text="Pictures", component=discord.ui.FileUpload(min_values=0, max_values=4, required=False)
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        upload = cast("discord.ui.FileUpload[Any]", self.pictures.component)
        text = cast("discord.ui.TextInput[Any]", self.prompt.component)
        sizes = [len(await picture.read()) for picture in upload.values]
        await interaction.response.send_message(f"{text.value}: {sizes}")


def card(text: str) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    row.add_item(Again("k3j9"))
    view.add_item(discord.ui.Container(discord.ui.TextDisplay(text), row))
    return view


class Bot(commands.AutoShardedBot):
    """What the product is made of, at its smallest; `seen` hands out interactions whose handler is through."""

    def __init__(self) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=discord.Intents.none(),
            max_messages=None,
            max_ratelimit_timeout=30,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.seen: asyncio.Queue[discord.Interaction[Any]] = asyncio.Queue()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Again)
        self.tree.add_command(app_commands.Command(name="video", description="Make a film", callback=video))
        self.tree.add_command(app_commands.Command(name="later", description="Defer", callback=later))
        self.tree.add_command(app_commands.Command(name="silent", description="Say nothing", callback=silent))
        self.tree.add_command(app_commands.Command(name="form", description="Open a form", callback=form))
        self.tree.add_command(app_commands.ContextMenu(name="Animate this image", callback=animate))
        manage = app_commands.Group(name="manage", description="Rules", default_permissions=discord.Permissions(32))
        limit = app_commands.Group(name="limit", description="Limits", parent=manage)
        limit.add_command(app_commands.Command(name="set", description="Set one", callback=set_limit))
        self.tree.add_command(manage)
        await self.tree.sync()


async def _models(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=one, value=one) for one in ("sora-2", "veo-3") if current in one]


@app_commands.autocomplete(model=_models)
async def video(
    interaction: discord.Interaction[Any], prompt: str, image: discord.Attachment | None = None, model: str = "sora-2"
) -> None:
    size = len(await image.read()) if image else 0
    await interaction.response.send_message(view=card(f"{prompt} {model} {size}"))
    _keep(interaction)


async def later(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.defer(ephemeral=True)
    await interaction.edit_original_response(view=card("Started"))
    await interaction.followup.send("for all to see")
    _keep(interaction)


async def silent(interaction: discord.Interaction[Any]) -> None:
    _keep(interaction)


async def set_limit(
    interaction: discord.Interaction[Any], who: discord.Member, credits_a_day: app_commands.Range[int, 1, 100]
) -> None:
    await interaction.response.send_message(f"{who.name} {credits_a_day}", ephemeral=True)


async def form(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.send_modal(Form(timeout=900))


async def animate(interaction: discord.Interaction[Any], message: discord.Message) -> None:
    await interaction.response.send_message(f"{message.content} {message.attachments[0].filename}")


def _keep(interaction: discord.Interaction[Any]) -> None:
    cast("Bot", interaction.client).seen.put_nowait(interaction)
