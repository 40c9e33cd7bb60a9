"""What `media.fetch` promises: public addresses only, small enough, whole, in time; against real servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from domain.faults import FetchFault
from media.fetch import Fetcher, is_public

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """Resolves every name to the given addresses, in order."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


@asynccontextmanager
async def serving(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """A server that gives every request to `handler`; yields its address, with no slash at the end."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    try:
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(reply: bytes, *, then_wait: bool = False) -> AsyncIterator[tuple[int, list[int]]]:
    """A server that sends `reply` to whoever connects; yields its port and a list that grows with each connection."""
    seen: list[int] = []
    stop = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(1)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
            await writer.drain()
            if then_wait:
                await stop.wait()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        stop.set()
        server.close()
        await server.wait_closed()


async def refused(fetcher: Fetcher, url: str, *, limit: int = 1000, seconds: float = 5) -> FetchFault:
    with pytest.raises(FetchFault) as caught:
        await fetcher.bytes(url, limit=limit, seconds=seconds)
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",  # loopback
        "127.9.9.9",
        "0.0.0.0",  # this host, on Linux
        "10.1.2.3",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",  # a cloud's metadata service
        "100.64.0.1",  # carrier-grade NAT
        "192.0.0.8",
        "198.18.0.1",  # benchmarks
        "203.0.113.5",  # documentation
        "224.0.0.1",  # multicast
        "240.0.0.1",  # reserved
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",  # mapped
        "::ffff:8.8.8.8",
        "::7f00:1",  # compatible
        "fe80::1",  # link-local
        "fe80::1%eth0",
        "2600::1%eth0",
        "fc00::1",  # unique local
        "fec0::1",  # site local
        "ff02::1",  # multicast
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2001:0:4136:e378::1",  # Teredo
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b:1::1",
        "2001:db8::1",
        "not an address",
    ],
)
def test_closed_addresses(address: str) -> None:
    """No address inside any network, nor any wrapped one, counts as public."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "2a00:1450:4001::64"])
def test_open_addresses(address: str) -> None:
    """Ordinary public addresses, also those next to a closed block, count as public."""
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",  # short form
        "2130706433",  # decimal
        "0x7f000001",  # hex
        "0x7f.0.0.1",
        "0177.0.0.1",  # octal
        "127.0.0.1.",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ],
)
async def test_every_spelling_of_here_is_refused(host: str) -> None:
    """No spelling of this machine's own address gets as far as a connection, and none may be tried again."""
    async with raw_server(b"") as (port, seen), Fetcher() as fetcher:
        fault = await refused(fetcher, f"https://{host}:{port}/x?sig=SECRET")
    assert not seen
    # Some systems' look-up does not know the odd spellings at all, which is as good.
    assert fault.reason == "url_refused" or (fault.reason == "network" and not host[-1].isalpha())
    if host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        assert (fault.reason, fault.retry) == ("url_refused", False)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("10.0.0.1", "::1"), ("::ffff:127.0.0.1", "127.0.0.1")])
async def test_name_for_a_private_address_is_refused(addresses: tuple[str, ...]) -> None:
    """A public-looking name that resolves to private addresses is refused on the socket."""
    async with raw_server(b"") as (port, seen), Fetcher(resolver=Names(*addresses)) as fetcher:
        fault = await refused(fetcher, f"https://films.example:{port}/a")
    assert (fault.reason, fault.retry, seen) == ("url_refused", False, [])


async def test_redirect_to_a_closed_address_is_refused() -> None:
    """The hop after a redirect is judged like the first one, whether it names an address or a name."""
    async with raw_server(b"") as (port, seen):

        async def send_away(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{port}/metadata"})

        async with (
            serving(send_away, "127.0.0.2") as base,
            Fetcher(allow_private=True, judge="127.0.0.2".__eq__, resolver=Names("127.0.0.2")) as fetcher,
        ):
            fault = await refused(fetcher, base.replace("127.0.0.2", "films.example") + "/film")
    assert (fault.reason, fault.retry, seen) == ("url_refused", False, [])
    assert fault.values["host"] == "127.0.0.1"


@pytest.mark.parametrize(
    "url",
    [
        "http://films.example/a",  # not https
        "https://me:pass@films.example/a",
        "https://me@films.example/a",
        "file:///etc/passwd",
        "ftp://films.example/a",
        "data:text/plain,hello",
        "//films.example/a",
        "https:///a",
        "https://films.example:99999/a",
        "https://[::1/a",
        "",
        "films.example",
    ],
)
async def test_odd_links_are_refused(url: str) -> None:
    """Anything but a plain https link is refused before a name is looked up."""
    async with Fetcher(judge=bool, resolver=Names("127.0.0.1")) as fetcher:
        fault = await refused(fetcher, url)
    assert (fault.reason, fault.retry) == ("url_refused", False)


async def test_redirect_to_plain_http_is_refused() -> None:
    """A link may not lead from https down to another scheme: each hop's scheme is checked."""

    async def send_away(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": "file:///etc/passwd"})

    async with serving(send_away) as base, Fetcher(allow_private=True) as fetcher:
        assert (await refused(fetcher, base)).reason == "url_refused"


async def test_redirects_are_followed_three_times_and_no_more() -> None:
    """Three hops, relative ones too, lead to the body; a fourth is a fault."""

    async def hop(request: web.Request) -> web.Response:
        left = int(request.path[1:])
        return web.Response(status=307, headers={"Location": f"/{left - 1}"}) if left else web.Response(body=b"here")

    async with serving(hop) as base, Fetcher(allow_private=True) as fetcher:
        assert await fetcher.bytes(base + "/3", limit=10, seconds=5) == b"here"
        fault = await refused(fetcher, base + "/4")
    assert (fault.reason, fault.retry) == ("redirects", False)


async def test_a_signed_redirect_arrives_as_it_was_given() -> None:
    """The escapes in a Location are part of its signature and are not written anew."""
    asked: list[str] = []

    async def hop(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        if request.path == "/":
            return web.Response(status=302, headers={"Location": "/%7Ea%2fb?sig=%41%2b%3D"})
        return web.Response(body=b"ok")

    async with serving(hop) as base, Fetcher(allow_private=True) as fetcher:
        await fetcher.bytes(base + "/", limit=10, seconds=5)
    assert asked[-1] == "/%7Ea%2fb?sig=%41%2b%3D"


@pytest.mark.parametrize(
    ("status", "retry"),
    [(404, False), (410, False), (403, False), (401, False), (206, False), (429, True), (500, True), (503, True)],
)
async def test_status_says_whether_later_may_help(status: int, retry: bool) -> None:
    """Each answer but 200 is a fault that carries its status, and only what may pass is worth another try."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, body=b"no")

    async with serving(answer) as base, Fetcher(allow_private=True) as fetcher:
        fault = await refused(fetcher, base + "/x?sig=SECRET")
    assert (fault.reason, fault.retry, fault.values["status"]) == ("status", retry, status)
    assert "SECRET" not in str(fault)


async def test_only_what_is_needed_is_said() -> None:
    """A request carries our fixed name, asks for no compression, and brings no cookie back."""
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(dict(request.headers))
        response = web.Response(body=b"ok")
        response.set_cookie("a", "b")
        return response

    async with serving(answer) as base, Fetcher(allow_private=True, resolver=Names("127.0.0.1")) as fetcher:
        # By name, because cookie jars keep nothing for bare addresses anyway.
        url = base.replace("127.0.0.1", "films.example")
        await fetcher.bytes(url, limit=10, seconds=5)
        await fetcher.bytes(url, limit=10, seconds=5)
    assert set(asked[1]) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert (asked[1]["User-Agent"], asked[1]["Accept-Encoding"]) == ("Clapper", "identity")


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment would look up and reach addresses for us, so it is not used."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"direct")

    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy") as (port, seen):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        async with serving(answer) as base, Fetcher(allow_private=True) as fetcher:
            assert await fetcher.bytes(base, limit=10, seconds=5) == b"direct"
    assert not seen


async def test_the_limit_holds_with_and_without_a_length(tmp_path: Path) -> None:
    """One byte over is too large, announced or streamed; just the limit is not; no file stays behind."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = b"x" * int(request.query["size"])
        if "told" in request.query:
            return web.Response(body=body)
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(body)
        return response

    target = tmp_path / "film"
    async with serving(answer) as base, Fetcher(allow_private=True) as fetcher:
        for how in ("told", "chunked"):
            assert len(await fetcher.bytes(f"{base}/?size=1000&{how}", limit=1000, seconds=5)) == 1000
            fault = await refused(fetcher, f"{base}/?size=1001&{how}")
            assert (fault.reason, fault.retry) == ("too_large", False)
            with pytest.raises(FetchFault):
                await fetcher.to_file(f"{base}/?size=300000&{how}", target, limit=200_000, seconds=5)
            assert not target.exists()


async def test_compressed_bytes_are_not_unpacked() -> None:
    """A body that claims to be packed stays as it came, so that a few bytes cannot become many."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})

    async with serving(answer) as base, Fetcher(allow_private=True) as fetcher:
        assert await fetcher.bytes(base, limit=100, seconds=5) == b"not gzip at all"


async def test_to_file_streams_and_tells(tmp_path: Path) -> None:
    """A large body arrives whole in the file, with its size and claimed type."""
    body = bytes(range(256)) * 12_000

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="video/mp4")

    target = tmp_path / "film.mp4"
    async with serving(answer) as base, Fetcher(allow_private=True) as fetcher:
        download = await fetcher.to_file(base, target, limit=len(body), seconds=10)
    assert (download.size, download.content_type) == (len(body), "video/mp4")
    assert target.read_bytes() == body


async def test_a_body_cut_short_is_a_fault_worth_another_try(tmp_path: Path) -> None:
    """Fewer bytes than announced is a network fault, and nothing stays in the file."""
    target = tmp_path / "film"
    async with (
        raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf") as (port, _),
        Fetcher(allow_private=True) as fetcher,
    ):
        with pytest.raises(FetchFault) as caught:
            await fetcher.to_file(f"http://127.0.0.1:{port}/", target, limit=1000, seconds=5)
    assert (caught.value.reason, caught.value.retry) == ("network", True)
    assert not target.exists()


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\ndrip"])
async def test_silence_and_drips_end_in_time(reply: bytes) -> None:
    """The time counts from the call to the last byte, so neither silence nor single bytes hold us."""
    async with raw_server(reply, then_wait=True) as (port, _), Fetcher(allow_private=True) as fetcher:
        fault = await refused(fetcher, f"http://127.0.0.1:{port}/", seconds=0.2)
    assert (fault.reason, fault.retry) == ("timeout", True)


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"])
async def test_nonsense_is_a_network_fault(reply: bytes) -> None:
    """A server that does not speak HTTP, or never stops its headers, is a fault and no crash."""
    async with raw_server(reply) as (port, _), Fetcher(allow_private=True) as fetcher:
        fault = await refused(fetcher, f"http://127.0.0.1:{port}/x?sig=SECRET")
    assert (fault.reason, fault.retry) == ("network", True)
    assert "SECRET" not in str(fault)


async def test_nobody_there_is_a_network_fault() -> None:
    """A closed port is a fault that another try may heal."""
    async with raw_server(b"") as (port, _):
        pass
    async with Fetcher(allow_private=True) as fetcher:
        fault = await refused(fetcher, f"http://127.0.0.1:{port}/")
    assert (fault.reason, fault.retry) == ("network", True)


async def test_cancelling_leaves_no_file(tmp_path: Path) -> None:
    """A download cancelled in its middle takes its half file away."""
    target = tmp_path / "film"
    async with (
        raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf", then_wait=True) as (port, seen),
        Fetcher(allow_private=True) as fetcher,
    ):
        task = asyncio.create_task(fetcher.to_file(f"http://127.0.0.1:{port}/", target, limit=1000, seconds=30))
        while not seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not target.exists()
