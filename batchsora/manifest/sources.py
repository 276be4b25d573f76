"""Files of rows, opened: the manifest itself, and those that it includes. Reads files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from batchsora.errors import Problem, UsageError
from batchsora.manifest.cards import all_cards
from batchsora.manifest.complaints import Complaints
from batchsora.manifest.fields import COLUMNS, row_text
from batchsora.manifest.ground import Ground, Included, Source
from batchsora.manifest.head import read_included
from batchsora.manifest.inclusion import Inclusion, read_inclusion
from batchsora.manifest.jsonlines import json_rows
from batchsora.manifest.located import Located, RowText, kind, shown, visible
from batchsora.manifest.names import nearest
from batchsora.manifest.tables import read_header, table_rows
from batchsora.manifest.text import HeldText, TextFile, TextRefusedError, check_file, is_spreadsheet
from batchsora.manifest.yamltree import yaml_tree

MOST_INCLUSIONS = 1_000  # in one manifest: six files that include one another ten times are 100,000
MOST_DEEP = 20  # files, each named by the one above it: nobody finds a row below that
MOST_YAML_ROWS = 20_000  # 100,000 composed rows took 434 MB

TABLES = frozenset({".csv", ".tsv"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
YAML = frozenset({".yaml", ".yml"})
_SPREADSHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})

UNDER_ROWS = "write them under rows:, each as - prompt: …"
_EXPORT = "export the sheet as CSV (UTF-8), and run that"
_KINDS = "name it .yaml, .csv or .jsonl, for what is in it"


def suffix_of(path: Path) -> str:
    """Say of what kind a file is, by its suffix.

    Raises UsageError for a kind that is not read, and for what is no regular file.
    """
    suffix, called = path.suffix.casefold(), visible(str(path))
    if suffix in _SPREADSHEETS:
        raise UsageError(f"{called} is a spreadsheet, not a text file", _EXPORT)
    check_file(path)
    if suffix in TABLES and is_spreadsheet(path):
        raise UsageError(f"{called} is a spreadsheet, not a text file", _EXPORT)
    if suffix not in TABLES | JSON_LINES | YAML:
        what = f"{called} is of no known kind: its name ends in {visible(suffix) or 'nothing'}"
        raise UsageError(what, _KINDS)
    return suffix


def table_source(
    file: TextFile,
    ground: Ground,
    complaints: Complaints,
    mapped: Mapping[str, str] | None = None,
) -> Source:
    """Open a table; raises TextRefusedError where its header can't be read."""
    header, problems = read_header(file, mapped, ground.blame)
    complaints.take(problems)
    notes = (f"{file} is {header.note}",) if header.note else ()
    columns = tuple(dict.fromkeys((*ground.columns, *header.columns)))
    if problems:  # rows would be blamed for the header
        return Source(ground, columns, lambda: iter(()), notes)
    return Source(ground, columns, lambda: table_rows(file, header), notes)


def json_source(
    file: TextFile | HeldText, ground: Ground, mapped: Mapping[str, str] | None = None
) -> Source:
    """Open a file of JSON Lines."""
    return Source(ground, None, lambda: json_rows(file, mapped, ground.blame))


def yaml_source(
    found: Located, ground: Ground, complaints: Complaints, including: Including
) -> Source:
    """Open the rows of a YAML file, and the files that they include."""
    rows = tuple(_yaml_rows(found, ground, complaints, including))
    columns: dict[str, None] = dict.fromkeys(ground.columns)
    notes: dict[str, None] = {}
    told = True
    for row in rows:
        match row:
            case RowText():
                columns |= dict.fromkeys((*row.columns, *free_axes(row.matrix)))
            case Included(source):
                columns |= dict.fromkeys(source.columns or ())
                notes |= dict.fromkeys(source.notes)
                told = told and source.columns is not None
            case Problem():
                pass
    ground = replace(ground, elsewhere=frozenset(columns))
    return Source(ground, tuple(columns) if told else None, lambda: iter(rows), tuple(notes))


def free_axes(matrix: Iterable[str]) -> Iterable[str]:
    """Pick the axes of a matrix that are variables."""
    return (axis for axis in matrix if axis not in COLUMNS)


def _yaml_rows(
    found: Located, ground: Ground, complaints: Complaints, including: Including
) -> Iterable[RowText | Included | Problem]:
    if found.value is None:
        return
    if not isinstance(found.value, list):
        complaints.add(f"rows must be a list, not {kind(found.value)}", UNDER_ROWS, found.line)
        return
    if len(found.value) > MOST_YAML_ROWS:
        what = f"{len(found.value):,} rows, {MOST_YAML_ROWS:,} are the most in YAML"
        complaints.add(what, "put them in a CSV file, and write - from: rows.csv", found.line)
        return
    for number, (line, row) in enumerate(found.value, 1):
        if not isinstance(row, dict):
            what = f"a row must be a mapping, not {kind(row)}"
            yield Problem(what, "write - prompt: …", ground.file, line, number)
        elif "from" in row:
            inclusion = read_inclusion(line, row, complaints)
            if inclusion.file and (included := including.open(inclusion, ground, complaints)):
                yield included
        else:
            yield row_text(number, line, row, open_ended=False)


@dataclass(frozen=True, slots=True)
class Including:
    """Opens the files that a manifest includes, each below the one that names it."""

    folder: Path  # the manifest's
    chain: tuple[Path, ...]  # the files that are open, from the manifest on
    opened: list[Path] = field(default_factory=list)  # of the whole manifest, in order

    def open(self, inclusion: Inclusion, outer: Ground, complaints: Complaints) -> Included | None:
        """Open the file of a row that says `from`; None where that is refused."""
        path = outer.folder / inclusion.file
        real = path.resolve()
        if real in self.chain:
            what = f"from {shown(inclusion.file)} includes itself"
            complaints.add(what, "take it out", inclusion.line)
            return None
        if len(self.chain) > MOST_DEEP:
            what = f"from {shown(inclusion.file)} is more than {MOST_DEEP} files deep"
            complaints.add(what, "include it further up", inclusion.line)
            return None
        self.opened.append(real)
        if len(self.opened) > MOST_INCLUSIONS:
            if len(self.opened) == MOST_INCLUSIONS + 1:  # all others are no news
                what = f"more than {MOST_INCLUSIONS:,} files are included, counted each time"
                complaints.add(what, "include each once, or put the rows together", inclusion.line)
            return None
        file = TextFile(path, inclusion.encoding, "write encoding: cp1252 beside from")
        ground = self._ground(path, outer.over(inclusion.defaults, outer.file))
        below = replace(self, chain=(*self.chain, real))
        try:
            source = below.source(file, ground, inclusion, complaints)
        except UsageError as error:
            complaints.add(f"from: {error.what}", error.mend, inclusion.line)
        except TextRefusedError as refused:
            complaints.take([refused.problem])
        else:
            if source is not None:
                _check_names(inclusion, source, complaints)
                return Included(source, inclusion.sieve)
        return None

    def source(
        self, file: TextFile, ground: Ground, inclusion: Inclusion, complaints: Complaints
    ) -> Source | None:
        """Open a file of rows; None where it is refused."""
        suffix = suffix_of(file.path)
        if suffix in TABLES:
            return table_source(file, ground, complaints, inclusion.mapped)
        if suffix in JSON_LINES:
            return json_source(file, ground, inclusion.mapped)
        if inclusion.mapped is not None:
            what = f"columns: {shown(inclusion.file)} has none, it is YAML"
            complaints.add(what, "take columns out", inclusion.lines["columns"])
            return None
        return self._yaml(file, ground, complaints)

    def _yaml(self, file: TextFile, ground: Ground, complaints: Complaints) -> Source | None:
        own = Complaints(str(file))
        root, problems = yaml_tree(file.text(), str(file))
        own.take(problems)
        told = own.mapping("a manifest", root, UNDER_ROWS)
        absent = Located(0, None)
        of_cards = Complaints(str(file))
        cards = all_cards(told.get("models", absent), ground.cards, of_cards)
        ground = read_included(told, replace(ground, cards=cards), own)
        source = yaml_source(told.get("rows", absent), ground, own, self)
        complaints.take(own.kept)
        complaints.take(of_cards.kept)
        return None if of_cards else source

    def _ground(self, path: Path, ground: Ground) -> Ground:
        """Say what holds for the rows of an included file: all that holds outside of it."""
        relative = PurePath(os.path.relpath(path, self.folder))
        folder = relative.parent.as_posix()
        prefix = "" if folder == "." else f"{folder}/"
        return replace(
            ground,
            file=visible(str(path)),
            folder=path.parent,
            included=relative.as_posix(),
            prefix=prefix,
            elsewhere=frozenset(),
        )


def _check_names(inclusion: Inclusion, source: Source, complaints: Complaints) -> None:
    """Refuse the names of columns that the included file does not have, where that is known."""
    if source.columns is None:
        return
    fields = () if inclusion.mapped is not None else COLUMNS
    known = (*source.columns, *fields)
    wanted: Sequence[tuple[str, str]] = (
        *(("columns", name) for name in (inclusion.mapped or {}).values()),
        *(("first", name) for name in inclusion.sieve.first),
        *(("where", name) for name in inclusion.sieve.where),
        *(("needs", name) for name in inclusion.sieve.needs),
        *(("once", name) for name in inclusion.sieve.once),
    )
    for key, name in wanted:
        if name not in known:
            meant = nearest(name, known)
            some = ", ".join(map(shown, source.columns[:8]))
            mend = f"write {visible(meant)}" if meant else f"its columns are {some}"
            what = f"{key}: {shown(name)} is no column of {visible(inclusion.file)}"
            complaints.add(what, mend, inclusion.lines[key])
