"""LibreOffice, as whoever gets a report opens it; and the cells that it then shows."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

TEXT_COLUMNS = "CSV:44,34,76,1,{}"  # comma, quotes, UTF-8, from line 1; then each column's type
# as the dialog of an import proposes: commas, semicolons, tabs; numbers and formulas are told
PROPOSED = "CSV:44/59/9,34,76,1,,0,false,true,false,false,false,0,true"
PATIENCE_S = 120.0

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_WORDS = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as a spreadsheet shows it."""

    text: str
    formula: str | None


def needs_libreoffice() -> pytest.MarkDecorator:
    """Skip a test where there is no LibreOffice."""
    reason = "not shown: LibreOffice is not installed: apt-get install libreoffice-calc-nogui"
    return pytest.mark.skipif(shutil.which("soffice") is None, reason=reason)


def as_text(columns: int) -> str:
    """Say that an import takes all columns as text."""
    return TEXT_COLUMNS.format("/".join(f"{column}/2" for column in range(1, columns + 1)))


def opened(table: Path, how: str, place: Path) -> list[list[Shown]]:
    """Open a table in LibreOffice, and read its lines of cells."""
    command = [
        "soffice",
        f"-env:UserInstallation={(place / 'profile').as_uri()}",
        "--headless",
        f"--infilter={how}",
        *("--convert-to", "fods", "--outdir", str(place), str(table)),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    rows = ET.parse(place / f"{table.stem}.fods").iter(f"{_TABLE}table-row")  # noqa: S314 - LibreOffice wrote it
    lines = (list(_cells(row)) for row in rows)
    return [cells for cells in lines if any(cell.text for cell in cells)]


def _cells(row: ET.Element) -> Iterator[Shown]:
    for cell in row.findall(f"{_TABLE}table-cell"):
        lines = (_text(line) for line in cell.findall(f"{_WORDS}p"))
        shown = Shown("\n".join(lines), cell.get(f"{_TABLE}formula"))
        repeated = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        yield from [shown] * min(repeated, 100)  # what is empty to the sheet's end is one cell


def _text(element: ET.Element) -> str:
    """Read a line: a run of blanks, a tab and a line's end are elements."""
    own = {"s": " " * int(element.get(f"{_WORDS}c", "1")), "tab": "\t", "line-break": "\n"}
    told = own.get(element.tag.removeprefix(_WORDS), element.text or "")
    return told + "".join(_text(inner) + (inner.tail or "") for inner in element)
