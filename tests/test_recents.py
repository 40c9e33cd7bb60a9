"""The list of recent tasks: what it shows is believed, its silence only where it was read whole and shows the known."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from acedata.client import VideoClient
from domain.faults import VendorFault
from domain.job import Verdict
from domain.wire import Wire
from service.links import Links
from service.recents import Known, Recents
from tests.standin import served

WIRE = Wire("sora", {"model": "sora-2"}, {"prompt": "prompt"})
LINKS = Links(b"k" * 32, "https://example.org")
KNOWN = Known("known", "task-known")


@dataclass
class Shelf:
    """An API's list, newest first, with the manners that an API may have."""

    tasks: list[dict[str, Any]]
    #: The most items of a page, whatever was asked for.
    cap: int = 1_000
    knows_offsets: bool = True
    #: Statuses of the next answers; 0 is a true one.
    statuses: list[int] = field(default_factory=list[int])
    #: Bytes that an answer may have.
    most: int = 10**9
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        if self.statuses and (status := self.statuses.pop(0)):
            return web.json_response({"error": {"code": "api_error", "message": "a bad day"}}, status=status)
        begin = body["offset"] if self.knows_offsets else 0
        page = self.tasks[begin:][: min(body["limit"], self.cap)]
        answer = web.json_response({"items": page, "count": len(page)})
        if len(answer.body or b"") > self.most:  # type: ignore[arg-type] - bytes
            return web.Response(text="<h1>too much</h1>", content_type="text/html")
        return answer


def task(job: str, attempt: int = 1, *, id: str = "", **response: Any) -> dict[str, Any]:
    """A task of a job's attempt, as the list shows it."""
    shown: dict[str, Any] = {"id": id or f"task-{job}-{attempt}", "created_at": 1_800_000_000}
    shown["request"] = {"callback_url": LINKS.callback(job, attempt), "prompt": "a boat"}
    return shown | ({"response": response} if response else {})


def others(number: int) -> list[dict[str, Any]]:
    """Tasks of somebody else with the same account."""
    return [{"id": f"other-{n}", "request": {"callback_url": f"https://else.where/{n}"}} for n in range(number)]


@contextlib.asynccontextmanager
async def looking(shelf: Shelf) -> AsyncIterator[Recents]:
    async with (
        served(web.post("/sora/tasks", shelf.answer)) as url,
        VideoClient(base_url=url, token="secret") as client,
    ):
        yield Recents(client=client, links=LINKS)


SHELF = [*others(30), task("lost"), *others(90)[30:], task("known", id="task-known"), *others(110)[90:]]


@pytest.mark.parametrize(
    ("shelf", "good"),
    [
        (Shelf(SHELF), True),
        (Shelf(SHELF, cap=20), True),  # pages smaller than asked for are not the end
        (Shelf(SHELF, statuses=[0, 500, 503, 0, 502]), True),  # a page that fails is asked for again
        (Shelf(SHELF, most=6_000), True),  # an answer that is too large to be read is asked for in smaller pieces
        (Shelf(SHELF, knows_offsets=False), False),  # nobody knows what stands beyond its first page
        (Shelf(SHELF[:40], knows_offsets=False), False),  # whole, but without the one that has to be there
        (Shelf(SHELF[:31]), False),  # it does not reach back to what is known
        (Shelf([*SHELF, {"status": "?"}]), False),  # this could be anybody's
    ],
    ids=["whole", "capped", "failing", "large", "no offsets", "one page", "short", "unreadable"],
)
async def test_what_a_list_proves(shelf: Shelf, good: bool) -> None:
    """A task of ours is found in any of them; that another one is missing counts only where all was seen."""
    async with looking(shelf) as recents:
        found = await recents.look(WIRE, since=0, wanted={"lost", "missing"}, known=KNOWN)
    report = found.best("lost", 1)
    assert report is not None
    assert report.task_id == "task-lost-1"
    assert found.best("missing", 1) is None
    assert found.good is good


@pytest.mark.parametrize(
    ("tasks", "known", "good"),
    [
        ([], None, True),  # a new account has no tasks
        ([], KNOWN, False),  # it had one
        (others(3), None, True),
        ([{"id": "task-known"}], KNOWN, False),  # without the requests nobody could find anything
    ],
)
async def test_an_empty_list_proves_something_only_where_nothing_is_known(
    tasks: list[dict[str, Any]], known: Known | None, good: bool
) -> None:
    """An API without such a list may answer with an empty one: it is not believed against better knowledge."""
    async with looking(Shelf(tasks)) as recents:
        assert (await recents.look(WIRE, since=0, wanted={"lost"}, known=known)).good is good


async def test_the_end_of_the_list_is_asked_for_once() -> None:
    """A short list costs two calls: what is there, and that nothing comes after it."""
    shelf = Shelf(others(3))
    async with looking(shelf) as recents:
        await recents.look(WIRE, since=0, wanted={"lost"}, known=None)
    assert [body["offset"] for body in shelf.asked] == [0, 3]


async def test_a_success_of_any_attempt_decides() -> None:
    """Of several attempts a film counts first, then the latest word; an older failure says nothing."""
    film = {"success": True, "data": [{"id": "f", "video_url": "https://example.org/f.mp4"}]}
    failure = {"success": False, "error": {"code": "api_error", "message": "no"}}
    shelf = Shelf([task("a", 2, **failure), task("a", 1, **film), task("b", 1, **failure), task("c", 1)])
    async with looking(shelf) as recents:
        found = await recents.look(WIRE, since=0, wanted={"a", "b", "c"}, known=None)
    verdicts = [report and report.verdict for report in (found.best(job, 2) for job in "abc")]
    assert verdicts == [Verdict.SUCCEEDED, None, Verdict.PENDING]


@pytest.mark.parametrize(("status", "calls"), [(429, 1), (400, 1), (401, 1), (500, 3)])
async def test_an_api_that_does_not_answer(status: int, calls: int) -> None:
    """After a plain no the list is left alone; after trouble it is tried a little longer, and then that is said."""
    shelf = Shelf([], statuses=[status] * 9)
    async with looking(shelf) as recents:
        with pytest.raises(VendorFault) as caught:
            await recents.look(WIRE, since=0, wanted={"lost"}, known=None)
    assert caught.value.status == status
    assert len(shelf.asked) == calls


async def test_a_list_without_an_end_proves_nothing() -> None:
    """Reading stops somewhere, whatever the API goes on to show."""
    endless = Shelf([*others(10_100), task("known", id="task-known")])
    async with looking(endless) as recents:
        assert not (await recents.look(WIRE, since=0, wanted={"lost"}, known=KNOWN)).good
    assert len(endless.asked) == 200
