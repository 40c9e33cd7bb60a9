"""/video's options: completed from the chosen model, checked again by the server, and what the card says of them."""

from __future__ import annotations

from typing import Any

import pytest

from settings import read_catalogue
from tests.conftest import Stage
from tests.sim import words
from ui import completions
from ui.words_models import lengths, model_line

CATALOGUE = read_catalogue("")


def so_far(key: str, *, pictures: int = 0, **options: Any) -> completions.Chosen:
    """What is chosen of a model when this is filled in."""
    row = CATALOGUE.get(key)
    assert row is not None
    return completions.chosen(options, row, pictures=pictures)


def names(choices: completions.Choices) -> list[str]:
    return [choice.name for choice in choices]


def test_what_is_being_typed_is_not_chosen_yet() -> None:
    """Of an interaction's data, the option that has the focus does not count; pictures are counted."""
    options = [
        {"name": "model", "type": 3, "value": "luma"},
        {"name": "image1", "type": 11, "value": "77"},
        {"name": "image2", "type": 11, "value": "78"},
        {"name": "duration", "type": 4, "value": "1", "focused": True},
    ]
    said, pictures = completions.typed({"options": options})
    assert (said["model"], "duration" in said, pictures) == ("luma", False, 2)


def test_durations_have_their_price() -> None:
    """Lengths of the chosen model, the usual one first, each with what it costs as everything else is chosen."""
    assert names(completions.durations(so_far("kling-2.6"), "")) == ["5 s (3 credits)", "10 s (6 credits)"]
    with_sound = so_far("kling-2.6", size="pro", sound="on")
    assert names(completions.durations(with_sound, "")) == ["5 s (8 credits)", "10 s (16 credits)"]
    # sound is not to be had in that size: it is priced as it would be made
    assert names(completions.durations(so_far("kling-2.6", size="standard", sound="on"), "1")) == ["10 s (6 credits)"]
    assert completions.durations(so_far("luma"), "") == []
    assert len(completions.durations(so_far("wan-3"), "")) == 25  # as many as Discord shows


def test_sizes_follow_from_the_pictures() -> None:
    """Sizes that the mode has: a last frame wants the better one, 4k is for words alone."""
    assert names(completions.sizes(so_far("kling-2.6"), "")) == ["standard (from 3 credits)", "pro (from 4 credits)"]
    assert names(completions.sizes(so_far("kling-2.6", pictures=2), "")) == ["pro (from 4 credits)"]
    assert [one.value for one in completions.sizes(so_far("veo-3.1"), "")] == ["standard", "1080p", "4k"]
    assert [one.value for one in completions.sizes(so_far("veo-3.1", pictures=1), "")] == ["standard", "1080p"]
    assert [one.value for one in completions.sizes(so_far("seedance-2", duration=10), "10")] == ["1080p"]
    assert names(completions.sizes(so_far("sora-2", duration=15), "l")) == ["large (from 6 credits)"]


def test_shapes_and_sound() -> None:
    """Shapes with their ratios, the picture's own where there is one; sound only where it can be chosen."""
    shapes = names(completions.shapes(so_far("seedance-2"), ""))
    assert shapes[:4] == ["landscape (16:9)", "portrait (9:16)", "square (1:1)", "4:3"]
    assert names(completions.shapes(so_far("seedance-2", pictures=1), ""))[0] == "shaped like your picture"
    assert names(completions.shapes(so_far("seedance-2"), "9:")) == ["portrait (9:16)"]
    assert completions.shapes(so_far("hailuo"), "") == []
    sounds = completions.sounds(so_far("seedance-1.5-pro", resolution="1080p"), "")
    assert [(one.name, one.value) for one in sounds] == [
        ("silent (3 credits)", "off"),
        ("with sound (6 credits)", "on"),
    ]
    assert names(completions.sounds(so_far("kling-2.6"), "")) == ["silent (3 credits)"]
    for key in ("veo-3.1", "luma"):
        assert completions.sounds(so_far(key), "") == []


def test_models_in_one_line() -> None:
    """Length, shape, sound and the lowest price of each, short enough for Discord to show."""
    lines = {row.key: model_line(row) for row in CATALOGUE.models}
    assert lines["sora-2"] == "Sora 2: 10 or 15 s · landscape, portrait, square · sound · from 2 credits"
    assert lines["kling-3"] == ("Kling 3: 3 to 15 s · landscape, portrait, square · sound if you like · from 3 credits")
    assert lines["hailuo"] == "Hailuo: a length of its own · a shape of its own · from 2 credits"
    assert max(map(len, lines.values())) <= 100


def test_lengths_are_short() -> None:
    """Runs of seconds are spans."""
    assert lengths([10, 15]) == "10 or 15 s"
    assert lengths([5, 3, 4, 6]) == "3 to 6 s"
    assert lengths([2, 3, 4, 8, 10, 11]) == "2 to 4, 8, 10 or 11 s"


@pytest.mark.parametrize(
    ("options", "recipe", "fields"),
    [
        (
            {"model": "kling-3", "resolution": "4K", "sound": "on", "negative": "rain, fog"},
            "Kling 3 · 5 s · landscape · 4k · with sound · without rain, fog",
            {"mode": "4k", "generate_audio": True, "negative_prompt": "rain, fog"},
        ),
        (
            {"model": "seedance-1.5-pro", "resolution": "480p", "size": "480P", "sound": "no", "orientation": "9:16"},
            "Seedance 1.5 Pro · 5 s · portrait · 480p · silent",
            {"resolution": "480p", "generate_audio": False, "ratio": "9:16"},
        ),
        ({"model": "luma", "orientation": "21:9"}, "Luma · 21:9", {"aspect_ratio": "21:9"}),
        ({"model": "hailuo"}, "Hailuo", {"model": "minimax-t2v"}),
    ],
)
async def test_options_on_their_way(stage: Stage, options: dict[str, Any], recipe: str, fields: dict[str, Any]) -> None:
    """What is chosen stands on the card, and arrives in the model's own fields."""
    async with stage.app.db.transaction() as conn:
        await conn.execute(
            "INSERT INTO rules (guild_id, subject, period) VALUES (?, 'everyone', 'day')", (stage.world.guild.id,)
        )
    answer = await stage.world.visitor.slash(stage.world.channel, "video", prompt="a boat", **options)
    assert answer.response is not None
    assert recipe in words(answer.response).splitlines()
    await stage.api.until(lambda: bool(stage.api.tasks))
    (task,) = stage.api.tasks.values()
    assert {field: task.request[field] for field in fields} == fields


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "sora-2", "size": "small", "resolution": "large"}, "Two sizes are one too many"),
        ({"model": "kling-3", "sound": "loud"}, "“loud” is no answer about sound"),
        ({"model": "luma", "sound": "on"}, "Luma makes no sound"),
        ({"model": "veo-3.1", "sound": "off"}, "Veo 3.1 always makes sound"),
        ({"model": "kling-2.6", "sound": "on", "size": "standard"}, "Kling 2.6 makes no sound in that size"),
        ({"model": "sora-2", "negative": "rain"}, "Sora 2 has no negative prompt"),
        ({"model": "kling-3", "negative": "x" * 201}, "That negative prompt is too long"),
    ],
)
async def test_what_does_not_go(stage: Stage, options: dict[str, Any], says: str) -> None:
    """What was typed past the completions is checked by the server, before anything is charged."""
    answer = await stage.world.visitor.slash(stage.world.channel, "video", prompt="a boat", **options)
    assert answer.response is not None
    assert answer.ephemeral
    text = words(answer.response)
    assert says in text
    assert "Nothing was charged" in text
    assert await stage.rows("SELECT id FROM jobs") == []
