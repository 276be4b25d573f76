"""Every failure of the wire becomes an answer, whatever its kind, and no failure gets away."""

import asyncio
import ssl
from dataclasses import replace

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import KEY, ORDER, client, raw_server, read_request, says, scripted

from batchsora.job import Reason
from batchsora.service.addresses import ProxyError
from batchsora.service.answers import NeverSent, NoAnswer
from batchsora.service.verdicts import Kind
from batchsora.service.wire import FAILURES, answer_of

JOB = {"id": "video_1", "object": "video", "status": "queued"}


def all_errors(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(all_errors(each) for each in kind.__subclasses__()))


NEVER_SENT = {
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorDNSError,
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientHttpProxyError,  # the proxy would not connect
    aiohttp.ClientSSLError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.client_exceptions.UnixClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    *all_errors(aiohttp.InvalidURL),
}


def made(kind: type[Exception]) -> Exception:
    """Make an error without its constructor, which differs from one to the other."""
    error = kind.__new__(kind)
    error.args = (1, "text")
    key = aiohttp.client_reqrep.ConnectionKey("h", 1, True, True, None, None, None)  # noqa: FBT003
    for name, value in {
        "_conn_key": key,
        "_os_error": OSError(1, "text"),
        "_certificate_error": ssl.CertificateError("text"),
        "message": "text",
        "status": 400,
    }.items():
        try:
            setattr(error, name, value)
        except AttributeError:
            continue
    return error


@pytest.mark.parametrize("kind", sorted(all_errors(aiohttp.ClientError), key=str))
def test_every_client_error_is_mapped(kind: type[Exception]) -> None:
    assert issubclass(kind, FAILURES)
    error = made(kind)
    assert isinstance(answer_of(error, sent=True), NoAnswer)
    expected = NeverSent if kind in NEVER_SENT else NoAnswer
    assert isinstance(answer_of(error, sent=False), expected)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), NoAnswer),
        (ConnectionResetError(104, "reset"), NoAnswer),
        (BrokenPipeError(32, "pipe"), NoAnswer),
        (ssl.SSLError(1, "alert"), NoAnswer),
        (ssl.CertificateError(1, "alert"), NoAnswer),
        (ValueError("odd"), NoAnswer),
        (UnicodeError("odd"), NeverSent),
        (ProxyError("odd"), NeverSent),
    ],
)
def test_so_is_every_other_error_of_the_wire(error: Exception, expected: type[object]) -> None:
    assert isinstance(error, FAILURES)
    assert isinstance(answer_of(error, sent=False), expected)
    assert isinstance(answer_of(error, sent=True), NoAnswer)
    assert answer_of(error, sent=True).why


def test_no_error_shows_the_request_that_it_carries() -> None:
    error = made(aiohttp.ClientResponseError)
    error.__dict__["request_info"] = f"<headers Authorization: Bearer {KEY}>"
    assert KEY not in answer_of(error, sent=True).why


async def test_cancellation_is_not_swallowed() -> None:
    arrived = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        arrived.set()
        await reader.read()

    async with raw_server(talk) as url, client(url) as service:
        for call in (
            service.create(ORDER, None),
            service.poll("video_1", age_s=0),
            service.newest(),
            service.fetch("video_1", None, bytes, expired=False),
        ):
            task = asyncio.ensure_future(call)
            await arrived.wait()
            arrived.clear()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def test_what_the_sink_raises_goes_through() -> None:
    class DiskFullError(ValueError):
        pass

    def full(_: bytes) -> None:
        raise DiskFullError

    async with scripted() as server, client(server.url) as service:
        server.says(200, b"\x00\x00\x00\x20ftypisom" * 9, content_type="video/mp4")
        with pytest.raises(DiskFullError):
            await service.fetch("video_1", None, full, expired=False)


async def test_half_a_surrogate_pair_in_a_prompt_is_never_sent() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        verdict = (await service.create(replace(ORDER, prompt="cat \ud83d"), None))[1]
    assert (verdict.kind, verdict.reason) == (Kind.REJECT, Reason.REJECTED)
    assert server.asked == []


BODY = b"Content-Length: 17\r\n\r\n" + b'{"id": "video_1"}'
ODD = [
    b"HTTP/1.1 099 OK\r\n" + BODY,
    b"HTTP/1.1 999 OK\r\n" + BODY,
    b"HTTP/1.1 1000 OK\r\n" + BODY,
    b"HTTP/1.1 -1 OK\r\n" + BODY,
    b"HTTP/9.9 200 OK\r\n" + BODY,
    b"HTTP/1.0 200 OK\r\n\r\n" + b'{"id": "video_1"}',
    b"HTTP/1.1 204 No\r\n" + BODY,
    b"HTTP/1.1 304 No\r\n" + BODY,
    b"HTTP/1.1 101 Other\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nX-Request-Id: \xff\xfe\r\nDate: \xe9\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nContent-Type: \xff/; charset=\xff\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=nonsense-7\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a b[]=\x01\xff;;=;\r\nSet-Cookie: =; max-age=z\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\nno colon\r\n" + BODY,
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + BODY,
    b"HTTP/1.1 200 OK\r\n" + BODY + b"and more",
    b"HTTP/1.1 429 No\r\nRetry-After: \xff\r\nretry-after-ms: \xff\r\n" + BODY,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"\r\n\r\n\r\n",
]


async def ask_everything(url: str) -> list[Kind]:
    """Make each of the four calls once; an error that gets away fails the test."""
    async with client(url) as service:
        return [
            (await service.create(ORDER, None))[1].kind,
            (await service.poll("video_1", age_s=600))[1].kind,
            (await service.newest())[1].kind,
            (await service.fetch("video_1", None, bytes, expired=False)).kind,
        ]


@pytest.mark.looptime
@pytest.mark.parametrize("raw", ODD, ids=repr)
async def test_no_answer_is_too_odd_to_be_one(raw: bytes) -> None:
    async with raw_server(says(raw)) as url:
        kinds = await ask_everything(url)
    assert kinds[0] in {Kind.OK, Kind.DOUBT, Kind.PAUSE, Kind.STOP}
    assert set(kinds[1:]) <= {Kind.OK, Kind.RETRY, Kind.PAUSE, Kind.STOP, Kind.NOT_READY}


@pytest.mark.looptime
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
async def test_neither_is_one_that_was_damaged_on_the_way(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(ODD)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    async with raw_server(says(bytes(raw))) as url:
        kinds = await ask_everything(url)
    assert Kind.NOT_READY not in kinds[:3]
