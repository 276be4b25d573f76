"""report.csv: a line per job, as spreadsheets read it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from batchsora.ledger.records import Entry
from batchsora.reports.beside import written_beside
from batchsora.reports.columns import Cell, report_columns, report_row

ARMED = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes such a cell for a formula (OWASP)


def write_csv(path: Path, entries: Iterable[Entry], own: Sequence[str]) -> None:
    """Write the report as CSV (RFC 4180), a job at a time; `own` are the manifest's columns.

    The byte order mark tells Excel that it is UTF-8. Raises OSError, the old report being whole.
    """
    with written_beside(path, encoding="utf-8-sig") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow(map(_disarmed, report_columns(own)))
        for entry in entries:
            lines.writerow(map(_disarmed, report_row(entry, own).values()))


def _disarmed(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(ARMED) else cell
