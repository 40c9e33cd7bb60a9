"""A client that costs little: requests written beforehand, sent over connections that stay open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator


async def post_all(port: int, posts: list[tuple[str, bytes]], at_once: int) -> float:
    """POST each (path, body), so many at once; how many a second were answered with 200."""
    todo = iter([_request(path, body) for path, body in posts])
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(at_once)]
    began = time.perf_counter()
    await asyncio.gather(*(_one_after_another(reader, writer, todo) for reader, writer in lines))
    took = time.perf_counter() - began
    for _, writer in lines:
        writer.close()
        await writer.wait_closed()
    return len(posts) / took


async def _one_after_another(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, todo: Iterator[bytes]) -> None:
    for request in todo:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0]))


def _request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
