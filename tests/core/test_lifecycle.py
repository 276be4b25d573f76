"""The table, whole: what can happen to a job, what can't, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from walks import AT, BOUGHT, CLIP, FAULT, PRICE_USD, Life, happening, lives, pending

from batchsora.job import Job, Reason, State
from batchsora.lifecycle import (
    DEAD_IDS,
    NEXT_STEP,
    TRANSITIONS,
    Event,
    Happening,
    IllegalTransitionError,
    Step,
    advance,
    id_is_alive,
    next_step,
)

IMPOSSIBLE = sorted(set(product(State, Event)) - set(TRANSITIONS))
A_PERSONS_WORD = {Event.DOUBT_CLEARED, Event.RETRY_ASKED}
ORDERED = ("key", "id", "order", "output", "price_usd")


def after(*events: Event, job: Job | None = None) -> Job:
    """Carry a pending job, or another, over some events."""
    job = job or pending()
    for nth, event in enumerate(events):
        job = advance(job, happening(event, nth=nth))
    return job


def kinds(pairs: Iterable[tuple[State, Event]]) -> set[Event]:
    return {event for _, event in pairs}


@pytest.mark.parametrize(("state", "event"), IMPOSSIBLE)
def test_what_is_not_in_the_table_raises(state: State, event: Event) -> None:
    job = replace(pending(), state=state)
    with pytest.raises(IllegalTransitionError, match=f"{event} cannot happen to a job {state}"):
        advance(job, happening(event))


@pytest.mark.parametrize(("state", "event"), TRANSITIONS)
def test_what_is_in_the_table_leads_where_it_says(state: State, event: Event) -> None:
    job = replace(pending(), state=state, revision=7)
    moved = advance(job, happening(event))
    assert (moved.state, moved.revision) == (TRANSITIONS[state, event], 8)


def test_every_event_can_happen_and_every_state_can_be_entered_and_left() -> None:
    assert kinds(TRANSITIONS) == set(Event)
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert set(TRANSITIONS.values()) == set(State)


def test_only_a_refused_or_unsent_submit_leads_back_to_pending_except_by_a_persons_word() -> None:
    back = {it for it, target in TRANSITIONS.items() if target is State.PENDING}
    by_itself = {(state, event) for state, event in back if event not in A_PERSONS_WORD}
    assert by_itself == {(State.SUBMITTING, Event.SUBMIT_DEFERRED)}


def test_a_request_leaves_from_pending_only() -> None:
    assert [it for it in TRANSITIONS if TRANSITIONS[it] is State.SUBMITTING] == [
        (State.PENDING, Event.SUBMIT_STARTED)
    ]


def test_a_doubt_ends_by_adoption_or_by_a_persons_word() -> None:
    ends = kinds(it for it in TRANSITIONS if it[0] is State.IN_DOUBT)
    assert ends == {Event.DOUBT_ADOPTED, Event.DOUBT_CLEARED, Event.DOUBT_WRITTEN_OFF}


def test_a_failed_job_is_taken_up_again_by_a_person_only() -> None:
    assert kinds(it for it in TRANSITIONS if it[0] is State.FAILED) == {Event.RETRY_ASKED}


def test_a_clip_that_is_here_is_bought_anew_by_a_persons_word_only() -> None:
    ends = {
        event: TRANSITIONS[State.DONE, event] for state, event in TRANSITIONS if state is State.DONE
    }
    assert [event for event, end in ends.items() if end is State.PENDING] == [Event.RETRY_ASKED]
    kept = replace(after(Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED), state=State.DONE, clip=CLIP)
    asked = advance(kept, Happening(Event.RETRY_ASKED, AT))
    assert (asked.state, asked.video_id, asked.clip) == (State.PENDING, None, None)
    assert (asked.purchases, asked.spent_usd) == (1, kept.spent_usd)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.PENDING, Step.SUBMIT),
        (State.SUBMITTING, None),
        (State.IN_DOUBT, Step.LOOK_UP),
        (State.RUNNING, Step.POLL),
        (State.RENDERED, Step.DOWNLOAD),
        (State.DONE, None),
        (State.FAILED, None),
    ],
)
def test_the_state_alone_says_the_next_step(state: State, step: Step | None) -> None:
    assert next_step(replace(pending(), state=state)) is step
    assert set(NEXT_STEP) == set(State)


@pytest.mark.parametrize("reason", sorted(Reason))
def test_a_failed_job_keeps_an_id_that_is_alive_and_is_bought_anew_without_one(
    reason: Reason,
) -> None:
    failed = replace(
        after(Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED), state=State.FAILED, reason=reason
    )
    asked = advance(failed, Happening(Event.RETRY_ASKED, AT))
    alive = reason not in DEAD_IDS
    assert id_is_alive(failed) is alive
    assert asked.state is (State.RUNNING if alive else State.PENDING)
    assert asked.video_id == (failed.video_id if alive else None)
    assert (asked.reason, asked.fault, asked.hint) == (None, None, "")


@pytest.mark.parametrize("reason", sorted(Reason))
def test_a_failed_job_without_an_id_is_bought_anew(reason: Reason) -> None:
    failed = replace(pending(), state=State.FAILED, reason=reason)
    assert not id_is_alive(failed)
    assert advance(failed, Happening(Event.RETRY_ASKED, AT)).state is State.PENDING


@pytest.mark.parametrize("reason", [Reason.EXPIRED, Reason.RENDER_FAILED, Reason.MODERATED])
def test_what_the_service_no_longer_has_or_never_made_is_of_no_more_use(reason: Reason) -> None:
    assert reason in DEAD_IDS


@given(lives())
def test_nothing_that_happens_changes_what_was_ordered(life: Life) -> None:
    for name in ORDERED:
        assert getattr(life.end, name) == getattr(life.jobs[0], name)


@given(lives())
def test_the_revision_counts_what_happened(life: Life) -> None:
    assert [job.revision for job in life.jobs] == list(range(len(life.jobs)))


@given(lives())
def test_each_state_keeps_its_promise_on_every_way_to_it(life: Life) -> None:
    for job in life.jobs:
        assert (job.state is State.FAILED) == (job.reason is not None)
        if job.state in {State.PENDING, State.SUBMITTING, State.IN_DOUBT}:
            assert job.video_id is None
        if job.state in {State.RUNNING, State.RENDERED, State.DONE}:
            assert job.video_id is not None
        if job.state is State.DONE:
            assert job.clip == CLIP
        assert 0 <= job.purchases <= job.attempts


@given(lives())
def test_a_purchase_is_counted_when_it_is_known_and_an_attempt_when_it_begins(life: Life) -> None:
    for before, it, moved in life.steps:
        assert moved.purchases - before.purchases == (it.event in BOUGHT)
        price = before.price_usd or 0
        assert moved.spent_usd - before.spent_usd == (price if it.event in BOUGHT else 0)
        assert moved.attempts - before.attempts == (it.event is Event.SUBMIT_STARTED)


@given(lives())
def test_between_two_purchases_a_person_asked_for_the_second(life: Life) -> None:
    bought = False
    for _, it, moved in life.steps:
        if it.event in BOUGHT:
            assert not bought
            bought = True
        if it.event is Event.RETRY_ASKED and moved.state is State.PENDING:
            bought = False


@given(lives())
def test_after_a_lost_answer_nothing_is_sent_without_a_persons_word(life: Life) -> None:
    lost = False
    for _, it, __ in life.steps:
        assert not (lost and it.event is Event.SUBMIT_STARTED)
        lost = it.event is Event.SUBMIT_LOST or (lost and it.event not in A_PERSONS_WORD)
        if it.event is Event.DOUBT_ADOPTED:
            lost = False


@given(lives())
def test_the_bill_counts_each_purchase_and_a_doubt_as_one(life: Life) -> None:
    bought = sum(it.event in BOUGHT for it in life.happenings)
    open_ = life.end.state in {State.SUBMITTING, State.IN_DOUBT}
    assert life.end.bill_usd == PRICE_USD * (bought + open_)


@given(lives(price_usd=None))
def test_a_bill_of_unknown_price_is_unknown_and_nothing_bought_is_free(life: Life) -> None:
    bought = any(it.event in BOUGHT for it in life.happenings)
    open_ = life.end.state in {State.SUBMITTING, State.IN_DOUBT}
    assert life.end.bill_usd == (None if bought or open_ else Decimal(0))


@given(lives())
def test_a_new_submission_begins_without_a_trace_of_the_one_before(life: Life) -> None:
    money = {"purchases", "spent_usd", "unpriced"}
    lasting = {*ORDERED, *money, "state", "revision", "attempts", "submit_started_at"}
    for _, it, moved in life.steps:
        if it.event is Event.SUBMIT_STARTED:
            fresh = replace(pending(), state=State.SUBMITTING)
            for name in {field.name for field in fields(Job)} - lasting:
                assert getattr(moved, name) == getattr(fresh, name), name
            assert moved.submit_started_at == it.at


def test_an_adopted_job_was_bought_when_its_request_left() -> None:
    job = after(Event.SUBMIT_STARTED, Event.SUBMIT_LOST, Event.DOUBT_ADOPTED)
    assert job.doubted_at == AT + timedelta(minutes=1)
    assert job.submitted_at == job.submit_started_at == AT


def test_a_render_began_when_it_was_first_seen() -> None:
    job = after(Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED, Event.RENDER_PROGRESSED)
    again = advance(job, happening(Event.RENDER_PROGRESSED, nth=9))
    assert again.render_started_at == job.render_started_at == AT + timedelta(minutes=2)


def test_a_completion_without_its_time_is_timed_when_it_is_seen() -> None:
    job = after(Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED)
    assert advance(job, Happening(Event.RENDER_COMPLETED, AT)).completed_at == AT


def test_a_deferred_submission_keeps_its_fault_until_the_next_one_begins() -> None:
    deferred = after(Event.SUBMIT_STARTED, Event.SUBMIT_DEFERRED)
    assert (deferred.state, deferred.fault) == (State.PENDING, FAULT)
    assert advance(deferred, happening(Event.SUBMIT_STARTED)).fault is None


DONE = (
    Event.SUBMIT_STARTED,
    Event.SUBMIT_ACCEPTED,
    Event.RENDER_COMPLETED,
    Event.DOWNLOAD_CHECKED,
    Event.DOWNLOAD_KEPT,
)


def test_a_removed_clip_is_fetched_again_and_not_bought_again() -> None:
    job = after(*DONE, Event.FILE_MISSING)
    assert (next_step(job), job.purchases) == (Step.DOWNLOAD, 1)


def test_a_clip_that_is_gone_for_good_leaves_its_job_done_with_a_hint() -> None:
    for events in ((Event.FILE_LOST,), (Event.FILE_MISSING, Event.FILE_LOST)):
        job = after(*DONE, *events)
        assert (job.state, job.hint) == (State.DONE, "gone")
