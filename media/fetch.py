"""How bytes are fetched from elsewhere without ever reaching into the network that this machine lives in.

An address is judged on the socket, just before it connects, so a name that resolves differently the second time, an
odd spelling of an IP address and a redirect all meet the same check.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from domain.faults import FetchFault

USER_AGENT = "Clapper"
MAX_REDIRECTS = 3
CHUNK = 64 * 1024
#: A file is written in pieces of this size: few enough thread switches, little enough memory.
WRITE = 1024 * 1024

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: 4xx that say "not now" rather than "no": request timeout, too early, too many requests.
_LATER = frozenset({408, 425, 429})

# Written out, because `is_global` of the standard library changed its mind between patch releases.
# Source: https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
_CLOSED_4 = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
#: Only this block is handed out to the world; NAT64, mapped, compatible, local and multicast lie outside it …
_OPEN_6 = ip_network("2000::/3")
#: … and these lie inside it: Teredo and its neighbours, documentation twice, 6to4.
_CLOSED_6 = tuple(ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_public(address: str) -> bool:
    """Whether an IP address (text, perhaps with a %scope) belongs to the public internet itself.

    An IPv4 address wrapped into IPv6 is never public, whatever is inside: nothing honest is published that way.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        return ip.scope_id is None and ip in _OPEN_6 and not any(ip in net for net in _CLOSED_6)
    return not any(ip in net for net in _CLOSED_4)


class _NotPublic(OSError):
    """The address of a socket about to be opened is not public; an OSError so that aiohttp tries the next one."""

    def __init__(self) -> None:
        super().__init__("address is not public")


@dataclass(frozen=True)
class Download:
    """What came down into a file: its size in bytes, and the type that the server claimed ("" when none)."""

    size: int
    content_type: str


class Fetcher:
    """Fetches links that strangers gave, from public addresses only.

    `allow_private` is for tests and the demo: any address, and http beside https. `judge` says which addresses may be
    reached, if not the public ones (or all). `resolver` replaces the name look-up; its answers are judged like any
    other. Close it, or use it as an async context manager.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        judge: Callable[[str], bool] | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._schemes = ("https", "http") if allow_private else ("https",)
        self._judge = judge or ((lambda _: True) if allow_private else is_public)
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the sockets; may be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def bytes(self, url: str, *, limit: int, seconds: float) -> bytes:
        """The body behind `url`, at most `limit` bytes, within `seconds` from now to its last byte.

        Raises FetchFault: url_refused, status (values: status), too_large, redirects, network, timeout.
        """
        body = bytearray()
        async with self._open(url, limit, seconds) as answer:
            async for chunk in _capped(answer, limit):
                body += chunk
        return bytes(body)

    async def to_file(self, url: str, path: Path, *, limit: int, seconds: float) -> Download:
        """Stream the body behind `url` into `path`, under the rules of `bytes`; nothing is left there after a fault.

        A body shorter than its Content-Length is a FetchFault `network` with retry. Raises OSError when `path` cannot
        be written.
        """
        done = False
        # A file opened here is closed here: opening is instant, and a thread would outlive a cancelled caller.
        file = path.open("wb")
        try:
            async with self._open(url, limit, seconds) as answer:
                size = 0
                waiting = bytearray()
                async for chunk in _capped(answer, limit):
                    size += len(chunk)
                    waiting += chunk
                    if len(waiting) >= WRITE:
                        await _write(file, waiting)
                        waiting = bytearray()
                await _write(file, waiting)
                content_type = answer.headers.get("Content-Type", "")
            done = True
            return Download(size, content_type)
        finally:
            file.close()
            if not done:
                path.unlink(missing_ok=True)  # noqa: ASYNC240  a thread could be cancelled before it starts

    @contextlib.asynccontextmanager
    async def _open(self, url: str, limit: int, seconds: float) -> AsyncIterator[aiohttp.ClientResponse]:
        host = ""
        try:
            async with asyncio.timeout(seconds), contextlib.AsyncExitStack() as stack:
                target = self._checked(url)
                for _ in range(MAX_REDIRECTS + 1):
                    host = target.host or ""
                    answer = await stack.enter_async_context(self._get(target))
                    if answer.status not in _REDIRECTS:
                        break
                    target = self._checked(answer.headers.get("Location", ""), target)
                else:
                    raise FetchFault("redirects", retry=False, host=host)
                _judge(answer, limit, host)
                yield answer
        except TimeoutError:
            raise FetchFault("timeout", retry=True, host=host) from None
        except aiohttp.InvalidURL:
            raise FetchFault("url_refused", retry=False, host=host) from None
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _NotPublic):
                raise FetchFault("url_refused", retry=False, host=host) from None
            raise FetchFault("network", retry=True, host=host, why=type(error).__name__) from None
        except (aiohttp.ClientError, ConnectionError) as error:
            # `from None`: the text of aiohttp's errors holds the whole link, which may be signed.
            raise FetchFault("network", retry=True, host=host, why=type(error).__name__) from None

    def _get(self, target: URL) -> Any:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                socket_factory=self._socket,
                use_dns_cache=False,
                force_close=True,
                limit=32,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session.get(target, allow_redirects=False)

    def _socket(self, addr_info: Any) -> socket.socket:
        """A socket for an address that may be reached. Every connection of aiohttp comes by here, at every hop."""
        family, kind, proto, _, sockaddr = addr_info
        if family not in (socket.AF_INET, socket.AF_INET6) or not self._judge(str(sockaddr[0])):
            raise _NotPublic
        return socket.socket(family, kind, proto)

    def _checked(self, text: str, base: URL | None = None) -> URL:
        """The address of the next hop, or a fault without the link in it."""
        try:
            # A Location comes encoded; encoding it again would break the signature in it.
            url = URL(text, encoded=base is not None)
            url = base.join(url) if base is not None else url
            host, port = url.host, url.port
        except (ValueError, TypeError):
            raise FetchFault("url_refused", retry=False, host="") from None
        if not text or url.scheme not in self._schemes or not host or not port or url.user or url.password:
            raise FetchFault("url_refused", retry=False, host=host or "")
        return url


def _judge(answer: aiohttp.ClientResponse, limit: int, host: str) -> None:
    status = answer.status
    if status != 200:
        raise FetchFault("status", retry=status >= 500 or status in _LATER, host=host, status=status)
    if (answer.content_length or 0) > limit:
        raise FetchFault("too_large", retry=False, host=host, limit=limit)


async def _capped(answer: aiohttp.ClientResponse, limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in answer.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FetchFault("too_large", retry=False, host=answer.url.host or "", limit=limit)
        yield chunk


async def _write(file: Any, data: bytearray) -> None:
    # Shielded, so that a cancelled caller never closes the file under a thread that is still writing.
    work = asyncio.ensure_future(asyncio.to_thread(file.write, data))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
