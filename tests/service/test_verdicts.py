"""Every answer means one thing, and only a refused or unsent submit may be sent again."""

import pytest
from answered import PAGE, openai_error, response
from hypothesis import given
from hypothesis import strategies as st
from verdict_table import TABLE, Row

from batchsora.errors import StopReason
from batchsora.job import Reason
from batchsora.service.answers import Call, NoAnswer
from batchsora.service.complaints import Complaint, complaint_of
from batchsora.service.verdicts import Kind, Verdict, judge


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
    assert stop.reason is StopReason.NO_ORDERS
    assert stop.mend.endswith("UTC")
    if wait == "901":
        assert "2026-01-31 12:15:01" in stop.mend
    looks = judge(Call.POLL, response(429, b"", retry_after=wait)).stop
    assert looks is not None
    assert looks.reason is StopReason.LONG_WAIT


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


NAMES = ["id", "status", "error", "code", "message", "data", "type", "object", "detail"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
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


TEMPTING = [
    "The model `sora-9` does not exist",
    "No available channel for model sora-2",
    "Insufficient balance",
    "blocked by our moderation system: content policy violation",
    "Too many running tasks",
    "overloaded, slow down",
    "rate_limit_exceeded",
    "insufficient_quota",
    "model_not_found",
    "invalid_api_key",
    "",
]
WAITS = st.sampled_from(["", "3", "901", "soon", "Sat, 31 Jan 2026 12:00:30 GMT"])
SAYS_NOTHING_FOR_CERTAIN = [
    *(100, 101, 199, 303, 408, 409, 424, 425, 430, 444, 460, 499),
    *(500, 501, 502, 504, 507, 520, 524, 529, 599, 600, 999),
]


@given(
    status=st.sampled_from(SAYS_NOTHING_FOR_CERTAIN),
    message=st.sampled_from(TEMPTING),
    code=st.sampled_from(TEMPTING),
    param=st.sampled_from([None, "model", "prompt"]),
    inner=st.sampled_from([None, 400, 401, 402, 403, 404, 429, 503, "402"]),
    wait=WAITS,
)
def test_no_words_let_a_submit_go_whose_status_does_not_refuse_it(
    *, status: int, message: str, code: str, param: str | None, inner: object, wait: str
) -> None:
    error = {"message": message, "code": code, "param": param, "status": inner}
    for body in ({"error": error}, error, {"data": error}, {"error": message, "code": inner}):
        assert submit(status, body, retry_after=wait).kind is Kind.DOUBT


@given(
    status=st.integers(200, 299),
    name=st.sampled_from(["id", "task_id", "video_id"]),
    code=st.sampled_from([400, 401, 402, 403, 404, 422, 429, 500, 503, "402", "invalid_request"]),
    message=st.sampled_from(TEMPTING),
    word=st.sampled_from(["", "queued", "error", "failed"]),
    wait=WAITS,
)
def test_a_success_with_any_id_in_it_is_never_sent_again(
    *, status: int, name: str, code: object, message: str, word: str, wait: str
) -> None:
    video = {name: "video_1", "status": word}
    error = {"code": code, "message": message}
    for body in ({**video, "error": error}, {**video, **error}, {**error, "data": video}):
        assert submit(status, body, retry_after=wait).kind in {Kind.OK, Kind.DOUBT}


def test_errors_within_errors_are_no_trap() -> None:
    found: dict[str, object] = {"message": "deep"}
    for _ in range(5000):  # deeper than our own reading could go by calling itself
        found = {"error": found}
    assert isinstance(complaint_of(found), Complaint)
    assert judge(Call.SUBMIT, response(500, b'{"error": ' * 5000)).kind is Kind.DOUBT
    wrapped = {"error": {"error": {"code": "moderation_blocked", "message": "no"}}}
    assert submit(400, wrapped).reason is Reason.MODERATED


def test_a_code_beside_the_error_is_read_too() -> None:
    stop = submit(200, {"code": 401, "error": {"message": "Invalid token"}}).stop
    assert stop is not None
    assert stop.reason is StopReason.KEY_REFUSED


def test_what_was_heard_of_a_lost_answer_is_kept_as_evidence() -> None:
    heard = 'HTTP 200\n\n{"id": "video_1", ' + "x" * 9999
    verdict = judge(Call.SUBMIT, NoAnswer("cut", heard))
    assert verdict.kind is Kind.DOUBT
    assert verdict.evidence.startswith("cut\n\nHTTP 200")
    assert "video_1" in verdict.evidence
    assert len(verdict.evidence.encode()) <= 4096


def test_an_answer_with_half_a_character_in_it_still_gives_its_id() -> None:
    assert submit(200, b'{"id": "video_1", "prompt": "caf\xe9"}').kind is Kind.OK
