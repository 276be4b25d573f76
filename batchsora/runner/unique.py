"""What may stand in a manifest only once: a job's content, its name, its place on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from batchsora.errors import Problem
from batchsora.job import fold_path
from batchsora.planned import Planned

_KINDS = ("key", "name", "output")


class Seen:
    """Remembers a manifest's jobs in a temporary file, so that memory does not grow with them."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._db = sqlite3.connect(
            "", isolation_level=None
        )  # "": private, on disk, gone at the end
        self._db.execute("pragma journal_mode = off")
        self._db.execute("pragma synchronous = off")
        for kind in _KINDS:
            self._db.execute(f"create table {kind} (it text primary key, line int) without rowid")

    def clashes(self, planned: Planned) -> Iterator[Problem]:
        """Remember a job; say what of it was there before, and on which line."""
        name = f"{planned.id}#{planned.order.take}"
        if (line := self._first("key", planned.key, planned.line)) is not None:
            what = f"this is the same job as on line {line}: the same content"
            yield self._problem(planned, what, "write takes: 2 there to have two clips of it")
            return
        if (line := self._first("name", name, planned.line)) is not None:
            what = f"the id {planned.id} is used on line {line} already"
            yield self._problem(planned, what, "give each row an id of its own")
        if (line := self._first("output", fold_path(planned.output), planned.line)) is not None:
            what = f"the output {planned.output} is that of line {line} already"
            yield self._problem(planned, what, "put {id} into the output")

    def has(self, keys: Sequence[str]) -> set[str]:
        """Pick the keys that were seen."""
        marks = ",".join("?" * len(keys))
        return {it for (it,) in self._db.execute(f"select it from key where it in ({marks})", keys)}  # noqa: S608 - marks only

    def _first(self, kind: str, it: str, line: int) -> int | None:
        """Remember it; return the line where it stood before, if it did."""
        done = self._db.execute(f"insert or ignore into {kind} values (?, ?)", (it, line))  # noqa: S608 - our own word
        if done.rowcount == 1:
            return None
        return int(self._db.execute(f"select line from {kind} where it = ?", (it,)).fetchone()[0])  # noqa: S608 - our own word

    def _problem(self, planned: Planned, what: str, mend: str) -> Problem:
        return Problem(what, mend, self._file, planned.line, planned.row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._db.close()
