"""Taking a manifest's jobs in: what is new, what has moved, what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from batchsora.errors import LedgerError
from batchsora.job import State
from batchsora.ledger import intake
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event
from batchsora.planned import Planned

from .stories import AT, bring, everything, happening, look, planned, record, take_in


def place(ledger: Ledger, *jobs: tuple[int, Planned]) -> int:
    """Place known jobs anew; return how many rows were written."""
    before = ledger.db.conn.total_changes
    with ledger.atomic():
        intake.place(ledger.db, jobs)
    return ledger.db.conn.total_changes - before


def names(ledger: Ledger) -> Iterator[str]:
    return (entry.job.id for entry in ledger.records.entries())


def test_a_new_job_is_pending_and_all_that_was_planned_is_kept(ledger: Ledger) -> None:
    cat = planned("cat", image="images/cat.png", take=2, tags=["hero", "a;b"], mood="calm", who="é")
    (job,) = take_in(ledger, cat)
    assert (job.state, job.revision, job.attempts, job.purchases) == (State.PENDING, 0, 0, 0)
    assert (job.key, job.id, job.order) == (cat.key, cat.id, cat.order)
    assert (job.output, job.price_usd) == (cat.output, cat.price_usd)
    entry = ledger.records.find([cat.key])[cat.key].entry
    assert (entry.row, entry.line, entry.tags) == (cat.row, cat.line, cat.tags)
    assert (list(entry.columns.items()), job.order.key()) == (
        [("mood", "calm"), ("who", "é")],
        cat.key,
    )


def test_a_job_is_taken_in_once(ledger: Ledger) -> None:
    take_in(ledger, planned("cat"))
    with pytest.raises(LedgerError, match="UNIQUE constraint failed"):
        take_in(ledger, planned("cat"))


def test_two_jobs_are_never_given_one_file_in_whatever_spelling(ledger: Ledger) -> None:
    take_in(ledger, replace(planned("cat"), output="videos/Straße.mp4"))
    take_in(ledger, replace(planned("dog"), output="videos/STRASSE.mp4"))
    record(ledger, look(ledger, planned("cat")), Event.SUBMIT_STARTED)
    with pytest.raises(LedgerError, match="output_folded"):
        record(ledger, look(ledger, planned("dog")), Event.SUBMIT_STARTED)


def test_a_manifest_that_is_refused_in_its_middle_leaves_nothing(ledger: Ledger) -> None:
    before = everything(ledger.path)
    with pytest.raises(LedgerError):
        take_in(ledger, planned("cat"), planned("dog"), planned("cat"))
    assert everything(ledger.path) == before


def test_moved_rows_get_their_new_place_and_nothing_else_is_written(ledger: Ledger) -> None:
    cat, dog, cow = planned("cat", line=2), planned("dog", line=3), planned("cow", line=4)
    take_in(ledger, cat, dog, cow)
    moved = place(ledger, (0, cat), (1, replace(cow, row=2, line=3)), (2, replace(dog, row=3)))
    assert moved == 2
    assert list(names(ledger)) == ["cat", "cow", "dog"]
    assert ledger.records.find([cow.key])[cow.key].entry.line == 3


def test_a_manifest_read_again_as_it_was_writes_nothing(ledger: Ledger) -> None:
    jobs = [planned("cat", price_usd=None, tags=["a"], mood="calm"), planned("dog")]
    take_in(ledger, *jobs)
    assert place(ledger, *enumerate(jobs)) == 0


def test_a_known_job_takes_a_new_name_new_tags_and_new_columns(ledger: Ledger) -> None:
    cat = planned("cat", mood="calm")
    (job,) = take_in(ledger, cat)
    bring(ledger, job, State.DONE)
    place(ledger, (0, replace(cat, id="tom", tags=("hero",), columns={"mood": "wild"})))
    entry = ledger.records.find([cat.key])[cat.key].entry
    assert (entry.job.id, entry.tags, entry.columns) == ("tom", ("hero",), {"mood": "wild"})
    assert entry.job.state is State.DONE


def test_a_job_keeps_the_path_that_it_had_when_it_was_sent(ledger: Ledger) -> None:
    cat = planned("cat")
    take_in(ledger, cat)
    place(ledger, (0, replace(cat, output="videos/elsewhere.mp4")))
    assert look(ledger, cat).output == "videos/elsewhere.mp4"
    record(ledger, look(ledger, cat), Event.SUBMIT_STARTED)
    place(ledger, (0, cat))
    assert look(ledger, cat).output == "videos/elsewhere.mp4"


def test_an_image_that_was_moved_is_read_from_its_new_place(ledger: Ledger) -> None:
    cat = planned("cat", image="images/cat.png")
    moved = planned("cat", image="pictures/tom.png")
    assert moved.key == cat.key
    take_in(ledger, cat)
    assert place(ledger, (0, moved)) == 1
    assert look(ledger, cat).order.image == moved.order.image


@pytest.mark.parametrize(
    ("state", "takes_the_new_price"),
    [
        (State.PENDING, True),
        (State.SUBMITTING, False),
        (State.IN_DOUBT, False),
        (State.RUNNING, True),
        (State.FAILED, True),
        (State.DONE, True),
    ],
)
def test_a_price_may_change_unless_a_purchase_is_under_way_and_what_was_billed_stays(
    ledger: Ledger, state: State, *, takes_the_new_price: bool
) -> None:
    cat = planned("cat", price_usd="0.40")
    (job,) = take_in(ledger, cat)
    bring(ledger, job, state)
    place(ledger, (0, replace(cat, price_usd=Decimal("0.80"))))
    found = look(ledger, cat)
    assert found.price_usd == Decimal("0.80" if takes_the_new_price else "0.40")
    assert found.bill_usd == Decimal("0" if state is State.PENDING else "0.40")


def test_each_purchase_is_billed_at_the_price_of_its_time(ledger: Ledger) -> None:
    cat = planned("cat", price_usd="0.40")
    (job,) = take_in(ledger, cat)
    bring(ledger, job, State.FAILED)
    for price in (None, Decimal("0.80")):
        place(ledger, (0, replace(cat, price_usd=price)))
        again = record(ledger, look(ledger, cat), Event.RETRY_ASKED)
        bring(ledger, again, State.FAILED)
    found = look(ledger, cat)
    assert (found.purchases, found.spent_usd, found.unpriced) == (3, Decimal("1.20"), 1)
    assert found.bill_usd is None  # one of three is not known


def test_an_unknown_price_that_becomes_known_is_taken_after_a_refused_try(ledger: Ledger) -> None:
    cat = planned("cat", price_usd=None)
    (job,) = take_in(ledger, cat)
    job = bring(ledger, job, State.SUBMITTING)
    job = ledger.record(job, happening(Event.SUBMIT_DEFERRED, job))
    place(ledger, (0, replace(cat, price_usd=Decimal("0.40"))))
    assert look(ledger, cat).price_usd == Decimal("0.40")


def test_a_job_whose_row_is_gone_loses_its_place_and_stays_what_it_is(ledger: Ledger) -> None:
    cat, dog = take_in(ledger, planned("cat"), planned("dog"))
    cat = bring(ledger, cat, State.RUNNING)
    with ledger.atomic():
        intake.drop_places(ledger.db, [cat.key])
    entry = ledger.records.find([cat.key])[cat.key].entry
    assert (entry.job, entry.row, entry.line) == (cat, None, None)
    assert list(ledger.records.placed()) == [[dog.key]]


def test_a_row_that_comes_back_gives_its_job_a_place_again(ledger: Ledger) -> None:
    cat = planned("cat")
    take_in(ledger, cat, planned("dog"))
    with ledger.atomic():
        intake.drop_places(ledger.db, [cat.key])
    assert list(names(ledger)) == ["dog"]
    place(ledger, (7, cat))
    assert list(names(ledger)) == ["dog", "cat"]
    assert ledger.records.find([cat.key])[cat.key].row == cat.row


def test_nothing_is_taken_in_outside_of_a_transaction_that_nobody_ends(ledger: Ledger) -> None:
    """Plain sqlite3 would begin one unasked, and what is recorded later would not be durable."""
    intake.add(ledger.db, [(0, planned("cat"))], AT)
    ledger.agenda.choose_nothing()
    ledger.agenda.choose([planned("cat").key])
    assert not ledger.db.conn.in_transaction
