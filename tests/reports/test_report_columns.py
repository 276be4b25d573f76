"""The columns of the report, their order and their values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from batchsora.job import Clip, Fault, Image, Job, Order, Reason, Size, State
from batchsora.ledger.answers import Entry
from batchsora.reports import report_columns, report_row
from batchsora.reports.columns import usd_text

T0 = datetime(2026, 1, 31, 9, 30, 0, 987_654, tzinfo=UTC)
ORDER = Order("a cat", "sora-2", 8, Size(1280, 720), image=Image("img/cat.png", "ab" * 32))
PENDING = Job(ORDER.key(), "cat", ORDER, "videos/cat.mp4", Decimal("0.80"))
DONE = replace(
    PENDING,
    state=State.DONE,
    video_id="video_1",
    attempts=1,
    purchases=1,
    spent_usd=Decimal("0.80"),
    submitted_at=T0,
    render_started_at=T0 + timedelta(seconds=2.04),
    completed_at=T0 + timedelta(seconds=92.04),
    download_started_at=T0 + timedelta(seconds=95),
    downloaded_at=T0 + timedelta(seconds=96.26),
    clip=Clip("videos/cat.mp4", 1234, "cd" * 32),
)


def entry(job: Job, **columns: str) -> Entry:
    return Entry(job, 3, None, 14, (), columns, T0)


def test_the_columns_stand_in_the_order_promised() -> None:
    assert ",".join(report_columns(["mood", "scene"])) == (
        "row,id,take,status,reason,file,image,prompt,model,seconds,size,mood,scene,"
        "video_id,attempts,submitted_at,completed_at,downloaded_at,queue_s,render_s,download_s,"
        "cost_usd,bytes,sha256,error_code,error_message,hint,manifest_line"
    )


def test_an_own_column_that_clashes_gets_x_in_front() -> None:
    row = report_row(entry(PENDING, status="draft", mood="calm"), ["status", "mood"])
    assert (row["status"], row["x_status"], row["mood"]) == ("pending", "draft", "calm")


def test_renamed_columns_never_fall_on_one_another() -> None:
    own = ["row", "x_row", "hint"]
    assert report_columns(own)[11:14] == ["x_x_row", "x_row", "x_hint"]
    row = report_row(entry(PENDING, row="a", x_row="b"), own)
    assert (row["row"], row["x_x_row"], row["x_row"], row["x_hint"]) == (3, "a", "b", None)


def test_a_row_has_exactly_the_columns() -> None:
    assert list(report_row(entry(DONE), ["mood"])) == report_columns(["mood"])


def test_a_clip_that_is_here_is_reported_whole() -> None:
    assert report_row(entry(DONE), []) == {
        "row": 3,
        "id": "cat",
        "take": 1,
        "status": "done",
        "reason": None,
        "file": "videos/cat.mp4",
        "image": "img/cat.png",
        "prompt": "a cat",
        "model": "sora-2",
        "seconds": 8,
        "size": "1280x720",
        "video_id": "video_1",
        "attempts": 1,
        "submitted_at": "2026-01-31T09:30:00Z",
        "completed_at": "2026-01-31T09:31:33Z",
        "downloaded_at": "2026-01-31T09:31:37Z",
        "queue_s": 2.0,
        "render_s": 90.0,
        "download_s": 1.3,
        "cost_usd": "0.80",
        "bytes": 1234,
        "sha256": "cd" * 32,
        "error_code": None,
        "error_message": None,
        "hint": None,
        "manifest_line": 14,
    }


def test_a_job_that_no_row_asks_for_any_more_has_no_place() -> None:
    row = report_row(Entry(DONE, None, None, None, (), {}, T0), ["mood"])
    assert (row["row"], row["manifest_line"], row["mood"]) == (None, None, None)


def test_a_render_whose_start_was_not_seen_counts_from_its_submission() -> None:
    row = report_row(entry(replace(DONE, render_started_at=None)), [])
    assert (row["queue_s"], row["render_s"]) == (None, 92.0)


def test_a_clock_that_was_set_back_makes_no_span_negative() -> None:
    back = replace(DONE, render_started_at=T0 - timedelta(hours=1))
    assert report_row(entry(back), [])["queue_s"] == 0.0


@pytest.mark.parametrize(
    ("job", "cost"),
    [
        (PENDING, "0.00"),
        (replace(PENDING, state=State.FAILED, reason=Reason.REJECTED), "0.00"),
        (replace(PENDING, state=State.IN_DOUBT), "0.80"),
        (replace(DONE, purchases=2, spent_usd=Decimal("1.60")), "1.60"),
        (replace(DONE, price_usd=None), "0.80"),
        (replace(DONE, purchases=2, unpriced=1), None),
        (replace(DONE, state=State.IN_DOUBT), "1.60"),
        (replace(PENDING, state=State.IN_DOUBT, price_usd=None), None),
        (replace(PENDING, price_usd=None), "0.00"),
    ],
)
def test_the_cost_is_the_bill_and_empty_where_the_price_is_unknown(
    job: Job, cost: str | None
) -> None:
    assert report_row(entry(job), [])["cost_usd"] == cost


@pytest.mark.parametrize(
    ("usd", "text"),
    [("0", "0.00"), ("0.4", "0.40"), ("0.400", "0.40"), ("0.125", "0.125"), ("1E+3", "1000.00")],
)
def test_money_has_two_places_or_more(usd: str, text: str) -> None:
    assert usd_text(Decimal(usd)) == text


FAULT = Fault("moderation_blocked", "not this cat", "say it otherwise")


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED, State.IN_DOUBT])
def test_a_fault_that_counts_is_shown(state: State) -> None:
    row = report_row(entry(replace(PENDING, state=state, fault=FAULT)), [])
    assert (row["error_code"], row["error_message"]) == ("moderation_blocked", "not this cat")
    assert str(row["hint"]).startswith("say it otherwise")


@pytest.mark.parametrize("state", [State.SUBMITTING, State.RUNNING, State.DONE])
def test_a_fault_that_the_job_got_past_is_not_shown(state: State) -> None:
    row = report_row(entry(replace(DONE, state=state, fault=FAULT)), [])
    assert (row["error_code"], row["error_message"], row["hint"]) == (None, None, None)


def test_the_jobs_own_hint_comes_before_the_faults() -> None:
    job = replace(PENDING, state=State.FAILED, fault=FAULT, hint="look at the image")
    assert report_row(entry(job), [])["hint"] == "look at the image"
    done = replace(DONE, hint="file missing")
    assert report_row(entry(done), [])["hint"] == "file missing"


def test_a_job_in_doubt_says_how_it_is_settled() -> None:
    job = replace(PENDING, state=State.IN_DOUBT, order=replace(ORDER, take=2))
    settle = (
        "settle it with `batchsora resolve <run folder> cat#2"
        " --video VIDEO_ID | --not-made | --lost`"
    )
    assert report_row(entry(job), [])["hint"] == settle
    hinted = replace(job, hint="three look alike")
    assert report_row(entry(hinted), [])["hint"] == f"three look alike; {settle}"
