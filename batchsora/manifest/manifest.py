"""The manifest: opened by its file's suffix, its head read, its rows a stream. Reads files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchsora.errors import Problem, UsageError
from batchsora.manifest.cards import all_cards
from batchsora.manifest.complaints import Complaints
from batchsora.manifest.fields import row_text
from batchsora.manifest.head import Head, read_head, table_head
from batchsora.manifest.jsonlines import json_rows
from batchsora.manifest.located import Located, RowText, kind
from batchsora.manifest.orders import RowReader
from batchsora.manifest.pictures import Recall
from batchsora.manifest.tables import read_header, table_rows
from batchsora.manifest.text import TextRefusedError, check_file, utf8_text
from batchsora.manifest.yamltree import yaml_tree
from batchsora.models import BUILT_IN, Cards
from batchsora.planned import Planned

MOST_YAML_ROWS = 20_000  # 100,000 composed rows took 434 MB

_UNDER_ROWS = "write them under rows:, each as - prompt: …"
_EXPORT = "export the sheet as CSV (UTF-8), and run that"
_KINDS = "name it .yaml, .csv or .jsonl, for what is in it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An opened manifest: what its head says, and its rows as often as they are asked for."""

    path: Path
    columns: tuple[str, ...]  # its own other columns, as far as they are known before the rows
    head: Head
    rows: Callable[[], Iterator[RowText | Problem]]

    @property
    def name(self) -> str:
        """The campaign's name, which is its run folder's."""
        return self.head.name

    @property
    def settings(self) -> Mapping[str, Any]:
        """Fields for `batchsora.settings.settle`."""
        return self.head.settings

    @property
    def cards(self) -> Cards:
        """The model cards that hold here, the manifest's own among them."""
        return self.head.cards

    def jobs(self, recall: Recall = lambda _: None) -> Iterator[Planned | Problem]:
        """Read the rows as a stream of jobs and problems; a row with problems has no jobs.

        `recall` is asked for the hash of an image file that can't be read now: what was bought
        already keeps its key. Ids, keys and outputs are not compared across rows. Raises
        UsageError where the disk refuses.
        """
        reader = RowReader(self.head, self.path, self.columns, recall)
        for row in self.rows():
            if isinstance(row, Problem):
                yield row
            else:
                yield from reader.read(row)


def open_manifest(path: Path, *, cards: Cards = BUILT_IN) -> Manifest:
    """Open a manifest and read its head, with these model cards known.

    Raises UsageError for what is no readable file of a known kind, ManifestRefusedError with
    all problems where the head or the file's form is wrong.
    """
    suffix = path.suffix.casefold()
    if suffix in {".xlsx", ".xls", ".ods", ".numbers"}:
        raise UsageError(f"{path} is a spreadsheet, not a text file", _EXPORT)
    opening = _OPENINGS.get(suffix)
    if opening is None:
        check_file(path)
        raise UsageError(
            f"{path} is of no known kind: its name ends in {suffix or 'nothing'}", _KINDS
        )
    check_file(path)
    complaints = Complaints(str(path))
    try:
        return opening(path, cards, complaints)
    except TextRefusedError as refused:
        complaints.problems.append(refused.problem)
        raise complaints.refusal() from None


def _open_table(path: Path, cards: Cards, complaints: Complaints) -> Manifest:
    head = table_head(path.stem, cards, complaints)
    header, problems = read_header(path)
    complaints.problems.extend(problems)
    if complaints.problems:
        raise complaints.refusal()
    return Manifest(path, header.columns, head, lambda: table_rows(path, header))


def _open_json_lines(path: Path, cards: Cards, complaints: Complaints) -> Manifest:
    head = table_head(path.stem, cards, complaints)
    if complaints.problems:
        raise complaints.refusal()
    return Manifest(path, (), head, lambda: json_rows(path))


def _open_yaml(path: Path, cards: Cards, complaints: Complaints) -> Manifest:
    root, problems = yaml_tree(utf8_text(path), str(path))
    complaints.problems.extend(problems)
    if isinstance(root.value, list):
        complaints.add("a manifest must be a mapping, not a list", _UNDER_ROWS, root.line)
        raise complaints.refusal()
    told = complaints.mapping("a manifest", root, _UNDER_ROWS)
    of_cards = Complaints(str(path))
    cards = all_cards(told.get("models", Located(0, None)), cards, of_cards)
    head = read_head(told, path.stem, cards, complaints)
    rows = _yaml_rows(told.get("rows", Located(0, None)), complaints)
    columns = dict.fromkeys(head.defaults.columns)
    for row in rows:
        if isinstance(row, RowText):
            columns |= dict.fromkeys(row.columns)
    manifest = Manifest(path, tuple(columns), head, lambda: iter(rows))
    if complaints.problems and not of_cards.problems:  # else rows would be blamed for the cards
        complaints.problems.extend(_row_problems(manifest))
    complaints.problems.extend(of_cards.problems)
    if complaints.problems:
        raise complaints.refusal()
    return manifest


def _yaml_rows(found: Located, complaints: Complaints) -> Sequence[RowText | Problem]:
    value = found.value
    if value is None:
        return ()
    if not isinstance(value, list):
        complaints.add(f"rows must be a list, not {kind(value)}", _UNDER_ROWS, found.line)
        return ()
    if len(value) > MOST_YAML_ROWS:
        what = f"{len(value):,} rows, {MOST_YAML_ROWS:,} are the most in YAML"
        complaints.add(what, "put the rows in a CSV file and run that", found.line)
        return ()
    file = complaints.file
    return tuple(_yaml_row(number, row, file) for number, row in enumerate(value, 1))


def _yaml_row(number: int, found: Located, file: str) -> RowText | Problem:
    if isinstance(found.value, dict):
        return row_text(number, found.line, found.value, open_ended=False)
    what = f"a row must be a mapping, not {kind(found.value)}"
    return Problem(what, "write - prompt: …", file, found.line, number)


def _row_problems(manifest: Manifest) -> Iterator[Problem]:
    """Look at the rows below a head that is refused, so that everything is told at once.

    Without the ledger nobody knows which images still matter, so those are left for later.
    """
    for found in manifest.jobs(recall=lambda _: ""):
        if isinstance(found, Problem):
            yield found


_OPENINGS: Mapping[str, Callable[[Path, Cards, Complaints], Manifest]] = {
    ".yaml": _open_yaml,
    ".yml": _open_yaml,
    ".csv": _open_table,
    ".tsv": _open_table,
    ".jsonl": _open_json_lines,
    ".ndjson": _open_json_lines,
}
