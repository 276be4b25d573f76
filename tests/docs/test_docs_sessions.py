"""The sessions that the pages show are real: each command runs, prints and ends as it is shown."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from doc_pages import DOCS, README, the_block
from doc_sessions import Played, Shell, Step, news, result, shell, steps

from batchsora.errors import LedgerError
from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals

RUN = "runs/spring-simulated"


@dataclass(frozen=True, slots=True)
class Session:
    """A page's commands, played one after the other in a shell that is still open."""

    shell: Shell
    played: list[Played]

    @property
    def run_folder(self) -> Path:
        """Where the README's manifest ran."""
        return self.shell.folder / RUN

    def copy_of_run(self, name: str) -> Path:
        """Copy the run folder, so that it can be spoiled."""
        return Path(shutil.copytree(self.run_folder, self.run_folder.with_name(name)))


@pytest.fixture(scope="module")
def readme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Play the README once, for all of these tests."""
    with shell(tmp_path_factory.mktemp("readme"), README) as opened:
        yield Session(opened, [opened.play(step) for step in steps(README)])


def see_as_shown(played: list[Played]) -> None:
    """See that every command printed what the page shows, and ended with the code shown."""
    for it in played:
        interrupted = it.step.interrupted_after is not None
        assert it.code == it.step.code, (it.step.command, it.lines)
        assert result(it.lines, interrupted=interrupted) == result(
            it.step.shown, interrupted=interrupted
        )
    # which of two clips is done before a Ctrl-C is a matter of the moment: all news together
    told = set[str]().union(*(news(it.lines) for it in played))
    assert told == set[str]().union(*(news(it.step.shown) for it in played))


def test_the_readmes_session_runs_is_interrupted_and_resumes_as_it_is_shown(
    readme: Session,
) -> None:
    see_as_shown(readme.played)
    assert [it.code for it in readme.played].count(130) == 1
    assert sum("ordered" in line for it in readme.played for line in it.lines) == 3


def test_a_doubt_is_rehearsed_and_settled_as_the_simulators_page_shows_it(tmp_path: Path) -> None:
    page = DOCS / "simulator.md"
    with shell(tmp_path, README, page) as opened:
        played = [opened.play(step) for step in steps(page)]
    see_as_shown(played)
    assert [it.code for it in played if "run" in it.step.command] == [6, 0, 1]


def test_status_as_json_has_the_keys_that_are_documented(readme: Session) -> None:
    said = readme.shell.play(Step(f"batchsora status {RUN} --json"))
    told = json.loads(said.lines[0])
    shown = json.loads(the_block(DOCS / "running.md", "json status").text)
    assert list(told) == list(shown)
    assert told["states"] == shown["states"]


def test_the_report_for_programs_has_the_keys_that_are_documented(readme: Session) -> None:
    told = json.loads((readme.run_folder / "report.json").read_text())
    shown = json.loads(the_block(DOCS / "reports.md", "json report").text)
    assert list(told) == list(shown)
    for part in ("run", "totals"):
        assert list(told[part]) == list(shown[part])
    assert list(told["jobs"][0]) == list(shown["jobs"][0])


def totals_of(ledger: Path) -> Totals:
    with closing(open_for_reading(ledger)) as db:
        return Totals.of(Records(db).tallies())


def run_python(block: str, folder: Path) -> str:
    script = the_block(DOCS / "reliability.md", f"python {block}").text
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_a_ledger_that_is_copied_as_documented_knows_the_same(readme: Session) -> None:
    folder = readme.copy_of_run("backed-up")
    run_python("backup", folder)
    assert totals_of(folder / "ledger-backup.db") == totals_of(folder / "ledger.db")


def test_a_damaged_ledger_is_saved_as_documented_and_knows_every_purchase(readme: Session) -> None:
    folder = readme.copy_of_run("damaged")
    with closing(open_for_reading(folder / "ledger.db")) as db:
        keys = [entry.job.key for entry in Records(db).entries()]
    spoil_index(folder / "ledger.db")
    with open_ledger(folder) as ledger, pytest.raises(LedgerError, match="malformed"):
        ledger.records.find(keys)
    assert run_python("salvage", folder) == "[('done', 3)]\n"
    (folder / "saved.db").replace(folder / "ledger.db")
    (folder / "ledger.db-journal").unlink()
    with open_ledger(folder) as ledger:
        assert {it.job.state for it in ledger.records.find(keys).values()} == {State.DONE}
    assert totals_of(folder / "ledger.db") == totals_of(readme.run_folder / "ledger.db")


def open_ledger(folder: Path) -> Ledger:
    return Ledger(folder, rescue_file=folder / "rescue.jsonl")


def spoil_index(ledger: Path) -> None:
    """Overwrite the page where the ledger looks its keys up."""
    db = sqlite3.connect(ledger)
    root = "select rootpage from sqlite_master where name = 'sqlite_autoindex_jobs_1'"
    (page,), (size,) = db.execute(root).fetchone(), db.execute("pragma page_size").fetchone()
    db.close()
    with ledger.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * size)
