"""What services call things, in our words: statuses, times, ids, wrappings; over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import ORDER, client, scripted

from batchsora.job import Reason
from batchsora.service.dialects import (
    Progress,
    Video,
    names_video,
    read_list,
    read_time,
    read_video,
    valid_id,
)
from batchsora.service.verdicts import Kind

QUEUED, RENDERING = Progress.QUEUED, Progress.RENDERING
COMPLETED, FAILED = Progress.COMPLETED, Progress.FAILED
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
EPOCH = int(NOON.timestamp())


async def polled(*bodies: object, **headers: str) -> list[Video | None]:
    """Poll a service that answers these, one after the other."""
    videos = []
    async with scripted() as server, client(server.url) as service:
        for body in bodies:
            server.says(200, body, **headers)
            video, verdict = await service.poll("video_1", age_s=600)
            assert (verdict.kind is Kind.OK) == (video is not None)
            videos.append(video)
    return videos


def read(body: object) -> Video:
    video = read_video(body, {})
    assert video is not None
    return video


STATUSES = {
    "queued": QUEUED,
    "submitted": QUEUED,
    "pending": QUEUED,
    "not_start": QUEUED,
    "in_progress": RENDERING,
    "processing": RENDERING,
    "unknown": RENDERING,
    "completed": COMPLETED,
    "succeeded": COMPLETED,
    "success": COMPLETED,
    "failed": FAILED,
    "error": FAILED,
    "cancelled": FAILED,
    "canceled": FAILED,
    "expired": FAILED,
    "no_resource": FAILED,
    # other spellings, and words that nobody has heard of
    "COMPLETED": COMPLETED,
    "Not Start": QUEUED,
    "in-progress": RENDERING,
    "IN_PROGRESS": RENDERING,
    " Failed ": FAILED,
    "rendering_pass_2": RENDERING,
    "done?": RENDERING,
    "完成": RENDERING,
    "200": RENDERING,
}


@pytest.mark.parametrize("word", STATUSES)
async def test_a_status_is_read_in_every_dialect(word: str) -> None:
    for video in await polled(
        {"id": "video_1", "object": "video", "status": word},
        {"id": "video_1", "status": word},
        {"task_id": "video_1", "state": word},
        {"code": 200, "message": "ok", "data": {"id": "video_1", "status": word}},
        {"code": "success", "data": {"data": {"id": "video_1", "status": word}}},
        {"data": [{"id": "video_1", "status": word}]},
    ):
        assert video is not None
        assert (video.id, video.progress) == ("video_1", STATUSES[word])
        assert (video.fault is not None) == (video.progress is FAILED)
        assert (video.reason is not None) == (video.progress is FAILED)


@pytest.mark.parametrize("status", [None, "", 7, True, 1.5, [], {}, ["completed"]])
async def test_a_missing_or_odd_status_means_that_it_still_runs(status: object) -> None:
    bare = {"id": "video_1", "object": "video"}
    for video in await polled(bare, {**bare, "status": status}):
        assert video is not None
        assert video.progress is RENDERING


@given(st.text().filter(lambda word: not word.strip().isdigit()))  # a number is HTTP's status
def test_only_the_words_for_it_say_that_a_video_is_done(word: str) -> None:
    video = read({"id": "video_1", "object": "video", "status": word})
    done = word.strip().lower() in {"completed", "succeeded", "success"}
    assert (video.progress is COMPLETED) == done


async def test_a_status_may_go_backward_and_each_poll_says_its_own() -> None:
    words = ["queued", "completed", "in_progress", "queued"]
    videos = await polled(*({"id": "video_1", "status": word} for word in words))
    assert [it and it.progress for it in videos] == [STATUSES[word] for word in words]


TIMES = [
    EPOCH,
    float(EPOCH),
    str(EPOCH),
    f" {EPOCH} ",
    f"{EPOCH}.0",
    EPOCH * 1000,
    str(EPOCH * 1000),
    "2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00+00:00",
    "2026-01-31T13:00:00+01:00",
    "2026-01-31T12:00:00.000000",
    "2026-01-31 12:00:00",
    "20260131T120000Z",
    "Sat, 31 Jan 2026 12:00:00 GMT",
    "Sat, 31 Jan 2026 13:00:00 +0100",
]


@pytest.mark.parametrize("value", TIMES)
async def test_a_time_is_read_in_every_form(value: object) -> None:
    names = ("created_at", "completed_at", "expires_at")
    [video] = await polled({"id": "video_1", "status": "queued", **dict.fromkeys(names, value)})
    assert video is not None
    assert (video.created_at, video.completed_at, video.expires_at) == (NOON,) * 3


@pytest.mark.parametrize(
    "value",
    [
        None, "", "soon", 0, "0", -1, "-5", True, False, [], {}, float("1e400"), 10**400, "nan",
        "inf", "1e400", "9" * 400, "31.01.2026", "Sat, 31 Jan 2026 12:00:00 +9999",
        "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", ",", "\x00", "\ud800",
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_none(value: object) -> None:
    assert read_time(value) is None


@given(st.text() | st.integers() | st.floats() | st.datetimes().map(str) | st.none())
def test_no_time_is_too_odd_to_be_read(value: object) -> None:
    then = read_time(value)
    assert then is None or then.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (4, 4), ("4", 4), (" 8 ", 8), ("12s", 12), (8.0, 8), ("8.0", 8), (None, None), ("", None),
        ("four", None), (4.5, None), (True, None), ([4], None), ("1e400", None), (10**400, None),
    ],
)  # fmt: skip
async def test_seconds_come_as_a_number_or_as_text(value: object, seconds: int | None) -> None:
    [video] = await polled({"id": "video_1", "status": "queued", "seconds": value})
    assert video is not None
    assert video.seconds == seconds


@pytest.mark.parametrize("progress", [0, 99, "80%", None, "", [], -1, 1e9, "done"])
async def test_a_progress_of_any_form_disturbs_nothing(progress: object) -> None:
    body = {"id": "video_1", "status": "in_progress", "progress": progress, "error": None}
    [video] = await polled(body)
    assert video is not None
    assert (video.progress, video.fault) == (RENDERING, None)


GOOD_IDS = [
    "video_68d7512d07848190b3e45da0ecbebcde004da08e1e0678d5", "task_1",
    "dmlkZW86YXp1cmU6c29yYQ==", "a/b+c=d", "video:1", "gen-1.2", "0", "a" * 512,
]  # fmt: skip
BAD_IDS = [
    "", " ", ".", "..", "../../admin", "a/../b", "a b", "a?b=c", "a#b", "a%2Fb", "a\nb", "a\n", "é",
    "<script>", "a" * 513, "a;b", "a\\b", "\x00", True, None, 1.5, -1, 0, [], {}, 10**40,
]  # fmt: skip


@pytest.mark.parametrize("video_id", [*GOOD_IDS, 12345])
async def test_an_id_of_every_service_is_kept_as_it_was_answered(video_id: object) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, {"id": video_id, "object": "video", "status": "queued"})
        video, verdict = await service.create(ORDER, None)
        assert verdict.kind is Kind.OK
        assert video is not None
        assert video.id == str(video_id)
        await service.poll(video.id, age_s=0)
    method, path = server.asked[-1]
    assert method == "GET"
    assert path.count("/") == 3  # /v1/videos/ID, whatever is in it


@pytest.mark.parametrize("video_id", BAD_IDS)
async def test_an_id_that_could_lead_elsewhere_is_none(video_id: object) -> None:
    assert valid_id(video_id) is None
    async with scripted() as server, client(server.url) as service:
        server.says(200, {"id": video_id, "object": "video", "status": "queued"})
        video, verdict = await service.create(ORDER, None)
    assert (video, verdict.kind) == (None, Kind.DOUBT)
    assert verdict.evidence


@pytest.mark.parametrize(
    "body",
    [
        {"id": "v"},
        {"task_id": "v"},
        {"video_id": "v"},
        {"code": 500, "id": "v"},
        {"code": 500, "data": {"id": "v"}},
        {"data": {"data": {"task_id": "v"}}},
        {"data": [{"id": "v"}]},
    ],
)
def test_an_id_is_found_wherever_it_stands(body: object) -> None:
    assert names_video(body)


@pytest.mark.parametrize("body", [None, [], "v", {}, {"data": None}, {"id": ".."}, {"data": []}])
def test_where_there_is_no_id_none_is_found(body: object) -> None:
    assert not names_video(body)


@pytest.mark.parametrize(
    "nest",
    [
        lambda link: {"soraVideoUrl": link},
        lambda link: {"video_url": link},
        lambda link: {"url": link},
        lambda link: {"metadata": {"url": link}},
        lambda link: {"result": {"video_url": link}},
        lambda link: {"output": [link]},
        lambda link: {"unsigned_urls": [link, "https://other.test/"]},
        lambda link: {"data": {"url": link}},
        lambda link: {"content": {"video_url": link}},
    ],
)
def test_a_clips_address_is_found_wherever_it_stands(nest: object) -> None:
    assert callable(nest)
    link = "https://cdn.test/a.mp4?sig=%2B&x=1"
    assert read({"id": "video_1", "status": "completed", **nest(link)}).url == link
    for other in (
        "ftp://x.test/",
        "/a.mp4",
        "javascript:x",
        "https://a b/",
        "https://" + "a" * 9999,
    ):
        assert read({"id": "video_1", "status": "completed", **nest(other)}).url is None


@pytest.mark.parametrize(
    ("error", "status", "code", "reason"),
    [
        ({"code": "moderation_blocked"}, "failed", "moderation_blocked", "MODERATED"),
        ({"message": "violates our content policy"}, "failed", "failed", "MODERATED"),
        ("blocked by safety system", "failed", "failed", "MODERATED"),
        ({"code": "generation_failed"}, "failed", "generation_failed", "RENDER_FAILED"),
        ("out of memory", "error", "error", "RENDER_FAILED"),
        (None, "failed", "failed", "RENDER_FAILED"),
        ({}, "cancelled", "cancelled", "RENDER_FAILED"),
        (None, "expired", "expired", "EXPIRED"),
    ],
)  # fmt: skip
async def test_a_failed_render_says_why(error: object, status: str, code: str, reason: str) -> None:
    [video] = await polled({"id": "video_1", "status": status, "error": error})
    assert video is not None
    assert video.progress is FAILED
    assert video.fault is not None
    assert (video.fault.code, video.reason) == (code, Reason[reason])
    assert video.fault.hint


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, "text", 7, {"error": {"message": "no"}}, {"code": 400, "message": "no"},
        {"code": 500, "status": "error"}, {"data": None}, {"status": "error", "code": 401},
        {"object": "list", "data": []}, {"message": "ok", "status": "success", "code": 500},
    ],
)  # fmt: skip
async def test_what_is_no_job_is_none(body: object) -> None:
    assert read_video(body, {}) is None
    assert await polled(body) == [None]


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        ("7500", 7.5), ("0", None), ("-1", None), ("abc", None), ("", None), ("nan", None),
        ("inf", None), ("1e9", 900.0), ("250.5", 0.2505),
    ],
)  # fmt: skip
async def test_the_hint_when_to_look_again_is_believed_where_it_is_sensible(
    hint: str, seconds: float | None
) -> None:
    [video] = await polled({"id": "v", "status": "queued"}, openai_poll_after_ms=hint)
    assert video is not None
    assert video.poll_after_s == (None if seconds is None else pytest.approx(seconds))


def test_a_list_is_read_row_by_row_and_nothing_is_known_of_odd_rows() -> None:
    good = [{"id": "a", "status": "queued"}, {"id": "b", "status": ""}]
    rows: list[object] = [good[0], None, 7, [], {}, {"error": "x"}, good[1]]
    pages: list[object] = [{"object": "list", "data": rows}, rows, {"data": rows, "has_more": True}]
    for page in pages:
        listed = read_list(page, {})
        assert listed is not None
        assert [it.id for it in listed.videos] == ["a", *[None] * 5, "b"]
        assert not listed.is_whole
    whole = read_list({"data": rows, "has_more": False}, {})
    assert whole is not None
    assert whole.is_whole
    no_lists: list[object] = [{}, None, "x", {"data": {"id": "a"}}, {"data": None}]
    for none in no_lists:
        assert read_list(none, {}) is None


NAMES = ["id", "status", "object", "data", "error", "url", "seconds", "created_at", "result"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "status",
                    "object",
                    "data",
                    "error",
                    "url",
                    "seconds",
                    "created_at",
                    "result",
                ]
            ),
            inner,
        )
    ),
)


@settings(max_examples=50)
@given(JSON, st.dictionaries(st.just("openai-poll-after-ms"), st.text()))
def test_no_job_object_is_too_odd_to_be_read(body: object, headers: dict[str, str]) -> None:
    video = read_video(body, headers)
    read_list(body, headers)
    names_video(body)
    assert video is None or video.id is None or valid_id(video.id) == video.id
