"""What goes over the wire, and what is made of a good answer."""

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from answered import PAGE, openai_error
from scripted import KEY, ORDER, client, scripted

from batchsora.service.client import Auth, Upload
from batchsora.service.dialects import Progress
from batchsora.service.verdicts import Kind

JOB = {"id": "video_1", "object": "video", "status": "queued", "progress": 0}


async def test_an_order_is_one_multipart_form_with_a_true_file_part() -> None:
    image = Upload(b"\x89PNG" + b"x" * (2 << 20), "first-frame.png", "image/png")
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        video, verdict = await service.create(ORDER, image)
    assert verdict.kind is Kind.OK
    assert video is not None
    assert video.id == "video_1"
    assert server.asked == [("POST", "/v1/videos")]
    assert server.form == {
        "prompt": "a cat on a roof",
        "model": "sora-2",
        "seconds": "4",
        "size": "720x1280",
        "input_reference": ("first-frame.png", "image/png", image.content),
    }
    assert server.headers[0]["user-agent"].startswith("batchsora/")
    assert server.headers[0]["accept-encoding"] == "identity"
    assert server.headers[0]["connection"] == "close"
    assert int(server.headers[0]["content-length"]) > 2 << 20


async def test_an_order_without_an_image_is_multipart_too() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        await service.create(ORDER, None)
    assert server.headers[0]["content-type"].startswith("multipart/form-data")
    assert set(server.form) == {"prompt", "model", "seconds", "size"}


async def test_each_order_has_a_connection_of_its_own_and_polls_share_one() -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        for _ in range(3):
            await service.create(ORDER, None)
        assert len(set(server.peers)) == 3
        server.peers.clear()
        for _ in range(3):
            await service.poll("video_1", age_s=0)
        assert len(set(server.peers)) == 1


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
    async with scripted() as server, client(server.url, auth=auth) as service:
        server.says(200, JOB)
        await service.create(ORDER, None)
        await service.poll("video_1", age_s=0)
        await service.newest()
        await service.fetch("video_1", None, bytes, expired=False)
    assert [it.get(header) for it in server.headers] == [value] * 4
    shown = [KEY in repr(it) for it in server.headers]
    assert shown == [value is not None] * 4


async def test_an_id_stays_in_its_place_in_the_path() -> None:
    async with scripted() as server, client(server.url + "/some/where/v1/") as service:
        server.says(200, JOB)
        await service.poll("a/b+c=:.d", age_s=0)
        await service.fetch("a/b+c=:.d", None, bytes, expired=False)
    place = "/some/where/v1/videos/a%2Fb%2Bc%3D%3A.d"
    assert server.asked == [("GET", place), ("GET", f"{place}/content")]


@pytest.mark.parametrize(
    "video_id", ["", ".", "..", "../admin", "a/../b", "a b", "a?b", "a#b", "a%2fb", "é", "\udcff"]
)
async def test_what_is_no_id_is_not_asked_for(video_id: str) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, JOB)
        video, verdict = await service.poll(video_id, age_s=600)
        fetched = await service.fetch(video_id, None, bytes, expired=False)
    assert video is None
    assert (verdict.kind, fetched.kind) == (Kind.RETRY, Kind.RETRY)
    assert server.asked == []


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
    assert [video.id for video in videos.videos] == ["video_1", None, "video_2"]
    assert not videos.is_whole  # nobody said so
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


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "deflate", "br"])
async def test_an_answer_packed_against_our_wish_is_unpacked(coding: str) -> None:
    body = gzip.compress(b'{"id": "video_9"}')
    async with scripted() as server, client(server.url) as service:
        server.says(200, body, content_encoding=coding)
        video, verdict = await service.create(ORDER, None)
    assert verdict.kind is Kind.OK
    assert video is not None
    assert video.id == "video_9"


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_services_times_are_told_by_our_clock_however_wrong_its_own_is(hours: int) -> None:
    service_now = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    told = {"created_at": service_now.timestamp() - 60, "expires_at": service_now.timestamp() + 60}
    async with scripted() as server, client(server.url) as service:
        date = format_datetime(service_now, usegmt=True)
        server.says(200, {**JOB, **told}, date=date)
        video, _ = await service.poll("video_1", age_s=0)
        server.says(200, {"data": [{**JOB, **told}]}, date=date)
        listed, _ = await service.newest()
    assert video is not None
    assert listed is not None
    for seen in (video, *listed.videos):
        assert seen.created_at is not None
        assert seen.expires_at is not None
        age_s = (datetime.now(UTC) - seen.created_at).total_seconds()
        assert age_s == pytest.approx(60, abs=5)
        assert (seen.expires_at - seen.created_at).total_seconds() == pytest.approx(120)
