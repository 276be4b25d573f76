"""What goes over the wire, and what is made of what comes back."""

import asyncio
import base64
import gzip
import socket
import ssl
import struct

import aiohttp
import pytest
from aiohttp import web
from answered import PAGE, openai_error
from scripted import KEY, ORDER, Raw, client, raw_server, read_request, scripted

from batchsora.errors import UsageError
from batchsora.service.answers import NeverSent, NoAnswer
from batchsora.service.client import Auth, Secret, Upload, VideoService, parse_base_url
from batchsora.service.dialects import Progress
from batchsora.service.verdicts import Kind
from batchsora.service.wire import FAILURES, answer_of

JOB = {"id": "video_1", "object": "video", "status": "queued", "progress": 0}


async def test_an_order_is_one_multipart_form_with_a_true_file_part() -> None:
    image = Upload(b"\x89PNG" + b"x" * (2 << 20), "first frame.png", "image/png")
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        video, verdict = await service.create(ORDER, image)
    assert verdict.kind is Kind.OK
    assert video is not None
    assert video.id == "video_1"
    assert server.asked == [("POST", "/v1/videos")]
    sent = {name: it for name, it in server.form.items() if isinstance(it, str)}
    assert sent == {
        "prompt": "a cat on a roof",
        "model": "sora-2",
        "seconds": "4",
        "size": "720x1280",
    }
    part = server.form["input_reference"]
    assert isinstance(part, web.FileField)
    assert (part.filename, part.content_type) == ("first frame.png", "image/png")
    assert server.headers[0]["user-agent"].startswith("batchsora/")
    assert server.headers[0]["accept-encoding"] == "identity"
    assert server.headers[0]["connection"] == "close"


async def test_an_order_without_an_image_is_multipart_too() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        await service.create(ORDER, None)
    assert server.headers[0]["content-type"].startswith("multipart/form-data")


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (Auth.BEARER, "authorization", f"Bearer {KEY}"),
        (Auth.RAW, "authorization", KEY),
        (Auth.API_KEY, "api-key", KEY),
        (Auth.NONE, "authorization", None),
    ],
)
async def test_the_key_goes_as_it_was_asked(auth: Auth, header: str, value: str | None) -> None:
    async with scripted() as server, client(server.url, auth) as service:
        server.says(200, JOB)
        await service.create(ORDER, None)
        await service.poll("video_1", age_s=0)
        await service.newest()
    assert [it.get(header) for it in server.headers] == [value] * 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": {"message": "Invalid signature", "type": "401"}}, Kind.STOP),
        (403, {"error": {"message": "Insufficient balance", "type": "403"}}, Kind.STOP),
        (400, openai_error("bad seconds", "invalid_request_error"), Kind.REJECT),
        (400, openai_error("blocked", "moderation_blocked"), Kind.REJECT),
        (401, {"code": 401, "message": "no", "type": "error"}, Kind.STOP),
        (401, {"error": {"message": "no", "code": 401}}, Kind.STOP),
        (200, {"code": 400, "message": "bad"}, Kind.REJECT),
        (200, {"code": 500, "message": "oh"}, Kind.DOUBT),
        (403, PAGE, Kind.STOP),
        (502, PAGE, Kind.DOUBT),
        (422, {"detail": [{"msg": "field required"}]}, Kind.REJECT),
        (400, {"code": "bad", "message": "no", "data": None}, Kind.REJECT),
        (400, {"error": "text"}, Kind.REJECT),
        (500, b"", Kind.DOUBT),
        (200, b"[" * 100_000, Kind.DOUBT),
        (200, {"id": "../../admin"}, Kind.DOUBT),
        (302, b"", Kind.STOP),
        (429, b"", Kind.PAUSE),
    ],
)
async def test_each_error_body_means_the_same_over_http(
    status: int, body: object, kind: Kind
) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(status, body, location="/elsewhere")
        video, verdict = await service.create(ORDER, None)
    assert verdict.kind is kind
    assert video is None
    assert len(server.asked) == 1  # never repeated, never redirected


async def test_an_id_stays_in_its_place_in_the_path() -> None:
    async with scripted() as server, client(server.url + "/some/where/v1/") as service:
        server.says(200, JOB)
        await service.poll("../a/b+c=:%2f", age_s=0)
    assert server.asked == [("GET", "/some/where/v1/videos/..%2Fa%2Fb%2Bc%3D%3A%252f")]


async def test_the_hint_when_to_poll_again_is_read() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, {**JOB, "status": "In_Progress"}, openai_poll_after_ms="7500")
        video, _ = await service.poll("video_1", age_s=0)
    assert video is not None
    assert video.progress is Progress.RENDERING
    assert video.poll_after_s == pytest.approx(7.5)


async def test_the_newest_videos_are_listed() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, {"object": "list", "data": [JOB, None, {**JOB, "id": "video_2"}]})
        videos, verdict = await service.newest(7)
    assert verdict.kind is Kind.OK
    assert videos is not None
    assert [video.id for video in videos] == ["video_1", "video_2"]
    assert server.asked == [("GET", "/v1/videos?limit=7&order=desc")]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, openai_error("no"), Kind.OK),
        (405, b"", Kind.OK),
        (501, b"", Kind.OK),
        (200, PAGE, Kind.OK),
        (200, {"ok": True}, Kind.OK),
        (200, {"code": 500, "message": "oh"}, Kind.RETRY),
        (500, b"", Kind.RETRY),
        (400, b"", Kind.RETRY),
        (401, b"", Kind.STOP),
    ],
)
async def test_no_list_is_told_from_a_list_that_failed(
    status: int, body: object, kind: Kind
) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(status, body)
        videos, verdict = await service.newest()
    assert videos is None
    assert verdict.kind is kind


async def test_a_broken_list_is_not_taken_for_none() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, b'{"data": [', content_type="application/json")
        assert (await service.newest())[1].kind is Kind.RETRY


async def test_a_bomb_and_an_endless_body_are_cut() -> None:
    bomb = gzip.compress(bytes(300 << 20), 1)
    async with scripted() as server, client(server.url) as service:
        server.says(200, bomb, content_encoding="gzip")
        assert (await service.create(ORDER, None))[1].kind is Kind.DOUBT

        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(bytes(1 << 16))

        server.script = endless
        assert (await service.create(ORDER, None))[1].kind is Kind.DOUBT
        assert (await service.poll("x", age_s=0))[1].kind is Kind.RETRY


async def test_an_answer_packed_against_our_wish_is_unpacked() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, gzip.compress(b'{"id": "video_9"}'), content_encoding="gzip")
        video, verdict = await service.create(ORDER, None)
    assert verdict.kind is Kind.OK
    assert video is not None
    assert video.id == "video_9"


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def half_a_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": "video_1", "a": ')
    await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await asyncio.sleep(5)


@pytest.mark.parametrize("talk", [hang_up, reset, half_a_body, no_http, silence])
async def test_a_lost_answer_is_a_doubt_and_is_asked_once(talk: Raw) -> None:
    requests = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        requests += 1
        await talk(reader, writer)

    async with raw_server(counted) as url, client(url, timeout_s=0.2) as service:
        verdict = (await service.create(ORDER, None))[1]
        assert (verdict.kind, requests) == (Kind.DOUBT, 1)
        assert verdict.evidence
        assert (await service.poll("x", age_s=0))[1].kind is Kind.RETRY


@pytest.mark.looptime
async def test_a_body_that_trickles_ends_in_bounded_time() -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(60)

    async with scripted() as server, client(server.url) as service:
        server.script = trickle
        began = asyncio.get_running_loop().time()
        assert (await service.create(ORDER, None))[1].kind is Kind.DOUBT
        assert asyncio.get_running_loop().time() - began < 300


async def test_what_never_left_may_be_sent_again() -> None:
    async with raw_server(hang_up) as url:
        pass  # the port was just free
    for address in (url, "https://nowhere.invalid"):
        async with client(address) as service:
            verdict = (await service.create(ORDER, None))[1]
            assert verdict.kind is Kind.RETRY
            assert verdict.fault is not None
            assert verdict.fault.code == "not_sent"


async def test_a_failed_handshake_never_sent_anything() -> None:
    async with raw_server(no_http) as url, client(url.replace("http:", "https:")) as service:
        assert (await service.create(ORDER, None))[1].kind is Kind.RETRY


async def test_cancellation_is_not_swallowed() -> None:
    async with raw_server(silence) as url, client(url) as service:
        task = asyncio.ensure_future(service.create(ORDER, None))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def all_errors(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(all_errors(each) for each in kind.__subclasses__()))


NEVER_SENT = {
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorDNSError,
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientSSLError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.client_exceptions.UnixClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
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
    if not kind.__module__.startswith("aiohttp"):
        return
    never = NEVER_SENT | all_errors(aiohttp.InvalidURL)
    expected = NeverSent if kind in never else NoAnswer
    assert isinstance(answer_of(error, sent=False), expected)


def test_no_error_shows_the_request_that_it_carries() -> None:
    error = made(aiohttp.ClientResponseError)
    error.__dict__["request_info"] = f"<headers Authorization: Bearer {KEY}>"
    assert KEY not in answer_of(error, sent=True).why


@pytest.mark.parametrize("status", [200, 400, 500, 429, 403])
async def test_a_key_that_the_service_repeats_is_masked(status: int) -> None:
    coded = base64.b64encode(f"xBearer {KEY}".encode()).decode()
    async with scripted() as server, client(server.url) as service:
        server.says(status, openai_error(f"bad key {KEY} or {coded}"), x_request_id=KEY)
        seen = repr(await service.create(ORDER, None))
    assert KEY not in seen
    assert coded[12:30] not in seen


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(f"  Bearer {KEY}\n")
    assert secret.reveal() == KEY
    assert repr(secret) == str(secret) == f"{secret}" == "Secret(***)"
    assert KEY not in repr(
        VideoService(parse_base_url("https://x.test", insecure_http=False), secret)
    )
    with pytest.raises(UsageError) as told:
        Secret(f"{KEY}\nX-Other: 1")
    assert KEY not in str(told.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://gptproto.com", "https://gptproto.com/"),
        ("https://gptproto.com/", "https://gptproto.com/"),
        ("https://gptproto.com/v1", "https://gptproto.com/"),
        (" https://gptproto.com/v1/ ", "https://gptproto.com/"),
        ("https://x.test/openai/v1", "https://x.test/openai"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("http://localhost:8000/v1", "http://localhost:8000/"),
        ("http://[::1]:8000", "http://[::1]:8000/"),
    ],
)
def test_a_base_url_is_read_with_and_without_its_end(text: str, expected: str) -> None:
    assert str(parse_base_url(text, insecure_http=False)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "gptproto.com", "ftp://x.test", "http://x.test", "http://10.0.0.1", "https://",
        "https://me:pw@x.test", "https://x.test/?key=1", "https://x.test/#a", "https://x:99999999",
        "http://localhost.evil.test", "http://127.0.0.1.evil.test",
    ],
)  # fmt: skip
def test_a_base_url_that_could_give_the_key_away_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_base_url(text, insecure_http=False)
    assert "pw" not in str(told.value)


def test_plain_http_is_had_when_asked_for() -> None:
    assert parse_base_url("http://10.0.0.1:80", insecure_http=True).host == "10.0.0.1"
