"""Knows how each service of the vendor words a result, a failure and a task: the same envelope, in many shapes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from demo.fields import STATUS, Order

# What a result is made of: its task's ids, the request's order, and (id, link) of each film.
Films = list[tuple[str, str]]
Shape = Callable[[str, Order, Films], dict[str, Any]]


def _listed(word: str = "succeeded", *more: str) -> Shape:
    """`data` is a list of films, each with an id, a link and a state; `more` of what was asked for stands beside."""

    def shape(task_id: str, order: Order, films: Films) -> dict[str, Any]:
        said = {"model": order.model, "prompt": order.prompt, "duration": order.seconds, "aspect_ratio": order.ratio}
        extra = {name: said[name] for name in more}
        return {"data": [{"id": name, "video_url": link, "state": word, **extra} for name, link in films]}

    return shape


def _flat(word: str, **more: Any) -> Shape:
    """The film stands at the root; there is no room for a second one."""

    def shape(task_id: str, order: Order, films: Films) -> dict[str, Any]:
        name, link = films[0]
        return {"video_id": name, "video_url": link, "state": word, **more}

    return shape


def _kling(task_id: str, order: Order, films: Films) -> dict[str, Any]:
    return _flat("succeed", duration=f"{order.seconds}.041")(task_id, order, films)  # as text


def _luma(task_id: str, order: Order, films: Films) -> dict[str, Any]:
    width, height = order.pixels(None)
    shape = _flat("completed", prompt=order.prompt, video_width=width, video_height=height, thumbnail_url=films[0][1])
    return shape(task_id, order, films)


def _wan(task_id: str, order: Order, films: Films) -> dict[str, Any]:
    return {"video_url": films[0][1], "state": "completed"}


def _seedance(task_id: str, order: Order, films: Films) -> dict[str, Any]:
    """The guides show an object, an older description a list with `content`: here 2.5 has one, the rest the other."""
    said = {"model": order.model, "duration": order.seconds, "resolution": order.grade, "ratio": order.ratio}
    if "2-5" in order.model:
        return {"data": {"task_id": task_id, "status": "succeeded", "video_url": films[0][1], **said}}
    return {"data": [{"id": name, "status": "succeeded", "content": {"video_url": url}, **said} for name, url in films]}


SHAPES: dict[str, Shape] = {
    "sora": _listed(),
    "veo": _listed("succeeded", "aspect_ratio"),
    "kling": _kling,
    "luma": _luma,
    "seedance": _seedance,
    "hailuo": _listed("succeeded", "model", "prompt"),
    "wan": _wan,
    "happyhorse": _listed("succeeded", "duration"),
    "grok": _listed(),
    "gemini": _listed(),
}


def success(
    provider: str, task_id: str, trace_id: str, order: Order, films: Films, *, cost: dict[str, Any] | None
) -> dict[str, Any]:
    """The response of a finished task."""
    if provider == "minimax":
        usage = {"total_seconds": order.seconds, "output_seconds": order.seconds}
        said = {"duration": order.seconds, "resolution": order.grade, "ratio": order.ratio, "usage": usage}
        return _task(task_id, "succeeded", content={"url": films[0][1]}, **said)
    shape = {"success": True, "task_id": task_id, "trace_id": trace_id, **SHAPES[provider](task_id, order, films)}
    return {**shape, "cost": cost} if cost else shape


def failure(provider: str, task_id: str, trace_id: str, code: str, message: str) -> dict[str, Any]:
    """The response of a task that failed."""
    error = {"code": code, "message": message}
    if provider == "minimax":
        return _task(task_id, "failed", error=error)
    return {"success": False, "task_id": task_id, "error": error, "trace_id": trace_id}


def refusal(provider: str, code: str, message: str, trace_id: str) -> dict[str, Any]:
    """The body of a request that was refused."""
    if provider == "minimax" and STATUS[code] not in (401, 403):
        error = {"type": code, "message": message, "http_code": str(STATUS[code])}
        return {"type": "error", "error": error, "request_id": trace_id}
    body = {"error": {"code": code, "message": message}, "trace_id": trace_id}
    return {"success": False, **body} if provider == "sora" else body  # the others' refusals lack it


def shown(
    provider: str,
    task_id: str,
    trace_id: str,
    created_at: float,
    request: dict[str, Any],
    response: dict[str, Any] | None,
) -> dict[str, Any]:
    """A task as POST /{provider}/tasks shows it; `response` is None while it pends."""
    if provider == "minimax":
        task = (response or _task(task_id, "running"))["task"]
        return {**task, "created_at": int(created_at)}
    if response is None and provider in ("gemini", "happyhorse"):
        response = {"task_id": task_id, "data": [{"id": task_id, "state": "pending", "video_url": None}]}
    shape = {"id": task_id, "created_at": created_at, "request": request, "response": response}
    shape |= {"trace_id": trace_id, "type": "videos"}
    return {name: value for name, value in shape.items() if value is not None}


def one(provider: str, task: dict[str, Any] | None) -> dict[str, Any]:
    """The answer about one task; an unknown one is an empty object."""
    return {} if task is None else {"task": task} if provider == "minimax" else task


def several(provider: str, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer about several tasks."""
    return {"items": tasks, ("total" if provider == "minimax" else "count"): len(tasks)}


def status_of(response: dict[str, Any]) -> int:
    """The HTTP status of a response that is given at the end of an open request."""
    task = response.get("task")
    error = response.get("error") or (task.get("error") if isinstance(task, dict) else None)
    return STATUS.get(error.get("code", ""), 500) if isinstance(error, dict) else 200


def _task(task_id: str, status: str, **more: Any) -> dict[str, Any]:
    """MiniMax: the task holds its state and its result itself, and not what was asked for."""
    now = int(datetime.now(UTC).timestamp())
    task = {"id": task_id, "model": "MiniMax-H3", "status": status, "task_type": "generation", "modality": "video"}
    return {"task": {**task, **more, "updated_at": now}}
