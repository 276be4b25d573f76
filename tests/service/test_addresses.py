"""Which addresses are talked to, which are not, and by which way."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import KEY, NOWHERE, ORDER, Raw, client, raw_server, read_request, scripted
from yarl import URL

from batchsora.errors import UsageError
from batchsora.service.addresses import (
    PrivateAddressError,
    PublicResolver,
    is_public,
    parse_base_url,
    parse_link,
    same_origin,
    why_not,
)
from batchsora.service.loopback import is_loopback
from batchsora.service.verdicts import Kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://gptproto.com", "https://gptproto.com/"),
        ("https://gptproto.com/", "https://gptproto.com/"),
        ("https://gptproto.com/v1", "https://gptproto.com/"),
        (" https://gptproto.com/v1/ ", "https://gptproto.com/"),
        ("https://x.test/openai/v1", "https://x.test/openai"),
        ("https://x.test/videos/v1", "https://x.test/videos"),
        ("https://x.test/v1/videoshop", "https://x.test/v1/videoshop"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("http://localhost:8000/v1", "http://localhost:8000/"),
        ("http://[::1]:8000", "http://[::1]:8000/"),
    ],
)
def test_a_base_url_is_read_with_and_without_its_end(text: str, expected: str) -> None:
    assert str(parse_base_url(text, insecure_http=False)) == expected


UNREADABLE = [
    "https://x:99999999", "https://x:abc", "https://x:0", "https://x:-1", "https://[::1",
    "https://xn--a.test", "https://a..b", "https://" + "a" * 64 + ".test", "https://\ud800.test",
    "https://" + "é" * 64, "https://x\\@evil.test", "https://", "https:///v1",
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "gptproto.com", "ftp://x.test", "http://x.test", "http://10.0.0.1",
        "https://me:pw@x.test", "https://x.test/?key=1", "https://x.test/#a",
        "http://localhost.evil.test", "http://127.0.0.1.evil.test", "http://127.1",
        "http://0.0.0.0", *UNREADABLE,
    ],
)  # fmt: skip
def test_a_base_url_that_could_give_the_key_away_or_lead_nowhere_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_base_url(text, insecure_http=False)
    assert "pw" not in str(told.value)


@pytest.mark.parametrize("pasted", ["videos", "videos/", "videos/video_1", "videos/a/content"])
def test_an_endpoint_is_no_base_url(pasted: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_base_url(f"https://x.test/api/v1/{pasted}", insecure_http=False)
    assert told.value.mend == "leave /videos away"


def test_plain_http_is_had_when_asked_for() -> None:
    assert parse_base_url("http://10.0.0.1:80", insecure_http=True).host == "10.0.0.1"


@given(st.text())
def test_no_text_is_too_odd_for_a_base_url_or_a_link(text: str) -> None:
    for odd in (text, f"https://{text}", f"https://x.test{text}", f"//{text}/"):
        with suppress(UsageError):
            parse_base_url(odd, insecure_http=True)
        link = parse_link(odd, URL("https://x.test/a/b"))
        if link is not None:
            why_not(link, loopback=False)
            same_origin(link, URL("https://x.test/"))


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_link_that_leads_nowhere_is_none(text: str) -> None:
    assert parse_link(text) is None


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://cdn.test/a%2Fb?sig=a%2Bb%3d&x=+", "https://cdn.test/a%2Fb?sig=a%2Bb%3d&x=+"),
        ("/clips/1?sig=%2b", "https://x.test/clips/1?sig=%2b"),
        ("1.mp4", "https://x.test/v1/videos/1.mp4"),
        ("//cdn.test/1", "https://cdn.test/1"),
        ("https://é.test/é", "https://xn--9ca.test/%C3%A9"),
    ],
)
def test_a_link_arrives_as_it_was_written(link: str, expected: str) -> None:
    assert str(parse_link(link, URL("https://x.test/v1/videos/content"))) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://x.test/a", "https://x.test:443/b", True),
        ("https://X.TEST/a", "https://x.test/b", True),
        ("https://x.test", "http://x.test", False),
        ("https://x.test", "https://x.test:444", False),
        ("https://x.test", "https://x.test.evil.test", False),
        ("https://x.test", "https://y.x.test", False),
        ("https://x.test", "https://x.test@evil.test", False),
    ],
)
def test_the_key_knows_its_own_host(one: str, other: str, *, same: bool) -> None:
    assert same_origin(URL(one, encoded=True), URL(other, encoded=True)) is same


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True),  # 93.184.216.34, where there is IPv6 only
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - it is refused
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),  # 10.0.0.1
        ("2002:a00:1::", False),  # 10.0.0.1
        ("2002:5db8:d822::", True),  # 93.184.216.34
        ("::10.0.0.1", False),
        ("::93.184.216.34", False),
        ("64:ff9b:1::a00:1", False),
        ("fec0::1", False),
        ("4000::1", False),
        ("localhost", False),
        ("x.test", False),
    ],
)
def test_private_addresses_are_known(host: str, *, public: bool) -> None:
    assert is_public(host) is public


@pytest.mark.parametrize(
    ("base", "target", "allowed"),
    [
        ("https://x.test", "https://cdn.test/a", True),
        ("https://x.test", "https://93.184.216.34/a", True),
        ("https://x.test", "http://cdn.test/a", False),
        ("https://x.test", "ftp://cdn.test/a", False),
        ("https://x.test", "https://me:pw@cdn.test/a", False),
        ("https://x.test", "https://10.0.0.1/a", False),
        ("https://x.test", "https://[::1]/a", False),
        ("https://x.test", "https://[fe80::1%25eth0]/a", False),
        ("https://x.test", "http://127.0.0.1/a", False),
        ("https://x.test", "https://127.0.0.1./a", False),
        ("https://x.test", "https://127.1/a", False),
        ("https://x.test", "https://2130706433/a", False),
        ("https://x.test", "https://0x7f.0.0.1/a", False),
        ("https://x.test", "https://10.0.0.0x1/a", False),
        ("https://x.test", "https://0177.0.0.01/a", False),
        ("https://x.test", "https://1.cdn.test/a", True),
        ("https://x.test", "https://[2606:4700::1111]/a", True),
        ("http://127.0.0.1:1", "http://127.0.0.1:2/a", True),
        ("http://127.0.0.1:1", "http://[::1]:2/a", True),
        ("http://127.0.0.1:1", "https://localhost:2/a", True),
        ("http://127.0.0.1:1", "https://cdn.test/a", True),
        ("http://127.0.0.1:1", "http://cdn.test/a", False),
        ("http://127.0.0.1:1", "ftp://127.0.0.1/a", False),
        ("http://127.0.0.1:1", "https://10.0.0.1/a", False),
        ("http://127.0.0.1:1", "https://169.254.169.254/a", False),
    ],
)
def test_another_host_is_asked_over_https_and_in_the_open_only(
    base: str, target: str, *, allowed: bool
) -> None:
    loopback = is_loopback(URL(base))
    assert (why_not(URL(target, encoded=True), loopback=loopback) == "") is allowed


async def test_a_name_that_leads_into_a_private_network_is_not_resolved() -> None:
    with pytest.raises(PrivateAddressError, match="private"):
        await PublicResolver().resolve("localhost", 443)
    found = await PublicResolver(loopback=True).resolve("localhost", 443)
    assert found


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "0x7f000001"])
async def test_no_name_brings_a_clip_from_this_machine(name: str) -> None:
    connections = 0

    async def talk(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1

    async with raw_server(talk) as url, client(NOWHERE) as service:
        link = f"https://{name}:{URL(url).port}/clip.mp4"
        verdict = await service.fetch("video_1", link, bytes, expired=False)
    assert verdict.kind is Kind.RETRY
    assert connections == 0


# -- proxies --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


def proxy(answer: bytes, heard: list[bytes]) -> Raw:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await read_request(reader))
        writer.write(answer)
        await writer.drain()

    return talk


REFUSED = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.parametrize("answer", [REFUSED, CONNECTED, b"SSH-2.0\r\n\r\n"])
async def test_what_a_proxy_does_not_let_through_is_never_seen_to_be_paid(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes] = []
    async with raw_server(proxy(answer, heard)) as url:
        monkeypatch.setenv("https_proxy", url)
        async with client(NOWHERE, trust_env=True) as service:
            verdict = (await service.create(ORDER, None))[1]
    # a proxy that does not even speak HTTP may have done anything
    assert verdict.kind is (Kind.DOUBT if answer.startswith(b"SSH") else Kind.RETRY)
    assert heard[0].startswith(f"CONNECT {URL(NOWHERE).host}:443 HTTP/1.1\r\n".encode())
    assert KEY.encode() not in b"".join(heard)


@pytest.mark.looptime
async def test_a_proxy_that_says_nothing_never_let_anything_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(talk) as url:
        monkeypatch.setenv("https_proxy", url)
        async with client(NOWHERE, trust_env=True) as service:
            began = asyncio.get_running_loop().time()
            verdict = (await service.create(ORDER, None))[1]
            assert asyncio.get_running_loop().time() - began < 60
    assert verdict.kind is Kind.RETRY
    assert verdict.fault is not None
    assert verdict.fault.code == "not_sent"


@pytest.mark.parametrize(
    "text",
    [
        "socks5://127.0.0.1", "socks5h://127.0.0.1:1080", "http://", "http://h:abc", "http://[::1",
        "//x", "http://a..b:1", "http://xn--a.test:1", "ftp://127.0.0.1:1",
    ],
)  # fmt: skip
async def test_a_proxy_that_is_none_is_never_gone_through(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", text)
    async with client(NOWHERE, trust_env=True) as service:
        for verdict in (
            (await service.create(ORDER, None))[1],
            (await service.poll("video_1", age_s=0))[1],
            await service.fetch("video_1", None, bytes, expired=False),
        ):
            assert verdict.kind is Kind.RETRY
            assert verdict.fault is not None
            assert verdict.fault.message == "ProxyError: the environment's proxy is no http proxy"


async def test_a_proxy_may_be_written_without_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    async with raw_server(proxy(REFUSED, heard)) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.removeprefix("http://"))
        async with client(NOWHERE, trust_env=True) as service:
            assert (await service.poll("video_1", age_s=0))[1].kind is Kind.RETRY
    assert len(heard) == 1


async def test_a_proxy_in_a_private_network_leads_to_other_hosts_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[bytes] = []
    async with raw_server(proxy(REFUSED, heard)) as url:
        monkeypatch.setenv("https_proxy", f"http://localhost:{URL(url).port}")
        async with client(NOWHERE, trust_env=True) as service:
            link = "https://cdn.invalid/clip.mp4"
            assert (await service.fetch("v", link, bytes, expired=False)).kind is Kind.RETRY
    assert heard[0].startswith(b"CONNECT cdn.invalid:443")
    assert KEY.encode() not in heard[0]


async def test_the_environment_is_not_asked_unless_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[bytes] = []
    async with raw_server(proxy(REFUSED, heard)) as url:
        monkeypatch.setenv("https_proxy", url)
        async with client(NOWHERE) as service:
            assert (await service.create(ORDER, None))[1].kind is Kind.RETRY
    assert heard == []


async def test_the_key_for_this_machine_goes_through_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[bytes] = []
    async with raw_server(proxy(REFUSED, heard)) as url, scripted() as server:
        monkeypatch.setenv("http_proxy", url)
        server.says(200, {"id": "video_1", "object": "video", "status": "queued"})
        async with client(server.url, trust_env=True) as service:
            assert (await service.create(ORDER, None))[1].kind is Kind.OK
    assert heard == []
