"""An image comes whole, from a host that may be asked, into a file of its own; or there is none."""

import asyncio
import gzip
import hashlib
import resource
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from answered import PAGE
from scripted import NOWHERE, Raw, Scripted, raw_server, read_request, says, scripted
from untrusted import CERTIFICATE, untrusted
from yarl import URL

from batchsora.service.client import USER_AGENT
from batchsora.service.downloads import MOST_HOPS
from batchsora.service.images import TRIES, Fetched, ImageSource
from batchsora.service.refusals import Refusal

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40  # to this room it is bytes like any others
MOST_BYTES = 100_000
BUFFERS = 32 << 20  # what the kernel's two sockets and both programs' own buffers may hold
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(IMAGE)


def source(*, loopback: bool = True, **options: Any) -> ImageSource:
    """Make a source of images that may be on this machine."""
    return ImageSource(most_bytes=MOST_BYTES, loopback=loopback, **options)


def names(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


async def fetch(folder: Path, url: str, **options: Any) -> Fetched | Refusal:
    """Fetch once, and see that a file is there exactly after an image came, with its bytes."""
    path = folder / "image.part"
    async with source(**options) as images:
        found = await images.fetch(url, path)
    assert names(folder) == ["image.part"] * isinstance(found, Fetched)
    if isinstance(found, Fetched):
        content = path.read_bytes()
        assert (found.sha256, found.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        path.unlink()
    return found


async def why(folder: Path, url: str, **options: Any) -> str:
    """Say why there is no image."""
    refusal = await fetch(folder, url, **options)
    assert isinstance(refusal, Refusal)
    assert refusal.what.startswith("the image can't be fetched: ")
    assert refusal.mend
    return refusal.what.removeprefix("the image can't be fetched: ")


WHOLE = Fetched(hashlib.sha256(IMAGE).hexdigest(), len(IMAGE))


def says_in_turn(server: Scripted, *answers: web.Response | None) -> None:
    """Give one answer after the other, and then the image; None is the image, too."""

    async def script(_: web.Request) -> web.StreamResponse:
        nth = len(server.asked) - 1
        answer = answers[nth] if nth < len(answers) else None
        return answer or web.Response(body=IMAGE, content_type="image/png")

    server.script = script


# -- what comes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["image/png", "application/octet-stream", "text/html", ""])
async def test_an_image_comes_whole_whatever_it_is_called(tmp_path: Path, kind: str) -> None:
    async with scripted() as server:
        server.says(200, IMAGE, content_type=kind)
        assert await fetch(tmp_path, f"{server.url}/cat.png") == WHOLE
    assert server.asked == [("GET", "/cat.png")]


async def test_a_host_learns_no_more_than_that_an_image_is_wanted(tmp_path: Path) -> None:
    async with scripted() as server:
        server.says(200, IMAGE)
        await fetch(tmp_path, server.url)
    (headers,) = server.headers
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert headers["user-agent"] == USER_AGENT
    assert headers["accept"].startswith("image/jpeg,image/png")
    assert headers["accept-encoding"] == "identity"


async def test_an_image_in_chunks_comes_whole_and_so_does_one_of_no_announced_length(
    tmp_path: Path,
) -> None:
    async def script(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(IMAGE), 1000):
            await response.write(IMAGE[start : start + 1000])
        return response

    async with scripted() as server:
        server.script = script
        assert await fetch(tmp_path, server.url) == WHOLE
    async with raw_server(says(HEAD + b"\r\n", IMAGE[:99], IMAGE[99:])) as url:
        assert await fetch(tmp_path, url) == WHOLE


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("/a%2Fb.png?sig=a%2Bb%3d&x=+", "/a%2Fb.png?sig=a%2Bb%3d&x=+"),
        ("/My Cat.png ", "/My%20Cat.png"),
        ("/My\tCat.png", "/My%09Cat.png"),
        ("/k\N{LATIN SMALL LETTER A WITH DIAERESIS}tzchen.png", "/k%C3%A4tzchen.png"),
        ("/cat.png#top", "/cat.png"),
        ("?id=1", "/?id=1"),
    ],
)
async def test_an_address_is_asked_as_it_was_written(
    tmp_path: Path, written: str, asked: str
) -> None:
    async with scripted() as server:
        server.says(200, IMAGE)
        assert await fetch(tmp_path, server.url + written) == WHOLE
    assert server.asked == [("GET", asked)]


async def test_no_address_puts_a_line_of_its_own_into_a_request(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await read_request(reader))
        writer.write(SIZED + IMAGE)

    async with raw_server(talk) as url:
        assert await fetch(tmp_path, f"{url}/a HTTP/1.1\r\nX-Injected: 1\r\n") == WHOLE
    assert heard[0].startswith(b"GET /a%20HTTP/1.1%0D%0AX-Injected:%201 HTTP/1.1\r\n")


# -- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("place", "asked"),
    [("/b%2Fc?s=%2b", "/b%2Fc?s=%2b"), ("b d.png", "/a/b%20d.png"), ("?v=2", "/a/cat.png?v=2")],
)
async def test_a_redirect_is_followed(tmp_path: Path, status: int, place: str, asked: str) -> None:
    async with scripted() as server:
        moved = web.Response(status=status, headers={"Location": place, "Set-Cookie": "a=b"})
        says_in_turn(server, moved)
        assert await fetch(tmp_path, f"{server.url}/a/cat.png") == WHOLE
    assert server.asked == [("GET", "/a/cat.png"), ("GET", asked)]
    assert "cookie" not in server.headers[1]


async def test_as_many_redirects_are_followed_as_are_allowed_and_no_more(tmp_path: Path) -> None:
    async with scripted() as server:
        moved = [web.Response(status=302, headers={"Location": f"/{it}"}) for it in range(9)]
        says_in_turn(server, *moved[:MOST_HOPS])
        assert await fetch(tmp_path, server.url) == WHOLE
    async with scripted() as server:
        server.says(302, b"", location="/")
        assert await why(tmp_path, server.url) == f"more than {MOST_HOPS} redirects"
        assert len(server.asked) == MOST_HOPS + 1


LED_ASTRAY = {
    "": "a redirect to no address",
    "https://x:abc/": "a redirect to no address",
    "https://[::1/": "a redirect to no address",
    "https://10.0.0.1/a": "after a redirect its address is a private one",
    "http://169.254.169.254/latest/meta-data": "after a redirect its address is a private one",
    "http://0x7f.1/a": "after a redirect its address is a private one",
    "//2130706433/a": "after a redirect its address is a private one",
    "https://me:pw@cdn.invalid/a": "after a redirect its address holds a password",
    "ftp://127.0.0.1/a": "after a redirect its address is not http or https",
    "file:///etc/passwd": "a redirect to no address",
    "data:image/png;base64,AAAA": "a redirect to no address",
}


@pytest.mark.parametrize("place", LED_ASTRAY)
async def test_a_redirect_that_may_not_be_followed_is_not(tmp_path: Path, place: str) -> None:
    async with scripted() as server:
        server.says(302, b"", location=place)
        assert await why(tmp_path, server.url) == LED_ASTRAY[place]
        assert len(server.asked) == 1


async def test_who_began_with_https_is_not_led_to_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = f"-----BEGIN CERTIFICATE-----{CERTIFICATE}-----END CERTIFICATE-----\n"
    trusting = ssl.create_default_context(cadata=pem)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://cdn.invalid/a\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(says(moved), untrusted()) as url:
        assert await why(tmp_path, url) == "after a redirect its address is not https"


# -- hosts that are not asked ---------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.0.0.1.", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1",
    "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[fe80::1%25lo]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "100.64.0.1", "169.254.169.254", "224.0.0.1", "[ff02::1]", "[fc00::1]",
    "localhost", "LOCALHOST.", "\N{FULLWIDTH DIGIT ONE}27.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", PRIVATE)
async def test_no_address_brings_an_image_from_a_private_network(
    tmp_path: Path, host: str, scheme: str
) -> None:
    connections = 0

    async def talk(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1

    async with raw_server(talk) as url:
        link = f"{scheme}://{host}:{URL(url).port}/cat.png"
        assert await why(tmp_path, link, loopback=False) == "its address is a private one"
    assert connections == 0


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "0x7f.1", "127.1", "0", "[::ffff:10.0.0.1]"]
)
async def test_where_this_machine_is_allowed_its_network_is_not(tmp_path: Path, host: str) -> None:
    assert await why(tmp_path, f"http://{host}/a") == "its address is a private one"


async def test_where_this_machine_is_allowed_its_name_is_too(tmp_path: Path) -> None:
    async with scripted() as server:
        server.says(200, IMAGE)
        url = server.url.replace("127.0.0.1", "localhost")
        assert await fetch(tmp_path, url) == WHOLE


@pytest.fixture
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some names lead where their owners like."""
    known = {"here.test": "127.0.0.1", "there.test": "10.0.0.1", "six.test": "::1"}
    look_up = socket.getaddrinfo

    def look_up_ours(host: Any, *rest: Any, **more: Any) -> Any:
        return look_up(known.get(host, host), *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_ours)


@pytest.mark.usefixtures("_names")
async def test_no_name_leads_into_a_private_network(tmp_path: Path) -> None:
    async with scripted() as server:
        server.says(200, IMAGE)
        for name in ("here.test", "there.test", "six.test"):
            url = server.url.replace("127.0.0.1", name)
            assert await why(tmp_path, url, loopback=False) == "its address is a private one"
        assert server.asked == []
        server.says(302, b"", location=server.url.replace("127.0.0.1", "there.test"))
        assert await why(tmp_path, server.url) == "its address is a private one"
        assert len(server.asked) == 1
        server.says(200, IMAGE)
        assert await fetch(tmp_path, server.url.replace("127.0.0.1", "here.test")) == WHOLE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "its address is none"),
        ("cat.png", "its address is none"),
        ("https://", "its address is none"),
        ("https://x:99999999/", "its address is none"),
        ("https://x.test:0/", "its address is none"),
        ("https://\ud800.test/", "its address is none"),
        ("ftp://cdn.test/cat.png", "its address is not http or https"),
        ("file://cdn.test/cat.png", "its address is none"),
        ("https://me:secret@cdn.test/cat.png", "its address holds a password"),
        ("https://me@cdn.test/cat.png", "its address holds a password"),
    ],
)
async def test_what_is_no_address_of_an_image_is_told_at_once(
    tmp_path: Path, url: str, expected: str
) -> None:
    assert await why(tmp_path, url) == expected


# -- answers without an image ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 403, 404, 406, 410, 418, 451])
async def test_a_host_that_says_no_is_believed_at_once(tmp_path: Path, status: int) -> None:
    async with scripted() as server:
        server.says(status, b"" if status in {204, 304} else PAGE)
        assert await why(tmp_path, server.url) == f"HTTP {status}"
        assert len(server.asked) == 1


@pytest.mark.looptime
@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
async def test_a_host_in_trouble_is_asked_again_and_not_for_ever(
    tmp_path: Path, status: int
) -> None:
    async with scripted() as server:
        says_in_turn(server, *[web.Response(status=status) for _ in range(TRIES - 1)])
        assert await fetch(tmp_path, server.url) == WHOLE
    async with scripted() as server:
        server.says(status, PAGE)
        assert await why(tmp_path, server.url) == f"HTTP {status}"
        assert len(server.asked) == TRIES


@pytest.mark.looptime
@pytest.mark.parametrize("status", [429, 503])
async def test_a_host_that_asks_for_a_short_wait_gets_it(tmp_path: Path, status: int) -> None:
    loop = asyncio.get_running_loop()
    async with scripted() as server:
        says_in_turn(server, web.Response(status=status, headers={"Retry-After": "30"}))
        began_s = loop.time()
        assert await fetch(tmp_path, server.url) == WHOLE
        assert 30 <= loop.time() - began_s < 31
        server.says(status, PAGE, retry_after="31")
        began_s = loop.time()
        assert await why(tmp_path, server.url) == f"HTTP {status}, come back in 31 s"
        assert loop.time() - began_s < 1
    assert len(server.asked) == 3


async def test_an_empty_image_and_a_packed_one_are_none(tmp_path: Path) -> None:
    async with scripted() as server:
        server.says(200, b"")
        assert await why(tmp_path, server.url) == "what came is empty"
        server.says(200, gzip.compress(IMAGE), content_encoding="gzip")
        assert "packed" in await why(tmp_path, server.url)
        assert len(server.asked) == 2


@pytest.mark.parametrize("announced", [None, 100 << 20], ids=["endless", "100 MiB"])
async def test_of_an_image_that_is_too_big_only_its_beginning_is_read(
    tmp_path: Path, announced: int | None
) -> None:
    async with scripted() as server:
        server.never_ends(length=announced)
        assert await why(tmp_path, server.url) == "more than 0 MB"
        await server.ended.wait()
        assert server.written <= MOST_BYTES + BUFFERS
        server.says(200, bytes(MOST_BYTES))
        assert isinstance(await fetch(tmp_path, server.url), Fetched)
        server.says(200, bytes(MOST_BYTES + 1))
        assert await why(tmp_path, server.url) == "more than 0 MB"
        assert len(server.asked) == 3


@pytest.mark.looptime
async def test_an_image_that_is_announced_too_big_is_not_waited_for(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1))
        await reader.read()

    async with raw_server(talk) as url:
        assert await why(tmp_path, url) == "more than 0 MB"


# -- images that break off ------------------------------------------------------------------------

CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(SIZED + IMAGE[:99])
    await reader.read()


async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(SIZED)
    for byte in IMAGE:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


SPOILED: dict[str, tuple[Raw, str]] = {
    "cut": (says(SIZED, IMAGE[:-1]), "it broke off"),
    "cut at once": (says(SIZED), "it broke off"),
    "cut in a chunk": (says(CHUNKED + b"ff\r\n" + IMAGE[:99]), "it broke off"),
    "without its last chunk": (says(CHUNKED + b"63\r\n" + IMAGE[:99] + b"\r\n"), "it broke off"),
    "stalled": (stall, "no answer in time"),
    "without an answer": (say_nothing, "no answer in time"),
    "hung up on": (says(b""), "the connection broke off"),
    "not in HTTP": (says(b"SSH-2.0-OpenSSH\r\n\r\n"), "its host does not answer in HTTP"),
    "trickling": (trickle, "too slow"),
}


@pytest.mark.looptime
@pytest.mark.parametrize("name", SPOILED)
async def test_an_image_that_does_not_come_whole_is_none_in_bounded_time(
    tmp_path: Path, name: str
) -> None:
    talk, expected = SPOILED[name]
    talks = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal talks
        talks += 1
        await talk(reader, writer)

    began_s = asyncio.get_running_loop().time()
    async with raw_server(counted) as url:
        assert (await why(tmp_path, url)).startswith(expected)
    # where nothing at all came, aiohttp asks once more by itself
    assert talks in {TRIES, 2 * TRIES}
    assert asyncio.get_running_loop().time() - began_s < 300


@pytest.mark.looptime
async def test_a_cut_image_is_whole_the_next_time(tmp_path: Path) -> None:
    talks = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal talks
        talks += 1
        await says(SIZED, IMAGE[: None if talks == TRIES else -1])(reader, writer)

    async with raw_server(talk) as url:
        assert await fetch(tmp_path, url) == WHOLE


@pytest.mark.looptime
async def test_a_slow_image_that_is_fast_enough_is_waited_for(tmp_path: Path) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"Content-Length: 99000\r\n\r\n")
        for _ in range(99):
            writer.write(bytes(1000))
            await writer.drain()
            await asyncio.sleep(0.9)

    async with raw_server(slow) as url:
        found = await fetch(tmp_path, url)
    assert isinstance(found, Fetched)
    assert found.bytes == 99_000


# -- hosts that are not there ---------------------------------------------------------------------


@pytest.mark.looptime
async def test_a_host_that_does_not_answer_may_be_a_network_that_is_gone(tmp_path: Path) -> None:
    async with raw_server(say_nothing) as gone:
        pass
    for url, words in (
        (gone, "its host can't be reached"),
        (NOWHERE, "the name of its host is not known"),
    ):
        found = await fetch(tmp_path, url)
        assert isinstance(found, Refusal)
        assert found.what == f"the image can't be fetched: {words}"
        assert found.unreached


async def test_a_host_that_nobody_vouches_for_is_not_asked_again(tmp_path: Path) -> None:
    talks = 0

    async def talk(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        nonlocal talks
        talks += 1

    async with raw_server(talk, untrusted()) as url:
        assert await why(tmp_path, url) == "the certificate of its host is not trusted"
    assert talks == 0


@pytest.mark.looptime
async def test_a_host_without_a_cipher_gives_no_image(tmp_path: Path) -> None:
    async with scripted() as server:
        url = server.url.replace("http", "https")
        assert await why(tmp_path, url) == "no secure connection to its host"
    assert server.asked == []


# -- proxies --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.looptime
async def test_the_environments_proxy_is_asked_only_where_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted() as proxy:
        proxy.says(200, IMAGE)
        monkeypatch.setenv("http_proxy", proxy.url)
        link = "http://cdn.invalid/cat.png"
        assert await fetch(tmp_path, link, loopback=False, trust_env=True) == WHOLE
        assert proxy.asked == [("GET", link)]
        link = NOWHERE.replace("https", "http")
        await why(tmp_path, link, loopback=False)
        assert len(proxy.asked) == 1


async def test_no_proxy_leads_into_a_private_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted() as proxy:
        proxy.says(200, IMAGE)
        monkeypatch.setenv("http_proxy", proxy.url)
        for host in ("10.0.0.1", "169.254.169.254", "localhost", "127.0.0.1"):
            why_not = await why(tmp_path, f"http://{host}/", loopback=False, trust_env=True)
            assert why_not == "its address is a private one"
    assert proxy.asked == []


async def test_a_proxy_that_refuses_and_one_that_is_none_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(says(refused)) as url:
        monkeypatch.setenv("https_proxy", url)
        assert await why(tmp_path, NOWHERE, trust_env=True) == "the proxy refuses it: HTTP 407"
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1")
    assert "no http proxy" in await why(tmp_path, NOWHERE, trust_env=True)


# -- the file -------------------------------------------------------------------------------------


async def test_a_file_or_a_link_that_is_there_is_left_alone(tmp_path: Path) -> None:
    theirs, link = tmp_path / "theirs", tmp_path / "link"
    theirs.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere")
    async with scripted() as server, source() as images:
        server.says(200, IMAGE)
        for path in (theirs, link):
            with pytest.raises(FileExistsError):
                await images.fetch(server.url, path)
    assert theirs.read_text() == "mine"
    assert names(tmp_path) == ["link", "theirs"]


@contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    """Refuse, as a full disk does, what is written beyond a length."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


@pytest.mark.parametrize("room", [0, 5000])
async def test_a_full_disk_is_no_failure_of_the_host(tmp_path: Path, room: int) -> None:
    async with scripted() as server, source() as images:
        server.says(200, IMAGE)
        with no_file_longer_than(room), pytest.raises(OSError, match="too large"):
            await images.fetch(server.url, tmp_path / "image.part")
    assert names(tmp_path) == []
    assert len(server.asked) == 1


async def test_whoever_does_not_wait_for_an_image_finds_no_part_of_it(tmp_path: Path) -> None:
    came = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(SIZED + IMAGE[:-1])
        while names(tmp_path) != ["image.part"]:  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.01)
        came.set()
        await reader.read()

    async with raw_server(talk) as url, source() as images:
        fetching = asyncio.ensure_future(images.fetch(url, tmp_path / "image.part"))
        await came.wait()
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
    assert names(tmp_path) == []
