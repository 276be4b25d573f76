"""What may stand in a manifest only once: a job's content, its name, its place on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsora.errors import Problem
from batchsora.job import fold_path
from batchsora.planned import Planned
from batchsora.runner.firsts import Firsts, Thing, hash_of

LONG_ID_DIGITS = 16  # of the key, where ten are another job's: likely among a million rows

Placed = tuple[int, Planned]
"""A job, and its position in the manifest, from 0."""


@dataclass(slots=True)
class Batch:
    """Some jobs on their way through `Seen`, and where each thing of theirs was seen before."""

    jobs: list[Placed]
    before: dict[str, dict[int, Thing]] = field(default_factory=dict)  # by kind and position


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
        self._keys, self._names, self._outputs = (
            Firsts(self._db, kind) for kind in ("keys", "names", "outputs")
        )

    def named(self, jobs: Sequence[Placed]) -> Batch:
        """Remember contents and names; a derived id that is another job's already is lengthened."""
        batch = Batch(list(jobs))
        keys = (self._thing(at, it, bytes.fromhex(it.key)) for at, it in jobs)
        twins = batch.before["key"] = self._keys.add(list(keys))
        names = self._names.add([self._thing(at, it, hash_of(_name(it))) for at, it in jobs])
        derived = [(at, it) for at, it in jobs if at not in twins and not it.explicit_id]
        self._longer.update(it.first_key for at, it in derived if at in names)
        # a row's later takes go with the first, whose name was the one that was taken
        short = {at for at, it in derived if it.first_key in self._longer} if self._longer else ()
        if short:
            batch.jobs = [(at, _lengthened(it) if at in short else it) for at, it in jobs]
            again = (
                self._thing(at, it, hash_of(_name(it))) for at, it in batch.jobs if at in short
            )
            names = {at: it for at, it in names.items() if at not in short}
            names |= self._names.add(list(again))
        batch.before["name"] = names
        return batch

    def clashes(self, batch: Batch) -> dict[int, list[Problem]]:
        """Remember outputs; say by position what is not new, and why.

        Nothing where all of it is new.
        """
        outputs = (self._thing(at, it, hash_of(fold_path(it.output))) for at, it in batch.jobs)
        batch.before["output"] = self._outputs.add(list(outputs))
        if not any(batch.before.values()):
            return {}
        return {at: list(self._told(at, it, batch.before)) for at, it in batch.jobs}

    def aside(self, position: int, planned: Planned, output: str) -> bool:
        """Remember where a job steps aside to; False where another job of the manifest goes there.

        Then nothing is said of it.
        """
        thing = self._thing(position, planned, hash_of(fold_path(output)))
        return not self._outputs.add([thing])

    def has(self, keys: Iterable[str]) -> set[str]:
        """Pick the keys that were seen."""
        return {it.hex() for it in self._keys.has(map(bytes.fromhex, keys))}

    def _thing(self, position: int, planned: Planned, digest: bytes) -> Thing:
        return Thing(digest, self._file(planned.file), planned.line, position)

    def _file(self, name: str) -> int:
        """Give a file its number."""
        if name not in self._files:
            self._files.append(name)
        return self._files.index(name)

    def _told(
        self, position: int, planned: Planned, first: Mapping[str, Mapping[int, Thing]]
    ) -> Iterator[Problem]:
        """Say what of a job was there before, and not again what only follows from it."""
        if at := first["key"].get(position):
            what = f"this is the same job as on {self._where(at, planned)}: the same content"
            yield self._problem(planned, what, "write takes: 2 there to have two clips of it")
            return
        namesake = first["name"].get(position)
        if namesake:
            what = f"the id {planned.id} is used on {self._where(namesake, planned)} already"
            yield self._problem(planned, what, "give each row an id of its own")
        at = first["output"].get(position)
        if at and (namesake is None or at.position != namesake.position):
            what = f"the output {planned.output} is that of {self._where(at, planned)} already"
            is_told_apart = fold_path(planned.id) in fold_path(planned.output)
            mend = "choose another id or output" if is_told_apart else "put {id} into the output"
            yield self._problem(planned, what, mend)

    def _where(self, first: Thing, planned: Planned) -> str:
        file = self._files[first.file]
        if file == planned.file:
            return f"line {first.line}"
        return f"line {first.line} of {file or 'the manifest'}"

    def _problem(self, planned: Planned, what: str, mend: str) -> Problem:
        return Problem(what, mend, planned.written_in(self._manifest), planned.line, planned.row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._db.close()


def _name(planned: Planned) -> str:
    return f"{planned.id}#{planned.order.take}"


def _lengthened(planned: Planned) -> Planned:
    """Give a job that is named after its key more of it, in its output as well."""
    longer = planned.first_key[:LONG_ID_DIGITS]
    return replace(planned, id=longer, output=planned.output.replace(planned.id, longer))
