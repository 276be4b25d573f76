"""What may stand in a manifest only once: a job's content, its name, its place on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from batchsora.errors import Problem
from batchsora.job import fold_path
from batchsora.planned import Planned

_KINDS: Mapping[str, Callable[[Planned], str]] = {
    "key": lambda it: it.key,
    "name": lambda it: f"{it.id}#{it.order.take}",
    "output": lambda it: fold_path(it.output),
}


class Seen:
    """Remembers a manifest's jobs in a temporary file, so that memory does not grow with them."""

    def __init__(self, file: str) -> None:
        self._file = file
        # "": a private file, gone at the end
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("pragma journal_mode = off")
        self._db.execute("pragma synchronous = off")
        for kind in _KINDS:
            self._db.execute(
                f"create table {kind} (it text primary key, line int, position int) without rowid"
            )

    def clashes(self, batch: Sequence[tuple[int, Planned]]) -> dict[int, list[Problem]]:
        """Remember jobs, each with its position; say by position what is not new, and why.

        Nothing where all of it is new.
        """
        self._db.execute("begin")
        first = {kind: self._add(kind, value, batch) for kind, value in _KINDS.items()}
        self._db.execute("commit")
        if not any(first.values()):
            return {}
        return {position: list(self._told(position, it, first)) for position, it in batch}

    def _add(
        self, kind: str, value: Callable[[Planned], str], batch: Sequence[tuple[int, Planned]]
    ) -> dict[int, int]:
        """Remember values; return, by the position of each that was there before, on which line."""
        rows = [(value(it), it.line, position) for position, it in batch]
        before = self._db.total_changes
        self._db.executemany(f"insert or ignore into {kind} values (?, ?, ?)", rows)  # noqa: S608 - our own word
        if self._db.total_changes - before == len(rows):
            return {}
        look = f"select line from {kind} where it = ? and position <> ?"  # noqa: S608 - our own word
        found = ((position, self._db.execute(look, (it, position))) for it, _, position in rows)
        return {position: line for position, lines in found for (line,) in lines}

    def _told(
        self, position: int, planned: Planned, first: Mapping[str, dict[int, int]]
    ) -> Iterator[Problem]:
        """Say what of a job was there before; the same content is not told of its name as well."""
        if (line := first["key"].get(position)) is not None:
            what = f"this is the same job as on line {line}: the same content"
            yield self._problem(planned, what, "write takes: 2 there to have two clips of it")
            return
        if (line := first["name"].get(position)) is not None:
            what = f"the id {planned.id} is used on line {line} already"
            yield self._problem(planned, what, "give each row an id of its own")
        if (line := first["output"].get(position)) is not None:
            what = f"the output {planned.output} is that of line {line} already"
            yield self._problem(planned, what, "put {id} into the output")

    def has(self, keys: Sequence[str]) -> set[str]:
        """Pick the keys that were seen."""
        marks = ",".join("?" * len(keys))
        return {it for (it,) in self._db.execute(f"select it from key where it in ({marks})", keys)}  # noqa: S608 - marks only

    def _problem(self, planned: Planned, what: str, mend: str) -> Problem:
        return Problem(what, mend, self._file, planned.line, planned.row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._db.close()
