"""What the pages show of files and of answers for programs is what the program writes."""

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
from doc_pages import the_block
from doc_sessions import Step
from doc_shell import Shell, shell

from batchsora.errors import LedgerError
from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals

RUN = "runs/spring-simulated"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The README's manifest, rehearsed in a shell that is still open."""

    shell: Shell
    events: list[str]

    @property
    def run_folder(self) -> Path:
        """Where it ran."""
        return self.shell.folder / RUN

    def copy_of_run(self, name: str) -> Path:
        """Copy the run folder, so that it can be spoiled."""
        return Path(shutil.copytree(self.run_folder, self.run_folder.with_name(name)))


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    """Rehearse it once, for all of these tests."""
    with shell(tmp_path_factory.mktemp("rehearsed")) as opened:
        told = opened.play(Step("batchsora run manifests/spring.yaml --simulate --progress json"))
        yield Rehearsed(opened, [line for line in told.lines if line.startswith("{")])


def test_status_as_json_has_the_keys_that_are_documented(rehearsed: Rehearsed) -> None:
    said = rehearsed.shell.play(Step(f"batchsora status {RUN} --json"))
    told = json.loads(said.lines[0])
    shown = json.loads(the_block("json status").text)
    assert list(told) == list(shown)
    assert told["states"] == shown["states"]


def test_an_event_has_the_keys_that_are_documented(rehearsed: Rehearsed) -> None:
    shown = json.loads(the_block("json event").text)
    told = [json.loads(line) for line in rehearsed.events]
    of_its_kind = [it for it in told if it["event"] == shown["event"]]
    assert len(of_its_kind) == 3
    assert {tuple(it) for it in of_its_kind} == {tuple(shown)}
    assert set(shown["totals"]) <= set[str]().union(*(it["totals"] for it in of_its_kind))


EDITS = {
    "takes: 2 ": "takes: 3 ",
    "The rocket lifts off in slow motion": (
        '"The rocket lifts off, smoke rolling towards the camera"'
    ),
    "rows:\n": (
        "rows:\n  - {id: galaxies, image: images/galaxies.jpg, prompt: Slow drift through stars}\n"
    ),
}
TAKEN_OUT = "  - {id: steam, image: images/coffee.jpg, prompt: Steam rises from the cup}\n"


def test_the_plan_after_some_edits_is_as_it_is_shown(tmp_path: Path) -> None:
    with shell(tmp_path) as opened:
        manifest = opened.folder / "manifests" / "spring.yaml"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text + TAKEN_OUT, encoding="utf-8")
        assert opened.play(Step("batchsora run manifests/spring.yaml --simulate")).code == 0
        for before, after in EDITS.items():
            assert text.count(before) == 1
            text = text.replace(before, after)
        manifest.write_text(text, encoding="utf-8")
        plan = "batchsora plan manifests/spring.yaml --simulate"
        told = opened.play(Step(f"COLUMNS=80 {plan}")).lines
        lines = opened.play(Step(f"{plan} --json")).lines
    assert told == the_block("text plan").text.splitlines()
    shown = json.loads(the_block("json plan").text)
    assert shown in [json.loads(line) for line in lines]


def test_the_report_for_programs_has_the_keys_that_are_documented(rehearsed: Rehearsed) -> None:
    told = json.loads((rehearsed.run_folder / "report.json").read_text())
    shown = json.loads(the_block("json report").text)
    assert list(told) == list(shown)
    for part in ("run", "totals"):
        assert list(told[part]) == list(shown[part])
    assert list(told["jobs"][0]) == list(shown["jobs"][0])


def totals_of(ledger: Path) -> Totals:
    with closing(open_for_reading(ledger)) as db:
        return Totals.of(Records(db).tallies())


def run_python(block: str, folder: Path) -> str:
    script = the_block(f"python {block}").text
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_a_ledger_that_is_copied_as_documented_knows_the_same(rehearsed: Rehearsed) -> None:
    folder = rehearsed.copy_of_run("backed-up")
    run_python("backup", folder)
    assert totals_of(folder / "ledger-backup.db") == totals_of(folder / "ledger.db")


def test_a_damaged_ledger_is_saved_as_documented_and_knows_every_purchase(
    rehearsed: Rehearsed,
) -> None:
    folder = rehearsed.copy_of_run("damaged")
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
    assert totals_of(folder / "ledger.db") == totals_of(rehearsed.run_folder / "ledger.db")


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
