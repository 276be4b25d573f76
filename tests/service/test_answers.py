"""The table of verdicts through the HTTP edge: each answer sent by a server, or by none."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from answered import NOON
from scripted import KEY, NOWHERE, ORDER, Raw, client, raw_server, read_request, says, scripted
from untrusted import certless, untrusted
from verdict_table import TABLE, Row

from batchsora.service.answers import Call, Response
from batchsora.service.client import VideoService
from batchsora.service.verdicts import Kind, Verdict, judge

ANSWERED = [row for row in TABLE if isinstance(row.answer, Response)]


async def ask(service: VideoService, call: Call) -> Verdict:
    """Make a call about a job that is ten minutes old."""
    match call:
        case Call.SUBMIT:
            video, verdict = await service.create(ORDER, None)
            # what a submit gives is a video exactly when that has an id
            assert (verdict.kind is Kind.OK) == (video is not None)
            assert video is None or video.id is not None
            return verdict
        case Call.POLL:
            return (await service.poll("video_1", age_s=600))[1]
        case Call.LIST:
            return (await service.newest())[1]
        case Call.DOWNLOAD:
            taken: list[bytes] = []
            verdict = await service.fetch("video_1", None, taken.append, expired=False)
            assert taken == []
            return verdict


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: row.name)
async def test_each_answer_means_over_http_what_the_table_says(row: Row) -> None:
    assert isinstance(row.answer, Response)
    sent = row.answer
    headers = {name.replace("-", "_"): value for name, value in sent.headers.items()}
    expected = dict(zip(Call, [row.submit, row.poll, row.lists, row.download], strict=True))
    if expected[Call.DOWNLOAD] is Kind.OK:
        expected[Call.DOWNLOAD] = Kind.NOT_READY  # a 2xx, and only its bytes tell: no clip
    async with scripted() as server, client(server.url, now=lambda: NOON) as service:
        server.says(sent.status, sent.body, **headers)
        for call, kind in expected.items():
            server.asked.clear()
            verdict = await ask(service, call)
            assert verdict.kind is kind, call
            assert len(server.asked) == 1  # never repeated, never followed on the API
            if 300 <= sent.status < 400 or kind is Kind.NOT_READY:
                continue
            pure = judge(call, sent, age_s=600)
            assert verdict.fault == pure.fault
            assert (verdict.reason, verdict.wait_s, verdict.stop, verdict.concurrency) == (
                (pure.reason, pure.wait_s, pure.stop, pure.concurrency)
            )
            assert bool(verdict.evidence) == (kind is Kind.DOUBT)


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: row.name)
async def test_no_answer_of_another_host_stops_pauses_or_ends_anything(row: Row) -> None:
    assert isinstance(row.answer, Response)
    headers = {name.replace("-", "_"): value for name, value in row.answer.headers.items()}
    async with scripted() as home, scripted() as other, client(home.url) as service:
        other.says(row.answer.status, row.answer.body, **headers)
        verdict = await service.fetch("video_1", f"{other.url}/clip", bytes, expired=True)
    assert verdict.kind is Kind.RETRY
    assert home.asked == []


# -- answers that never come ----------------------------------------------------------------------


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def hang_up_at_once(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    pass


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await reader.read()


async def deafness(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readexactly(1)
    await asyncio.Event().wait()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"{")
        await writer.drain()
        await asyncio.sleep(60)


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LOST: dict[str, Raw] = {
    "hung up on": hang_up,
    "hung up on at once": hang_up_at_once,
    "reset": reset,
    "silence": silence,
    "silence in the middle of the request": deafness,
    "a body that trickles": drip,
    "no HTTP": says(b"220 mail.example ESMTP\r\n"),
    "an answer without a head": says(b'{"id": "video_1"}'),
    "half a head": says(OK + b"Content-Type: applica"),
    "no body": says(OK + b"Content-Length: 99\r\n\r\n"),
    "half a body": says(OK + b'Content-Length: 99\r\n\r\n{"id": "video_1", "a": '),
    "half a refusal": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{"),
    "half a chunk": says(CHUNKED + b'11\r\n{"id": "vi'),
    "no last chunk": says(CHUNKED + b'11\r\n{"id": "video_1"}\r\n'),
    "a broken chunk": says(CHUNKED, b"zz\r\n{}\r\n"),
    "a broken second chunk": says(CHUNKED, b"2\r\n{}\r\n", b"zz\r\n"),
    "two lengths": says(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "an endless head": says(OK + b"X: " + b"x" * 20_000),
    "only early words": says(b"HTTP/1.1 100 Continue\r\n\r\n" * 3),
}


@pytest.mark.looptime
@pytest.mark.parametrize("name", LOST)
async def test_a_lost_answer_is_a_doubt_and_is_asked_once(name: str) -> None:
    requests = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        requests += 1
        await LOST[name](reader, writer)

    loop = asyncio.get_running_loop()
    async with raw_server(counted) as url, client(url) as service:
        for call in Call:
            requests, began = 0, loop.time()
            verdict = await ask(service, call)
            assert verdict.kind is (Kind.DOUBT if call is Call.SUBMIT else Kind.RETRY)
            assert verdict.fault is not None
            assert verdict.fault.code == "no_answer"
            assert bool(verdict.evidence) == (call is Call.SUBMIT)
            assert loop.time() - began < (130 if "silence" in name else 300)
            # aiohttp asks again by itself where that is harmless, and never for a clip's order
            assert requests == 1 or call is not Call.SUBMIT


async def test_what_was_heard_of_a_lost_answer_is_kept() -> None:
    async with raw_server(LOST["half a body"]) as url, client(url) as service:
        verdict = (await service.create(ORDER, None))[1]
    assert verdict.kind is Kind.DOUBT
    assert "ClientPayloadError" in verdict.evidence
    assert 'HTTP 200\n\n{"id": "video_1", "a":' in verdict.evidence


# -- requests that never leave --------------------------------------------------------------------

Where = Callable[[], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def nowhere() -> AsyncIterator[str]:
    yield NOWHERE


@asynccontextmanager
async def closed_port() -> AsyncIterator[str]:
    async with raw_server(hang_up) as url:
        pass  # it was just free
    yield url


@asynccontextmanager
async def no_tls() -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with raw_server(talk) as url:
        yield url.replace("http:", "https:")


@asynccontextmanager
async def hang_up_in_the_handshake() -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    async with raw_server(talk) as url:
        yield url.replace("http:", "https:")


@pytest.mark.parametrize("where", [nowhere, closed_port, no_tls, hang_up_in_the_handshake])
async def test_what_never_left_may_be_sent_again(
    where: Where,
) -> None:
    async with where() as url, client(url) as service:
        await assert_never_sent(service)


async def assert_never_sent(service: VideoService) -> None:
    loop = asyncio.get_running_loop()
    for call in Call:
        began = loop.time()
        verdict = await ask(service, call)
        assert verdict.kind is Kind.RETRY, call
        assert verdict.fault is not None
        assert verdict.fault.code == "not_sent"
        assert loop.time() - began < 40


@pytest.mark.parametrize("context", [untrusted, certless])
async def test_tls_is_never_loosened(context: Callable[[], ssl.SSLContext]) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # the server's side of a failed handshake
    async with raw_server(talk, context()) as url, client(url) as service:
        await assert_never_sent(service)
    assert KEY.encode() not in b"".join(heard)
    assert b"HTTP" not in b"".join(heard)


@pytest.mark.looptime
async def test_a_handshake_that_takes_for_ever_never_sent_anything() -> None:
    async with raw_server(deafness) as url, client(url.replace("http:", "https:")) as service:
        await assert_never_sent(service)


@pytest.mark.looptime
async def test_a_host_that_does_not_answer_at_all_is_sent_nothing() -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for queued in (first, second):  # the queue is full with these: the kernel drops the rest
            queued.settimeout(0)
            queued.connect_ex(deaf.getsockname())
        async with client(f"http://127.0.0.1:{deaf.getsockname()[1]}") as service:
            await assert_never_sent(service)
