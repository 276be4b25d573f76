"""One writer a run folder: who is kept out, by whom, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Lock, Thread

import pytest

from batchsora.errors import LedgerError, UsageError
from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.lock import RunLock, is_locked
from batchsora.lifecycle import Event

from .stories import happening, look, opened, planned, record, rescue_file, take_in

HOLD = """
import sys
from pathlib import Path
from batchsora.ledger.ledger import Ledger

ledger = Ledger(Path(sys.argv[1]), rescue_file=Path(sys.argv[2]))
ledger.claim("cats", "https://gptproto.com/v1", "../cats.yaml", [])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process work on the run folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run"), str(rescue_file(tmp_path))]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_refused_and_told_who_the_first_one_is(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(LedgerError, match=rf"\(process {holder.pid}\) is working on") as refused:
        opened(tmp_path)
    assert str(tmp_path / "run") in refused.value.what
    assert "wait for it or stop it" in refused.value.mend


def test_a_killed_holder_holds_nothing(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    lock = tmp_path / "run" / "work" / "lock"
    assert is_locked(lock)
    holder.kill()
    holder.wait()
    assert not is_locked(lock)
    opened(tmp_path).close()


def test_a_closed_ledger_lets_the_next_one_in(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "work" / "lock"
    with opened(tmp_path):
        assert is_locked(lock)
        with pytest.raises(LedgerError, match=f"process {os.getpid()}"):
            opened(tmp_path)
    assert not is_locked(lock)
    opened(tmp_path).close()


def test_where_no_run_ever_was_none_goes_on(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "work" / "lock")
    assert list(tmp_path.iterdir()) == []


def test_who_looks_whether_a_run_goes_on_does_not_keep_one_from_starting(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    for _ in range(3):
        assert not is_locked(lock)
        RunLock(lock).close()


def test_the_holder_is_named_whole_after_one_with_a_longer_number(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("123456789012\n")
    with RunLock(lock):
        assert lock.read_text().split() == [str(os.getpid())]


def test_holders_that_take_their_lock_file_away_never_hold_it_together(tmp_path: Path) -> None:
    alone, met = Lock(), []

    def hold_and_remove() -> None:
        for _ in range(200):
            try:
                held = RunLock(tmp_path / "lock")
            except LedgerError:
                continue
            if not alone.acquire(blocking=False):
                met.append("another holder")
                break
            alone.release()
            held.path.unlink()
            held.close()

    threads = [Thread(target=hold_and_remove) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []


def test_what_was_on_the_wire_when_its_process_died_is_in_doubt_at_the_next_start(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as ledger:
        sent, waiting = take_in(ledger, planned("sent"), planned("waiting"))
        record(ledger, sent, Event.SUBMIT_STARTED)
    with opened(tmp_path) as ledger:
        doubted = look(ledger, sent)
        assert doubted.state is State.IN_DOUBT
        assert doubted.fault is not None
        assert "interrupted" in doubted.fault.message
        assert look(ledger, waiting) == waiting
        assert [past.event for past in ledger.records.history(sent.key)] == [
            Event.SUBMIT_STARTED,
            Event.SUBMIT_LOST,
        ]


def test_a_reader_puts_nothing_in_doubt(tmp_path: Path, ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    job = record(ledger, job, Event.SUBMIT_STARTED)
    status = [sys.executable, "-m", "batchsora", "status", str(tmp_path / "run"), "--json"]
    told = subprocess.run(status, capture_output=True, text=True, check=True).stdout
    assert '"submitting": 1' in told
    assert ledger.record(job, happening(Event.SUBMIT_ACCEPTED, job)).state is State.RUNNING


def test_a_folder_of_another_campaign_or_service_is_refused_with_both_names(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as ledger:
        before = ledger.records.campaign()
        for name, service, told in (
            ("dogs", "https://gptproto.com/v1", "belongs to the campaign cats, not to dogs"),
            ("cats", "simulator", "the service https://gptproto.com/v1, not to simulator"),
        ):
            with pytest.raises(UsageError, match=told) as refused:
                ledger.claim(name, service, "../dogs.yaml", [])
            assert "--out-dir" in refused.value.mend
        assert ledger.records.campaign() == before


def test_a_campaign_keeps_its_identity_when_its_manifest_moves(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        before = ledger.records.campaign()
        ledger.claim("cats", "https://gptproto.com/v1", "../moved/cats.csv", ["mood", "season"])
        after = ledger.records.campaign()
    assert before is not None
    assert after is not None
    assert (after.identity, after.began_at) == (before.identity, before.began_at)
    assert (after.manifest, after.columns) == ("../moved/cats.csv", ("mood", "season"))
