"""The table of faults names each that is tested, and each test that it names is there."""

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import faults_page
import pytest
import safety
from faults_page import PAGE, PARTS, Line, with_table


@dataclass
class Said:
    """A report of a test."""

    nodeid: str
    longrepr: object = None
    keywords: Mapping[str, object] = field(default_factory=dict)


def test_the_table_is_as_its_maker_writes_it() -> None:
    # stale? python tests/docs/faults_page.py
    maker = [sys.executable, str(Path(faults_page.__file__)), "--print"]
    said = subprocess.run(maker, capture_output=True, text=True, check=False, cwd=faults_page.ROOT)
    assert said.returncode == 0, said.stdout + said.stderr
    assert PAGE.read_text(encoding="utf-8") == said.stdout


def test_the_table_has_a_line_for_each_fault_and_no_fault_twice() -> None:
    lines = [it for it in PAGE.read_text(encoding="utf-8").splitlines() if "](../tests/" in it]
    assert len(lines) >= 130
    assert [it for it, count in Counter(lines).items() if count > 1] == []


def test_a_line_is_written_once_and_into_its_part() -> None:
    line = Line("Here", "a | b", "it stops", "tests/faults/test_x.py", "test_y")
    page = with_table(f"a\n{faults_page.BEGIN}old\n{faults_page.END}z\n", [line, line])
    assert page.startswith("a\n<!-- faults: begin -->\n\n### Submitting\n")
    assert page.count("| a \\| b | it stops | [test_y](../tests/faults/test_x.py) |\n") == 1
    assert page.endswith("<!-- faults: end -->\nz\n")
    assert [it for it in PARTS if f"### {it}\n" in page] == list(PARTS)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (Said("tests/kills/test_a.py::test_b", ("", 1, "Skipped: no strace")), "no strace"),
        (Said("tests/x/test_a.py::test_b", ("", 1, "Skipped: no"), {"fault": 1}), "no"),
        (Said("tests/kills/test_a.py::test_b", ("", 1, "Skipped: not shown: no root")), ""),
        (Said("tests/x/test_a.py::test_b", ("", 1, "Skipped: no /dev/full")), ""),
    ],
)
def test_a_test_of_safety_is_skipped_only_where_it_can_not_be_shown(
    report: Said, expected: str
) -> None:
    told = list(safety.complaints([], [report], page=""))
    assert told == ([f"{report.nodeid} was skipped: {expected}"] if expected else [])


def test_what_can_not_be_shown_here_is_named() -> None:
    report = Said("tests/kills/test_a.py::test_b", ("", 1, "Skipped: not shown: no root"))
    other = Said("tests/x/test_a.py::test_b", ("", 1, "Skipped: not shown: no root"))
    assert safety.not_shown([report, other]) == ["tests/kills/test_a.py::test_b: no root"]


def test_a_test_that_the_table_names_has_run() -> None:
    page = "| a | b | [test_y](../tests/faults/test_x.py) |"
    ran = Said("tests/faults/test_x.py::test_y[one of them]")
    assert list(safety.complaints([ran], [], page)) == []
    (told,) = safety.complaints([], [], page)
    assert told == "tests/faults/test_x.py::test_y is in the table of faults, and did not run"
