"""A clip comes whole and from a host that may be asked, or its sink's content is no clip."""

import asyncio
import gzip
import json

import pytest
from aiohttp import web
from answered import PAGE
from scripted import CLIP, KEY, NOWHERE, Raw, client, raw_server, read_request, says, scripted

from batchsora.job import Reason
from batchsora.service.client import Auth, VideoService
from batchsora.service.dialects import Progress, Video
from batchsora.service.downloads import MOST_HOPS
from batchsora.service.verdicts import Kind, Verdict

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(CLIP)


async def fetch(
    service: VideoService, url: str | None = None, *, expired: bool = False
) -> tuple[Verdict, bytes]:
    """Fetch a clip, and give what came of it."""
    came = bytearray()
    verdict = await service.fetch("video_1", url, came.extend, expired=expired)
    return verdict, bytes(came)


def code_of(verdict: Verdict) -> str:
    assert verdict.fault is not None
    assert verdict.fault.hint
    return verdict.fault.code


@pytest.mark.parametrize(
    "kind", ["video/mp4", "application/octet-stream", "binary/octet-stream", "text/plain", ""]
)
async def test_a_clip_comes_whole_whatever_it_is_called(kind: str) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, CLIP, content_type=kind)
        verdict, came = await fetch(service)
    assert (verdict.kind, came) == (Kind.OK, CLIP)
    assert server.asked == [("GET", "/v1/videos/video_1/content")]
    assert server.headers[0]["accept-encoding"] == "identity"


async def test_a_clip_of_no_announced_length_comes_too() -> None:
    async with (
        raw_server(says(HEAD + b"\r\n", CLIP[:99], CLIP[99:])) as url,
        client(url) as service,
    ):
        assert await fetch(service) == (Verdict(Kind.OK), CLIP)


async def test_a_clip_in_chunks_comes_too() -> None:
    async def script(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(CLIP), 100):
            await response.write(CLIP[start : start + 100])
        return response

    async with scripted() as server, client(server.url) as service:
        server.script = script
        assert await fetch(service) == (Verdict(Kind.OK), CLIP)


async def test_what_follows_a_clip_of_an_announced_length_is_not_taken() -> None:
    async with raw_server(says(SIZED + CLIP + b"and more")) as url, client(url) as service:
        verdict, came = await fetch(service)
    assert came in {CLIP, b""}
    assert (verdict.kind is Kind.OK) == (came == CLIP)


async def test_a_video_is_fetched_by_its_id_and_one_without_is_not() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, CLIP)
        video = Video("video_2", Progress.COMPLETED)
        assert (await service.fetch(video, None, bytes, expired=False)).kind is Kind.OK
        video = Video(None, Progress.COMPLETED)
        verdict = await service.fetch(video, None, bytes, expired=False)
    assert (verdict.kind, code_of(verdict)) == (Kind.RETRY, "bad_link")
    assert server.asked == [("GET", "/v1/videos/video_2/content")]


# -- links and redirects --------------------------------------------------------------------------


@pytest.mark.parametrize("auth", [Auth.BEARER, Auth.RAW, Auth.API_KEY])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_followed_without_the_key(
    status: int, auth: Auth
) -> None:
    async with (
        scripted() as home,
        scripted() as other,
        client(home.url, auth=auth) as service,
    ):
        home.says(status, b"", location=f"{other.url}/a%2Fb?sig=x%2By")
        other.says(200, CLIP)
        assert await fetch(service) == (Verdict(Kind.OK), CLIP)
    assert KEY in repr(home.headers)
    assert KEY not in repr(other.headers)
    assert "authorization" not in other.headers[0]
    assert "api-key" not in other.headers[0]
    assert other.asked == [("GET", "/a%2Fb?sig=x%2By")]


async def test_a_direct_link_of_another_host_gets_no_key() -> None:
    async with scripted() as home, scripted() as other, client(home.url) as service:
        job = {"id": "video_1", "status": "completed", "soraVideoUrl": f"{other.url}/clip.mp4"}
        home.says(200, job)
        other.says(200, CLIP)
        video, _ = await service.poll("video_1", age_s=60)
        assert video is not None
        assert video.url == f"{other.url}/clip.mp4"
        assert await fetch(service, video.url) == (Verdict(Kind.OK), CLIP)
    assert KEY not in repr(other.headers)
    assert set(other.headers[0]) == {"host", "user-agent", "accept", "accept-encoding"}


async def test_the_key_comes_back_with_the_service() -> None:
    async with scripted() as home, scripted() as other, client(home.url) as service:

        async def script(request: web.Request) -> web.StreamResponse:
            if request.path.endswith("/content"):
                return web.Response(status=302, headers={"Location": f"{other.url}/x"})
            return web.Response(body=CLIP)

        home.script = script
        other.says(302, b"", location=f"{home.url}/files/1.mp4")
        assert await fetch(service) == (Verdict(Kind.OK), CLIP)
    assert [it.get("authorization") for it in home.headers] == [f"Bearer {KEY}"] * 2
    assert KEY not in repr(other.headers)


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("/files/1.mp4?s=%2b", "/files/1.mp4?s=%2b"),
        ("1.mp4", "/v1/videos/video_1/1.mp4"),
        ("../1.mp4", "/v1/videos/1.mp4"),
        ("?part=2", "/v1/videos/video_1/content?part=2"),
    ],
)
async def test_a_redirect_may_be_relative(place: str, asked: str) -> None:
    async with scripted() as server, client(server.url) as service:

        async def script(_: web.Request) -> web.StreamResponse:
            if len(server.asked) == 1:
                return web.Response(status=302, headers={"Location": place})
            return web.Response(body=CLIP)

        server.script = script
        assert await fetch(service) == (Verdict(Kind.OK), CLIP)
    assert server.asked[1] == ("GET", asked)


@pytest.mark.parametrize(
    "place",
    [
        "", "http://cdn.invalid/a", "https://10.0.0.1/a", "https://169.254.169.254/a",
        "https://me:pw@cdn.invalid/a", "ftp://127.0.0.1/a", "file:///etc/passwd", "data:,x",
        "https://x:abc/", "https://x:99999999/", "https://xn--a.invalid/", "https://[::1/",
        "//x:abc/", "https://a..b/", "https://%zz:0/", "a:b:c", "https:/x",
    ],
)  # fmt: skip
async def test_a_link_or_a_redirect_that_may_not_be_followed_is_not(place: str) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(302, b"", location=place)
        verdict, came = await fetch(service)
        assert (verdict.kind, code_of(verdict), came) == (Kind.RETRY, "bad_link", b"")
        server.says(200, {"id": "video_1", "status": "completed", "url": place})
        verdict, came = await fetch(service)
        assert verdict.kind in {Kind.RETRY, Kind.NOT_READY}
        verdict, came = await fetch(service, place)
        assert (verdict.kind, code_of(verdict), came) == (Kind.RETRY, "bad_link", b"")
    assert {path for _, path in server.asked} == {"/v1/videos/video_1/content"}


@pytest.mark.parametrize(
    "link", ["http://93.184.216.34/a", "https://127.0.0.1:9/a", "https://[::1]:9/"]
)
async def test_a_service_of_the_open_internet_leads_to_no_private_place(link: str) -> None:
    async with client(NOWHERE) as service:
        verdict, came = await fetch(service, link)
    assert (verdict.kind, code_of(verdict), came) == (Kind.RETRY, "bad_link", b"")


async def test_redirects_come_to_an_end() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(302, b"", location="/v1/videos/video_1/content")
        verdict, came = await fetch(service)
    assert (verdict.kind, code_of(verdict), came) == (Kind.RETRY, "redirects", b"")
    assert len(server.asked) == MOST_HOPS + 1


async def test_links_that_lead_in_a_circle_come_to_an_end_too() -> None:
    async with scripted() as one, scripted() as two, client(one.url) as service:
        for server, other in ((one, two), (two, one)):
            server.says(200, {"status": "completed", "url": f"{other.url}/clip"})
        verdict, _ = await fetch(service)
    assert (verdict.kind, code_of(verdict)) == (Kind.RETRY, "redirects")
    assert len(one.asked) + len(two.asked) == MOST_HOPS + 1


# -- something else in its place ------------------------------------------------------------------


@pytest.mark.parametrize("called", ["application/json", "application/json; charset=utf-8", "x/y"])
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("packed", [False, True])
async def test_a_job_object_in_a_clips_place_says_where_the_clip_is(
    called: str, *, wrapped: bool, packed: bool
) -> None:
    async with scripted() as home, scripted() as other, client(home.url) as service:
        job = {"id": "video_1", "status": "completed", "soraVideoUrl": f"{other.url}/clip.mp4"}
        body = json.dumps({"code": 200, "data": job} if wrapped else job).encode()
        if packed:
            home.says(200, gzip.compress(body), content_encoding="gzip", content_type="text/json")
        else:
            home.says(200, body, content_type=called)
        other.says(200, CLIP)
        assert await fetch(service) == (Verdict(Kind.OK), CLIP)
    assert KEY not in repr(other.headers)


async def test_a_job_object_that_leads_back_to_itself_is_no_clip_yet() -> None:
    async with scripted() as server, client(server.url) as service:
        link = f"{server.url}/v1/videos/video_1/content"
        server.says(200, {"id": "video_1", "status": "completed", "url": link})
        verdict, came = await fetch(service)
    assert (verdict.kind, came) == (Kind.NOT_READY, b"")
    assert len(server.asked) == 1


NO_CLIPS: dict[str, tuple[int, object, dict[str, str]]] = {
    "a queued job": (200, {"id": "video_1", "status": "queued", "progress": 0}, {}),
    "a page": (200, PAGE, {"content_type": "text/html"}),
    "a page that is called a clip": (200, PAGE, {"content_type": "video/mp4"}),
    "nothing": (200, b"", {"content_type": "video/mp4"}),
    "no content": (204, b"", {}),
    "accepted": (202, {"status": "processing"}, {}),
    "words": (200, b"not yet", {"content_type": "text/plain"}),
    "a problem": (200, b"{}", {"content_type": "application/problem+json"}),
    "an error within": (200, {"code": 404, "message": "not ready"}, {}),
    "400": (400, {"error": {"message": "Video is not ready yet"}}, {}),
    "404": (404, {"error": {"message": "no such file"}}, {}),
    "409": (409, b"", {}),
    "410": (410, b"", {}),
}


@pytest.mark.parametrize("name", NO_CLIPS)
async def test_what_is_no_clip_is_none_and_past_its_expiry_it_is_gone(name: str) -> None:
    status, body, headers = NO_CLIPS[name]
    async with scripted() as home, scripted() as other, client(home.url) as service:
        home.says(status, body, **headers)
        other.says(status, body, **headers)
        verdict, came = await fetch(service)
        assert (verdict.kind, came) == (Kind.NOT_READY, b"")
        verdict, came = await fetch(service, expired=True)
        assert (verdict.kind, verdict.reason, came) == (Kind.REJECT, Reason.EXPIRED, b"")
        # another host's word is none: it is fetched through the service then
        for expired in (False, True):
            verdict, came = await fetch(service, f"{other.url}/clip", expired=expired)
            assert (verdict.kind, came) == (Kind.RETRY, b"")


async def test_a_clip_past_its_expiry_that_is_still_there_is_taken() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, CLIP)
        assert await fetch(service, expired=True) == (Verdict(Kind.OK), CLIP)


async def test_a_packed_clip_is_none() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, gzip.compress(CLIP), content_encoding="gzip", content_type="video/mp4")
        verdict, came = await fetch(service)
    assert (verdict.kind, code_of(verdict), came) == (Kind.RETRY, "packed", b"")


# -- clips that break off -------------------------------------------------------------------------

CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(SIZED + CLIP[:99])
    await reader.read()


async def stall_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(SIZED)
    await reader.read()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(SIZED)
    for byte in CLIP:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


SPOILED: dict[str, tuple[Raw, str]] = {
    "cut": (says(SIZED, CLIP[:-1]), "no_answer"),
    "cut at once": (says(SIZED), "no_answer"),
    "cut in a chunk": (says(CHUNKED + b"ff\r\n" + CLIP[:99]), "no_answer"),
    "without its last chunk": (says(CHUNKED + b"63\r\n" + CLIP[:99] + b"\r\n"), "no_answer"),
    "with a broken chunk": (says(CHUNKED + b"63\r\n" + CLIP[:99] + b"\r\n", b"zz"), "no_answer"),
    "stalled": (stall, "no_answer"),
    "stalled at once": (stall_at_once, "no_answer"),
    "trickling": (trickle, "too_slow"),
}


@pytest.mark.looptime
@pytest.mark.parametrize("name", SPOILED)
async def test_a_clip_that_does_not_come_whole_is_fetched_again(name: str) -> None:
    talk, code = SPOILED[name]
    began = asyncio.get_running_loop().time()
    async with raw_server(talk) as url, client(url) as service:
        verdict, came = await fetch(service)
    assert (verdict.kind, code_of(verdict)) == (Kind.RETRY, code)
    assert len(came) < len(CLIP)
    assert asyncio.get_running_loop().time() - began < 100


@pytest.mark.looptime
async def test_a_slow_clip_that_is_fast_enough_is_waited_for() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"Content-Length: 200000\r\n\r\n" + CLIP[:32])
        for _ in range(200):
            writer.write(bytes(1000))
            await writer.drain()
            await asyncio.sleep(0.9)

    async with raw_server(slow) as url, client(url) as service:
        verdict, came = await fetch(service)
    assert verdict.kind is Kind.OK
    assert len(came) == 200_000
