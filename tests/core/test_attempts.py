"""What the history of a job says of its create requests."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from walks import AT, FAULT, Life, happening, lives, pending

from batchsora.clock import read_stamp
from batchsora.job import Job, Reason, State
from batchsora.ledger.answers import Past
from batchsora.ledger.attempts import (
    FREE,
    TOLD_BY,
    Attempt,
    RequestOutcome,
    attempts_of,
    is_plain,
    plain_attempt,
)
from batchsora.ledger.rows import event_row
from batchsora.lifecycle import Event, advance


def history(life: Life) -> list[Past]:
    """Write a life down as a ledger does, and read what it says of requests."""
    rows = (event_row(after, it) for _, it, after in life.steps)
    return [
        Past(read_stamp(row["at"]), row["event"], State(row["state"]), json.loads(row["detail"]))
        for row in rows
        if row["event"] in TOLD_BY
    ]


def lived(*events: Event, reason: Reason | None = None) -> list[Attempt]:
    """Let this happen to a job; the reason is that of the last thing."""
    jobs, happenings = [pending()], []
    for nth, event in enumerate(events):
        why = reason if nth == len(events) - 1 else None
        happenings.append(happening(event, nth=nth, reason=why))
        jobs.append(advance(jobs[-1], happenings[-1]))
    return attempts_of(jobs[-1], history(Life(jobs, happenings)))


@given(lives())
def test_every_request_that_was_begun_is_told_in_order(life: Life) -> None:
    attempts = attempts_of(life.end, history(life))
    begun = [it.at for it in life.happenings if it.event is Event.SUBMIT_STARTED]
    assert [it.started_at for it in attempts] == begun
    assert [it.number for it in attempts] == list(range(1, life.end.attempts + 1))


@given(lives())
def test_the_costs_of_its_requests_are_what_a_job_has_cost(life: Life) -> None:
    attempts = attempts_of(life.end, history(life))
    assert sum(it.cost_usd or 0 for it in attempts) == life.end.bill_usd
    assert all(it.cost_usd == 0 for it in attempts if it.outcome in FREE)
    assert sum(it.outcome not in FREE for it in attempts) == (life.end.purchases + life.end.is_open)


@given(lives())
def test_the_row_of_most_jobs_says_the_same_as_their_history(life: Life) -> None:
    if is_plain(life.end):
        assert [plain_attempt(life.end)] == attempts_of(life.end, history(life))


@given(lives())
def test_the_last_request_of_a_job_ends_as_the_job_does(life: Life) -> None:
    job = life.end
    if job.video_id is None:
        return
    *_, last = attempts_of(job, history(life))
    assert last.video_id == job.video_id
    if job.state is State.FAILED:
        assert (last.ended, last.fault) == (job.reason, job.fault)
    if job.state is State.RUNNING:
        assert last.ended is None
    if job.state is State.DONE:
        assert last.ended == "done"


@given(lives(price_usd=None))
def test_a_request_of_unknown_price_has_no_cost_unless_it_was_free(life: Life) -> None:
    for it in attempts_of(life.end, history(life)):
        assert it.cost_usd == (0 if it.outcome in FREE else None)


ORDERED = (Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED)
DOUBTED = (Event.SUBMIT_STARTED, Event.SUBMIT_LOST)
MADE = (Event.RENDER_COMPLETED, Event.DOWNLOAD_CHECKED, Event.DOWNLOAD_KEPT)


@pytest.mark.parametrize(
    ("events", "outcome", "ended"),
    [
        ((Event.SUBMIT_STARTED,), "submitting", None),
        (ORDERED, "accepted", None),
        ((*ORDERED, *MADE), "accepted", "done"),
        ((*ORDERED, *MADE, Event.FILE_MISSING), "accepted", "done"),
        ((*ORDERED, Event.RENDER_FAILED), "accepted", "render_failed"),
        ((*ORDERED, Event.RENDER_COMPLETED, Event.DOWNLOAD_LOST), "accepted", "expired"),
        ((*ORDERED, Event.RENDER_FAILED, Event.RETRY_ASKED), "accepted", "render_failed"),
        ((Event.SUBMIT_STARTED, Event.SUBMIT_DEFERRED), "put_off", None),
        ((Event.SUBMIT_STARTED, Event.SUBMIT_REJECTED), "rejected", None),
        ((Event.SUBMIT_STARTED, Event.GAVE_UP), "gave_up", None),
        (DOUBTED, "in_doubt", None),
        ((*DOUBTED, Event.DOUBT_ADOPTED, *MADE), "adopted", "done"),
        ((*DOUBTED, Event.DOUBT_CLEARED), "not_made", None),
        ((*DOUBTED, Event.DOUBT_WRITTEN_OFF), "lost", "lost"),
    ],
)
def test_a_request_is_told_by_what_became_of_it(
    events: tuple[Event, ...], outcome: str, ended: str | None
) -> None:
    (attempt,) = lived(*events)
    assert (attempt.outcome, attempt.ended) == (outcome, ended)


def test_a_moderated_request_is_told_from_one_with_a_wrong_value() -> None:
    (attempt,) = lived(Event.SUBMIT_STARTED, Event.SUBMIT_REJECTED, reason=Reason.MODERATED)
    assert (attempt.outcome, attempt.fault) == (RequestOutcome.MODERATED, FAULT)


def test_a_retry_that_buys_nothing_goes_on_with_the_same_request() -> None:
    failed = (*ORDERED, Event.RENDER_FAILED)
    jobs, happenings = [pending()], []
    for nth, event in enumerate((*failed, Event.RETRY_ASKED)):
        reason = Reason.REJECTED if event is Event.RENDER_FAILED else None
        happenings.append(happening(event, nth=nth, reason=reason))
        jobs.append(advance(jobs[-1], happenings[-1]))
    (attempt,) = attempts_of(jobs[-1], history(Life(jobs, happenings)))
    assert jobs[-1].state is State.RUNNING
    assert (attempt.ended, attempt.fault) == (None, None)


def test_a_wait_that_was_asked_for_is_told_in_seconds() -> None:
    told = {"code": "429", "message": "slowly", "again_at": "2026-01-31T09:32:30.000000Z"}
    past = [
        Past(AT, Event.SUBMIT_STARTED, State.SUBMITTING, {"price_usd": "0.40"}),
        Past(AT, Event.SUBMIT_DEFERRED, State.PENDING, told),
    ]
    (attempt,) = attempts_of(pending(), past)
    assert (attempt.wait_s, attempt.answered_at) == (150.0, AT)
    assert attempt.cost_usd == 0


def bought_once(price: str | None) -> tuple[Job, list[Past]]:
    job = pending(None if price is None else Decimal(price))
    for event in (*ORDERED, Event.RENDER_FAILED, Event.RETRY_ASKED, *ORDERED):
        job = advance(job, happening(event, nth=job.revision))
    events = [
        Past(AT, Event.SUBMIT_STARTED, State.SUBMITTING, {}),
        Past(AT, Event.SUBMIT_ACCEPTED, State.RUNNING, {"video_id": "video_1"}),
    ]
    return job, events


def test_a_history_without_prices_still_tells_the_cost_of_a_single_purchase() -> None:
    job, once = bought_once("0.40")
    assert [it.cost_usd for it in attempts_of(job, once)] == [Decimal("0.80")]
    assert [it.cost_usd for it in attempts_of(job, [*once, *once])] == [None, None]
