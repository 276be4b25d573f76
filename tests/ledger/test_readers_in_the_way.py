"""Readers beside a writer: ours keep out of its way, and a paid id waits for anybody else's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batchsora.errors import LedgerError
from batchsora.job import State
from batchsora.ledger.ledger import BUSY_TRIES, Ledger
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import PAGE, Records
from batchsora.lifecycle import Event

from .stories import (
    bring,
    connected,
    everything,
    happening,
    look,
    opened,
    planned,
    record,
    rescue_file,
    take_in,
)

pytestmark = pytest.mark.usefixtures("_impatient")


def linger(reader: sqlite3.Connection) -> None:
    """Read, and keep the transaction open: nobody can commit then."""
    reader.execute("begin")
    reader.execute("select count(*) from jobs").fetchall()


def let_go_at_try(number: int, ledger: Ledger, reader: sqlite3.Connection) -> list[str]:
    """Let a lingering reader go when the ledger begins so many times; collect the beginnings."""
    begun: list[str] = []

    def watch(statement: str) -> None:
        if statement == "BEGIN":
            begun.append(statement)
            if len(begun) == number:
                reader.execute("rollback")

    ledger.db.conn.set_trace_callback(watch)
    return begun


def test_a_reader_works_between_the_records_of_a_writer(ledger: Ledger) -> None:
    jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(PAGE + 50)))
    with closing(open_for_reading(ledger.path)) as db:
        entries = Records(db).entries()
        seen = [next(entries).job]
        for job in jobs[:5]:  # the reader stands in the middle of its first page
            bring(ledger, job, State.RUNNING)
        seen += [entry.job for entry in entries]
        assert [job.key for job in seen] == [job.key for job in jobs]
        assert [job.key for job in jobs[:5]] == [
            entry.job.key for entry in Records(db).entries() if entry.job.state is State.RUNNING
        ]


def test_every_question_lets_the_writer_in_as_soon_as_it_is_answered(ledger: Ledger) -> None:
    first, *_ = jobs = take_in(ledger, *(planned(f"cat-{it}") for it in (1, 2)))
    with closing(open_for_reading(ledger.path)) as db:
        records = Records(db)
        questions: list[Callable[[], object]] = [
            records.campaign,
            lambda: records.find([job.key for job in jobs]),
            lambda: next(records.named(["cat-1"])),
            lambda: next(records.entries()),
            records.tallies,
            lambda: records.history(first.key),
            lambda: records.owner_of("video"),
            lambda: records.owner_of_output("videos/cat.mp4"),
            lambda: records.recall_image("cat.png"),
            records.render_times,
        ]
        job = first
        for question in questions:
            question()
            job = record(ledger, job, Event.SUBMIT_STARTED, Event.SUBMIT_DEFERRED)
    assert job.attempts == len(questions)


def test_an_intent_is_not_recorded_while_somebody_reads_on_so_nothing_is_sent(
    ledger: Ledger,
) -> None:
    (job,) = take_in(ledger, planned("cat"))
    before = everything(ledger.path)
    with connected(ledger.path) as reader:
        linger(reader)
        begun = let_go_at_try(2, ledger, reader)
        with pytest.raises(LedgerError, match="locked") as refused:
            record(ledger, job, Event.SUBMIT_STARTED)
    assert "close the program that has it open" in refused.value.mend
    assert len(begun) == 1
    assert everything(ledger.path) == before


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Event.SUBMIT_ACCEPTED, State.RUNNING),
        (Event.SUBMIT_REJECTED, State.FAILED),
        (Event.SUBMIT_DEFERRED, State.PENDING),
        (Event.SUBMIT_LOST, State.IN_DOUBT),
    ],
)
def test_an_answer_waits_until_a_lingering_reader_lets_go(
    ledger: Ledger, event: Event, state: State
) -> None:
    (job,) = take_in(ledger, planned("cat"))
    job = record(ledger, job, Event.SUBMIT_STARTED)
    with connected(ledger.path) as reader:
        linger(reader)
        begun = let_go_at_try(BUSY_TRIES, ledger, reader)
        job = record(ledger, job, event)
    assert len(begun) == BUSY_TRIES
    assert (job.state, look(ledger, job)) == (state, job)
    assert [past.event for past in ledger.records.history(job.key)] == [Event.SUBMIT_STARTED, event]


def test_a_paid_id_that_a_reader_keeps_out_for_good_is_put_aside_and_told(
    tmp_path: Path, ledger: Ledger
) -> None:
    (job,) = take_in(ledger, planned("cat"))
    job = record(ledger, job, Event.SUBMIT_STARTED)
    with connected(ledger.path) as reader:
        linger(reader)
        with pytest.raises(LedgerError, match="locked") as refused:
            ledger.record(job, happening(Event.SUBMIT_ACCEPTED, job, video_id="video_paid"))
    assert "the paid video video_paid of job cat" in refused.value.what
    assert str(rescue_file(tmp_path)) in refused.value.what
    assert "video_paid" in rescue_file(tmp_path).read_text()
    assert look(ledger, job) == job


def test_an_id_put_aside_is_adopted_at_the_next_start(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        (job,) = take_in(ledger, planned("cat"))
        job = record(ledger, job, Event.SUBMIT_STARTED)
        with connected(ledger.path) as reader:
            linger(reader)
            with pytest.raises(LedgerError):
                ledger.record(job, happening(Event.SUBMIT_ACCEPTED, job, video_id="video_paid"))
    with opened(tmp_path) as ledger:
        adopted = look(ledger, job)
        assert (adopted.state, adopted.video_id) == (State.RUNNING, "video_paid")
        assert (adopted.purchases, adopted.submitted_at) == (1, job.submit_started_at)
