"""A full disk: a paid id is stored all the same, and nothing is bought that could not be."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from batchsora.errors import LedgerError
from batchsora.job import Job, State
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event

from .stories import (
    bring,
    connected,
    happening,
    look,
    no_file_longer_than,
    opened,
    planned,
    record,
    rescue_file,
    take_in,
)

ON_THE_WIRE = 4  # as many as the runner lets out at once
LONG = "v" * 500  # ids may have 512 letters


def fill(disk: Path) -> Path:
    """Take all the room that is left on a disk."""
    stuffing = disk / "stuffing"
    with stuffing.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    assert shutil.disk_usage(disk).free == 0
    return stuffing


def some_history(ledger: Ledger, seed: int) -> list[Job]:
    """Fill the ledger's pages this way and that; return the jobs that are still pending."""
    chance = Random(seed)
    jobs = take_in(
        ledger,
        *(
            planned(f"cat-{it}", prompt=f"{it} {'x' * chance.randint(0, 400)}")
            for it in range(chance.randint(8, 50))
        ),
    )
    for job in chance.sample(jobs, len(jobs) // 2):
        bring(ledger, job, chance.choice([State.DONE, State.FAILED, State.IN_DOUBT]))
    return [job for _, job in ledger.agenda.to_submit(-1, 100, chosen=False)]


def accept(ledger: Ledger, job: Job) -> Job:
    return ledger.record(
        job, happening(Event.SUBMIT_ACCEPTED, job, video_id=f"{LONG}_{job.key[:8]}")
    )


def refusal(ledger: Ledger, job: Job) -> str:
    """Say why an id is not stored in the ledger, if it is not."""
    try:
        accept(ledger, job)
    except LedgerError as refused:
        return refused.what
    return ""


@pytest.mark.parametrize("seed", range(8))
def test_a_full_disk_takes_the_ids_of_all_that_is_on_the_wire(small_disk: Path, seed: int) -> None:
    with opened(small_disk) as ledger:
        pending = some_history(ledger, seed)[:ON_THE_WIRE]
        sent = [record(ledger, job, Event.SUBMIT_STARTED) for job in pending]
        fill(small_disk)
        running = [accept(ledger, job) for job in sent]
        assert [look(ledger, job) for job in running] == running
    assert not rescue_file(small_disk).exists()


@pytest.mark.parametrize("seed", range(8))
def test_a_file_that_may_not_grow_takes_the_ids_of_all_that_is_on_the_wire(
    ledger: Ledger, seed: int
) -> None:
    pending = some_history(ledger, seed)[:ON_THE_WIRE]
    sent = [record(ledger, job, Event.SUBMIT_STARTED) for job in pending]
    longest = max(file.stat().st_size for file in ledger.folder.glob("ledger.db*"))
    with no_file_longer_than(longest):
        running = [accept(ledger, job) for job in sent]
    assert [look(ledger, job) for job in running] == running


def spend_room(ledger: Ledger, jobs: list[Job]) -> None:
    """Record ids on a full disk until one takes the room that is held free."""
    sent = [record(ledger, job, Event.SUBMIT_STARTED) for job in jobs]
    fill(ledger.folder)
    for job in sent:
        accept(ledger, job)
    with connected(ledger.path) as other:
        assert other.execute("select held from room").fetchall() == [(None,)]


def test_nothing_more_is_sent_until_there_is_room_again(small_disk: Path) -> None:
    with opened(small_disk) as ledger:
        last, *jobs = some_history(ledger, seed=1)
        spend_room(ledger, jobs)
        with pytest.raises(LedgerError, match="full") as refused:
            record(ledger, last, Event.SUBMIT_STARTED)
        assert "free some disk space" in refused.value.mend
        assert look(ledger, last) == last
        (ledger.folder / "stuffing").unlink()
        assert record(ledger, last, Event.SUBMIT_STARTED).state is State.SUBMITTING


def test_ids_that_find_no_room_at_all_are_put_aside_and_adopted_at_the_next_start(
    tmp_path: Path, small_disk: Path
) -> None:
    """The next start is on a larger disk: a run folder may be moved as a whole."""
    rescue = tmp_path / "rescue.jsonl"
    with Ledger(small_disk / "run", rescue_file=rescue) as ledger:
        ledger.claim("cats", "simulator", "cats.yaml", [])
        jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(90)))
        sent = [record(ledger, job, Event.SUBMIT_STARTED) for job in jobs]
        fill(small_disk)
        refusals = [it for job in sent if (it := refusal(ledger, job))]
    assert 0 < len(refusals) < len(sent) - ON_THE_WIRE
    assert all(str(rescue) in it for it in refusals)
    shutil.copytree(small_disk / "run", tmp_path / "run")
    with Ledger(tmp_path / "run", rescue_file=rescue) as ledger:
        found = [look(ledger, job) for job in sent]
        assert {job.state for job in found} == {State.RUNNING}
        assert [job.video_id for job in found] == [f"{LONG}_{job.key[:8]}" for job in sent]


def test_on_a_full_disk_no_ledger_is_begun(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(LedgerError) as refused:
        opened(small_disk)
    assert "free some disk space" in refused.value.mend


def test_on_a_full_disk_a_ledger_opens_that_has_its_room(small_disk: Path) -> None:
    with opened(small_disk) as ledger:
        (job,) = take_in(ledger, planned("cat"))
    fill(small_disk)
    with opened(small_disk) as ledger:
        assert look(ledger, job) == job
        record(ledger, job, Event.SUBMIT_STARTED)
