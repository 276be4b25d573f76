"""A manifest as a program names it: a file, a run folder, or rows of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from batchsora.errors import UsageError
from batchsora.library.targets import Aim, run_folder, take_aim
from batchsora.manifest import hold_manifest, read_cards
from batchsora.models import BUILT_IN

AnyPath = str | os.PathLike[str]


class _Source(Protocol):
    def aim(self, out_dir: Path | None, *, simulate: bool) -> Aim:
        """Open it, and say where it runs."""


class Manifest:
    """What is to be made: a file, the one of a run folder, or rows of a program.

    It is opened once to see that it can be, and read anew by each plan and each run. Raises
    UsageError for what is no manifest, and ManifestRefusedError where its head is wrong.
    """

    __slots__ = ("_source", "name")

    def __init__(
        self, path: AnyPath, *, models: AnyPath | None = None, encoding: str = "utf-8"
    ) -> None:
        """Name a manifest (YAML, CSV, JSON Lines) or a run folder; `models`: a file of cards."""
        self._open(_File(Path(path), None if models is None else Path(models), encoding))

    @classmethod
    def from_rows(
        cls,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        folder: AnyPath = ".",
        models: AnyPath | None = None,
    ) -> Manifest:
        """Make one of rows; each is what an object of JSON Lines is in a manifest.

        Images are relative to `folder`, from which the run folder is found, too. What a row says
        beyond the fields comes back with its job. None and NaN say nothing. A run writes the rows
        to ``<name>.jsonl`` in its folder, so that `batchsora run FOLDER` goes on with it.
        """
        self = cls.__new__(cls)
        kept = tuple(_plain_row(number, row) for number, row in enumerate(rows, 1))
        self._open(_Rows(name, kept, Path(folder), None if models is None else Path(models)))
        return self

    def _open(self, source: _Source) -> None:
        self._source = source
        self.name: str = source.aim(None, simulate=False).manifest.name

    def aim(self, out_dir: AnyPath | None = None, *, simulate: bool = False) -> Aim:
        """Open it, and say where it runs: for `plan` and `run`."""
        return self._source.aim(None if out_dir is None else Path(out_dir), simulate=simulate)

    def __repr__(self) -> str:
        return f"Manifest({self._source})"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    models: Path | None
    encoding: str

    def aim(self, out_dir: Path | None, *, simulate: bool) -> Aim:
        return take_aim(self.path, out_dir, self.models, simulate=simulate, encoding=self.encoding)

    def __str__(self) -> str:
        return repr(str(self.path))


@dataclass(frozen=True, slots=True)
class _Rows:
    name: str
    rows: tuple[Mapping[str, Any], ...]
    folder: Path  # where images are
    models: Path | None

    def aim(self, out_dir: Path | None, *, simulate: bool) -> Aim:
        folder = out_dir or run_folder(self.folder / "rows", self.name, simulate=simulate)
        way = Path(os.path.relpath(self.folder.resolve(), folder.resolve())).as_posix()
        lines = [json.dumps(row) for row in self.rows]
        cards = BUILT_IN if self.models is None else read_cards(self.models)
        manifest = hold_manifest(self.name, folder, lines, self.folder, way, cards=cards)
        return Aim(manifest, folder, simulate)

    def __str__(self) -> str:
        count = f"{len(self.rows):,} row{'s' if len(self.rows) != 1 else ''}"
        return f"{self.name!r}, {count}"


def _plain_row(number: int, row: object) -> dict[str, Any]:
    """Copy a row, as JSON has it; who changes it later changes no run."""
    if not isinstance(row, Mapping):
        mend = 'give a mapping for each row: of a table of pandas, df.to_dict("records")'
        raise UsageError(f"row {number} is no mapping, but {type(row).__name__}", mend)
    plain = {str(name): _plain(value) for name, value in row.items()}
    for name, value in plain.items():
        # where a cell of a column is empty, pandas makes floats of the others
        if name in {"seconds", "takes"} and isinstance(value, float) and value.is_integer():
            plain[name] = int(value)
    return plain


def _plain(value: Any) -> Any:
    """Write a value as JSON has it: an unknown one is its text, and NaN, which is none, is null."""
    match value:
        case Mapping():
            return {str(name): _plain(it) for name, it in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(it) for it in value]
        case None | bool() | int() | str():
            return value
        case _ if _is_missing(value):
            return None
        case float():
            return float(value)
        case _:
            return str(value)


def _is_missing(value: object) -> bool:
    """Tell whether a value is none: NaN, in whatever type, NaT, or pandas' NA.

    No such value equals itself, and the last one does not even say so.
    """
    try:
        return bool(value != value)  # noqa: PLR0124 - that is the test
    except (TypeError, ValueError):
        return True
