"""What a child process is: limits on itself first, then one job from its input, one answer on its output, the end.

Started by path (see child.py), so it puts the project's folder on the import path by itself. Libraries that read
strangers' bytes are imported only here, and only the one that the job needs.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import struct
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

HEAD = struct.Struct(">II")
#: task → module and function, called with (arguments, payload), giving (answer, bytes).
TASKS = {
    "picture": ("media.redraw", "normalise"),
    "probe": ("media.reel", "probe"),
    "fit": ("media.encode", "fit"),
    "trial": ("media.trial", "trial"),
    "join": ("media.splice", "join"),
    "last_frame": ("media.moment", "last"),
    "still": ("media.moment", "still"),
    "chart": ("media.bars", "draw"),
}
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do one job. What the work refuses, and what breaks in it, are answers too; only a death is silent."""
    source, sink = _private_pipes()
    lengths = HEAD.unpack(_exactly(source, HEAD.size))
    job = json.loads(_exactly(source, lengths[0]))
    payload = _exactly(source, lengths[1])
    _end_with_parent(job["parent"], source)
    _limit(job["memory_bytes"], job["cpu_seconds"], job["file_bytes"])
    answer, data = _work(job["task"], job["arguments"], payload)
    text = json.dumps(answer).encode()
    sink.write(HEAD.pack(len(text), len(data)) + text + data)
    sink.flush()
    # Skips every destructor: some of FFmpeg's take long, and nobody waits for them.
    os._exit(0)


def _work(task: str, arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from domain.faults import Fault

    module, function = TASKS[task]
    try:
        return getattr(importlib.import_module(module), function)(arguments, payload)
    except Fault as fault:
        return {"fault": fault.reason, "values": fault.values}, b""
    except MemoryError:
        return {"died": "memory"}, b""
    except Exception as error:  # the parent turns it into its own fault, with this word for the log
        return {"died": f"crash: {type(error).__name__}"}, b""


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our two pipes under other numbers: a library that prints, or reads its input, must not disturb them."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return source, sink


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) != size:
        os._exit(1)
    return data


def _end_with_parent(parent: int, source: BinaryIO) -> None:
    """End when the parent ends: the kernel says so on Linux; everywhere, our input closes."""

    def watch() -> None:
        source.read(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before the kernel was asked.
    if os.getppid() != parent:
        os._exit(1)


def _limit(memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    import resource

    limits = (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, value in limits:
        # macOS knows RLIMIT_AS and refuses it.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError):
        os.nice(10)


if __name__ == "__main__":
    main()
