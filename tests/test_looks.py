"""Looks that a callback overtakes: what was asked for while one was under way is looked at again at once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import web

from demo.life import Task
from demo.videoapi import VideoAPI
from tests import clips
from tests.conftest import PACE, TOKEN, OpenWire, Wired
from tests.settled import MINUTE
from tests.test_dispatch import ask, films, tasks, until_idle

#: The next look after one of these is a minute away: no test waits for it.
RARE = replace(PACE, look=MINUTE)


class Overtaken(VideoAPI):
    """The API's stand-in, whose next answer to a look is overtaken by whatever happens meanwhile."""

    meanwhile: Callable[[], Awaitable[web.Response | None]] | None = None

    async def _tasks(self, request: web.Request) -> web.Response:
        answer = await super()._tasks(request)
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            answer = await happens() or answer
        return answer


@pytest.fixture
def api() -> Overtaken:
    return Overtaken(token=TOKEN, seconds=None, render=lambda request, pictures: clips.film())


async def look(w: Wired) -> None:
    """The moment of the next look has come."""
    async with w.app.db.transaction() as conn:
        await conn.execute("UPDATE jobs SET next_look_at = 1")
    w.app.parts.wake("reconcile")


async def test_a_callback_during_a_look_brings_another(open_wire: OpenWire, api: Overtaken) -> None:
    """A callback that names another task, while ours is shown as pending still: it is looked at once more, now."""
    async with open_wire(pace=RARE) as w:
        await ask(w, "a boat, lost")
        (task,) = await tasks(w, 1)
        await until_idle(w.app.parts.services.dispatch.sending)

        async def meanwhile() -> None:
            await api.finish(task.id)
            assert await api.call_back(task.id, json.dumps({**(task.response or {}), "task_id": "theirs"})) == 200

        api.meanwhile = meanwhile
        await look(w)
        await w.wire.wait_for(lambda: films(w), timeout=15)


@pytest.mark.parametrize("answer", ["not there", "away"])
async def test_a_callback_during_a_search_brings_another(open_wire: OpenWire, api: Overtaken, answer: str) -> None:
    """A lost submission calls back while the recent tasks are read without it: its task is asked about now."""
    async with open_wire(pace=RARE) as w:
        await ask(w, "a boat, reset and lost")
        (task,) = await tasks(w, 1)
        await until_idle(w.app.parts.services.dispatch.sending)

        async def meanwhile() -> web.Response:
            await named(w, task)
            if answer == "away":
                return web.json_response({"error": {"code": "bad_request", "message": "no"}}, status=400)
            return web.json_response({"items": [], "count": 0})

        api.meanwhile = meanwhile
        await look(w)
        await w.wire.wait_for(lambda: films(w), timeout=15)
        assert api.submissions == 1


async def test_a_task_that_is_named_during_a_look_is_asked_about(open_wire: OpenWire, api: Overtaken) -> None:
    """While the API says that another callback's task is not ours, the true one comes: it is not forgotten with it."""
    async with open_wire(pace=RARE) as w:
        await ask(w, "a boat, reset and lost")
        (task,) = await tasks(w, 1)
        await until_idle(w.app.parts.services.dispatch.sending)

        async def meanwhile() -> web.Response:
            await named(w, task)
            api.faults.append(("/sora/tasks", 200, '{"items": [], "count": 0}'))
            return web.json_response({})

        api.meanwhile = meanwhile
        async with w.app.db.transaction() as conn:
            await conn.execute("UPDATE jobs SET hint_id = 'theirs'")
        await look(w)
        await w.wire.wait_for(lambda: films(w), timeout=15)


async def named(w: Wired, task: Task) -> None:
    """A task ends, and its callback names it."""
    await w.api.finish(task.id)
    assert await w.api.call_back(task.id) == 200


@pytest.mark.parametrize("known", [True, False])
async def test_a_success_without_a_link_ends_no_looking(open_wire: OpenWire, api: Overtaken, known: bool) -> None:
    """What was given up is looked at for a day: a callback that has no link yet must not end that, nor begin a search
    for what is searched for no more."""
    async with open_wire(pace=RARE) as w:
        await ask(w, "a boat, lost")
        (task,) = await tasks(w, 1)
        await until_idle(w.app.parts.services.dispatch.sending)
        async with w.app.db.transaction() as conn:
            await conn.execute(
                "UPDATE jobs SET state = 'expired', task_id = ?, next_look_at = ?",
                (task.id if known else "", 10**14 if known else 0),
            )
        await w.api.finish(task.id)
        assert await w.api.call_back(task.id, json.dumps({"success": True, "data": [{"id": "x"}]})) == 200
        if known:
            await w.wire.wait_for(lambda: films(w), timeout=15)
        else:
            assert await w.rows("SELECT next_look_at FROM jobs") == [{"next_look_at": 0}]
