"""Writing down what happens to jobs: one transition, one transaction, or nothing at all."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from batchsora.errors import LedgerError
from batchsora.job import Fault, State
from batchsora.ledger.ledger import Ledger, SecondDriverError
from batchsora.lifecycle import Event, Happening, IllegalTransitionError

from .stories import (
    AT,
    CLIP,
    FAULT,
    WAYS,
    bring,
    connected,
    everything,
    happening,
    look,
    planned,
    record,
    take_in,
)


@pytest.mark.parametrize("state", State)
def test_a_recorded_job_is_read_back_as_it_is(ledger: Ledger, state: State) -> None:
    (job,) = take_in(ledger, planned("cat"))
    job = bring(ledger, job, state)
    assert job.state is state
    assert look(ledger, job) == job


def test_what_is_recorded_is_in_the_file_before_the_next_statement(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    for event in WAYS[State.DONE]:
        job = record(ledger, job, event)
        with connected(ledger.path) as other:
            (found,) = other.execute("select state, revision, video_id from jobs").fetchall()
            (told,) = other.execute("select event from events order by seq desc limit 1").fetchall()
        assert (found, told) == ((job.state, job.revision, job.video_id), (event,))


def test_the_history_of_a_job_tells_what_happened_when_and_what_was_known(ledger: Ledger) -> None:
    job, other = take_in(ledger, planned("cat"), planned("dog"))
    bring(ledger, other, State.DONE)
    job = record(ledger, job, Event.SUBMIT_STARTED, Event.SUBMIT_LOST)
    job = record(ledger, job, Event.DOUBT_ADOPTED, Event.RENDER_COMPLETED, Event.DOWNLOAD_CHECKED)
    started, lost, adopted, completed, checked = ledger.records.history(job.key)
    assert {past.at for past in (started, lost, adopted, completed, checked)} == {AT}
    assert (started.event, started.state, started.detail) == (
        Event.SUBMIT_STARTED,
        State.SUBMITTING,
        {"price_usd": "0.40"},
    )
    assert (lost.state, lost.detail) == (
        State.IN_DOUBT,
        {
            "code": FAULT.code,
            "message": FAULT.message,
            "fault_hint": FAULT.hint,
            "evidence": "HTTP 502\n\nBad gateway",
        },
    )
    assert adopted.detail == {"video_id": job.video_id}
    assert completed.detail == {
        "completed_at": "2026-01-31T09:30:00.250000Z",
        "expires_at": "2026-01-31T10:30:00.250000Z",
    }
    assert checked.detail["sha256"] == CLIP.sha256


def test_a_second_driver_of_a_job_is_found_out_and_writes_nothing(ledger: Ledger) -> None:
    (stale,) = take_in(ledger, planned("cat"))
    record(ledger, stale, Event.SUBMIT_STARTED)
    before = everything(ledger.path)
    with pytest.raises(SecondDriverError, match=stale.key):
        record(ledger, stale, Event.SUBMIT_STARTED)
    assert everything(ledger.path) == before


def test_a_job_that_came_back_to_the_same_state_is_another_for_a_driver_that_slept(
    ledger: Ledger,
) -> None:
    (stale,) = take_in(ledger, planned("cat"))
    record(ledger, stale, Event.SUBMIT_STARTED, Event.SUBMIT_DEFERRED)
    with pytest.raises(SecondDriverError):
        record(ledger, stale, Event.SUBMIT_STARTED)


def test_a_job_that_the_ledger_does_not_know_is_not_recorded(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    with pytest.raises(SecondDriverError):
        record(ledger, replace(job, key="0" * 32), Event.SUBMIT_STARTED)
    assert ledger.records.history("0" * 32) == []


def test_what_cannot_happen_writes_nothing(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    before = everything(ledger.path)
    with pytest.raises(IllegalTransitionError):
        record(ledger, job, Event.SUBMIT_ACCEPTED)
    assert everything(ledger.path) == before


def test_an_answer_that_no_file_can_hold_as_it_is_is_recorded_all_the_same(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    job = record(ledger, job, Event.SUBMIT_STARTED)
    torn = Fault("co\ud83dde", "half a \ud83d pair", "hint \udcff")
    job = record(ledger, job, Event.SUBMIT_LOST, fault=torn, evidence="raw \ud83d\x00 answer")
    assert look(ledger, job).fault == Fault("co?de", "half a ? pair", "hint ?")
    assert ledger.records.history(job.key)[-1].detail["evidence"] == "raw ?\x00 answer"


def test_jobs_recorded_inside_a_transaction_are_written_all_or_none(ledger: Ledger) -> None:
    one, other = take_in(ledger, planned("cat"), planned("dog"))
    before = everything(ledger.path)

    def write_both() -> None:
        with ledger.atomic():
            record(ledger, one, Event.IMAGE_UNREADABLE, reason="image_unreadable")
            record(ledger, other, Event.SUBMIT_ACCEPTED)

    with pytest.raises(IllegalTransitionError):
        write_both()
    assert everything(ledger.path) == before


def test_what_the_disk_refuses_inside_a_transaction_is_told_to_a_person(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="UNIQUE constraint failed"), ledger.atomic():
        ledger.db.execute("insert into room values (1, null)")


# A statement for each promise that the file keeps by itself, whoever writes to it, against a ledger
# with a pending, a running, a doubted, a failed and a finished job.
BROKEN_PROMISES = {
    "a job at the service has an id": (
        "update jobs set video_id = null where state in ('running', 'rendered', 'done')"
    ),
    "a job that is not at the service has none": "update jobs set video_id = 'v', purchases = 1"
    " where id = 'pending'",
    "a job in doubt has no id": "update jobs set video_id = 'v' where id = 'in_doubt'",
    "an id was bought": "update jobs set purchases = 0 where id = 'running'",
    "a doubt is no purchase yet": "update jobs set purchases = attempts where id = 'in_doubt'",
    "an id has one job": "update jobs set video_id = (select video_id from jobs where id = 'done')"
    " where id = 'running'",
    "a failure has a reason": "update jobs set reason = null where id = 'failed'",
    "a reason is of a failure": "update jobs set reason = 'lost' where id = 'running'",
    "a reason is one of ours": "update jobs set reason = 'bad luck' where id = 'failed'",
    "a state is one of ours": "update jobs set state = 'lucky' where id = 'running'",
    "a finished job has a file": "update jobs set file = null, bytes = null, sha256 = null"
    " where id = 'done'",
    "a file has its size and its hash": "update jobs set bytes = null where id = 'done'",
    "a purchase was an attempt": "update jobs set purchases = attempts + 1 where id = 'running'",
    "purchases are not taken back": "update jobs set purchases = -1 where id = 'pending'",
    "a revision counts up from 0": "update jobs set revision = -1 where id = 'pending'",
    "a count is a number": "update jobs set attempts = 'many' where id = 'pending'",
    "a job has a whole key": "update jobs set key = 'short' where id = 'pending'",
    "a job has an id": "update jobs set id = '' where id = 'pending'",
    "takes count from 1": "update jobs set take = 0 where id = 'pending'",
    "a clip lasts": "update jobs set seconds = 0 where id = 'pending'",
    "a size is one": "update jobs set size = 'big' where id = 'pending'",
    "an image has a hash": "update jobs set image = 'cat.png' where id = 'pending'",
    "two jobs have two files": "update jobs set output_folded = 'videos/one.mp4'",
    "a ledger is of one campaign": "insert into campaign select 2, identity, name, service,"
    " manifest, columns, began_at, max_cost_usd from campaign",
    "a ledger has one room": "insert into room values (2, null)",
    "an event is one of ours": "insert into events select null, key, at, 'luck', state, detail"
    " from events limit 1",
    "a video is bought once, for ever": "insert into events select null, key, at, event, state,"
    " detail from events where event = 'submit_accepted' limit 1",
}


@pytest.fixture
def peopled(ledger: Ledger) -> Ledger:
    """Have a job in each of the states that last."""
    states = (State.PENDING, State.RUNNING, State.IN_DOUBT, State.FAILED, State.DONE)
    for state, job in zip(states, take_in(ledger, *map(planned, states)), strict=True):
        bring(ledger, job, state)
    return ledger


@pytest.mark.parametrize("promise", BROKEN_PROMISES)
def test_the_file_itself_keeps_a_promise(peopled: Ledger, promise: str) -> None:
    before = everything(peopled.path)
    with connected(peopled.path) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(BROKEN_PROMISES[promise])
    assert everything(peopled.path) == before


@pytest.mark.parametrize(
    "rewrite",
    [
        "update events set detail = '{}' where seq = 1",
        "delete from events",
        "insert or replace into events select seq, key, at, event, state, '{}' from events",
        "replace into events select seq, key, at, event, state, '{}' from events where seq = 1",
    ],
)
def test_history_is_never_rewritten(peopled: Ledger, rewrite: str) -> None:
    before = everything(peopled.path)
    with (
        connected(peopled.path) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(rewrite)
    assert everything(peopled.path) == before


def test_nothing_happens_to_a_job_that_is_not_there(ledger: Ledger) -> None:
    event = (None, "0" * 32, "2026", "submit_started", "submitting", "{}")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        ledger.db.execute("insert into events values (?, ?, ?, ?, ?, ?)", event)


def test_a_video_that_was_another_jobs_is_never_anybody_elses(ledger: Ledger) -> None:
    first, second = take_in(ledger, planned("cat"), planned("dog"))
    first = record(ledger, first, *WAYS[State.FAILED], Event.RETRY_ASKED)
    assert (first.state, first.video_id) == (State.PENDING, None)
    assert ledger.records.owner_of("video_cat_1_1") == first.key
    second = record(ledger, second, Event.SUBMIT_STARTED)
    before = everything(ledger.path)
    with pytest.raises(LedgerError, match="UNIQUE constraint failed") as refused:
        ledger.record(second, happening(Event.SUBMIT_ACCEPTED, second, video_id="video_cat_1_1"))
    assert "video_cat_1_1" in refused.value.what
    assert everything(ledger.path) == before


def test_an_accepted_job_without_an_id_is_not_recorded(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    job = record(ledger, job, Event.SUBMIT_STARTED)
    with pytest.raises(LedgerError, match="CHECK constraint failed") as refused:
        ledger.record(job, Happening(Event.SUBMIT_ACCEPTED, AT))
    assert "a bug in batchsora" in refused.value.mend
    assert look(ledger, job) == job


def test_what_was_known_is_kept_as_json_that_a_person_can_read(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    record(ledger, job, Event.SUBMIT_STARTED, Event.SUBMIT_DEFERRED, fault=Fault("später", "…"))
    with connected(ledger.path) as other:
        (detail,) = other.execute("select detail from events order by seq desc limit 1").fetchone()
    assert "später" in detail
    assert json.loads(detail) == {"code": "später", "message": "…"}
