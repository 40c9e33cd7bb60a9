"""How one piece of heavy or dangerous work runs in a process of its own, with limits, that never outlives us.

A child gets a job on its input, answers on its output, and ends. Its input stays open while it works: when it closes,
because we died however suddenly, the child ends too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from domain.faults import Fault

T = TypeVar("T")

WORKER = Path(__file__).with_name("worker.py")
#: Two lengths before every message: of its JSON, of the bytes after it.
HEAD = struct.Struct(">II")
#: No answer is larger than this; a child that says more is broken.
MAX_ANSWER = 32 * 1024 * 1024
#: Children of one kind at once. Each kind has its own count: a glance at a film never waits for an encode.
AT_ONCE = 2

# By loop, because a semaphore belongs to the loop that first waits on it.
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


async def run_in_child(
    task: str,
    arguments: dict[str, Any],
    *,
    payload: bytes = b"",
    memory_bytes: int,
    seconds: float,
    fault: type[Fault],
    died: str,
    file_bytes: int = 0,
) -> tuple[dict[str, Any], bytes]:
    """Run `task` (a name in media/worker.py) in a child and return its answer: a dict of JSON and bytes.

    `memory_bytes` caps the child's address space, `seconds` its time on the clock once it has a place (and its CPU
    time), `file_bytes` the size of any file it writes. What the work refuses is raised as `fault(reason, …)`; a child
    that dies, is out of memory or out of time as `fault(died, how=…)`, where how is "memory", "timeout", "signal 11",
    "crash: ValueError", "start" or "answer". Cancelling kills the child and waits for its end.
    """
    lanes = _slots.setdefault(asyncio.get_running_loop(), {})
    job = {
        "task": task,
        "arguments": arguments,
        "parent": os.getpid(),
        "memory_bytes": memory_bytes,
        "cpu_seconds": int(seconds * (os.cpu_count() or 1)) + 1,
        "file_bytes": file_bytes,
    }
    async with lanes.setdefault(task, asyncio.Semaphore(AT_ONCE)):
        try:
            process, cancelled = await _through(_start())
        except OSError as error:
            raise fault(died, how="start") from error
        try:
            if cancelled:
                raise asyncio.CancelledError
            async with asyncio.timeout(seconds):
                answer, data = await _converse(process, json.dumps(job).encode(), payload)
        except TimeoutError:
            raise fault(died, how="timeout") from None
        except (EOFError, OSError, ValueError):
            raise fault(died, how=await _how(process)) from None
        finally:
            await _end(process)
    if "died" in answer:
        raise fault(died, how=answer["died"])
    if "fault" in answer:
        raise fault(answer["fault"], **answer.get("values", {}))
    return answer, data


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(WORKER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # Nothing of ours passes on: no tokens. One arena, or each thread would reserve 64 MiB of the address space.
        env={"MALLOC_ARENA_MAX": "1"},
        # A Ctrl-C meant for us must not make the child speak first: we end it.
        start_new_session=True,
    )


async def _converse(process: asyncio.subprocess.Process, job: bytes, payload: bytes) -> tuple[dict[str, Any], bytes]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise EOFError
    stdin.write(HEAD.pack(len(job), len(payload)) + job)
    stdin.write(payload)
    # A child that dies early closes the pipe; what it left on its output says more than the broken pipe does.
    with contextlib.suppress(ConnectionError):
        await stdin.drain()
    lengths = HEAD.unpack(await stdout.readexactly(HEAD.size))
    if sum(lengths) > MAX_ANSWER:
        raise ValueError(lengths)
    answer = json.loads(await stdout.readexactly(lengths[0]))
    return answer, await stdout.readexactly(lengths[1])


async def _how(process: asyncio.subprocess.Process) -> str:
    """How a child ended that closed its output too early."""
    with contextlib.suppress(TimeoutError):
        code = await asyncio.wait_for(process.wait(), 2)
        return f"signal {-code}" if code < 0 else "answer"
    return "answer"


async def _through(work: Coroutine[Any, Any, T]) -> tuple[T, bool]:
    """The result of `work`, which no cancelling interrupts, and whether somebody cancelled us meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    return task.result(), cancelled


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the child if it still runs, and wait until it is gone, however often we are cancelled meanwhile."""
    _, cancelled = await _through(_reap(process))
    if cancelled:
        raise asyncio.CancelledError


async def _reap(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # Not process.kill(): it polls first, and so takes the exit status away from the watcher that waits for it.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    # An output that nobody reads keeps its pipe, and with it the transport, open.
    if process.stdout is not None:
        with contextlib.suppress(OSError):
            while await process.stdout.read(65536):
                pass
    await process.wait()
