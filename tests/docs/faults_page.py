"""Writes the table of faults into docs/reliability.md: run it when a test of a fault changed.

It is made from the tests that pytest collects: each line is a `fault` mark of one of them.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
PARTS = ("Submitting", "Waiting and fetching", "Here", "Manifests", "Secrets")
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
HEADS = "| fault | what is expected | the test that shows it |\n| --- | --- | --- |\n"
_MARKED = re.compile(r"mark\.fault\(|fault=\(")


@dataclass(frozen=True, slots=True)
class Line:
    """One fault, what is expected, and where that is shown."""

    part: str
    what: str
    expected: str
    file: str  # from the root of the repository
    test: str


@dataclass
class Collector:
    """A plugin of pytest that reads the marks of what is collected."""

    lines: list[Line] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read them."""
        for item in session.items:
            file = item.path.relative_to(ROOT).as_posix()
            test = item.name.partition("[")[0]
            for mark in item.iter_markers("fault"):
                part, what, expected = mark.args
                self.lines.append(Line(part, what, expected, file, test))


def collected() -> list[Line]:
    """Collect the tests of faults, without running any."""
    files = [
        str(path)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if _MARKED.search(path.read_text(encoding="utf-8"))
    ]
    collector = Collector()
    words = ["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *files]
    with contextlib.redirect_stdout(io.StringIO()) as told:
        code = pytest.main(words, plugins=[collector])
    if code != pytest.ExitCode.OK:
        sys.exit(told.getvalue())
    return collector.lines


def table(lines: Iterable[Line]) -> str:
    """Write the tables, one for each part, in the order in which the tests stand."""
    found = list(dict.fromkeys(lines))  # two cases of one test may show the same
    if strange := {it.part for it in found} - set(PARTS):
        sys.exit(f"no part of the list of faults: {', '.join(sorted(strange))}")
    return "\n".join(_part(part, [it for it in found if it.part == part]) for part in PARTS)


def _part(part: str, lines: list[Line]) -> str:
    return f"### {part}\n\n{HEADS}" + "".join(map(_row, lines))


def _row(line: Line) -> str:
    what, expected = (text.replace("|", "\\|") for text in (line.what, line.expected))
    return f"| {what} | {expected} | [{line.test}](../{line.file}) |\n"


def with_table(page: str, lines: Iterable[Line]) -> str:
    """Put the tables into a page, between its two marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table(lines)}\n{END}{tail}"


def main() -> None:
    """Write the page, or only print it."""
    page = with_table(PAGE.read_text(encoding="utf-8"), collected())
    if "--print" in sys.argv:
        sys.stdout.write(page)
    else:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
