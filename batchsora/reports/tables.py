"""report.csv: a line per job, as spreadsheets read it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from batchsora.reports.beside import written_beside
from batchsora.reports.columns import AddRow, Cell, report_columns

ARMED = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes such a cell for a formula (OWASP)


@contextmanager
def csv_report(path: Path, own: Sequence[str]) -> Iterator[AddRow]:
    """Write the report as CSV (RFC 4180), a job at a time; `own` are the manifest's columns.

    The byte order mark tells Excel that it is UTF-8. Raises OSError, the old report being whole.
    """
    with written_beside(path, encoding="utf-8-sig") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow(map(disarmed, report_columns(own)))
        yield lambda row: lines.writerow(map(disarmed, row.values()))


def disarmed(cell: Cell) -> Cell:
    """Make a cell one that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(ARMED) else cell
