"""What the file must be to be opened, and what is said of one that is not."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from batchsora.errors import LedgerError, UsageError
from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.schema import VERSION

from .stories import AT, bring, connected, look, opened, planned, rescue_file, take_in

WithoutRights = Callable[[], AbstractContextManager[None]]
HOT = bytes.fromhex("d9d505f920a163d7")  # how a journal begins that is to be rolled back


def write(path: Path) -> None:
    Ledger(path.parent, rescue_file=path.parent / "rescue", now=lambda: AT).close()


def read(path: Path) -> None:
    with closing(open_for_reading(path)) as db:
        list(Records(db).entries())


either_way = pytest.mark.parametrize("use", [write, read])


def pragma(ledger: Ledger, name: str) -> object:
    return ledger.db.execute(f"pragma {name}").fetchone()[0]


def test_an_open_ledger_loses_nothing_to_a_power_cut(ledger: Ledger) -> None:
    assert pragma(ledger, "journal_mode") == "persist"
    assert pragma(ledger, "synchronous") == 2  # full
    assert pragma(ledger, "fullfsync") == 1
    assert pragma(ledger, "foreign_keys") == 1


def test_a_ledger_that_another_program_left_in_another_journal_mode_is_put_right(
    tmp_path: Path,
) -> None:
    opened(tmp_path).close()
    with connected(tmp_path / "run" / "ledger.db") as other:
        other.execute("pragma journal_mode = wal")
    with opened(tmp_path) as ledger:
        assert pragma(ledger, "journal_mode") == "persist"


@pytest.mark.usefixtures("_impatient")
def test_a_ledger_that_another_program_keeps_in_another_journal_mode_is_refused(
    tmp_path: Path,
) -> None:
    opened(tmp_path).close()
    with connected(tmp_path / "run" / "ledger.db") as other:
        other.execute("pragma journal_mode = wal")
        other.execute("select count(*) from jobs").fetchall()
        with pytest.raises(LedgerError) as refused:
            opened(tmp_path)
    assert "close the program that has it open" in refused.value.mend


def test_ledger_journal_and_lock_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(tmp_path) as ledger:
            take_in(ledger, planned("cat"))
            files = [ledger.path, ledger.path.with_name("ledger.db-journal")]
            files.append(ledger.folder / "work" / "lock")
            assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
            assert (ledger.folder / "work").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_what_was_recorded_is_there_when_the_ledger_is_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        (job,) = take_in(ledger, planned("cat"))
        job = bring(ledger, job, State.DONE)
    with opened(tmp_path) as ledger:
        assert look(ledger, job) == job


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% off? #1 \N{SNOWMAN}"
    opened(folder).close()
    with closing(open_for_reading(folder / "run" / "ledger.db")) as db:
        assert Records(db).campaign() is not None


@either_way
def test_a_text_file_is_no_ledger_and_is_left_as_it_is(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("dear diary, " * 1000)
    with pytest.raises(LedgerError, match="file is not a database") as refused:
        use(path)
    assert str(path) in refused.value.what
    assert "docs/reliability.md" in refused.value.mend
    assert path.read_text() == "dear diary, " * 1000


@either_way
def test_another_programs_database_is_refused_and_left_as_it_is(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    path = tmp_path / "ledger.db"
    with connected(path) as other:
        other.execute("create table jobs (key text)")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is not a batchsora ledger"):
        use(path)
    assert path.read_bytes() == before


@either_way
def test_a_newer_ledger_is_refused_with_both_versions(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    opened(tmp_path).close()
    path = tmp_path / "run" / "ledger.db"
    with connected(path) as newer:
        newer.execute(f"pragma user_version = {VERSION + 1}")
    with pytest.raises(LedgerError, match=f"version {VERSION + 1}, this one knows {VERSION}") as it:
        use(path)
    assert "upgrade batchsora" in it.value.mend


@either_way
def test_a_damaged_ledger_is_refused_with_what_to_do(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    with opened(tmp_path) as ledger:
        take_in(ledger, *(planned(f"cat-{it}") for it in range(50)))
    path = tmp_path / "run" / "ledger.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xee" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match="malformed") as refused:
        use(path)
    assert str(path) in refused.value.what
    assert "docs/reliability.md" in refused.value.mend


@either_way
def test_a_cut_off_ledger_is_refused(tmp_path: Path, use: Callable[[Path], None]) -> None:
    opened(tmp_path).close()
    path = tmp_path / "run" / "ledger.db"
    os.truncate(path, 8192)
    with pytest.raises(LedgerError, match="malformed"):
        use(path)


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ledger.db").touch()
    with opened(tmp_path) as ledger:
        assert len(take_in(ledger, planned("cat"))) == 1


def test_an_empty_file_is_read_as_a_ledger_with_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with closing(open_for_reading(tmp_path / "ledger.db")) as db:
        assert (Records(db).campaign(), list(Records(db).entries())) == (None, [])
    assert (tmp_path / "ledger.db").stat().st_size == 0


@pytest.mark.parametrize("what", ["nothing", "a folder"])
def test_where_there_is_no_ledger_none_is_read(tmp_path: Path, what: str) -> None:
    if what == "a folder":
        (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match="no ledger at"):
        open_for_reading(tmp_path / "ledger.db")


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "run" / "ledger.db"
    with (
        closing(open_for_reading(path)) as db,
        pytest.raises(sqlite3.OperationalError, match="read"),
    ):
        db.execute("delete from campaign")


MAKE_LEDGERS = """
import os, resource, signal, sys
from pathlib import Path
from batchsora.ledger.ledger import Ledger

folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python would make an error of it
for limit in map(int, sys.argv[2:]):
    if os.fork() == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        Ledger(folder / str(limit) / "run", rescue_file=folder / "rescue")
        os._exit(0)
    print(limit, os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_maker_killed_at_any_page_leaves_what_the_next_one_and_a_reader_can_open(
    tmp_path: Path,
) -> None:
    limits = [str(pages * 4096 + 100) for pages in range(0, 60, 2)]
    made = subprocess.run(
        [sys.executable, "-c", MAKE_LEDGERS, str(tmp_path), *limits],
        capture_output=True,
        text=True,
        check=True,
    )
    ends = dict(line.split() for line in made.stdout.splitlines())
    killed = [limit for limit, code in ends.items() if int(code) == -signal.SIGXFSZ]
    assert set(ends.values()) == {str(-signal.SIGXFSZ), "0"}, made.stderr
    for limit in killed:
        path = tmp_path / limit / "run" / "ledger.db"
        with closing(open_for_reading(path)) as db:
            assert list(Records(db).entries()) == []
        with opened(tmp_path / limit) as ledger:
            assert len(take_in(ledger, planned("cat"))) == 1


@pytest.mark.parametrize("make", [Path.touch, lambda it: it.mkdir(mode=0o500)])
def test_a_folder_that_can_not_be_written_is_refused_with_its_name(
    plain_folder: Path, without_rights: WithoutRights, make: Callable[[Path], None]
) -> None:
    make(plain_folder / "run")
    with without_rights(), pytest.raises(LedgerError, match=str(plain_folder)) as refused:
        opened(plain_folder)
    assert "see that the folder is there and writable" in refused.value.mend


def test_a_lock_that_is_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run" / "work").mkdir(parents=True)
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "run" / "work" / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(LedgerError, match="lock is a symbolic link"):
        opened(tmp_path)
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_refused_start_lets_the_next_one_in(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "ledger.db"
    path.write_text("dear diary")
    with pytest.raises(LedgerError, match="not a database"):
        opened(tmp_path)
    path.unlink()
    opened(tmp_path).close()


def test_a_ledger_that_nobody_claimed_leaves_no_trace(tmp_path: Path) -> None:
    """A run whose manifest was refused is one."""
    Ledger(tmp_path / "runs" / "cats", rescue_file=rescue_file(tmp_path)).close()
    assert list((tmp_path / "runs").iterdir()) == []


def test_files_of_others_stay_where_a_ledger_that_nobody_claimed_goes(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "precious.txt").touch()
    Ledger(tmp_path / "run", rescue_file=rescue_file(tmp_path)).close()
    assert [it.name for it in (tmp_path / "run").iterdir()] == ["precious.txt"]


def test_a_claim_that_is_taken_back_with_its_transaction_leaves_no_trace(tmp_path: Path) -> None:
    def refuse(ledger: Ledger) -> None:
        with ledger.atomic():
            ledger.claim("cats", "simulator", "../cats.yaml", [])
            raise UsageError("answered with no")

    with (
        Ledger(tmp_path / "run", rescue_file=rescue_file(tmp_path)) as ledger,
        pytest.raises(UsageError),
    ):
        refuse(ledger)
    assert list(tmp_path.iterdir()) == []


KILL_A_WRITER = """
import os, signal, sys
from pathlib import Path
from batchsora.ledger.ledger import Ledger

ledger = Ledger(Path(sys.argv[1]), rescue_file=Path(sys.argv[2]))
ledger.db.execute("pragma cache_size = 1")  # so that pages reach the file before the commit
with ledger.atomic():
    ledger.db.execute("update jobs set hint = 'half written'")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def half_written(plain_folder: Path) -> Path:
    """Make a ledger whose writer was killed in the middle of a transaction."""
    with opened(plain_folder) as ledger:
        take_in(ledger, *(planned(f"cat-{it}") for it in range(200)))
        path = ledger.path
    arguments = [str(path.parent), str(rescue_file(plain_folder))]
    killed = subprocess.run([sys.executable, "-c", KILL_A_WRITER, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.with_name("ledger.db-journal").read_bytes().startswith(HOT)
    assert b"half written" in path.read_bytes()
    return path


def hints(path: Path) -> set[str]:
    with closing(open_for_reading(path)) as db:
        return {entry.job.hint for entry in Records(db).entries()}


def test_a_reader_undoes_what_a_killed_writer_left_half_written(half_written: Path) -> None:
    assert hints(half_written) == {""}
    assert b"half written" not in half_written.read_bytes()


HINTS = """
import sys
from pathlib import Path
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records

records = Records(open_for_reading(Path(sys.argv[1])))
print({entry.job.hint for entry in records.entries()})
"""


def test_a_reader_sees_nothing_of_what_a_writer_has_not_committed_and_spoils_none_of_it(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as ledger:
        take_in(ledger, planned("cat"))
        with ledger.atomic():
            ledger.db.execute("update jobs set hint = 'new', revision = 1")
            look_on = [sys.executable, "-c", HINTS, str(ledger.path)]
            seen = subprocess.run(look_on, capture_output=True, text=True, check=True).stdout
        assert seen == "{''}\n"
        assert {entry.job.hint for entry in ledger.records.entries()} == {"new"}
        assert ledger.db.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_the_next_writer_undoes_what_a_killed_one_left_half_written(half_written: Path) -> None:
    with Ledger(half_written.parent, rescue_file=half_written.parent / "rescue") as ledger:
        assert {entry.job.hint for entry in ledger.records.entries()} == {""}


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o555, 0o444), (0o555, 0o666)])
def test_where_nobody_may_write_a_reader_undoes_it_in_a_copy(
    half_written: Path, without_rights: WithoutRights, folder_mode: int, file_mode: int
) -> None:
    journal = half_written.with_name("ledger.db-journal")
    before = half_written.read_bytes(), journal.read_bytes()
    for file in (half_written, journal):
        file.chmod(file_mode)
    half_written.parent.chmod(folder_mode)
    with without_rights():
        assert hints(half_written) == {""}
    if file_mode == 0o444:
        assert (half_written.read_bytes(), journal.read_bytes()) == before


def test_a_whole_ledger_is_read_where_nobody_may_write(
    plain_folder: Path, without_rights: WithoutRights
) -> None:
    with opened(plain_folder) as ledger:
        take_in(ledger, planned("cat"))
        path = ledger.path
    for file in path.parent.glob("ledger.db*"):
        file.chmod(0o444)
    path.parent.chmod(0o555)
    with without_rights():
        assert hints(path) == {""}


@pytest.mark.usefixtures("_impatient")
def test_a_reader_shut_out_by_a_writer_says_so_and_does_not_read_half_a_transaction(
    tmp_path: Path,
) -> None:
    opened(tmp_path).close()
    path = tmp_path / "run" / "ledger.db"
    with connected(path) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(LedgerError, match="locked") as refused:
            open_for_reading(path)
    assert "close the program that has it open" in refused.value.mend


def test_reading_a_ledger_writes_nothing_into_it(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        take_in(ledger, planned("cat"))
        path = ledger.path
    before = path.read_bytes()
    assert hints(path) == {""}
    assert path.read_bytes() == before
