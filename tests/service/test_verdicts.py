"""Every answer means one thing, and only a refused or unsent submit may be sent again."""

from typing import NamedTuple

import pytest
from answered import PAGE, openai_error, response
from hypothesis import given
from hypothesis import strategies as st

from batchsora.errors import StopReason
from batchsora.job import Reason
from batchsora.service.answers import Answer, Call, NeverSent, NoAnswer
from batchsora.service.verdicts import Kind, Verdict, judge

OK, RETRY, PAUSE, REJECT = Kind.OK, Kind.RETRY, Kind.PAUSE, Kind.REJECT
DOUBT, STOP, NOT_READY = Kind.DOUBT, Kind.STOP, Kind.NOT_READY
POLICY = openai_error("Your request was blocked by our moderation system.", "moderation_blocked")
JOB = {"id": "video_1", "object": "video", "status": "queued"}


class Row(NamedTuple):
    """One row of the table: an answer, and its kind on submit, poll, list and download."""

    name: str
    answer: Answer
    submit: Kind
    poll: Kind
    lists: Kind
    download: Kind


TABLE = [
    Row("never sent", NeverSent("refused"), RETRY, RETRY, RETRY, RETRY),
    Row("no answer", NoAnswer("reset"), DOUBT, RETRY, RETRY, RETRY),
    Row("a job", response(200, JOB), OK, OK, OK, OK),
    Row("created", response(201, JOB), OK, OK, OK, OK),
    Row("200 html", response(200, PAGE), DOUBT, RETRY, OK, OK),
    Row("200 empty", response(200), DOUBT, RETRY, OK, OK),
    Row("200 broken", response(200, b'{"id": "video_'), DOUBT, RETRY, OK, OK),
    Row("200 {}", response(200, {}), DOUBT, RETRY, OK, OK),
    Row("200 bad id", response(200, {"id": "../x", "object": "video"}), DOUBT, OK, OK, OK),
    Row("200 long id", response(200, {"id": "x" * 10_000}), DOUBT, RETRY, OK, OK),
    Row("200 with 400", response(200, {"code": 400, "message": "bad"}), REJECT, RETRY, RETRY, OK),
    Row("200 with 401", response(200, {"code": 401, "message": "no"}), STOP, STOP, STOP, OK),
    Row("200 with 500", response(200, {"code": 500, "message": "oh"}), DOUBT, RETRY, RETRY, OK),
    Row("200 with id, 500", response(200, {"code": 500, "id": "rq1"}), DOUBT, RETRY, RETRY, OK),
    Row("200 with 503", response(200, {"code": 503, "message": "down"}), DOUBT, RETRY, RETRY, OK),
    Row("200, 409", response(200, {"error": {"code": 409}}), DOUBT, RETRY, RETRY, OK),
    Row("302", response(302, location="https://x.test/"), STOP, STOP, STOP, RETRY),
    Row("400", response(400, openai_error("seconds")), REJECT, REJECT, RETRY, NOT_READY),
    Row("400 policy", response(400, POLICY), REJECT, REJECT, RETRY, NOT_READY),
    Row("400 says 503", response(400, {"error": {"code": 503}}), REJECT, REJECT, RETRY, NOT_READY),
    Row("401", response(401, {"error": {"message": "Invalid", "type": "401"}}), *[STOP] * 4),
    Row("401 html", response(401, PAGE), *[STOP] * 4),
    Row("402", response(402), *[STOP] * 4),
    Row("403 permission", response(403, openai_error("not allowed")), *[STOP] * 4),
    Row("403 balance", response(403, openai_error("Insufficient balance")), *[STOP] * 4),
    Row("403 html", response(403, PAGE), STOP, PAUSE, PAUSE, PAUSE),
    Row("403 policy", response(403, POLICY), REJECT, REJECT, RETRY, NOT_READY),
    Row("404", response(404, openai_error("not found")), STOP, REJECT, OK, NOT_READY),
    Row("404 html", response(404, PAGE), STOP, RETRY, OK, NOT_READY),
    Row("405", response(405), STOP, REJECT, OK, NOT_READY),
    Row("408", response(408), DOUBT, RETRY, RETRY, RETRY),
    Row("409", response(409), DOUBT, RETRY, RETRY, NOT_READY),
    Row("413", response(413), REJECT, REJECT, RETRY, NOT_READY),
    Row("415", response(415), REJECT, RETRY, RETRY, NOT_READY),
    Row("422", response(422, {"detail": [{"loc": ["body"]}]}), REJECT, REJECT, RETRY, NOT_READY),
    Row("429", response(429), *[PAUSE] * 4),
    Row("429 money", response(429, openai_error("Quota", "insufficient_quota")), *[STOP] * 4),
    Row("429 running", response(429, openai_error("Too many running tasks")), *[PAUSE] * 4),
    Row("500", response(500), DOUBT, RETRY, RETRY, RETRY),
    Row("500 policy", response(500, POLICY), DOUBT, RETRY, RETRY, RETRY),
    Row("501", response(501), DOUBT, RETRY, OK, RETRY),
    Row("502 html", response(502, PAGE), DOUBT, RETRY, RETRY, RETRY),
    Row("503", response(503), DOUBT, RETRY, RETRY, RETRY),
    Row("503 html", response(503, PAGE), DOUBT, RETRY, RETRY, RETRY),
    Row("503 nonsense wait", response(503, retry_after="abc"), DOUBT, RETRY, RETRY, RETRY),
    Row("503 wait", response(503, retry_after="3"), *[PAUSE] * 4),
    Row("503 overload", response(503, openai_error("Server overloaded")), *[PAUSE] * 4),
    Row("503 policy", response(503, POLICY), REJECT, REJECT, RETRY, NOT_READY),
    Row("429 long wait", response(429, retry_after="901"), *[STOP] * 4),
    Row("529", response(529), DOUBT, RETRY, RETRY, RETRY),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_each_answer_means_what_the_table_says(row: Row) -> None:
    kinds = [judge(call, row.answer, age_s=600).kind for call in Call]
    assert kinds == [row.submit, row.poll, row.lists, row.download]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_another_host_never_stops_pauses_or_rejects(row: Row) -> None:
    verdict = judge(Call.DOWNLOAD, row.answer, foreign=True, expired=True)
    assert verdict.kind in {Kind.OK, Kind.RETRY}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_whatever_is_not_ok_says_why_and_what_to_do(row: Row) -> None:
    for call in Call:
        verdict = judge(call, row.answer, age_s=600)
        if verdict.kind is Kind.OK:
            continue
        assert verdict.fault is not None
        assert verdict.fault.code
        assert verdict.fault.message
        assert verdict.fault.hint
        assert (verdict.stop is not None) == (verdict.kind is Kind.STOP)
        assert (verdict.reason is not None) == (verdict.kind is Kind.REJECT)
        assert bool(verdict.evidence) == (verdict.kind is Kind.DOUBT)


def submit(status: int, body: object = b"", **headers: str) -> Verdict:
    return judge(Call.SUBMIT, response(status, body, **headers))


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, b"", StopReason.KEY_REFUSED),
        (403, openai_error("You have no permission"), StopReason.KEY_REFUSED),
        (403, openai_error("Denied by network policy"), StopReason.KEY_REFUSED),
        (403, {"error": {"message": "Insufficient balance", "type": "403"}}, "BALANCE_EMPTY"),
        (402, b"", StopReason.BALANCE_EMPTY),
        (429, openai_error("x", "org_spend_limit_exceeded"), StopReason.BALANCE_EMPTY),
        (429, openai_error("x", "credit_balance_exhausted"), StopReason.BALANCE_EMPTY),
        (400, openai_error("x", "billing_hard_limit_reached"), StopReason.BALANCE_EMPTY),
        (403, PAGE, StopReason.EDGE_BLOCK),
        (301, b"", StopReason.WRONG_ADDRESS),
        (404, b"404 page not found", StopReason.WRONG_ADDRESS),
        (404, openai_error("The model `sora-9` does not exist"), StopReason.MODEL_GONE),
        (400, openai_error("x", "model_not_found"), StopReason.MODEL_GONE),
        (503, openai_error("No available channel for model sora-2"), StopReason.MODEL_GONE),
        (400, {"error": {"message": "Invalid value", "param": "model"}}, StopReason.MODEL_GONE),
    ],
)
def test_a_stop_says_which(status: int, body: object, reason: StopReason | str) -> None:
    stop = submit(status, body).stop
    assert stop is not None
    assert stop.reason.name == (reason if isinstance(reason, str) else reason.name)
    assert stop.what
    assert stop.mend


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, openai_error("Inpaint image must match the requested width"), Reason.REJECTED),
        (400, openai_error("For model sora-2, size 1x1 is not available"), Reason.REJECTED),
        (400, openai_error("It violates our content policy"), Reason.MODERATED),
        (400, {"error": {"message": "blocked", "code": 503}}, Reason.MODERATED),
        (503, {"error": {"message": "Content policy violation", "type": "503"}}, Reason.MODERATED),
        (200, {"code": 503, "message": "content policy violation"}, Reason.MODERATED),
    ],
)
def test_a_rejection_says_why(status: int, body: object, reason: Reason) -> None:
    assert submit(status, body).reason is reason


def test_too_many_in_flight_is_told_from_too_many_a_minute() -> None:
    assert submit(429, openai_error("Too many running tasks")).concurrency
    assert not submit(429, openai_error("Rate limit reached", "rate_limit_exceeded")).concurrency


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "abc"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after_ms": "abc", "retry_after": "9"}, 9.0),
        ({"x_ratelimit_reset_requests": "6s"}, 6.0),
        ({"x_ratelimit_reset_requests": "12ms"}, 0.012),
        ({"x_ratelimit_reset_requests": "1m30s"}, 90.0),
        ({"x_ratelimit_reset_requests": "soon"}, None),
        ({"retry_after": "Sat, 31 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry_after": "Sat, 31 Jan 2026 11:00:30 GMT"}, None),
        (
            # its clock is hours ahead of ours: only the difference counts
            {
                "retry_after": "Sat, 31 Jan 2026 19:00:30 GMT",
                "date": "Sat, 31 Jan 2026 19:00:10 GMT",
            },
            20.0,
        ),
    ],
)
def test_a_wait_is_read_where_it_is_sensible(headers: dict[str, str], wait_s: float | None) -> None:
    verdict = submit(429, b"", **headers)
    assert verdict.kind is Kind.PAUSE
    assert verdict.wait_s == (None if wait_s is None else pytest.approx(wait_s))


@pytest.mark.parametrize("wait", ["1e9", "1e300", "901"])
def test_a_long_wait_stops_and_names_the_time_to_come_back(wait: str) -> None:
    stop = submit(429, b"", retry_after=wait).stop
    assert stop is not None
    assert stop.reason is StopReason.LONG_WAIT
    assert "Z" in stop.mend
    if wait == "901":
        assert "2026-01-31T12:15:01" in stop.mend


def test_a_video_not_found_at_once_is_asked_for_again() -> None:
    answer = response(404, openai_error("Video not found"))
    assert judge(Call.POLL, answer, age_s=59).kind is Kind.RETRY
    late = judge(Call.POLL, answer, age_s=60)
    assert (late.kind, late.reason) == (Kind.REJECT, Reason.EXPIRED)


@pytest.mark.parametrize("status", [400, 404, 409, 410])
def test_a_clip_past_its_expiry_is_gone(status: int) -> None:
    verdict = judge(Call.DOWNLOAD, response(status), expired=True)
    assert (verdict.kind, verdict.reason) == (Kind.REJECT, Reason.EXPIRED)


def test_evidence_is_raw_and_short() -> None:
    body = b'{"odd": true}' + b"\xff\x00" * 9000
    evidence = submit(200, body, x_request_id="r-1").evidence
    assert '{"odd": true}' in evidence
    assert "r-1" in evidence
    assert "\x00" not in evidence
    assert len(evidence.encode()) <= 4096


def test_the_services_words_are_cut_and_made_harmless() -> None:
    fault = submit(400, openai_error("a\x1b[31mred\r\n\u202e" + "x" * 9999)).fault
    assert fault is not None
    assert fault.message.startswith("a [31mred x")
    assert len(fault.message) == 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["id", "status", "error", "code", "message", "data", "type", "object", "detail"]
            ),
            inner,
        )
    ),
)


@given(
    st.sampled_from(Call),
    st.integers(100, 599),
    JSON | st.binary(),
    st.text(max_size=40),
    st.booleans(),
)
def test_no_answer_is_too_strange_to_judge(
    call: Call,
    status: int,
    body: object,
    wait: str,
    foreign: bool,  # noqa: FBT001
) -> None:
    verdict = judge(call, response(status, body, retry_after=wait), foreign=foreign)
    assert isinstance(verdict.kind, Kind)


@given(st.integers(500, 599), st.text() | st.just("overload"))
def test_a_5xx_submit_is_only_let_go_where_it_was_put_off_or_refused(
    status: int, message: str
) -> None:
    kind = submit(status, openai_error(message)).kind
    assert kind is Kind.DOUBT or "overload" in message
