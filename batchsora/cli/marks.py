"""Jobs that a person named in a table: the marks that the page exports, or lines of a report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
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

    named: dict[tuple[str, int], list[Named]]  # those to be taken up, by id and take
    are_rejected: bool  # a person looked at their clips, and wants others


def read_marks(path: Path) -> Marks:
    """Read a table of jobs: those marked ``reject``, or all where it has no marks.

    Marks stand in the first column: a report may have a column of that name from its manifest.
    Raises UsageError for what is no such table.
    """
    check_file(path)
    try:
        text = path.read_text("utf-8-sig")
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=_head(text).count)
        )
        columns, *rows = [(lines.line_num, cells) for cells in lines if cells] or [(1, [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} can't be read: {error}", f"give it {_COLUMNS}") from error
    names = [it.strip().lower() for it in columns[1]]
    if "id" not in names:
        raise UsageError(f"{path} has no column id", f"give it {_COLUMNS}")
    has_marks = names[0] == "mark"
    found = (
        _named(f"{path}:{line}", line, dict(zip(names, cells, strict=False)), has_marks=has_marks)
        for line, cells in rows
    )
    named: dict[tuple[str, int], list[Named]] = {}
    for it in found:
        if it is not None:
            named.setdefault((it.id, it.take), []).append(it)
    return Marks(named, has_marks)


def _head(text: str) -> str:
    return text.partition("\n")[0]


def _named(where: str, line: int, cells: Mapping[str, str], *, has_marks: bool) -> Named | None:
    """Read a line; None where its job is not to be taken up."""
    mark = cells["mark"].strip().lower() if has_marks else REJECT
    if mark not in {REJECT, KEEP, ""}:
        raise UsageError(f'{where}: mark is "{mark}"', f"write {REJECT} or {KEEP}, or nothing")
    if mark != REJECT:
        return None
    take = cells.get("take") or "1"
    if not re.fullmatch(r"[1-9][0-9]{0,8}", take):
        raise UsageError(f'{where}: take is "{take}"', "write a number from 1")
    video_id = _as_it_was(cells.get("video_id", ""))
    return Named(_as_it_was(cells.get("id", "")), int(take), video_id, line)


def _as_it_was(cell: str) -> str:
    """Undo what disarms a cell: a ``'`` before what a spreadsheet takes for a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(ARMED) else cell
