"""The rescue file: what is put aside there comes back to its job, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from batchsora.errors import LedgerError
from batchsora.job import Job, State
from batchsora.ledger import rescue
from batchsora.ledger.ledger import Ledger, SecondDriverError
from batchsora.lifecycle import Event

from .stories import (
    WAYS,
    bring,
    happening,
    look,
    no_file_longer_than,
    opened,
    planned,
    record,
    rescue_file,
    take_in,
)


def doubted_job(folder: Path, run: str = "run") -> tuple[Job, str]:
    """Leave a job in doubt in a closed ledger; return it with the ledger's identity."""
    with opened(folder, run) as ledger:
        (job,) = take_in(ledger, planned("cat"))
        job = bring(ledger, job, State.IN_DOUBT)
        campaign = ledger.records.campaign()
        assert campaign is not None
        return job, campaign.identity


def test_a_find_belongs_to_one_ledger_only(tmp_path: Path) -> None:
    job, identity = doubted_job(tmp_path)
    same_job, _ = doubted_job(tmp_path, "other")
    assert same_job.key == job.key
    rescue.put_aside(rescue_file(tmp_path), rescue.Found(identity, job.key, "video_paid"))
    with opened(tmp_path, "other") as other, opened(tmp_path) as ledger:
        assert look(other, job).state is State.IN_DOUBT
        assert look(ledger, job).video_id == "video_paid"


def test_a_find_comes_back_once_also_when_its_job_is_bought_anew_and_doubted_again(
    tmp_path: Path,
) -> None:
    job, identity = doubted_job(tmp_path)
    rescue.put_aside(rescue_file(tmp_path), rescue.Found(identity, job.key, "video_paid"))
    with opened(tmp_path) as ledger:
        job = look(ledger, job)
        job = record(ledger, job, Event.RENDER_FAILED, Event.RETRY_ASKED, Event.SUBMIT_STARTED)
        assert job.video_id is None
    with opened(tmp_path) as ledger:
        assert look(ledger, job).state is State.IN_DOUBT
        assert look(ledger, job).purchases == 1


def test_a_find_leaves_a_job_alone_that_a_person_has_settled(tmp_path: Path) -> None:
    job, identity = doubted_job(tmp_path)
    with opened(tmp_path) as ledger:
        settled = record(ledger, job, Event.DOUBT_WRITTEN_OFF)
    rescue.put_aside(rescue_file(tmp_path), rescue.Found(identity, job.key, "video_paid"))
    with opened(tmp_path) as ledger:
        assert look(ledger, job) == settled


def test_a_find_that_another_job_has_is_left(tmp_path: Path) -> None:
    job, identity = doubted_job(tmp_path)
    with opened(tmp_path) as ledger:
        (other,) = take_in(ledger, planned("dog"))
        other = bring(ledger, other, State.RUNNING)
    assert other.video_id is not None
    rescue.put_aside(rescue_file(tmp_path), rescue.Found(identity, job.key, other.video_id))
    with opened(tmp_path) as ledger:
        assert look(ledger, job).state is State.IN_DOUBT
        assert look(ledger, other) == other


@pytest.mark.parametrize(
    "torn",
    [
        b'{"identity": "abc", "ke',
        b'{"identity": 1, "key": 2, "video_id": [3]}',
        b'{"identity": "a", "other": "b"}',
        b"{}",
        b"[1, 2]",
        b"null",
        b"\xff\xfe\x00",
        b"\n\n",
    ],
)
def test_a_line_that_a_crash_cut_off_is_passed_over_and_spoils_no_other(
    tmp_path: Path, torn: bytes
) -> None:
    file = rescue_file(tmp_path)
    before, after = (rescue.Found("me", it * 32, f"video_{it}") for it in "ab")
    rescue.put_aside(file, before)
    with file.open("ab") as lines:
        lines.write(torn)
    rescue.put_aside(file, after)
    assert list(rescue.read(file)) == [before, after]


def test_a_line_that_the_disk_takes_half_of_is_no_success_and_spoils_no_other(
    tmp_path: Path,
) -> None:
    file = rescue_file(tmp_path)
    before, half, after = (rescue.Found("me", it * 32, f"video_{it}") for it in "abc")
    rescue.put_aside(file, before)
    with no_file_longer_than(file.stat().st_size + 50), pytest.raises(OSError, match="No space"):
        rescue.put_aside(file, half)
    rescue.put_aside(file, after)
    assert list(rescue.read(file)) == [before, after]


def test_a_rescue_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    rescue.put_aside(rescue_file(tmp_path), rescue.Found("me", "a" * 32, "video"))
    assert rescue_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_an_id_of_any_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    found = rescue.Found("me", "a" * 32, "aGVsbG8/+=:\u2028\N{SNOWMAN}\n")
    rescue.put_aside(rescue_file(tmp_path), found)
    assert list(rescue.read(rescue_file(tmp_path))) == [found]


def test_an_id_that_can_be_put_nowhere_is_told_with_how_to_settle_it(
    tmp_path: Path, ledger: Ledger
) -> None:
    rescue_file(tmp_path).parent.write_text("a file where the folder should be")
    job = sent(ledger)
    ledger.path.unlink()
    with pytest.raises(LedgerError) as refused:
        ledger.record(job, happening(Event.SUBMIT_ACCEPTED, job, video_id="video_paid"))
    assert "the paid video video_paid of job cat is noted nowhere but here" in refused.value.what
    assert "batchsora resolve --video" in refused.value.what


def sent(ledger: Ledger) -> Job:
    (job,) = take_in(ledger, planned("cat"))
    return record(ledger, job, Event.SUBMIT_STARTED)


def test_no_request_leaves_when_the_ledger_was_deleted_under_the_run(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    ledger.path.unlink()
    with pytest.raises(LedgerError, match="can't be used"):
        record(ledger, job, Event.SUBMIT_STARTED)


def test_an_id_is_put_aside_when_the_ledger_was_deleted_under_the_run(
    tmp_path: Path, ledger: Ledger
) -> None:
    campaign = ledger.records.campaign()
    assert campaign is not None
    job = sent(ledger)
    ledger.path.unlink()
    with pytest.raises(LedgerError):
        ledger.record(job, happening(Event.SUBMIT_ACCEPTED, job, video_id="video_paid"))
    (found,) = rescue.read(rescue_file(tmp_path))
    assert found == rescue.Found(campaign.identity, job.key, "video_paid")


def test_an_id_is_put_aside_when_somebody_else_drove_its_job(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        job = sent(ledger)
        record(ledger, job, Event.SUBMIT_LOST)
        with pytest.raises(SecondDriverError, match=r"video_paid of job cat .* next start"):
            ledger.record(job, happening(Event.SUBMIT_ACCEPTED, job, video_id="video_paid"))
    with opened(tmp_path) as ledger:
        assert look(ledger, job).video_id == "video_paid"


def test_a_rescue_file_that_cannot_be_read_stops_the_start(
    plain_folder: Path, without_rights: Callable[[], AbstractContextManager[None]]
) -> None:
    file = rescue_file(plain_folder)
    rescue.put_aside(file, rescue.Found("me", "a" * 32, "video"))
    file.chmod(0)
    plain_folder.chmod(0o777)
    with without_rights(), pytest.raises(LedgerError, match="may hold ids of paid videos") as it:
        opened(plain_folder)
    assert str(file) in it.value.what


def test_an_unclaimed_ledger_adopts_nothing(tmp_path: Path) -> None:
    rescue.put_aside(rescue_file(tmp_path), rescue.Found("", "a" * 32, "video"))
    Ledger(tmp_path / "run", rescue_file=rescue_file(tmp_path)).close()
    assert json.loads(rescue_file(tmp_path).read_text())["video_id"] == "video"


def test_what_was_put_aside_is_kept_in_the_history_as_an_adoption(tmp_path: Path) -> None:
    job, identity = doubted_job(tmp_path)
    rescue.put_aside(rescue_file(tmp_path), rescue.Found(identity, job.key, "video_paid"))
    with opened(tmp_path) as ledger:
        assert [past.event for past in ledger.records.history(job.key)] == [
            *WAYS[State.IN_DOUBT],
            Event.DOUBT_ADOPTED,
        ]
