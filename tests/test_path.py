"""The main job, end to end: a command with pictures becomes a film in a thread."""

from __future__ import annotations

from tests import clips
from tests.conftest import Stage
from tests.sim import content, eventually, films, words


async def test_a_command_becomes_a_film_in_a_thread(stage: Stage) -> None:
    """The card says what it costs; the film comes in a thread made from it, mentions the member, and plays."""
    you, channel = stage.world.visitor, stage.world.channel
    answer = await you.slash(channel, "video", prompt="a paper boat in the rain")
    assert answer.acknowledged
    card = answer.response
    assert card is not None
    print(words(card))
    await stage.api.until(lambda: bool(stage.api.tasks))
    (task,) = stage.api.tasks.values()
    await stage.api.finish(task.id)
    thread = await eventually(lambda: next((t for t in channel.threads if t.id != stage.world.thread.id), None))
    (film,) = await eventually(lambda: films(thread))
    assert content(stage.env, film) == clips.film()
    print(words(thread.history()[-1]), words(channel.history()[-1]), film.filename)
    assert (await stage.rows("SELECT state FROM jobs")) == [{"state": "ready"}]
