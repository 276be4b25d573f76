"""No answer costs more memory or time than it is worth."""

import asyncio
import json
import zlib

import pytest
from aiohttp import web
from scripted import CLIP, KEY, ORDER, client, scripted
from yarl import URL

from batchsora.clock import system_now
from batchsora.service.answers import Call, Response
from batchsora.service.client import Secret, VideoService
from batchsora.service.verdicts import Kind
from batchsora.service.wire import BODY_BYTES, LIST_BYTES, Wire, open_session

BUFFERS = 32 << 20  # what the kernel's two sockets and both programs' own buffers may hold


def bomb() -> bytes:
    """Pack 300 MiB of blanks into 300 kB: the same block, over and over."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(b" " * (1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + block * 300


async def ask(service: VideoService, call: Call) -> Kind:
    """Make a call, and see that a download's sink gets nothing."""
    match call:
        case Call.SUBMIT:
            return (await service.create(ORDER, None))[1].kind
        case Call.POLL:
            return (await service.poll("video_1", age_s=600))[1].kind
        case Call.LIST:
            return (await service.newest())[1].kind
        case Call.DOWNLOAD:
            came: list[bytes] = []
            verdict = await service.fetch("video_1", None, came.append, expired=False)
            assert came == []
            return verdict.kind


MOST = {
    Call.SUBMIT: BODY_BYTES,
    Call.POLL: BODY_BYTES,
    Call.LIST: LIST_BYTES,
    Call.DOWNLOAD: BODY_BYTES,
}
EXPECTED = {
    Call.SUBMIT: Kind.DOUBT,
    Call.POLL: Kind.RETRY,
    Call.LIST: Kind.RETRY,
    Call.DOWNLOAD: Kind.NOT_READY,
}


@pytest.mark.parametrize("announced", [None, 100 << 20], ids=["endless", "100 MiB"])
@pytest.mark.parametrize("call", Call)
async def test_of_an_endless_answer_only_its_beginning_is_read(
    call: Call, announced: int | None
) -> None:
    async with scripted() as server, client(server.url) as service:
        server.never_ends(length=announced)
        assert await ask(service, call) is EXPECTED[call]
        await server.ended.wait()
    assert server.written <= MOST[call] + BUFFERS
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [403, 503])
async def test_so_it_is_of_an_endless_error(status: int) -> None:
    async with scripted() as server, client(server.url) as service:
        server.never_ends(status)
        for call in Call:
            await ask(service, call)
        await server.ended.wait()
    assert server.written <= sum(MOST.values()) + 4 * BUFFERS


@pytest.mark.parametrize("call", Call)
async def test_a_bomb_is_not_set_off(call: Call) -> None:
    packed = bomb()
    assert len(packed) < 320_000
    async with scripted() as server, client(server.url) as service:
        server.says(200, packed, content_encoding="gzip", content_type="application/json")
        assert await ask(service, call) is EXPECTED[call]


@pytest.mark.parametrize("most_bytes", [BODY_BYTES, LIST_BYTES])
async def test_of_a_bomb_no_more_is_unpacked_than_is_read_of_an_answer(most_bytes: int) -> None:
    wire = Wire(now=system_now, timeout_s=10, trust_env=False, secret=Secret(KEY))
    async with scripted() as server, open_session("batchsora") as session:
        server.says(200, bomb(), content_encoding="gzip")
        answer = await wire.exchange(
            session, "GET", URL(server.url), headers={}, most_bytes=most_bytes
        )
    assert isinstance(answer, Response)
    assert len(answer.body) == most_bytes


LISTED = b'{"object": "list", "data": ['


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(LISTED + b"{}," * (3 << 20) + b"{}]}", id="3 million rows"),
        pytest.param(LISTED + b"7," * 20_000 + b"7]}", id="20,000 rows"),
        pytest.param(
            LISTED + b'"\xf0\x9f\x98\x80' + b"x" * (5 << 20) + b'"]}', id="four bytes a letter"
        ),
    ],
)
async def test_a_list_that_would_take_many_times_its_bytes_is_not_read(body: bytes) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, body, content_type="application/json")
        listed, _ = await service.newest()
    assert listed is None


async def test_a_hundred_jobs_with_the_longest_prompts_are_read() -> None:
    prompt = "\N{CJK UNIFIED IDEOGRAPH-732B}" * 31_000 + "\N{GRINNING FACE}, " * 300
    rows = [{"id": f"video_{it}", "status": "queued", "prompt": prompt} for it in range(100)]
    body = json.dumps({"object": "list", "data": rows}, ensure_ascii=False).encode()
    async with scripted() as server, client(server.url) as service:
        server.says(200, body, content_type="application/json")
        listed, _ = await service.newest()
    assert listed is not None
    assert [it.prompt for it in listed.videos] == [prompt] * 100


async def test_a_clip_without_an_end_is_given_up() -> None:
    async with scripted() as server, client(server.url, clip_bytes=1 << 20) as service:
        came = bytearray()
        server.never_ends(chunk=CLIP + bytes(1 << 16))
        verdict = await service.fetch("video_1", None, came.extend, expired=False)
        await server.ended.wait()
    assert verdict.kind is Kind.RETRY
    assert verdict.fault is not None
    assert verdict.fault.code == "too_big"
    assert len(came) <= 1 << 20
    assert server.written <= (1 << 20) + BUFFERS


async def test_a_clip_announced_too_long_is_not_begun() -> None:
    async with scripted() as server, client(server.url) as service:
        came = bytearray()
        server.never_ends(chunk=CLIP, length=3 << 30)
        verdict = await service.fetch("video_1", None, came.extend, expired=False)
        await server.ended.wait()
    assert verdict.kind is Kind.RETRY
    assert verdict.fault is not None
    assert verdict.fault.code == "too_big"
    assert came == b""


@pytest.mark.looptime
@pytest.mark.parametrize("call", Call)
async def test_a_body_that_trickles_ends_in_bounded_time(call: Call) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(10)

    async with scripted() as server, client(server.url) as service:
        server.script = trickle
        began = asyncio.get_running_loop().time()
        expected = Kind.DOUBT if call is Call.SUBMIT else Kind.RETRY
        assert await ask(service, call) is expected
        assert asyncio.get_running_loop().time() - began < 300
