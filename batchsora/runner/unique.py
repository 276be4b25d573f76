"""What may stand in a manifest only once: a job's content, its name, its place on the disk."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsora.errors import Problem
from batchsora.job import fold_path
from batchsora.planned import Planned

CACHE_KB = 8_000  # more would be faster still, and make memory grow with the manifest
LONG_ID_DIGITS = 16  # of the key, where ten are another job's: likely among a million rows

Placed = tuple[int, Planned]
"""A job, and its position in the manifest, from 0."""

_FIRSTS = ("key", "name", "output")


@dataclass(slots=True)
class Batch:
    """Some jobs on their way through `Seen`, and where each thing of theirs was seen before."""

    jobs: list[Placed]
    before: dict[str, dict[int, _At]] = field(default_factory=dict)  # by kind and position


_At = tuple[str, int]
"""An included file, "" for the manifest itself, and a line of it."""


class Seen:
    """Remembers a manifest's jobs in a temporary file, so that memory does not grow with them."""

    def __init__(self, manifest: Path) -> None:
        self._manifest = manifest
        self._files: list[str] = []
        self._longer: set[str] = set()  # keys of first takes: few, even among a million rows
        # "": a private file, gone at the end
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("pragma journal_mode = off")
        self._db.execute("pragma synchronous = off")
        self._db.execute(f"pragma cache_size = -{CACHE_KB}")
        for kind in _FIRSTS:
            self._db.execute(
                f"create table {kind} (it blob primary key, file int, line int, position int)"
                " without rowid"
            )

    def named(self, jobs: Sequence[Placed]) -> Batch:
        """Remember contents and names; a derived id that is another job's already is lengthened."""
        batch = Batch(list(jobs))
        twins = batch.before["key"] = self._add(
            "key", [(at, it, bytes.fromhex(it.key)) for at, it in jobs]
        )
        names = self._add("name", [(at, it, _hash(_name(it))) for at, it in jobs])
        derived = [(at, it) for at, it in jobs if at not in twins and not it.explicit_id]
        self._longer.update(it.first_key for at, it in derived if at in names)
        # a row's later takes go with the first, whose name was the one that was taken
        short = {at for at, it in derived if it.first_key in self._longer} if self._longer else ()
        if short:
            batch.jobs = [(at, _lengthened(it) if at in short else it) for at, it in jobs]
            again = [(at, it, _hash(_name(it))) for at, it in batch.jobs if at in short]
            names = {at: it for at, it in names.items() if at not in short}
            names |= self._add("name", again)
        batch.before["name"] = names
        return batch

    def clashes(self, batch: Batch) -> dict[int, list[Problem]]:
        """Remember outputs; say by position what is not new, and why.

        Nothing where all of it is new.
        """
        outputs = [(at, it, _hash(fold_path(it.output))) for at, it in batch.jobs]
        batch.before["output"] = self._add("output", outputs)
        if not any(batch.before.values()):
            return {}
        return {at: list(self._told(at, it, batch.before)) for at, it in batch.jobs}

    def _add(self, kind: str, things: Sequence[tuple[int, Planned, bytes]]) -> dict[int, _At]:
        """Remember things; return, by the position of each that was there before, where."""
        rows = [(it, self._file(job.file), job.line, at) for at, job, it in things]
        self._db.execute("begin")
        before = self._db.total_changes
        self._db.executemany(f"insert or ignore into {kind} values (?, ?, ?, ?)", rows)  # noqa: S608 - our own word
        new = self._db.total_changes - before
        self._db.execute("commit")
        if new == len(rows):
            return {}
        look = f"select file, line from {kind} where it = ? and position <> ?"  # noqa: S608 - our own word
        return {
            at: (self._files[file], line)
            for at, _, it in things
            for file, line in self._db.execute(look, (it, at))
        }

    def _file(self, name: str) -> int:
        """Give a file its number."""
        if name not in self._files:
            self._files.append(name)
        return self._files.index(name)

    def _told(
        self, position: int, planned: Planned, first: Mapping[str, Mapping[int, _At]]
    ) -> Iterator[Problem]:
        """Say what of a job was there before, and not again what only follows from it."""
        if at := first["key"].get(position):
            what = f"this is the same job as on {_where(at, planned)}: the same content"
            yield self._problem(planned, what, "write takes: 2 there to have two clips of it")
            return
        namesake = first["name"].get(position)
        if namesake:
            what = f"the id {planned.id} is used on {_where(namesake, planned)} already"
            yield self._problem(planned, what, "give each row an id of its own")
        at = first["output"].get(position)
        if at and at != namesake:
            what = f"the output {planned.output} is that of {_where(at, planned)} already"
            is_told_apart = fold_path(planned.id) in fold_path(planned.output)
            mend = "choose another id or output" if is_told_apart else "put {id} into the output"
            yield self._problem(planned, what, mend)

    def has(self, keys: Sequence[str]) -> set[str]:
        """Pick the keys that were seen."""
        marks = ",".join("?" * len(keys))
        look = f"select it from key where it in ({marks})"  # noqa: S608 - marks only
        return {it.hex() for (it,) in self._db.execute(look, list(map(bytes.fromhex, keys)))}

    def _problem(self, planned: Planned, what: str, mend: str) -> Problem:
        return Problem(what, mend, planned.written_in(self._manifest), planned.line, planned.row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._db.close()


def _hash(text: str) -> bytes:
    """Shorten a name or a path to 16 bytes: no two of them ever have the same."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _name(planned: Planned) -> str:
    return f"{planned.id}#{planned.order.take}"


def _lengthened(planned: Planned) -> Planned:
    """Give a job that is named after its key more of it, in its output as well."""
    longer = planned.first_key[:LONG_ID_DIGITS]
    return replace(planned, id=longer, output=planned.output.replace(planned.id, longer))


def _where(at: _At, planned: Planned) -> str:
    file, line = at
    return f"line {line}" if file == planned.file else f"line {line} of {file or 'the manifest'}"
