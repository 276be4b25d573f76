"""What the runner asks: what is to be submitted, what is under way, what is in doubt."""

from __future__ import annotations

import pytest

from batchsora.job import Job, State
from batchsora.ledger import intake
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import FILE_MISSING_HINT, Event

from .stories import bring, happening, planned, record, take_in


def many(ledger: Ledger, count: int) -> list[Job]:
    return take_in(ledger, *(planned(f"cat-{it:02}") for it in range(count)))


def windows(ledger: Ledger, limit: int, *, chosen: bool = False) -> list[list[str]]:
    """Read window by window, as the runner does."""
    after, read = -1, []
    while window := ledger.agenda.to_submit(after, limit, chosen=chosen):
        read.append([job.id for _, job in window])
        after = window[-1][0]
    return read


def test_pending_jobs_come_in_windows_in_the_manifests_order(ledger: Ledger) -> None:
    many(ledger, 7)
    ids = [f"cat-{it:02}" for it in range(7)]
    assert windows(ledger, 3) == [ids[:3], ids[3:6], ids[6:]]
    assert windows(ledger, 7) == [ids]
    assert windows(ledger, 100) == [ids]


def test_only_pending_jobs_that_have_a_place_are_to_be_submitted(ledger: Ledger) -> None:
    jobs = take_in(ledger, *(planned(state) for state in State), planned("gone"))
    for state, job in zip(State, jobs, strict=False):
        bring(ledger, job, state)
    with ledger.atomic():
        intake.drop_places(ledger.db, [jobs[-1].key])
    assert windows(ledger, 100) == [[State.PENDING]]


def test_a_choice_leaves_out_all_others(ledger: Ledger) -> None:
    jobs = many(ledger, 6)
    ledger.agenda.choose_nothing()
    ledger.agenda.choose(job.key for job in (jobs[4], jobs[0], jobs[1]))
    assert windows(ledger, 2, chosen=True) == [["cat-00", "cat-01"], ["cat-04"]]
    assert len(windows(ledger, 100)[0]) == 6


def test_a_choice_of_nothing_is_nothing_and_forgets_the_one_before(ledger: Ledger) -> None:
    jobs = many(ledger, 3)
    for _ in range(2):
        ledger.agenda.choose_nothing()
        assert windows(ledger, 2, chosen=True) == []
        ledger.agenda.choose([jobs[0].key])


def test_a_choice_is_of_one_session(ledger: Ledger) -> None:
    many(ledger, 1)
    ledger.agenda.choose_nothing()
    temporary = ledger.db.execute("select name from temp.sqlite_master").fetchall()
    kept = ledger.db.execute("select name from main.sqlite_master").fetchall()
    assert "chosen" in {row["name"] for row in temporary}
    assert "chosen" not in {row["name"] for row in kept}


def test_what_the_service_has_or_may_have_is_under_way_whether_its_row_is_there_or_not(
    ledger: Ledger,
) -> None:
    jobs = take_in(ledger, *(planned(state) for state in State))
    for state, job in zip(State, jobs, strict=True):
        bring(ledger, job, state)
    with ledger.atomic():
        intake.drop_places(ledger.db, [job.key for job in jobs])
    found = ledger.agenda.under_way("", 100)
    assert {job.state for job in found} == {State.IN_DOUBT, State.RUNNING, State.RENDERED}


def test_what_is_under_way_comes_in_windows_in_the_order_of_keys(ledger: Ledger) -> None:
    jobs = [bring(ledger, job, State.RUNNING) for job in many(ledger, 5)]
    keys = sorted(job.key for job in jobs)
    first = ledger.agenda.under_way("", 2)
    second = ledger.agenda.under_way(first[-1].key, 100)
    assert [job.key for job in (*first, *second)] == keys
    assert ledger.agenda.under_way(keys[-1], 100) == []


def test_doubts_are_counted_over_restarts_and_settled_ones_are_not(ledger: Ledger) -> None:
    one, two, three = (bring(ledger, job, State.IN_DOUBT) for job in many(ledger, 3))
    assert ledger.agenda.count_in_doubt() == 3
    record(ledger, one, Event.DOUBT_ADOPTED)
    record(ledger, two, Event.DOUBT_CLEARED)
    assert ledger.agenda.count_in_doubt() == 1
    record(ledger, three, Event.DOUBT_WRITTEN_OFF)
    assert ledger.agenda.count_in_doubt() == 0


def test_a_job_waits_for_a_doubt_that_looks_like_it_and_not_for_itself(ledger: Ledger) -> None:
    doubted, twin, other = take_in(
        ledger,
        planned("one", prompt="a cat", image="cat.png"),
        planned("two", prompt="a cat", take=2),
        planned("three"),
    )
    assert not ledger.agenda.alike_in_doubt(twin)
    doubted = bring(ledger, doubted, State.IN_DOUBT)
    assert ledger.agenda.alike_in_doubt(twin)
    assert not ledger.agenda.alike_in_doubt(other)
    assert not ledger.agenda.alike_in_doubt(doubted)
    record(ledger, doubted, Event.DOUBT_ADOPTED)
    assert not ledger.agenda.alike_in_doubt(twin)


def test_a_session_counts_what_it_may_submit_and_what_is_under_way(ledger: Ledger) -> None:
    jobs = many(ledger, 4)
    bring(ledger, jobs[0], State.RUNNING)
    bring(ledger, jobs[1], State.DONE)
    ledger.agenda.choose_nothing()
    ledger.agenda.choose([jobs[2].key])
    counted = {tally.state: tally.jobs for tally in ledger.agenda.tallies_of_session()}
    assert counted == {State.RUNNING: 1, State.PENDING: 1}


def test_chosen_clips_that_are_gone_for_good_are_counted_as_missing(ledger: Ledger) -> None:
    jobs = [bring(ledger, job, State.DONE) for job in many(ledger, 3)]
    for job in jobs[:2]:
        ledger.record(job, happening(Event.FILE_LOST, job, hint=FILE_MISSING_HINT))
    ledger.agenda.choose_nothing()
    assert ledger.agenda.count_missing() == 0
    ledger.agenda.choose(job.key for job in jobs[1:])
    assert ledger.agenda.count_missing() == 1


def test_a_checked_clip_awaits_its_name_until_it_is_kept(ledger: Ledger) -> None:
    (job,) = many(ledger, 1)
    job = bring(ledger, job, State.RENDERED)
    assert not ledger.agenda.awaits_its_name(job.key)
    job = record(ledger, job, Event.DOWNLOAD_CHECKED)
    assert ledger.agenda.awaits_its_name(job.key)
    record(ledger, job, Event.DOWNLOAD_KEPT)
    assert not ledger.agenda.awaits_its_name(job.key)


def plan_of(ledger: Ledger, statement: str) -> str:
    """Say how SQLite goes about a statement, whatever its values."""
    rows = ledger.db.execute(f"explain query plan {statement}").fetchall()
    return "; ".join(row["detail"] for row in rows)


@pytest.mark.parametrize("chosen", [False, True])
def test_what_is_asked_again_and_again_in_a_run_reads_no_whole_table(
    ledger: Ledger, *, chosen: bool
) -> None:
    (job,) = many(ledger, 1)
    ledger.agenda.choose_nothing()
    asked: list[str] = []
    ledger.db.conn.set_trace_callback(asked.append)
    ledger.agenda.to_submit(-1, 100, chosen=chosen)
    ledger.agenda.under_way("", 100)
    ledger.agenda.count_in_doubt()
    ledger.agenda.alike_in_doubt(job)
    ledger.agenda.awaits_its_name(job.key)
    ledger.records.owner_of("video")
    ledger.records.owner_of_output("videos/cat.mp4")
    ledger.records.recall_image("cat.png")
    ledger.records.history(job.key)
    list(ledger.records.named(["cat#2"]))
    record(ledger, job, Event.SUBMIT_STARTED)
    ledger.db.conn.set_trace_callback(None)
    plans = {it: plan_of(ledger, it) for it in asked if it.startswith(("select", "update jobs"))}
    assert len(plans) == 13
    for statement, plan in plans.items():
        steps = plan.split("; ")
        whole = [it for it in steps if it in {"SCAN jobs", "SCAN events"}]
        assert not whole, (statement, plan)
        assert "USE TEMP B-TREE" not in plan or "json_each" in plan, (statement, plan)
