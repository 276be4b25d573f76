"""Jobs that a person named in a table: the marks that the page exports, or lines of a report."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from batchsora.errors import UsageError
from batchsora.manifest.text import check_file
from batchsora.reports.tables import ARMED

REJECT, KEEP = "reject", "keep"
DELIMITERS = (",", ";", "\t")  # a spreadsheet may have saved it anew
_COLUMNS = "the marks that report.html exports, or lines of report.csv with its head"


class Named(NamedTuple):
    """A job that a line of the table names."""

    id: str
    take: int
    video_id: str  # of the clip that was looked at; empty where the table does not say
    line: int


class Marks(NamedTuple):
    """What a table says of the jobs of a run."""

    named: dict[tuple[str, int], Named]  # those to be taken up, by id and take
    are_rejected: bool  # a person looked at their clips, and wants others


def read_marks(path: Path) -> Marks:
    """Read a table of jobs: those marked ``reject``, or all where it has no marks.

    Raises UsageError for what is no such table.
    """
    check_file(path)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}", f"give it {_COLUMNS}") from error
    lines = text.splitlines()
    head = lines[0] if lines else ""
    table = csv.DictReader(
        text.splitlines(keepends=True), delimiter=max(DELIMITERS, key=head.count), restval=""
    )
    columns = table.fieldnames or ()
    if "id" not in columns:
        raise UsageError(f"{path} has no column id", f"give it {_COLUMNS}")
    named = {(it.id, it.take): it for it in _named(path, table)}
    return Marks(named, "mark" in columns)


def _named(path: Path, table: csv.DictReader[str]) -> Iterator[Named]:
    for cells in table:
        where = f"{path}:{table.line_num}"
        mark = cells.get("mark", REJECT).strip().lower()
        if mark not in {REJECT, KEEP, ""}:
            what = f'{where}: mark is "{mark}"'
            raise UsageError(what, f"write {REJECT} or {KEEP}, or nothing")
        if mark == REJECT:
            take = cells.get("take") or "1"
            if not take.isdecimal():
                raise UsageError(f'{where}: take is "{take}"', "write a number from 1")
            video_id = cells.get("video_id", "")
            yield Named(_as_it_was(cells["id"]), int(take), _as_it_was(video_id), table.line_num)


def _as_it_was(cell: str) -> str:
    """Undo what disarms a cell: a ``'`` before what a spreadsheet takes for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(ARMED) else cell
