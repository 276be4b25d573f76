"""report.csv and attempts.csv: a line per job, or per create request, as spreadsheets read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from batchsora.reports.beside import written_beside
from batchsora.reports.columns import AddRow, Cell, report_columns

ARMED = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes such a cell for a formula (OWASP)
MOST_UNITS = 32_767  # of UTF-16 in a cell: of a longer one Excel makes a line of its own
CUT = "…"
_SEPARATES = re.compile('[",;\t\r\n]')

# what would drive a terminal, or can't be kept by a spreadsheet, is shown: ESC as ␛
_PICTURES = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},  # of these there are no pictures
}


@contextmanager
def csv_table(path: Path, columns: Sequence[str]) -> Iterator[AddRow]:
    """Write a table as CSV (RFC 4180), a line at a time.

    The byte order mark tells Excel that it is UTF-8. Raises OSError, the old table being whole.
    """
    with written_beside(path, encoding="utf-8-sig") as file:
        file.write(csv_line(columns))
        yield lambda row: file.write(csv_line(row.values()))


def csv_report(path: Path, own: Sequence[str]) -> AbstractContextManager[AddRow]:
    """Write the report of jobs as CSV; `own` are the manifest's columns."""
    return csv_table(path, report_columns(own))


def csv_line(cells: Iterable[Cell]) -> str:
    """Write a line of a table: RFC 4180, and no cell that a spreadsheet takes for anything else.

    What a program may take for a separator is quoted, too, which `csv` does not do: LibreOffice
    proposes commas, semicolons and tabs together, and ``a;=1+1`` would become a formula.
    """
    return ",".join([_cell(it) if isinstance(it, str) else _number(it) for it in cells]) + "\r\n"


def _number(cell: float | None) -> str:
    return "" if cell is None else str(cell)


def _cell(text: str) -> str:
    shown = _fit_for_sheets(text)
    if _SEPARATES.search(shown) is None:
        return shown
    doubled = shown.replace('"', '""')
    return f'"{doubled}"'


def _fit_for_sheets(cell: str) -> str:
    """Make a text what a spreadsheet keeps as it is: no formula, no control characters, cut."""
    if not cell.isprintable():  # rare, and quickly told
        cell = cell.translate(_PICTURES)
    if cell.startswith(ARMED):
        cell = f"'{cell}"
    return _cut(cell) if len(cell) > MOST_UNITS // 2 else cell


def _cut(cell: str) -> str:
    units = cell.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * MOST_UNITS:
        return cell
    kept = units[: 2 * (MOST_UNITS - len(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT
