"""The manifest: opened by its file's suffix, its head read, its rows a stream. Reads files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batchsora.errors import Problem
from batchsora.manifest.cards import all_cards
from batchsora.manifest.complaints import Complaints
from batchsora.manifest.ground import Included, Source
from batchsora.manifest.head import Head, read_head, table_head
from batchsora.manifest.held import HeldRows
from batchsora.manifest.located import Located, RowText
from batchsora.manifest.orders import RowReader
from batchsora.manifest.pictures import Recall, Recalled
from batchsora.manifest.sieve import Sifting
from batchsora.manifest.sources import (
    JSON_LINES,
    TABLES,
    UNDER_ROWS,
    Including,
    json_source,
    suffix_of,
    table_source,
    yaml_source,
)
from batchsora.manifest.text import UTF_8, HeldText, TextFile, TextRefusedError
from batchsora.manifest.yamltree import yaml_tree
from batchsora.models import BUILT_IN, Cards
from batchsora.planned import Planned


def any_image(_: str) -> Recalled:
    """Recall any image: for a look at the rows that asks for no picture."""
    return Recalled("")


@dataclass(frozen=True, slots=True)
class Manifest:
    """An opened manifest: what its head says, and its rows as often as they are asked for."""

    path: Path
    head: Head
    source: Source
    held: HeldRows | None = None  # what is to be written to its path before it is run
    _left_out: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  # rows by file and by why, at the last reading

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

    @property
    def columns(self) -> tuple[str, ...]:
        """Its own other columns, in order; none where only the rows tell them (JSON Lines)."""
        return self.source.columns or ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should be told of how it was read, once its jobs have gone by."""
        left_out = (
            f"{count} row{'s' if count != 1 else ''} of {file} left out, {why}"
            for (file, why), count in self._left_out.items()
        )
        return (*self.source.notes, *left_out)

    def jobs(self, recall: Recall = lambda _: None) -> Iterator[Planned | Problem]:
        """Read the rows as a stream of jobs and problems; a row with problems has no jobs.

        `recall` is asked for the hash of an image file that can't be read now, and for what was
        fetched from an address. Ids, keys and outputs are not compared across rows. Raises
        UsageError where the disk refuses.
        """
        self._left_out.clear()
        if self.held is None:
            return _Reading(recall, self._left_out).read(self.source, ())
        reading = _Reading(self.held.recalling(recall), self._left_out)
        return map(self.held.placed, reading.read(self.source, ()))


class _Reading:
    """One reading of a manifest: its rows are counted on through all files."""

    def __init__(self, recall: Recall, left_out: Counter[tuple[str, str]]) -> None:
        self._recall = recall
        self._left_out = left_out
        self._row = 0
        self._told: set[Problem] = set()

    def read(self, source: Source, siftings: Sequence[Sifting]) -> Iterator[Planned | Problem]:
        reader = RowReader(source.ground, self._recall, self._told)
        for row in source.rows():
            match row:
                case RowText():
                    self._row += 1
                    taken = _sifted(row, siftings) if siftings else row
                    if isinstance(taken, str):
                        self._left_out[source.ground.file, taken] += 1
                    elif taken.row == self._row:
                        yield from reader.read(taken)
                    else:  # those of included files are counted on
                        yield from reader.read(taken._replace(row=self._row))
                case Included():
                    with closing(Sifting(row.sieve)) as sifting:
                        yield from self.read(row.source, (sifting, *siftings))
                case Problem():
                    self._row += row.row > 0
                    yield replace(row, row=self._row) if row.row else row


def _sifted(row: RowText, siftings: Sequence[Sifting]) -> RowText | str:
    """Take a row that the files around it mean, the innermost first; else say why not."""
    for sifting in siftings:
        taken = sifting.sift(row)
        if isinstance(taken, str):
            return taken
        row = taken
    return row


def open_manifest(path: Path, *, cards: Cards = BUILT_IN, encoding: str = UTF_8) -> Manifest:
    """Open a manifest and read its head, with these model cards known.

    Raises UsageError for what is no readable file of a known kind, ManifestRefusedError with
    all problems where the head or the file's form is wrong.
    """
    suffix = suffix_of(path)
    file = TextFile(path, encoding)
    complaints = Complaints(str(file))
    try:
        if suffix in TABLES | JSON_LINES:
            return _open_rows(file, cards, complaints, is_table=suffix in TABLES)
        return _open_yaml(file, cards, complaints)
    except TextRefusedError as refused:
        complaints.take([refused.problem])
        raise complaints.refusal() from None


def _open_rows(file: TextFile, cards: Cards, complaints: Complaints, *, is_table: bool) -> Manifest:
    head = table_head(file.path.stem, cards, complaints)
    ground = head.ground(file.path)
    source = table_source(file, ground, complaints) if is_table else json_source(file, ground)
    if complaints:
        raise complaints.refusal()
    return Manifest(file.path, head, source)


def hold_manifest(
    name: str,
    folder: Path,
    lines: Sequence[str],
    images: Path,
    way: str,
    *,
    cards: Cards = BUILT_IN,
) -> Manifest:
    """Open lines of JSON as the manifest that they are to be in a folder.

    They name their images from the folder `images`, to which `way` leads from the other one. Raises
    ManifestRefusedError for what is no name.
    """
    text = HeldText(folder / f"{name}.jsonl", tuple(lines))
    complaints = Complaints(str(text))
    head = table_head(name, cards, complaints)
    if complaints:
        raise complaints.refusal()
    ground = replace(head.ground(text.path), home=images, folder=images)
    return Manifest(text.path, head, json_source(text, ground), HeldRows(text, way))


def _open_yaml(file: TextFile, cards: Cards, complaints: Complaints) -> Manifest:
    root, problems = yaml_tree(file.text(), str(file))
    complaints.take(problems)
    if isinstance(root.value, list):
        complaints.add("a manifest must be a mapping, not a list", UNDER_ROWS, root.line)
        raise complaints.refusal()
    told = complaints.mapping("a manifest", root, UNDER_ROWS)
    absent = Located(0, None)
    of_cards = Complaints(str(file))
    cards = all_cards(told.get("models", absent), cards, of_cards)
    head = read_head(told, file.path.stem, cards, complaints)
    including = Including(file.path.parent, (file.path.resolve(),))
    rows = told.get("rows", absent)
    manifest = Manifest(
        file.path, head, yaml_source(rows, head.ground(file.path), complaints, including)
    )
    if complaints and not of_cards:  # else rows would be blamed for the cards
        # nobody knows yet which images still matter, so those are left for later
        found = manifest.jobs(recall=any_image)
        complaints.take(it for it in found if isinstance(it, Problem))
    complaints.take(of_cards.kept)
    if complaints:
        raise complaints.refusal()
    return manifest
