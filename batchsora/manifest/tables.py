"""CSV as located rows of text: a stream, one row in memory. Reads files."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from batchsora.errors import Problem
from batchsora.manifest.fields import COLUMNS, called_flaw, slip_flaw
from batchsora.manifest.located import Flaw, RowText, shown
from batchsora.manifest.text import TextFile, TextRefusedError, trimmed, unprintable

# A prompt ends at 32,000 characters; feeds carry whole web pages in other columns. The csv
# module keeps this for the whole process, and its own default is an eighth of it.
MOST_CELL_CHARACTERS = 1 << 20

_DELIMITERS = ",;\t"
_DELIMITER_WORDS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
_SEPARATOR = re.compile(r"sep=([,;\t])", re.IGNORECASE)  # a line that Excel writes and reads
_NO_PROMPT = "write prompt: … beside from, or which column it is: columns: {prompt: Title}"
_INIT = "batchsora init --from-csv FILE"
_EXAMPLE = "begin the file with a line of names, such as image,prompt,seconds"

Record = tuple[int, list[str]]  # the line that it starts on, and its cells


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line of a table says."""

    delimiter: str
    names: tuple[str, ...]  # by position
    fields: tuple[tuple[str, int], ...]  # of a row, each with its column's position
    columns: tuple[str, ...]  # the manifest's own: those that are no fields
    records: int = 1  # that it takes: Excel may write sep=; in front

    @property
    def note(self) -> str:
        """What a person should be told of how the table is read; "" for an ordinary one."""
        if self.delimiter == ",":
            return ""
        return f"read with {_DELIMITER_WORDS[self.delimiter]} between the cells"


def read_header(
    file: TextFile, mapped: Mapping[str, str] | None = None, said: Container[str] = ()
) -> tuple[Header, list[Problem]]:
    """Read the names of a table's columns, and what is wrong with them.

    Fields are columns of their own names or, where `mapped` says so, only those of the names it
    gives; `said` are those that have a default. Raises TextRefusedError where the header can't be
    read at all.
    """
    csv.field_size_limit(MOST_CELL_CHARACTERS)
    first = next((line for line in file.lines() if line.strip()), "").strip(" \r\n")
    first = first.split("\r")[0]
    separator = _SEPARATOR.fullmatch(first)
    skipped = 0 if separator is None else 1
    delimiter = _sniffed(first) if separator is None else separator[1]
    record = next(islice(_filled(_records(file, delimiter)), skipped, None), (1, []))
    if isinstance(record, Problem):
        raise TextRefusedError(record)
    line, cells = record
    while cells and not cells[-1].strip():
        cells.pop()
    if mapped is None:
        names = tuple(_name(cell) for cell in cells)
        fields = tuple((name, at) for at, name in enumerate(names) if name in COLUMNS)
        columns = tuple(name for name in names if name not in COLUMNS)
        flaws = _header_flaws(names, line, said)
    else:
        names = columns = tuple(cell.strip() for cell in cells)
        places = {name: at for at, name in enumerate(names)}
        fields = tuple((it, places[name]) for it, name in mapped.items() if name in places)
        flaws = _form_flaws(names)
        if "prompt" not in mapped and "prompt" not in said:
            flaws.append(Flaw("no column is the prompt", _NO_PROMPT))
    header = Header(delimiter, names, fields, columns, 1 + skipped)
    return header, [Problem(flaw.what, flaw.mend, str(file), line) for flaw in flaws]


def table_rows(file: TextFile, header: Header) -> Iterator[RowText | Problem]:
    """Read the rows below the header. What can't be read is a Problem in its place."""
    owned = frozenset(header.columns)
    own = [(name, at) for at, name in enumerate(header.names) if name in owned]
    width = len(header.names)
    row = 0
    for record in islice(_filled(_records(file, header.delimiter)), header.records, None):
        row += 1
        if isinstance(record, Problem):
            yield Problem(record.what, record.mend, record.file, record.line, row)
            continue
        line, cells = record
        flaws: tuple[Flaw, ...] = ()
        if len(cells) != width:
            flaws = _width_flaws(cells, width, header.delimiter)
            cells += [""] * (width - len(cells))
        fields = {name: text for name, at in header.fields if (text := trimmed(cells[at]))}
        yield RowText(row, line, fields, {name: cells[at] for name, at in own}, flaws=flaws)


def _records(file: TextFile, delimiter: str) -> Iterator[Record | Problem]:
    """Split a table into records; a broken one is a Problem, and reading goes on where it can."""
    reader = csv.reader(file.lines(), delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            for cells in reader:
                yield start, cells
                start = reader.line_num + 1
        except csv.Error as error:
            yield _broken(file, start, reader.line_num, str(error))
            if reader.line_num != start:
                return  # an open quote took in what follows: nothing there means what it says
            start = reader.line_num + 1
        except TextRefusedError as refused:
            yield refused.problem
            return
        else:
            return


def _filled(records: Iterator[Record | Problem]) -> Iterator[Record | Problem]:
    """Leave out the records that say nothing: spreadsheets end with many."""
    for record in records:
        if isinstance(record, Problem) or any(map(str.strip, record[1])):
            yield record


def _broken(file: TextFile, start: int, line: int, error: str) -> Problem:
    """Say in a person's words why the csv module gave up."""
    if "new-line character" in error:
        what, mend = "a carriage return without a line feed", "save with Unix or Windows line ends"
    elif "field limit" in error:
        what = f"a cell of more than {MOST_CELL_CHARACTERS:,} characters"
        mend = "look for a quote that is not closed"
    elif "end of data" in error or line != start:
        start = _opening_line(file, start, line)
        what, mend = (
            'a quote (") is opened here and not closed',
            'close it, or write "" for a quote',
        )
    else:
        what = "text between a closing quote and the end of its cell"
        mend = 'write "" for a quote inside a quoted cell'
    return Problem(what, mend, str(file), start)


def _opening_line(file: TextFile, start: int, end: int) -> int:
    """Find the line on which the quote was opened that is still open at the end."""
    opened, is_open = start, False
    for number, line in enumerate(islice(file.lines(), start - 1, end - 1), start):
        quotes = line.replace('""', "").count('"')  # a doubled quote changes nothing
        if quotes % 2:
            is_open = not is_open
        if quotes and is_open:
            opened = number
    return opened if is_open else end


def _sniffed(line: str) -> str:
    """Choose the delimiter that finds the most known names, then the most cells."""

    def merit(delimiter: str) -> tuple[int, int]:
        names = [_name(cell) for cell in next(csv.reader([line], delimiter=delimiter), [])]
        return len(set(names) & set(COLUMNS)), len(names)

    return max(_DELIMITERS, key=merit)


def _name(cell: str) -> str:
    name = cell.strip()
    folded = name.casefold()
    return folded if folded in COLUMNS else name


def _header_flaws(names: tuple[str, ...], line: int, said: Container[str]) -> list[Flaw]:
    meant = _meant_for_fields(names, line, said)
    missing = [] if "prompt" in said else _prompt_missing(names, meant)
    return [*_form_flaws(names), *meant, *missing]


def _meant_for_fields(names: Sequence[str], line: int, said: Container[str]) -> list[Flaw]:
    """Find the columns that must be meant for fields: of each field, one by another's name."""
    fields = {*filter(said.__contains__, COLUMNS), *names}
    first: dict[str, Flaw] = {}
    for name in names:
        if name in COLUMNS:
            continue
        if flaw := slip_flaw(name, line, names) or called_flaw(name, line, fields):
            first.setdefault(flaw.field, flaw)
    return list(first.values())


def _form_flaws(names: tuple[str, ...]) -> list[Flaw]:
    """Tell what is wrong with names, whatever they mean."""
    present: Mapping[str, int] = Counter(names)
    return [
        *(_twice(name, names) for name, times in present.items() if name and times > 1),
        *(_nameless(at) for at, name in enumerate(names, 1) if not name),
        *(_unprintable_name(name) for name in present if unprintable(name)),
        *([] if names else [Flaw("no header", _EXAMPLE)]),
    ]


def _twice(name: str, names: tuple[str, ...]) -> Flaw:
    places = " and ".join(str(at) for at, other in enumerate(names, 1) if other == name)
    return Flaw(f"column {shown(name)} is there twice, as columns {places}", "rename one of them")


def _nameless(at: int) -> Flaw:
    return Flaw(f"column {at} has no name", "name it in the first line, or delete the column")


def _unprintable_name(name: str) -> Flaw:
    return Flaw(f"{unprintable(name)} in the column name {shown(name)}", "delete it")


def _prompt_missing(names: tuple[str, ...], meant: list[Flaw]) -> list[Flaw]:
    if not names or "prompt" in names or any(flaw.field == "prompt" for flaw in meant):
        return []
    found = ", ".join(shown(name) for name in names[:8])
    mend = f"name it in the first line, which now says: {found}; or: {_INIT}"
    return [Flaw('no column "prompt"', mend)]


def _width_flaws(cells: list[str], width: int, delimiter: str) -> tuple[Flaw, ...]:
    if not any(cell.strip() for cell in cells[width:]):
        return ()
    what = f"{len(cells)} cells, but the header names {width} column{'s' if width != 1 else ''}"
    mend = f"put quotes round a cell that contains {_DELIMITER_WORDS[delimiter]}"
    return (Flaw(what, mend),)
